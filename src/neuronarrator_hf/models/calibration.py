"""Calibration of the finding heads, kept in the configuration.

Slope and offset per group of findings make the logits agree with the frequencies of the recordings they
were fitted on. How often a finding occurs elsewhere, in critical care or in an outpatient clinic, nobody
knows here. So half of the log-odds of its frequency in the training is taken off again: the probability is
that of a population half-way, in log-odds, between the training and one in which every finding is as likely
as not. docs/decisions.md has the figures behind the half.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..findings.vocabulary import FINDING_IDS, VOCABULARY

PRIOR_TAKEN_OFF = 0.5
"""Share of the log-odds of a finding's frequency in the training that its probability is freed of."""
_PRIOR_LIMIT = 0.005
"""Findings rarer than this, or as nearly always there, count as of this frequency."""


def calibrated_presence(
    logits: np.ndarray,
    calibration: Mapping[str, Sequence[float]] | None,
    prior: Mapping[str, float] | None = None,
) -> np.ndarray:
    """Probabilities of presence logits.

    Args:
        logits: `(..., n_findings)` in the order of the vocabulary.
        calibration: Group of findings to (slope, offset) of its logits; (1, 0) for a group not listed.
        prior: Finding to the share of the training windows that have it; one that is not listed keeps its
            log-odds.
    """
    pairs = [(calibration or {}).get(VOCABULARY[finding].group, (1.0, 0.0)) for finding in FINDING_IDS]
    slope, offset = np.array(pairs, float).T
    share = np.clip([(prior or {}).get(f, 0.5) for f in FINDING_IDS], _PRIOR_LIMIT, 1 - _PRIOR_LIMIT)
    offset = offset - PRIOR_TAKEN_OFF * np.log(share / (1 - share))
    return 1 / (1 + np.exp(-(slope * np.asarray(logits, float) + offset)))


__all__ = ["calibrated_presence"]
