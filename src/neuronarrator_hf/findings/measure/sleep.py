"""Elements of sleep: spindles, K-complexes, vertex waves, slow waves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from ...signal.montage import site_indices
from .block import SLOW_SFREQ_HZ, SiteBlock, masked_mean
from .result import Judgement
from .spatial_filter import minimum_variance, patch_field
from .voltage import runs

SPINDLE_SITES = ("F3", "F4", "Fz", "C3", "C4", "Cz", "P3", "P4", "Pz")
SPINDLE_HZ = (11.0, 16.0)
BESIDE_SPINDLE_HZ = (4.0, 30.0)
SPINDLE_RELATIVE = 0.45
"""Share of sigma within the spindle in the power beside it. YASA asks for a fifth of 1-30 Hz, which no
spindle on slow waves reaches: delta says nothing about a spindle and is left out."""
SPINDLE_LEFT, SPINDLE_RIGHT = (
    [SPINDLE_SITES.index(site) for site in sites] for sites in (("F3", "C3", "P3"), ("F4", "C4", "P4"))
)
SPINDLE_SIDE = 0.8
"""log2 of the amplitude of one side over the other: spindles come on both at once."""
SPINDLE_RMS_RATIO = 2.0
SPINDLE_UV = (9.0, 80.0)
"""Least and largest peak-to-peak amplitude: spindles of adults hardly exceed 50 uV (De Gennaro and Ferrara,
Sleep Med Rev 2003)."""
FAST_RISE = 1.7
"""Rise of 20-45 Hz over the usual up to which it is a spindle that rises."""
SLOW_WAVE_UV = 75.0
SLOW_WAVE_SHARE = 0.35
"""A fifth of the window, and the half wave by which the sliding swing widens each single K-complex."""
SLOW_WAVE_FASTER = 0.33
"""Share of 2-4 Hz in the power of 0.5-4 Hz."""
SLOW_WAVE_SIDE = 0.4
"""log2 of the amplitude of one side over the other."""
SLOW_WAVE_SYNCHRONY = 0.6
"""Share of one field in the power of 0.5-2.5 Hz."""
LOWER_SITES = ("T7", "T8", "P7", "P8")


def judge_sleep(block: SiteBlock, posterior_hz: np.ndarray) -> tuple[list[Judgement], dict[str, np.ndarray]]:
    """Spindles, K-complexes, vertex waves and slow-wave activity."""
    spindles, values = _judge_spindles(block, posterior_hz)
    slow, slow_values = _judge_slow_waves(block)
    single = _judge_single_waves(block)
    return [spindles, slow, *single], {**values, **slow_values}


def _judge_spindles(block: SiteBlock, posterior_hz: np.ndarray) -> tuple[Judgement, dict[str, np.ndarray]]:
    sites = site_indices(SPINDLE_SITES)
    sigma = block.band(*SPINDLE_HZ, derivation="average")[:, sites]
    broad = block.band(*BESIDE_SPINDLE_HZ, derivation="average")[:, sites]
    mask = block.site_mask[:, sites]
    size = round(0.3 * SLOW_SFREQ_HZ)
    step = round(0.1 * SLOW_SFREQ_HZ)
    mean = lambda a, n: uniform_filter1d(a, n, axis=-1)[..., ::step]  # noqa: E731
    sigma_power = mean(sigma * sigma, size)
    broad_power = mean(broad * broad, size)
    product = mean(sigma * broad, size)
    correlation = product / np.sqrt(np.maximum(sigma_power * broad_power, 1e-9))
    rms = np.sqrt(np.maximum(sigma_power, 0))
    relative = mean(sigma * sigma, 2 * size) / np.maximum(mean(broad * broad, 2 * size), 1e-9)
    typical = np.median(rms, axis=-1, keepdims=True)
    # A spindle is no burst of everything: muscle and movement raise what is faster too.
    fast = block.band(20.0, 45.0, "average")[:, sites]
    fast_rms = np.sqrt(mean(fast * fast, size))
    state = (
        (rms > SPINDLE_RMS_RATIO * typical)
        & (correlation > 0.6)
        & (relative > SPINDLE_RELATIVE)
        & (fast_rms < FAST_RISE * np.median(fast_rms, axis=-1, keepdims=True))
        & mask[..., None]
    )
    state = runs(state, 4)
    shared = runs(state.sum(axis=1) >= 2, 4)
    long = runs(shared, 25)
    shared = shared & ~long
    spindle_s = shared.sum(axis=-1) * 0.1
    strength = np.where(
        state & shared[:, None], np.log2(np.maximum(rms / np.maximum(typical, 0.1), 1e-3)), 0.0
    ).max(axis=(1, 2))
    amplitude = np.where(state & shared[:, None], 2.83 * rms, 0.0).max(axis=(1, 2))
    # A rhythm of the back of the head that runs on is alpha, whatever its frequency.
    occipital = site_indices(("O1", "O2"))
    back = block.band(*SPINDLE_HZ, derivation="average")[:, occipital]
    back_rms = np.sqrt(np.maximum(masked_mean((back**2).mean(-1), block.site_mask[:, occipital]), 0))
    during = np.where(state & shared[:, None], rms, 0).max(axis=(1, 2))
    anterior = np.log2(np.maximum(during, 1e-3) / np.maximum(back_rms, 1e-3))
    alpha = block.band_power(7.5, 11.0, "average")[:, site_indices(("O1", "O2", "P3", "P4"))].mean(axis=1)
    sigma_total = block.band_power(11.5, 16.0, "average")[:, site_indices(("C3", "C4", "Cz", "Fz"))].mean(
        axis=1
    )
    alpha_ratio = np.log2(np.maximum(sigma_total, 1e-6) / np.maximum(alpha, 1e-6))
    spectrum = np.where(mask[..., None], block.average_psd[:, sites], 0).sum(axis=1)
    inside = (block.psd_freqs >= SPINDLE_HZ[0]) & (block.psd_freqs <= SPINDLE_HZ[1])
    peak_hz = block.psd_freqs[inside][(spectrum[:, inside] * block.psd_freqs[inside] ** 1.5).argmax(axis=1)]
    margin = np.where(
        spindle_s >= 0.5,
        np.min(
            [
                3 * (strength - 1.25),
                3 * np.log2(np.maximum(amplitude, 1e-3) / SPINDLE_UV[0]),
                3 * np.log2(SPINDLE_UV[1] / np.maximum(amplitude, 1e-3)),
            ],
            axis=0,
        ),
        -2.5,
    )
    seen = (np.where(shared[:, None] & mask[..., None], sigma_power, 0.0)).sum(axis=-1)
    left, right = (masked_mean(seen[:, rows], mask[:, rows]) for rows in (SPINDLE_LEFT, SPINDLE_RIGHT))
    sidedness = np.nan_to_num(0.5 * np.log2(np.maximum(left, 1e-3) / np.maximum(right, 1e-3)))
    margin = np.min(
        [
            margin,
            3 * (anterior - 0.3),
            1.5 * (alpha_ratio + 1.5),
            3 * (SPINDLE_SIDE - np.abs(sidedness)),
        ],
        axis=0,
    )
    # A peak at the back of 12 Hz and more may be the spindles themselves, where they are larger in front.
    back_hz = np.nan_to_num(posterior_hz, nan=-9.0)
    same = (np.abs(peak_hz - back_hz) < 1.5) & ((back_hz < 12.0) | (anterior < 0.7))
    margin = np.where(same, np.minimum(margin, -0.7), margin)
    evidence = {"spindle_s": spindle_s, "spindle_amplitude_uv": amplitude}
    judgement = Judgement(
        "sleep_spindles",
        margin,
        (mask.sum(axis=1) >= 3) & (block.duration_s >= 2.0),
        bound="11-16 Hz for 0.5-2.5 s at two sites, twice the usual, 45 % of the power of 4-30 Hz, no"
        " rise of faster activity, at most 80 uV, on both sides, not posterior",
        where="frontal, central and parietal electrodes against the average",
        evidence=evidence,
        frequency_hz=peak_hz,
    )
    return judgement, evidence


def _frontal(
    block: SiteBlock, low_hz: float, high_hz: float, sites: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Sites against the lower temporal ring, the nearest thing to the mastoids."""
    x = block.band(low_hz, high_hz, "average")
    lower = site_indices(LOWER_SITES)
    weight = block.site_mask[:, lower] / np.maximum(block.site_mask[:, lower].sum(axis=1, keepdims=True), 1)
    reference = np.einsum("ws,wst->wt", weight, x[:, lower])
    index = site_indices(sites)
    assessed = block.site_mask[:, index].any(axis=1) & (block.site_mask[:, lower].sum(axis=1) >= 2)
    signal = masked_mean(
        (x[:, index] - reference[:, None]).swapaxes(1, 2),
        np.broadcast_to(block.site_mask[:, None, index], (block.n_windows, x.shape[-1], len(index))),
    )
    return np.nan_to_num(signal).astype(np.float32), assessed


