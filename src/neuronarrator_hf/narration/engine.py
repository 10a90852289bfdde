"""The one engine that narrates: a recording in, verified windows and a report out, in constant memory.

Block by block: windows are read and measured, heard by the model with the bridge's carried state,
worded, parsed, checked against the measurement and handed on. The pipeline, the command, the Space
and the evaluation are users of this engine, not copies of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..findings.measure import WindowMeasurement, measure_windows
from ..findings.schema import Claim
from ..findings.vocabulary import ABNORMAL_IDS, ids_of
from ..findings.write import write_segment
from ..recording.reading import Recording, read_recording
from ..recording.windows import iter_windows
from ..signal.windows import EEGWindows
from .assembly import assemble
from .checking import VERIFY_MODES, check_text
from .journal import Journal
from .result import Narration, WindowNarration
from .voice import ModelVoice, Voice

HISTORY_MODES = ("ssm", "prompt", "none")
BLOCK_WINDOWS = 60
BEYOND_DOUBT = 0.8
"""Score of a measurement from which a text that passes the finding over is told to do so."""
MAX_PAUSE_S = 10.0
"""A window is compared with the one before it unless more than this lies between them."""

_JUDGED = frozenset(ids_of("state", "background", "sleep", "epileptiform", "rhythmic_periodic", "ictal"))


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
    ) -> Narration:
        """Narrate one recording.

        Args:
            recording: A `Recording`, or anything `read_recording` takes.
            name: What to call it in the report, its own name by default; file names can name patients.
            journal_path: Where finished windows are written while the work goes on; with it, days
                fit in memory and a killed run resumes.
            resume: Continue an unfinished journal of the same run.
            on_window: Called with every finished window, those of a resumed journal included.
        """
        if not isinstance(recording, Recording):
            recording = read_recording(recording)
        if journal_path is None:
            done: list[WindowNarration] = []
            for window in self._windows(recording, 0):
                done.append(window)
                if on_window:
                    on_window(window)
            return self._assemble(done, recording, name)
        journal = Journal(journal_path, self._run_header(recording), resume=resume)
        if on_window:
            for window in journal:
                on_window(window)
        for window in self._windows(recording, journal.n_windows):
            journal.append(window)
            if on_window:
                on_window(window)
        journal.close()
        return self._assemble(journal, recording, name)

    def _windows(self, recording: Recording, n_done: int) -> Iterator[WindowNarration]:
        """Finished windows after the first `n_done`, whose history is still listened to."""
        state, previous = self.voice.begin(), None
        seen = 0
        for block in iter_windows(recording, block_windows=self.block_windows):
            heard, state = self.voice.listen(block, state)
            first = min(max(n_done - seen, 0), len(block))
            seen += len(block)
            if first == len(block):
                (previous,) = measure_windows(block.select(slice(-1, None)), age_years=self.age_years)
                continue
            measurements = measure_windows(block, age_years=self.age_years)
            # The whole block is worded even where a part of it is done: batches are those of an unbroken run.
            to_word = [i for i in range(len(block)) if is_assessable(measurements[i])]
            texts = dict(zip(to_word, self.voice.speak(heard, to_word), strict=True))
            for i, measurement in enumerate(measurements):
                if i >= first:
                    near = (
                        previous if previous and measurement.start_s - previous.end_s <= MAX_PAUSE_S else None
                    )
                    yield self._finish(block, i, measurement, near, texts.get(i), heard.probabilities[i])
                previous = measurement

    def _finish(
        self,
        block: EEGWindows,
        index: int,
        measurement: WindowMeasurement,
        previous: WindowMeasurement | None,
        text: str | None,
        network: Mapping[str, float],
    ) -> WindowNarration:
        quality: dict[str, Any] = {
            "assessable": text is not None,
            "channels": dict(block.quality[index]) if block.quality else {},
        }
        not_assessed = frozenset(f for f, c in measurement.claims.items() if c.polarity == "not_assessed")
        if text is None:
            quality["reason"] = str(measurement.claims["abnormal"].evidence.get("reason", "not measured"))
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

    def _assemble(
        self, windows: Iterable[WindowNarration], recording: Recording, name: str | None
    ) -> Narration:
        return assemble(
            windows,
            recording=recording,
            name=name or recording.name,
            model=self.voice.identity,
            run={
                "history": self.history,
                "verify": self.verify,
                "age_years": self.age_years,
                "seed": self.seed,
            },
        )

    def _run_header(self, recording: Recording) -> dict[str, Any]:
        return {
            "recording": recording.digest,
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


def _check(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")
