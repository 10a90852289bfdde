"""HMC sleep staging: nights of a sleep clinic, staged by the AASM rules."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from .edf_side import edf_annotations, header_demographics
from .origin import Origin
from .sleep_stages import stage_claims
from .source import RecordingRef, Source, person_of, read_or_fault


def find(root: Path) -> Iterator[RecordingRef]:
    """Recordings `SNxxx.edf` with `SNxxx_sleepscoring.edf`."""
    for path in sorted(root.rglob("SN*.edf")):
        if path.stem.endswith("_sleepscoring"):
            continue
        scoring = path.with_name(f"{path.stem}_sleepscoring.edf")
        scored, fault = read_or_fault(partial(edf_annotations, scoring)) if scoring.exists() else ((), None)
        age_years, sex = header_demographics(path)
        yield RecordingRef(
            source="hmc",
            recording_id=path.stem,
            path=path,
            subject=path.stem,
            person=person_of("hmc", path.stem),
            age_years=age_years,
            sex=sex,
            annotations=scored,
            assertions=tuple(stage_claims(scored)),
            fault=fault,
        )


SOURCE = Source(
    name="hmc",
    title="Haaglanden Medisch Centrum sleep staging database",
    licence="Creative Commons Attribution 4.0",
    redistributable=True,
    citation="Alvarez-Estevez and Rijsman, Inter-database validation of a deep learning approach for "
    "automatic sleep scoring, PLoS ONE 16 (2021); PhysioNet hmc-sleep-staging 1.1, "
    "doi:10.13026/t79q-fr32",
    layout="recordings/SN001.edf with recordings/SN001_sleepscoring.edf, ...",
    meaning="A scored stage is that stage and no other, over its stretch. Wake says that there is no sleep. "
    "Other marks (lights off, lights on) assert nothing. Age and sex of a person are published for the "
    "whole set only; they are told where a header has them.",
    find=find,
    origin=Origin(
        "physionet",
        "hmc-sleep-staging/1.1",
        wanted=r"recordings/SN\d+(_sleepscoring)?\.edf",
        subject=r"/(SN\d+)",
    ),
)
