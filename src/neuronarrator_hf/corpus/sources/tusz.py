"""TUSZ: seizures by onset and offset, and by channel."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from .source import RecordingRef, read_or_fault, throughout
from .tuh import edf_files, merged, read_labels, reference, tuh_source

SEIZURES = ("seiz", "fnsz", "gnsz", "spsz", "cpsz", "absz", "tnsz", "cnsz", "tcsz", "atsz", "mysz", "nesz")
FINDINGS = dict.fromkeys(SEIZURES, "electrographic_seizure")


def find(root: Path) -> Iterator[RecordingRef]:
    """Recordings `edf/{train,dev,eval}/...` with labels by channel."""
    for path in edf_files(root):
        marks, fault = read_or_fault(partial(read_labels, path))
        elsewhere = (throughout("electrographic_seizure", present=False),) if marks else ()
        yield reference("tusz", root, path, marks, (*merged(marks, FINDINGS), *elsewhere), fault=fault)


SOURCE = tuh_source(
    name="tusz",
    title="TUH EEG Seizure Corpus",
    citation="Shah et al., The Temple University Hospital Seizure Detection Corpus, Front Neuroinform 12 "
    "(2018)",
    layout="edf/train/aaaaaaac/s001_2002/02_tcp_le/aaaaaaac_s001_t000.edf with .csv, ...",
    meaning="Every type of seizure is electrographic_seizure, with side and regions of the channels marked; "
    "none elsewhere in a labelled file. Types that need video or history are kept as the source's own "
    "words only.",
    find=find,
)
