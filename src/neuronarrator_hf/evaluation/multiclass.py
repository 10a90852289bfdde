"""Scores of one class out of several: from confusion counts, so that resampled groups only add."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from .classification import auroc, average_precision, calibration_error
from .intervals import percentile_interval, resample_groups

_RANKED_RESAMPLES = 200
"""Resamples of figures that need all scores sorted anew."""


def score_classes(
    probabilities: np.ndarray,
    truth: np.ndarray,
    classes: Sequence[str],
    *,
    groups: Sequence[Hashable] | None = None,
    positive: str | None = None,
    n_bootstrap: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """Accuracy, balanced accuracy, Cohen's kappa, F1, AUROC and AUPRC.

    A row of NaN is an abstention: it is no right answer in any figure of choices, and takes no part in the
    figures of ranking and calibration. Balanced accuracy is the mean recall of the classes that occur.

    Args:
        probabilities: `(n, n_classes)`, rows sum to 1, or NaN for an abstention.
        truth: `(n,)` index of the true class.
        classes: Names in the order of the columns.
        groups: Patient of each row, resampled together; each row alone if None.
        positive: The class whose AUROC and AUPRC are told; the mean over all, each against the rest, if None.
        n_bootstrap: Resamples for the 95 % intervals; 0 leaves them out.
        seed: Of the resampling.

    Returns:
        The figures, `per_class` (recall, precision, F1, support), `confusion` (true by chosen; last column
        abstained), `abstained`, `interval_95`.
    """
    probabilities, truth = np.asarray(probabilities, float), np.asarray(truth, int)
    if probabilities.shape != (len(truth), len(classes)) or not len(truth):
        raise ValueError(f"probabilities {probabilities.shape} for {len(truth)} rows, {len(classes)} classes")
    groups = list(range(len(truth)) if groups is None else groups)
    answered = ~np.isnan(probabilities).any(1)
    chosen = np.where(answered, np.nan_to_num(probabilities).argmax(1), len(classes))
    order = {group: i for i, group in enumerate(dict.fromkeys(groups))}
    confusion = np.zeros((len(order), len(classes), len(classes) + 1))
    np.add.at(confusion, (np.array([order[g] for g in groups]), truth, chosen), 1)
    total = confusion.sum(0)
    result: dict[str, Any] = {"n": len(truth), "n_groups": len(order), "abstained": int((~answered).sum())}
    result |= {k: float(v) for k, v in _choice_figures(total).items()}
    result |= _ranking_figures(probabilities[answered], truth[answered], classes, positive)
    if answered.any():
        right = (chosen == truth)[answered]
        result["calibration_error"] = calibration_error(probabilities[answered].max(1), right)
    result["per_class"] = _per_class(total, classes)
    result["confusion"] = total.astype(int).tolist()
    if n_bootstrap:
        draws = [
            _choice_figures(confusion[r].sum(0))
            for r in resample_groups(range(len(order)), n_bootstrap, seed)
        ]
        result["interval_95"] = {
            name: percentile_interval([float(d[name]) for d in draws]) for name in draws[0]
        }
        ranked = [
            _ranking_figures(probabilities[rows], truth[rows], classes, positive)
            for drawn in resample_groups(groups, min(n_bootstrap, _RANKED_RESAMPLES), seed)
            if len(rows := drawn[answered[drawn]])
        ]
        for name in ("auroc", "auprc"):
            result["interval_95"][name] = percentile_interval([r[name] for r in ranked])
    return result


def vote_divergence(probabilities: np.ndarray, votes: np.ndarray) -> float:
    """Mean Kullback-Leibler divergence from the shares of the votes `(n, n_classes)`, in nats."""
    shares = votes / votes.sum(1, keepdims=True)
    p = np.clip(probabilities, 1e-15, 1)
    p = p / p.sum(1, keepdims=True)
    terms = np.where(shares > 0, shares * (np.log(np.clip(shares, 1e-15, 1)) - np.log(p)), 0.0)
    return float(terms.sum(1).mean())


def pool_probabilities(probabilities: np.ndarray, members: Sequence[np.ndarray]) -> np.ndarray:
    """Mean log probability over the rows of each member, as probabilities; NaN where all abstain."""
    pooled = np.full((len(members), probabilities.shape[1]), np.nan)
    for i, rows in enumerate(members):
        some = probabilities[rows]
        some = some[~np.isnan(some).any(1)]
        if len(some):
            logs = np.log(np.clip(some, 1e-9, 1)).mean(0)
            pooled[i] = np.exp(logs - logs.max()) / np.exp(logs - logs.max()).sum()
    return pooled


def _choice_figures(confusion: np.ndarray) -> dict[str, np.ndarray]:
    """Figures of `(n_classes, n_classes + 1)` counts, true by chosen."""
    n, right = confusion.sum(), np.diagonal(confusion)
    true, claimed = confusion.sum(1), confusion.sum(0)[:-1]
    occurs = true > 0
    recall = np.divide(right, true, out=np.zeros_like(true), where=occurs)
    whole = true + claimed
    f1 = np.divide(2 * right, whole, out=np.zeros_like(true), where=whole > 0)
    accuracy, chance = right.sum() / n, (true * claimed).sum() / n**2
    kappa = (accuracy - chance) / (1 - chance) if chance < 1 else np.float64(0.0)
    return {
        "accuracy": accuracy,
        "balanced_accuracy": recall[occurs].mean(),
        "kappa": kappa,
        "weighted_f1": (f1 * true).sum() / n,
        "macro_f1": f1[whole > 0].mean(),
    }


def _ranking_figures(
    probabilities: np.ndarray, truth: np.ndarray, classes: Sequence[str], positive: str | None
) -> dict[str, float | None]:
    columns = range(len(classes)) if positive is None else [list(classes).index(positive)]
    areas, precisions = [], []
    for c in columns:
        is_class = truth == c
        area = auroc(probabilities[:, c], is_class)
        precision = average_precision(probabilities[:, c], is_class)
        if area is not None and precision is not None:
            areas.append(area)
            precisions.append(precision)
    return {
        "auroc": float(np.mean(areas)) if areas else None,
        "auprc": float(np.mean(precisions)) if precisions else None,
    }


def _per_class(total: np.ndarray, classes: Sequence[str]) -> dict[str, dict[str, float | int]]:
    table: dict[str, dict[str, float | int]] = {}
    for c, name in enumerate(classes):
        right, true, claimed = total[c, c], total[c].sum(), total[:, c].sum()
        table[name] = {
            "recall": float(right / true) if true else 0.0,
            "precision": float(right / claimed) if claimed else 0.0,
            "f1": float(2 * right / (true + claimed)) if true + claimed else 0.0,
            "support": int(true),
        }
    return table
