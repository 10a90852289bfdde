"""Helsinki neonatal seizures: term neonates, three experts, second by second."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path

import numpy as np

from neuronarrator_hf.findings.schema import Claim

from .origin import Origin
from .source import Annotation, RecordingRef, Source, person_of

_NUMBER = re.compile(r"^eeg(\d+)$")
RATERS = ("A", "B", "C")


def find(root: Path) -> Iterator[RecordingRef]:
    """Recordings `eegN.edf` with `annotations_2017_{A,B,C}.csv`, or `annotations_2017.mat`."""
    paths = {int(m.group(1)): path for path in root.glob("eeg*.edf") if (m := _NUMBER.match(path.stem))}
    marks = read_marks(root)
    sexes = _sexes(root / "clinical_information.csv")
    for number, path in sorted(paths.items()):
        seconds = marks.get(number, np.zeros((0, 0), bool))
        claims = []
        if len(seconds) == len(RATERS):
            said = np.where(seconds.all(axis=0), "present", np.where(seconds.any(axis=0), "", "absent"))
            claims = [
                Claim("electrographic_seizure", polarity, start_s=a, end_s=b)
                for polarity, a, b in runs(said.tolist())
                if polarity
            ]
        annotations = tuple(
            Annotation("seizure", a, b, rater=rater)
            for rater, row in zip(RATERS, seconds, strict=False)
            for marked, a, b in runs(row.tolist())
            if marked
        )
        yield RecordingRef(
            source="helsinki",
            recording_id=path.stem,
            path=path,
            subject=path.stem,
            person=person_of("helsinki", path.stem),
            age_years=0.0,
            sex=sexes.get(number),
            annotations=annotations,
            assertions=tuple(claims),
        )


def runs(values: list) -> Iterator[tuple]:
    """Stretches of equal values of a list with one value a second: value, start and end in seconds."""
    at = 0
    for value, group in groupby(values):
        n = len(list(group))
        yield value, float(at), float(at + n)
        at += n


def read_marks(root: Path) -> Mapping[int, np.ndarray]:
    """Number of the neonate to `(3, n_seconds)` bool, in the order of `RATERS`."""
    tables = [sorted(root.glob(f"annotations_2017_{rater}*.csv")) for rater in RATERS]
    if all(tables):
        columns = [_columns(files[0]) for files in tables]
        return {
            number: np.array([column[number][: min(len(c[number]) for c in columns)] for column in columns])
            for number in columns[0]
            if all(number in column for column in columns)
        }
    matlab = root / "annotations_2017.mat"
    if not matlab.exists():
        return {}
    from scipy.io import loadmat

    cells = loadmat(matlab)["annotat_new"].ravel()
    return {i + 1: np.asarray(cell).astype(bool) for i, cell in enumerate(cells)}


def _columns(path: Path) -> dict[int, list[bool]]:
    """Column number to its seconds; a column ends with its first empty field."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        header, *rows = csv.reader(file)
    found: dict[int, list[bool]] = {}
    for index, name in enumerate(header):
        if name.strip().isdigit():
            values = [row[index].strip() if index < len(row) else "" for row in rows]
            found[int(name)] = [float(value) > 0 for value in values[: _filled(values)]]
    return found


def _filled(values: list[str]) -> int:
    return next((i for i, value in enumerate(values) if value in ("", "NaN", "nan")), len(values))


def _sexes(path: Path) -> dict[int, str]:
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = [{(k or "").strip().lower(): (v or "").strip() for k, v in r.items() if isinstance(v, str)}
                for r in csv.DictReader(file)]  # fmt: skip
    return {
        int(row["id"]): row["gender"][0].upper()
        for row in rows
        if row.get("id", "").isdigit() and row.get("gender", "")[:1].upper() in ("F", "M") and row["gender"]
    }


SOURCE = Source(
    name="helsinki",
    title="Helsinki neonatal EEG with seizure annotations",
    licence="Creative Commons Attribution 4.0",
    redistributable=True,
    citation="Stevenson et al., A dataset of neonatal EEG recordings with seizure annotations, Sci Data 6 "
    "(2019)",
    layout="eeg1.edf, ..., annotations_2017_A.csv, annotations_2017_B.csv, annotations_2017_C.csv",
    meaning="Seconds that all three experts call seizure are electrographic_seizure, seconds that none does "
    "are without; nothing is said where they differ. All are term neonates: age 0.",
    find=find,
    origin=Origin(
        "zenodo",
        "4940267",
        wanted=r"eeg\d+\.edf|annotations_2017[^/]*\.(csv|mat)|clinical_information\.csv",
        subject=r"^(eeg\d+)\.edf",
    ),
)
