"""BIDS-EEG: anyone's dataset with `dataset_description.json`, and what reads one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from neuronarrator_hf.recording.sources import list_recordings

from .source import RecordingRef, Source, person_of
from .tables import code_claims, coded_events, demographics, read_tsv

_SUBJECT = re.compile(r"(sub-[A-Za-z0-9]+)")


def find(root: Path) -> Iterator[RecordingRef]:
    """Recordings `sub-*/**/*_eeg.*`, people from `participants.tsv`, marks from `*_events.tsv`."""
    described = root / "dataset_description.json"
    if not described.exists():
        return
    name = json.loads(described.read_text("utf-8")).get("Name") or root.name
    licence = json.loads(described.read_text("utf-8")).get("License")
    for ref in bids_recordings(root, "bids", f"bids:{name}"):
        yield replace(ref, licence=licence or None)


def bids_recordings(root: Path, source: str, family: str) -> Iterator[RecordingRef]:
    """The recordings of a BIDS dataset; `family` keeps its subjects apart from those of other datasets."""
    people = {row.get("participant_id", ""): row for row in read_tsv(root / "participants.tsv")}
    for path in list_recordings(root):
        match = _SUBJECT.search(path.name)
        subject = match.group(1) if match else path.parent.name
        row = people.get(subject, {})
        age_years, sex = demographics(row)
        stem = path.name[: path.name.rindex("_eeg.")]
        marks = coded_events(path.with_name(f"{stem}_events.tsv"))
        yield RecordingRef(
            source=source,
            recording_id=stem,
            path=path,
            subject=subject,
            person=person_of(family, subject),
            age_years=age_years,
            sex=sex,
            annotations=marks,
            assertions=tuple(code_claims(marks)),
            facts={"group": row["group"]} if row.get("group") else {},
        )


SOURCE = Source(
    name="bids",
    title="a BIDS-EEG dataset",
    licence="that of the dataset; unless it says so, rows are for their holder alone",
    redistributable=False,
    citation="Pernet et al., EEG-BIDS, an extension to the brain imaging data structure for "
    "electroencephalography, Sci Data 6 (2019), and the dataset itself",
    access="pass your own dataset",
    layout="dataset_description.json, participants.tsv, sub-01/eeg/sub-01_task-rest_eeg.edf, ...",
    meaning="Events of a closed list that have a length (eyes open, eyes closed, sleep stages, seizures, "
    "spikes) assert what they say over their stretch; other events and groups of people assert "
    "nothing.",
    find=find,
)
