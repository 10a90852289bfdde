"""Selective prediction: what is gained by answering only where one is sure, abstentions counted."""

from __future__ import annotations

from typing import Any

import numpy as np

from .classification import calibration_error

COVERAGES = (0.5, 0.7, 0.8, 0.9, 1.0)


def risk_coverage(confidence: np.ndarray, right: np.ndarray, *, n_total: int | None = None) -> dict[str, Any]:
    """The risk among the most confident answers at each coverage, and what it sums to.

    Answers of equal confidence are taken together, in proportion. Coverage counts all cases, those that
    were abstained from among them: silence shows as coverage that is not reached.

    Args:
        confidence: `(n,)` of the answers given.
        right: `(n,)` bool.
        n_total: Cases in all, answered or not; `n` if None.

    Returns:
        `curve` (`coverage`, `risk`), `area` under it (lower is better; mean risk up to the coverage reached),
        `best_area` (of the same answers perfectly ranked), `excess_area` (their difference),
        `risk_at` of given coverages (None beyond what was answered), `answered` (share).
    """
    confidence, right = np.asarray(confidence, float), np.asarray(right, bool)
    if confidence.shape != right.shape or confidence.ndim != 1:
        raise ValueError(f"confidence {confidence.shape} and right {right.shape} must both be (n,)")
    total = len(right) if n_total is None else n_total
    if total < len(right) or total < 1:
        raise ValueError(f"n_total={n_total} is less than the {len(right)} answers given")
    answered = len(right) / total
    if not len(right):
        return {"curve": {"coverage": [], "risk": []}, "area": None, "best_area": None, "excess_area": None,
                "risk_at": {f"{c:g}": None for c in COVERAGES}, "answered": 0.0}  # fmt: skip
    risk = _risks(confidence, ~right)
    best = _risks(right.astype(float), ~right)
    coverage = np.arange(1, len(right) + 1) / total
    at = {
        f"{c:g}": float(risk[max(int(np.ceil(c * total - 1e-9)), 1) - 1]) if c <= answered + 1e-9 else None
        for c in COVERAGES
    }
    keep = np.unique(np.linspace(0, len(right) - 1, min(len(right), 101)).astype(int))
    return {
        "curve": {"coverage": coverage[keep].tolist(), "risk": risk[keep].tolist()},
        "area": float(risk.mean()),
        "best_area": float(best.mean()),
        "excess_area": float(risk.mean() - best.mean()),
        "risk_at": at,
        "answered": answered,
    }


def selective_scores(probabilities: np.ndarray, truth: np.ndarray) -> dict[str, Any]:
    """Risk-coverage and calibration of chosen classes.

    Args:
        probabilities: `(n, n_classes)`; rows of NaN are abstentions.
        truth: `(n,)` index of the true class.
    """
    answered = ~np.isnan(probabilities).any(1)
    p, t = probabilities[answered], np.asarray(truth)[answered]
    right, confidence = (p.argmax(1) == t, p.max(1)) if len(p) else (np.zeros(0, bool), np.zeros(0))
    scores = risk_coverage(confidence, right, n_total=len(truth))
    scores["calibration_error"] = calibration_error(confidence, right) if len(p) else None
    scores["abstained"] = int((~answered).sum())
    return scores


def _risks(confidence: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """Risk among the k most confident, for every k; ties share their errors evenly."""
    order = np.argsort(-confidence, kind="stable")
    _, inverse, counts = np.unique(-confidence[order], return_inverse=True, return_counts=True)
    errors = np.bincount(inverse, weights=wrong[order].astype(float)) / counts
    return np.cumsum(errors[inverse]) / np.arange(1, len(wrong) + 1)
