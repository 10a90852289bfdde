"""Tables of people and of events as BIDS has them: age, sex, and marks from a closed list."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.recording.annotations import annotation_code

from .sleep_stages import SLEEP_IDS
from .source import Annotation

CODE_FINDINGS = {
    "eyes_open": "eyes_open", "eyes_closed": "eyes_closed", "drowsy": "drowsy",
    "seizure_marked": "electrographic_seizure", "spike_marked": "spikes",
    "sleep_stage_n1": "n1_sleep", "sleep_stage_n2": "n2_sleep", "sleep_stage_n3": "n3_sleep",
    "sleep_stage_r": "rem_sleep",
}  # fmt: skip
"""Codes of marks that are findings over the stretch marked."""


def read_tsv(path: Path) -> list[dict[str, str]]:
    """Rows of a table, keys in lower case, `n/a` as the empty string."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file, delimiter="\t" if path.suffix == ".tsv" else ",")
        return [
            {k.strip().lower(): "" if (v or "").strip().lower() == "n/a" else (v or "").strip()
             for k, v in row.items() if k}
            for row in rows
        ]  # fmt: skip


def demographics(row: dict[str, str]) -> tuple[float | None, str | None]:
    """Age in years and sex of a row."""
    age = row.get("age") or row.get("age_years") or ""
    sex = (row.get("sex") or row.get("gender") or "")[:1].upper()
    try:
        age_years = float(age)
    except ValueError:
        age_years = None
    return age_years, sex if sex in ("F", "M") else None


def coded_events(path: Path) -> tuple[Annotation, ...]:
    """Events as codes of the closed list: free text can hold names and never passes."""
    found = []
    for row in read_tsv(path):
        code = annotation_code(row.get("trial_type") or row.get("value") or "")
        if code is not None and row.get("onset"):
            start_s = float(row["onset"])
            found.append(Annotation(code, start_s, start_s + float(row.get("duration") or 0.0)))
    return tuple(found)


def code_claims(annotations: Iterable[Annotation]) -> Iterator[Claim]:
    """Claims of coded marks that have a length; a stage of sleep excludes the others."""
    for mark in annotations:
        finding = CODE_FINDINGS.get(mark.label)
        if finding is None or mark.start_s is None or mark.end_s is None or mark.end_s <= mark.start_s:
            continue
        yield Claim(finding, start_s=mark.start_s, end_s=mark.end_s)
        if finding in SLEEP_IDS:
            for other in SLEEP_IDS:
                if other != finding:
                    yield Claim(other, "absent", start_s=mark.start_s, end_s=mark.end_s)
