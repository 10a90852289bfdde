"""One claim against the measurement of its window.

A measurement scores each finding from 0 to 1; 0.5 is its decision. Between `UNCERTAIN` it does not
know: there it contradicts nothing. The rules, with p the score:

=============  ==============  ===================  ===================  ===============
claim          p < 0.35        0.35 <= p < 0.5      0.5 <= p <= 0.65     p > 0.65
=============  ==============  ===================  ===================  ===============
present        contradicted    unassessable         attributes decide    attributes decide
hedged         contradicted    supported            attributes decide    attributes decide
absent         supported       supported            unassessable         contradicted
not assessed   contradicted    unassessable         unassessable         contradicted
=============  ==============  ===================  ===================  ===============

Not measured: a claim that says so is supported, any other is unassessable. Attributes: a mismatch
contradicts; a number, place or change that was not measured makes the claim unassessable; a
prevalence that was not measured does not, one window cannot show it. A claim may match any of the
places at which the finding was measured. The unhedged assertion of what was measured as a candidate
only is contradicted. A hedged claim of `PROPOSED_IDS` is contradicted below `PROPOSED_FROM` only and
unassessable from there to 0.35: what must not be missed may be doubtful for longer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .schema import Claim
from .vocabulary import PREVALENCES

if TYPE_CHECKING:
    from .measure.result import WindowMeasurement

UNCERTAIN = (0.35, 0.65)
"""Scores between which a measurement contradicts nothing."""
PROPOSED_IDS = frozenset({"electrographic_seizure"})
"""Urgent findings that may be told as possible though the measurement has not found them."""
PROPOSED_FROM = 0.1
"""Score from which they are not clearly absent."""
PROPOSAL = "proposed_with_probability"
"""Key of the evidence of such a claim: what speaks for it beside the measurement."""
RHYTHM_TOLERANCE_HZ = 0.5
"""How far the posterior rhythm in words may lie from the measured one."""
FREQUENCY_TOLERANCE = 0.2
"""The same, relative, for other findings (not below `RHYTHM_TOLERANCE_HZ`)."""
AMPLITUDE_TOLERANCE = 0.3
"""Relative tolerance of amplitudes."""
AMPLITUDE_CLASSES_UV = (20.0, 70.0)
"""SCORE 2: low below the first, high above the second."""
SINCE_TOLERANCE_S = 5.0
"""How far the interval of a change may lie from the one to the earlier measurement."""
CHANGE_STEP_HZ = 0.25
"""Smallest difference that supports "faster" or "slower"."""

_HALVES = {"left": {"L"}, "right": {"R"}, "bilateral": {"L", "R", "M"}, "midline": {"M"}}
_EXACT_SIDE_IDS = frozenset({"asymmetry", "posterior_dominant_rhythm"})
_OF_CHANNELS = frozenset({"flat_channel"})
"""Facts of single electrodes, not fields over the head: no place may be claimed that has none of them."""


def score_of(claim: Claim) -> float:
    """The probability that the finding is present, according to a measured claim."""
    if claim.confidence is not None:
        return claim.confidence
    return 1.0 if claim.is_present else 0.0


def is_uncertain(claim: Claim) -> bool:
    """Whether a measured claim is too near its decision to contradict."""
    return UNCERTAIN[0] <= score_of(claim) <= UNCERTAIN[1]


def may_be_proposed(measured: Claim) -> bool:
    """Whether a measured claim leaves an urgent finding open: not found, and not clearly absent."""
    return measured.finding in PROPOSED_IDS and (
        measured.polarity != "not_assessed" and PROPOSED_FROM <= score_of(measured) < 0.5
    )


def is_proposed(claim: Claim) -> bool:
    """Whether a claim was put into a text by `repair` though the measurement has not found it."""
    return PROPOSAL in claim.evidence


def judge(claim: Claim, measurement: WindowMeasurement, previous: WindowMeasurement | None = None) -> Claim:
    """The claim with `status` and `evidence`, from the measurement alone."""
    measured = measurement.claims.get(claim.finding)
    if measured is None or measured.polarity == "not_assessed":
        status = "supported" if claim.polarity == "not_assessed" else "unassessable"
        reason = {"reason": "not measured"} if measured is None else dict(measured.evidence)
        return claim.with_(status=status, evidence=reason)
    score = score_of(measured)
    evidence = {**measured.evidence, "score": round(score, 4), "measured_polarity": measured.polarity}
    status = _polarity_status(claim, score)
    if status == "attributes":
        status, notes = _attribute_status(claim, measurement, previous)
        evidence |= notes
    elif claim.change is not None and claim.change.direction == "gone" and status == "supported":
        status, evidence["change"] = _change_status(claim, measured, measurement, previous)
    return claim.with_(status=status, evidence=evidence)


def places_of(finding: str, measurement: WindowMeasurement) -> tuple[Claim, ...]:
    """The measured claim of a finding and those of its further places."""
    return (measurement.claims[finding], *measurement.alternatives.get(finding, ()))


def _polarity_status(claim: Claim, score: float) -> str:
    low, high = UNCERTAIN
    if claim.polarity == "not_assessed":
        return "unassessable" if low <= score <= high else "contradicted"
    if claim.polarity == "absent":
        return "supported" if score < 0.5 else "unassessable" if score <= high else "contradicted"
    if score < low:
        is_open = claim.hedged and claim.finding in PROPOSED_IDS and score >= PROPOSED_FROM
        return "unassessable" if is_open else "contradicted"
    if score < 0.5:
        return "supported" if claim.hedged else "unassessable"
    return "attributes"


def _attribute_status(
    claim: Claim, measurement: WindowMeasurement, previous: WindowMeasurement | None
) -> tuple[str, dict]:
    """The verdict on the place that fits best."""
    best: tuple[int, str, dict] | None = None
    for place in places_of(claim.finding, measurement):
        verdicts = dict(_compare(claim, place))
        if claim.change is not None:
            verdicts["change"], note = _change_status(claim, place, measurement, previous)
        contradicted = [name for name, verdict in verdicts.items() if verdict == "contradicted"]
        unmeasured = [name for name, verdict in verdicts.items() if verdict == "unassessable"]
        status = "contradicted" if contradicted else "supported"
        if status == "supported" and set(unmeasured) - {"prevalence"}:
            status = "unassessable"
        notes: dict = {}
        if contradicted:
            notes["contradicted"] = contradicted
        if unmeasured:
            notes["not_measured"] = unmeasured
        if claim.change is not None:
            notes["change"] = note
        rank = 2 * len(contradicted) + len(unmeasured)
        if best is None or rank < best[0]:
            best = (rank, status, notes)
    assert best is not None
    return best[1], best[2]


def _compare(claim: Claim, measured: Claim) -> Iterator[tuple[str, str]]:
    """Name and verdict of each attribute that the claim asserts."""
    if measured.hedged and not claim.hedged:
        yield "hedged", "contradicted"
    if claim.side is not None:
        yield "side", _verdict(measured.side is None, _sides_agree(claim, measured))
    if claim.regions:
        yield "regions", _verdict(not measured.regions, _regions_agree(claim, measured))
    if claim.frequency_hz is not None:
        within = measured.frequency_hz is not None and frequencies_agree(
            claim.finding, claim.frequency_hz, measured.frequency_hz
        )
        yield "frequency_hz", _verdict(measured.frequency_hz is None, within)
    if claim.amplitude_uv is not None:
        within = measured.amplitude_uv is not None and amplitudes_agree(
            claim.amplitude_uv, measured.amplitude_uv
        )
        yield "amplitude_uv", _verdict(measured.amplitude_uv is None, within)
    if claim.prevalence is not None:
        near = measured.prevalence is not None and (
            abs(PREVALENCES.index(claim.prevalence) - PREVALENCES.index(measured.prevalence)) <= 1
        )
        yield "prevalence", _verdict(measured.prevalence is None, near)


def _verdict(is_unmeasured: bool, agrees: bool) -> str:
    return "unassessable" if is_unmeasured else "supported" if agrees else "contradicted"


def _sides_agree(claim: Claim, measured: Claim) -> bool:
    if claim.side is None or measured.side is None or claim.side == measured.side:
        return True
    if claim.finding in _OF_CHANNELS:
        return _HALVES[claim.side] <= _HALVES[measured.side]
    return claim.finding not in _EXACT_SIDE_IDS and bool(_HALVES[claim.side] & _HALVES[measured.side])


def _regions_agree(claim: Claim, measured: Claim) -> bool:
    if "generalized" in measured.regions:
        return True
    if claim.finding in _OF_CHANNELS:
        return set(claim.regions) <= set(measured.regions)
    if "generalized" in claim.regions:
        return len(measured.regions) >= 4
    return bool(set(claim.regions) & set(measured.regions))


def frequencies_agree(finding: str, claimed: tuple[float, float], measured: tuple[float, float]) -> bool:
    """Whether two ranges meet within the tolerance, the claimed one not much wider than the measured."""
    tolerance = RHYTHM_TOLERANCE_HZ
    if finding != "posterior_dominant_rhythm":
        tolerance = max(tolerance, FREQUENCY_TOLERANCE * sum(measured) / 2)
    meets = claimed[0] <= measured[1] + tolerance and claimed[1] >= measured[0] - tolerance
    return meets and claimed[1] - claimed[0] <= measured[1] - measured[0] + 2 * tolerance


def amplitudes_agree(claimed: tuple[float, float], measured: tuple[float, float]) -> bool:
    """Whether two amplitudes lie within the tolerance or in one class."""
    first, second = sum(claimed) / 2, sum(measured) / 2
    if abs(first - second) <= AMPLITUDE_TOLERANCE * second:
        return True
    return _amplitude_class(first) == _amplitude_class(second)


def _amplitude_class(value_uv: float) -> int:
    return sum(value_uv >= bound for bound in AMPLITUDE_CLASSES_UV)


def _change_status(
    claim: Claim, now: Claim, measurement: WindowMeasurement, previous: WindowMeasurement | None
) -> tuple[str, str]:
    """Verdict on a change, with its reason: only an earlier measurement can tell."""
    assert claim.change is not None
    if previous is None:
        return "unassessable", "no earlier measurement"
    since_s = measurement.start_s - previous.start_s
    if claim.change.since_s is not None and abs(claim.change.since_s - since_s) > SINCE_TOLERANCE_S:
        return "unassessable", f"the earlier measurement is {since_s:g} s back"
    before = previous.claims.get(claim.finding)
    if before is None or before.polarity == "not_assessed":
        return "unassessable", "not assessed before"
    was = before.is_present
    direction = claim.change.direction
    if direction in ("new", "gone"):
        if is_uncertain(before):
            return "unassessable", "uncertain before"
        right = (not was) if direction == "new" else was
        return ("supported" if right else "contradicted"), f"{before.polarity} before"
    if not was:
        return ("unassessable" if is_uncertain(before) else "contradicted"), "absent before"
    if direction in ("faster", "slower"):
        if now.frequency_hz is None or before.frequency_hz is None:
            return "unassessable", "no frequency to compare"
        step = (sum(now.frequency_hz) - sum(before.frequency_hz)) / 2
        right = step >= CHANGE_STEP_HZ if direction == "faster" else step <= -CHANGE_STEP_HZ
        return ("supported" if right else "contradicted"), f"{step:+.2f} Hz"
    if direction == "spread":
        if not (now.regions or now.side) or not (before.regions or before.side):
            return "unassessable", "no place to compare"
        wider = set(now.regions) > set(before.regions) or (now.side, before.side) == ("bilateral", "left")
        wider = wider or (now.side, before.side) == ("bilateral", "right")
        return ("supported" if wider else "contradicted"), f"before: {before.side} {' '.join(before.regions)}"
    return _amount_status(direction, now, before)


def _amount_status(direction: str, now: Claim, before: Claim) -> tuple[str, str]:
    if now.prevalence and before.prevalence and now.prevalence != before.prevalence:
        step = float(PREVALENCES.index(now.prevalence) - PREVALENCES.index(before.prevalence))
    elif now.amplitude_uv and before.amplitude_uv:
        step = sum(now.amplitude_uv) - sum(before.amplitude_uv)
    else:
        return "unassessable", "no amount to compare"
    right = step > 0 if direction == "increased" else step < 0
    return (
        "supported" if right else "contradicted"
    ), "more than before" if step > 0 else "not more than before"
