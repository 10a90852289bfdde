"""EDF+ out, the only place where a signal file is written. The header holds no identity and no date."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from os import PathLike
from pathlib import Path

import numpy as np

_MAX_RECORD_BYTES = 61_440
"""What the specification allows a data record to hold."""
_BLOCK_VALUES = 4_000_000
_DIGITAL_MIN, _DIGITAL_MAX = -32_768, 32_767
_RANGE_CHARACTERS = 8
_FINE_ENOUGH = 10.0
"""Units of the last decimal that a range spans at least, so that rounding it outward wastes little."""
_HEADER_BYTES = 256
_N_SAMPLES_AT = 216
"""Bytes of the fields of a signal before `n_samples`: label, transducer, dimension, ranges, prefiltering."""

Mark = tuple[float, float, str]
"""Onset in seconds, duration in seconds, text."""


@dataclass(frozen=True)
class Signals:
    """Channels of one sampling rate, to be written.

    Attributes:
        labels: As they go into the file, of up to 16 characters.
        dimensions: Unit of each, as `uV`; empty where there is none.
        extremes: `(n_channels, 2)` smallest and largest value of each.
        n_times: Samples.
        per_record: Samples of a data record.
        read: Gives `(n_channels, stop - start)` of the samples `[start, stop)`.
    """

    labels: tuple[str, ...]
    dimensions: tuple[str, ...]
    extremes: np.ndarray
    n_times: int
    per_record: int
    read: Callable[[int, int], np.ndarray]


def write_edf(
    path: str | PathLike[str],
    eeg_uv: np.ndarray,
    ch_names: Sequence[str],
    sfreq: float,
    annotations: Iterable[Mark] = (),
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
    path = Path(path)
    refuse_existing(path)
    eeg_uv = np.asarray(eeg_uv, dtype=np.float64)
    if eeg_uv.ndim != 2 or len(eeg_uv) != len(ch_names) or eeg_uv.shape[1] == 0:
        raise ValueError(f"eeg_uv has shape {eeg_uv.shape}, expected ({len(ch_names)}, n_times)")
    if not np.isfinite(eeg_uv).all():
        raise ValueError("eeg_uv holds values that are not finite; EDF cannot store them")
    extremes = np.stack([eeg_uv.min(axis=1), eeg_uv.max(axis=1)], axis=1)

    def read(start: int, stop: int) -> np.ndarray:
        return eeg_uv[:, start:stop]

    per_record, record_s = record_of(sfreq, len(ch_names))
    labels = tuple(eeg_label(name) for name in ch_names)
    group = Signals(labels, ("uV",) * len(labels), extremes, eeg_uv.shape[1], per_record, read)
    write_signals(path, [group], record_s, annotations)
    return path


def refuse_existing(path: Path) -> None:
    """A signal file is never written over.

    Raises:
        FileExistsError: The file exists.
    """
    if path.exists():
        raise FileExistsError(f"{path} exists and is not overwritten; name another file")


def write_signals(
    path: Path, groups: Sequence[Signals], record_s: float, annotations: Iterable[Mark]
) -> None:
    """Records one block after the other behind a header that edfio wrote.

    Args:
        path: Where to.
        groups: What to write; the longest of them is as long as the recording.
        record_s: Seconds of a data record.
        annotations: As for `write_edf`.
    """
    n_records = max(-(-group.n_times // group.per_record) for group in groups)
    marks = list(annotations)
    duration_s = max(group.n_times / group.per_record for group in groups) * record_s
    if n_records * record_s - duration_s > 1e-9:
        marks.append((duration_s, 0.0, "recording_end"))
    texts = _annotation_signal(marks, n_records, record_s)
    ranges = [np.array([_physical_range(low, high) for low, high in group.extremes]) for group in groups]
    per_record = sum(group.per_record * len(group.labels) for group in groups)
    block_records = max(_BLOCK_VALUES // per_record, 1)
    partial = path.with_name(path.name + ".part")
    with partial.open("wb") as file:
        file.write(_header(groups, record_s, ranges, n_records, texts.shape[1]))
        for first in range(0, n_records, block_records):
            last = min(first + block_records, n_records)
            parts = [_records(group, r, first, last) for group, r in zip(groups, ranges, strict=True)]
            file.write(np.concatenate([*parts, texts[first:last]], axis=1).tobytes())
    partial.replace(path)


def _records(group: Signals, ranges: np.ndarray, first: int, last: int) -> np.ndarray:
    """`(n_records, n_bytes)` uint8: the samples of some records, the last value repeated beyond the end."""
    gain = (ranges[:, 1] - ranges[:, 0]) / (_DIGITAL_MAX - _DIGITAL_MIN)
    start, stop = first * group.per_record, min(last * group.per_record, group.n_times)
    values = group.read(min(start, group.n_times - 1), stop).astype(np.float64)
    missing = (last - first) * group.per_record - values.shape[1]
    values = np.pad(values, ((0, 0), (0, missing)), mode="edge")
    steps = np.rint((values - ranges[:, :1]) / gain[:, None]) + _DIGITAL_MIN
    digital = np.clip(steps, _DIGITAL_MIN, _DIGITAL_MAX).astype("<i2")
    samples = digital.reshape(len(values), last - first, group.per_record).transpose(1, 0, 2)
    return np.ascontiguousarray(samples).reshape(last - first, -1).view(np.uint8)


def _header(
    groups: Sequence[Signals],
    record_s: float,
    ranges: Sequence[np.ndarray],
    n_records: int,
    annotation_bytes: int,
) -> bytes:
    """The header of a file of one record, with the number of records and the room for annotations put in."""
    from edfio import Edf, EdfAnnotation, EdfSignal, Patient, Recording

    signals = [
        EdfSignal(
            np.full(group.per_record, low),
            group.per_record / record_s,
            label=label,
            physical_dimension=dimension,
            physical_range=(low, high),
        )
        for group, of_group in zip(groups, ranges, strict=True)
        for label, dimension, (low, high) in zip(group.labels, group.dimensions, of_group, strict=True)
    ]
    told = io.BytesIO()
    Edf(
        signals,
        patient=Patient(),
        recording=Recording(),
        data_record_duration=record_s,
        annotations=[EdfAnnotation(0.0, None, "x")],
    ).write(told)
    n_signals = len(signals) + 1
    header = bytearray(told.getvalue()[: _HEADER_BYTES * (n_signals + 1)])
    header[236:244] = str(n_records).encode().ljust(8)
    # The annotations are the last signal.
    at = _HEADER_BYTES + _N_SAMPLES_AT * n_signals + 8 * len(signals)
    header[at : at + 8] = str(annotation_bytes // 2).encode().ljust(8)
    return bytes(header)


def _annotation_signal(marks: Sequence[Mark], n_records: int, record_s: float) -> np.ndarray:
    """`(n_records, n_bytes)` uint8: the time of every record, and the annotations spread over the records."""
    entries = [_entry(*mark) for mark in sorted(marks)]
    each = math.ceil(len(entries) / n_records)
    parts = [
        f"{_seconds(k * record_s)}\x14\x14\x00".encode() + b"".join(entries[k * each : (k + 1) * each])
        for k in range(n_records)
    ]
    width = max(map(len, parts))
    width += width % 2
    return np.frombuffer(b"".join(p.ljust(width, b"\x00") for p in parts), np.uint8).reshape(n_records, width)


def _entry(onset_s: float, duration_s: float, text: str) -> bytes:
    lasting = "\x15" + _seconds(duration_s)[1:] if duration_s > 0 else ""
    return f"{_seconds(onset_s)}{lasting}\x14{text}\x14\x00".encode()


def _seconds(value: float) -> str:
    """`+12`, `+0.005`: seconds as EDF+ writes them, to the microsecond."""
    return f"{value:+.6f}".rstrip("0").rstrip(".")


def eeg_label(name: str) -> str:
    """The label of an electrode as EDF+ wants it: `EEG Fp1`."""
    label = name if "-" in name else f"EEG {name}"
    return label.encode("ascii", "replace").decode()[:16]


def _physical_range(low: float, high: float) -> tuple[float, float]:
    """A range that the eight characters of an EDF header hold, and that holds the values.

    Whole numbers where they are fine enough; narrow ranges, as those of volts, keep decimals.
    """
    found = (float(np.floor(low)) - 1.0, float(np.ceil(high)) + 1.0)
    if low == high:  # a constant needs no fine steps
        return found
    for decimals in range(7):
        unit = 10.0**-decimals
        below, above = (
            round(float(edge), decimals)
            for edge in (np.floor(low / unit) * unit, np.ceil(high / unit) * unit)
        )
        if above <= below:
            below, above = round(below - unit, decimals), round(above + unit, decimals)
        if max(len(f"{below:.{decimals}f}"), len(f"{above:.{decimals}f}")) > _RANGE_CHARACTERS:
            break
        found = below, above
        if above - below >= _FINE_ENOUGH * unit:
            break
    return found


def record_of(sfreq: float, n_channels: int) -> tuple[int, float]:
    """Samples per data record, and its duration: one second, or what makes whole samples of an odd rate."""
    rate = Fraction(sfreq).limit_denominator(1000)
    per_record, seconds = rate.numerator, Fraction(rate.denominator)
    while per_record * n_channels * 2 > _MAX_RECORD_BYTES and per_record % 2 == 0:
        per_record //= 2
        seconds /= 2
    return per_record, float(seconds)
