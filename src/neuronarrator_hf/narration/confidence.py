"""One confidence from two witnesses: the network's probability and the score of the measurement.

Each is calibrated on its own (the network's by `models.calibration`, the measurement's in
`findings.measure`); the two err differently, so their logits are averaged. A claim's `status` is not
touched here: it comes from the measurement alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from ..findings.schema import Claim
from ..findings.vocabulary import FINDING_IDS

LOGIT_LIMIT = 6.0
"""Probabilities closer to 0 or 1 than this logit say nothing more; it bounds one witness's say."""


def combine(network: float | None, measured: float | None) -> float | None:
    """Probability that a finding is present.

    Args:
        network: Probability of the finding head, or None where the model gives none.
        measured: Score of the measurement, 0 to 1, or None where the finding was not assessed.
    """
    logits = [logit(p) for p in (network, measured) if p is not None]
    if not logits:
        return None
    return 1.0 / (1.0 + math.exp(-sum(logits) / len(logits)))


def combined_probabilities(network: Mapping[str, float], measured: Mapping[str, Claim]) -> dict[str, float]:
    """Probability of every finding that a witness speaks of and that could be assessed, to 1e-4."""
    found = {}
    for finding in FINDING_IDS:
        claim = measured.get(finding)
        if claim is not None and claim.polarity == "not_assessed":
            continue
        p = combine(network.get(finding), _presence(claim))
        if p is not None:
            found[finding] = round(p, 4)
    return found


def confidence_of(claim: Claim, probabilities: Mapping[str, float]) -> float | None:
    """Probability that what a claim asserts holds: of the finding, or of its absence."""
    p = probabilities.get(claim.finding)
    if p is None or claim.polarity == "not_assessed":
        return None
    return p if claim.is_present else round(1.0 - p, 4)


def _presence(claim: Claim | None) -> float | None:
    """The measurement's score for presence, which its claim carries whatever the polarity."""
    return None if claim is None else claim.confidence


def logit(p: float) -> float:
    """Log-odds of a probability, within `LOGIT_LIMIT`."""
    if p <= 0.0:
        return -LOGIT_LIMIT
    if p >= 1.0:
        return LOGIT_LIMIT
    return max(-LOGIT_LIMIT, min(LOGIT_LIMIT, math.log(p / (1.0 - p))))
