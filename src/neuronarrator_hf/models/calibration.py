"""Calibration of the finding heads: slope and offset per group of findings, kept in the configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..findings.vocabulary import FINDING_IDS, VOCABULARY


def calibrated_presence(logits: np.ndarray, calibration: Mapping[str, Sequence[float]] | None) -> np.ndarray:
    """Probabilities of presence logits.

    Args:
        logits: `(..., n_findings)` in the order of the vocabulary.
        calibration: Group of findings to (slope, offset) of its logits; (1, 0) for a group not listed.
    """
    pairs = [(calibration or {}).get(VOCABULARY[finding].group, (1.0, 0.0)) for finding in FINDING_IDS]
    slope, offset = np.array(pairs, float).T
    return 1 / (1 + np.exp(-(slope * np.asarray(logits, float) + offset)))


__all__ = ["calibrated_presence"]