def _judge_slow_waves(block: SiteBlock) -> tuple[Judgement, dict[str, np.ndarray]]:
    """Share of the window in waves of 0.5-2 Hz above 75 uV, frontally."""
    x, assessed = _frontal(block, 0.5, 2.5, ("F3", "F4", "Fz"))
    width = round(1.5 * SLOW_SFREQ_HZ)
    swing = maximum_filter1d(x, width, axis=-1) + maximum_filter1d(-x, width, axis=-1)
    share = np.maximum((swing > SLOW_WAVE_UV).mean(axis=-1) - width / x.shape[-1], 0) / (
        1 - width / x.shape[-1]
    )
    amplitude = np.median(swing, axis=-1)
    delta = block.band_power(0.5, 2.0, "average")
    front = masked_mean(
        delta[:, site_indices(("F3", "F4", "Fz"))], block.site_mask[:, site_indices(("F3", "F4", "Fz"))]
    )
    back = masked_mean(
        delta[:, site_indices(("O1", "O2", "P3", "P4"))],
        block.site_mask[:, site_indices(("O1", "O2", "P3", "P4"))],
    )
    gradient = np.log2(np.maximum(front, 1e-3) / np.maximum(back, 1e-3)) / 2
    faster = block.band_power(2.0, 4.0, "average")
    slower = np.nan_to_num(masked_mean(faster / np.maximum(delta + faster, 1e-6), block.site_mask), nan=1.0)
    left, right = (
        masked_mean(delta[:, site_indices(sites)], block.site_mask[:, site_indices(sites)])
        for sites in (("F3", "C3", "P3"), ("F4", "C4", "P4"))
    )
    sidedness = np.nan_to_num(np.log2(np.maximum(left, 1e-3) / np.maximum(right, 1e-3)) / 2)
    margin = np.min(
        [
            (share - SLOW_WAVE_SHARE) / 0.1,
            4 * (gradient + 0.2),
            # Polymorphic delta is faster, and each region and side has its own.
            12 * (SLOW_WAVE_FASTER - slower),
            6 * (SLOW_WAVE_SIDE - np.abs(sidedness)),
            10 * (_synchrony(block) - SLOW_WAVE_SYNCHRONY),
        ],
        axis=0,
    )
    evidence = {"slow_wave_share": share, "slow_wave_uv": amplitude, "slow_wave_gradient_log2": gradient}
    judgement = Judgement(
        "slow_wave_sleep",
        margin,
        assessed & (block.duration_s >= 4.0),
        bound="0.5-2 Hz above 75 uV in at least 20 % of the window, larger in front, alike and together"
        " on both sides",
        where="F3, F4, Fz against T7, T8, P7, P8",
        evidence=evidence,
    )
    return judgement, evidence


