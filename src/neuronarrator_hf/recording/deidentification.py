"""Copies without identity: samples bit for bit, headers and annotations from closed lists only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from neuronarrator_hf.recording import edf
from neuronarrator_hf.recording.annotations import annotation_code
from neuronarrator_hf.recording.errors import RecordingError
from neuronarrator_hf.recording.labels import shown_label
from neuronarrator_hf.recording.reading import read_recording
from neuronarrator_hf.recording.units import parse_unit
from neuronarrator_hf.recording.writing import write_edf

_FILTER_WORDS = re.compile(
    r"(?:(?:HP|LP|N|BP|DC|HFF|LFF|:|/|;|,|\.|\d|k?Hz|s|TC|None|off)\s*)*", re.IGNORECASE
)


@dataclass(frozen=True)
class Deidentified:
    """What `deidentify` wrote, and the names of the fields it took out or replaced."""

    path: Path
    removed: tuple[str, ...]


def deidentify(source: Any, out: str | PathLike[str]) -> Deidentified:
    """Write a copy without identity: EDF and BDF stay what they are, other formats become EDF+.

    Args:
        source: What `read_recording` takes.
        out: Where to; never overwritten.

    Raises:
        RecordingError: The source cannot be used, or `out` exists.
    """
    out = Path(out)
    name = Path(source).name if isinstance(source, (str, PathLike)) else "recording"
    if out.exists():
        raise RecordingError(
            name, "the output file exists and is not overwritten", "name another file with --out"
        )
    if isinstance(source, (str, PathLike)) and Path(source).suffix.lower() in (".edf", ".bdf", ".rec"):
        return _copy_edf(Path(source), out, name)
    recording = read_recording(source)
    spans = recording.spans_s
    marks = [(a.onset_s, a.duration_s, a.code) for a in recording.annotations]
    marks += [(stop, 0.0, "gap") for _, stop in spans[:-1]]
    eeg_uv = recording.read_uv(0, recording.n_times)
    write_edf(out, eeg_uv, recording.ch_names, recording.sfreq, sorted(marks))
    left = [
        "all header fields beside names, rate and unit",
        "date and time of the recording",
        "channels that are no EEG",
    ]
    if recording.report["annotations_left_out"]:
        left.append("annotations in free text")
    return Deidentified(out, tuple(left))


def _copy_edf(path: Path, out: Path, name: str) -> Deidentified:
    """Copy the samples as they are, behind a header that holds technical fields only."""
    if not path.exists():
        raise RecordingError(name, "there is no such file", "check the path")
    header = edf.read_header(path, name)
    edf.check_damage(header, name)
    with open(path, "rb") as file:
        original = file.read(header.header_bytes)
    clean, removed = _clean_header(header, original)
    n_texts = 0
    with open(path, "rb") as file, open(out, "xb") as target:
        target.write(clean)
        file.seek(header.header_bytes)
        counts = header.samples_per_record * header.sample_bytes
        edges = np.concatenate([[0], np.cumsum(counts)])
        for _ in range(header.n_records):
            record = bytearray(file.read(header.record_bytes))
            for i in np.flatnonzero(header.is_annotation):
                part, n_out = _clean_annotations(bytes(record[edges[i] : edges[i + 1]]))
                record[edges[i] : edges[i + 1]] = part
                n_texts += n_out
            target.write(record)
    if n_texts:
        removed.append("annotations in free text")
    return Deidentified(out, tuple(removed))


def _clean_header(header: edf.EDFHeader, original: bytes) -> tuple[bytes, list[str]]:
    """A header with the technical fields of the original; and the fields that were replaced."""
    removed: list[str] = []

    def put(field: str, old: bytes, new: str) -> bytes:
        fresh = new.encode("ascii", "replace").ljust(len(old))[: len(old)]
        if fresh.strip() != old.strip() and field not in removed:
            removed.append(field)
        return fresh

    n = len(header.labels)
    plus = header.kind[3:] in ("+C", "+D")
    fixed = original[:8]
    fixed += put("patient identification", original[8:88], "X X X X" if plus else "")
    fixed += put("recording identification", original[88:168], "Startdate X X X X" if plus else "")
    fixed += put("start date", original[168:176], "01.01.85")
    fixed += put("start time", original[176:184], "00.00.00")
    fixed += original[184:192]
    reserved = original[192:236]
    fixed += put("reserved", reserved, header.kind if plus else ("24BIT" if header.is_bdf else ""))
    fixed += put("number of records", original[236:244], str(header.n_records))
    fixed += original[244:256]
    if "number of records" in removed:
        removed.remove("number of records")
    table, at = b"", 256
    for field, width in edf.FIELDS:
        for i in range(n):
            old = original[at : at + width]
            table += put(f"{field} of signals", old, _clean_field(field, old.decode("latin-1"), header, i))
            at += width
    return fixed + table, removed


def _clean_field(field: str, old: str, header: edf.EDFHeader, i: int) -> str:
    plain = old.strip()
    if field == "label":
        return plain if header.is_annotation[i] else shown_label(plain, i + 1)
    if field == "dimension":
        unit = parse_unit(plain)
        return unit if unit in ("uV", "mV", "V", "nV") else (plain if unit == "other" else "")
    if field == "prefiltering":
        return plain if _FILTER_WORDS.fullmatch(plain) else ""
    return "" if field in ("transducer", "reserved") else plain


def _clean_annotations(part: bytes) -> tuple[bytes, int]:
    """The annotations of a record with times and codes only, in as many bytes; and how many texts went."""
    kept: list[bytes] = []
    n_removed = 0
    for tal in part.split(b"\x14\x00"):
        match = re.match(rb"\x00*([+-]\d+(?:\.\d*)?(?:\x15\d+(?:\.\d*)?)?)\x14(.*)", tal + b"\x14", re.DOTALL)
        if match is None:
            continue
        texts = [text for text in match.group(2).split(b"\x14") if text.strip(b"\x00 ")]
        codes = [annotation_code(text.decode("utf-8", "replace")) for text in texts]
        n_removed += sum(code is None for code in codes)
        named = [code.encode() for code in codes if code is not None]
        if not kept or named:
            kept.append(match.group(1) + b"\x14" + b"\x14".join(named) + b"\x14\x00")
    fresh = b""
    for tal in kept:
        if len(fresh) + len(tal) <= len(part):
            fresh += tal
    return fresh.ljust(len(part), b"\x00"), n_removed
