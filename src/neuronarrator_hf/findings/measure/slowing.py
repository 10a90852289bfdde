"""Slow and asymmetric background: generalized theta and delta, focal slowing, asymmetry.

Bounds: delta/(alpha+beta) power above 3.7 and theta/(alpha+beta) above 1.25, in the median derivation
and on both sides; healthy waking adults stay well below both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .block import LEFT_BIPOLAR, RIGHT_BIPOLAR, SiteBlock, masked_median, masked_quantile
from .result import Judgement

THETA_RATIO = 1.25
DELTA_RATIO = 3.7
FOCAL_RATIO = 5.0
"""Power of slow activity over that of the other side: 2.2 times the amplitude. Ten seconds of a healthy
background reach twice in one of five regions now and then."""
SLOWER = 0.5
"""log2 by which the ratio of slow to fast has to exceed that of the other side."""
FOCAL_UV = 20.0
ASYMMETRY_RATIO = 1.5
MIN_SIDE = 4

_PAIRS = np.array(
    [(a, b) for a, b in ((0, 14), (1, 15), (2, 16), (3, 17), (4, 10), (5, 11), (6, 12), (7, 13))], dtype=int
)
"""Homologous derivations, left and right, by their place in `LONGITUDINAL_BIPOLAR`."""
_FOCI = {"frontal": [0, 4], "temporal": [1, 2], "central": [5], "parietal": [6], "occipital": [3, 7]}
"""Pairs of `_PAIRS` in which a focus of that region is largest."""


@dataclass
class BandPowers:
    """Powers per derivation in uV^2, `(n_windows, 18)`."""

    delta: np.ndarray
    theta: np.ndarray
    fast: np.ndarray


def band_powers(block: SiteBlock) -> BandPowers:
    """Delta 1-4, theta 4-8 and fast (alpha and beta) 8-20 Hz."""
    return BandPowers(
        delta=block.band_power(1, 4),
        theta=block.band_power(4, 8),
        fast=block.band_power(8, 20),
    )


def judge_slowing(block: SiteBlock, powers: BandPowers, posterior_hz: np.ndarray) -> list[Judgement]:
    """Generalized slowing; a posterior rhythm below 8 Hz counts as theta slowing."""
    mask = block.bipolar_mask
    enough = (mask[:, LEFT_BIPOLAR].sum(1) >= MIN_SIDE) & (mask[:, RIGHT_BIPOLAR].sum(1) >= MIN_SIDE)
    floor = 0.05
    judgements = []
    for finding, band_name, power, bound, band in (
        ("generalized_theta_slowing", "theta", powers.theta, THETA_RATIO, (4.0, 8.0)),
        ("generalized_delta_slowing", "delta", powers.delta, DELTA_RATIO, (1.0, 4.0)),
    ):
        ratio = np.log2((power + floor) / (powers.fast + floor))
        middle = masked_median(ratio, mask)
        sides = np.minimum(
            masked_median(ratio[:, LEFT_BIPOLAR], mask[:, LEFT_BIPOLAR]),
            masked_median(ratio[:, RIGHT_BIPOLAR], mask[:, RIGHT_BIPOLAR]),
        )
        amplitude_uv = 2.83 * np.sqrt(masked_median(power, mask))
        margin = 2.0 * np.minimum(middle - np.log2(bound), sides + 1.0 - np.log2(bound))
        margin = np.minimum(margin, 3 * np.log2(np.maximum(amplitude_uv, 1e-3) / 3.0))
        if finding == "generalized_theta_slowing":
            slowed = np.where(np.isfinite(posterior_hz), 2.0 * (8.0 - posterior_hz), -8.0)
            margin = np.maximum(margin, np.minimum(slowed, 4.0))
        judgements.append(
            Judgement(
                finding,
                margin,
                enough,
                bound=f"power over 8-20 Hz above {bound:g} in the median derivation and on both sides",
                where="longitudinal bipolar",
                evidence={f"{band_name}_power_ratio": 2.0**middle, f"{band_name}_amplitude_uv": amplitude_uv},
                frequency_hz=_dominant_hz(block, band),
            )
        )
    return judgements


def _dominant_hz(block: SiteBlock, band: tuple[float, float]) -> np.ndarray:
    """Centre of the power of a band over all derivations, `(n_windows, 2)`: quartiles."""
    freqs = block.psd_freqs
    inside = (freqs >= band[0]) & (freqs <= band[1])
    power = (block.bipolar_psd * block.bipolar_mask[..., None]).sum(axis=1)[:, inside]
    share = np.cumsum(power, axis=1) / np.maximum(power.sum(axis=1, keepdims=True), 1e-12)
    low = freqs[inside][(share >= 0.25).argmax(axis=1)]
    high = freqs[inside][(share >= 0.75).argmax(axis=1)]
    return np.stack([low, high], axis=1)


def judge_asymmetry(block: SiteBlock, powers: BandPowers) -> list[Judgement]:
    """Focal slowing and amplitude asymmetry from homologous derivations."""
    mask = block.bipolar_mask[:, _PAIRS].all(axis=-1)
    slow = np.log2(powers.delta + powers.theta + 0.1)
    fast = powers.fast + 0.05
    # How far beyond the bounds of generalized slowing each derivation is by itself.
    excess = np.maximum(
        np.log2((powers.delta + 0.05) / fast / DELTA_RATIO),
        np.log2((powers.theta + 0.05) / fast / THETA_RATIO),
    )
    found = []
    for pairs in _FOCI.values():
        usable = mask[:, pairs].all(axis=1)
        left, right = slow[:, _PAIRS[pairs, 0]].mean(axis=1), slow[:, _PAIRS[pairs, 1]].mean(axis=1)
        excess_left, excess_right = (
            excess[:, _PAIRS[pairs, 0]].mean(axis=1),
            excess[:, _PAIRS[pairs, 1]].mean(axis=1),
        )
        is_left = left > right
        larger = np.abs(left - right) - np.log2(FOCAL_RATIO)
        slower = np.where(is_left, excess_left - excess_right, excess_right - excess_left) - SLOWER
        strength = np.min([larger, slower, np.where(is_left, excess_left, excess_right)], axis=0)
        found.append(np.where(usable, strength, -9.0))
    strengths = np.stack(found, axis=1)
    best = strengths.argmax(axis=1)
    value = strengths.max(axis=1)
    chosen = [_PAIRS[list(_FOCI.values())[i]] for i in best]
    on_left = np.array(
        [slow[w, rows[:, 0]].mean() > slow[w, rows[:, 1]].mean() for w, rows in enumerate(chosen)]
    )
    amplitude = np.array([2.83 * np.sqrt(2.0 ** slow[w, rows].max()) for w, rows in enumerate(chosen)])
    margin = np.minimum(3.0 * value, 3 * np.log2(amplitude / FOCAL_UV))
    enough = mask.sum(axis=1) >= MIN_SIDE
    names = list(_FOCI)
    focal = Judgement(
        "focal_slowing",
        margin,
        enough,
        bound="delta and theta of a region 2.2 times those of the other side, slow by itself, above 20 uV",
        where="longitudinal bipolar, homologous derivations",
        evidence={"focal_excess_log2": value, "focal_amplitude_uv": amplitude},
        side=["left" if v else "right" for v in on_left],
        regions=[(names[i],) for i in best],
        frequency_hz=_dominant_hz(block, (1.0, 8.0)),
    )
    total = 0.5 * np.log2(powers.delta + powers.theta + powers.fast + 0.1)
    ratios = total[:, _PAIRS[:, 0]] - total[:, _PAIRS[:, 1]]
    amplitude_ratio = masked_median(ratios, mask)
    # Consistently: all but the most equal quarter of the pairs share the direction, and clearly.
    toward = ratios * np.sign(np.nan_to_num(amplitude_ratio))[:, None]
    least = masked_quantile(toward, mask, 0.2)
    asymmetric = np.minimum(
        6.0 * (np.abs(amplitude_ratio) - np.log2(ASYMMETRY_RATIO)), 6.0 * (least - np.log2(1.2))
    )
    asymmetry = Judgement(
        "asymmetry",
        asymmetric,
        enough,
        bound="one side 1.5 times the other in the median homologous pair, and larger in most",
        where="longitudinal bipolar, homologous derivations, 1-20 Hz",
        evidence={"amplitude_ratio": 2.0 ** np.abs(amplitude_ratio)},
        side=["right" if r > 0 else "left" for r in np.nan_to_num(amplitude_ratio)],
    )
    return [focal, asymmetry]
