"""The one engine that narrates: a recording in, verified windows and a report out, in constant memory.

Block by block: windows are read and measured, heard by the model with the bridge's carried state,
worded, parsed, checked against the measurement and handed on. The pipeline, the command, the Space
and the evaluation are users of this engine, not copies of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..findings.measure import WindowMeasurement, measure_windows
from ..findings.schema import Claim
from ..findings.vocabulary import ABNORMAL_IDS, ids_of
from ..findings.write import write_segment
from ..recording.reading import Recording, RecordingError, read_recording
from ..recording.windows import iter_windows
from ..signal.windows import SFREQ_HZ, WINDOW_S, EEGWindows
from .assembly import assemble
from .checking import VERIFY_MODES, check_text
from .journal import Journal
from .result import Narration, WindowNarration
from .voice import ModelVoice, Voice

HISTORY_MODES = ("ssm", "prompt", "none")
BLOCK_WINDOWS = 60
BEYOND_DOUBT = 0.8
"""Score of a measurement from which a text that passes the finding over is told to do so."""
MIN_GAP_S = 0.05
"""Unrecorded time before a window from which it is marked."""
MAX_PAUSE_S = 10.0
"""A window is compared with the one before it unless more than this lies between them."""

_JUDGED = frozenset(ids_of("state", "background", "sleep", "epileptiform", "rhythmic_periodic", "ictal"))


@dataclass(frozen=True)
class Past:
    """What is carried from window to window: the voice's state and the last measurement."""

    voice: Any
    previous: WindowMeasurement | None = None


