"""The eyes: blinks and lateral movements."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import maximum_filter1d

from ...signal.montage import site_indices
from .block import SLOW_SFREQ_HZ, SiteBlock, correlation, masked_median
from .result import Judgement

BLINK_UV = 60.0
BLINK_RATIO = 6.0
"""Height over the standard deviation of the posterior electrodes in the same band."""
BLINK_ALIKE_BEHIND = 0.25
"""Standard deviation over the electrodes behind the frontal ones at the peak, over its height at the poles:
what the eyes leave there is the same everywhere (the reference), what a focus of the brain leaves is not."""
_BEHIND = site_indices(("T7", "C3", "Cz", "C4", "T8", "P7", "P3", "Pz", "P4", "P8", "O1", "O2"))
LATERAL_UV = 40.0
LATERAL_OPPOSITE = -0.65
"""Correlation of F7 and F8, without what either shares with the frontal poles, of opposite movements."""
LATERAL_OVER_BACK = 0.6
"""log2 of the swing of F7 - F8 over that of the posterior electrodes."""
LATERAL_BESIDE = 0.3
"""Share of F7 - F8 that F3 and F4, or T7 and T8, may follow; the eyes reach 0.15, slow waves 0.4."""
LATERAL_BALANCE = 1.0
"""log2 of what F7 follows over what F8 does."""


def judge_blinks(block: SiteBlock) -> Judgement:
    """Positive frontopolar deflections, alike on both sides and much smaller at F3 and F4."""
    x = block.band(0.5, 8.0, "average")
    fp1, fp2, f3, f4, back = (x[:, site_indices((s,))[0]] for s in ("Fp1", "Fp2", "F3", "F4", "Pz"))
    pole = 0.5 * (fp1 + fp2)
    behind = 0.5 * (f3 + f4)
    width = round(0.6 * SLOW_SFREQ_HZ)
    baseline = -maximum_filter1d(-pole, round(1.2 * SLOW_SFREQ_HZ), axis=-1)
    height = pole - baseline
    is_peak = (pole == maximum_filter1d(pole, width, axis=-1)) & (height > BLINK_UV)
    both = np.minimum(fp1, fp2) > 0.6 * np.maximum(fp1, fp2)
    decays = (behind < 0.6 * pole) & (np.abs(back) < 0.4 * pole)
    posterior = x[:, site_indices(("C3", "Cz", "C4", "P3", "Pz", "P4", "O1", "O2"))]
    background = masked_median(
        posterior.std(axis=-1),
        block.site_mask[:, site_indices(("C3", "Cz", "C4", "P3", "Pz", "P4", "O1", "O2"))],
    )
    stands_out = height > BLINK_RATIO * background[:, None]
    alike = _spread(x[:, _BEHIND], block.site_mask[:, _BEHIND, None]) < BLINK_ALIKE_BEHIND * pole
    blink = is_peak & both & decays & stands_out & alike & _is_narrow(pole, baseline, 0.5)
    count = blink.sum(axis=-1)
    best = np.where(blink, height, 0).max(axis=-1)
    size = np.minimum(
        3 * np.log2(np.maximum(best, 1) / BLINK_UV),
        3 * np.log2(np.maximum(best, 1) / BLINK_RATIO / background),
    )
    margin = np.where(count > 0, size + 0.5 * np.log2(np.maximum(count, 1)) + 0.2, -2.5)
    sites = site_indices(("Fp1", "Fp2", "F3", "F4"))
    return Judgement(
        "eye_blinks",
        margin,
        block.site_mask[:, sites].all(axis=1),
        bound="frontopolar positive deflections above 60 uV on both sides, below 60 % of it at F3 and F4",
        where="Fp1, Fp2 against the average",
        evidence={"blinks": count.astype(float), "blink_uv": best},
    )


def _spread(x: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Standard deviation over the sites that are there, `(n_windows, n_times)`."""
    count = np.maximum(there.sum(axis=1), 1)
    mean = (x * there).sum(axis=1) / count
    return np.asarray(np.sqrt((np.square(x - mean[:, None]) * there).sum(axis=1) / count))


def _is_narrow(x: np.ndarray, baseline: np.ndarray, max_s: float) -> np.ndarray:
    """Peaks that fall to half their height within `max_s` on both sides together."""
    half = round(max_s * SLOW_SFREQ_HZ / 2)
    middle = baseline + 0.5 * (x - baseline)
    left = np.pad(x, ((0, 0), (half, 0)), mode="edge")[:, : x.shape[1]]
    right = np.pad(x, ((0, 0), (0, half)), mode="edge")[:, half:]
    return (left < middle) & (right < middle)


