"""Calibration of the finding heads: slope and offset per group, fitted on held-out recordings."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from ..findings.vocabulary import FINDING_IDS, VOCABULARY

_PRIOR_STRENGTH = 2.0
"""Pseudo-windows that hold slope and offset at (1, 0): little data moves little."""


def fit_groups(
    logits: np.ndarray, truth: np.ndarray, known: np.ndarray | None = None, weights: np.ndarray | None = None
) -> dict[str, tuple[float, float]]:
    """Slope and offset of the logits of each group, by penalised maximum likelihood.

    Args:
        logits: `(n, n_findings)` of presence, in the order of the vocabulary.
        truth: `(n, n_findings)` bool.
        known: `(n, n_findings)` bool, labels that are known; all if None.
        weights: `(n,)` weights of the windows; 1 if None.
    """
    known = np.ones(truth.shape, bool) if known is None else known
    weights = np.ones(len(logits)) if weights is None else weights
    fitted = {}
    for group in dict.fromkeys(d.group for d in VOCABULARY.values()):
        columns = [i for i, finding in enumerate(FINDING_IDS) if VOCABULARY[finding].group == group]
        rows = known[:, columns]
        x, y = logits[:, columns][rows], truth[:, columns][rows].astype(float)
        w = np.broadcast_to(weights[:, None], rows.shape)[rows]
        if len(x) and y.any():
            fitted[group] = _fit(x, y, w)
    return fitted


def _fit(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> tuple[float, float]:
    x = np.clip(x, -12, 12)

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        log_slope, offset = parameters
        z = np.exp(log_slope) * x + offset
        error = w * (1 / (1 + np.exp(-z)) - y)
        value = np.sum(w * (np.logaddexp(0, z) - y * z)) + _PRIOR_STRENGTH * (parameters @ parameters)
        gradient = (
            np.array([np.sum(error * np.exp(log_slope) * x), np.sum(error)])
            + 2 * _PRIOR_STRENGTH * parameters
        )
        return float(value), gradient

    log_slope, offset = minimize(loss, np.zeros(2), jac=True, method="L-BFGS-B").x
    return float(np.exp(log_slope)), float(offset)


def store_calibration(
    folder: Path, calibration: dict[str, tuple[float, float]], prior: dict[str, float]
) -> None:
    """Write the calibration, and how often the training had each finding, into a saved configuration."""
    path = folder / "config.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    values["presence_calibration"] = {g: [round(s, 4), round(o, 4)] for g, (s, o) in calibration.items()}
    values["presence_prior"] = {finding: round(share, 4) for finding, share in prior.items()}
    path.write_text(json.dumps(values, indent=2, sort_keys=True) + "\n", encoding="utf-8")