def _synchrony(block: SiteBlock) -> np.ndarray:
    """Share of the power of 0.5-2.5 Hz that has one field over the head."""
    x = block.band(0.5, 2.5, "average") * block.site_mask[..., None]
    spread = np.linalg.eigvalsh(np.matmul(x, x.swapaxes(1, 2)))
    return np.asarray(spread[:, -1] / np.maximum(spread.sum(axis=-1), 1e-9))


@dataclass(frozen=True)
class _Wave:
    """What one kind of single negative wave has to be.

    Attributes:
        high_hz: Upper edge of the band in which it is looked at.
        sites: Where it is largest.
        width_s: Least and largest width at half its height; the whole wave lasts about three times as long.
        height_uv: Height of the negative peak.
        patch: Sites and width in degrees of the field that it is looked at in to see what it stands out of.
        stands_out: log2 of the height over 2 sqrt 2 times the spread of the window, behind the filter of that
            field.
        stands_out_near: The same over the RMS of the seconds around it: a wave of bursts between which the
            record is quiet stands out of the window alone.
        rebound: Least height of the positive wave behind it, as a share of its own.
        above_pole: Least height over the frontopolar one, as a share of the largest of the field.
        of_field: Least height at its place, as such a share.
        occipital: Largest height at the occiput, as such a share.
    """

    high_hz: float
    sites: tuple[str, ...]
    width_s: tuple[float, float]
    height_uv: float
    patch: tuple[tuple[str, ...], float]
    stands_out: float
    stands_out_near: float
    rebound: float
    above_pole: float
    of_field: float
    occipital: float


