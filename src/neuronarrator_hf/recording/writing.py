"""EDF+ out, the only place where a signal file is written. The header holds no identity and no date."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from neuronarrator_hf.recording.reading import Recording

_MAX_RECORD_BYTES = 61_440
"""What the specification allows a data record to hold."""
_BLOCK_VALUES = 4_000_000
_DIGITAL_MIN, _DIGITAL_MAX = -32_768, 32_767
_HEADER_BYTES = 256
_N_SAMPLES_AT = 216
"""Bytes of the fields of a signal before `n_samples`: label, transducer, dimension, ranges, prefiltering."""

Mark = tuple[float, float, str]
"""Onset in seconds, duration in seconds, text."""


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
    _refuse_existing(path)
    eeg_uv = np.asarray(eeg_uv, dtype=np.float64)
    if eeg_uv.ndim != 2 or len(eeg_uv) != len(ch_names) or eeg_uv.shape[1] == 0:
        raise ValueError(f"eeg_uv has shape {eeg_uv.shape}, expected ({len(ch_names)}, n_times)")
    if not np.isfinite(eeg_uv).all():
        raise ValueError("eeg_uv holds values that are not finite; EDF cannot store them")
    extremes = np.stack([eeg_uv.min(axis=1), eeg_uv.max(axis=1)], axis=1)

    def read(start: int, stop: int) -> np.ndarray:
        return eeg_uv[:, start:stop]

    _write(path, read, eeg_uv.shape[1], ch_names, sfreq, extremes, annotations)
    return path


def write_edf_copy(path: str | PathLike[str], recording: Recording, annotations: Iterable[Mark] = ()) -> Path:
    """Write the EEG electrodes of a recording as EDF+ in constant memory; the source is only read.

    Args:
        path: Where to; never overwritten.
        recording: What `read_recording` returned; gaps are filled with zeros and marked `gap`.
        annotations: As for `write_edf`.

    Raises:
        FileExistsError: The file exists.
    """
    path = Path(path)
    _refuse_existing(path)
    extremes = np.stack(
        [np.full(recording.n_channels, np.inf), np.full(recording.n_channels, -np.inf)], axis=1
    )
    for start, stop in recording.blocks():
        eeg_uv = recording.read_uv(start, stop)
        extremes[:, 0] = np.minimum(extremes[:, 0], eeg_uv.min(axis=1))
        extremes[:, 1] = np.maximum(extremes[:, 1], eeg_uv.max(axis=1))
    if len(recording.spans) > 1:
        extremes[:, 0], extremes[:, 1] = np.minimum(extremes[:, 0], 0), np.maximum(extremes[:, 1], 0)
    gaps = [
        (stop_s, start_s - stop_s, "gap")
        for (_, stop_s), (start_s, _) in zip(recording.spans_s, recording.spans_s[1:], strict=False)
    ]
    marks = sorted([*gaps, *annotations])
    names, sfreq = recording.ch_names, recording.sfreq
    _write(path, recording.read_uv, recording.n_times, names, sfreq, extremes, marks)
    return path


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise FileExistsError(f"{path} exists and is not overwritten; name another file")


def _write(
    path: Path,
    read: Callable[[int, int], np.ndarray],
    n_times: int,
    ch_names: Sequence[str],
    sfreq: float,
    extremes: np.ndarray,
    annotations: Iterable[Mark],
) -> None:
    """Records one block after the other behind a header that edfio wrote."""
    per_record, record_s = _record(sfreq, len(ch_names))
    n_records = -(-n_times // per_record)
    marks = list(annotations)
    if n_times % per_record:
        marks.append((n_times / sfreq, 0.0, "recording_end"))
    texts = _annotation_signal(marks, n_records, record_s)
    ranges = np.array([_physical_range(low, high) for low, high in extremes])
    gain = (ranges[:, 1] - ranges[:, 0]) / (_DIGITAL_MAX - _DIGITAL_MIN)
    block_records = max(_BLOCK_VALUES // (per_record * len(ch_names)), 1)
    partial = path.with_name(path.name + ".part")
    with partial.open("wb") as file:
        file.write(_header(ch_names, per_record, record_s, ranges, n_records, texts.shape[1]))
        for first in range(0, n_records, block_records):
            last = min(first + block_records, n_records)
            eeg_uv = read(first * per_record, min(last * per_record, n_times)).astype(np.float64)
            missing = (last - first) * per_record - eeg_uv.shape[1]
            eeg_uv = np.pad(eeg_uv, ((0, 0), (0, missing)), mode="edge")
            steps = np.rint((eeg_uv - ranges[:, :1]) / gain[:, None]) + _DIGITAL_MIN
            digital = np.clip(steps, _DIGITAL_MIN, _DIGITAL_MAX).astype("<i2")
            samples = digital.reshape(len(ch_names), last - first, per_record).transpose(1, 0, 2)
            signal_bytes = np.ascontiguousarray(samples).reshape(last - first, -1).view(np.uint8)
            file.write(np.concatenate([signal_bytes, texts[first:last]], axis=1).tobytes())
    partial.replace(path)


def _header(
    ch_names: Sequence[str],
    per_record: int,
    record_s: float,
    ranges: np.ndarray,
    n_records: int,
    annotation_bytes: int,
) -> bytes:
    """The header of a file of one record, with the number of records and the room for annotations put in."""
    from edfio import Edf, EdfAnnotation, EdfSignal, Patient, Recording

    signals = [
        EdfSignal(
            np.full(per_record, low),
            per_record / record_s,
            label=_label(name),
            physical_dimension="uV",
            physical_range=(low, high),
        )
        for name, (low, high) in zip(ch_names, ranges, strict=True)
    ]
    told = io.BytesIO()
    Edf(
        signals,
        patient=Patient(),
        recording=Recording(),
        data_record_duration=record_s,
        annotations=[EdfAnnotation(0.0, None, "x")],
    ).write(told)
    n_signals = len(ch_names) + 1
    header = bytearray(told.getvalue()[: _HEADER_BYTES * (n_signals + 1)])
    header[236:244] = str(n_records).encode().ljust(8)
    at = _HEADER_BYTES + _N_SAMPLES_AT * n_signals + 8 * len(ch_names)  # the annotations are the last signal
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


def _label(name: str) -> str:
    label = name if "-" in name else f"EEG {name}"
    return label.encode("ascii", "replace").decode()[:16]


def _physical_range(low: float, high: float) -> tuple[float, float]:
    """A range that the eight characters of an EDF header hold, and that holds the values."""
    low, high = np.floor(low), np.ceil(high)
    return (low, high) if high > low else (low - 1.0, high + 1.0)


def _record(sfreq: float, n_channels: int) -> tuple[int, float]:
    """Samples per data record, and its duration: one second, or what makes whole samples of an odd rate."""
    rate = Fraction(sfreq).limit_denominator(1000)
    per_record, seconds = rate.numerator, Fraction(rate.denominator)
    while per_record * n_channels * 2 > _MAX_RECORD_BYTES and per_record % 2 == 0:
        per_record //= 2
        seconds /= 2
    return per_record, float(seconds)
