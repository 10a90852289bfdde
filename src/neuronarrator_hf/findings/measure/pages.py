"""Several windows of one page or clip pooled into one measurement."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..schema import Claim
from ..vocabulary import FINDING_IDS
from .calibration import confidence_of
from .result import MARGIN_LIMIT, WindowMeasurement, not_assessed

MAX_POOLED = frozenset(
    {
        "spikes", "spike_and_wave", "polyspikes", "sleep_spindles", "k_complexes", "vertex_waves",
        "electrographic_seizure", "eye_blinks", "brief_attenuation", "lpd", "gpd", "bipd", "abnormal",
    }
)  # fmt: skip
"""Findings that one stretch of a page is enough for; the others have to hold on average."""


def pool_measurements(measurements: Sequence[WindowMeasurement]) -> WindowMeasurement:
    """One measurement of a page: the highest or the mean margin of its windows, by finding.

    Raises:
        ValueError: No measurement was given.
    """
    if not measurements:
        raise ValueError("pool_measurements needs at least one window")
    start_s, end_s = measurements[0].start_s, measurements[-1].end_s
    claims = {f: _pool(f, [m.claims[f] for m in measurements], start_s, end_s) for f in FINDING_IDS}
    names = {name for m in measurements for name in m.values}
    values = {n: float(np.mean([m.values[n] for m in measurements if n in m.values])) for n in sorted(names)}
    alternatives = {f: a for m in measurements for f, a in m.alternatives.items()}
    return WindowMeasurement(start_s, end_s, claims, values, alternatives)


def _pool(finding: str, claims: list[Claim], start_s: float, end_s: float) -> Claim:
    assessed = [c for c in claims if c.polarity != "not_assessed"]
    if not assessed:
        return not_assessed(finding, claims[0].evidence.get("reason", "not assessed"), start_s, end_s)
    margins = np.clip([c.evidence["margin"] for c in assessed], -MARGIN_LIMIT, MARGIN_LIMIT)
    margin = float(0.5 * (margins.max() + margins.mean()) if finding in MAX_POOLED else margins.mean())
    strongest = assessed[int(np.argmax(margins))]
    confidence = confidence_of(finding, margin)
    polarity = "present" if confidence >= 0.5 else "absent"
    evidence = {**strongest.evidence, "margin": round(margin, 3), "n_windows": len(assessed)}
    if polarity == "absent" or not strongest.is_present:
        strongest = Claim(finding, polarity)
    return strongest.with_(
        polarity=polarity, confidence=confidence, start_s=start_s, end_s=end_s, evidence=evidence
    )
