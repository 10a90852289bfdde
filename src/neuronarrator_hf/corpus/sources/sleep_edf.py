"""Sleep-EDF Expanded: whole nights of healthy people (SC) and of mild insomniacs (ST), staged by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from .edf_side import edf_annotations, header_demographics
from .origin import Origin
from .sleep_stages import stage_claims
from .source import RecordingRef, Source, SourceError, person_of, read_or_fault


@dataclass(frozen=True)
class SubjectTable:
    """A table of persons: what begins the names of its files, its columns by number, its codes of sex."""

    name: str
    study: str
    age: int
    sex: int
    sexes: Mapping[float, str]


TABLES = (
    SubjectTable("SC-subjects.xls", "SC4", age=2, sex=3, sexes={1.0: "F", 2.0: "M"}),
    SubjectTable("ST-subjects.xls", "ST7", age=1, sex=2, sexes={1.0: "M", 2.0: "F"}),
)
"""`subject, night, age, sex (F=1), LightsOff`, a row a night; `Nr, Age, M1/F2, ...` under two headers."""


def find(root: Path) -> Iterator[RecordingRef]:
    """Recordings `*-PSG.edf`, stages from the `*-Hypnogram.edf` of the same night.

    People are those of `SC-subjects.xls` and `ST-subjects.xls`; without them headers tell age and sex.
    """
    people = _people(root)
    for path in sorted(root.rglob("*-PSG.edf")):
        night = path.name[:6]  # SC4ssN or ST7ssN: study, subject, night
        hypnogram = next(iter(sorted(path.parent.glob(f"{night}*-Hypnogram.edf"))), None)
        scored, fault = (
            ((), None) if hypnogram is None else read_or_fault(partial(edf_annotations, hypnogram))
        )
        age_years, sex = people.get(night[:5]) or header_demographics(path)
        yield RecordingRef(
            source="sleep-edf",
            recording_id=path.name.removesuffix("-PSG.edf"),
            path=path,
            subject=night[:5],
            person=person_of("sleep-edf", night[:5]),
            age_years=age_years,
            sex=sex,
            annotations=scored,
            assertions=tuple(stage_claims(scored)),
            fault=fault,
        )


def _people(root: Path) -> dict[str, tuple[float, str]]:
    """Study and number (`SC400`) to age and sex.

    Raises:
        SourceError: The tables are there, and what reads them is not.
    """
    people: dict[str, tuple[float, str]] = {}
    for table in TABLES:
        path = next(iter(sorted(root.rglob(table.name))), None)
        if path is None:
            continue
        try:
            import xlrd
        except ImportError:
            raise SourceError(
                f"{path.name} needs xlrd; run: pip install 'neuronarrator_hf[corpus]'"
            ) from None
        sheet = xlrd.open_workbook(path).sheet_by_index(0)
        for row in map(sheet.row_values, range(sheet.nrows)):
            number, age, sex = row[0], row[table.age], row[table.sex]
            if isinstance(number, float) and isinstance(age, float) and sex in table.sexes:
                people[f"{table.study}{int(number):02d}"] = (age, table.sexes[sex])
    return people


SOURCE = Source(
    name="sleep-edf",
    title="Sleep-EDF Database Expanded",
    licence="Open Data Commons Attribution License 1.0",
    redistributable=True,
    citation="Kemp et al., Analysis of a sleep-dependent neuronal feedback loop, IEEE Trans Biomed Eng 47 "
    "(2000); PhysioNet sleep-edfx 1.0.0, doi:10.13026/C2X676",
    layout="sleep-cassette/SC4001E0-PSG.edf with SC4001EC-Hypnogram.edf, ...",
    meaning="A scored stage is that stage and no other, over its stretch; stages 3 and 4 are N3. Wake says "
    "that there is no sleep; movement time and unscored stretches say nothing.",
    find=find,
    origin=Origin(
        "physionet",
        "sleep-edfx/1.0.0",
        wanted=r"sleep-(cassette|telemetry)/[^/]+\.edf|S[CT]-subjects\.xls",
        subject=r"/(S[CT]\d{3})",
    ),
)
