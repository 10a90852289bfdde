"""TUEP: people with and without epilepsy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .source import Annotation, RecordingRef
from .tuh import edf_files, reference, tuh_source

_GROUPS = {
    "00_epilepsy": "epilepsy", "01_no_epilepsy": "no epilepsy", "epilepsy": "epilepsy",
    "no_epilepsy": "no epilepsy",
}  # fmt: skip


def find(root: Path) -> Iterator[RecordingRef]:
    """Recordings below `00_epilepsy/` and `01_no_epilepsy/`."""
    for path in edf_files(root):
        told = next((_GROUPS[p] for p in path.relative_to(root).parts if p in _GROUPS), None)
        if told is not None:
            yield reference("tuep", root, path, (Annotation(told),), facts={"diagnosis": told})


SOURCE = tuh_source(
    name="tuep",
    title="TUH EEG Epilepsy Corpus",
    citation="Veloso et al., Big data resources for EEGs: Enabling deep learning research, IEEE SPMB (2017)",
    layout="00_epilepsy/aaaaaanr/s001_2003/02_tcp_le/aaaaaanr_s001_t001.edf, ...",
    meaning="Epilepsy is a diagnosis of the person and asserts nothing of a segment.",
    find=find,
)
