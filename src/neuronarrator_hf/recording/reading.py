"""The only door from files, objects and arrays to microvolts."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from neuronarrator_hf.recording.channels import ChannelPlan, plan_channels
from neuronarrator_hf.recording.checks import (
    MIN_DURATION_S,
    is_dead,
    reading_report,
    stretches,
    without_fill,
)
from neuronarrator_hf.recording.errors import RecordingError
from neuronarrator_hf.recording.source import SignalSource, Span
from neuronarrator_hf.recording.sources import open_source
from neuronarrator_hf.recording.units import (
    UNITS,
    UnitDecision,
    decide_unit,
    requested_unit,
    robust_amplitude,
    uv_per,
)

__all__ = ["Recording", "RecordingError", "read_recording"]

MIN_SFREQ_HZ = 32.0
MAX_SFREQ_HZ = 200_000.0
_MAX_BLOCK_VALUES = 8_000_000


class Recording:
    """An EEG recording, opened but not loaded.

    Attributes:
        name: File name, or what the caller called it.
        ch_names: Names of the EEG channels, canonical wherever there is a canonical name.
        positions: `(n_channels, 3)` float32, unit sphere, x right, y front, z up.
        sfreq: Sampling rate in Hz.
        n_times: Samples from start to end, gaps included.
        spans: Stretches `[start, stop)` without a gap, in samples.
        annotations: What the recording marks, as codes of a closed list.
        plan: What became of every channel.
        report: What was read, renamed, dropped and corrected; holds no identity.
    """

    def __init__(self, source: SignalSource, plan: ChannelPlan, report: dict[str, Any]) -> None:
        self._source = source
        self._factor = source.uv_per_value[list(plan.rows)][:, None]
        self.name = source.name
        self.ch_names = plan.ch_names
        self.positions = plan.positions
        self.sfreq = float(source.sfreq)
        self.n_times = int(source.n_times)
        self.spans: tuple[Span, ...] = tuple(source.spans)
        self.annotations = source.annotations
        self.files = source.files
        self.plan = plan
        self.report = report

    @property
    def n_channels(self) -> int:
        """Number of EEG channels."""
        return len(self.ch_names)

    @property
    def duration_s(self) -> float:
        """Seconds from start to end, gaps included."""
        return self.n_times / self.sfreq

    @property
    def spans_s(self) -> tuple[tuple[float, float], ...]:
        """Stretches without a gap, in seconds."""
        return tuple((start / self.sfreq, stop / self.sfreq) for start, stop in self.spans)

    def read_uv(self, start: int, stop: int) -> np.ndarray:
        """`(n_channels, stop - start)` float32 microvolts; zero in gaps and where a sample is missing."""
        eeg_uv = self.read_raw_uv(start, stop)
        return np.nan_to_num(eeg_uv, copy=False, nan=0.0, posinf=0.0, neginf=0.0)

    def read_raw_uv(self, start: int, stop: int) -> np.ndarray:
        """As `read_uv`, with NaN or infinity where the recording has them."""
        if not 0 <= start <= stop <= self.n_times:
            raise ValueError(f"samples {start} to {stop} are not inside 0 to {self.n_times}")
        for low, high in self.spans:
            if low <= start and stop <= high:
                return self._read_span(start, stop)
        out = np.zeros((self.n_channels, stop - start), np.float32)
        for low, high in self.spans:
            a, b = max(low, start), min(high, stop)
            if a < b:
                out[:, a - start : b - start] = self._read_span(a, b)
        return out

    def _read_span(self, start: int, stop: int) -> np.ndarray:
        """Float32 microvolts within one span: the one place where stored numbers become microvolts."""
        if self.plan.matrix is None:
            return self._source.read_uv(self.plan.rows, start, stop, self._factor)
        eeg_uv = self._source.read(self.plan.rows, start, stop) * self._factor
        return self.plan.apply(eeg_uv).astype(np.float32)

    def blocks(self) -> Iterator[tuple[int, int]]:
        """Stretches `[start, stop)` of bounded size that cover every span."""
        size = max(_MAX_BLOCK_VALUES // max(len(self.plan.rows), 1), 1)
        for low, high in self.spans:
            for start in range(low, high, size):
                yield start, min(start + size, high)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over names, rate, spans and samples in steps of 0.01 uV.

        It depends on the signal alone: a copy without its header or with its channels in another order has
        the same digest, since `ch_names` has one order.
        """
        told = repr((self.ch_names, round(self.sfreq, 6), self.spans))
        digest = hashlib.sha256(told.encode())
        for start, stop in self.blocks():
            steps = np.rint(self.read_uv(start, stop) * 100.0)
            digest.update(steps.T.astype("<i4").tobytes())
        return digest.hexdigest()

    @property
    def source(self) -> SignalSource:
        """All channels as they are stored, those that are no EEG included."""
        return self._source

    def close(self) -> None:
        """Give back the file."""
        self._source.close()

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Recording {self.n_channels} channels, {self.sfreq:g} Hz, {self.duration_s:.1f} s>"


def read_recording(
    source: Any,
    *,
    units: str | None = None,
    ch_names: Sequence[str] | None = None,
    sfreq: float | None = None,
) -> Recording:
    """Open a recording: names, positions, unit and quality are checked, samples are read when asked for.

    Args:
        source: A path (of a file, or of a BIDS-EEG dataset of one recording), `mne.io.Raw`, `mne.Epochs`,
            bytes or a binary file object, or a dict with `array`, `sampling_rate`, `ch_names`, `units`.
        units: The unit of the stored numbers (`uV`, `mV`, `V`, `nV`) where the recording says it wrongly.
        ch_names: Labels in place of those of the recording, one per stored channel.
        sfreq: Sampling rate in Hz of a plain array.

    Raises:
        RecordingError: It cannot be used; one line with name, reason and remedy.
    """
    if units is not None and units not in UNITS:
        raise ValueError(f"units={units!r} is not one of {', '.join(UNITS)}")
    opened = open_source(source, ch_names=ch_names, sfreq=sfreq, units=units)
    try:
        return _read(opened, units, ch_names)
    except BaseException:
        opened.close()
        raise


