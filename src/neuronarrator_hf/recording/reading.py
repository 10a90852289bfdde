"""The only door from files, objects and arrays to microvolts."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from neuronarrator_hf.recording.channels import ChannelPlan, plan_channels
from neuronarrator_hf.recording.edf_source import EDFSource
from neuronarrator_hf.recording.errors import RecordingError
from neuronarrator_hf.recording.source import SignalSource, Span
from neuronarrator_hf.recording.sources import open_source
from neuronarrator_hf.recording.units import (
    UNITS,
    UnitDecision,
    decide_unit,
    outside_range,
    robust_amplitude,
)
from neuronarrator_hf.signal.quality import CLIP_SHARE, clipped_share

__all__ = ["Recording", "RecordingError", "read_recording"]

MIN_DURATION_S = 2.0
MIN_SFREQ_HZ = 32.0
MAX_SFREQ_HZ = 200_000.0
_N_STRETCHES = 8
_STRETCH_S = 10.0
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
        report: What was read, renamed, dropped and corrected, as written into the narration; holds no identity.
    """

    def __init__(
        self, source: SignalSource, plan: ChannelPlan, decision: UnitDecision, report: dict[str, Any]
    ) -> None:
        self._source = source
        self._factor = (source.uv_per_value[list(plan.rows)] * decision.factor)[:, None]
        self.name = source.name
        self.ch_names = plan.ch_names
        self.positions = plan.positions
        self.sfreq = float(source.sfreq)
        self.n_times = int(source.n_times)
        self.spans: tuple[Span, ...] = tuple(source.spans)
        self.annotations = source.annotations
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
        """`(n_channels, stop - start)` float32 microvolts; zero in gaps."""
        if not 0 <= start <= stop <= self.n_times:
            raise ValueError(f"samples {start} to {stop} are not inside 0 to {self.n_times}")
        out = np.zeros((self.n_channels, stop - start), np.float32)
        for low, high in self.spans:
            a, b = max(low, start), min(high, stop)
            if a < b:
                # The one place where stored numbers become microvolts.
                eeg_uv = self._source.read(self.plan.rows, a, b) * self._factor
                eeg_uv = self.plan.apply(eeg_uv)
                out[:, a - start : b - start] = np.nan_to_num(eeg_uv, nan=0.0, posinf=0.0, neginf=0.0)
        return out

    def blocks(self) -> Iterator[tuple[int, int]]:
        """Stretches `[start, stop)` of bounded size that cover every span."""
        size = max(_MAX_BLOCK_VALUES // max(len(self.plan.rows), 1), 1)
        for low, high in self.spans:
            for start in range(low, high, size):
                yield start, min(start + size, high)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over names, rate, spans and the samples in steps of 0.01 uV, channels in alphabetical order.

        It depends on the signal alone: a copy without its header, in another unit or order, has the same digest.
        """
        order = sorted(range(self.n_channels), key=lambda i: self.ch_names[i])
        told = repr(([self.ch_names[i] for i in order], round(self.sfreq, 6), self.spans))
        digest = hashlib.sha256(told.encode())
        for start, stop in self.blocks():
            steps = np.rint(self.read_uv(start, stop)[order] * 100.0)
            digest.update(np.ascontiguousarray(steps.T.astype("<i4")))
        return digest.hexdigest()

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
        source: A path (of a file, or of a BIDS-EEG dataset of one recording), `mne.io.Raw`, `mne.Epochs`, bytes or
            a binary file object, or a dict with `array`, `sampling_rate`, `ch_names` and `units`.
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
    unusable = _unusable(source)
    plan = _plan(source, labels, unusable)
    unusable |= _other_rates(source, plan)
    source.prepare(plan.rows)
    if not MIN_SFREQ_HZ <= source.sfreq <= MAX_SFREQ_HZ:
        reason = f"a sampling rate of {source.sfreq:g} Hz cannot carry EEG"
        raise RecordingError(source.name, reason, f"pass a recording of {MIN_SFREQ_HZ:g} Hz or more")
    longest_s = max((stop - start for start, stop in source.spans), default=0) / source.sfreq
    if longest_s < MIN_DURATION_S:
        what = "its longest stretch without a gap" if len(source.spans) > 1 else "the recording"
        reason = f"{what} lasts {longest_s:.3g} s, and {MIN_DURATION_S:g} s are needed"
        raise RecordingError(source.name, reason, "pass a longer recording")
    values = [source.read(plan.rows, start, stop) for start, stop in stretches(source.spans, source.sfreq)]
    not_finite = {
        row: "it holds NaN or infinity"
        for i, row in enumerate(plan.rows)
        if any(not np.isfinite(stretch[i]).all() for stretch in values)
    }
    dead = {
        row: "no signal" for i, row in enumerate(plan.rows) if row not in not_finite and _is_dead(values, i)
    }
    if len(dead) + len(not_finite) == len(plan.rows):
        reason = (
            "all EEG channels are flat (zero or constant)" if not not_finite else "its EEG channels hold NaN"
        )
        raise RecordingError(
            source.name, reason, "check that the amplifier recorded, and pass another recording"
        )
    if not_finite or (dead and plan.kind != "referential"):
        plan = _plan(source, labels, unusable | not_finite | (dead if plan.kind != "referential" else {}))
        source.prepare(plan.rows)
        values = [
            source.read(plan.rows, start, stop) for start, stop in stretches(source.spans, source.sfreq)
        ]
    decision, amplitude_uv = _unit(source, plan, values, units)
    report = _report(source, plan, decision, amplitude_uv, values, labels)
    return Recording(source, plan, decision, report)


def _labels(source: SignalSource, ch_names: Sequence[str] | None) -> tuple[str, ...]:
    if ch_names is None:
        return source.labels
    if len(ch_names) != len(source.labels):
        reason = f"ch_names has {len(ch_names)} names for {len(source.labels)} channels"
        raise RecordingError(source.name, reason, "give one name per stored channel, in their order")
    return tuple(map(str, ch_names))


def _unusable(source: SignalSource) -> dict[int, str]:
    found = {
        i: "marked as bad by the recording" for i, label in enumerate(source.labels) if label in source.bads
    }
    if isinstance(source, EDFSource):
        found |= {
            i: "the header gives it no range" for i in range(len(source.labels)) if not source.has_scale(i)
        }
    return found


def _plan(source: SignalSource, labels: Sequence[str], unusable: dict[int, str]) -> ChannelPlan:
    plan = plan_channels(
        labels, kinds=source.kinds, units=source.told_units, positions=source.positions, unusable=unusable
    )
    if not plan.ch_names:
        counts = Counter(entry.role for entry in plan.entries)
        told = ", ".join(f"{n} {role}" for role, n in sorted(counts.items()))
        reason = f"none of its {len(labels)} channels is an EEG electrode ({told})"
        raise RecordingError(
            source.name, reason, "name the electrodes with ch_names=, in the 10-20 or 10-10 system"
        )
    return plan


def _other_rates(source: SignalSource, plan: ChannelPlan) -> dict[int, str]:
    """Note channels whose rate has no simple ratio to the highest one."""
    if not isinstance(source, EDFSource):
        return {}
    rates = {row: source.channel_rate_hz(row) for row in plan.rows}
    highest = max(rates.values())
    if len(set(rates.values())) > 1:
        source.warnings.append(
            f"EEG channels were recorded at {len(set(rates.values()))} rates; the slower ones were resampled to {highest:g} Hz"
        )
    odd = [row for row in rates if not source.can_align(row, highest)]
    if odd:
        raise RecordingError(
            source.name, "its EEG channels have rates in no simple ratio", "export it with one rate"
        )
    return {}


def stretches(
    spans: Sequence[Span], sfreq: float, n: int = _N_STRETCHES, seconds: float = _STRETCH_S
) -> list[Span]:
    """A few fixed stretches spread over a recording, from which unit, mains and dead channels are judged."""
    total = sum(stop - start for start, stop in spans)
    length = min(round(seconds * sfreq), max(stop - start for start, stop in spans))
    found: list[Span] = []
    for k in range(n):
        at = round(total * (k + 0.5) / n)
        for start, stop in spans:
            if at < stop - start:
                size = min(length, stop - start)
                low = min(start + max(at - size // 2, 0), stop - size)
                if (low, low + size) not in found and size >= min(length, round(MIN_DURATION_S * sfreq)):
                    found.append((low, low + size))
                break
            at -= stop - start
    if not found:
        start, stop = max(spans, key=lambda span: span[1] - span[0])
        found.append((start, min(start + length, stop)))
    return found


def _is_dead(values: list[np.ndarray], row: int) -> bool:
    return all(np.ptp(stretch[row]) == 0 for stretch in values)


def _unit(
    source: SignalSource, plan: ChannelPlan, values: list[np.ndarray], requested: str | None
) -> tuple[UnitDecision, np.ndarray]:
    """Unit decision, and the amplitude of every row in microvolts after it."""
    factor = source.uv_per_value[list(plan.rows)][:, None]
    amplitude = np.median([robust_amplitude(v * factor, source.sfreq) for v in values], axis=0)
    told = Counter(source.told_units[row] for row in plan.rows).most_common(1)[0][0]
    if requested is not None and source.format == "array":
        requested = None if requested == told else requested
    decision = decide_unit(source.name, amplitude, told, is_field=source.unit_is_field, requested=requested)
    return decision, amplitude * decision.factor


def _report(
    source: SignalSource, plan: ChannelPlan, decision: UnitDecision, amplitude_uv: np.ndarray,
    values: list[np.ndarray], labels: Sequence[str],
) -> dict[str, Any]:  # fmt: skip
    used = set(plan.rows)
    factor = source.uv_per_value[list(plan.rows)] * decision.factor
    row_names = [entry.name or entry.label for entry in plan.entries if entry.number - 1 in used]
    order = sorted(plan.rows)
    by_row = {row: i for i, row in enumerate(plan.rows)}
    ordered = [by_row[row] for row in order]
    outside = outside_range(amplitude_uv[ordered], row_names)
    flat = [row_names[k] for k, i in enumerate(ordered) if _is_dead(values, i)]
    clipped = [row_names[k] for k, i in enumerate(ordered) if _is_clipped([v[i] for v in values])]
    offset = [
        row_names[k]
        for k, i in enumerate(ordered)
        if abs(np.median([np.median(v[i]) for v in values])) * factor[i] > 1e5
    ]
    warnings = [*source.warnings, *plan.notes, *decision.warnings]
    if outside:
        warnings.append(f"amplitudes outside {0.05:g} to {3000:g} uV: {', '.join(outside)}")
    if clipped:
        warnings.append(f"clipped at the limits of the amplifier: {', '.join(clipped)}")
    missing = [unit for unit in {source.told_units[row] for row in plan.rows} if unit is None]
    if missing and decision.told is not None:
        warnings.append("some channels give no unit; they are taken as microvolts")
    return {
        "format": source.format,
        "duration_s": round(source.n_times / source.sfreq, 3),
        "sfreq": round(float(source.sfreq), 6),
        "n_channels_in_file": len(labels),
        "channels": list(plan.ch_names),
        "renamed": [
            {"from": e.label, "to": e.name} for e in plan.entries if e.role == "eeg" and e.name not in (None, e.label)
        ],
        "dropped": [{"channel": e.label, "reason": e.reason} for e in plan.entries if e.role == "dropped"],
        "other": [{"channel": e.label, "kind": e.role} for e in plan.entries
                  if e.role not in ("eeg", "derivation", "dropped")],
        "derivations": [e.name for e in plan.entries if e.role == "derivation"],
        "interpolated": [],
        "montage": plan.kind,
        "reference": plan.reference,
        "unit_told": decision.told,
        "unit_evidence": decision.evidence,
        "unit_factor": decision.factor,
        "amplitude_uv": round(decision.amplitude_uv, 3),
        "flat": flat,
        "clipped": clipped,
        "outside_range": outside,
        "large_offset": offset,
        "gaps": max(len(source.spans) - 1, 0),
        "annotations": dict(Counter(a.code for a in source.annotations)),
        "annotations_left_out": source.n_annotations_dropped,
        "warnings": warnings,
    }  # fmt: skip


def _is_clipped(stretches_of_channel: list[np.ndarray]) -> bool:
    """Whether a channel of more than a few steps stays at its extremes."""
    values = np.concatenate(stretches_of_channel)
    return len(np.unique(values)) > 50 and float(clipped_share(values)) > CLIP_SHARE