class Narrator:
    """Narrates recordings with one model.

    Args:
        model: A `NeuroNarratorForConditionalGeneration`, or a `Voice` of one's own.
        processor: Its processor; None with a `Voice`.
        history: `ssm`, `prompt` or `none`.
        verify: `repair` rewrites or drops what the signal contradicts, `annotate` keeps it with its
            status, `off` checks nothing.
        age_years: Age of the patient; None is said in the report.
        batch_size: Windows worded at a time.
        seed: Seed of the wording of repaired sentences.
        block_windows: Windows read, heard and worded at a time: fewer are handed on sooner.
        generate_kwargs: Passed to `generate`.
    """

    def __init__(
        self,
        model: Any,
        processor: Any = None,
        *,
        history: str = "ssm",
        verify: str = "repair",
        age_years: float | None = None,
        batch_size: int = 32,
        seed: int = 0,
        block_windows: int = BLOCK_WINDOWS,
        **generate_kwargs: Any,
    ) -> None:
        _check("history", history, HISTORY_MODES)
        _check("verify", verify, VERIFY_MODES)
        if age_years is not None and not 0 <= age_years <= 130:
            raise ValueError(f"age_years must be between 0 and 130, got {age_years}")
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {batch_size}")
        if block_windows < 1:
            raise ValueError(f"block_windows must be at least 1, got {block_windows}")
        self.block_windows = block_windows
        self.voice: Voice = (
            model
            if processor is None
            else ModelVoice(model, processor, history=history, batch_size=batch_size, **generate_kwargs)
        )
        self.history, self.verify, self.age_years, self.seed = history, verify, age_years, seed
        self.generate_kwargs = generate_kwargs

    @classmethod
    def from_pretrained(cls, name_or_dir: str | Path | None = None, **kwargs: Any) -> Narrator:
        """A narrator on a model of the Hub or a folder; None is the embedded default, offline.

        Args:
            name_or_dir: Repository name or folder.
            kwargs: As for the class.
        """
        from .loading import load_model

        return cls(*load_model(name_or_dir), **kwargs)

    def narrate(
        self,
        recording: Any,
        *,
        name: str | None = None,
        journal_path: Path | None = None,
        resume: bool = True,
        on_window: Callable[[WindowNarration], None] | None = None,
        on_block: Callable[[EEGWindows], None] | None = None,
        start_s: float | None = None,
        stop_s: float | None = None,
    ) -> Narration:
        """Narrate one recording.

        Args:
            recording: A `Recording`, or anything `read_recording` takes.
            name: What to call it in the report, its own name by default; file names can name patients.
            journal_path: Where finished windows are written while the work goes on; with it, days
                fit in memory and a killed run resumes.
            resume: Continue an unfinished journal of the same run.
            on_window: Called with every finished window, those of a resumed journal included.
            on_block: Called with every block of windows as it was read, before it is narrated, so that
                what needs the signal too need not read it again.
            start_s: Only windows that reach beyond this, in seconds from the start of the recording.
            stop_s: Only windows that start before.

        Raises:
            RecordingError: Nothing of the recording lies between `start_s` and `stop_s`.
        """
        if not isinstance(recording, Recording):
            recording = read_recording(recording)
        limits = _limits(recording, start_s, stop_s)
        first_s = None if start_s is None else start_s - WINDOW_S + 0.5 / SFREQ_HZ
        blocks = iter_windows(recording, block_windows=self.block_windows, start_s=first_s, stop_s=stop_s)
        if journal_path is None:
            done: list[WindowNarration] = []
            for window in self._windows(blocks, 0, on_block):
                done.append(window)
                if on_window:
                    on_window(window)
            return self.assemble(done, recording, name, limits)
        journal = Journal(journal_path, self._run_header(recording, limits), resume=resume)
        if on_window:
            for window in journal:
                on_window(window)
        for window in self._windows(blocks, journal.n_windows, on_block):
            journal.append(window)
            if on_window:
                on_window(window)
        journal.close()
        return self.assemble(journal, recording, name, limits)

    def begin(self) -> Past:
        """What is carried before the first window."""
        return Past(self.voice.begin())

    def narrate_block(
        self, block: EEGWindows, past: Past, n_done: int = 0
    ) -> tuple[list[WindowNarration], Past]:
        """Narrate the next windows.

        Args:
            block: Windows that follow those of `past`.
            past: What the windows before left, from `begin` or the last call.
            n_done: How many of the first windows are finished already; they are heard but not narrated.
        """
        heard, state = self.voice.listen(block, past.voice)
        if n_done >= len(block):
            (last,) = measure_windows(block.select(slice(-1, None)), age_years=self.age_years)
            return [], Past(state, last)
        measurements = measure_windows(block, age_years=self.age_years)
        # The whole block is worded even where a part of it is done: batches are those of an unbroken run.
        to_word = [i for i in range(len(block)) if is_assessable(measurements[i])]
        texts = dict(zip(to_word, self.voice.speak(heard, to_word), strict=True))
        done, previous = [], past.previous
        for i, measurement in enumerate(measurements):
            if i >= n_done:
                gap_s = measurement.start_s - previous.end_s if previous else 0.0
                near = previous if previous and measurement.start_s - previous.end_s <= MAX_PAUSE_S else None
                done.append(
                    self._finish(block, i, measurement, near, texts.get(i), heard.probabilities[i], gap_s)
                )
            previous = measurement
        return done, Past(state, previous)

    def _windows(
        self,
        blocks: Iterable[EEGWindows],
        n_done: int,
        on_block: Callable[[EEGWindows], None] | None,
    ) -> Iterator[WindowNarration]:
        """Finished windows after the first `n_done`, whose history is still listened to."""
        past = self.begin()
        for block in blocks:
            if on_block:
                on_block(block)
            windows, past = self.narrate_block(block, past, min(n_done, len(block)))
            n_done = max(n_done - len(block), 0)
            yield from windows

    def _finish(
        self,
        block: EEGWindows,
        index: int,
        measurement: WindowMeasurement,
        previous: WindowMeasurement | None,
        text: str | None,
        network: Mapping[str, float],
        gap_s: float = 0.0,
    ) -> WindowNarration:
        quality: dict[str, Any] = {
            "assessable": text is not None,
            "channels": dict(block.quality[index]) if block.quality else {},
        }
        if gap_s > MIN_GAP_S:
            quality["gap_before_s"] = round(gap_s, 3)
        not_assessed = frozenset(f for f, c in measurement.claims.items() if c.polarity == "not_assessed")
        if text is None:
            quality["reason"] = _reason(measurement)
            text = write_segment([NOT_ASSESSED], seed=self.seed, variety=0.0)
            mode = "off" if self.verify == "off" else "annotate"
            checked = check_text(text, measurement, {}, mode=mode, previous=previous, seed=self.seed)
            probabilities: dict[str, float] = {}
        else:
            checked = check_text(
                text, measurement, network, mode=self.verify, previous=previous, seed=self.seed
            )
            probabilities = checked.probabilities
            quality.update(checked.counts)
        text, claims = checked.text, checked.claims
        if unworded := _unworded(claims, measurement):
            quality["unworded"] = unworded
        return WindowNarration(
            start_s=measurement.start_s,
            end_s=measurement.end_s,
            text=text,
            claims=claims,
            probabilities=probabilities,
            not_assessed=not_assessed,
            quality=quality,
        )

    def assemble(
        self,
        windows: Iterable[WindowNarration],
        recording: Recording,
        name: str | None = None,
        limits: tuple[float, float] | None = None,
    ) -> Narration:
        """The narration of finished windows.

        Args:
            windows: In order of time; iterated more than once.
            recording: What they come from.
            name: What to call it, its own name by default.
            limits: Seconds `(start, stop)` that were narrated; None is the whole recording.
        """
        return assemble(
            windows,
            recording=recording,
            name=name or recording.name,
            limits=limits,
            model=self.voice.identity,
            run={
                "history": self.history,
                "verify": self.verify,
                "age_years": self.age_years,
                "seed": self.seed,
            },
        )

    def _run_header(self, recording: Recording, limits: tuple[float, float] | None) -> dict[str, Any]:
        return {
            "recording": recording.digest,
            "limits_s": limits,
            "model": dict(self.voice.identity),
            "history": self.history,
            "verify": self.verify,
            "age_years": self.age_years,
            "seed": self.seed,
            "generate_kwargs": self.generate_kwargs,
        }


