"""TUSL: seizures and slowing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from .source import RecordingRef, read_or_fault
from .tuh import edf_files, merged, read_labels, reference, tuh_source

FINDINGS = {"seiz": "electrographic_seizure", "slow": "abnormal"}


def find(root: Path) -> Iterator[RecordingRef]:
    """Recordings below `edf/` with `.tse_agg` labels."""
    for path in edf_files(root):
        marks, fault = read_or_fault(partial(read_labels, path))
        yield reference("tusl", root, path, marks, merged(marks, FINDINGS), fault=fault)


SOURCE = tuh_source(
    name="tusl",
    title="TUH EEG Slowing Corpus",
    citation="von Weltin et al., Electroencephalographic Slowing: A Primary Source of Error in Automatic "
    "Seizure Detection, IEEE SPMB (2017)",
    layout="edf/aaaaaaju/s005_2010/aaaaaaju_s005_t000.edf with .tse_agg, ...",
    meaning="seiz is electrographic_seizure. slow is slowing of a kind that is not told (focal or "
    "generalized, theta or delta), so it asserts abnormal alone.",
    find=find,
)
