"""EDF, EDF+ and BDF: header and samples, in constant memory, without keeping what identifies a patient.

Specification: Kemp et al. 1992 (EDF), Kemp and Olivan 2003 (EDF+), BioSemi (BDF). MNE reads these formats
too; this reader adds what it lacks: gaps of EDF+D, several rates without loading, and damage told apart.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from neuronarrator_hf.recording.errors import RecordingError

FIELDS = (
    ("label", 16), ("transducer", 80), ("dimension", 8), ("physical_min", 8), ("physical_max", 8),
    ("digital_min", 8), ("digital_max", 8), ("prefiltering", 80), ("n_samples", 8), ("reserved", 32),
)  # fmt: skip
MAX_SIGNALS = 4096
_WHOLE_RECORD_BYTES = 4_000_000
_EXPORT_AGAIN = "export the recording again as EDF from the recording system"


@dataclass(frozen=True)
class EDFHeader:
    """The technical part of a header.

    Attributes:
        labels: Label of every signal, annotation signals included.
        dimensions: Physical dimension of every signal as written.
        gain: `(n_signals,)` physical units per digital step; 0 where the header gives no range.
        offset: `(n_signals,)` physical value of digital zero.
        samples_per_record: `(n_signals,)`.
        n_records: Complete data records in the file.
        n_records_told: Data records the header speaks of; -1 where it does not know.
        trailing_bytes: Bytes after the last record that is counted.
    """

    path: Path
    is_bdf: bool
    kind: str
    header_bytes: int
    labels: tuple[str, ...]
    dimensions: tuple[str, ...]
    gain: np.ndarray
    offset: np.ndarray
    samples_per_record: np.ndarray
    n_records: int
    n_records_told: int
    record_s: float
    trailing_bytes: int

    @property
    def sample_bytes(self) -> int:
        """Bytes of a sample."""
        return 3 if self.is_bdf else 2

    @property
    def record_bytes(self) -> int:
        """Bytes of a data record."""
        return int(self.samples_per_record.sum()) * self.sample_bytes

    @property
    def is_annotation(self) -> np.ndarray:
        """`(n_signals,)` bool, True for signals that hold annotations."""
        return np.array([label in ("EDF Annotations", "BDF Annotations") for label in self.labels])


def _number(text: str) -> float:
    try:
        value = float(text.strip(" \x00").replace(",", "."))
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def read_header(path: Path, name: str) -> EDFHeader:
    """Read and check a header.

    Raises:
        RecordingError: The file is not EDF or BDF, or its header cannot be trusted.
    """
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        fixed = file.read(256)
        is_bdf = fixed[:1] == b"\xff" and fixed[1:8] == b"BIOSEMI"
        if not is_bdf and fixed[:8].strip(b" \x00") != b"0":
            raise RecordingError(
                name, "this is not an EDF or BDF file, whatever its name says", _EXPORT_AGAIN
            )
        if len(fixed) < 256:
            raise RecordingError(name, f"the file ends inside its header ({size} bytes)", _EXPORT_AGAIN)
        text = fixed.decode("latin-1")
        n_signals, header_bytes = _number(text[252:256]), _number(text[184:192])
        n_told, record_s = _number(text[236:244]), _number(text[244:252])
        if not (1 <= n_signals <= MAX_SIGNALS and n_signals == int(n_signals)):
            raise RecordingError(name, "the header states no usable number of signals", _EXPORT_AGAIN)
        n_signals = int(n_signals)
        expected = 256 * (n_signals + 1)
        if header_bytes != expected:
            reason = f"the header is malformed: it does not have the {expected} bytes of {n_signals} signals"
            raise RecordingError(name, reason, _EXPORT_AGAIN)
        table = file.read(256 * n_signals)
    if len(table) < 256 * n_signals:
        raise RecordingError(name, f"the file ends inside its header ({size} bytes)", _EXPORT_AGAIN)
    columns: dict[str, list[str]] = {}
    at = 0
    for field_name, width in FIELDS:
        part = table[at : at + width * n_signals]
        columns[field_name] = [
            re.sub(r"[\x00-\x1f\x7f]", " ", part[i * width : (i + 1) * width].decode("latin-1")).strip()
            for i in range(n_signals)
        ]
        at += width * n_signals
    samples = np.array([_number(value) for value in columns["n_samples"]])
    if not (
        np.isfinite(samples).all() and (samples >= 0).all() and (samples < 2**31).all() and samples.sum() > 0
    ):
        raise RecordingError(name, "the header states no usable number of samples per record", _EXPORT_AGAIN)
    if not (math.isfinite(record_s) and 0 <= record_s <= 7 * 86400 and math.isfinite(n_told)):
        raise RecordingError(name, "the header states no usable duration or number of records", _EXPORT_AGAIN)
    gain, offset = _calibration(columns)
    samples = samples.astype(np.int64)
    record_bytes = int(samples.sum()) * (3 if is_bdf else 2)
    available = (size - expected) // record_bytes
    n_records = int(available if n_told < 0 else min(available, n_told))
    reserved = text[192:236].strip().upper()
    kind = ("BDF" if is_bdf else "EDF") + (
        reserved[3:5] if reserved[:5] in ("EDF+C", "EDF+D", "BDF+C", "BDF+D") else ""
    )
    return EDFHeader(
        path=path, is_bdf=is_bdf, kind=kind, header_bytes=expected, labels=tuple(columns["label"]),
        dimensions=tuple(columns["dimension"]), gain=gain, offset=offset, samples_per_record=samples,
        n_records=n_records, n_records_told=int(n_told), record_s=record_s,
        trailing_bytes=size - expected - n_records * record_bytes,
    )  # fmt: skip


def _calibration(columns: dict[str, list[str]]) -> tuple[np.ndarray, np.ndarray]:
    """Gain and offset of every signal; gain 0 where the ranges are missing or empty."""
    p_min, p_max, d_min, d_max = (
        np.array([_number(value) for value in columns[key]])
        for key in ("physical_min", "physical_max", "digital_min", "digital_max")
    )
    with np.errstate(all="ignore"):
        gain = (p_max - p_min) / (d_max - d_min)
        usable = np.isfinite(gain) & (gain != 0) & (np.abs(gain) < 1e9)
        gain = np.where(usable, gain, 0.0)
        offset = np.where(usable, p_min - gain * d_min, 0.0)
    return gain, offset


def read_signals(header: EDFHeader, signals: list[int], first: int, last: int) -> list[np.ndarray]:
    """Digital samples of `signals` in the records `[first, last)`, `(n_records, n_samples)` int each.

    Raises:
        RecordingError: The file has become shorter since its header was read.
    """
    counts = header.samples_per_record
    starts = np.concatenate([[0], np.cumsum(counts)])
    width = header.sample_bytes
    n = last - first
    with open(header.path, "rb") as file:
        if header.record_bytes <= _WHOLE_RECORD_BYTES:
            file.seek(header.header_bytes + first * header.record_bytes)
            block = _decode(_exactly(file, n * header.record_bytes, header), width).reshape(n, -1)
            return [block[:, starts[i] : starts[i + 1]] for i in signals]
        parts = []
        for i in signals:
            rows = []
            for record in range(first, last):
                file.seek(header.header_bytes + record * header.record_bytes + int(starts[i]) * width)
                rows.append(_decode(_exactly(file, int(counts[i]) * width, header), width))
            parts.append(np.stack(rows))
        return parts


def _exactly(file: BinaryIO, n_bytes: int, header: EDFHeader) -> bytes:
    data = file.read(n_bytes)
    if len(data) < n_bytes:
        reason = "the file has become shorter since it was opened"
        raise RecordingError(header.path.name, reason, "copy it to a disk of your own and read it again")
    return data


def _decode(data: bytes, width: int) -> np.ndarray:
    """Little-endian integers of two or three bytes."""
    if width == 2:
        return np.frombuffer(data, "<i2")
    triples = np.frombuffer(data, np.uint8).reshape(-1, 3)
    wide = np.zeros((len(triples), 4), np.uint8)
    wide[:, 1:] = triples
    return wide.reshape(-1).view("<i4") >> 8


def annotation_bytes(header: EDFHeader, name: str) -> Iterator[tuple[int, bytes]]:
    """The annotation bytes of every record, as (record, bytes); the first annotation signal comes first."""
    counts = header.samples_per_record
    starts = np.concatenate([[0], np.cumsum(counts)]) * header.sample_bytes
    wanted = np.flatnonzero(header.is_annotation)
    places = [(header.header_bytes + int(starts[i]), int(counts[i]) * header.sample_bytes) for i in wanted]
    record_bytes = header.record_bytes
    with open(header.path, "rb", buffering=0) as file:  # a buffer would be filled anew for every record
        for record in range(header.n_records):
            chunk = b""
            for at, n_bytes in places:
                file.seek(at + record * record_bytes)
                chunk += file.read(n_bytes)
            yield record, chunk


_TAL = re.compile(rb"([+-]\d+(?:\.\d*)?)(?:\x15(\d+(?:\.\d*)?))?\x14([^\x00]*)\x14\x00")


def read_annotations(header: EDFHeader, name: str) -> tuple[np.ndarray, list[tuple[float, float, str]]]:
    """Onset of every record in seconds from the first, and `(onset_s, duration_s, text)` of the annotations.

    Raises:
        RecordingError: A record does not begin with its time: the samples are out of step with the header.
    """
    onsets = np.arange(header.n_records) * header.record_s
    events: list[tuple[float, float, str]] = []
    n_untimed = 0
    for record, chunk in annotation_bytes(header, name):
        tals = list(_TAL.finditer(chunk))
        if not tals or tals[0].start() != 0:
            n_untimed += 1
        elif tals[0].group(3)[:1] in (b"", b"\x14") or record == 0:
            onsets[record] = float(tals[0].group(1))
        for tal in tals:
            onset, duration = float(tal.group(1)), float(tal.group(2) or 0)
            for text in tal.group(3).split(b"\x14"):
                if text.strip():
                    events.append((onset, duration, text.decode("utf-8", "replace")))
    if n_untimed > 0.02 * header.n_records and header.kind.endswith(("+C", "+D")):
        reason = (
            f"{n_untimed} of {header.n_records} data records do not begin with their time, so samples and "
            "header are out of step (as after a transfer in text mode)"
        )
        raise RecordingError(name, reason, "copy the original file again in binary mode")
    origin = float(onsets[0]) if header.n_records else 0.0
    return onsets - origin, [(onset - origin, duration, text) for onset, duration, text in events]


_LONE_LINE_FEED = re.compile(rb"(?<!\r)\n")
_REPLACED = b"\xef\xbf\xbd"
"""UTF-8 of the character that a change of encoding puts in the place of bytes it cannot read."""
_REPLACED_SHARE = 0.02


def _is_plainly_binary(file: BinaryIO, n_bytes: int) -> bool:
    """Whether a first look, at parts that stay in a core's cache, leaves no room for any of the damages."""
    buffer = bytearray(1 << 18)
    n_read = n_begun = 0
    while n_read < n_bytes and (n := file.readinto(memoryview(buffer)[: n_bytes - n_read])):  # type: ignore[attr-defined]
        if n_read == 0 and (not _LONE_LINE_FEED.search(buffer[:n], 1) or buffer[:n].isascii()):
            return False
        part = np.frombuffer(buffer, np.uint8, n)
        begun = (part[:-1] == _REPLACED[0]) & (part[1:] == _REPLACED[1])
        n_begun += int(np.count_nonzero(begun)) + 1  # one may lie across the border of two parts
        n_read += n
    return n_begun * len(_REPLACED) <= _REPLACED_SHARE * n_read


def check_damage(header: EDFHeader, name: str, probe_bytes: int = 4_000_000) -> None:
    """Refuse a file whose bytes were changed by a transfer in text mode or a change of encoding.

    Raises:
        RecordingError: The bytes show it.
    """
    with open(header.path, "rb", buffering=0) as file:
        file.seek(header.header_bytes)
        if _is_plainly_binary(file, probe_bytes):
            return
        file.seek(header.header_bytes)
        data = file.read(probe_bytes)
    again = "copy the original file again in binary mode"
    if len(data) < 20_000:
        return
    if data.count(_REPLACED) * 3 > _REPLACED_SHARE * len(data):
        raise RecordingError(name, "the samples were re-encoded as text and are lost", again)
    if not _LONE_LINE_FEED.search(data) and data.count(b"\n") >= 50:
        raise RecordingError(name, "a transfer in text mode changed the line ends inside the samples", again)
    if data.isascii() and len(set(data)) > 20:
        raise RecordingError(name, "a 7-bit transfer stripped the samples", again)
