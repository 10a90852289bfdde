"""A live stream, narrated while it comes: the same windows and claims as of the recorded file."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..recording.live import LiveRecording
from .engine import Narrator
from .journal import Journal
from .result import Narration, WindowNarration


class EEGStream:
    """Takes samples in chunks of any size and gives a narrative at the end of each ten seconds.

    The history is carried; memory stays the same however long the stream is, as long as finished windows
    are written to a journal.

    Args:
        narrator: The engine.
        ch_names: Labels, one per row of the samples.
        sfreq: Sampling rate in Hz.
        units: `uV`, `mV`, `V` or `nV`.
        name: What to call the stream in the report.
        mains_hz: Mains frequency, 0 for none; found in the first window by default.
        journal_path: Where finished windows are written; in memory without it.
        tolerance_s: Leaps of the times up to this are the jitter of a clock, beyond it samples are missing.

    Raises:
        RecordingError: The labels or the rate cannot be used.
    """

    def __init__(
        self,
        narrator: Narrator,
        ch_names: Sequence[str],
        sfreq: float,
        *,
        units: str,
        name: str = "stream",
        mains_hz: float | None = None,
        journal_path: Path | None = None,
        tolerance_s: float = 0.05,
    ) -> None:
        self.narrator = narrator
        self.tolerance_s = tolerance_s
        self.recording = LiveRecording(ch_names, sfreq, units=units, name=name, mains_hz=mains_hz)
        self.work_s: float | None = None
        self._last_s: float | None = None
        self._past = narrator.begin()
        self._done: list[WindowNarration] = []
        header: dict[str, Any] = {"stream": name, "model": dict(narrator.voice.identity)}
        self._journal = None if journal_path is None else Journal(journal_path, header, resume=False)
        self._is_open = True

    @property
    def latency_s(self) -> float | None:
        """Seconds from the last sample of the latest window to its narrative, None before the first.

        The look-ahead of the filters, which is a property of the signal, and the time measured for the
        work on that window.
        """
        return None if self.work_s is None else self.recording.context_s + self.work_s

    def push(
        self, samples: np.ndarray, *, at_s: float | Sequence[float] | np.ndarray | None = None
    ) -> list[WindowNarration]:
        """Take in samples; gives the windows that are complete by them, mostly none.

        Where the times leap by more than `tolerance_s`, samples are missing: no window crosses the gap, what
        came before it is narrated to its end, the first window after it says how long nothing came
        (`quality["gap_before_s"]`), and the history decays over that time or, after a long gap, begins anew.
        Times that run backward are a clock that was set: the samples are taken to follow.

        Args:
            samples: `(n_channels, n)` in the unit of the stream; any `n`, also 0. NaN is a missing value.
            at_s: Time of the first sample, or of every one, in seconds of any clock; without it the
                samples follow those before.

        Raises:
            ValueError: The stream is closed, the number of rows is another one, or of the times.
        """
        if not self._is_open:
            raise ValueError("the stream is closed; open another one")
        samples = np.atleast_2d(np.asarray(samples))
        if at_s is None:
            self.recording.push(samples)
            if self._last_s is not None:
                self._last_s += samples.shape[1] / self.recording.sfreq
            return self._narrate(is_over=False)
        fresh, at = [], 0
        for n, missing_s in self._leaps(samples.shape[1], at_s):
            self.recording.push(samples[:, at : at + n])
            at += n
            if missing_s is not None:
                fresh += self.gap(missing_s)
        return fresh + self._narrate(is_over=False)

    def gap(self, seconds: float) -> list[WindowNarration]:
        """Nothing came for a while; gives the windows that end with what came before.

        Args:
            seconds: How long.

        Raises:
            ValueError: The stream is closed, or `seconds` is negative.
        """
        if not self._is_open:
            raise ValueError("the stream is closed; open another one")
        self.recording.gap(seconds)
        return self._narrate(is_over=False)

    def _leaps(self, n: int, at_s: float | Sequence[float] | np.ndarray) -> list[tuple[int, float | None]]:
        """How many samples follow each other, and the seconds missing after them; None at the end."""
        step_s = 1.0 / self.recording.sfreq
        times = np.asarray(at_s, dtype=float)
        if times.ndim == 0:
            times = times + step_s * np.arange(n)
        if times.shape != (n,) or not np.isfinite(times).all():
            raise ValueError(f"at_s has shape {times.shape}, expected one finite time or {n}")
        if not n:
            return []
        before = times[0] - step_s if self._last_s is None else self._last_s
        missing_s = np.diff(times, prepend=before) - step_s
        self._last_s = float(times[-1])
        found: list[tuple[int, float | None]] = []
        at = 0
        for leap in np.flatnonzero(missing_s > self.tolerance_s):
            found.append((int(leap) - at, float(missing_s[leap])))
            at = int(leap)
        return [*found, (n - at, None)]

    def close(self) -> Narration:
        """End the stream: the last seconds are narrated too, and the whole of it is summed up.

        Raises:
            ValueError: The stream is closed already, or shorter than two seconds.
        """
        if not self._is_open:
            raise ValueError("the stream is closed; open another one")
        self._narrate(is_over=True)
        self._is_open = False
        if self._journal is not None:
            self._journal.close()
        windows = self._done if self._journal is None else self._journal
        if not any(True for _ in windows):
            raise ValueError(f"the stream lasted {self.recording.duration_s:g} s; 2 s are needed")
        return self.narrator.assemble(windows, self.recording)

    def _narrate(self, *, is_over: bool) -> list[WindowNarration]:
        fresh = []
        began = time.perf_counter()
        for block in self.recording.windows(is_over=is_over):
            windows, self._past = self.narrator.narrate_block(block, self._past)
            for window in windows:
                if self._journal is None:
                    self._done.append(window)
                else:
                    self._journal.append(window)
            fresh += windows
            now = time.perf_counter()
            self.work_s, began = now - began, now
        return fresh