NOT_ASSESSED = Claim("normal", "not_assessed")
"""What is said of a window whose signal cannot be judged."""


def is_assessable(measurement: WindowMeasurement) -> bool:
    """Whether anything of the brain's activity can be judged in a window."""
    return any(measurement.claims[f].polarity != "not_assessed" for f in _JUDGED)


def _reason(measurement: WindowMeasurement) -> str:
    """Why nothing could be judged: what most findings say of it."""
    told = Counter(
        str(measurement.claims[finding].evidence.get("reason", "not measured")) for finding in sorted(_JUDGED)
    )
    return told.most_common(1)[0][0]


def _unworded(claims: Sequence[Claim], measurement: WindowMeasurement) -> list[str]:
    """Abnormal findings that were measured beyond doubt and that no claim of the text asserts."""
    asserted = {claim.finding for claim in claims if claim.is_present}
    return sorted(
        finding
        for finding, claim in measurement.claims.items()
        if finding in ABNORMAL_IDS - asserted
        and claim.is_present
        and (claim.confidence or 0.0) >= BEYOND_DOUBT
    )


def _limits(recording: Recording, start_s: float | None, stop_s: float | None) -> tuple[float, float] | None:
    if (start_s or 0.0) <= 0.0 and (stop_s is None or stop_s >= recording.duration_s):
        return None  # all of it
    start = max(start_s or 0.0, 0.0)
    stop = min(recording.duration_s if stop_s is None else stop_s, recording.duration_s)
    if not start < stop:
        reason = f"nothing lies between {start:g} s and {stop:g} s; it lasts {recording.duration_s:g} s"
        raise RecordingError(recording.name, reason, "choose a part inside the recording")
    return start, stop


def _check(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")
