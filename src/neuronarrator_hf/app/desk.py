"""What the controls of the page do: each handler gives the new values of the parts of the page by name.

Knows nothing of Gradio. A value that is a `dict` changes properties of a part (`{"interactive": False}`);
any other is its new value.
"""

from __future__ import annotations

import logging
import time
import traceback
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..narration.engine import Narrator
from ..narration.relay import stream
from ..narration.result import Narration, WindowNarration, plain
from ..recording.reading import Recording
from ..report.evidence import finding_name
from ..report.files import output_paths, write_reports
from . import views
from .views import View
from .visit import RefusedError, StoppedError, Visit, Visits, open_example, open_upload

UPLOAD, EXAMPLE = "My recording", "Simulated example"
FORMATS = ("html", "json", "md", "edf")
"""What can be downloaded."""
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
                **self.show(0, View(), key),
                "study": {"visible": True},
                "gain": View().sensitivity_uv,
                "montage": View().montage,
                "band": View().band,
                "segment": {"value": 1, "maximum": max(len(visit), 2)},
                "status": views.status_line("Listening to the recording", 0.0),
            }
            narrator, began = self.make_narrator(words, history, age_years), time.monotonic()
            windows = stream(narrator, recording, check=visit.check, name=name)
            try:
                visit.narration = yield from self._follow(windows, visit, began)
            finally:
                windows.close()
            visit.check()
            paths = output_paths(visit.folder, "narrative", FORMATS)
            write_reports(visit.narration, {f: paths[f] for f in FORMATS}, recording, visit.summary)
            recording.close()
            visit.forget_upload()  # before it is said
            yield {
                **self.show(visit.shown, visit.view, key),  # the events are known now
                **_finished(visit, visit.narration),
                **{f"file_{f}": str(paths[f]) for f in FORMATS},
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

    def narrate_once(
        self, uploads: Sequence[str] | None, words: str, history: str, age: str
    ) -> dict[str, Any]:
        """The narration of an upload as JSON; nothing of it is kept.

        Raises:
            RefusedError: It cannot be narrated; the message is for whoever asked.
        """
        key = f"once-{uuid.uuid4().hex}"
        visit = self.visits.begin(key)
        try:
            narrator = self.make_narrator(words, history, _age_years(age))
            with open_upload(uploads or (), visit) as recording:
                return plain(narrator.narrate(recording, name="uploaded recording").to_dict())
        finally:
            self.visits.end(key)

    def _follow(
        self, finished: Generator[list[WindowNarration], None, Narration], visit: Visit, began: float
    ) -> Generator[Update, None, Narration]:
        """Add windows to the visit as they come; the narration at the end."""
        while True:
            try:
                visit.windows += next(finished)
            except StopIteration as done:
                return done.value
            yield self._progress(visit, time.monotonic() - began)

    def _progress(self, visit: Visit, took_s: float) -> Update:
        done, total = len(visit.windows), len(visit)
        left_s = took_s / max(done, 1) * (total - done)
        left = f", about {max(round(left_s), 1)} s left" if done < total else ""
        return {
            "status": views.status_line(f"{done} of {total} segments{left}", done / max(total, 1)),
            "narrative": views.narrative(visit.windows)[0],
            "details": self._details(visit),
        }

    def show(self, index: int, view: View, key: str) -> Update:
        """Move the page to a segment; nothing where there is no recording."""
        visit = self.visits.get(key)
        if visit is None or not len(visit):
            return {}
        visit.shown, visit.view = min(max(index, 0), len(visit) - 1), view
        events = visit.narration.events if visit.narration else ()
        return {
            "overview": views.overview(visit.density, len(visit), visit.shown, _marks(visit, events)),
            "page": views.page_picture(visit.page(visit.shown), view, events),
            "fields": views.maps_and_spectrum(visit.window(visit.shown)),
            "details": self._details(visit),
            "segment": {"value": visit.shown + 1},
        }

    def show_share(self, share: float, view: View, key: str) -> Update:
        """Move the page to where the strip of the whole recording was clicked, a share of its width."""
        visit = self.visits.get(key)
        if visit is None or not 0 <= share <= 1:
            return {}
        return self.show(int(share * len(visit)), view, key)

    def show_piece(self, piece: int, view: View, key: str) -> Update:
        """Move the page to the segment of a piece of the narrative that was clicked."""
        visit = self.visits.get(key)
        owners = views.narrative(visit.windows)[1] if visit else []
        return self.show(owners[piece], view, key) if 0 <= piece < len(owners) else {}

    def show_event(self, row: Sequence[str], view: View, key: str) -> Update:
        """Move the page to the onset of an event that was clicked; its row, since visitors sort the table."""
        visit = self.visits.get(key)
        if visit is None or visit.narration is None:
            return {}
        for event, told in zip(visit.narration.events, views.event_rows(visit.narration), strict=True):
            if told == list(row):
                return self.show(visit.window_at(event["onset_s"]), view, key)
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
    "verdict": {"visible": False},
    "outcome": {"visible": False},
    "narrative": [],
    "details": "",
}


def _marks(visit: Visit, events: Iterable[Mapping[str, Any]]) -> list[tuple[int, int, str]]:
    """First and last segment of each event, and what to call it."""
    return [
        (
            visit.window_at(event["onset_s"]),
            visit.window_at(event["onset_s"] + max(event["duration_s"] - 0.01, 0.0)),
            finding_name(event["finding"]),
        )
        for event in events
    ]


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
        "verdict": {"value": views.verdict(narration), "visible": True},
        "report": views.report_sections(narration),
        "events": {"value": views.event_rows(narration), "visible": bool(narration.events)},
        "outcome": {"visible": True},
    }