_WAVES = {
    # The frontal maximum of a K-complex reaches the frontal poles; what falls behind them is the eyes.
    "k_complexes": _Wave(
        12.0,
        ("F3", "F4", "Fz", "Cz"),
        (0.125, 0.3),
        60.0,
        (("F3", "F4"), 45.0),
        0.45,
        0.2,
        0.35,
        -0.25,
        0.5,
        -0.1,
    ),
    "vertex_waves": _Wave(
        20.0, ("Cz",), (0.07, 0.147), 50.0, (("Cz",), 28.0), 0.85, 0.5, 0.0, 0.1, 0.72, 1.0
    ),
}
REACH_S = 0.6
MAX_WAVES = 3
"""Waves of a window that are looked at: a K-complex may be larger than the vertex wave beside it."""
REBOUND_FROM_S = 0.1
AROUND_S = (0.3, 2.0)
"""From where to where the seconds around a wave reach."""
EDGE_S = 0.06
"""Width over which a doubt about the width counts in full."""


def _judge_single_waves(block: SiteBlock) -> list[Judgement]:
    """K-complexes (>= 0.5 s, frontal, a positive wave behind) and vertex waves (< 0.5 s)."""
    judgements = []
    rows = np.arange(block.n_windows)
    for finding, kind in _WAVES.items():
        x, assessed = _frontal(block, 0.5, kind.high_hz, kind.sites)
        own = _behind_filter(block, kind)
        peaks = _negative_peaks(x, 2.0 * kind.width_s[1])
        height, width_s, margins = (
            np.stack(parts)
            for parts in zip(*(_judge_wave(block, x, own, p, kind) for p in peaks), strict=True)
        )
        best = margins.argmax(axis=0)
        judgements.append(
            Judgement(
                finding,
                margins[best, rows],
                assessed & (block.duration_s >= 4.0),
                bound=f"negative wave of {kind.height_uv:g} uV, {kind.width_s[0]:g}-{kind.width_s[1]:g} s "
                "wide at half its height, standing out of the window and of the seconds around it, largest "
                + ("frontally, a positive wave behind" if finding == "k_complexes" else "at the vertex"),
                where=f"{', '.join(kind.sites)} against T7, T8, P7, P8",
                evidence={f"{finding}_uv": height[best, rows], f"{finding}_width_s": width_s[best, rows]},
            )
        )
    return judgements


def _behind_filter(block: SiteBlock, kind: _Wave) -> np.ndarray:
    """`(n_windows, n_times)` the wave of its field, the background of other fields suppressed."""
    x = block.band(0.5, kind.high_hz, "average") * block.site_mask[..., None]
    sites, width_deg = kind.patch
    fields = patch_field(*sites, width_deg=width_deg)[None]
    filters = minimum_variance(x, block.site_mask, fields, ordinary=2.0, loading=0.3)
    return np.asarray(np.matmul(filters.weights, x)[:, 0])


