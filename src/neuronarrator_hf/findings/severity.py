"""The VE-CAM-S severity score of encephalopathy, bounded by what could not be assessed.

VE-CAM-S (Visual EEG Confusion Assessment Method - Severity; Tesh et al. 2022) adds points for features
seen on the EEG; a single 20-point feature alone gives the highest score. Absence of sleep features and
of reactivity need a longer recording and stimulation: they are never judged here, and widen the bounds.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .schema import Claim
from .vocabulary import define

MAX_SCORE = 20
POINTS: dict[str, int] = {
    "generalized_theta_slowing": 1,
    "grda": 1,
    "lrda": 1,
    "generalized_delta_slowing": 2,
    "lpd": 2,
    "low_voltage": 2,
    "gpd": 4,
    "bipd": 4,
    "brief_attenuation": 6,
    "burst_suppression": 20,
    "extreme_delta_brush": 20,
    "extreme_low_voltage": 20,
    "electrographic_seizure": 20,
}
"""Points by finding; moderately low voltage is `low_voltage`, nonconvulsive status a seizure."""
SLEEP_FINDINGS = ("sleep_spindles", "k_complexes", "vertex_waves", "slow_wave_sleep")
ABSENT_SLEEP_POINTS = 1
UNREACTIVE_POINTS = 20


def vecams(claims: Iterable[Claim]) -> dict[str, Any]:
    """Score of a recording or page from its findings.

    A seizure counts only where it is more than a candidate; a candidate raises the upper bound.

    Args:
        claims: Findings present, absent and not assessed; several claims of one finding may stand.

    Returns:
        `name`, `score` (text: one number or a range), `score_low`, `score_high` (all that is not
        assessed present, reactivity preserved), `score_high_unreactive` (the same without reactivity),
        `points` by finding, `not_assessed` and `explanation`; empty if nothing was assessed.
    """
    by_finding: dict[str, list[Claim]] = {}
    for claim in claims:
        by_finding.setdefault(claim.finding, []).append(claim)
    points, possible, judged = {}, {}, 0
    for finding, value in POINTS.items():
        own = by_finding.get(finding, [])
        sure = [c for c in own if c.is_present and not (c.hedged and finding == "electrographic_seizure")]
        judged += any(c.polarity != "not_assessed" for c in own)
        if sure:
            points[finding] = value
        elif any(c.is_present for c in own) or (own and all(c.polarity == "not_assessed" for c in own)):
            possible[finding] = value
    if not judged and not points and not _says_normal(by_finding):
        return {}
    has_sleep = any(c.is_present for f in SLEEP_FINDINGS for c in by_finding.get(f, []))
    low = _total(points.values())
    high = _total([*points.values(), *possible.values(), 0 if has_sleep else ABSENT_SLEEP_POINTS])
    missing = [f"{define(f).name} (unclear)" for f in possible]
    missing += [] if has_sleep else ["absence of sleep features"]
    missing.append("reactivity")
    return {
        "name": "VE-CAM-S",
        "score": str(low) if low == high else f"{low}-{high}",
        "score_low": low,
        "score_high": high,
        "score_high_unreactive": _total([high, UNREACTIVE_POINTS]),
        "points": points,
        "not_assessed": missing,
        "explanation": _explain(points, missing),
    }


def _says_normal(by_finding: dict[str, list[Claim]]) -> bool:
    return any(c.is_present for c in by_finding.get("normal", []))


def _total(points: Iterable[int]) -> int:
    """The sum, or the highest score as soon as a single feature gives it."""
    return min(sum(points), MAX_SCORE)


def _explain(points: dict[str, int], missing: list[str]) -> str:
    seen = ", ".join(f"{define(f).name} {p}" for f, p in points.items()) or "no feature of the score seen"
    return (
        f"{seen}; not assessed: {', '.join(missing)} (an unreactive EEG would score {MAX_SCORE}). "
        "The score was made for adult inpatients and says nothing of a cause."
    )
