"""Whether the electrodes record one head: neighbours must share more than electrodes far apart.

The potentials of the brain are smooth over the scalp. Where the correlation of two electrodes does not fall
with their distance (wrong names, noise of the amplifier alone), no side, region or gradient can be told.
"""

from __future__ import annotations

import numpy as np

from ...signal.montage import SITES_1020, electrode_positions
from .block import SiteBlock
from .result import Judgement

COHERENT = -0.25
"""Correlation between the distance of two electrodes and the correlation of their signals of 2-20 Hz, from
which the topography is that of a head. Real recordings have a median of -0.8 and simulated ones of -0.7;
of 1,000 windows with permuted channels 99 % lie above this."""
MIN_PAIRS = 30
PLACED = (
    "posterior_dominant_rhythm", "mu_rhythm", "focal_slowing", "asymmetry", "lpd", "lrda", "bipd", "spikes",
    "spike_and_wave", "polyspikes", "k_complexes", "vertex_waves", "slow_wave_sleep",
    "generalized_theta_slowing", "generalized_delta_slowing",
)  # fmt: skip
"""Findings whose definition holds a place, or which the drift of amplifiers alone would meet: slow waves of
the brain have a field."""
REASON = "neighbouring electrodes share no more than distant ones: their places are in doubt"

_POSITIONS = electrode_positions(SITES_1020)
_FIRST, _SECOND = np.triu_indices(len(SITES_1020), 1)
_DISTANCE = np.arccos(np.clip((_POSITIONS @ _POSITIONS.T)[_FIRST, _SECOND], -1.0, 1.0))


def spatial_order(block: SiteBlock) -> np.ndarray:
    """Correlation over pairs of electrodes of distance and likeness, `(n_windows,)`; NaN with few pairs."""
    x = block.band(2.0, 20.0, "average")
    x = x - x.mean(axis=-1, keepdims=True)
    x = x / np.maximum(np.sqrt(np.einsum("wst,wst->ws", x, x)), 1e-6)[..., None]
    likeness = np.matmul(x, x.swapaxes(1, 2))[:, _FIRST, _SECOND]
    weight = (block.site_mask[:, _FIRST] & block.site_mask[:, _SECOND]).astype(float)
    count = np.maximum(weight.sum(axis=1, keepdims=True), 1.0)
    near = (_DISTANCE - (weight * _DISTANCE).sum(axis=1, keepdims=True) / count) * weight
    alike = (likeness - (weight * likeness).sum(axis=1, keepdims=True) / count) * weight
    norm = np.sqrt((near**2).sum(axis=1) * (alike**2).sum(axis=1))
    order = (near * alike).sum(axis=1) / np.maximum(norm, 1e-9)
    return np.where(weight.sum(axis=1) >= MIN_PAIRS, order, np.nan)


def require_topography(judgements: list[Judgement], order: np.ndarray) -> None:
    """Without the topography of a head nothing is assessed whose definition holds a place."""
    doubtful = order > COHERENT
    for judgement in judgements:
        if judgement.finding in PLACED and (judgement.assessed & doubtful).any():
            judgement.assessed = judgement.assessed & ~doubtful
            judgement.reason = f"{judgement.reason}; or {REASON}"
