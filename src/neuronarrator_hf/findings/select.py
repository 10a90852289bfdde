"""Which claims of a segment its paragraph words.

The rule, so that a paragraph says what a clinician would say and no list of everything that is not
there:

* Every present finding is worded, except a posterior or mu rhythm in N2, N3 or REM sleep, and
  `normal` beside `abnormal`.
* Absences are worded where a clinician states them: epileptiform discharges, rhythmic and periodic
  patterns, and slowing each as a family (its members only together), electrographic seizures,
  asymmetry and focal slowing, the posterior rhythm if the eyes are closed, spindles in N2 sleep.
  A finding that has gone since an earlier stretch is always worded.
  Beside slowing of one side nobody calls the background symmetric, nor denies focal slowing beside
  lateralized rhythmic delta.
* What was not assessed is worded for the same families, for sleep waves, and for the overall
  judgement where there is none. It is never worded as absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .families import GROUPS
from .schema import Claim
from .vocabulary import FINDING_IDS

_SLEEP_BEYOND_N1 = ("n2_sleep", "n3_sleep", "rem_sleep")
_WAKING_RHYTHMS = ("posterior_dominant_rhythm", "mu_rhythm")
_DENIED_FAMILIES = (GROUPS["EPI"], GROUPS["RPP"])
_DENIED = ("electrographic_seizure", "asymmetry", "focal_slowing")
_LATERAL_SLOW = ("focal_slowing", "lrda")
_UNASSESSED_FAMILIES = (GROUPS["EPI"], GROUPS["RPP"], GROUPS["SLEEPWAVES"])
_UNASSESSED = ("posterior_dominant_rhythm", "electrographic_seizure", "asymmetry", "focal_slowing")


def select_for_text(claims: Mapping[str, Claim] | Iterable[Claim]) -> list[Claim]:
    """The claims of a segment that its paragraph words, in the order given."""
    claims = list(claims.values()) if isinstance(claims, Mapping) else list(claims)
    present = {claim.finding for claim in claims if claim.is_present}
    absent = {claim.finding for claim in claims if claim.polarity == "absent" and claim.change is None}
    unassessed = {claim.finding for claim in claims if claim.polarity == "not_assessed"}
    denied = _named(absent, _DENIED_FAMILIES, _DENIED)
    if any(c.is_present and c.finding in _LATERAL_SLOW and c.side in ("left", "right") for c in claims):
        denied -= {"asymmetry", "focal_slowing"}
    if "eyes_closed" in present:
        denied |= absent & {"posterior_dominant_rhythm"}
    if "n2_sleep" in present:
        denied |= absent & {"sleep_spindles"}
    unworded = _named(unassessed, _UNASSESSED_FAMILIES, _UNASSESSED)
    if not present & {"normal", "abnormal"}:
        unworded |= unassessed & {"normal"}
    asleep = bool(present.intersection(_SLEEP_BEYOND_N1))
    selected = []
    for claim in claims:
        if claim.is_present:
            kept = not (asleep and claim.finding in _WAKING_RHYTHMS)
            kept = kept and not (claim.finding == "normal" and "abnormal" in present)
        elif claim.polarity == "absent":
            kept = claim.change is not None or claim.finding in denied
        else:
            kept = claim.finding in unworded
        if kept:
            selected.append(claim)
    return selected


def with_absences(claims: Iterable[Claim]) -> list[Claim]:
    """Claims with every finding they do not speak of as absent.

    For a truth that lists only what is there, and where silence does mean absence: a simulation.
    """
    claims = list(claims)
    spoken = {claim.finding for claim in claims}
    return claims + [Claim(finding, "absent") for finding in FINDING_IDS if finding not in spoken]


def _named(ids: set[str], families: tuple[tuple[str, ...], ...], single: tuple[str, ...]) -> set[str]:
    named = ids.intersection(single)
    for family in families:
        if ids.issuperset(family):
            named.update(family)
    return named
