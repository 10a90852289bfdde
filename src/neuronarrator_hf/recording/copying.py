"""Every channel of a recording as EDF+: EEG, ECG, eyes, muscles and triggers, without identity."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path

import numpy as np

from neuronarrator_hf.recording.labels import shown_label
from neuronarrator_hf.recording.reading import Recording
from neuronarrator_hf.recording.source import Span
from neuronarrator_hf.recording.units import UNITS
from neuronarrator_hf.recording.writing import (
    Mark,
    Signals,
    eeg_label,
    record_of,
    refuse_existing,
    write_signals,
)

_BLOCK_VALUES = 4_000_000
_VOLTAGES = frozenset({"eeg", "eog", "ecg", "emg", "seeg", "ecog", "dbs", "bio"})
"""Kinds of channels whose values MNE gives in volts; they are told in microvolts."""


def write_edf_copy(path: str | PathLike[str], recording: Recording, annotations: Iterable[Mark] = ()) -> Path:
    """Write all channels of a recording as EDF+ in constant memory; the source is only read.

    Channels keep their own rate and, where it is no voltage, their numbers. The EEG comes first, in
    microvolts and in the order of `recording.ch_names` (derivations as they were recorded), then the other
    channels by rate. Labels that are no known words become `channel N`, or `EOG N` where that is known.

    Args:
        path: Where to; never overwritten.
        recording: What `read_recording` returned; gaps are filled with zeros and marked `gap`.
        annotations: As for `write_edf`.

    Raises:
        FileExistsError: The file exists.
    """
    path = Path(path)
    refuse_existing(path)
    source, eeg = recording.source, list(recording.plan.rows)
    others = [row for row in range(len(source.labels)) if row not in set(eeg)]
    rates = dict.fromkeys(source.stored_rate(row) for row in [*eeg, *others])
    if len(rates) == 1 or source.record_s is None:
        per_s, record_s = record_of(recording.sfreq, len(source.labels))
        counts = {rate: per_s for rate in rates}
    else:
        record_s = source.record_s
        counts = {rate: round(rate * record_s) for rate in rates}
    groups = [
        _group(recording, rows, counts[rate])
        for part in (eeg, others)
        for rate in rates
        if (rows := [row for row in part if source.stored_rate(row) == rate])
    ]
    gaps = [
        (stop_s, start_s - stop_s, "gap")
        for (_, stop_s), (start_s, _) in zip(recording.spans_s, recording.spans_s[1:], strict=False)
    ]
    write_signals(path, groups, record_s, sorted([*gaps, *annotations]))
    return path


def _group(recording: Recording, rows: Sequence[int], per_record: int) -> Signals:
    """Channels of one rate."""
    source = recording.source
    if source.stored_rate(rows[0]) == recording.sfreq:
        # What fills the end of a file is no EEG, but it is in the file.
        *before, (start, _) = recording.spans
        spans: tuple[Span, ...] = (*before, (start, recording.n_times))
    else:
        spans = source.stored_spans(rows[0])
    units = [_unit(recording, row) for row in rows]
    factor = np.array([factor for _, factor in units])[:, None]

    def read(start: int, stop: int) -> np.ndarray:
        out = np.zeros((len(rows), stop - start))
        for low, high in spans:
            a, b = max(low, start), min(high, stop)
            if a < b:
                values = source.read_stored(rows, a, b) * factor
                out[:, a - start : b - start] = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
        return out

    n_times = spans[-1][1]
    extremes = np.stack([np.full(len(rows), np.inf), np.full(len(rows), -np.inf)], axis=1)
    size = max(_BLOCK_VALUES // len(rows), 1)
    for start in range(0, n_times, size):
        block = read(start, min(start + size, n_times))
        extremes[:, 0] = np.minimum(extremes[:, 0], block.min(axis=1))
        extremes[:, 1] = np.maximum(extremes[:, 1], block.max(axis=1))
    labels = tuple(_label(recording, row) for row in rows)
    return Signals(labels, tuple(unit for unit, _ in units), extremes, n_times, per_record, read)


def _unit(recording: Recording, row: int) -> tuple[str, float]:
    """Unit of a channel in the copy, and its number for 1 of the source."""
    source = recording.source
    if row in recording.plan.rows:
        return "uV", float(source.uv_per_value[row])
    told, kind = source.told_units[row], source.kinds[row]
    if told == "V" and kind in _VOLTAGES:
        return "uV", 1e6
    if told == "other":
        return "other", 1.0  # no voltage: read again it is none either
    return (told or "") if told in UNITS and kind in (None, *_VOLTAGES) else "", 1.0


def _label(recording: Recording, row: int) -> str:
    plan = recording.plan
    label = recording.source.labels[row]
    if row in plan.rows and plan.matrix is None:
        return eeg_label(plan.ch_names[plan.rows.index(row)])
    told = shown_label(label, row + 1)
    role = next((e.role for e in plan.entries if e.number == row + 1), "")
    if told != label.strip() and role in _VOLTAGES - {"eeg"}:
        told = f"{role.upper()} {row + 1}"  # what it is may be told, what it was called may not
    return told.encode("ascii", "replace").decode()[:16]
