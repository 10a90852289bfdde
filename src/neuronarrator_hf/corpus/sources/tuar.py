"""TUAR: artifacts by channel."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from .source import RecordingRef, read_or_fault
from .tuh import edf_files, merged, read_labels, reference, tuh_source

FINDINGS = {
    "musc": "muscle_artifact", "chew": "muscle_artifact", "elec": "electrode_artifact",
    "elpp": "electrode_artifact",
}  # fmt: skip


def find(root: Path) -> Iterator[RecordingRef]:
    """Recordings below `edf/` with labels by channel; `eyem_musc` names two artifacts."""
    for path in edf_files(root):
        marks, fault = read_or_fault(partial(read_labels, path))
        yield reference("tuar", root, path, marks, merged(marks, FINDINGS), fault=fault)


SOURCE = tuh_source(
    name="tuar",
    title="TUH EEG Artifact Corpus",
    citation="Hamid et al., The Temple University Artifact Corpus, IEEE SPMB (2020)",
    layout="edf/01_tcp_ar/aaaaaaju_s005_t000.edf with .csv, ...",
    meaning="musc and chew (jaw muscles) are muscle_artifact, elec and elpp (electrode pop) are "
    "electrode_artifact, with side and regions of the channels marked. Eye movement may be blinks or "
    "lateral movements, and shivering may be muscle or movement: neither asserts a finding.",
    find=find,
)
