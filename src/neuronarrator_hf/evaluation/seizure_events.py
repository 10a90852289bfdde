"""Seizure events by the rules of SzCORE, counted by its own library `timescoring`."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from .intervals import percentile_interval, resample_groups

Events = Sequence[tuple[float, float]]
"""`(start_s, end_s)` of each event of one recording."""
_DAY_S = 86_400.0


def score_events(
    predictions: Sequence[Events],
    references: Sequence[Events],
    durations_s: Sequence[float],
    *,
    groups: Sequence[Hashable] | None = None,
    n_bootstrap: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """Event and sample scores of detected against annotated seizures.

    SzCORE (Dan et al. 2024): an event is found if any part of it, from 30 s before to 60 s after, is
    detected; events less than 90 s apart are one; those over 5 min are split; samples are seconds.
    Counts are summed per subject. `per_subject` is the mean over the subjects in which a figure is
    defined, as the framework reports it; `pooled` sums over all of them.

    Args:
        predictions: Detected events per recording.
        references: Annotated events per recording.
        durations_s: Length of each recording.
        groups: Subject of each recording; each recording alone if None.
        n_bootstrap: Resamples of the subjects for the 95 % intervals; 0 leaves them out.
        seed: Of the resampling.

    Returns:
        `event` and `sample`, each with `per_subject` and `pooled` scores (sensitivity, precision, f1,
        false positives a day) and the pooled counts; None where nothing can be said.
    """
    if not len(predictions) == len(references) == len(durations_s):
        raise ValueError(
            f"{len(predictions)} predictions, {len(references)} references and {len(durations_s)} durations: "
            "give one of each per recording"
        )
    if not len(predictions):
        raise ValueError("no recordings were given; give at least one")
    groups = list(range(len(predictions))) if groups is None else list(groups)
    subjects = {group: i for i, group in enumerate(dict.fromkeys(groups))}
    counts = np.zeros((2, len(subjects), 4))
    for said, true, duration_s, group in zip(predictions, references, durations_s, groups, strict=True):
        counts[:, subjects[group]] += _count(said, true, float(duration_s))
    resamples = list(resample_groups(range(len(subjects)), n_bootstrap, seed))
    result: dict[str, Any] = {"recordings": len(predictions), "subjects": len(subjects)}
    for level, per_subject in zip(("event", "sample"), counts, strict=True):
        total = per_subject.sum(0)
        result[level] = {
            "per_subject": _mean_scores(per_subject),
            "pooled": _scores(total),
            **{name: int(v) for name, v in zip(("true_events", "tp", "fp"), total, strict=False)},
        }
        if n_bootstrap:
            drawn = [_mean_scores(per_subject[rows]) for rows in resamples]
            result[level]["interval_95"] = {
                name: percentile_interval([d[name] for d in drawn]) for name in drawn[0]
            }
    return result


def events_of(
    narration: Mapping[str, Any], finding: str = "electrographic_seizure"
) -> list[tuple[float, float]]:
    """The events of a finding in a narration (its JSON form), as `(start_s, end_s)`."""
    return [
        (float(e["onset_s"]), float(e["onset_s"]) + float(e["duration_s"]))
        for e in narration["events"]
        if e["finding"] == finding
    ]


def merge_events(events: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Events in order of time, overlapping ones joined.

    Raises:
        ValueError: An event ends before it starts.
    """
    merged: list[tuple[float, float]] = []
    for start, end in sorted((float(a), float(b)) for a, b in events):
        if end < start:
            raise ValueError(f"the event ({start}, {end}) ends before it starts; give (start_s, end_s)")
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _count(said: Events, true: Events, duration_s: float) -> np.ndarray:
    """`(2, 4)`: true, found and false events and seconds of a recording; then the same of samples."""
    from timescoring.annotations import Annotation
    from timescoring.scoring import EventScoring, SampleScoring

    sfreq = 10
    n = round(duration_s * sfreq)
    if n < sfreq:
        raise ValueError(f"a recording of {duration_s} s is too short to score; give 1 s or more")
    # The library keeps events as given: out of order or nested, its merging would shorten them.
    annotated, detected = (Annotation(_inside(merge_events(e), duration_s), sfreq, n) for e in (true, said))
    scores = (EventScoring(annotated, detected), SampleScoring(annotated, detected))
    return np.array([[s.refTrue, s.tp, s.fp, duration_s] for s in scores], dtype=float)


def _inside(events: Events, duration_s: float) -> list[tuple[float, float]]:
    return [(max(a, 0.0), min(b, duration_s)) for a, b in events if a < duration_s and b > 0]


def _scores(counts: np.ndarray) -> dict[str, float | None]:
    true, tp, fp, seconds = (float(v) for v in counts)
    return {
        "sensitivity": tp / true if true else None,
        "precision": tp / (tp + fp) if tp + fp else None,
        "f1": 2 * tp / (tp + fp + true) if true + fp else None,
        "false_positives_per_day": fp / (seconds / _DAY_S),
    }


def _mean_scores(counts: np.ndarray) -> dict[str, float | None]:
    """Mean of each score over the subjects in which it is defined."""
    rows = [_scores(subject) for subject in counts]
    means: dict[str, float | None] = {}
    for name in rows[0]:
        values = [v for row in rows if (v := row[name]) is not None]
        means[name] = float(np.mean(values)) if values else None
    return means
