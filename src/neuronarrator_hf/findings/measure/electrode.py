"""Faults of one electrode: what its neighbours do not share, noise of its own, and sudden jumps."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from ...signal.montage import SITES_1020, electrode_positions, site_region, site_side
from .block import SLOW_SFREQ_HZ, SiteBlock, correlation, masked_median
from .result import Judgement

PRIVATE_ALIKE = 0.6
"""Correlation of an electrode with the mean of its neighbours from which it is no fault of its own."""
PRIVATE_FOLLOWED = 0.5
"""Correlation with any one of them of what that mean leaves unexplained."""
NOISY = 2.5
"""log2 of what one electrode has to itself in 15-40 Hz over what the middle one has, from which it is noise
of its own whatever the slower waves hide; motor units reach it too, but not alone (`NOISY_ALONE`)."""
NOISY_ALONE = 1.0
NOISY_ALIKE = 0.3
NOISY_BELOW = 0.7
"""The same below 15 Hz, where noise of an electrode is found too and muscle is not."""
MOTOR_UNITS = 1.75
"""log2 of that ratio in 15-40 Hz from which a fault below 15 Hz may be the foot of muscle: it is one of the
electrode only where no other electrode has as much (`NOISY_ALONE`)."""
JUMP_S = 0.1
"""Time over which the level before and after a jump is averaged: a cycle of alpha."""
JUMP_GAP_S = 0.02
JUMP_RATIO = 6.5
"""Jump over its usual size at that electrode, in robust standard deviations."""
JUMP_UV = 40.0
JUMP_FOLLOWED = 0.25
"""Share of a jump that any neighbour follows; the field of a spike leaves a third or more to one of them."""
JUMP_COMPANY = 0.5
"""Share that anything else on the head moves by at that moment."""
_POSITIONS = electrode_positions(SITES_1020)
NEIGHBOURS = (np.cos(np.deg2rad(58)) < _POSITIONS @ _POSITIONS.T) & ~np.eye(19, dtype=bool)
"""`(19, 19)` bool: sites next to each other."""


def judge_electrode(block: SiteBlock) -> Judgement:
    """One site whose activity its neighbours do not share."""
    # Below the muscles, of which single motor units are as private to an electrode as its faults.
    x = block.band(0.5, 15.0, "average")
    mask = block.site_mask
    residual, ratio, likeness = _private(x, mask)
    pop = np.abs(np.diff(x, axis=-1)).max(-1)
    pops = np.log2(np.maximum(pop, 1e-3) / np.maximum(masked_median(pop, mask), 1e-3)[:, None])
    excess = np.maximum(ratio, 0.7 * pops)
    strength = np.minimum(4 * (excess - 1.5), 5 * (PRIVATE_ALIKE - likeness))
    strength = np.where(mask, strength, -8.0)
    # Neighbours of a very bad electrode are unlike the mean that it spoils: it is the largest of them.
    best = np.where(mask & (strength > strength.max(axis=1, keepdims=True) - 1.0), excess, -8.0).argmax(
        axis=1
    )
    second = np.sort(strength, axis=1)[:, -2]
    rows = np.arange(block.n_windows)
    fault = residual[rows, best]
    noisy, noisiest, fast_ratio = _judge_noise(block, ratio)
    near = np.where(NEIGHBOURS[best] & mask, np.abs(correlation(x, fault[:, None])), 0.0).max(axis=1)
    margin = np.min(
        [
            strength[rows, best],
            3.0 * (strength[rows, best] - second) + 0.5,
            # What the mean of the neighbours leaves over of a steep field, one of them still follows.
            6.0 * (PRIVATE_FOLLOWED - near),
        ],
        axis=0,
    )
    margin = np.minimum(margin, _not_muscle(fast_ratio, best))
    jumping, jumper = _judge_jumps(block)
    every = np.stack([margin, noisy, jumping])
    best = np.take_along_axis(np.stack([best, noisiest, jumper]), every.argmax(axis=0)[None], axis=0)[0]
    names = [SITES_1020[i] for i in best]
    return Judgement(
        "electrode_artifact",
        every.max(axis=0),
        mask.sum(axis=1) >= 8,
        bound="one electrode 2.8 times what neighbours leave unexplained elsewhere, not shared by them,"
        ", alone in noise of 15-40 Hz, or a jump above 40 uV that no neighbour follows",
        where="average reference, 0.5-15 and 15-40 Hz",
        evidence={"private_ratio": 2.0 ** np.take_along_axis(ratio, best[:, None], axis=1)[:, 0]},
        side=[site_side(n) for n in names],
        regions=[(site_region(n),) for n in names],
    )


def _private(x: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What neighbours leave of each site, log2 of its size over the middle one, and how alike they are."""
    neighbours = np.matmul(_neighbour_weights(mask), x)
    residual = x - neighbours
    private = np.sqrt((residual**2).mean(-1))
    ratio = np.log2(np.maximum(private, 1e-3) / np.maximum(masked_median(private, mask), 1e-3)[:, None])
    return residual, ratio, correlation(x, neighbours)


