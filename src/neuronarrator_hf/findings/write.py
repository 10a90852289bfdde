"""Claims to one clinical paragraph, and back exactly: `parse` reads every wording of this module."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from . import absences
from .choices import lowered
from .families import GROUPS
from .grammar import wordings as w
from .pen import Pen
from .phrases import joined
from .quantise import quantise
from .schema import Claim
from .vocabulary import ORDER, define

TOLD_AS_PROPERTY = (
    (frozenset({"asymmetry"}), w.SYMMETRY),
    (frozenset({"discontinuity", "burst_suppression"}), w.CONTINUITY),
    (frozenset({"low_voltage", "extreme_low_voltage"}), w.VOLTAGE),
)
"""Absences of the background that a clinician tells as a property."""
_LISTED_GROUPS = frozenset({"sleep", "artifact"})
"""Groups whose findings share a sentence in the fixed wording too."""
_MAX_LISTED = 3
_LISTED_SHARE = 0.15
"""How often, at full variety, such an absence stands in the list of absences all the same."""


def write_segment(
    claims: Iterable[Claim],
    *,
    seed: int = 0,
    variety: float = 1.0,
    record: str | None = "segment",
    acns_style: bool = False,
) -> str:
    """One paragraph that says exactly the quantised claims.

    Args:
        claims: What to say; all of it is said (see `select.select_for_text` for what to leave out).
        seed: The same seed gives the same words.
        variety: 0 for one fixed wording throughout, 1 for all wordings alike, between for a share.
        record: What the stretch described is called; None to choose.
        acns_style: Call rhythmic and periodic patterns "ACNS-style", as outside critical care.

    Returns:
        The paragraph; empty without claims.
    """
    if variety > 0 and record == "segment":
        record = None
    return " ".join(write_sentences(claims, seed=seed, variety=variety, record=record, acns_style=acns_style))


def write_sentences(
    claims: Iterable[Claim],
    *,
    seed: int = 0,
    variety: float = 1.0,
    record: str | None = None,
    acns_style: bool = False,
    beside: Iterable[Claim] = (),
) -> list[str]:
    """The sentences of the paragraph, in order: state, findings, absences, artifacts, judgement.

    `beside` are claims told elsewhere in the same report: beside periodic discharges only sporadic
    epileptiform discharges can be denied.
    """
    pen = Pen(seed, variety, record=record, acns_style=acns_style)
    unique = {claim.content(): claim for claim in map(quantise, claims)}
    ordered = sorted(unique.values(), key=lambda claim: ORDER[claim.finding])
    present: dict[str, list[Claim]] = {}
    for claim in ordered:
        if claim.is_present:
            present.setdefault(define(claim.finding).group, []).append(claim)
    gone = [c for c in ordered if c.polarity == "absent" and c.change is not None]
    absent = {c.finding for c in ordered if c.polarity == "absent" and c.change is None}
    unassessed = {c.finding for c in ordered if c.polarity == "not_assessed"}
    judgement_denied = absent & {"normal", "abnormal"}
    absent -= judgement_denied

    told = (*ordered, *beside)
    is_sporadic = any(c.is_present and c.finding in GROUPS["PD"] for c in told)

    states = present.get("state", [])
    is_opening = len(states) == 1 and not states[0].hedged and pen.chance(0.4)
    sentences = [] if is_opening else _states(pen, states)
    has_state_alone = bool(sentences)
    findings = _background(pen, present.get("background", []), absent)
    for group in ("sleep", "epileptiform", "rhythmic_periodic", "ictal"):
        findings += _present(pen, present.get(group, []), listed=group in _LISTED_GROUPS)
    sentences += _opened(pen, states[0], findings) if is_opening else findings
    sentences += [pen.gone(claim) for claim in gone]
    sentences += absences.absent(pen, absent, is_sporadic=is_sporadic)
    is_early = has_state_alone and pen.chance(0.2)
    artifacts = _present(pen, present.get("artifact", []), listed=True, first=is_early or not findings)
    if is_early:
        sentences = [sentences[0], *artifacts, *sentences[1:]]
    else:
        sentences += artifacts
    sentences += absences.not_assessed(pen, unassessed)
    sentences += [pen.summary(claim) for claim in present.get("summary", [])]
    return sentences + [pen.summary_denied(finding) for finding in sorted(judgement_denied)]


def write_states(claims: Sequence[Claim], notes: Mapping[str, str], *, seed: int = 0) -> str:
    """Sure states of a recording in one sentence, in the order given, each with its note behind it."""
    return Pen(seed, 0.0, record="recording").states(claims, notes)


def write_because(
    judgement: str, reasons: Iterable[Claim], *, times: Mapping[str, str] | None = None, seed: int = 0
) -> str:
    """A judgement and the findings it rests on in one sentence; for claims of which `Pen.is_nameable`.

    `times` holds by finding the words for its time, which stand behind it in place of its prevalence.
    """
    pen = Pen(seed, 0.0, record="recording")
    times = times or {}
    words = [
        f"{pen.reason(quantise(claim.with_(prevalence=None)))} {lowered(times[claim.finding])}"
        if claim.finding in times
        else pen.reason(quantise(claim))
        for claim in reasons
    ]
    return f"{judgement} because of {joined(words)}." if words else f"{judgement}."


def _background(pen: Pen, claims: Sequence[Claim], absent: set[str]) -> list[str]:
    """Present findings of the background and what is told as a property of it."""
    sentences: list[str] = []
    properties: list[tuple[str, ...]] = []
    for ids, options in TOLD_AS_PROPERTY:
        if ids <= absent and not pen.chance(_LISTED_SHARE):
            absent -= ids
            properties.append(options)
    rhythm = next((c for c in claims if c.finding == "posterior_dominant_rhythm" and not c.hedged), None)
    if rhythm is not None and rhythm.side and w.SYMMETRY in properties:
        properties[properties.index(w.SYMMETRY)] = w.OTHERWISE_SYMMETRIC
    if rhythm is not None and w.SYMMETRY in properties and pen.chance(0.3):
        properties.remove(w.SYMMETRY)
        sentences.append(pen.symmetric_rhythm(rhythm))
        claims = [c for c in claims if c is not rhythm]
    sentences += _present(pen, claims, listed=False, first=not sentences)
    return sentences + pen.properties_of_background(properties)


def _present(pen: Pen, claims: Sequence[Claim], *, listed: bool, first: bool = True) -> list[str]:
    """A sentence for each claim; neighbours that can share one do, always where `listed`."""
    sentences: list[str] = []
    waiting = list(claims)
    while waiting:
        together = [waiting[0]]
        for claim in waiting[1:_MAX_LISTED]:
            is_other = all(claim.finding != other.finding for other in together)
            if not (is_other and pen.is_listable(together[-1]) and pen.is_listable(claim)):
                break
            if not (listed or pen.chance(0.4)):
                break
            together.append(claim)
        waiting = waiting[len(together) :]
        if len(together) > 1:
            sentences.append(pen.listed(together))
        elif define(together[0].finding).group == "artifact":
            sentences.append(pen.artifact(together[0], first=first and not sentences))
        else:
            sentences.append(pen.finding(together[0], first=first and not sentences))
    return sentences


def _states(pen: Pen, states: Sequence[Claim]) -> list[str]:
    """Sentences of states: one together where all are sure."""
    if len(states) > 1 and not any(claim.hedged for claim in states):
        return [pen.states(states)]
    return [pen.state(claim) for claim in states]


def _opened(pen: Pen, state: Claim, sentences: list[str]) -> list[str]:
    """The state opening the first sentence ("In drowsiness, ..."), or before it where that cannot be."""
    if not sentences or not _is_lowerable(sentences[0]):
        return [pen.state(state), *sentences]
    opening = pen.pick(w.STATE_OPENINGS).format(np=pen.state_name(state))
    first = sentences[0]
    return [opening + first[0].lower() + first[1:], *sentences[1:]]


def _is_lowerable(sentence: str) -> bool:
    """Whether the first word may lose its capital: no acronym, nothing that refers back or denies."""
    first = sentence.split(maxsplit=1)[0]
    denies = f" {sentence.lower()}".find(" no ") >= 0
    return first.isalpha() and first[1:].islower() and not denies and first not in ("Also", "In", "Neither")
