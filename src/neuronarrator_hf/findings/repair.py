"""Prose repaired: what the measurement contradicts is rewritten or dropped, what matters is added.

1. A sentence stays word for word unless one of its claims is contradicted, is at odds with another
   sentence or with `decisions`, or it holds a number that is not the measured one, rounded.
2. Such a sentence is rewritten from its claims: a contradicted presence falls away, a contradicted
   absence becomes what was measured, attributes and numbers become the measured ones, an unmeasured
   number falls away. If only numbers differ, only the numbers are exchanged. A sentence with nothing
   left to say is dropped.
3. Added is, if the text does not speak of it, every abnormal finding that was measured beyond doubt,
   the posterior rhythm in wakefulness, and the overall judgement. The judgement follows the findings
   that stand: normal never beside an abnormal one. An urgent finding that was not measured, nor clearly
   absent (`judging.may_be_proposed`), is told as possible where `decisions` hold it for likely, without any
   attribute; its status is unassessable, never supported.
4. The result is parsed and judged again; a sentence still contradicted is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .judging import PROPOSAL, UNCERTAIN, is_uncertain, judge, may_be_proposed, places_of, score_of
from .parse import parse, sentence_spans
from .phrases import number
from .quantise import quantise
from .schema import Claim
from .tokens import find_events, tokenise
from .vocabulary import ABNORMAL_IDS, FINDING_IDS
from .write import write_sentences

if TYPE_CHECKING:
    from .measure.result import WindowMeasurement

LIKELY = 0.8
"""Probability in `decisions` from which an urgent finding that was not measured is told as possible."""
_SUMMARY = ("normal", "abnormal")
_SLEEP = ("n2_sleep", "n3_sleep", "rem_sleep")
_UNITS = {"frequency_hz": r"Hz", "amplitude_uv": r"[µμu]V"}


@dataclass(frozen=True)
class Repair:
    """A repaired paragraph.

    Attributes:
        text: The paragraph.
        claims: Its claims with their verdicts; none is contradicted.
        rewritten: Sentences reworded or whose numbers were exchanged.
        dropped: Sentences left out.
        added: Sentences put in.
    """

    text: str
    claims: list[Claim]
    rewritten: int = 0
    dropped: int = 0
    added: int = 0


@dataclass
class _Sentence:
    text: str
    claims: list[Claim]
    is_added: bool = False
    was: str = field(default="")

    @property
    def is_summary(self) -> bool:
        return bool(self.claims) and all(claim.finding in _SUMMARY for claim in self.claims)


def repair(
    text: str,
    claims: Iterable[Claim] | None,
    measurement: WindowMeasurement,
    *,
    seed: int = 0,
    previous: WindowMeasurement | None = None,
    decisions: Mapping[str, float] | None = None,
) -> Repair:
    """The paragraph with every contradiction mended.

    Args:
        text: A paragraph about one window.
        claims: Its claims with spans, or None to parse them.
        measurement: What was measured in the window.
        seed: Seed of the wording of new sentences.
        previous: The measurement of the window before, for changes.
        decisions: Probabilities by finding (of network and measurement together) that decide which
            findings stand where the measurement is uncertain.
    """
    truth = _Truth(measurement, previous, decisions or {}, seed)
    sentences = _sentences(text, claims)
    spoken = _consistent(sentences, truth)
    sentences = [_mended(sentence, spoken, truth) for sentence in sentences]
    kept = [sentence for sentence in sentences if sentence.text]
    _judge_whole(kept, truth)
    kept = [sentence for sentence in kept if sentence.text]
    kept = _with_additions(kept, truth)
    while True:
        final = " ".join(sentence.text for sentence in kept)
        judged = [judge(claim, measurement, previous) for claim in parse(final)]
        wrong = {claim.span for claim in judged if claim.status == "contradicted"}
        if not wrong:
            break
        kept = _outside(kept, wrong)
    judged = [truth.proposed(claim) if truth.proposes(claim.finding) else claim for claim in judged]
    original = [text[a:b] for a, b in sentence_spans(text)]
    survivors = {s.was for s in kept if not s.is_added}
    return Repair(
        text=final,
        claims=judged,
        rewritten=sum(s.text.rstrip(".") != s.was.rstrip(".") for s in kept if not s.is_added),
        dropped=sum(sentence not in survivors for sentence in original),
        added=sum(s.is_added for s in kept),
    )


def _outside(sentences: list[_Sentence], wrong: set[tuple[int, int] | None]) -> list[_Sentence]:
    """The sentences that no wrong span of the joined text touches."""
    left, start = [], 0
    for sentence in sentences:
        stop = start + len(sentence.text)
        if not any(span is not None and span[0] < stop and start < span[1] for span in wrong):
            left.append(sentence)
        start = stop + 1
    return left


class _Truth:
    """What may be said of a window: the measurement, and where it is uncertain the decisions."""

    def __init__(
        self,
        measurement: WindowMeasurement,
        previous: WindowMeasurement | None,
        decisions: Mapping[str, float],
        seed: int,
    ) -> None:
        self.measurement = measurement
        self.previous = previous
        self.decisions = decisions
        self.seed = seed

    def stands(self, finding: str) -> bool | None:
        """Whether a finding is there; None where nobody knows."""
        measured = self.measurement.claims.get(finding)
        if measured is None or measured.polarity == "not_assessed":
            return None
        if not is_uncertain(measured):
            return score_of(measured) >= 0.5
        return self.decisions[finding] >= 0.5 if finding in self.decisions else None

    def proposes(self, finding: str) -> bool:
        """Whether a finding is told as possible though it was not measured."""
        measured = self.measurement.claims.get(finding)
        return (
            measured is not None and may_be_proposed(measured) and self.decisions.get(finding, 0.0) >= LIKELY
        )

    def proposed(self, claim: Claim) -> Claim:
        """The claim of such a finding in its text, with its status."""
        evidence = {**claim.evidence, PROPOSAL: self.decisions[claim.finding]}
        return claim.with_(status="unassessable", evidence=evidence)

    def is_wrong(self, claim: Claim) -> bool:
        """Whether the claim must not stay as it is."""
        if self.proposes(claim.finding) and claim.content() != Claim(claim.finding, hedged=True).content():
            return True
        if judge(claim, self.measurement, self.previous).status == "contradicted":
            return True
        stands = self.stands(claim.finding)
        return stands is not None and claim.polarity != "not_assessed" and claim.is_present != stands

    def claim(self, finding: str, like: Claim | None = None) -> Claim:
        """The finding as measured, rounded; at the place that is nearest to that of `like`."""
        measured = self.measurement.claims[finding]
        if not measured.is_present:
            return Claim(finding, hedged=True)
        places = places_of(finding, self.measurement)
        place = places[0]
        if like is not None:
            place = max(places, key=lambda p: (p.side == like.side, len({*p.regions} & {*like.regions})))
        return quantise(place.with_(hedged=place.hedged or is_uncertain(measured), change=None))

    def numbers(self, claim: Claim) -> list[Claim]:
        """The measured, rounded places of a finding, or nothing."""
        measured = self.measurement.claims.get(claim.finding)
        if measured is None or not measured.is_present:
            return []
        return [quantise(place) for place in places_of(claim.finding, self.measurement)]

    def write(self, claims: list[Claim]) -> str:
        """The fixed wording."""
        return " ".join(write_sentences(claims, seed=self.seed, variety=0.0, record="segment"))


def _sentences(text: str, claims: Iterable[Claim] | None) -> list[_Sentence]:
    found = parse(text) if claims is None else list(claims)
    if any(claim.span is None for claim in found):
        found = parse(text)
    sentences = []
    for start, stop in sentence_spans(text):
        own = [c for c in found if c.span is not None and start <= c.span[0] < stop]
        raw = text[start:stop]  # a text cut off in mid-sentence must not run into what is added to it
        ended = raw if raw[-1] in ".;!?" else f"{raw}."
        sentences.append(_Sentence(ended, own, was=raw))
    return sentences


def _consistent(sentences: list[_Sentence], truth: _Truth) -> dict[str, str]:
    """The polarity with which each finding may be spoken of: one only, the measured one first."""
    spoken: dict[str, str] = {}
    for sentence in sentences:
        for claim in sentence.claims:
            if not truth.is_wrong(claim):
                spoken.setdefault(claim.finding, claim.polarity)
    return spoken


def _mended(sentence: _Sentence, spoken: Mapping[str, str], truth: _Truth) -> _Sentence:
    claims = [_mended_claim(claim, spoken, truth) for claim in sentence.claims]
    left = [claim for claim in claims if claim is not None]
    if all(new is old for new, old in zip(claims, sentence.claims, strict=True)):
        if not sentence.claims and not _has_number(sentence.text):
            return sentence
        if _numbers_are_told(sentence.text, left):
            return sentence
        left = [quantise(claim) for claim in left]
    text = _exchange_numbers(sentence.text, sentence.claims, claims) if left else ""
    if left and text is None:
        text = truth.write(left)
    return _Sentence(text or "", left, was=sentence.was)


def _mended_claim(claim: Claim, spoken: Mapping[str, str], truth: _Truth) -> Claim | None:
    """The claim itself if it may stay, its correction, or None if it falls away."""
    finding = claim.finding
    if spoken.get(finding, claim.polarity) != claim.polarity:
        return None
    if truth.is_wrong(claim):
        if truth.proposes(finding):
            return None  # it is added as what may be said of it
        if claim.polarity == "not_assessed":
            stands = truth.measurement.claims[finding].is_present
            return truth.claim(finding) if stands else Claim(finding, "absent")
        if finding in _SUMMARY:
            return None
        if truth.stands(finding) is False:
            return None
        if finding in spoken:
            return None
        return truth.claim(finding, claim) if truth.measurement.claims[finding].is_present else None
    if not claim.is_present or (claim.frequency_hz is None and claim.amplitude_uv is None):
        return claim
    places = truth.numbers(claim)
    for place in places:
        if _same_numbers(claim, place):
            return claim
    place = truth.claim(finding, claim) if places else Claim(finding)
    return claim.with_(
        frequency_hz=place.frequency_hz if claim.frequency_hz else None,
        amplitude_uv=place.amplitude_uv if claim.amplitude_uv else None,
    )


def _same_numbers(claim: Claim, place: Claim) -> bool:
    return all(
        getattr(claim, name) is None or getattr(claim, name) == getattr(place, name) for name in _UNITS
    )


def _has_number(sentence: str) -> bool:
    return any(event.kind in ("freq", "amp") for event in find_events(tokenise(sentence)))


def _numbers_are_told(sentence: str, claims: list[Claim]) -> bool:
    """Whether every frequency and amplitude of the sentence belongs to one of its claims."""
    told = {("freq", c.frequency_hz) for c in claims} | {("amp", c.amplitude_uv) for c in claims}
    events = find_events(tokenise(sentence))
    return all((event.kind, event.value) in told for event in events if event.kind in ("freq", "amp"))


def _exchange_numbers(sentence: str, old: list[Claim], new: list[Claim | None]) -> str | None:
    """The sentence with only its numbers exchanged, or None where that does not say it."""
    text = sentence
    for before, after in zip(old, new, strict=True):
        if after is None:
            return None
        for name, unit in _UNITS.items():
            value, wanted = getattr(before, name), getattr(after, name)
            if value == wanted:
                continue
            if value is None or wanted is None:
                return None
            told, replacement = _pattern(value, unit), " to ".join(dict.fromkeys(map(number, wanted)))
            text, n_found = re.subn(told, replacement + " ", text, count=1)
            if not n_found:
                return None
    wanted_contents = {claim.content() for claim in new if claim is not None}
    return text if {claim.content() for claim in parse(text)} == wanted_contents else None


def _pattern(value: tuple[float, float], unit: str) -> str:
    ends = [re.escape(number(v)) + r"(?:\.0)?" for v in dict.fromkeys(value)]
    return r"(?<![\d.])" + r"\s*(?:-|–|to|and)\s*".join(ends) + rf"\s*(?={unit})"


def _judge_whole(sentences: list[_Sentence], truth: _Truth) -> None:
    """Take out an overall judgement that the findings left standing deny."""
    abnormal = _is_abnormal(sentences, truth)
    for sentence in sentences:
        judged = [c for c in sentence.claims if c.finding in _SUMMARY and c.is_present]
        wrong = [c for c in judged if (c.finding == "abnormal") != abnormal]
        if wrong:
            sentence.claims = [c for c in sentence.claims if c not in wrong]
            sentence.text = truth.write([quantise(c) for c in sentence.claims])


def _is_abnormal(sentences: list[_Sentence], truth: _Truth) -> bool:
    spoken = {c.finding for s in sentences for c in s.claims if c.is_present}
    return bool(ABNORMAL_IDS & (spoken | {f for f in ABNORMAL_IDS if _is_told(f, truth)}))


def _is_certain(finding: str, truth: _Truth) -> bool:
    return truth.stands(finding) is True and truth.measurement.claims[finding].is_present


def _is_told(finding: str, truth: _Truth) -> bool:
    return _is_certain(finding, truth) or truth.proposes(finding)


def _with_additions(sentences: list[_Sentence], truth: _Truth) -> list[_Sentence]:
    spoken = {claim.finding for sentence in sentences for claim in sentence.claims}
    asleep = any(_is_certain(finding, truth) for finding in _SLEEP)
    wanted = [
        finding
        for finding in FINDING_IDS
        if finding not in spoken
        and (finding in ABNORMAL_IDS or (finding == "posterior_dominant_rhythm" and not asleep))
        and _is_told(finding, truth)
    ]
    for finding in wanted:
        claim = truth.claim(finding)
        added = _Sentence(truth.write([claim]), [claim], is_added=True)
        sentences.insert(_place(finding, sentences), added)
    if not any(sentence.is_summary for sentence in sentences):
        verdict = _verdict(sentences, truth)
        if verdict is not None:
            sentences.append(_Sentence(truth.write([verdict]), [verdict], is_added=True))
    return sentences


def _place(finding: str, sentences: list[_Sentence]) -> int:
    """Where a paragraph tells of a finding: in the order of the vocabulary, before what was not seen."""
    rank = FINDING_IDS.index(finding)
    for i, sentence in enumerate(sentences):
        present = [FINDING_IDS.index(c.finding) for c in sentence.claims if c.is_present]
        if sentence.is_summary or not present or min(present) > rank:
            return i
    return len(sentences)


def _verdict(sentences: list[_Sentence], truth: _Truth) -> Claim | None:
    """The overall judgement that fits, or None where the measurement contradicts even that."""
    finding = "abnormal" if _is_abnormal(sentences, truth) else "normal"
    measured = truth.measurement.claims.get(finding)
    if measured is None or measured.polarity == "not_assessed":
        return Claim("normal", "not_assessed")
    claim = Claim(finding)
    return None if score_of(measured) < UNCERTAIN[0] else claim
