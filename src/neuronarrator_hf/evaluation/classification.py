"""Scores of probabilities against labels: AUROC, F1, calibration error, agreement with votes. Pure numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import rankdata


def auroc(scores: np.ndarray, truth: np.ndarray) -> float | None:
    """Probability that a positive is ranked above a negative; None without both."""
    truth = np.asarray(truth, bool)
    n_positive, n_negative = int(truth.sum()), int((~truth).sum())
    if not n_positive or not n_negative:
        return None
    ranks = rankdata(scores)
    return float((ranks[truth].sum() - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


def average_precision(scores: np.ndarray, truth: np.ndarray) -> float | None:
    """Area under precision over recall in steps, ties taken together; None without a positive."""
    truth = np.asarray(truth, bool)
    if not truth.any():
        return None
    order = np.argsort(-np.asarray(scores), kind="stable")
    ranked, right = np.asarray(scores)[order], truth[order]
    last_of_tie = np.flatnonzero(np.append(np.diff(ranked) != 0, True))
    found = np.cumsum(right)[last_of_tie]
    gained = np.diff(found, prepend=0)
    return float((gained * found / (last_of_tie + 1)).sum() / truth.sum())


def f1_score(predicted: np.ndarray, truth: np.ndarray) -> float:
    """F1 of two boolean arrays; 0 where nothing is right."""
    right = float(np.sum(predicted & truth))
    return 2 * right / max(float(np.sum(predicted) + np.sum(truth)), 1.0)


def macro_scores(
    probabilities: np.ndarray,
    truth: np.ndarray,
    names: tuple[str, ...],
    *,
    known: np.ndarray | None = None,
    threshold: float = 0.5,
    min_positives: int = 2,
) -> dict:
    """F1 and AUROC per label and their means over the labels with enough positives.

    Args:
        probabilities: `(n, n_labels)`.
        truth: `(n, n_labels)` bool.
        names: Of the labels.
        known: `(n, n_labels)` bool, labels that are known; all if None.
        threshold: From which a label counts as given.
        min_positives: Labels with fewer positives are listed, not averaged.
    """
    known = np.ones(truth.shape, bool) if known is None else known
    per_label: dict[str, dict[str, Any]] = {}
    for i, name in enumerate(names):
        rows = known[:, i]
        positives = int(truth[rows, i].sum())
        if not positives:
            continue
        p, t = probabilities[rows, i], truth[rows, i].astype(bool)
        per_label[name] = {
            "f1": f1_score(p >= threshold, t),
            "auroc": auroc(p, t),
            "positives": positives,
            "n": int(rows.sum()),
            "calibration_error": calibration_error(p, t),
        }
    counted = [v for v in per_label.values() if v["positives"] >= min_positives]
    aurocs = [v["auroc"] for v in counted if v["auroc"] is not None]
    return {
        "macro_f1": float(np.mean([v["f1"] for v in counted])) if counted else None,
        "macro_auroc": float(np.mean(aurocs)) if aurocs else None,
        "n_labels": len(counted),
        "per_finding": per_label,
    }


def pool_logits(probabilities: np.ndarray, *, limit: float = 1e-3) -> np.ndarray:
    """Mean logit over the rows of `(n, n_labels)` as a probability, without NaN; NaN where all are."""
    p = np.clip(probabilities, limit, 1 - limit)
    logits = np.log(p / (1 - p))
    seen = ~np.isnan(logits)
    mean = np.where(seen, logits, 0).sum(0) / np.maximum(seen.sum(0), 1)
    return np.where(seen.any(0), 1 / (1 + np.exp(-mean)), np.nan)


def calibration_error(probabilities: np.ndarray, truth: np.ndarray, n_bins: int = 10) -> float:
    """Expected calibration error over equally wide bins."""
    bins = np.minimum((np.asarray(probabilities) * n_bins).astype(int), n_bins - 1)
    error = 0.0
    for b in np.unique(bins):
        rows = bins == b
        error += rows.mean() * abs(float(np.mean(probabilities[rows]) - np.mean(truth[rows])))
    return float(error)


def vote_scores(class_probabilities: np.ndarray, votes: np.ndarray) -> dict[str, float]:
    """Agreement with the votes of experts.

    Args:
        class_probabilities: `(n, n_classes)`, rows sum to 1.
        votes: `(n, n_classes)` counts.
    """
    shares = votes / votes.sum(1, keepdims=True)
    chosen = class_probabilities.argmax(1)
    top = votes == votes.max(1, keepdims=True)
    rows = np.arange(len(votes))
    clear = top.sum(1) == 1
    p = np.clip(class_probabilities, 1e-6, 1)
    return {
        "majority_agreement": float(top[rows, chosen][clear].mean()) if clear.any() else float("nan"),
        "top_class": float(top[rows, chosen].mean()),
        "vote_share": float(shares[rows, chosen].mean()),
        "best_vote_share": float(shares.max(1).mean()),
        "cross_entropy": float(-(shares * np.log(p)).sum(1).mean()),
        "best_cross_entropy": float(-(shares * np.log(np.clip(shares, 1e-9, 1))).sum(1).mean()),
        "n": len(votes),
        "n_clear": int(clear.sum()),
    }
