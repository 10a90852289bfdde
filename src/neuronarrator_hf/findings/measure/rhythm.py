"""Rhythms of wakefulness: posterior dominant rhythm, mu and beta, as peaks above the aperiodic background."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter1d

from ...signal.montage import site_indices
from ...signal.spectral import aperiodic_fit, power_spectrum
from .block import SiteBlock, masked_mean
from .result import Judgement

POSTERIOR = ("O1", "O2", "P3", "P4")
ANTERIOR = ("Fp1", "Fp2", "F3", "F4", "Fz")
NEIGHBOURS = {"C3": ("F3", "P3", "T7", "Cz"), "C4": ("F4", "P4", "T8", "Cz")}
POSTERIOR_RANGE_HZ = (5.0, 13.5)
MU_RANGE_HZ = (7.0, 13.0)
BETA_RANGE_HZ = (13.5, 30.0)
PEAK_EXCESS = 0.5
"""log10 of the power of a peak over the aperiodic background: a factor of 3.2."""
MU_EXCESS = 0.85
"""The same for mu, a factor of 7: a Laplacian sees little else where there is one, and 1/f noise of one
electrode reaches a factor of 5."""
MU_SLOWEST_HZ = 7.25
MU_RATIO = 0.35
"""log2 of its central amplitude over the parieto-occipital one."""
OCCIPITAL = 0.0
"""log2 of the occipital over the central amplitude of the posterior rhythm; mu spreads to P3 and P4."""
SLOW_OCCIPITAL = 0.4
"""The same below 7.5 Hz, where theta of the whole head may be larger behind."""
SLOWEST_HZ = 6.0
SLOWEST_INFANT_HZ = 5.0
INFANT_YEARS = 3.0
"""A slower rhythm of the back of an adult head is theta or delta, not its dominant rhythm: that has 8-13 Hz
(IFCN 2017), reaches 8 Hz at about three years of age, and is told down to 6 Hz where it is slowed."""
BETA_BUMP = 0.55
"""log10 of the power at the peak over that at 0.7 and 1.45 times its frequency (geometric mean): a bump of
its own, not the shoulder of what is slower."""
SMOOTHING_HZ = 0.9
BETA_UV = 20.0
MIN_DURATION_S = 4.0


@dataclass
class Peak:
    """A spectral peak per window.

    Attributes:
        frequency_hz: Centre of the power above the background.
        excess: log10 of the smoothed power over the background, at the peak.
        amplitude_uv: Peak to peak of the rhythm: 2 sqrt(2) times the RMS of what stands out.
    """

    frequency_hz: np.ndarray
    excess: np.ndarray
    amplitude_uv: np.ndarray


def find_peak(freqs: np.ndarray, psd: np.ndarray, range_hz: tuple[float, float]) -> Peak:
    """The highest peak above the aperiodic background within a range.

    Args:
        freqs: `(n_freqs,)` Hz, evenly spaced.
        psd: `(n_windows, n_freqs)` uV^2/Hz.
        range_hz: Where the peak is looked for.
    """
    psd = np.maximum(psd, 1e-9)
    offset, exponent = aperiodic_fit(freqs, psd, (2.0, 40.0))
    step = freqs[1] - freqs[0]
    with np.errstate(divide="ignore"):
        background = 10.0 ** (offset[:, None] - exponent[:, None] * np.log10(np.maximum(freqs, step))[None])
    width = max(round(SMOOTHING_HZ / step) | 1, 1)
    smooth = uniform_filter1d(psd, width, axis=-1, mode="nearest")
    excess = np.log10(smooth / background)
    inside = np.flatnonzero((freqs >= range_hz[0]) & (freqs <= range_hz[1]))
    rising = np.diff(excess, axis=-1, prepend=excess[:, :1])
    is_peak = (rising >= 0) & (np.diff(excess, axis=-1, append=excess[:, -1:]) <= 0)
    height = np.where(is_peak[:, inside], excess[:, inside], -np.inf)
    best = inside[height.argmax(axis=1)]
    rows = np.arange(len(psd))
    found = np.isfinite(height.max(axis=1))
    above = np.maximum(psd - background, 0)
    near = np.abs(freqs[None] - freqs[best][:, None])
    core = np.maximum(smooth - background, 0) ** 2 * (near <= 1.0)
    frequency = (core * freqs).sum(axis=1) / np.maximum(core.sum(axis=1), 1e-12)
    power = (above * (near <= 2.0)).sum(axis=1) * step
    return Peak(
        np.where(found, frequency, np.nan),
        np.where(found, excess[rows, best], -1.0),
        np.where(found, 2.83 * np.sqrt(power), np.nan),
    )


def _bump(freqs: np.ndarray, psd: np.ndarray, centre_hz: np.ndarray) -> np.ndarray:
    """log10 of the power at a frequency over the geometric mean of that at 0.7 and 1.45 times of it."""
    width = max(round(1.5 / (freqs[1] - freqs[0])) | 1, 1)
    smooth = np.log10(uniform_filter1d(psd, width, axis=-1, mode="nearest") + 1e-6)
    centre = np.nan_to_num(centre_hz, nan=20.0)
    at = lambda hz: np.take_along_axis(  # noqa: E731
        smooth, np.searchsorted(freqs, np.minimum(hz, freqs[-1]))[:, None], axis=1
    )[:, 0]
    return np.asarray(at(centre) - 0.5 * (at(0.7 * centre) + at(1.45 * centre)))


def _mean_psd(psd: np.ndarray, mask: np.ndarray, sites: Sequence[str]) -> np.ndarray:
    index = site_indices(sites)
    usable = mask[:, index]
    weight = usable / np.maximum(usable.sum(axis=1, keepdims=True), 1)
    return np.einsum("ws,wsf->wf", weight, psd[:, index])


def _band_amplitude(freqs: np.ndarray, psd: np.ndarray, centre_hz: np.ndarray) -> np.ndarray:
    """Peak-to-peak amplitude within 1 Hz of a centre that differs by window."""
    near = np.abs(freqs[None] - np.nan_to_num(centre_hz, nan=10.0)[:, None]) <= 1.0
    near = near.reshape(near.shape[0], *([1] * (psd.ndim - 2)), near.shape[1])
    return 2.83 * np.sqrt((psd * near).sum(axis=-1) * (freqs[1] - freqs[0]))


def _log2_ratio(
    site_uv: np.ndarray, mask: np.ndarray, sites: Sequence[str], others: Sequence[str]
) -> np.ndarray:
    """log2 of the mean amplitude at some sites over that at others; NaN where one of them is not there."""
    first, second = (
        masked_mean(site_uv[:, site_indices(names)], mask[:, site_indices(names)])
        for names in (sites, others)
    )
    return np.asarray(np.log2(np.maximum(first, 1e-3) / np.maximum(second, 1e-3)))


def judge_rhythms(
    block: SiteBlock, age_years: float | None = None
) -> tuple[list[Judgement], dict[str, np.ndarray]]:
    """Posterior dominant rhythm, mu rhythm and beta activity, and their raw values; adult without an age."""
    freqs, psd = power_spectrum(block.average_uv, block.sfreq, method="multitaper")
    used = freqs <= 48.0
    freqs, psd = freqs[used], psd[..., used]
    mask = block.site_mask
    posterior_sites, anterior_sites = site_indices(POSTERIOR), site_indices(ANTERIOR)
    long_enough = block.duration_s >= MIN_DURATION_S
    assessed = (mask[:, posterior_sites].sum(1) >= 2) & (mask[:, anterior_sites].sum(1) >= 2) & long_enough
    posterior = _mean_psd(psd, mask, POSTERIOR)
    peak = find_peak(freqs, posterior, POSTERIOR_RANGE_HZ)
    site_uv = _band_amplitude(freqs, psd, peak.frequency_hz)
    back = masked_mean(site_uv[:, posterior_sites], mask[:, posterior_sites])
    front = masked_mean(site_uv[:, anterior_sites], mask[:, anterior_sites])
    gradient = np.log2(np.maximum(back, 1e-3) / np.maximum(front, 1e-3))
    left = masked_mean(site_uv[:, site_indices(("O1", "P3"))], mask[:, site_indices(("O1", "P3"))])
    right = masked_mean(site_uv[:, site_indices(("O2", "P4"))], mask[:, site_indices(("O2", "P4"))])
    sidedness = np.log2(np.maximum(left, 1e-3) / np.maximum(right, 1e-3))
    slow = np.nan_to_num(peak.frequency_hz, nan=0.0) < 7.5
    occipital = _log2_ratio(site_uv, mask, ("O1", "O2"), ("C3", "C4"))
    margin = np.minimum((peak.excess - PEAK_EXCESS) / 0.06, 5 * (gradient - np.where(slow, 0.4, 0.0)))
    margin = np.fmin(margin, 4 * (occipital - np.where(slow, SLOW_OCCIPITAL, OCCIPITAL)))
    margin = np.minimum(margin, 4 * np.log2(np.maximum(peak.amplitude_uv, 1e-3) / 4.0))
    infant = age_years is not None and age_years < INFANT_YEARS
    slowest_hz = SLOWEST_INFANT_HZ if infant else SLOWEST_HZ
    margin = np.fmin(margin, 4.0 * (peak.frequency_hz - slowest_hz))
    rhythm = Judgement(
        "posterior_dominant_rhythm",
        np.where(np.isfinite(peak.frequency_hz), margin, -8.0),
        assessed,
        reason="needs two posterior and two anterior electrodes and 4 s",
        bound=f"peak of {slowest_hz:g}-13.5 Hz {10**PEAK_EXCESS:.1f} times the aperiodic background,"
        " not larger in front",
        where="O1, O2, P3, P4 against the average",
        evidence={
            "posterior_peak_hz": peak.frequency_hz,
            "posterior_peak_excess_log10": peak.excess,
            "posterior_amplitude_uv": peak.amplitude_uv,
            "anterior_gradient_log2": gradient,
            "occipital_over_central_log2": occipital,
            "side_difference_log2": sidedness,
        },
        side=[
            "bilateral" if abs(s) < 1.0 else ("left" if s > 0 else "right") for s in np.nan_to_num(sidedness)
        ],
        frequency_hz=peak.frequency_hz,
        amplitude_uv=peak.amplitude_uv,
    )
    values = dict(rhythm.evidence)
    values["posterior_rhythm_margin"] = rhythm.margin
    return [rhythm, _judge_mu(block, peak), _judge_beta(block, freqs, psd)], values


def _judge_mu(block: SiteBlock, posterior: Peak) -> Judgement:
    """Central rhythm seen by small Laplacians, larger than what the back of the head shows there."""
    mask = block.site_mask
    rows, usable = [], []
    for centre, around in NEIGHBOURS.items():
        centre_index, index = site_indices((centre,))[0], site_indices(around)
        rows.append(block.average_uv[:, centre_index] - block.average_uv[:, index].mean(axis=1))
        usable.append(mask[:, centre_index] & mask[:, index].all(axis=1))
    parietal = site_indices(("P3", "P4"))
    behind = block.average_uv[:, parietal] - block.average_uv[:, site_indices(("O1", "O2"))]
    rows = [*rows, behind[:, 0], behind[:, 1]]
    freqs, psd = power_spectrum(np.stack(rows, axis=1), block.sfreq, method="multitaper")
    inside = freqs <= 48.0
    freqs, psd = freqs[inside], psd[..., inside]
    peaks = [find_peak(freqs, psd[:, side], MU_RANGE_HZ) for side in range(2)]
    excess = np.stack([p.excess for p in peaks], axis=1)
    frequency = np.stack([p.frequency_hz for p in peaks], axis=1)
    amplitude = np.stack([p.amplitude_uv for p in peaks], axis=1)
    best = excess.argmax(axis=1)[:, None]
    take = lambda x: np.take_along_axis(x, best, axis=1)[:, 0]  # noqa: E731
    at = _band_amplitude(freqs, psd, take(frequency))
    central = np.take_along_axis(at[:, :2], best, axis=1)[:, 0]
    parieto_occipital = at[:, 2:].max(axis=1)
    ratio = np.log2(np.maximum(central, 1e-3) / np.maximum(parieto_occipital, 1e-3))
    margin = np.min(
        [
            (take(excess) - MU_EXCESS) / 0.06,
            4.0 * (ratio - MU_RATIO),
            4.0 * np.log2(np.maximum(take(amplitude), 1e-3) / 5.0),
            8.0 * (take(frequency) - MU_SLOWEST_HZ),
        ],
        axis=0,
    )
    both = np.abs(np.diff(np.log2(np.maximum(at[:, :2], 1e-3)), axis=1))[:, 0] < 0.6
    return Judgement(
        "mu_rhythm",
        np.where(np.isfinite(take(frequency)), margin, -8.0),
        np.stack(usable, axis=1).all(axis=1) & (block.duration_s >= MIN_DURATION_S),
        bound="central peak of 7-13 Hz, 7 times the aperiodic background, above the parieto-occipital one",
        where="Laplacian at C3 and C4",
        evidence={
            "mu_peak_hz": take(frequency),
            "mu_peak_excess_log10": take(excess),
            "mu_over_posterior_log2": ratio,
        },
        side=[
            "bilateral" if b else ("left" if s == 0 else "right")
            for b, s in zip(both, best[:, 0], strict=True)
        ],
        frequency_hz=take(frequency),
    )


def _judge_beta(block: SiteBlock, freqs: np.ndarray, psd: np.ndarray) -> Judgement:
    """Prominent beta: above 20 uV, peaked, and falling off above 30 Hz, which muscle does not."""
    sites = ("F3", "F4", "Fz", "C3", "C4", "Cz")
    mask = block.site_mask[:, site_indices(sites)]
    mean = _mean_psd(psd, block.site_mask, sites)
    peak = find_peak(freqs, mean, BETA_RANGE_HZ)
    beta = mean[:, (freqs >= 14) & (freqs < 30)]
    rms = np.sqrt(beta.sum(axis=1) * (freqs[1] - freqs[0]))
    amplitude = 2.83 * rms
    above = mean[:, (freqs >= 34) & (freqs < 46)].mean(axis=1)
    fall = np.log10(np.maximum(beta.max(axis=1), 1e-9) / np.maximum(above, 1e-9))
    margin = np.minimum(4 * np.log2(np.maximum(amplitude, 1e-3) / BETA_UV), (peak.excess - 0.25) / 0.05)
    bump = _bump(freqs, mean, peak.frequency_hz)
    margin = np.min([margin, (fall - 0.7) / 0.1, (bump - BETA_BUMP) / 0.1], axis=0)
    left = np.log2(np.maximum(_mean_psd(psd, block.site_mask, ("F3", "F4", "Fz")).mean(1), 1e-9))
    central = np.log2(np.maximum(_mean_psd(psd, block.site_mask, ("C3", "C4", "Cz")).mean(1), 1e-9))
    return Judgement(
        "beta_activity",
        margin,
        mask.sum(axis=1) >= 3,
        bound="14-30 Hz above 20 uV peak to peak, as a peak that falls off above 30 Hz",
        where="frontal and central electrodes against the average",
        evidence={
            "beta_amplitude_uv": amplitude,
            "beta_peak_excess_log10": peak.excess,
            "beta_fall_log10": fall,
            "beta_bump_log10": bump,
        },
        regions=[
            ("frontal",) if a > b + 0.5 else ("frontal", "central")
            for a, b in zip(left, central, strict=True)
        ],
        frequency_hz=peak.frequency_hz,
    )