def judge_lateral(block: SiteBlock) -> Judgement:
    """Opposite deflections at F7 and F8 that the rest of the head does not follow."""
    # Rolling eyes move below 0.5 Hz: what the chain's high-pass leaves of that is still large.
    x = block.band(0.0, 4.0, "average")
    f7, f8 = x[:, site_indices(("F7",))[0]], x[:, site_indices(("F8",))[0]]
    back = x[:, site_indices(("P3", "P4", "O1", "O2"))]
    centred = lambda a: a - a.mean(axis=-1, keepdims=True)  # noqa: E731
    poles = centred(x[:, site_indices(("Fp1", "Fp2"))].mean(axis=1))
    # Blinks move F7 and F8 alike, and hide that saccades move them apart.
    likeness = correlation(_without(centred(f7), poles), _without(centred(f8), poles))
    difference = f7 - f8
    swing = np.quantile(difference, 0.98, axis=-1) - np.quantile(difference, 0.02, axis=-1)
    rest = np.quantile(back, 0.98, axis=-1) - np.quantile(back, 0.02, axis=-1)
    ratio = np.log2(np.maximum(swing, 1e-3) / np.maximum(rest.max(axis=1), 1e-3))
    quick = block.band(0.5, 4.0, "average")
    quick = quick[:, site_indices(("F7",))[0]] - quick[:, site_indices(("F8",))[0]]
    quick_uv = np.quantile(quick, 0.98, axis=-1) - np.quantile(quick, 0.02, axis=-1)
    rolling = np.log2(np.maximum(swing, 1e-3) / np.maximum(quick_uv, 1e-3))
    margin = np.min(
        [
            3 * np.log2(np.maximum(swing, 1e-3) / (2 * LATERAL_UV)),
            5 * (LATERAL_OPPOSITE - likeness),
            3 * (ratio - LATERAL_OVER_BACK),
            _lateral_field_margin(x, centred(difference)),
        ],
        axis=0,
    )
    return Judgement(
        "lateral_eye_movements",
        margin,
        block.site_mask[:, site_indices(("F7", "F8"))].all(axis=1) & (block.site_mask.sum(axis=1) >= 10),
        bound="opposite deflections at F7 and F8 of 40 uV each, 1.5 times the back, field of the eyes",
        where="F7, F8 against the average, below 4 Hz",
        evidence={"lateral_uv": swing, "lateral_correlation": likeness, "rolling_log2": rolling},
    )


def _without(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """`a` less what of it follows `b`; both `(n_windows, n_times)` of mean 0."""
    power = np.maximum((b * b).sum(axis=-1, keepdims=True), 1e-9)
    return np.asarray(a - (a * b).sum(axis=-1, keepdims=True) / power * b)


def _lateral_field_margin(x: np.ndarray, difference: np.ndarray) -> np.ndarray:
    """Whether what follows F7 - F8 has the field of the eyes: alike on both sides and steep.

    A focus of one side is largest there and reflected on the other by the average reference; slow waves of
    both sides reach back to the temporal and the other frontal electrodes.

    Args:
        x: `(n_windows, 19, n_times)` below 4 Hz.
        difference: `(n_windows, n_times)` F7 - F8, of mean 0.
    """
    power = np.maximum(np.einsum("wt,wt->w", difference, difference), 1e-6)
    share = np.einsum("wst,wt->ws", x, difference) / power[:, None]
    mirrored = share[:, site_indices(("F3", "T7"))] - share[:, site_indices(("F4", "T8"))]
    beside = 0.5 * mirrored.max(axis=1)
    f7, f8 = (share[:, site_indices((site,))[0]] for site in ("F7", "F8"))
    balance = np.log2(np.maximum(f7, 0.05) / np.maximum(-f8, 0.05))
    return np.asarray(np.minimum(10.0 * (LATERAL_BESIDE - beside), 3.0 * (LATERAL_BALANCE - np.abs(balance))))


def share_of_eyes(block: SiteBlock, blinks: Judgement, lateral: Judgement) -> np.ndarray:
    """Share of the power of 1-3.5 Hz of every derivation that follows the eyes, `(n_windows, 18)`.

    The regression of Gratton, Coles and Donchin (1983): blinks are read off Fp1 and Fp2, lateral movements
    off F7 - F8. Where the eyes are not seen to do one of them its channel is left out, since delta of the
    brain reaches the frontal electrodes too.
    """
    frontal = block.band(1.0, 3.5, "average")
    fp1, fp2, f7, f8 = (frontal[:, site_indices((site,))[0]] for site in ("Fp1", "Fp2", "F7", "F8"))
    seen = [(j.margin > 0) & j.assessed for j in (blinks, lateral)]
    eyes = np.stack([(fp1 + fp2) * seen[0][:, None], (f7 - f8) * seen[1][:, None]], axis=1)
    x = block.band(1.0, 3.5)
    crossed = np.matmul(x, eyes.swapaxes(1, 2))
    own = np.matmul(eyes, eyes.swapaxes(1, 2)) + 1e-3 * np.eye(2, dtype=eyes.dtype)
    weights = np.linalg.solve(own, crossed.swapaxes(1, 2)).swapaxes(1, 2)
    explained = (weights * crossed).sum(axis=-1)
    return np.clip(explained / np.maximum(np.einsum("wbt,wbt->wb", x, x), 1e-6), 0.0, 1.0)
