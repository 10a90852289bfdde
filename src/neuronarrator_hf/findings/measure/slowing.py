"""Slow and asymmetric background: generalized theta and delta, focal slowing, asymmetry.

Bounds: delta/(alpha+beta) power above 3.7 behind the frontal derivations, where the eyes move, and
theta/(alpha+beta) above 1.35 with theta standing out of the slope from delta to alpha; in the median
derivation and on both sides. Healthy waking adults stay below both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .block import LEFT_BIPOLAR, RIGHT_BIPOLAR, SiteBlock, masked_median
from .result import Judgement

THETA_RATIO = 1.35
DELTA_RATIO = 3.7
THETA_HUMP = -0.75
"""log2 density of theta over the geometric mean of those of delta and alpha: less is the tail of delta."""
THETA_CLEAR = 0.9
"""The same measure from which theta is a rhythm of its own, whatever else is there."""
THETA_CLEAR_UV = 20.0
THETA_CLEAR_RATIO = 0.6
"""Power over 8-20 Hz that such a theta still has to reach: its own band does not end sharply at 8 Hz."""
TAIL_FIELD = 0.9
"""Likeness of the fields of theta and delta from which theta that hardly rises above the line from delta to
alpha (`TAIL_HUMP`) is the tail of the delta waves: what another generator makes has another field."""
TAIL_HUMP = 0.8
MIN_UV = {"theta": 3.0, "delta": 5.0}
FOCAL_STRENGTH = 1.95
"""log2 power of delta or of theta over that of the other side: twice the amplitude. Ten seconds of a
healthy background reach it in one of five regions now and then, so a focus has to be large and local too."""
FOCAL_UV = 33.0
"""Amplitude (2 sqrt 2 RMS) at which a focus of that strength counts in full."""
FOCAL_SLOWER = 0.45
"""log2 by which its share of slow activity has to exceed that of the other side."""
FOCAL_LOCAL = 0.95
"""log2 power by which it has to exceed the median derivation of its own side."""
ASYMMETRY_RATIO = 1.5
ASYMMETRY_BANDS_HZ = ((8.0, 13.0), (13.0, 25.0))
"""A weaker hemisphere is weaker in alpha and in beta; a focus, discharges or muscle raise one of them, or
neither."""
MIN_SIDE = 4

_PAIRS = np.array(
    [(a, b) for a, b in ((0, 14), (1, 15), (2, 16), (3, 17), (4, 10), (5, 11), (6, 12), (7, 13))], dtype=int
)
"""Homologous derivations, left and right, by their place in `LONGITUDINAL_BIPOLAR`."""
REAR_ROWS = np.array([2, 3, 5, 6, 7, 8, 9, 11, 12, 13, 16, 17])
"""Derivations without a frontopolar or lateral frontal electrode."""
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
    rear = np.zeros(18, bool)
    rear[REAR_ROWS] = True
    floor = 0.05
    judgements = []
    for finding, band_name, power, bound, band, rows in (
        ("generalized_theta_slowing", "theta", powers.theta, THETA_RATIO, (4.0, 8.0), mask),
        ("generalized_delta_slowing", "delta", powers.delta, DELTA_RATIO, (1.0, 4.0), mask & rear),
    ):
        rows = np.where(rows.sum(axis=1, keepdims=True) >= MIN_SIDE, rows, mask)
        ratio = np.log2((power + floor) / (powers.fast + floor))
        middle = masked_median(ratio, rows)
        sides = np.fmin(
            masked_median(ratio[:, LEFT_BIPOLAR], rows[:, LEFT_BIPOLAR]),
            masked_median(ratio[:, RIGHT_BIPOLAR], rows[:, RIGHT_BIPOLAR]),
        )
        amplitude_uv = 2.83 * np.sqrt(masked_median(power, rows))
        margin = 2.0 * np.minimum(middle - np.log2(bound), sides + 1.0 - np.log2(bound))
        margin = np.minimum(margin, 3 * np.log2(np.maximum(amplitude_uv, 1e-3) / MIN_UV[band_name]))
        if finding == "generalized_theta_slowing":
            hump = _theta_hump(block)
            margin = np.minimum(margin, 2.0 * (hump - THETA_HUMP))
            own = [
                3.0 * (hump - THETA_CLEAR),
                3.0 * np.log2(np.maximum(amplitude_uv, 1e-3) / THETA_CLEAR_UV),
                2.0 * (middle - np.log2(THETA_CLEAR_RATIO)),
                2.0 * (sides + 1.0 - np.log2(THETA_CLEAR_RATIO)),
            ]
            margin = np.maximum(margin, np.min(own, axis=0))
            alike = 20.0 * (TAIL_FIELD - _likeness_to_delta(block))
            margin = np.minimum(margin, np.maximum(3.0 * (hump - TAIL_HUMP), alike))
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


def _theta_hump(block: SiteBlock) -> np.ndarray:
    """log2 by which theta rises above the straight line from delta to alpha, in the median derivation."""
    density = lambda low, high: np.log2(block.band_power(low, high) / (high - low) + 0.01)  # noqa: E731
    above = density(4.5, 7.5) - 0.5 * (density(1.5, 3.5) + density(8.5, 13.0))
    return masked_median(above, block.bipolar_mask)


def _likeness_to_delta(block: SiteBlock) -> np.ndarray:
    """Cosine between the covariances of theta and of delta over the derivations, `(n_windows,)`, 0 to 1."""
    covariances = []
    for low_hz, high_hz in ((1.0, 3.5), (4.5, 7.5)):
        x = block.band(low_hz, high_hz) * block.bipolar_mask[..., None]
        covariances.append(np.matmul(x, x.swapaxes(1, 2)))
    delta, theta = covariances
    norm = np.sqrt((delta * delta).sum(axis=(1, 2)) * (theta * theta).sum(axis=(1, 2)))
    return np.asarray((delta * theta).sum(axis=(1, 2)) / np.maximum(norm, 1e-9))


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
    focal = _judge_focal(block, powers, mask)
    ratios = []
    for low_hz, high_hz in ASYMMETRY_BANDS_HZ:
        amplitude = 0.5 * np.log2(block.band_power(low_hz, high_hz) + 0.02)
        ratios.append(masked_median(amplitude[:, _PAIRS[:, 0]] - amplitude[:, _PAIRS[:, 1]], mask))
    ratio = np.nan_to_num(np.stack(ratios))
    toward = np.sign(ratio.sum(axis=0))
    least = (ratio * toward).min(axis=0)
    asymmetric = 6.0 * (least - np.log2(ASYMMETRY_RATIO))
    asymmetry = Judgement(
        "asymmetry",
        asymmetric,
        mask.sum(axis=1) >= MIN_SIDE,
        bound="one side 1.5 times the other in the median homologous pair, in alpha and in beta",
        where="longitudinal bipolar, homologous derivations, 8-13 and 13-25 Hz",
        evidence={"amplitude_ratio": 2.0**least},
        side=["right" if t > 0 else "left" for t in toward],
    )
    return [focal, asymmetry]


def _judge_focal(block: SiteBlock, powers: BandPowers, mask: np.ndarray) -> Judgement:
    """Delta or theta of one region: large, larger than at its mirror place, and not the whole side's."""
    fast = np.log2(powers.fast + 0.1)[:, _PAIRS]
    strengths, amplitudes, on_left, names = [], [], [], []
    for power in (powers.delta, powers.theta):
        slow = np.log2(power + 0.1)[:, _PAIRS]
        for region, pairs in _FOCI.items():
            sides = slow[:, pairs].mean(axis=1)
            difference = sides[:, 0] - sides[:, 1]
            is_left = difference > 0
            level = sides.max(axis=1)
            own_side = np.median(np.where(is_left[:, None], slow[..., 0], slow[..., 1]), axis=1)
            beside = fast[:, pairs].mean(axis=1)
            slower = np.abs(difference) - (beside[:, 0] - beside[:, 1]) * np.where(is_left, 1.0, -1.0)
            stronger, local = np.abs(difference) - FOCAL_STRENGTH, level - own_side - FOCAL_LOCAL
            parts = [
                # A focus of a whole temporal lobe is most of its side: it has to be larger instead.
                stronger,
                slower - FOCAL_SLOWER,
                local + 0.5 * np.clip(stronger, 0.0, 1.5),
                level - 2 * np.log2(FOCAL_UV / 2.83),
            ]
            strengths.append(np.where(mask[:, pairs].all(axis=1), np.min(parts, axis=0), -3.0))
            amplitudes.append(2.83 * np.sqrt(2.0**level))
            on_left.append(is_left)
            names.append(region)
    best = np.argmax(strengths, axis=0)
    rows = np.arange(block.n_windows)
    value = np.array(strengths)[best, rows]
    sides = [["left" if v else "right" for v in of_place] for of_place in on_left]
    elsewhere = []
    for window in rows:
        told = (sides[best[window]][window], names[best[window]])
        places = {(sides[i][window], names[i]) for i in range(len(names)) if strengths[i][window] > 0} - {
            told
        }
        elsewhere.append(tuple({"side": side, "regions": (region,)} for side, region in sorted(places)))
    return Judgement(
        "focal_slowing",
        3.0 * value,
        mask.sum(axis=1) >= MIN_SIDE,
        bound="delta or theta of a region twice that of the other side, above 33 uV, not the whole side's",
        where="longitudinal bipolar, homologous derivations",
        evidence={"focal_excess_log2": value, "focal_amplitude_uv": np.array(amplitudes)[best, rows]},
        side=[sides[i][window] for window, i in enumerate(best)],
        regions=[(names[i],) for i in best],
        frequency_hz=_dominant_hz(block, (1.0, 8.0)),
        alternatives=elsewhere,
    )
