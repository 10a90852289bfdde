"""What the controls of the page do: each handler gives the new values of the parts of the page by name.

Knows nothing of Gradio. A value that is a `dict` changes properties of a part (`{"interactive": False}`);
any other is its new value.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import views
from visit import RefusedError, StoppedError, Visit, Visits, open_example, open_upload

from neuronarrator_hf.narration import engine
from neuronarrator_hf.narration.engine import Narrator
from neuronarrator_hf.narration.result import Narration, WindowNarration
from neuronarrator_hf.recording.reading import Recording
from neuronarrator_hf.report.files import FORMATS, output_paths, write_reports

UPLOAD, EXAMPLE = "My recording", "Simulated example"
AUTOMATIC = 0
"""Gain chosen from the signal."""
STREAM_WINDOWS = 8
"""Segments worded at a time: a visitor sees the first of them after seconds, not after ten minutes of EEG."""

Update = dict[str, Any]
MakeNarrator = Callable[[str, str, float | None], Narrator]

_log = logging.getLogger(__name__)


class Desk:
    """The visits of a server, and what can be done in them.

    Args:
        visits: The visits.
        make_narrator: From who words, the history mode and the age to a narrator; raises `RefusedError`.
    """

    def __init__(self, visits: Visits, make_narrator: MakeNarrator) -> None:
        self.visits, self.make_narrator = visits, make_narrator
        engine.BLOCK_WINDOWS = STREAM_WINDOWS

    def narrate(
        self,
        source: str,
        example: str,
        uploads: Sequence[str] | None,
        words: str,
        history: str,
        age: str,
        key: str,
    ) -> Iterator[Update]:
        """Open a recording, show it, and narrate it segment by segment."""
        visit = self.visits.begin(key)
        recording: Recording | None = None
        yield {**_EMPTY, **_running(True), "status": views.status_line("Reading the recording")}
        try:
            age_years = _age_years(age)
            if source == EXAMPLE:
                recording, known_age = open_example(example, visit)
                name, age_years = "simulated example", known_age if age_years is None else age_years
            else:
                recording, name = open_upload(uploads or (), visit), "uploaded recording"
            visit.look(recording)
            yield {
                **self.show(0, AUTOMATIC, key),
                "study": {"visible": True},
                "gain": AUTOMATIC,
                "segment": {"value": 1, "maximum": max(len(visit), 2)},
                "status": views.status_line("Listening to the recording", 0.0),
            }
            narrator, began = self.make_narrator(words, history, age_years), time.monotonic()
            for _ in self._stream(narrator, recording, name, visit):
                yield self._progress(visit, time.monotonic() - began)
            visit.check()
            assert visit.narration is not None
            paths = output_paths(visit.folder, "narrative", FORMATS)
            del paths["journal"]
            write_reports(visit.narration, paths, recording)
            yield {
                **self.show(visit.shown, visit.sensitivity_uv, key),  # the events are known now
                **_finished(visit, visit.narration),
                **{f"file_{f}": str(path) for f, path in paths.items()},
            }
        except RefusedError as refused:
            yield {"status": views.status_line(str(refused), kind="error")}
        except StoppedError:
            told = f"Stopped after {len(visit.windows)} of {len(visit)} segments."
            yield {"status": views.status_line(told)}
        except Exception as error:
            # Where, not what: the message of an error may hold the name of a file.
            _log.error("%s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
            told = f"Something went wrong on our side ({type(error).__name__}); the upload is deleted."
            yield {"status": views.status_line(told, kind="error")}
        finally:
            if recording is not None:
                recording.close()
            visit.forget_upload()
        yield _running(False)

    def _stream(self, narrator: Narrator, recording: Recording, name: str, visit: Visit) -> Iterator[None]:
        """Narrate in a thread; yields whenever windows were added to the visit, ends with its narration."""
        inbox: queue.SimpleQueue[WindowNarration | Narration | BaseException] = queue.SimpleQueue()

        def hand_on(window: WindowNarration) -> None:
            visit.check()
            inbox.put(window)

        def work() -> None:
            try:
                inbox.put(narrator.narrate(recording, name=name, on_window=hand_on))
            except BaseException as error:
                inbox.put(error)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        try:
            while True:
                got = inbox.get()
                if isinstance(got, BaseException):
                    raise got
                if isinstance(got, Narration):
                    visit.narration = got
                    yield
                    return
                visit.windows.append(got)
                if inbox.empty():
                    yield
        finally:
            if thread.is_alive():  # the page was closed while we worked
                visit.stopped.set()
                thread.join()

    def _progress(self, visit: Visit, took_s: float) -> Update:
        done, total = len(visit.windows), len(visit)
        left_s = took_s / max(done, 1) * (total - done)
        left = f", about {max(round(left_s), 1)} s left" if done < total else ""
        return {
            "status": views.status_line(f"{done} of {total} segments{left}", done / max(total, 1)),
            "narrative": views.narrative(visit.windows)[0],
            "details": self._details(visit),
        }

    def show(self, index: int, sensitivity_uv: float, key: str) -> Update:
        """Move the page to a segment; nothing where there is no recording."""
        visit = self.visits.get(key)
        if visit is None or not len(visit):
            return {}
        visit.shown, visit.sensitivity_uv = min(max(index, 0), len(visit) - 1), sensitivity_uv
        window = visit.window(visit.shown)
        events = visit.narration.events if visit.narration else ()
        return {
            "page": views.page_picture(window, sensitivity_uv or None, events),
            "fields": views.maps_and_spectrum(window),
            "details": self._details(visit),
            "segment": {"value": visit.shown + 1},
        }

    def show_piece(self, piece: int, sensitivity_uv: float, key: str) -> Update:
        """Move the page to the segment of a piece of the narrative that was clicked."""
        visit = self.visits.get(key)
        owners = views.narrative(visit.windows)[1] if visit else []
        return self.show(owners[piece], sensitivity_uv, key) if 0 <= piece < len(owners) else {}

    def show_event(self, row: Sequence[str], sensitivity_uv: float, key: str) -> Update:
        """Move the page to the onset of an event that was clicked; its row, since visitors sort the table."""
        visit = self.visits.get(key)
        if visit is None or visit.narration is None:
            return {}
        for event, told in zip(visit.narration.events, views.event_rows(visit.narration), strict=True):
            if told == list(row):
                return self.show(visit.window_at(event["onset_s"]), sensitivity_uv, key)
        return {}

    def stop(self, key: str) -> Update:
        """Stop a run at its next segment."""
        visit = self.visits.get(key)
        if visit is not None:
            visit.stopped.set()
        return {"status": views.status_line("Stopping"), "stop": {"interactive": False}}

    @staticmethod
    def _details(visit: Visit) -> str:
        at = visit.shown
        return views.segment_details(
            visit.windows[at] if at < len(visit.windows) else None,
            visit.truth[at] if at < len(visit.truth) else None,
        )


_EMPTY: Update = {
    "study": {"visible": False},
    "outcome": {"visible": False},
    "narrative": [],
    "details": "",
}


def _age_years(text: str) -> float | None:
    if not text.strip():
        return None
    try:
        years = float(text.replace(",", "."))
    except ValueError:
        years = -1.0
    if not 0 <= years <= 130:
        raise RefusedError("The age is a number of years from 0 to 130; leave it empty if it is not known.")
    return years


def _running(runs: bool) -> Update:
    return {"start": {"interactive": not runs}, "stop": {"interactive": runs}}


def _finished(visit: Visit, narration: Narration) -> Update:
    took_s = time.monotonic() - visit.started
    told = f"{len(visit.windows)} segments narrated in {took_s:.0f} s."
    if not visit.truth:
        told += " The upload has been deleted; the reports are kept until you leave."
    return {
        "status": views.status_line(told, 1.0, kind="done"),
        "report": views.report_sections(narration),
        "events": {"value": views.event_rows(narration), "visible": bool(narration.events)},
        "outcome": {"visible": True},
    }
