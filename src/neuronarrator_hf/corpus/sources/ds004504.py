"""OpenNeuro ds004504: Alzheimer's disease, frontotemporal dementia and controls at rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from .bids import bids_recordings
from .origin import Origin
from .source import Annotation, RecordingRef, Source, throughout

GROUPS = {"A": "Alzheimer's disease", "F": "frontotemporal dementia", "C": "control"}


def find(root: Path) -> Iterator[RecordingRef]:
    """Recordings `sub-*/eeg/*_task-eyesclosed_eeg.set` with the group of each person."""
    for ref in bids_recordings(root, "ds004504", "ds004504"):
        if "task-eyesclosed" not in ref.recording_id:
            continue
        group = GROUPS.get(ref.facts.get("group", ""))
        yield replace(
            ref,
            annotations=(*ref.annotations, *([Annotation(group)] if group else [])),
            assertions=(throughout("eyes_closed"), throughout("eyes_open", present=False)),
            facts={"diagnosis": group} if group else {},
        )


SOURCE = Source(
    name="ds004504",
    title="OpenNeuro ds004504: resting EEG in dementia",
    licence="CC0 1.0",
    redistributable=True,
    citation="Miltiadous et al., A Dataset of Scalp EEG Recordings of Alzheimer's Disease, Frontotemporal "
    "Dementia and Healthy Subjects from Routine EEG, Data 8 (2023); doi:10.18112/openneuro.ds004504",
    layout="participants.tsv, sub-001/eeg/sub-001_task-eyesclosed_eeg.set, ...",
    meaning="All are eyes_closed. The diagnosis is of the person and asserts nothing of a segment.",
    find=find,
    origin=Origin(
        "openneuro",
        "ds004504",
        wanted=r"[^/]+\.(tsv|json)|sub-\d+/eeg/[^/]+",
        subject=r"^(sub-\d+)/",
    ),
)
