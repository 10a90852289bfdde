"""EEGMAT: healthy students at rest and in mental arithmetic."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from .origin import Origin
from .source import Annotation, RecordingRef, Source, person_of, throughout

_NAME = re.compile(r"^Subject(\d{2})_([12])$")


def find(root: Path) -> Iterator[RecordingRef]:
    """Recordings `SubjectNN_1.edf` (rest), `SubjectNN_2.edf` (arithmetic), `subject-info.csv`."""
    people = _subject_info(root / "subject-info.csv")
    for path in sorted(root.rglob("Subject*.edf")):
        match = _NAME.match(path.stem)
        if match is None:
            continue
        subject, part = match.groups()
        age_years, sex = people.get(f"Subject{subject}", (None, None))
        resting = part == "1"
        yield RecordingRef(
            source="eegmat",
            recording_id=path.stem,
            path=path,
            subject=subject,
            person=person_of("eegmat", subject),
            age_years=age_years,
            sex=sex,
            annotations=(Annotation("rest" if resting else "mental arithmetic"),),
            assertions=(throughout("eyes_closed"), throughout("eyes_open", present=False)) if resting else (),
            facts={"task": "rest" if resting else "mental arithmetic"},
        )


def _subject_info(path: Path) -> dict[str, tuple[float | None, str | None]]:
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8-sig") as file:
        return {
            row["Subject"]: (
                float(row["Age"]) if row["Age"].isdigit() else None,
                row["Gender"][:1] if row["Gender"][:1] in ("F", "M") else None,
            )
            for row in csv.DictReader(file)
        }


SOURCE = Source(
    name="eegmat",
    title="EEG During Mental Arithmetic Tasks",
    licence="Open Data Commons Attribution License 1.0",
    redistributable=True,
    citation="Zyma et al., Electroencephalograms during Mental Arithmetic Task Performance, Data 4 (2019); "
    "PhysioNet eegmat 1.0.0, doi:10.13026/C2JQ1P",
    layout="Subject00_1.edf, Subject00_2.edf, ..., subject-info.csv",
    meaning="The recordings at rest are eyes_closed. Mental arithmetic says nothing of the eyes.",
    find=find,
    origin=Origin(
        "physionet",
        "eegmat/1.0.0",
        wanted=r"Subject\d+_[12]\.edf|subject-info\.csv",
        subject=r"^(Subject\d+)_",
    ),
)
