"""EDF+ out, the only place where a signal file is written. The header holds no identity and no date."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from os import PathLike
from pathlib import Path

import numpy as np

_MAX_RECORD_BYTES = 61_440
"""What the specification allows a data record to hold."""


def write_edf(
    path: str | PathLike[str],
    eeg_uv: np.ndarray,
    ch_names: Sequence[str],
    sfreq: float,
    annotations: Iterable[tuple[float, float, str]] = (),
) -> Path:
    """Write microvolts as EDF+, 16 bit over the range of each channel.

    EDF stores whole data records: what is missing to the last one is filled with the last value, and an
    annotation `recording_end` marks where the signal ends.

    Args:
        path: Where to; never overwritten.
        eeg_uv: `(n_channels, n_times)` microvolts.
        ch_names: Names of the channels, of up to 12 characters.
        sfreq: Sampling rate in Hz.
        annotations: `(onset_s, duration_s, text)`; the text is written as it is, so it has to be a code or a
            sentence of ours, never text from a header.

    Raises:
        FileExistsError: The file exists.
        ValueError: The values are not finite, or their shape does not fit the names.
    """
    from edfio import Edf, EdfAnnotation, EdfSignal, Patient, Recording

    path = Path(path)
    if path.exists():
        raise FileExistsError(f"{path} exists and is not overwritten; name another file")
    eeg_uv = np.asarray(eeg_uv, dtype=np.float64)
    if eeg_uv.ndim != 2 or len(eeg_uv) != len(ch_names) or eeg_uv.shape[1] == 0:
        raise ValueError(f"eeg_uv has shape {eeg_uv.shape}, expected ({len(ch_names)}, n_times)")
    if not np.isfinite(eeg_uv).all():
        raise ValueError("eeg_uv holds values that are not finite; EDF cannot store them")
    per_record, record_s = _record(sfreq, len(ch_names))
    marks = [
        EdfAnnotation(float(onset), float(duration) or None, text) for onset, duration, text in annotations
    ]
    n_missing = -eeg_uv.shape[1] % per_record
    if n_missing:
        marks.append(EdfAnnotation(eeg_uv.shape[1] / sfreq, None, "recording_end"))
        eeg_uv = np.pad(eeg_uv, ((0, 0), (0, n_missing)), mode="edge")
    rate = per_record / record_s
    signals = [
        EdfSignal(row, rate, label=_label(name), physical_dimension="uV", physical_range=_physical_range(row))
        for name, row in zip(ch_names, eeg_uv, strict=True)
    ]
    Edf(
        signals, patient=Patient(), recording=Recording(), data_record_duration=record_s, annotations=marks
    ).write(path)
    return path


def _label(name: str) -> str:
    label = name if "-" in name else f"EEG {name}"
    return label.encode("ascii", "replace").decode()[:16]


def _physical_range(row: np.ndarray) -> tuple[float, float]:
    """A range that the eight characters of an EDF header hold, and that holds the values."""
    low, high = np.floor(row.min()), np.ceil(row.max())
    return (low, high) if high > low else (low - 1.0, high + 1.0)


def _record(sfreq: float, n_channels: int) -> tuple[int, float]:
    """Samples per data record, and its duration: one second, or what makes whole samples of an odd rate."""
    rate = Fraction(sfreq).limit_denominator(1000)
    per_record, seconds = rate.numerator, Fraction(rate.denominator)
    while per_record * n_channels * 2 > _MAX_RECORD_BYTES and per_record % 2 == 0:
        per_record //= 2
        seconds /= 2
    return per_record, float(seconds)
