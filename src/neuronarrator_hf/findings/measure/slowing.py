"""Slow and asymmetric background: generalized theta and delta, focal slowing, asymmetry.

Bounds: delta/(alpha+beta) power above 3.7 behind the frontal derivations and without what follows the eyes,
and theta/(alpha+beta) above 1.35 with theta standing out of the slope from delta to alpha; in the median
derivation and on both sides. Healthy waking adults stay below both. Theta without delta has to be a rhythm
of its own, since drowsiness brings as much, and delta near its bound has to come with theta.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .block import LEFT_BIPOLAR, RIGHT_BIPOLAR, SLOW_SFREQ_HZ, SiteBlock, masked_median, masked_quantile
from .result import Judgement

THETA_RATIO = 1.35
DELTA_RATIO = 3.7
THETA_HUMP = -0.75
"""log2 density of theta over the geometric mean of those of delta and alpha: less is the tail of delta."""
THETA_OWN, THETA_OWN_UV, THETA_OWN_RATIO = 0.5, 20.0, 0.6
"""Theta that is a rhythm of its own whatever else is there: log10 of its density over the line from delta to
beta, amplitude of the median second, and power over 8-20 Hz, to which alpha and its own flank belong."""
THETA_ALONE, THETA_BARELY = 0.7, 0.3
"""The same rise from which theta without delta is more than that of drowsiness, and from which it can be if
it is as large as `THETA_OWN_UV`. What rises less is slowing only where delta is slow too."""
BESIDE_DELTA = 3.5
"""Power of delta over 8-20 Hz from which theta is not alone."""
LIGHT_DELTA = 1.0
"""Margin up to which delta is slowing only where theta is slow too: an ordinary background has a slow end."""
OPEN = -0.25
"""Margin at which such delta is left where theta is not slow: below its bound, and near it."""
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
MOSTLY_QUIET = 0.35
ASYMMETRY_PAIRS = 0.7
"""Share of the homologous pairs in which one side has to be that much larger: what one generator adds to a
side fades with distance, a weaker hemisphere is weaker everywhere."""
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


@dataclass
class _Slowness:
    """A slow band against 8-20 Hz, each `(n_windows,)`.

    Attributes:
        ratio_log2: log2 of the ratio of powers in the median derivation.
        side_log2: The same of the less slow side.
        amplitude_uv: 2 sqrt 2 RMS in the median derivation.
    """

    ratio_log2: np.ndarray
    side_log2: np.ndarray
    amplitude_uv: np.ndarray

    def margin(self, ratio: float, least_uv: float) -> np.ndarray:
        """Distance to a bound of the ratio, in the median derivation and on both sides."""
        by_ratio = 2.0 * np.minimum(self.ratio_log2, self.side_log2 + 1.0) - 2.0 * np.log2(ratio)
        return np.minimum(by_ratio, 3 * np.log2(np.maximum(self.amplitude_uv, 1e-3) / least_uv))


def _slowness(power: np.ndarray, fast: np.ndarray, rows: np.ndarray) -> _Slowness:
    ratio = np.log2((power + 0.05) / (fast + 0.05))
    left, right = (masked_median(ratio[:, s], rows[:, s]) for s in (LEFT_BIPOLAR, RIGHT_BIPOLAR))
    amplitude_uv = 2.83 * np.sqrt(masked_median(power, rows))
    return _Slowness(masked_median(ratio, rows), np.fmin(left, right), amplitude_uv)


def judge_slowing(
    block: SiteBlock, powers: BandPowers, posterior_hz: np.ndarray, eyes: np.ndarray, low: np.ndarray
) -> list[Judgement]:
    """Generalized slowing; a posterior rhythm below 8 Hz counts as theta slowing.

    Args:
        block: The windows.
        powers: Their `band_powers`.
        posterior_hz: `(n_windows,)` frequency of the posterior rhythm, NaN where there is none.
        eyes: `(n_windows, 18)` share of the power of delta that follows the eyes.
        low: `(n_windows,)` bool: low voltage, which drowsiness does not explain.
    """
    mask = block.bipolar_mask
    enough = (mask[:, LEFT_BIPOLAR].sum(1) >= MIN_SIDE) & (mask[:, RIGHT_BIPOLAR].sum(1) >= MIN_SIDE)
    rear = np.zeros(18, bool)
    rear[REAR_ROWS] = True
    rear = np.where((mask & rear).sum(axis=1, keepdims=True) >= MIN_SIDE, mask & rear, mask)
    theta = _slowness(powers.theta, powers.fast, mask)
    delta = _slowness(powers.delta * (1.0 - eyes), powers.fast, rear)
    of_theta = _theta_margin(block, theta, delta, low)
    slowed = np.where(np.isfinite(posterior_hz), 2.0 * (8.0 - posterior_hz), -8.0)
    of_theta = np.maximum(of_theta, np.minimum(slowed, 4.0))
    of_delta = delta.margin(DELTA_RATIO, MIN_UV["delta"])
    of_delta = np.minimum(of_delta, np.maximum(np.maximum(3.0 * (of_delta - LIGHT_DELTA), OPEN), of_theta))
    return [
        Judgement(
            f"generalized_{name}_slowing",
            margin,
            enough,
            bound=f"power over 8-20 Hz above {bound:g} in the median derivation and on both sides",
            where="longitudinal bipolar",
            evidence={
                f"{name}_power_ratio": 2.0**slow.ratio_log2,
                f"{name}_amplitude_uv": slow.amplitude_uv,
            },
            frequency_hz=_dominant_hz(block, band),
        )
        for name, margin, slow, bound, band in (
            ("theta", of_theta, theta, THETA_RATIO, (4.0, 8.0)),
            ("delta", of_delta, delta, DELTA_RATIO, (1.0, 4.0)),
        )
    ]


def _theta_margin(block: SiteBlock, theta: _Slowness, delta: _Slowness, low: np.ndarray) -> np.ndarray:
    """Theta that is slow or a rhythm of its own, not the tail of delta, and not that of drowsiness."""
    hump, rise = _theta_hump(block), _theta_rise(block)
    steady_uv = 2.83 * np.sqrt(masked_median(median_second(block, 4.5, 7.5), block.bipolar_mask))
    large = 3.0 * np.log2(np.maximum(steady_uv, 1e-3) / THETA_OWN_UV)
    slow = np.minimum(theta.margin(THETA_RATIO, MIN_UV["theta"]), 2.0 * (hump - THETA_HUMP))
    own = np.min([6.0 * (rise - THETA_OWN), large, theta.margin(THETA_OWN_RATIO, MIN_UV["theta"])], axis=0)
    margin = np.maximum(slow, own)
    alike = 20.0 * (TAIL_FIELD - _likeness_to_delta(block))
    margin = np.minimum(margin, np.maximum(3.0 * (hump - TAIL_HUMP), alike))
    evident = np.maximum(6.0 * (rise - THETA_ALONE), np.where(low, 8.0, large))
    evident = np.minimum(evident, 6.0 * (rise - THETA_BARELY))
    return np.minimum(margin, np.maximum(evident, 3.0 * (delta.ratio_log2 - np.log2(BESIDE_DELTA))))


def _theta_rise(block: SiteBlock) -> np.ndarray:
    """log10 by which theta rises above the line from delta to beta over log frequency, median derivation."""
    freqs = block.psd_freqs
    levels, places = [], []
    for low_hz, high_hz in ((2.0, 3.5), (4.5, 7.5), (15.0, 30.0)):
        inside = (freqs >= low_hz) & (freqs < high_hz)
        levels.append(np.log10(block.bipolar_psd[..., inside] + 1e-6).mean(axis=-1))
        places.append(np.log(low_hz * high_hz))
    weight = (places[1] - places[0]) / (places[2] - places[0])
    above = levels[1] - (1.0 - weight) * levels[0] - weight * levels[2]
    return masked_median(above, block.bipolar_mask)


def median_second(block: SiteBlock, low_hz: float, high_hz: float) -> np.ndarray:
    """Power of a band in the median second, `(n_windows, 18)`, uV^2: what lasts, not what comes and goes."""
    x = block.band(low_hz, high_hz)
    step = min(round(SLOW_SFREQ_HZ), x.shape[-1])
    seconds = x[..., : x.shape[-1] // step * step].reshape(*x.shape[:2], -1, step)
    return np.median(np.einsum("wbst,wbst->wbs", seconds, seconds) / step, axis=-1)


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


def judge_asymmetry(block: SiteBlock, powers: BandPowers, quiet_share: np.ndarray) -> list[Judgement]:
    """Focal slowing and amplitude asymmetry from homologous derivations.

    Args:
        block: The windows.
        powers: Their `band_powers`.
        quiet_share: `(n_windows,)` share of the time in which the background is attenuated or suppressed:
            where that is long the median second is one of these, which says nothing of the rest.
    """
    mask = block.bipolar_mask[:, _PAIRS].all(axis=-1)
    focal = _judge_focal(block, powers, mask)
    pairs = []
    for low_hz, high_hz in ASYMMETRY_BANDS_HZ:
        amplitude = 0.5 * np.log2(median_second(block, low_hz, high_hz) + 0.02)
        pairs.append(amplitude[:, _PAIRS[:, 0]] - amplitude[:, _PAIRS[:, 1]])
    toward = np.sign(np.nan_to_num(sum(masked_median(pair, mask) for pair in pairs)))
    larger = [masked_quantile(pair * toward[:, None], mask, 1.0 - ASYMMETRY_PAIRS) for pair in pairs]
    least = np.nan_to_num(np.min(larger, axis=0))
    asymmetric = 6.0 * (least - np.log2(ASYMMETRY_RATIO))
    asymmetry = Judgement(
        "asymmetry",
        asymmetric,
        (mask.sum(axis=1) >= MIN_SIDE) & (quiet_share < MOSTLY_QUIET),
        reason="too few evaluable electrodes, or a background that is interrupted for a third of the time",
        bound="one side 1.5 times the other in 70 % of homologous pairs, alpha and beta, median second",
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
