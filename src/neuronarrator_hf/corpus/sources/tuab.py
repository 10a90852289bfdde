"""TUAB: recordings that a clinician's report calls normal or abnormal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .source import Annotation, RecordingRef, throughout
from .tuh import edf_files, reference, tuh_source


def find(root: Path) -> Iterator[RecordingRef]:
    """Recordings `edf/{train,eval}/{normal,abnormal}/...`."""
    for path in edf_files(root):
        told = next((p for p in path.relative_to(root).parts if p in ("normal", "abnormal")), None)
        if told is None:
            continue
        assertions = (throughout("abnormal", present=False),) if told == "normal" else ()
        yield reference("tuab", root, path, (Annotation(told),), assertions, {"judgement": told})


SOURCE = tuh_source(
    name="tuab",
    title="TUH Abnormal EEG Corpus",
    citation="Lopez et al., Automated Identification of Abnormal Adult EEGs, IEEE SPMB (2015)",
    layout="edf/train/normal/01_tcp_ar/aaaaaaac_s001_t000.edf, ...",
    meaning="A normal recording holds nothing abnormal in any segment. An abnormal one is "
    "abnormal somewhere: that says nothing of a segment and stays a fact of the recording.",
    find=find,
)
