"""Every sentence of a report with what it rests on: from words back to times, channels and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..findings.by_state import NOT_ASLEEP
from ..findings.parse import parse, sentence_spans
from ..findings.schema import Claim
from ..findings.states import AWAKE, UNTOLD, group_of
from ..signal.montage import region_sites

_FACTS: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "technique": (
        (r"^(?:The age|Age)\b", ("recording.age_years",)),
        (r"^Read from\b", ("recording.narrated_s", "recording.duration_s")),
        (
            r"",
            (
                "recording.duration_s", "recording.sfreq", "recording.ch_names", "recording.montage",
                "recording.reference", "recording.mains_hz", "quality.windows",
            ),
        ),
    ),
    "quality": (
        (r"\bsegments? could be assessed\b", ("quality.windows", "quality.windows_assessed")),
        (r"\bnot recorded\b", ("recording.ch_names",)),
        (r"\breference\b", ("recording.flat", "recording.reference")),
        (r"\bnot usable\b", ("quality.channels_not_usable",)),
        (r"", ("recording.warnings",)),
    ),
    "impression": (
        (r"^(?:This rests on|To call an EEG normal)\b", ("recording.narrated_s", "recording.duration_s")),
    ),
    "limits": (
        (r"\b(?:age|adults)\b", ("recording.age_years",)),
        (r"\broutine EEG\b", ("recording.narrated_s", "recording.duration_s")),
        (r"\bnot checked\b", ("model.verify",)),
        (r"", ("recording.ch_names", "recording.other", "recording.annotations")),
    ),
}  # fmt: skip
"""Of a sentence that asserts nothing of the brain: which fields of the narration it tells."""
_COURSE = re.compile(r"(?:State changes|The state changes|(?:Awake|Drowsy|Asleep|State not told) for)\b")
"""Sentences that tell the course of the state."""
_MEASURED = ("present_s", "assessed_s", "recorded_s", "episodes")

Place = tuple[int, int, str]
"""Start and end of a stretch of a section's text, and the state it is told of."""


