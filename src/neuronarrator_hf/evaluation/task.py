"""A benchmark as a declaration: which stretches of recordings are asked about, and what is true of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..corpus.sources import Annotation, RecordingRef

_TOUCH_S = 1e-6
UNSCORED = ""
"""Label of a segment that is heard but belongs to no class."""


@dataclass(frozen=True)
class Segment:
    """A stretch of a recording with its true class.

    Attributes:
        start_s: Start in seconds from the start of the recording.
        end_s: End in seconds.
        label: True class, or `UNSCORED`.
        votes: Votes of experts by class, in the order of the task's classes; empty where there are none.
    """

    start_s: float
    end_s: float
    label: str
    votes: tuple[float, ...] = ()


Labels = Callable[[RecordingRef, float], list[Segment]]
"""A recording and its length in seconds to its segments."""
Split = Callable[[RecordingRef], str | None]
"""A recording to `train`, `validation`, `test`, or None where it takes no part."""


@dataclass(frozen=True)
class Task:
    """One benchmark over a public source.

    Attributes:
        name: As given to `--benchmark`; its label prompts have the same name.
        source: Source of the corpus.
        labels: Segments of a recording.
        split: Part a recording belongs to.
        split_origin: Who says so, for the report.
        continuous: The recording is heard from its start with its history; else every segment by itself.
        positive: Class whose AUROC and AUPRC are told; None for the mean over all.
        figures: Figures that the field reports, in its order.
        by_recording: Also pool the segments of each recording into one answer.
        events: Events `(start_s, end_s)` of the positive class, where detection is scored by SzCORE.
    """

    name: str
    source: str
    labels: Labels
    split: Split
    split_origin: str
    continuous: bool = True
    positive: str | None = None
    figures: tuple[str, ...] = ("balanced_accuracy", "kappa", "weighted_f1")
    by_recording: bool = False
    events: Callable[[RecordingRef], list[tuple[float, float]]] | None = None


def official_split(ref: RecordingRef) -> str | None:
    """The source's own split."""
    return ref.split


def person_split(ref: RecordingRef) -> str:
    """Six of ten persons train, two validate, two test, by the hash of the person; the same for ever."""
    tenth = int(hashlib.sha256(ref.person.encode()).hexdigest()[:8], 16) % 10
    return "train" if tenth < 6 else "validation" if tenth < 8 else "test"


def subject_split(parts: Mapping[str, Sequence[str]]) -> Split:
    """A split by names of subjects."""
    named = {subject: part for part, subjects in parts.items() for subject in subjects}
    return lambda ref: named.get(ref.subject)


def throughout(classes: Mapping[str, str], epoch_s: float) -> Labels:
    """A label of the whole recording, for each of its whole epochs. `classes`: the source's label to ours."""

    def labels(ref: RecordingRef, duration_s: float) -> list[Segment]:
        found = {classes[a.label] for a in ref.annotations if a.start_s is None and a.label in classes}
        if len(found) != 1:
            return []
        (label,) = found
        n_epochs = int((duration_s + _TOUCH_S) // epoch_s)
        return [Segment(i * epoch_s, (i + 1) * epoch_s, label) for i in range(n_epochs)]

    return labels


def stretches(
    classes: Mapping[str, str], epoch_s: float, *, wake: str | None = None, margin_s: float = 0
) -> Labels:
    """Labelled stretches cut into whole epochs from their start.

    Args:
        classes: The source's label to ours.
        epoch_s: Length of an epoch.
        wake: Class of which only what lies within `margin_s` of the other classes is kept.
        margin_s: See `wake`.
    """

    def labels(ref: RecordingRef, duration_s: float) -> list[Segment]:
        segments = set()
        for a in ref.annotations:
            if a.label not in classes or a.start_s is None or a.end_s is None:
                continue
            n_epochs = int((min(a.end_s, duration_s) - a.start_s + _TOUCH_S) // epoch_s)
            for i in range(n_epochs):
                start_s = a.start_s + i * epoch_s
                segments.add(Segment(start_s, start_s + epoch_s, classes[a.label]))
        ordered = sorted(segments, key=lambda s: (s.start_s, s.label))
        asleep = [s for s in ordered if s.label != wake]
        if wake is None or not asleep:
            return ordered
        low, high = asleep[0].start_s - margin_s, max(s.end_s for s in asleep) + margin_s
        return [s for s in ordered if s.start_s >= low - _TOUCH_S and s.end_s <= high + _TOUCH_S]

    return labels


def around_events(classes: Mapping[str, str], length_s: float) -> Labels:
    """A segment of `length_s` about the middle of every mark, one for each channel, as the field does."""

    def labels(ref: RecordingRef, duration_s: float) -> list[Segment]:
        segments = []
        for a in ref.annotations:
            if a.label in classes and a.start_s is not None and a.end_s is not None:
                start_s = (a.start_s + a.end_s - length_s) / 2
                start_s = max(0.0, min(start_s, duration_s - length_s))
                segments.append(Segment(start_s, start_s + length_s, classes[a.label]))
        return segments

    return labels


def voted(classes: Sequence[str]) -> Labels:
    """Stretches that experts voted on: the class with most votes, the votes beside it; ties take no part."""

    def labels(ref: RecordingRef, duration_s: float) -> list[Segment]:
        segments = []
        for a in ref.annotations:
            votes = tuple(float(a.values.get(name, 0)) for name in classes)
            if (
                a.start_s is None
                or a.end_s is None
                or votes.count(max(votes)) != 1
                or a.end_s > duration_s + 1
            ):
                continue
            segments.append(Segment(a.start_s, a.end_s, classes[int(np.argmax(votes))], votes))
        return segments

    return labels


def seizure_epochs(
    events: Callable[[RecordingRef], list[tuple[float, float]]],
    labelled: Callable[[RecordingRef], bool],
    epoch_s: float = 10.0,
) -> Labels:
    """Epochs over the whole recording: seizure from half of the epoch on, background where there is none.

    What lies between takes part in the detection of events alone.
    """

    def labels(ref: RecordingRef, duration_s: float) -> list[Segment]:
        if not labelled(ref):
            return []
        marked, segments = events(ref), []
        for i in range(int((duration_s + _TOUCH_S) // epoch_s)):
            start_s, end_s = i * epoch_s, (i + 1) * epoch_s
            inside = sum(max(0.0, min(b, end_s) - max(a, start_s)) for a, b in marked)
            told = "background" if not inside else "seizure" if inside >= epoch_s / 2 else UNSCORED
            segments.append(Segment(start_s, end_s, told))
        return segments

    return labels


def marked_events(labels: Sequence[str]) -> Callable[[RecordingRef], list[tuple[float, float]]]:
    """Stretches with one of the labels, those of different channels joined."""
    from .seizure_events import merge_events

    def is_one(annotation: Annotation) -> bool:
        return annotation.label in labels and annotation.start_s is not None and annotation.end_s is not None

    def events(ref: RecordingRef) -> list[tuple[float, float]]:
        return merge_events((a.start_s or 0.0, a.end_s or 0.0) for a in ref.annotations if is_one(a))

    return events