def _negative_peaks(x: np.ndarray, onset_s: float) -> list[np.ndarray]:
    """Samples of the most negative peaks of each window, each outside the reach of those before.

    The first lies `onset_s` behind the start of the window, the last its whole reach before the end.
    """
    reach = round(REACH_S * SLOW_SFREQ_HZ)
    left = x.copy()
    left[:, : round(onset_s * SLOW_SFREQ_HZ)] = left[:, -reach:] = np.inf
    away = np.arange(x.shape[-1])
    peaks = []
    for _ in range(MAX_WAVES):
        peaks.append(left.argmin(axis=-1))
        left[np.abs(away - peaks[-1][:, None]) <= reach] = np.inf
    return peaks


def _judge_wave(
    block: SiteBlock, x: np.ndarray, own: np.ndarray, peak: np.ndarray, kind: _Wave
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Height in uV, width at half height in seconds and margin of the waves at one peak of each window."""
    reach = round(REACH_S * SLOW_SFREQ_HZ)
    rows = np.arange(len(x))
    height = np.maximum(-x[rows, peak], 1e-3)
    around = x[rows[:, None], np.clip(peak[:, None] + np.arange(-reach, reach + 1), 0, x.shape[-1] - 1)]
    below = around < -0.5 * height[:, None]
    steps = (~below[:, reach::-1]).argmax(axis=-1) + (~below[:, reach:]).argmax(axis=-1)
    width_s = steps / SLOW_SFREQ_HZ
    beside = np.clip(peak[:, None] + np.arange(-2, 3), 0, x.shape[-1] - 1)
    own_height = np.maximum(-own[rows[:, None], beside].min(axis=1), 1e-3)
    typical = 2.83 * 1.4826 * np.median(np.abs(own), axis=-1)
    rebound = around[:, reach + round(REBOUND_FROM_S * SLOW_SFREQ_HZ) :].max(axis=-1) / height
    margin = np.min(
        [
            4.0 * np.log2(height / kind.height_uv),
            4.0 * (np.log2(own_height / np.maximum(typical, 1e-3)) - kind.stands_out),
            4.0 * (np.log2(own_height / _rms_around(own, peak)) - kind.stands_out_near),
            (width_s - kind.width_s[0]) / EDGE_S + 0.2,
            (kind.width_s[1] - width_s) / EDGE_S + 0.2,
            6.0 * (rebound - kind.rebound),
            _field_margin(block, peak, kind),
        ],
        axis=0,
    )
    return height, width_s, margin


def _rms_around(x: np.ndarray, peak: np.ndarray) -> np.ndarray:
    """2 sqrt 2 RMS of the seconds around a peak without the peak itself, `(n_windows,)`."""
    away = np.abs(np.arange(x.shape[-1]) - peak[:, None])
    near = (away > AROUND_S[0] * SLOW_SFREQ_HZ) & (away < AROUND_S[1] * SLOW_SFREQ_HZ)
    power = np.einsum("wt,wt,wt->w", near, x, x) / np.maximum(near.sum(axis=-1), 1)
    return np.asarray(2.83 * np.sqrt(np.maximum(power, 1e-6)))


def _field_margin(block: SiteBlock, peak: np.ndarray, kind: _Wave) -> np.ndarray:
    """Whether the field at the peak has its negative maximum where the wave belongs, on both sides alike."""
    x = block.band(0.5, kind.high_hz, derivation="average")
    field = -np.take_along_axis(x, peak[:, None, None], axis=-1)[..., 0]
    field /= np.maximum(np.abs(field).max(axis=1, keepdims=True), 1e-6)
    mean = lambda *sites: field[:, site_indices(sites)].mean(axis=1)  # noqa: E731
    middle = mean(*kind.sites)
    parts = [
        middle - mean("Fp1", "Fp2") - kind.above_pole,
        middle - mean(*LOWER_SITES) - 0.5,
        0.5 - np.abs(mean("F3", "C3", "P3") - mean("F4", "C4", "P4")),
        mean("C3", "C4", "Fz", "Pz") - 0.15,  # a field, not one electrode
        middle - kind.of_field,
        kind.occipital - mean("O1", "O2"),
    ]
    return 6 * np.min(parts, axis=0)
