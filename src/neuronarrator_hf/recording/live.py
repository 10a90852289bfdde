"""A recording that is still being made: samples go in as they come, complete windows come out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np

from neuronarrator_hf.recording.channels import plan_channels
from neuronarrator_hf.recording.errors import RecordingError
from neuronarrator_hf.recording.reading import MAX_SFREQ_HZ, MIN_SFREQ_HZ, Recording
from neuronarrator_hf.recording.source import SignalSource, Span
from neuronarrator_hf.recording.units import UNITS, uv_per
from neuronarrator_hf.recording.windows import read_block
from neuronarrator_hf.signal.filtering import FilterChain, detect_mains
from neuronarrator_hf.signal.windowing import WindowPlan, grid_samples, plan_windows
from neuronarrator_hf.signal.windows import SFREQ_HZ, WINDOW_N_TIMES, WINDOW_S, EEGWindows


class LiveRecording(Recording):
    """An EEG recording of unknown length; it keeps the samples that are still needed.

    No window crosses a gap: what came before one is cut as the end of a recorded stretch is.

    The unit is believed as told: there is no whole recording to hold it against.

    Args:
        ch_names: Labels, one per row of the samples.
        sfreq: Sampling rate in Hz.
        units: `uV`, `mV`, `V` or `nV`.
        name: What to call it.
        mains_hz: Mains frequency, 0 for none; found in the first window by default.

    Raises:
        RecordingError: No label is an EEG electrode, or the rate cannot carry EEG.
        ValueError: The unit is unknown.
    """

    def __init__(
        self,
        ch_names: Sequence[str],
        sfreq: float,
        *,
        units: str,
        name: str = "stream",
        mains_hz: float | None = None,
    ) -> None:
        if units not in UNITS:
            raise ValueError(f"units={units!r} is not one of {', '.join(UNITS)}")
        if not MIN_SFREQ_HZ <= sfreq <= MAX_SFREQ_HZ:
            reason = f"a sampling rate of {sfreq:g} Hz cannot carry EEG"
            raise RecordingError(name, reason, f"pass a stream of {MIN_SFREQ_HZ:g} Hz or more")
        source = _LiveSource(name, tuple(ch_names), float(sfreq), units)
        plan = plan_channels(source.labels, kinds=source.kinds, units=source.told_units)
        if not plan.ch_names:
            reason = f"none of its {len(source.labels)} channels is a usable EEG electrode"
            raise RecordingError(name, reason, "name the electrodes in the 10-20 or 10-10 system")
        report = {"format": "stream", "sfreq": source.sfreq, "unit_told": units, "mains_hz": mains_hz or None}
        super().__init__(source, plan, report)
        self._live = source
        self._mains_told = mains_hz
        self._chain: FilterChain | None = None if mains_hz is None else FilterChain(sfreq, mains_hz or None)
        self._n_spans_done = self._n_windows = 0  # windows of the span after those that are done
        self._hash = hashlib.sha256(repr((self.ch_names, round(self.sfreq, 6))).encode())

    @property
    def context_s(self) -> float:
        """Seconds of signal that a window waits for after its end: the filters look ahead."""
        return FilterChain(self.sfreq, self._mains_told or None).context_s

    def push(self, samples: np.ndarray) -> None:
        """Take in samples.

        Args:
            samples: `(n_channels, n)` in the unit told, in the order of the labels; any `n`.

        Raises:
            ValueError: The number of rows is another one.
        """
        start = self._live.n_times
        self._live.push(samples)
        stop = self._live.n_times
        if start < stop:
            self.n_times, self.spans = stop, self._live.spans
            self.report |= {"duration_s": self.duration_s, "gaps": len(self.spans) - 1}
            self.report["warnings"] = _told_gaps(len(self.spans) - 1)
            steps = np.rint(self.read_uv(start, stop) * 100.0)
            self._hash.update(steps.T.astype("<i4").tobytes())
            self.__dict__["digest"] = self._hash.hexdigest()

    def gap(self, seconds: float) -> None:
        """Nothing came for a while: the next samples begin a stretch of their own.

        Args:
            seconds: How long nothing came; a gap is one sample long at least.

        Raises:
            ValueError: `seconds` is negative.
        """
        if seconds < 0:
            raise ValueError(f"a gap of {seconds:g} s lies in the past; seconds must be 0 or more")
        if self._live.end_span(max(round(seconds * self.sfreq), 1)):
            self._hash.update(repr(("gap", self.n_times, self._live.n_times)).encode())

    def windows(self, *, is_over: bool = False) -> Iterator[EEGWindows]:
        """Windows that are complete by now and were not given before, one at a time.

        Args:
            is_over: Nothing follows: the last seconds are read too, as of a recorded file.
        """
        while self._n_spans_done < len(self.spans):
            span = self.spans[self._n_spans_done]
            is_open = self._n_spans_done == len(self.spans) - 1 and not (is_over or self._live.is_between)
            if is_open:
                plan = self._next(span)
                while self._has(plan):
                    yield self._window(plan, span)
                    plan = self._next(span)
                return
            within_s = (span[0] / self.sfreq, span[1] / self.sfreq)
            for plan in plan_windows([within_s])[self._n_windows :]:
                yield self._window(plan, span)
            self._n_spans_done, self._n_windows = self._n_spans_done + 1, 0
            self._live.forget(span[1])

    def _next(self, span: Span) -> WindowPlan:
        """The next whole window of a span that goes on."""
        first = grid_samples(span[0] / self.sfreq, span[1] / self.sfreq)[0]
        return WindowPlan(first / SFREQ_HZ + self._n_windows * WINDOW_S, WINDOW_N_TIMES)

    def _has(self, plan: WindowPlan) -> bool:
        """Whether a window and all that its filters look at has come in."""
        out_start = round(plan.start_s * SFREQ_HZ)
        chain = self._chain or FilterChain(self.sfreq, None)
        return chain.input_range(out_start, out_start + plan.n_times)[1] <= self.n_times

    def _window(self, plan: WindowPlan, span: Span) -> EEGWindows:
        if self._chain is None:
            found = detect_mains(self.read_uv(*span).astype(np.float64), self.sfreq)
            self.report["mains_hz"], self._chain = found, FilterChain(self.sfreq, found)
        block = read_block(self, self._chain, [plan])
        self._n_windows += 1
        # The last window of a span is taken backward from its end: one window more is kept.
        next_start = round(plan.start_s * SFREQ_HZ)
        self._live.forget(max(self._chain.input_range(next_start, next_start + 1)[0], span[0]))
        return block


def _told_gaps(n: int) -> list[str]:
    if n < 1:
        return []
    return [f"the stream has {n} gap{'s' if n > 1 else ''}; no window crosses one"]


class _LiveSource(SignalSource):
    """The latest samples of a stream."""

    def __init__(self, name: str, labels: tuple[str, ...], sfreq: float, units: str) -> None:
        super().__init__(
            name=name, format="stream", labels=labels, kinds=(None,) * len(labels),
            told_units=(units,) * len(labels), uv_per_value=np.full(len(labels), uv_per(units)),
            unit_is_field=True, sfreq=sfreq, n_times=0, spans=(),
        )  # fmt: skip
        self._stretches: list[_Stretch] = []
        self.is_between = True

    def push(self, samples: np.ndarray) -> None:
        values = np.atleast_2d(np.asarray(samples, dtype=np.float64))
        if values.shape[0] != len(self.labels):
            raise ValueError(f"samples have shape {values.shape}, expected ({len(self.labels)}, n)")
        if values.shape[1]:
            if self.is_between:
                self._stretches.append(_Stretch(self.n_times))
                self.spans = (*self.spans, (self.n_times, self.n_times))
                self.is_between = False
            self._stretches[-1].kept.append(values.copy())
            self.n_times += values.shape[1]
            self.spans = (*self.spans[:-1], (self.spans[-1][0], self.n_times))

    def end_span(self, n_missing: int) -> bool:
        """Let the time go on without samples; gives whether anything came before."""
        if not self.spans:
            return False
        self.n_times += n_missing
        self.is_between = True
        return True

    def forget(self, before: int) -> None:
        """Drop the samples before a sample of the recording."""
        self._stretches = [s for s in self._stretches if s.stop > before]
        for stretch in self._stretches:
            stretch.forget(before)

    @property
    def n_kept(self) -> int:
        """Samples that are kept."""
        return sum(stretch.stop - stretch.first for stretch in self._stretches)

    def read(self, rows: Sequence[int], start: int, stop: int) -> np.ndarray:
        found = next((s for s in self._stretches if s.first <= start and stop <= s.stop), None)
        if found is None:
            raise ValueError(f"samples {start} to {stop} are forgotten or were never there")
        return found.joined()[list(rows), start - found.first : stop - found.first]


class _Stretch:
    """Samples without a gap, from `first` on."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.kept: list[np.ndarray] = []

    @property
    def stop(self) -> int:
        return self.first + sum(part.shape[1] for part in self.kept)

    def joined(self) -> np.ndarray:
        if len(self.kept) > 1:
            self.kept = [np.concatenate(self.kept, axis=1)]
        return self.kept[0]

    def forget(self, before: int) -> None:
        if before > self.first:
            self.kept = [self.joined()[:, before - self.first :].copy()]
            self.first = before
