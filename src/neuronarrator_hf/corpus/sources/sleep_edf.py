"""Sleep-EDF Expanded: whole nights of healthy people (SC) and of mild insomniacs (ST), staged by hand."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from .edf_side import edf_annotations, header_demographics
from .origin import Origin
from .sleep_stages import stage_claims
from .source import RecordingRef, Source, person_of, read_or_fault


def find(root: Path) -> Iterator[RecordingRef]:
    """Recordings `*-PSG.edf`, stages from the `*-Hypnogram.edf` of the same night."""
    for path in sorted(root.rglob("*-PSG.edf")):
        night = path.name[:6]  # SC4ssN or ST7ssN: study, subject, night
        hypnogram = next(iter(sorted(path.parent.glob(f"{night}*-Hypnogram.edf"))), None)
        scored, fault = (
            ((), None) if hypnogram is None else read_or_fault(partial(edf_annotations, hypnogram))
        )
        age_years, sex = header_demographics(path)
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
