"""Retrieval both ways between two sets of embeddings whose rows belong together."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from .intervals import percentile_interval, resample_groups

_BLOCK = 1024


def score_retrieval(
    queries: np.ndarray,
    targets: np.ndarray,
    *,
    ks: Sequence[int] = (1, 5, 10),
    groups: Sequence[Hashable] | None = None,
    n_bootstrap: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """Recall at k, median rank and mean reciprocal rank, from queries to targets and back.

    A target that is as similar as the right one counts before it, so that constant embeddings find
    nothing.

    Args:
        queries: `(n, d)`; row i belongs to row i of the targets. Compared by cosine.
        targets: `(n, d)`.
        ks: Ranks at which recall is told.
        groups: What to resample together (recording or patient); each row alone if None.
        n_bootstrap: Resamples for the 95 % intervals; 0 leaves them out.
        seed: Of the resampling.

    Returns:
        `forward` (queries find targets) and `backward`, each with `recall_at_K`, `median_rank`,
        `mean_reciprocal_rank` and intervals; `chance` has what a guess reaches.
    """
    queries, targets = np.asarray(queries, float), np.asarray(targets, float)
    if queries.shape != targets.shape or queries.ndim != 2 or not len(queries):
        raise ValueError(f"queries {queries.shape} and targets {targets.shape} must both be (n, d), n >= 1")
    if groups is not None and len(groups) != len(queries):
        raise ValueError(f"{len(groups)} groups for {len(queries)} rows")
    a, b = _unit(queries), _unit(targets)
    n = len(a)
    result: dict[str, Any] = {"n": n, "chance": {f"recall_at_{k}": min(k / n, 1.0) for k in ks}}
    rows_of_groups = range(n) if groups is None else groups
    for name, ranks in (("forward", _ranks(a, b)), ("backward", _ranks(b, a))):
        scores = _summary(ranks, ks)
        if n_bootstrap:
            resampled = [
                _summary(ranks[rows], ks) for rows in resample_groups(rows_of_groups, n_bootstrap, seed)
            ]
            scores["interval_95"] = {
                key: percentile_interval([s[key] for s in resampled]) for key in _summary(ranks, ks)
            }
        result[name] = scores
    return result


def _unit(values: np.ndarray) -> np.ndarray:
    norm = np.linalg.norm(values, axis=1, keepdims=True)
    return values / np.where(norm > 0, norm, 1)


def _ranks(queries: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Rank of each query's own target, 1 is first; ties count against it."""
    ranks = np.empty(len(queries))
    for start in range(0, len(queries), _BLOCK):
        similarity = queries[start : start + _BLOCK] @ targets.T
        rows = np.arange(len(similarity))
        own = similarity[rows, start + rows]
        ranks[start : start + _BLOCK] = (similarity >= own[:, None] - 1e-12).sum(1)
    return ranks


def _summary(ranks: np.ndarray, ks: Sequence[int]) -> dict[str, Any]:
    return {
        **{f"recall_at_{k}": float((ranks <= k).mean()) for k in ks},
        "median_rank": float(np.median(ranks)),
        "mean_reciprocal_rank": float((1 / ranks).mean()),
    }
