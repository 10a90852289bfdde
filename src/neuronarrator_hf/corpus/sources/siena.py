"""Siena Scalp EEG Database: adults with epilepsy, seizures by clock time."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from .chb_mit import seizure_claims
from .origin import Origin
from .source import Annotation, RecordingRef, Source, person_of

_FILE = re.compile(r"File name:\s*(\S+)", re.IGNORECASE)
_CLOCK = re.compile(r"(\d[\d ]?)[.:](\d\d)[.:](\d\d)")
_DAY_S = 86_400.0
MAX_SEIZURE_S = 3600.0


def find(root: Path) -> Iterator[RecordingRef]:
    """Recordings `PNxx/*.edf`, seizures from `PNxx/Seizures-list-PNxx.txt`."""
    people = _subject_info(root / "subject_info.csv")
    for folder in sorted(p for p in root.iterdir() if p.is_dir() and p.name.startswith("PN")):
        lists = sorted(folder.glob("Seizures-list-*.txt"))
        seizures = read_seizures(lists[0].read_text("latin-1")) if lists else {}
        age_years, sex = people.get(folder.name, (None, None))
        for path in sorted(folder.glob("*.edf")):
            marked = seizures.get(_same(path.name))
            yield RecordingRef(
                source="siena",
                recording_id=path.stem,
                path=path,
                subject=folder.name,
                person=person_of("siena", folder.name),
                age_years=age_years,
                sex=sex,
                annotations=tuple(Annotation("seizure", a, b) for a, b in marked or ()),
                assertions=() if marked is None else seizure_claims(marked),
            )


def read_seizures(text: str) -> dict[str, list[tuple[float, float]]]:
    """File name, as `_same` writes it, to its seizures in seconds from the start of the registration.

    A file with an entry that cannot be read, or whose times make no seizure, is left out as a whole.
    """
    found: dict[str, list[tuple[float, float]]] = {}
    spoiled: set[str] = set()
    name, registered_s, start_s = "", None, None
    for line in text.splitlines():
        if match := _FILE.search(line):
            name = _same(match.group(1))
            found.setdefault(name, [])
            registered_s, start_s = None, None
            continue
        lower, clock_s = line.lower(), _clock_s(line)
        if "time" not in lower or not name:
            continue
        if "registration" in lower:
            if "start" in lower:
                registered_s = clock_s
        elif "start" in lower:
            start_s = clock_s
        elif "end" in lower:
            if registered_s is None or start_s is None or clock_s is None:
                spoiled.add(name)
                continue
            onset_s = (start_s - registered_s) % _DAY_S
            duration_s = (clock_s - start_s) % _DAY_S
            if 0 < duration_s <= MAX_SEIZURE_S:
                found[name].append((onset_s, onset_s + duration_s))
            else:
                spoiled.add(name)
            start_s = None
    return {name: seizures for name, seizures in found.items() if seizures and name not in spoiled}


def _same(name: str) -> str:
    """A file name without what the lists write in several ways: case, punctuation, the letter O for zero."""
    return re.sub(r"[^a-z0-9]", "", name.lower()).replace("o", "0")


def _clock_s(line: str) -> float | None:
    match = _CLOCK.search(line)
    if match is None:
        return None
    hours, minutes, seconds = (int(part.replace(" ", "")) for part in match.groups())
    return hours * 3600.0 + minutes * 60.0 + seconds


def _subject_info(path: Path) -> dict[str, tuple[float | None, str | None]]:
    people: dict[str, tuple[float | None, str | None]] = {}
    if not path.exists():
        return people
    with path.open(newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            fields = {key.strip().lower(): (value or "").strip() for key, value in row.items() if key}
            age, sex = fields.get("age_years", ""), fields.get("gender", "")[:1].upper()
            people[fields.get("patient_id", "")] = (
                float(age) if age.isdigit() else None,
                sex if sex in ("F", "M") else None,
            )
    return people


SOURCE = Source(
    name="siena",
    title="Siena Scalp EEG Database",
    licence="Creative Commons Attribution 4.0",
    redistributable=True,
    citation="Detti et al., EEG Synchronization Analysis for Seizure Prediction, Processes 8 (2020); "
    "PhysioNet siena-scalp-eeg 1.0.0, doi:10.13026/5d4a-j060",
    layout="PN00/PN00-1.edf, PN00/Seizures-list-PN00.txt, ...",
    meaning="A seizure from start to end is electrographic_seizure, and there is none elsewhere in a listed "
    "file. Clock times that make no seizure spoil the labels of their file. Lateralisation in the "
    "table of subjects is a diagnosis and asserts nothing of a segment.",
    find=find,
    origin=Origin(
        "physionet",
        "siena-scalp-eeg/1.0.0",
        wanted=r"PN\d+/[^/]+\.edf|PN\d+/Seizures-list-[^/]+\.txt|subject_info\.csv",
        subject=r"^(PN\d+)/",
    ),
)
