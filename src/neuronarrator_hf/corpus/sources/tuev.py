"""TUEV: events of one second by channel, of six classes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from .source import Annotation, RecordingRef, read_or_fault
from .tuh import TCP_CHANNELS, edf_files, merged, reference, tuh_source

CLASSES = {1: "spsw", 2: "gped", 3: "pled", 4: "eyem", 5: "artf", 6: "bckg"}
FINDINGS = {"spsw": "spikes", "gped": "gpd", "pled": "lpd"}


def find(root: Path) -> Iterator[RecordingRef]:
    """Recordings `edf/{train,eval}/ID/*.edf` with `.rec` files: channel, start, stop, class."""
    for path in edf_files(root):
        labels = path.with_suffix(".rec")
        marks, fault = read_or_fault(partial(read_rec, labels)) if labels.exists() else ((), None)
        yield reference("tuev", root, path, marks, merged(marks, FINDINGS), fault=fault)


def read_rec(path: Path) -> Iterator[Annotation]:
    """The events of a `.rec` file."""
    for line in path.read_text("ascii").splitlines():
        fields = [field.strip() for field in line.split(",")]
        if len(fields) != 4:
            continue
        channel, label = int(float(fields[0])), CLASSES.get(int(float(fields[3])))
        if label is not None and 0 <= channel < len(TCP_CHANNELS):
            yield Annotation(label, float(fields[1]), float(fields[2]), (TCP_CHANNELS[channel],))


SOURCE = tuh_source(
    name="tuev",
    title="TUH EEG Events Corpus",
    citation="Harati et al., Improved EEG Event Classification Using Differential Energy, IEEE SPMB (2015)",
    layout="edf/train/aaaaaaar/aaaaaaar_00000001.edf with aaaaaaar_00000001.rec, ...",
    meaning="spsw is spikes or sharp waves, gped is gpd, pled is lpd, with side and regions of the channels "
    "marked. Eye movement, artifact and background name no single finding and assert none. The "
    "evaluation set names no persons, so that it cannot be kept apart from the other TUH corpora by "
    "person.",
    find=find,
)