def _neighbour_weights(mask: np.ndarray) -> np.ndarray:
    """`(n_windows, 19, 19)`: takes the mean of the evaluable neighbours of each site."""
    weight = (NEIGHBOURS[None] & mask[:, None]).astype(np.float32)
    return np.asarray(weight / np.maximum(weight.sum(axis=2, keepdims=True), 1))


def _jumps(x: np.ndarray) -> np.ndarray:
    """Level after each sample less that before it, without the samples next to it; 0 at the ends."""
    length, gap = round(JUMP_S * SLOW_SFREQ_HZ), round(JUMP_GAP_S * SLOW_SFREQ_HZ)
    reach = gap + length // 2
    level = uniform_filter1d(x, length, axis=-1)
    jump = np.zeros_like(x)
    edge = gap + length
    jump[..., edge:-edge] = (np.roll(level, -reach, -1) - np.roll(level, reach - 1, -1))[..., edge:-edge]
    return jump


def _over_usual(size: np.ndarray, signal: np.ndarray) -> np.ndarray:
    """A size over the robust standard deviation of a signal at its site, or at the middle site if larger."""
    usual = np.median(np.abs(signal[..., ::4]), axis=-1, keepdims=True) / 0.6745
    return np.asarray(size / np.maximum(np.maximum(usual, np.median(usual, axis=1, keepdims=True)), 1e-3))


def _judge_noise(block: SiteBlock, below: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Margin of one electrode in noise, which, and the ratio by site; `below` is that of slower waves."""
    mask = block.site_mask
    _, ratio, likeness = _private(block.band(15.0, 40.0, "average"), mask)
    ratio = np.where(mask, ratio, -8.0)
    strength = np.min(
        [3.0 * (ratio - NOISY), 6.0 * (NOISY_ALIKE - likeness), 3.0 * (below - NOISY_BELOW)], axis=0
    )
    strength = np.where(mask, strength, -8.0)
    noisiest = strength.argmax(axis=1)
    rows = np.arange(block.n_windows)
    alone = ratio[rows, noisiest] - np.sort(ratio, axis=1)[:, -2]
    return np.minimum(strength[rows, noisiest], 3.0 * (alone - NOISY_ALONE)), noisiest, ratio


def _not_muscle(fast_ratio: np.ndarray, site: np.ndarray) -> np.ndarray:
    """Margin of a fault not being the foot of a motor unit's spectrum: little above 15 Hz, or alone in it."""
    rows = np.arange(len(site))
    own = fast_ratio[rows, site]
    others = fast_ratio.copy()
    others[rows, site] = -np.inf
    return np.asarray(np.maximum(3.0 * (MOTOR_UNITS - own), 3.0 * (own - others.max(axis=1) - NOISY_ALONE)))


def _judge_jumps(block: SiteBlock) -> tuple[np.ndarray, np.ndarray]:
    """Margin of a pop, and which electrode: a jump that is sudden, large, and of that electrode alone."""
    margin, site = np.full(block.n_windows, -8.0), np.zeros(block.n_windows, int)
    fast = block.band(15.0, 40.0, "average")
    weight = _neighbour_weights(block.site_mask)
    edge = np.where(block.site_mask[..., None], np.abs(fast - np.matmul(weight, fast)), 0.0)
    edge = _over_usual(edge, fast)
    # Without an edge nearly as large as that there is no jump; most windows have none.
    some = np.flatnonzero(edge.max(axis=(1, 2)) > 0.8 * JUMP_RATIO)
    if not len(some):
        return margin, site
    mask = block.site_mask[some]
    x = block.band(0.5, 15.0, "average")[some] + fast[some]
    jump = _jumps(x)
    own = np.where(mask[..., None], jump - np.matmul(weight[some], jump), 0.0)
    sudden = np.minimum(_over_usual(np.abs(own), own), maximum_filter1d(edge[some], 9, axis=-1))
    n_times = own.shape[-1]
    where = sudden.reshape(len(own), -1).argmax(axis=1)
    best, time = where // n_times, where % n_times
    rows = np.arange(len(own))
    size = own[rows, best, time]
    moved = jump[rows, :, time] / np.where(size == 0.0, np.inf, jump[rows, best, time])[:, None]
    moved = np.where(mask, moved, 0.0)
    moved[rows, best] = 0.0
    margin[some] = np.min(
        [
            3.0 * np.log2(np.maximum(sudden[rows, best, time], 1e-3) / JUMP_RATIO),
            3.0 * np.log2(np.maximum(np.abs(size), 1e-3) / JUMP_UV),
            10.0 * (JUMP_FOLLOWED - np.where(NEIGHBOURS[best], moved, 0.0).max(axis=1)),
            6.0 * (JUMP_COMPANY - np.abs(moved).max(axis=1)),
        ],
        axis=0,
    )
    site[some] = best
    return margin, site