def _read(source: SignalSource, units: str | None, ch_names: Sequence[str] | None) -> Recording:
    labels = _labels(source, ch_names)
    unusable = dict(source.unusable)
    while True:
        plan = _plan(source, labels, unusable)
        source.prepare(plan.rows)
        _check_extent(source)
        _leave_out_fill(source, plan)
        values = [source.read(plan.rows, a, b) for a, b in stretches(source.spans, source.sfreq)]
        found = _without_signal(source, plan, values)
        if not found:
            break
        unusable |= found
    decision, amplitude_uv = _settle_unit(source, plan, values, units)
    report = reading_report(source, plan, decision, amplitude_uv, values)
    return Recording(source, plan, report)


def _labels(source: SignalSource, ch_names: Sequence[str] | None) -> tuple[str, ...]:
    if ch_names is None:
        return source.labels
    if len(ch_names) != len(source.labels):
        reason = f"ch_names has {len(ch_names)} names for {len(source.labels)} channels"
        raise RecordingError(source.name, reason, "give one name per stored channel, in their order")
    return tuple(map(str, ch_names))


def _plan(source: SignalSource, labels: Sequence[str], unusable: dict[int, str]) -> ChannelPlan:
    plan = plan_channels(
        labels, kinds=source.kinds, units=source.told_units, positions=source.positions, unusable=unusable
    )
    if not plan.ch_names:
        counts = Counter(entry.role for entry in plan.entries)
        told = ", ".join(f"{n} {role}" for role, n in sorted(counts.items()))
        reason = f"none of its {len(labels)} channels is a usable EEG electrode ({told})"
        remedy = "name the electrodes with ch_names=, in the 10-20 or 10-10 system"
        raise RecordingError(source.name, reason, remedy)
    return plan


def _check_extent(source: SignalSource) -> None:
    if not MIN_SFREQ_HZ <= source.sfreq <= MAX_SFREQ_HZ:
        reason = f"a sampling rate of {source.sfreq:g} Hz cannot carry EEG"
        raise RecordingError(source.name, reason, f"pass a recording of {MIN_SFREQ_HZ:g} Hz or more")
    longest_s = max((stop - start for start, stop in source.spans), default=0) / source.sfreq
    if longest_s < MIN_DURATION_S:
        what = "its longest stretch without a gap" if len(source.spans) > 1 else "the recording"
        reason = f"{what} lasts {longest_s:.3g} s, and {MIN_DURATION_S:g} s are needed"
        raise RecordingError(source.name, reason, "pass a longer recording")


def _leave_out_fill(source: SignalSource, plan: ChannelPlan) -> None:
    """Shorten the last span by a constant that fills it, unless hardly anything would be left."""
    spans = without_fill(source, plan.rows)
    fill_s = (source.spans[-1][1] - spans[-1][1]) / source.sfreq
    longest_s = max(stop - start for start, stop in spans) / source.sfreq
    if fill_s > 0 and longest_s >= MIN_DURATION_S:
        source.spans = spans
    if fill_s >= 1.0 and source.spans == spans:  # less is what fills the last data record of any file
        source.warnings.append(f"the last {fill_s:.3g} s hold one constant value and are not read")


def _without_signal(source: SignalSource, plan: ChannelPlan, values: list[np.ndarray]) -> dict[int, str]:
    """Channels to leave out: without any number, or (among derivations) without signal.

    A single electrode without signal stays and is masked by its quality; a derivation without signal would
    spoil the electrodes computed from it.

    Raises:
        RecordingError: No channel is left.
    """
    empty = [all(np.isnan(stretch[i]).all() for stretch in values) for i in range(len(plan.rows))]
    dead = [not empty[i] and is_dead(values, i) for i in range(len(plan.rows))]
    remedy = "check that the amplifier recorded, and pass another recording"
    if all(empty):
        raise RecordingError(source.name, "its EEG channels hold NaN and no number", remedy)
    if all(e or d for e, d in zip(empty, dead, strict=True)):
        raise RecordingError(source.name, "all EEG channels are flat (zero or constant)", remedy)
    found = {row: "it holds NaN" for i, row in enumerate(plan.rows) if empty[i]}
    if plan.matrix is not None:
        found |= {row: "no signal" for i, row in enumerate(plan.rows) if dead[i]}
    return found


def _settle_unit(
    source: SignalSource, plan: ChannelPlan, values: list[np.ndarray], requested: str | None
) -> tuple[UnitDecision, np.ndarray]:
    """Make `source.uv_per_value` final; the decision, and the amplitude of every row after it."""
    if requested is not None:
        source.uv_per_value = source.uv_per_value * [uv_per(requested) / uv_per(t) for t in source.told_units]
    factor = source.uv_per_value[list(plan.rows)][:, None]
    amplitudes = [robust_amplitude(stretch * factor, source.sfreq) for stretch in values]
    amplitude = np.median(amplitudes, axis=0)
    told = Counter(source.told_units[row] for row in plan.rows).most_common(1)[0][0]
    if requested is not None:
        decision = requested_unit(amplitude, told, requested)
    else:
        decision = decide_unit(source.name, amplitude, told, is_field=source.unit_is_field)
        source.uv_per_value = source.uv_per_value * decision.factor
        amplitude = amplitude * decision.factor
    return decision, amplitude
