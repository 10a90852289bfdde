"""The evidence behind the sentences of a report, in words: one way for page, print and Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..narration.result import title
from .evidence import (
    claim_words,
    clock,
    confidence_words,
    duration,
    finding_name,
    quantity,
    status_words,
    value_range,
)

MAX_SPANS = 6
"""Stretches of time listed; of more, the number is told."""
MAX_LISTED = 8
_STATES = {"awake": "while awake", "drowsy": "while drowsy", "asleep": "while asleep",
           "untold": "while the state could not be told"}  # fmt: skip
_AS_RANGE = {"frequency_hz": "Hz", "amplitude_uv": "µV"}
_AS_TIME = {
    "present_s": "seen for", "counted_s": "with the segments between, which do not tell it,",
    "assessed_s": "judged over", "recorded_s": "recorded", "duration_s": "lasts",
}  # fmt: skip
_FIELD_NAMES = {"sfreq": "sampling_rate_hz", "other": "other_channels", "age_years": "age_years",
                "narrated_s": "part read"}  # fmt: skip
_LEFT_OUT = ("episodes", "spike_margin")


@dataclass(frozen=True)
class Reference:
    """One piece of evidence, as a reader is told it.

    Attributes:
        id: Its id in the narration, `e3`.
        number: What stands beside the sentence: `3`.
        what: What it is evidence of.
        times: When.
        where: Channels, or the derivations in which it was measured.
        numbers: What was measured, and the bound it was held against.
        verdict: What the check said, empty where there is nothing to check.
        segments: Starts in seconds of the segments to look at first.
        sentence: Id of the first statement that rests on it.
    """

    id: str
    number: str
    what: str
    times: str
    where: str
    numbers: str
    verdict: str
    segments: tuple[float, ...]
    sentence: str

    @property
    def words(self) -> str:
        """All of it in one line."""
        parts = [self.what, self.times, self.where, self.numbers, self.verdict]
        return "; ".join(part for part in parts if part)


@dataclass(frozen=True)
class Sentence:
    """A sentence of the report with what it rests on; the background of each further state begins a line."""

    id: str
    text: str
    references: tuple[Reference, ...] = ()
    starts_part: bool = False


def references_of(document: Mapping[str, Any]) -> dict[str, Reference]:
    """The evidence of a narration by its id; none where the narration was made without.

    Args:
        document: A narration in the form of its JSON.
    """
    first: dict[str, str] = {}
    for statement in document.get("statements", ()):
        for name in statement["evidence"]:
            first.setdefault(name, statement["id"])
    return {e["id"]: _reference(document, e, first.get(e["id"], "")) for e in document.get("evidence", ())}


def told_sections(
    document: Mapping[str, Any], references: Mapping[str, Reference]
) -> Iterator[tuple[str, str, list[Sentence]]]:
    """Name, heading and sentences of every section that says something.

    Args:
        document: A narration in the form of its JSON.
        references: As `references_of` gives them.
    """
    parts = [p["text"] for p in document.get("states", {}).get("background", ()) if p["text"]][1:]
    for name, text in document["sections"].items():
        if not text:
            continue
        sentences = [
            Sentence(
                s["id"],
                s["text"],
                tuple(references[i] for i in s["evidence"]),
                name == "background" and any(part.startswith(s["text"]) for part in parts),
            )
            for s in document.get("statements", ())
            if s["section"] == name
        ]
        yield name, title(name), sentences or [Sentence(name, text)]


def _reference(document: Mapping[str, Any], entry: Mapping[str, Any], sentence: str) -> Reference:
    if entry["kind"] == "fact":
        what, numbers, verdict = "As recorded and read", _fields(entry["fields"]), ""
    elif entry["kind"] == "states":
        what, verdict = "Course of the state", ""
        numbers = ", ".join(
            f"{name.removesuffix('_s')} {duration(seconds)}"
            for name, seconds in entry["numbers"].items()
            if name.removesuffix("_s") in _STATES
        )
    elif entry["kind"] == "event":
        event = document["events"][entry["event"]]
        what = finding_name(entry["finding"]) + (", candidate" if event["candidate"] else "")
        numbers, verdict = _numbers(entry["numbers"]), ""
    else:
        claim = _claim(document, entry)
        state = f", {_STATES.get(entry['state'], 'in ' + str(entry['state']))}" if entry.get("state") else ""
        what, verdict = claim_words({**claim, "frequency_hz": None, "amplitude_uv": None}) + state, ""
        if claim["finding"] not in ("normal", "abnormal"):
            verdict = status_words(claim)
        numbers = _numbers(entry["numbers"])
        if entry.get("bound"):
            numbers += f"; bound: {entry['bound']}"
    where = ", ".join(entry["channels"][:MAX_LISTED]) or entry.get("where", "")
    if len(entry["channels"]) > MAX_LISTED:
        where += f" and {len(entry['channels']) - MAX_LISTED} more"
    return Reference(
        entry["id"],
        entry["id"].removeprefix("e"),
        what,
        _times(entry["spans_s"]),
        where,
        numbers,
        verdict,
        tuple(entry["segments"]),
        sentence,
    )


def _claim(document: Mapping[str, Any], entry: Mapping[str, Any]) -> Mapping[str, Any]:
    claims: Sequence[Mapping[str, Any]] = document["claims"]
    if entry.get("state"):
        claims = next(p["claims"] for p in document["states"]["background"] if p["state"] == entry["state"])
    return claims[entry["claim"]]


def _times(spans_s: Sequence[Sequence[float]]) -> str:
    told = [f"{clock(a)} to {clock(b)}" for a, b in spans_s[:MAX_SPANS]]
    more = len(spans_s) - len(told)
    return ", ".join(told) + (f" and {more} more" if more > 0 else "")


def _numbers(numbers: Mapping[str, Any]) -> str:
    parts = []
    for name, value in numbers.items():
        if name in _LEFT_OUT:
            continue
        if name in _AS_TIME:
            parts.append(f"{_AS_TIME[name]} {duration(value)}")
        elif name in _AS_RANGE:
            parts.append(value_range(value, _AS_RANGE[name]))
        elif name == "confidence":
            parts.append(f"confidence {confidence_words(value)}")
        else:
            parts.append(quantity(name, value))
    return ", ".join(part for part in parts if part)


def _fields(fields: Mapping[str, Any]) -> str:
    parts = []
    for name, value in fields.items():
        label = name.partition(".")[2]
        if label == "duration_s":
            parts.append(f"duration {duration(value)}")
        elif label == "ch_names":
            parts.append(f"{len(value)} EEG channels")
        elif label == "narrated_s" and value:
            parts.append(f"read from {clock(value[0])} to {clock(value[1])}")
        elif label == "channels_not_usable" and value:
            parts.append(
                "not usable: " + ", ".join(f"{ch} {100 * share:.0f} %" for ch, share in value.items())
            )
        elif label == "other":
            parts.append(f"other channels: {', '.join(c['channel'] for c in value) or 'none'}")
        elif label == "age_years" and value is None:
            parts.append("age: not given")
        elif value in (None, "", [], {}):
            parts.append(f"{_FIELD_NAMES.get(label, label).replace('_', ' ')}: none")
        else:
            parts.append(quantity(_FIELD_NAMES.get(label, label), value))
    return ", ".join(part for part in parts if part)
