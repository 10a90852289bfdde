"""What the corpora of Temple University Hospital share: persons, label files, access, channels of labels."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from neuronarrator_hf.findings.schema import Claim

from .edf_side import tuh_demographics
from .places import place_of
from .source import Annotation, RecordingRef, Source, person_of

LICENCE = "TUH EEG data use agreement: for its holder alone, not to be passed on"
ACCESS = (
    "ask the Neural Engineering Data Consortium for an account (form on the pages of the TUH EEG Corpus at "
    "isip.piconepress.com/projects/nedc), then copy it with the rsync command you are sent"
)
Finder = Callable[[Path], Iterable[RecordingRef]]
SPLITS = {"train": "train", "dev": "validation", "eval": "test"}
FAMILY = "tuh"
TCP_CHANNELS = (
    "FP1-F7", "F7-T3", "T3-T5", "T5-O1", "FP2-F8", "F8-T4", "T4-T6", "T6-O2", "A1-T3", "T3-C3", "C3-CZ",
    "CZ-C4", "C4-T4", "T4-A2", "FP1-F3", "F3-C3", "C3-P3", "P3-O1", "FP2-F4", "F4-C4", "C4-P4", "P4-O2",
)  # fmt: skip
"""The 22 derivations of the TCP montage, in the order by which label files number them."""
_SUBJECT = re.compile(r"^[a-z]{8}$")
_TSE = re.compile(r"^(\d+(?:\.\d+)?)\s+(\d+(?:\.\d+)?)\s+([a-z_]+)(?:\s+(\d+(?:\.\d+)?))?\s*$")


def edf_files(root: Path) -> Iterator[Path]:
    """Every EDF file of a corpus, in a fixed order."""
    yield from sorted(root.rglob("*.edf"))


def reference(
    source: str,
    root: Path,
    path: Path,
    annotations: Iterable[Annotation] = (),
    assertions: Iterable[Claim] = (),
    facts: Mapping[str, str] | None = None,
    fault: str | None = None,
) -> RecordingRef:
    """The recording of a file: person from its name, official split from the folders above it."""
    folders = path.relative_to(root).parts[:-1]
    stem_subject = path.stem.split("_")[0]
    subject = stem_subject if _SUBJECT.match(stem_subject) else f"{source}-{'-'.join(folders[-2:])}"
    split = next((SPLITS[folder] for folder in folders if folder in SPLITS), None)
    age_years, sex = tuh_demographics(path)
    return RecordingRef(
        source=source,
        recording_id="/".join((*folders, path.stem)),
        path=path,
        subject=subject,
        person=person_of(FAMILY, subject),
        split=split,
        age_years=age_years,
        sex=sex,
        annotations=tuple(annotations),
        assertions=tuple(assertions),
        facts=facts or {},
        fault=fault,
    )


def read_labels(path: Path) -> list[Annotation]:
    """Labels beside an EDF file: `.csv` (version 2) by channel, else `.csv_bi`, `.tse` or `.tse_agg`."""
    for suffix in (".csv", ".csv_bi"):
        beside = path.with_suffix(suffix)
        if beside.exists():
            return list(_read_csv(beside))
    for suffix in (".tse", ".tse_agg", ".tse_bi"):
        beside = path.with_suffix(suffix)
        if beside.exists():
            return list(_read_tse(beside))
    return []


def _read_csv(path: Path) -> Iterator[Annotation]:
    with path.open(newline="", encoding="utf-8") as file:
        lines = [line for line in file if not line.startswith("#")]
    for row in csv.DictReader(lines):
        channels = () if row["channel"] == "TERM" else (row["channel"],)
        values = {"confidence": float(row["confidence"])} if row.get("confidence") else {}
        start_s, end_s = float(row["start_time"]), float(row["stop_time"])
        yield Annotation(row["label"], start_s, end_s, channels, values=values)


def _read_tse(path: Path) -> Iterator[Annotation]:
    for line in path.read_text("utf-8").splitlines():
        if match := _TSE.match(line.strip()):
            yield Annotation(match.group(3), float(match.group(1)), float(match.group(2)))


def merged(annotations: Iterable[Annotation], labels: Mapping[str, str]) -> Iterator[Claim]:
    """Labels by channel as one claim per finding and stretch, with side and regions of its channels.

    Stretches of one finding that overlap or touch are one; a label without channels tells no place.
    """
    found: dict[str, list[Annotation]] = {}
    for annotation in annotations:
        for part in annotation.label.split("_"):
            if part in labels:
                found.setdefault(labels[part], []).append(annotation)
    for finding, marks in sorted(found.items()):
        marks.sort(key=lambda mark: (mark.start_s or 0.0, mark.end_s or 0.0))
        stretch: list[Annotation] = []
        end = -1.0
        for mark in marks:
            if stretch and (mark.start_s or 0.0) > end:
                yield _claim(finding, stretch)
                stretch, end = [], -1.0
            stretch.append(mark)
            end = max(end, mark.end_s or 0.0)
        if stretch:
            yield _claim(finding, stretch)


def _claim(finding: str, marks: list[Annotation]) -> Claim:
    start_s = min(mark.start_s or 0.0 for mark in marks)
    end_s = max(mark.end_s or 0.0 for mark in marks)
    side, regions = place_of(channel for mark in marks for channel in mark.channels)
    return Claim(finding, side=side, regions=regions, start_s=start_s, end_s=end_s)


def tuh_source(name: str, title: str, citation: str, layout: str, meaning: str, find: Finder) -> Source:
    """A source of the family: one licence, one way of access, persons shared."""
    return Source(
        name=name, title=title, licence=LICENCE, redistributable=False, citation=citation, access=ACCESS,
        layout=layout, meaning=meaning, find=find, family=FAMILY,
    )  # fmt: skip
