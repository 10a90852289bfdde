"""The verdict on a recording: normal, abnormal or not assessed, its degree, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .facts import ROUTINE_MINUTES, Facts, length
from .measure.measure import ADULT_YEARS
from .pen import Pen
from .schema import Claim
from .sections import write_section
from .turns import take_turns, times_of_turns
from .vocabulary import ABNORMAL_IDS, VOCABULARY
from .write import write_because

GRADES = ("normal", "uncertain", "mild", "moderate", "severe")
"""Of an impression; None where nothing, or too little, could be judged."""
_ADVERBS = {"mild": "mildly", "moderate": "moderately", "severe": "severely"}
MAX_REASONS = 4
"""Findings named in the impression."""
MIN_ASSESSED_SHARE = 0.5
"""Share of the recording that must have been judged before absence, or normality, is said of it."""

ENOUGH_S = 60.0 * ROUTINE_MINUTES
"""Judged time from which a recording is called normal in words."""
SHORT_S = 300.0
"""A verdict on less than this says how little it rests on."""
MIN_TOLD_CONFIDENCE = 0.25
"""A brief candidate that is less likely than this is left to its segment."""
SLOW_RHYTHM_HZ = 7.75
"""Below it the posterior rhythm is rounded to less than the 8 Hz of a normal adult (IFCN 2017)."""
_ASLEEP = frozenset({"drowsy", "n1_sleep", "n2_sleep", "n3_sleep", "rem_sleep"})
_SEVERE = frozenset({"extreme_low_voltage", "burst_suppression", "electrographic_seizure"})
_MODERATE = frozenset(
    {"generalized_delta_slowing", "discontinuity", "lpd", "gpd", "bipd", "lrda", "grda",
     "extreme_delta_brush",
     "low_voltage", "spike_and_wave", "polyspikes"}
)  # fmt: skip
_TELLING = (
    "electrographic_seizure", "burst_suppression", "extreme_low_voltage", "gpd", "lpd", "bipd",
    "extreme_delta_brush", "lrda", "grda", "spike_and_wave", "polyspikes", "spikes", "discontinuity",
    "low_voltage", "generalized_delta_slowing", "focal_slowing", "generalized_theta_slowing", "asymmetry",
    "posterior_dominant_rhythm",
    "brief_attenuation",
)  # fmt: skip
"""Abnormal findings in the order in which an impression names them."""
_PERIODIC_PARTS = frozenset({"spike_and_wave", "polyspikes", "spikes"})
_CONTAINS: Mapping[str, frozenset[str]] = {
    "gpd": _PERIODIC_PARTS,
    "lpd": _PERIODIC_PARTS,
    "bipd": _PERIODIC_PARTS | {"lpd"},
    "spike_and_wave": frozenset({"polyspikes", "spikes"}),
    "polyspikes": frozenset({"spikes"}),
    "burst_suppression": frozenset(
        {
            "discontinuity",
            "brief_attenuation",
            "low_voltage",
            "generalized_delta_slowing",
            "generalized_theta_slowing",
        }
    ),
    "discontinuity": frozenset({"brief_attenuation"}),
    "generalized_delta_slowing": frozenset({"generalized_theta_slowing"}),
}
"""Findings whose discharges or waves are part of another one are not named again beside it."""


def verdict_of(claims: Sequence[Claim], recorded_s: float, facts: Facts) -> tuple[Claim, str | None]:
    """The summary claim with its grade: None where nothing, or too little, could be judged."""
    abnormal = _abnormal(claims, facts.age_years)
    firm = [c for c in abnormal if not c.hedged]
    where: dict[str, Any] = {"start_s": 0.0, "end_s": recorded_s}
    confidence = max((c.confidence for c in abnormal if c.confidence is not None), default=None)
    evidence = {"findings": [c.finding for c in firm or abnormal]}
    if firm:
        worst = max(GRADES.index(_grade_of(c)) for c in firm)
        claim = Claim("abnormal", confidence=confidence, status="supported", evidence=evidence, **where)
        return claim, GRADES[worst]
    if abnormal:
        claim = Claim(
            "abnormal", hedged=True, confidence=confidence, status="supported", evidence=evidence, **where
        )
        return claim, "uncertain"
    if _normal_can_be_said(claims, facts):
        return Claim("normal", status="supported", **where), "normal"
    return Claim("normal", "not_assessed", status="unassessable", **where), None


def _abnormal(claims: Sequence[Claim], age_years: float | None) -> list[Claim]:
    """What makes a recording abnormal; a slow posterior rhythm does in adults who are awake."""
    present = [c for c in claims if c.is_present]
    asleep = any(c.finding in _ASLEEP for c in present)
    is_child = age_years is not None and age_years < ADULT_YEARS
    return [
        c
        for c in present
        if (c.finding in ABNORMAL_IDS and not is_passing(c))
        or (c.finding == "posterior_dominant_rhythm" and _is_slow(c) and not asleep and not is_child)
    ]


def _is_slow(rhythm: Claim) -> bool:
    return rhythm.frequency_hz is not None and rhythm.frequency_hz[1] < SLOW_RHYTHM_HZ


def _normal_can_be_said(claims: Sequence[Claim], facts: Facts) -> bool:
    """Most windows judged, and none of the findings that a reader must rule out left unassessed."""
    if (
        facts.n_windows == 0
        or facts.n_assessable < MIN_ASSESSED_SHARE * facts.n_windows
        or not facts.is_verified
    ):
        return False
    if facts.age_years is not None and facts.age_years < ADULT_YEARS:
        return False
    needed = {
        "generalized_theta_slowing",
        "generalized_delta_slowing",
        "focal_slowing",
        "low_voltage",
        "spikes",
        "lpd",
        "gpd",
    }
    return all(c.polarity != "not_assessed" for c in claims if c.finding in needed)


def _grade_of(claim: Claim) -> str:
    if claim.finding in _SEVERE:
        return "severe"
    if claim.finding in _MODERATE and claim.prevalence not in ("rare", "occasional"):
        return "moderate"
    return "mild"


def reasons_of(claims: Sequence[Claim], age_years: float | None = None) -> list[Claim]:
    """Abnormal findings, the most telling first, without those that another one contains."""
    abnormal = _abnormal(claims, age_years)
    if not all(c.hedged for c in abnormal):  # a possible seizure is never passed over for what is certain
        abnormal = [c for c in abnormal if not c.hedged or c.finding == "electrographic_seizure"]
    abnormal = [c for c in abnormal if not any(_is_contained(c, whole) for whole in abnormal)]
    return sorted(abnormal, key=lambda c: (_TELLING.index(c.finding), -c.evidence.get("present_s", 0.0)))


def _is_contained(part: Claim, whole: Claim) -> bool:
    """Whether the discharges or waves of a finding are part of another one, and not of another time."""
    return part.finding in _CONTAINS.get(whole.finding, ()) and not take_turns(part, whole)


def impression(verdict: Claim, grade: str | None, reasons: Sequence[Claim], facts: Facts, seed: int) -> str:
    """The verdict in words, its degree, and the findings it rests on: what is certain in one sentence."""
    if grade is None:
        if facts.n_assessable == 0:
            return "Not assessed: the signal could not be judged. This does not mean that the EEG is normal."
        return (
            "Not assessed as a whole: no abnormality was found in what could be judged, which was not enough "
            "to call the EEG normal."
        )
    if grade == "normal" and facts.judged_s < ENOUGH_S:
        return _normal_as_far_as_it_goes(facts)
    named = list(reasons[:MAX_REASONS])
    if grade in _ADVERBS:
        together = [claim for claim in named if Pen.is_nameable(claim)]
        named = [claim for claim in named if not Pen.is_nameable(claim)]
        judgement = f"The recording is {_ADVERBS[grade]} abnormal"
        told = [write_because(judgement, together, times=times_of_turns(reasons), seed=seed)]
    else:
        told = [write_section("impression", [verdict], seed=seed)]
    if grade == "uncertain":
        told.append("No definite abnormality was found; these candidates need review.")
    told += [write_section("impression", [claim], seed=seed) for claim in named]
    if facts.duration_s < SHORT_S:
        told.append(f"This rests on {length(facts.duration_s)} of EEG.")
    return " ".join(told)


def _normal_as_far_as_it_goes(facts: Facts) -> str:
    """What a recording without findings tells that is shorter than a routine EEG."""
    is_whole = facts.n_assessable == facts.n_windows
    where = "this excerpt of" if is_whole else "what could be judged, about"
    return (
        f"No abnormality is seen in {where} {length(facts.judged_s)}. To call an EEG normal takes at least "
        f"{ROUTINE_MINUTES} minutes of technically satisfactory recording (ACNS Guideline 1)."
    )


def is_passing(claim: Claim) -> bool:
    """A candidate that stands in its segments only: of the background, in less than a tenth of the time.

    Of discharges and patterns, one in less than a tenth of the time of which even the surest window is more
    likely wrong than right by far. A possible seizure is never passing.
    """
    group = VOCABULARY[claim.finding].group
    if not claim.hedged or claim.prevalence not in ("rare", "occasional", None):
        return False
    if group in ("epileptiform", "rhythmic_periodic"):
        return claim.confidence is not None and claim.confidence < MIN_TOLD_CONFIDENCE
    return group == "background"