def statements_of(
    sections: Mapping[str, str],
    starts: Mapping[str, int],
    claims: Sequence[Claim],
    events: Sequence[Mapping[str, Any]],
    states: Mapping[str, Any],
    known: Mapping[str, Mapping[str, Any]],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The sentences of a report, and the evidence that they point at by its `id`.

    Args:
        sections: Section to text.
        starts: Where the text of each section begins in the whole text.
        claims: Of the whole recording.
        events: As they stand in the narration.
        states: Stretches of the state, and the background by state.
        known: `recording`, `quality` and `model` of the narration.

    Returns:
        `statements` with `id`, `section`, `text`, `span` in the whole text and the ids of their
        `evidence`; and `evidence`: one entry each with `id`, `kind`, `finding`, `spans_s`, `segments`
        (starts of the windows to look at first), `channels`, `numbers`, and what else `_Shelf` says.
    """
    shelf = _Shelf(claims, events, states, known)
    statements = []
    for section, text in sections.items():
        places = _places(text, states) if section == "background" else []
        before: list[str] = []
        for number, (start, stop) in enumerate(whole_sentences(text), 1):
            state = next((state for a, b, state in places if a <= start < b), None)
            evidence = shelf.of(section, text[start:stop], state) or before
            before = evidence
            statements.append(
                {
                    "id": f"{section}-{number}",
                    "section": section,
                    "text": text[start:stop],
                    "span": [starts[section] + start, starts[section] + stop],
                    "evidence": evidence,
                }
            )
    return statements, shelf.entries


def whole_sentences(text: str) -> Iterator[tuple[int, int]]:
    """Characters `(start, stop)` of each sentence up to its full stop; what a semicolon parts stays whole."""
    begin: int | None = None
    stop = 0
    for start, stop in sentence_spans(text):
        begin = start if begin is None else begin
        if text[stop - 1] in ".!?":
            yield begin, stop
            begin = None
    if begin is not None:
        yield begin, stop


class _Shelf:
    """Evidence, each piece once, numbered in the order in which the report first needs it."""

    def __init__(
        self,
        claims: Sequence[Claim],
        events: Sequence[Mapping[str, Any]],
        states: Mapping[str, Any],
        known: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self.entries: list[dict[str, Any]] = []
        self._ids: dict[Any, str] = {}
        self._claims, self._events, self._states, self._known = claims, events, states, known
        self._of_state = {
            part["state"]: [Claim.from_dict(c) for c in part["claims"]]
            for part in states.get("background", ())
        }

    def of(self, section: str, sentence: str, state: str | None) -> list[str]:
        """Ids of what a sentence rests on."""
        if section == "state" and _COURSE.match(sentence) and self._states.get("stretches"):
            return [self._course()]
        facts = self._facts(section, sentence)
        said = [] if facts and section != "quality" else parse(sentence)
        ids = [i for claim in said for i in self._of_claim(section, claim, state)]
        found = list(dict.fromkeys(ids))
        if found:
            return found
        if facts:
            return [self._fact(facts)]
        if sentence.startswith("Not assessed") or "could not be told" in sentence:
            return [self._fact(("quality.windows", "quality.windows_assessed"))]
        return []

    def _facts(self, section: str, sentence: str) -> tuple[str, ...]:
        patterns = _FACTS.get(section, ())
        return next((f for pattern, f in patterns if re.search(pattern, sentence, re.IGNORECASE)), ())

    def _of_claim(self, section: str, said: Claim, state: str | None) -> list[str]:
        """The evidence of one assertion: an event, a claim, or a verdict with the claims it rests on."""
        if section == "events" and said.is_present and said.start_s is not None:
            for number, event in enumerate(self._events):
                if event["finding"] == said.finding and abs(event["onset_s"] - said.start_s) <= 0.5:
                    return [self._event(number)]
        claims = self._claims if state is None else self._of_state[state]
        best = max(
            (i for i, c in enumerate(claims) if c.finding == said.finding),
            key=lambda i: (claims[i].polarity == said.polarity, claims[i].side == said.side, -i),
            default=None,
        )
        if best is None:
            return []
        rests_on = claims[best].evidence.get("findings", ())
        beneath = [i for i, c in enumerate(claims) if c.finding in rests_on and c.is_present]
        return [self._claim(i, state) for i in (best, *beneath)]

    def _claim(self, number: int, state: str | None) -> str:
        claim = (self._claims if state is None else self._of_state[state])[number]
        evidence = claim.evidence
        numbers = {
            **{name: evidence[name] for name in _MEASURED if name in evidence},
            "counted_s": self._states.get("time_s", {}).get(claim.finding),
            "frequency_hz": claim.frequency_hz,
            "amplitude_uv": claim.amplitude_uv,
            "confidence": claim.confidence,
            **dict(evidence.get("measured") or {}),
        }
        if not claim.is_present:
            numbers = {k: v for k, v in numbers.items() if k in _MEASURED}
        return self._add(
            ("claim", state, number),
            kind="claim",
            finding=claim.finding,
            claim=number,
            state=state,
            spans_s=evidence.get("spans_s") or self._judged(claim, state),
            segments=list(evidence.get("surest_s", ())),
            channels=self._channels(claim),
            numbers={k: v for k, v in numbers.items() if v is not None},
            **{name: evidence[name] for name in ("where", "bound", "findings") if evidence.get(name)},
        )

    def _judged(self, claim: Claim, state: str | None) -> list[list[float]]:
        """The time over which something was not seen, or could not be judged."""
        told = state or claim.evidence.get("state")
        if told is None:
            return [] if claim.start_s is None or claim.end_s is None else [[claim.start_s, claim.end_s]]
        within = {AWAKE, UNTOLD} if told == NOT_ASLEEP else {told}
        return [
            [s["start_s"], s["end_s"]]
            for s in self._states.get("stretches", ())
            if within & {s["state"], group_of(s["state"])}
        ]

    def _channels(self, claim: Claim) -> list[str]:
        """The channels that the evidence names, else those of the claim's regions that were recorded."""
        named = claim.evidence.get("channels")
        if named or not claim.is_present or not claim.regions:
            return list(named or ())
        sites = {s for region in claim.regions for s in region_sites(region, claim.side)}
        return [name for name in self._known["recording"].get("ch_names", ()) if name in sites]

    def _event(self, number: int) -> str:
        event = self._events[number]
        return self._add(
            ("event", None, number),
            kind="event",
            finding=event["finding"],
            event=number,
            spans_s=[[event["onset_s"], round(event["onset_s"] + event["duration_s"], 3)]],
            segments=[s for s in (event.get("surest_s"),) if s is not None],
            channels=list(event["channels"]),
            numbers={
                name: event[name]
                for name in ("duration_s", "frequency_hz", "confidence")
                if event.get(name) is not None
            },
        )

    def _course(self) -> str:
        stretches = self._states["stretches"]
        return self._add(
            ("states", None, 0),
            kind="states",
            spans_s=[[s["start_s"], s["end_s"]] for s in stretches],
            numbers={f"{name}_s": seconds for name, seconds in self._states["time_s"].items()},
        )

    def _fact(self, fields: tuple[str, ...]) -> str:
        values = {}
        for field in fields:
            group, _, name = field.partition(".")
            if name in self._known[group]:
                values[field] = self._known[group][name]
        return self._add(("fact", None, fields), kind="fact", fields=values)

    def _add(self, key: Any, *, kind: str, **values: Any) -> str:
        if key not in self._ids:
            self._ids[key] = f"e{len(self.entries) + 1}"
            empty: dict[str, Any] = {
                "finding": None, "spans_s": [], "segments": [], "channels": [], "numbers": {},
            }  # fmt: skip
            self.entries.append({"id": self._ids[key], "kind": kind, **empty, **values})
        return self._ids[key]


def _places(text: str, states: Mapping[str, Any]) -> list[Place]:
    """Where the background of each state stands in its section."""
    places = []
    for part in states.get("background", ()):
        at = text.find(part["text"]) if part["text"] else -1
        if at >= 0:
            places.append((at, at + len(part["text"]), str(part["state"])))
    return places
