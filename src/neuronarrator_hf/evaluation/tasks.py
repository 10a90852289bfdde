"""The benchmarks over public sources, each a declaration."""

from __future__ import annotations

from ..corpus.sources import RecordingRef
from ..corpus.sources.tusz import SEIZURES
from .task import (
    Task,
    around_events,
    marked_events,
    official_split,
    person_split,
    seizure_epochs,
    stretches,
    subject_split,
    throughout,
    voted,
)

_BINARY = ("balanced_accuracy", "auroc", "auprc")
_EVENTS = (*_BINARY, "f1")
_STAGING = ("accuracy", "kappa", "macro_f1")
_OFFICIAL = "official split of the source"
_BY_PERSON = "by the hash of the person, 60/20/20; the source has no split"
_STAGES = {
    **{f"Sleep stage {word}": stage for word, stage in (
        ("W", "W"), ("1", "N1"), ("2", "N2"), ("3", "N3"), ("4", "N3"), ("R", "REM"),
        ("N1", "N1"), ("N2", "N2"), ("N3", "N3"),
    )},
}  # fmt: skip
_HMS = ("seizure", "lpd", "gpd", "lrda", "grda", "other")


def _chb(first: int, last: int) -> list[str]:
    return [f"chb{number:02d}" for number in range(first, last + 1)]


def _has_claims(ref: RecordingRef) -> bool:
    return bool(ref.assertions)


def _has_labels(ref: RecordingRef) -> bool:
    return bool(ref.annotations)


_seizure = marked_events(("seizure",))
_tusz = marked_events(SEIZURES)

TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task(
            "tuab", "tuab", throughout({"normal": "normal", "abnormal": "abnormal"}, 10.0), official_split,
            _OFFICIAL, positive="abnormal", figures=_BINARY, by_recording=True,
        ),
        Task(
            "tuev", "tuev",
            around_events({c: c for c in ("spsw", "gped", "pled", "eyem", "artf", "bckg")}, 5.0),
            official_split, _OFFICIAL, continuous=False,
        ),
        Task(
            "tusz", "tusz", seizure_epochs(_tusz, _has_labels), official_split, _OFFICIAL,
            positive="seizure", figures=_EVENTS, events=_tusz,
        ),
        Task(
            "tusl", "tusl", stretches({"seiz": "seiz", "slow": "slow", "bckg": "bckg"}, 10.0), person_split,
            _BY_PERSON, continuous=False, figures=("balanced_accuracy", "auroc", "kappa"),
        ),
        Task(
            "chb-mit", "chb-mit", seizure_epochs(_seizure, _has_claims),
            subject_split({"train": _chb(1, 19), "validation": _chb(20, 21), "test": _chb(22, 23)}),
            "subjects 1-19, 20-21, 22-23 as CBraMod; case 21 is the person of case 1",
            positive="seizure", figures=_EVENTS, events=_seizure,
        ),
        Task(
            "siena", "siena", seizure_epochs(_seizure, _has_claims), person_split, _BY_PERSON,
            positive="seizure", figures=_EVENTS, events=_seizure,
        ),
        Task(
            "sleep-edf", "sleep-edf", stretches(_STAGES, 30.0, wake="W", margin_s=1800.0), person_split,
            _BY_PERSON, figures=_STAGING,
        ),
        Task("hmc", "hmc", stretches(_STAGES, 30.0), person_split, _BY_PERSON, figures=_STAGING),
        Task(
            "hms-iiic", "hms", voted(_HMS), person_split, _BY_PERSON, continuous=False,
            figures=("balanced_accuracy", "kappa", "weighted_f1", "vote_divergence"),
        ),
        Task(
            "eegmmidb", "eegmmidb",
            throughout({"rest, eyes_open": "eyes open", "rest, eyes_closed": "eyes closed"}, 10.0),
            person_split, _BY_PERSON, positive="eyes closed", figures=_BINARY, by_recording=True,
        ),
        Task(
            "eegmat", "eegmat", throughout({"rest": "rest", "mental arithmetic": "mental arithmetic"}, 10.0),
            person_split, _BY_PERSON, positive="mental arithmetic", figures=_BINARY, by_recording=True,
        ),
        Task(
            "ds004504", "ds004504",
            throughout({c: c for c in ("Alzheimer's disease", "frontotemporal dementia", "control")}, 10.0),
            person_split, _BY_PERSON, figures=("balanced_accuracy", "auroc", "weighted_f1"),
            by_recording=True,
        ),
    )
}  # fmt: skip
