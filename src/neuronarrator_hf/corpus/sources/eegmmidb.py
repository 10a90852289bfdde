"""EEGMMIDB: healthy adults at rest and in motor tasks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from neuronarrator_hf.findings.schema import Claim

from .edf_side import edf_annotations
from .origin import Origin
from .source import Annotation, RecordingRef, Source, person_of, read_or_fault, throughout

_NAME = re.compile(r"^(S\d{3})R(\d{2})$")
REST = {1: "eyes_open", 2: "eyes_closed"}


def find(root: Path) -> Iterator[RecordingRef]:
    """Recordings `Sxxx/SxxxRyy.edf`; run 1 is rest with open, run 2 with closed eyes."""
    for path in sorted(root.rglob("S*.edf")):
        match = _NAME.match(path.stem)
        if match is None:
            continue
        subject, run = match.group(1), int(match.group(2))
        marks, _ = read_or_fault(partial(edf_annotations, path))  # the reader tells of a damaged recording
        state = REST.get(run)
        asserted: tuple[Claim, ...] = ()
        if state is not None:
            other = "eyes_closed" if state == "eyes_open" else "eyes_open"
            asserted = (throughout(state), throughout(other, present=False))
        yield RecordingRef(
            source="eegmmidb",
            recording_id=path.stem,
            path=path,
            subject=subject,
            person=person_of("eegmmidb", subject),
            annotations=(*([Annotation(f"rest, {state}")] if state else []), *marks),
            assertions=asserted,
            facts={"run": str(run)},
        )


SOURCE = Source(
    name="eegmmidb",
    title="EEG Motor Movement/Imagery Dataset",
    licence="Open Data Commons Attribution License 1.0",
    redistributable=True,
    citation="Schalk et al., BCI2000: A General-Purpose Brain-Computer Interface System, IEEE Trans Biomed "
    "Eng 51 (2004); PhysioNet eegmmidb 1.0.0, doi:10.13026/C28G6P",
    layout="S001/S001R01.edf, ...",
    meaning="Run 1 is eyes_open, run 2 eyes_closed. T0, T1 and T2 of the other runs are rest, left or both "
    "fists, right fist or feet: movements, no findings.",
    find=find,
    origin=Origin(
        "physionet",
        "eegmmidb/1.0.0",
        wanted=r"S\d+/S\d+R\d+\.edf",
        subject=r"^(S\d+)/",
    ),
)
