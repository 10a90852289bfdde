"""What is handed to other programs as events: one list, from which every interchange format is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..findings.vocabulary import VOCABULARY
from .evidence import place, short_name

if TYPE_CHECKING:
    import mne

MAX_LABEL = 120
"""Characters of a label: what every reader of annotations shows."""


@dataclass(frozen=True)
class ExchangeEvent:
    """Something with an onset that another program can show.

    Attributes:
        onset_s: Seconds from the start of the recording.
        duration_s: Seconds.
        finding: Id of the vocabulary.
        label: Words of ours in ASCII, never text from a header.
        is_candidate: Short of the definition, or hedged.
        side: left, right, bilateral, midline or None.
        regions: Head regions.
        frequency_hz: `(low, high)` or None.
        confidence: Calibrated probability or None.
        channels: Channels that the evidence names.
    """

    onset_s: float
    duration_s: float
    finding: str
    label: str
    is_candidate: bool = False
    side: str | None = None
    regions: tuple[str, ...] = ()
    frequency_hz: tuple[float, float] | None = None
    confidence: float | None = None
    channels: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        """Group of the finding."""
        return VOCABULARY[self.finding].group


def exchange_events(document: Mapping[str, Any]) -> list[ExchangeEvent]:
    """The events of a narration and its states, in order of onset.

    Args:
        document: A narration in the form of its JSON; `chunks` may be any iterable and is read once.
    """
    found = [_of_event(event) for event in document["events"]] + _states(document["chunks"])
    order = list(VOCABULARY)
    return sorted(found, key=lambda e: (e.onset_s, order.index(e.finding), e.side or ""))


def mne_annotations(document: Mapping[str, Any]) -> mne.Annotations:
    """The events as `mne.Annotations`, for `raw.set_annotations`; times are from the first sample."""
    import mne

    events = exchange_events(document)
    return mne.Annotations(
        onset=[e.onset_s for e in events],
        duration=[e.duration_s for e in events],
        description=[e.label for e in events],
    )


def _of_event(event: Mapping[str, Any]) -> ExchangeEvent:
    frequency = event["frequency_hz"]
    return ExchangeEvent(
        onset_s=float(event["onset_s"]),
        duration_s=float(event["duration_s"]),
        finding=event["finding"],
        label=_label(event["finding"], event["candidate"], event["side"], event["regions"], frequency),
        is_candidate=bool(event["candidate"]),
        side=event["side"],
        regions=tuple(event["regions"]),
        frequency_hz=None if frequency is None else (frequency[0], frequency[1]),
        confidence=event["confidence"],
        channels=tuple(event["channels"]),
    )


def _states(chunks: Any) -> list[ExchangeEvent]:
    """Runs of windows in the same state, where the text says which."""
    runs: list[list[Any]] = []
    for chunk in chunks:
        start_s, end_s = chunk["timestamp"]
        for claim in chunk["claims"]:
            if (
                VOCABULARY[claim["finding"]].group != "state"
                or claim["polarity"] != "present"
                or claim["hedged"]
                or claim["status"] == "contradicted"
            ):
                continue
            last = next((r for r in reversed(runs) if r[0] == claim["finding"]), None)
            if last is not None and start_s <= last[2] + 0.01:
                last[2] = max(last[2], end_s)
            else:
                runs.append([claim["finding"], start_s, end_s])
    return [
        ExchangeEvent(start_s, round(end_s - start_s, 3), finding, _label(finding, False, None, (), None))
        for finding, start_s, end_s in runs
    ]


def _label(finding: str, is_candidate: bool, side: str | None, regions: Any, frequency: Any) -> str:
    words = short_name(finding)
    parts = [("possible " if is_candidate else "") + words, place(side, regions)]
    if frequency is not None:
        low, high = (f"{hz:.3g}" for hz in frequency)
        parts.append(f"{low} Hz" if low == high else f"{low}-{high} Hz")
    text = ", ".join(part for part in parts if part)
    return (text[:1].upper() + text[1:]).encode("ascii", "replace").decode()[:MAX_LABEL]
