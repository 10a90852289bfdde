"""CHB-MIT Scalp EEG Database: children with epilepsy, seizures by onset and offset."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from neuronarrator_hf.findings.schema import Claim

from .origin import Origin
from .source import Annotation, RecordingRef, Source, person_of, throughout

_FILE = re.compile(r"File Name:\s*(\S+)")
_COUNT = re.compile(r"Number of Seizures in File:\s*(\d+)")
_START = re.compile(r"Seizure(?:\s+\d+)?\s+Start Time:\s*(\d+(?:\.\d+)?)", re.IGNORECASE)
_END = re.compile(r"Seizure(?:\s+\d+)?\s+End Time:\s*(\d+(?:\.\d+)?)", re.IGNORECASE)
_AGE = re.compile(r"\d+(\.\d+)?")
_SAME_PERSON = {"chb21": "chb01"}
"""Case chb21 was recorded from the person of chb01, 1.5 years later."""


def find(root: Path) -> Iterator[RecordingRef]:
    """Recordings `chbNN/*.edf`, seizures from `chbNN/chbNN-summary.txt`."""
    people = _subject_info(root / "SUBJECT-INFO")
    for folder in sorted(p for p in root.iterdir() if p.is_dir() and p.name.startswith("chb")):
        summary = folder / f"{folder.name}-summary.txt"
        seizures = read_summary(summary.read_text("latin-1")) if summary.exists() else {}
        sex, age_years = people.get(folder.name, (None, None))
        for path in sorted(folder.glob("*.edf")):
            marked = seizures.get(path.name)
            yield RecordingRef(
                source="chb-mit",
                recording_id=path.stem,
                path=path,
                subject=folder.name,
                person=person_of("chb-mit", _SAME_PERSON.get(folder.name, folder.name)),
                age_years=age_years,
                sex=sex,
                annotations=tuple(Annotation("seizure", a, b) for a, b in marked or ()),
                assertions=() if marked is None else seizure_claims(marked),
            )


def seizure_claims(seizures: list[tuple[float, float]]) -> tuple[Claim, ...]:
    """Claims of a recording whose seizures were all marked: there, and nowhere else."""
    marked = (Claim("electrographic_seizure", start_s=a, end_s=b) for a, b in seizures)
    return (*marked, throughout("electrographic_seizure", present=False))


def read_summary(text: str) -> dict[str, list[tuple[float, float]]]:
    """File name to its seizures `(start_s, end_s)`; files whose count and times disagree are left out."""
    parts = re.split(r"(?=File Name:)", text)
    found = {}
    for part in parts:
        name, count = _FILE.search(part), _COUNT.search(part)
        if name is None or count is None:
            continue
        starts = [float(v) for v in _START.findall(part)]
        ends = [float(v) for v in _END.findall(part)]
        if len(starts) == len(ends) == int(count.group(1)):
            found[name.group(1)] = list(zip(starts, ends, strict=True))
    return found


def _subject_info(path: Path) -> dict[str, tuple[str | None, float | None]]:
    """Case to sex and age from the table `SUBJECT-INFO`."""
    people: dict[str, tuple[str | None, float | None]] = {}
    if not path.exists():
        return people
    for line in path.read_text("latin-1").splitlines():
        fields = line.split()
        if len(fields) >= 2 and fields[0].startswith("chb") and fields[1] in ("F", "M"):
            age = fields[2] if len(fields) > 2 else ""
            people[fields[0]] = (fields[1], float(age) if _AGE.fullmatch(age) else None)
    return people


SOURCE = Source(
    name="chb-mit",
    title="CHB-MIT Scalp EEG Database",
    licence="Open Data Commons Attribution License 1.0",
    redistributable=True,
    citation="Shoeb, Application of Machine Learning to Epileptic Seizure Onset Detection and Treatment, PhD "
    "thesis, MIT (2009); PhysioNet chbmit 1.0.0, doi:10.13026/C2K01R",
    layout="chb01/chb01_01.edf, chb01/chb01-summary.txt, ...",
    meaning="A seizure from onset to offset is electrographic_seizure, and there is none elsewhere in a file "
    "that the summary lists. Nothing is said of side, place or background.",
    find=find,
    origin=Origin(
        "physionet",
        "chbmit/1.0.0",
        wanted=r"chb\d+/[^/]+\.edf|chb\d+/[^/]+-summary\.txt|SUBJECT-INFO",
        subject=r"^(chb\d+)/",
    ),
)
