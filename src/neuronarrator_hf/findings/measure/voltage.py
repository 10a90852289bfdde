"""Voltage and continuity: low voltage, suppression, attenuations, burst suppression, discontinuity.

All from one amplitude envelope below 20 Hz, so that muscle does not lift a suppressed record.
Suppression is absolute (10 uV), attenuation relative (half of the background): ACNS 2021.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from .block import LEFT_BIPOLAR, RIGHT_BIPOLAR, SLOW_SFREQ_HZ, SiteBlock, masked_median, masked_quantile
from .result import Judgement

STEP_S = 0.1
ENVELOPE_S = 0.5
LOW_UV = 20.0
SUPPRESSED_UV = 10.0
MIN_DERIVATIONS = 8


@dataclass
class Voltage:
    """Amplitudes of a batch of windows, peak to peak in microvolts.

    Attributes:
        envelope_uv: `(n_windows, n_steps)` median over derivations in sliding half seconds.
        side_envelope_uv: `(n_windows, 2, n_steps)` the same, left and right.
        background_uv: `(n_windows,)` median over derivations and seconds.
        channel_uv: `(n_windows, 18)` median over seconds.
        enough: `(n_windows,)` bool: enough derivations to judge.
    """

    envelope_uv: np.ndarray
    side_envelope_uv: np.ndarray
    background_uv: np.ndarray
    channel_uv: np.ndarray
    high_uv: np.ndarray
    enough: np.ndarray


def measure_voltage(block: SiteBlock) -> Voltage:
    """Envelopes and the background amplitude of each window."""
    x = block.band(0.5, 20.0)
    step = round(STEP_S * SLOW_SFREQ_HZ)
    n_steps = x.shape[-1] // step
    cells = x[..., : n_steps * step].reshape(*x.shape[:2], n_steps, step)
    high, low = cells.max(axis=-1), cells.min(axis=-1)
    mask = block.bipolar_mask
    second = round(1 / STEP_S)
    n_seconds = n_steps // second
    per_second = high[..., : n_seconds * second].reshape(*x.shape[:2], n_seconds, second).max(axis=-1) - low[
        ..., : n_seconds * second
    ].reshape(*x.shape[:2], n_seconds, second).min(axis=-1)
    size = round(ENVELOPE_S / STEP_S)
    envelope = maximum_filter1d(high, size, axis=-1) - minimum_filter1d(low, size, axis=-1)
    everywhere = np.broadcast_to(mask[..., None], envelope.shape)
    over = lambda rows: masked_median(  # noqa: E731
        envelope[:, rows].swapaxes(1, 2), everywhere[:, rows].swapaxes(1, 2)
    )
    flat = per_second.reshape(len(x), -1)
    flat_mask = np.repeat(mask, n_seconds, axis=1)
    return Voltage(
        envelope_uv=over(slice(None)),
        side_envelope_uv=np.stack([over(LEFT_BIPOLAR), over(RIGHT_BIPOLAR)], axis=1),
        background_uv=masked_median(flat, flat_mask),
        channel_uv=np.median(per_second, axis=-1),
        high_uv=masked_quantile(flat, flat_mask, 0.9),
        enough=mask.sum(axis=1) >= MIN_DERIVATIONS,
    )


def runs(state: np.ndarray, min_steps: int) -> np.ndarray:
    """`state` with runs shorter than `min_steps` removed, along the last axis."""
    padded = np.pad(state, [(0, 0)] * (state.ndim - 1) + [(min_steps - 1, min_steps - 1)])
    view = np.lib.stride_tricks.sliding_window_view(padded, min_steps, axis=-1).all(axis=-1)
    covered = np.pad(view, [(0, 0)] * (state.ndim - 1) + [(0, min_steps - 1)])
    result = np.lib.stride_tricks.sliding_window_view(
        covered[..., : state.shape[-1] + min_steps - 1], min_steps, axis=-1
    ).any(axis=-1)
    return result & state


def count_runs(state: np.ndarray) -> np.ndarray:
    """Number of runs of True along the last axis."""
    starts = state & ~np.pad(state[..., :-1], [(0, 0)] * (state.ndim - 1) + [(1, 0)])
    return starts.sum(axis=-1)


def judge_voltage(block: SiteBlock, voltage: Voltage) -> list[Judgement]:
    """Voltage classes and continuity."""
    background, high = voltage.background_uv, voltage.high_uv
    envelope = voltage.envelope_uv
    half = round(ENVELOPE_S / STEP_S) // 2
    min_steps = round(0.5 / STEP_S) - 2 * half
    # A half-second peak-to-peak window shortens every quiet stretch by half a second: give it back.
    suppressed = widen(runs(envelope < SUPPRESSED_UV, max(min_steps, 1)), half)
    reference = np.quantile(envelope, 0.6, axis=-1)
    weak = widen(runs(envelope < 0.5 * reference[:, None], 2), half)
    attenuated = weak & ~suppressed
    suppressed_share = suppressed.mean(axis=-1)
    attenuated_share = attenuated.mean(axis=-1)
    quiet_share = (suppressed | weak).mean(axis=-1)
    burst_uv = _mean_where(envelope, ~suppressed)
    quiet_uv = _mean_where(envelope, suppressed)
    n_bursts = count_runs(runs(~suppressed, 5))
    contrast = np.log2(np.maximum(burst_uv, 1e-3) / np.maximum(quiet_uv, 1.0))
    burst_margin = np.minimum(
        np.minimum((suppressed_share - 0.5) / 0.08, 3 * (contrast - 1.5)), np.where(n_bursts > 0, 8.0, -8.0)
    )
    burst_margin = np.where(np.isfinite(burst_margin), burst_margin, -8.0)
    extreme_margin = np.minimum(6 * np.log2(SUPPRESSED_UV / background), 4 * np.log2(20.0 / high))
    low_margin = np.minimum(6 * np.log2(LOW_UV / background), 6 * np.log2(background / SUPPRESSED_UV))
    low_margin = np.minimum(low_margin, 4 * np.log2(50.0 / high))
    attenuation_margin = np.minimum((attenuated_share - 0.08) / 0.04, (0.5 - quiet_share) / 0.04)
    discontinuity_margin = np.minimum((quiet_share - 0.12) / 0.05, (0.5 - quiet_share) / 0.04)
    common = {"assessed": voltage.enough, "where": "longitudinal bipolar, 0.5-20 Hz, peak to peak"}
    amplitude = np.stack([background, np.maximum(high, background)], axis=1)
    voltages = {"background_uv": background, "high_uv": high}
    shares = {"suppressed_share": suppressed_share, "attenuated_share": attenuated_share}
    return [
        Judgement(
            "low_voltage",
            low_margin,
            bound="median of 1 s below 20 uV, not below 10 uV",
            evidence=voltages,
            amplitude_uv=background,
            **common,
        ),
        Judgement(
            "extreme_low_voltage",
            extreme_margin,
            bound="median of 1 s below 10 uV throughout",
            evidence=voltages,
            amplitude_uv=amplitude,
            **common,
        ),
        Judgement(
            "brief_attenuation",
            attenuation_margin,
            bound="stretches >= 0.5 s below half of the background, >= 10 uV, below half of the record",
            evidence=shares,
            **common,
        ),
        Judgement(
            "burst_suppression",
            burst_margin,
            bound="suppression (< 10 uV) in 50-99 % with bursts >= 0.5 s",
            evidence={**shares, "burst_uv": burst_uv},
            **common,
        ),
        Judgement(
            "discontinuity",
            discontinuity_margin,
            bound="attenuation or suppression in 10-49 %",
            evidence=shares,
            **common,
        ),
    ]


def widen(state: np.ndarray, steps: int) -> np.ndarray:
    """`state` with every run of True longer by `steps` at both ends."""
    return maximum_filter1d(state.astype(np.uint8), 2 * steps + 1, axis=-1, mode="constant").astype(bool)


def _mean_where(values: np.ndarray, where: np.ndarray) -> np.ndarray:
    count = where.sum(axis=-1)
    return np.where(count > 0, (values * where).sum(axis=-1) / np.maximum(count, 1), np.nan)
