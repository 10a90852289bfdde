"""Bootstrap intervals that resample whole groups: a patient's windows are not independent witnesses."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence

import numpy as np


def resample_groups(groups: Sequence[Hashable], n_bootstrap: int, seed: int = 0) -> Iterator[np.ndarray]:
    """Row indices of each resample: as many groups as there are, drawn with replacement.

    Args:
        groups: Group of every row.
        n_bootstrap: Resamples.
        seed: Of the drawing.
    """
    members: dict[Hashable, list[int]] = {}
    for i, group in enumerate(groups):
        members.setdefault(group, []).append(i)
    pools = [np.array(rows) for rows in members.values()]
    rng = np.random.default_rng(seed)
    for _ in range(n_bootstrap):
        yield np.concatenate([pools[j] for j in rng.integers(0, len(pools), len(pools))])


def bootstrap_interval(
    score: Callable[[np.ndarray], float | None],
    groups: Sequence[Hashable],
    *,
    n_bootstrap: int = 500,
    seed: int = 0,
    level: float = 0.9,
) -> list[float] | None:
    """Percentile interval of `score(indices)`; None where no resample could be scored."""
    values = [score(rows) for rows in resample_groups(groups, n_bootstrap, seed)]
    return percentile_interval(values, level)


def percentile_interval(values: Sequence[float | None], level: float = 0.95) -> list[float] | None:
    """The middle `level` of resampled values, without those that could not be scored."""
    finite = [v for v in values if v is not None and np.isfinite(v)]
    if not finite:
        return None
    return [float(q) for q in np.quantile(finite, ((1 - level) / 2, (1 + level) / 2))]
