"""Any folder of recordings, with `metadata.csv` or `metadata.jsonl` where there is more to say."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.recording.formats import FORMATS, suffix_of

from .source import SPLITS, Annotation, RecordingRef, Source, SourceError, person_of
from .tables import demographics

COLUMNS = ("file_name", "subject", "split", "age_years", "sex", "findings", "licence")
"""Columns with a meaning; others are kept as facts. Only `file_name` is required."""
_SUFFIXES = {".edf", ".bdf", *FORMATS}


def find(root: Path) -> Iterator[RecordingRef]:
    """The recordings of a folder; with metadata, those it lists."""
    rows = read_metadata(root)
    if rows is None:
        paths = sorted(p for p in root.rglob("*") if p.is_file() and suffix_of(p) in _SUFFIXES)
        rows = [{"file_name": str(p.relative_to(root))} for p in paths]
    for row in sorted(rows, key=lambda row: str(row["file_name"])):
        yield _recording(root, row)


def read_metadata(root: Path) -> list[dict[str, Any]] | None:
    """Rows of `metadata.jsonl` or `metadata.csv`; None where there is neither.

    Raises:
        SourceError: A row cannot be read, or names no file.
    """
    lines, table = root / "metadata.jsonl", root / "metadata.csv"
    if lines.exists():
        there, name = lines.read_text("utf-8").splitlines(), lines.name
        rows = [_row(lines, number, line) for number, line in enumerate(there, 1) if line.strip()]
    elif table.exists():
        with table.open(newline="", encoding="utf-8-sig") as file:
            rows = [{k: v for k, v in row.items() if k} for row in csv.DictReader(file)]
        name = table.name
    else:
        return None
    for number, row in enumerate(rows, 1):
        if not row.get("file_name"):
            told = ", ".join(row)
            raise SourceError(
                f"{root / name}: row {number} has no file_name (columns: {told}); name one in every row"
            )
    return rows


def _row(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise SourceError(f"{path}: line {number} is no JSON ({error}); write one object a line") from None
    if not isinstance(row, dict):
        raise SourceError(f"{path}: line {number} is {line.strip()[:40]}; write one object a line")
    return row


def _recording(root: Path, row: dict[str, Any]) -> RecordingRef:
    name = str(row["file_name"])
    path = root / name
    if not path.resolve().is_relative_to(root.resolve()):
        raise SourceError(f"{name}: lies outside {root}; name recordings below the folder of the metadata")
    split = str(row.get("split") or "") or None
    if split not in (None, *SPLITS):
        raise SourceError(f"{name}: split is {split!r}; use {', '.join(SPLITS)}, or leave it out")
    above = Path(name).parent.name
    subject = str(row.get("subject") or above or path.stem)
    text = {key: str(value) for key, value in row.items() if value not in (None, "")}
    age_years, sex = demographics({key.lower(): value for key, value in text.items()})
    claims = tuple(_claims(name, row.get("findings")))
    return RecordingRef(
        source="folder",
        recording_id=name.removesuffix(path.suffix),
        path=path,
        subject=subject,
        person=person_of(f"folder:{root.resolve().name}", subject),
        split=split,
        age_years=age_years,
        sex=sex,
        annotations=tuple(Annotation(c.finding, c.start_s, c.end_s) for c in claims if c.is_present),
        assertions=claims,
        facts={key: value for key, value in text.items() if key not in COLUMNS},
        licence=text.get("licence"),
    )


def _claims(name: str, told: Any) -> Iterator[Claim]:
    """Findings of a row: claims, their JSON, or ids with semicolons between, `-` before an absent one."""
    if told in (None, ""):
        return
    try:
        if isinstance(told, str) and not told.lstrip().startswith("["):
            for word in filter(None, (part.strip() for part in told.split(";"))):
                yield Claim(word.lstrip("-"), "absent" if word.startswith("-") else "present")
            return
        for values in json.loads(told) if isinstance(told, str) else told:
            yield Claim.from_dict(values)
    except (ValueError, TypeError, AttributeError) as error:
        raise SourceError(f"{name}: its findings cannot be read: {error}") from None


SOURCE = Source(
    name="folder",
    title="a folder of recordings",
    licence="that of the recordings; unless it says so, rows are for their holder alone",
    redistributable=False,
    citation="the recordings themselves",
    access="pass your own folder",
    layout="recordings of any format that can be read, and metadata.csv or metadata.jsonl with "
    "file_name and, where known, subject, split, age_years, sex, findings",
    meaning="Findings of the metadata are asserted as they stand; without times they hold throughout the "
    "recording.",
    find=find,
)
