"""Round a claim as clinicians do, and drop what the vocabulary does not word."""

from __future__ import annotations

import math

from .schema import Change, Claim
from .vocabulary import define, ids_of

LATERALIZED_IDS = frozenset({"focal_slowing", "lpd", "lrda", "electrode_artifact", "flat_channel"})
"""Findings that are confined to a place by definition: never worded as generalized."""
ONE_SIDED_IDS = frozenset({"asymmetry", "posterior_dominant_rhythm"})
"""Findings whose side says which side differs: only left or right is worded."""
SLOW_PATTERN_STEP_HZ = 0.25
"""Step of periodic and rhythmic patterns below 1 Hz."""
SEGMENT_S = 10.0
"""What "the preceding segment" means."""
HEMISPHERIC_REGIONS = 4
"""From so many regions on, the whole hemisphere (or head) is named instead."""

_SLOW_PATTERN_IDS = frozenset(ids_of("rhythmic_periodic"))


def quantise(claim: Claim) -> Claim:
    """The claim as prose can carry it; idempotent.

    Frequencies are rounded to the step of the finding (0.5 Hz; 1 Hz for beta activity and the mains;
    0.25 Hz below 1 Hz for periodic and rhythmic patterns), amplitudes to 5 uV below 50, 10 below 200
    and 50 above. Times, confidence, evidence and status are dropped, and so are attributes that the
    vocabulary does not word. A claim of absence keeps nothing but that the finding was there before
    (`change` "gone"); one not assessed keeps nothing.
    """
    attributes = define(claim.finding).attributes
    change = _quantised_change(claim) if "change" in attributes else None
    if claim.polarity != "present":
        return Claim(claim.finding, claim.polarity, change=change)
    side, regions = _place(claim)
    return Claim(
        finding=claim.finding,
        hedged=claim.hedged,
        side=side if "side" in attributes else None,
        regions=regions if "regions" in attributes else (),
        frequency_hz=_frequency(claim) if "frequency_hz" in attributes else None,
        amplitude_uv=_amplitude(claim) if "amplitude_uv" in attributes else None,
        prevalence=claim.prevalence if "prevalence" in attributes else None,
        change=change,
    )


def round_amplitude_uv(value_uv: float) -> float:
    """An amplitude to 5 uV below 50, to 10 below 200, to 50 above."""
    step = 5.0 if value_uv < 50 else 10.0 if value_uv < 200 else 50.0
    return max(_round(value_uv, step), 5.0)


def round_frequency_hz(value_hz: float, finding: str) -> float:
    """A frequency to the step of the finding."""
    step = define(finding).frequency_step_hz
    if value_hz < 1 and finding in _SLOW_PATTERN_IDS:
        step = SLOW_PATTERN_STEP_HZ
    return max(_round(value_hz, step), step)


def round_since_s(since_s: float) -> float:
    """An interval to 10 s below a minute, to minutes below an hour, to hours above."""
    step = 10.0 if since_s < 55 else 60.0 if since_s < 3570 else 3600.0
    return max(_round(since_s, step), step)


def _round(value: float, step: float) -> float:
    return math.floor(value / step + 0.5) * step


def _frequency(claim: Claim) -> tuple[float, float] | None:
    if claim.frequency_hz is None:
        return None
    low, high = (round_frequency_hz(v, claim.finding) for v in claim.frequency_hz)
    return low, high


def _amplitude(claim: Claim) -> tuple[float, float] | None:
    if claim.amplitude_uv is None:
        return None
    low, high = (round_amplitude_uv(v) for v in claim.amplitude_uv)
    return low, high


def _quantised_change(claim: Claim) -> Change | None:
    change = claim.change
    gone = claim.polarity == "absent"
    if change is None or claim.polarity == "not_assessed" or (change.direction == "gone") != gone:
        return None
    return Change(change.direction, None if change.since_s is None else round_since_s(change.since_s))


def _place(claim: Claim) -> tuple[str | None, tuple[str, ...]]:
    """Side and regions without contradiction: "left generalized" and "midline temporal" do not exist."""
    attributes = define(claim.finding).attributes
    side, regions = claim.side, claim.regions
    if "side" not in attributes or (claim.finding in ONE_SIDED_IDS and side not in ("left", "right")):
        side = None
    if "regions" not in attributes:
        return side, ()
    local = tuple(region for region in regions if region != "generalized")
    everywhere = len(local) < len(regions) or len(local) >= HEMISPHERIC_REGIONS
    if everywhere and (side in ("left", "right") or claim.finding in LATERALIZED_IDS):
        regions = local if len(local) < HEMISPHERIC_REGIONS else ()
    elif everywhere:
        return None, ("generalized",)
    if side == "midline" and "temporal" in regions:
        side = "bilateral"
    return side, regions
