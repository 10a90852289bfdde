"""Rhythmic delta activity (LRDA, GRDA) and extreme delta brush.

Rhythmic delta is monomorphic: one frequency, one field, no interval. It is measured as the
autocorrelation of the strongest spatial component of a side one period on, and as delta amplitude
over theta amplitude, which a polymorphic mixture does not reach.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft

from .block import LEFT_BIPOLAR, RIGHT_BIPOLAR, SLOW_SFREQ_HZ, SiteBlock, masked_mean, masked_median
from .periodic import Train, soft_and
from .result import Judgement

REGULARITY = 0.45
PURITY = 1.2
"""log2 of delta over theta amplitude."""
MIN_AMPLITUDE_UV = 15.0
LATERALITY = 0.5
RANGE_HZ = (0.6, 4.2)
BRUSH_LOCKING = 0.35


@dataclass
class Regularity:
    """Autocorrelation one period on, its frequency, and the share of the strongest component."""

    height: np.ndarray
    frequency_hz: np.ndarray
    share: np.ndarray


def measure_regularity(
    x: np.ndarray, mask: np.ndarray, max_hz: float = RANGE_HZ[1], segment_s: float = 5.0
) -> Regularity:
    """Of `(n_windows, n_rows, n_times)` at 100 Hz: whole window and halves, whichever is the more regular."""
    x = x * mask[..., None]
    covariance = np.matmul(x, x.swapaxes(1, 2))
    values, vectors = np.linalg.eigh(covariance)
    component = np.matmul(vectors[:, :, -1][:, None], x)[:, 0]
    share = values[:, -1] / np.maximum(values.sum(axis=1), 1e-9)
    n_times = component.shape[-1]
    lag_low, lag_high = round(SLOW_SFREQ_HZ / max_hz), min(round(SLOW_SFREQ_HZ / RANGE_HZ[0]), n_times // 3)
    heights, lags = [], []
    for length in {n_times, min(round(segment_s * SLOW_SFREQ_HZ), n_times)}:
        segments = np.lib.stride_tricks.sliding_window_view(component, length, axis=-1)[
            :, :: max(length // 2, 1)
        ]
        segments = segments - segments.mean(axis=-1, keepdims=True)
        taper = np.hanning(length)
        power = np.abs(fft.rfft(segments * taper, 2 * length, axis=-1)) ** 2
        own = np.abs(fft.rfft(taper, 2 * length)) ** 2
        correlation = fft.irfft(power.mean(axis=1), axis=-1)[:, : lag_high + 1]
        norm = fft.irfft(own)[: lag_high + 1]
        correlation = correlation / np.maximum(correlation[:, :1], 1e-9) / (norm / norm[0])
        negative = (correlation < 0.1).argmax(axis=1)
        allowed = (np.arange(lag_high + 1)[None] >= np.maximum(negative, lag_low)[:, None]) & (negative > 0)[
            :, None
        ]
        allowed = np.where(allowed, correlation, -1.0)
        heights.append(allowed.max(axis=1))
        lags.append(allowed.argmax(axis=1))
    height = np.mean(heights, axis=0)
    return Regularity(height, SLOW_SFREQ_HZ / np.maximum(lags[0], 1), share)


def judge_rhythmic_delta(
    block: SiteBlock, trains: list[dict[str, Train]]
) -> tuple[list[Judgement], dict[str, np.ndarray]]:
    """LRDA, GRDA and extreme delta brush."""
    x = block.band(0.5, 6.0)
    mask = block.bipolar_mask
    sides = [
        measure_regularity(x[:, rows], mask[:, rows]) for rows in (LEFT_BIPOLAR, RIGHT_BIPOLAR, np.arange(18))
    ]
    delta = block.band_power(0.6, 4.0)
    theta = block.band_power(4.25, 8.0)
    level = lambda rows: masked_median(np.log2(delta[:, rows] + 0.01), mask[:, rows]) / 2  # noqa: E731
    laterality = level(LEFT_BIPOLAR) - level(RIGHT_BIPOLAR)
    stronger = np.where(laterality > 0, 0, 1)
    purity_sides = np.stack(
        [
            masked_median(
                (np.log2(delta[:, rows] + 0.01) - np.log2(theta[:, rows] + 0.01)) / 2, mask[:, rows]
            )
            for rows in (LEFT_BIPOLAR, RIGHT_BIPOLAR)
        ],
        axis=1,
    )
    heights = np.stack([s.height for s in sides], axis=1)
    frequencies = np.stack([s.frequency_hz for s in sides], axis=1)
    best = heights.argmax(axis=1)
    height = heights.max(axis=1)
    frequency = np.take_along_axis(frequencies, best[:, None], axis=1)[:, 0]
    purity = np.nanmax(np.nan_to_num(purity_sides, nan=-9), axis=1)
    amplitude = np.stack([2.83 * 2.0 ** level(LEFT_BIPOLAR), 2.83 * 2.0 ** level(RIGHT_BIPOLAR)], axis=1)
    largest = np.nanmax(np.nan_to_num(amplitude), axis=1)
    contrast = np.array(
        [
            max((t.contrast for t in trains_w.values() if np.isfinite(t.contrast)), default=1.5)
            for trains_w in trains
        ]
    )
    shape = 5.0 * (height - REGULARITY) + 1.5 * (purity - PURITY)
    margin = np.minimum(shape, 4.0 * np.log2(np.maximum(largest, 1e-3) / MIN_AMPLITUDE_UV))
    # Waves with an interval between them are periodic discharges; their slope stands out.
    margin = np.minimum(margin, 3.0 * np.log2(3.0 / np.maximum(contrast, 1.0)))
    margin = np.minimum(margin, 4.0 * np.log2(4.2 / np.maximum(frequency, 0.1)))
    lateral = 4.0 * (np.abs(np.nan_to_num(laterality)) - LATERALITY)
    assessed = (
        (mask[:, LEFT_BIPOLAR].sum(1) >= 3) & (mask[:, RIGHT_BIPOLAR].sum(1) >= 3) & (block.duration_s >= 4.0)
    )
    evidence = {
        "delta_regularity": height,
        "delta_rhythm_hz": frequency,
        "delta_over_theta_log2": purity,
        "delta_amplitude_uv": largest,
        "delta_laterality_log2": laterality,
    }
    few = frequency * block.duration_s < 6
    common = {
        "where": "longitudinal bipolar, 0.5-6 Hz",
        "evidence": evidence,
        "frequency_hz": frequency,
        "assessed": assessed,
        "hedged": few,
    }
    bound = "autocorrelation one period on above 0.45, delta above 2.3 times theta, above 15 uV"
    judgements = [
        Judgement(
            "lrda",
            soft_and(margin, lateral),
            bound=bound + ", one side 1.4 times the other",
            side=["left" if s == 0 else "right" for s in stronger],
            regions=_side_regions(delta, mask, stronger),
            **common,
        ),
        Judgement("grda", soft_and(margin, -lateral), bound=bound + ", both sides alike", **common),
        _judge_brush(block, assessed),
    ]
    return judgements, {**evidence, "rhythmic_margin": margin}


_ROWS_OF_REGION = {
    "frontal": ((0, 4), (14, 10)),
    "temporal": ((1, 2), (15, 16)),
    "central": ((5,), (11,)),
    "parietal": ((6,), (12,)),
    "occipital": ((3, 7), (17, 13)),
}


def _side_regions(power: np.ndarray, mask: np.ndarray, side: np.ndarray) -> list[tuple[str, ...]]:
    """The region of the stronger side in which the power is largest."""
    names = list(_ROWS_OF_REGION)
    levels = np.stack(
        [
            [masked_mean(power[:, list(rows[s])], mask[:, list(rows[s])]) for s in (0, 1)]
            for rows in _ROWS_OF_REGION.values()
        ]
    )
    chosen = np.take_along_axis(levels, side[None, None], axis=1)[:, 0]
    return [(names[i],) for i in np.nan_to_num(chosen, nan=-1).argmax(axis=0)]


def _judge_brush(block: SiteBlock, assessed: np.ndarray) -> Judgement:
    """Beta that waxes and wanes with each delta wave, on delta that dominates."""
    delta = block.band(0.5, 3.5)
    beta = block.band(14.0, 30.0)
    envelope = np.abs(beta)
    width = round(0.15 * SLOW_SFREQ_HZ)
    kernel = np.hanning(width + 2)[1:-1]
    n = envelope.shape[-1]
    smooth = fft.irfft(fft.rfft(envelope, n) * fft.rfft(kernel / kernel.sum(), n), n)
    smooth = np.roll(smooth, -(width // 2), axis=-1)
    smooth -= smooth.mean(axis=-1, keepdims=True)
    # Locking in any phase: the share of the envelope's variance that lies along delta and its quadrature.
    spectrum = fft.rfft(delta, axis=-1)
    quadrature = fft.irfft(spectrum * -1j, n, axis=-1)
    norm = lambda a: np.sqrt(np.maximum((a * a).sum(-1), 1e-9))  # noqa: E731
    r1 = (smooth * delta).sum(-1) / norm(smooth) / norm(delta)
    r2 = (smooth * quadrature).sum(-1) / norm(smooth) / norm(quadrature)
    locking = masked_median(np.sqrt(r1**2 + r2**2), block.bipolar_mask)
    mask = block.bipolar_mask
    delta_uv = 2.83 * np.sqrt(masked_median(block.band_power(0.6, 4.0), mask))
    beta_uv = 2.83 * np.sqrt(masked_median(block.band_power(14.0, 30.0), mask))
    muscle_uv = 2.83 * np.sqrt(masked_median(block.band_power(35.0, 45.0), mask) * 1.6)
    margin = np.minimum((locking - BRUSH_LOCKING) / 0.06, 4 * np.log2(delta_uv / 20.0))
    margin = np.minimum(margin, 4 * np.log2(np.maximum(beta_uv, 1e-3) / 3.0))
    margin = np.minimum(margin, 4 * np.log2(np.maximum(beta_uv, 1e-3) / np.maximum(muscle_uv, 1e-3) / 1.3))
    return Judgement(
        "extreme_delta_brush",
        margin,
        assessed,
        bound="beta envelope locked to delta (correlation 0.35 in the median derivation), delta above 20 uV",
        where="longitudinal bipolar",
        evidence={"brush_locking": locking, "brush_delta_uv": delta_uv, "brush_beta_uv": beta_uv},
    )
