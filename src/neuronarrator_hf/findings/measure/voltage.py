"""Voltage and continuity: low voltage, suppression, attenuations, burst suppression, discontinuity.

All from one amplitude envelope below 20 Hz, less what muscle adds there. Suppression is absolute
(10 uV), attenuation relative (half of the background): ACNS 2021.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from .block import SLOW_SFREQ_HZ, SiteBlock, masked_median, masked_quantile
from .result import Judgement

STEP_S = 0.1
ENVELOPE_S = 0.5
"""A half-second peak to peak: where it is low, the record was quiet for the half second that is asked."""
LOW_UV = 20.0
SUPPRESSED_UV = 10.0
SUPPRESSED_HIGH_UV = 15.0
"""Ninth decile of a record that is suppressed throughout."""
BURST_SHARE = 0.45
"""Suppressed share that makes a burst suppression: half, less what a tenth of a second resolves."""
MIN_DERIVATIONS = 8
ATTENUATED = 0.95
"""log2 depth of the deepest half second of the window: half the amplitude, less what the envelope blurs."""
INTERRUPTED = 0.4
"""log2 depth that a suppressed stretch of a discontinuous record has: a low record is not interrupted."""
ATTENUATED_UV = 35.0
"""What is still larger than this is an ordinary background between larger waves."""
DEEPEST_STEPS = 6
ENDED_UV = 5.0
"""Envelope below which a window that fades out at its edge is a recording that ends."""
MUSCLE_FLATNESS = (0.3, 0.8)
"""Density of 20-35 over 8-12 Hz at which muscle begins to be taken off, and is taken off fully."""


@dataclass
class Voltage:
    """Amplitudes of a batch of windows, peak to peak in microvolts.

    Attributes:
        envelope_uv: `(n_windows, n_steps)` median over derivations in sliding half seconds.
        relative: `(n_windows, n_steps)` log2 of the same over each derivation's own median, in 0.5-20 or in
            4-20 Hz, whichever fell less: between the crests of delta waves only the slow part falls.
        background_uv: `(n_windows,)` median over derivations and seconds.
        high_uv: `(n_windows,)` ninth decile over derivations and seconds.
        enough: `(n_windows,)` bool: enough derivations to judge.
    """

    envelope_uv: np.ndarray
    relative: np.ndarray
    background_uv: np.ndarray
    high_uv: np.ndarray
    enough: np.ndarray


def measure_voltage(block: SiteBlock) -> Voltage:
    """Envelopes and the background amplitude of each window."""
    mask = block.bipolar_mask
    high, low = _extremes(block.band(0.5, 20.0))
    per_second = round(1 / STEP_S)
    n_steps = high.shape[-1]
    n_seconds = n_steps // per_second
    in_seconds = lambda a: a[..., : n_seconds * per_second].reshape(*a.shape[:2], n_seconds, per_second)  # noqa: E731
    seconds = in_seconds(high).max(axis=-1) - in_seconds(low).min(axis=-1)
    share = np.sqrt(1.0 - _muscle_share(block))[..., None]
    seconds, envelope = seconds * share, _swing(high, low) * share
    everywhere = np.broadcast_to(mask[:, None], (len(high), n_steps, mask.shape[1]))
    middle = lambda a: masked_median(a.swapaxes(1, 2), everywhere)  # noqa: E731
    envelope_uv = middle(envelope)
    broad = middle(_over_own(envelope))
    relative = np.maximum(broad, middle(_over_own(_swing(*_extremes(block.band(4.0, 20.0))) * share)))
    ended = _ended(envelope_uv, broad)
    flat = seconds.reshape(len(high), -1)
    flat_mask = np.repeat(mask, n_seconds, axis=1)
    return Voltage(
        envelope_uv=np.where(ended, np.median(envelope_uv, axis=-1, keepdims=True), envelope_uv),
        relative=np.where(ended, 0.0, relative),
        background_uv=masked_median(flat, flat_mask),
        high_uv=masked_quantile(flat, flat_mask, 0.9),
        enough=mask.sum(axis=1) >= MIN_DERIVATIONS,
    )


def _extremes(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Highest and lowest value of every step."""
    step = round(STEP_S * SLOW_SFREQ_HZ)
    cells = x[..., : x.shape[-1] // step * step].reshape(*x.shape[:2], -1, step)
    return cells.max(axis=-1), cells.min(axis=-1)


def _swing(high: np.ndarray, low: np.ndarray) -> np.ndarray:
    """Peak to peak in sliding half seconds."""
    size = round(ENVELOPE_S / STEP_S)
    return np.asarray(maximum_filter1d(high, size, axis=-1) - minimum_filter1d(low, size, axis=-1))


def _over_own(envelope: np.ndarray) -> np.ndarray:
    """log2 of envelopes over their own median."""
    own = np.maximum(np.median(envelope, axis=-1, keepdims=True), 1e-3)
    return np.asarray(np.log2(np.maximum(envelope, 1e-3) / own))


def _ended(envelope_uv: np.ndarray, relative: np.ndarray) -> np.ndarray:
    """Steps in which a recording fades into nothing at an edge while it is never quiet elsewhere.

    Files are often filled up with a constant; the filters make of that a fade of about a second.
    """
    ended = np.zeros(envelope_uv.shape, bool)
    for window in np.flatnonzero((envelope_uv[:, [0, -1]] < ENDED_UV).any(axis=1)):
        for forward in (slice(None), slice(None, None, -1)):
            level = envelope_uv[window, forward]
            n_faded = int((relative[window, forward] >= -0.5).argmax())
            if level[0] < ENDED_UV and n_faded and (level[n_faded:] >= SUPPRESSED_UV).all():
                ended[window, forward][:n_faded] = True
    return ended


def _muscle_share(block: SiteBlock) -> np.ndarray:
    """Share of the power of 0.5-20 Hz that is muscle, `(n_windows, 18)`.

    Muscle is about flat from 8 to 35 Hz, the brain falls. Where the density of 20-35 Hz comes near
    that of 8-12 Hz, so much of every hertz from 4 to 20 is taken as muscle.
    """
    density = block.band_power(20.0, 35.0) / 15.0
    flatness = density / np.maximum(block.band_power(8.0, 12.0) / 4.0, 1e-6)
    weight = np.clip((flatness - MUSCLE_FLATNESS[0]) / (MUSCLE_FLATNESS[1] - MUSCLE_FLATNESS[0]), 0, 1)
    total = np.maximum(block.band_power(0.5, 20.0), 1e-6)
    return weight * np.clip(16.0 * density / total, 0.0, 0.85)


def judge_voltage(voltage: Voltage) -> list[Judgement]:
    """Voltage classes and continuity."""
    background, high, envelope = voltage.background_uv, voltage.high_uv, voltage.envelope_uv
    half = round(ENVELOPE_S / STEP_S) // 2
    # A window that reaches over the edges shortens a quiet stretch by half its length at both ends.
    suppressed = _widen(envelope < SUPPRESSED_UV, half)
    interrupted = _widen((envelope < SUPPRESSED_UV) & (voltage.relative < -INTERRUPTED), half)
    weak = _widen(voltage.relative < -ATTENUATED, half)
    suppressed_share = suppressed.mean(axis=-1)
    quiet_share = (interrupted | weak).mean(axis=-1)
    quiet_share = np.where(suppressed_share > BURST_SHARE, suppressed_share, quiet_share)
    depth = -np.sort(voltage.relative, axis=-1)[:, :DEEPEST_STEPS].mean(axis=-1)
    spread = np.log2(high / background)
    extreme = np.minimum(6 * np.log2(SUPPRESSED_UV / background), 6 * np.log2(SUPPRESSED_HIGH_UV / high))
    burst_uv, quiet_uv = _mean_where(envelope, ~suppressed), _mean_where(envelope, suppressed)
    contrast = np.nan_to_num(np.log2(burst_uv / np.maximum(quiet_uv, 2.0)), nan=-8.0)
    bursts = np.minimum((suppressed_share - BURST_SHARE) / 0.1, 3 * (contrast - 1.2))
    low = np.min([6 * np.log2(LOW_UV / background), -extreme, -bursts, 5 * (1.3 - spread)], axis=0)
    quiet_level = np.sort(envelope, axis=-1)[:, :DEEPEST_STEPS].mean(axis=-1)
    low_enough = 4 * np.log2(ATTENUATED_UV / np.maximum(quiet_level, 1e-3))
    attenuation = np.min(
        [6 * (depth - ATTENUATED), low_enough, (0.35 - suppressed_share) / 0.05, -bursts], axis=0
    )
    # A low record wavers about 10 uV without being interrupted.
    discontinuity = np.min(
        [(quiet_share - 0.12) / 0.05, (0.55 - quiet_share) / 0.05, 6 * (depth - ATTENUATED)], axis=0
    )
    common: dict[str, Any] = {
        "assessed": voltage.enough,
        "where": "longitudinal bipolar, 0.5-20 Hz, peak to peak",
    }
    amplitudes = {"background_uv": background, "high_uv": high}
    shares = {"suppressed_share": suppressed_share, "quiet_share": quiet_share, "quiet_uv": quiet_level}
    return [
        Judgement(
            "low_voltage",
            low,
            bound="median second below 20 uV, neither suppressed nor burst suppression",
            evidence=amplitudes,
            amplitude_uv=background,
            **common,
        ),
        Judgement(
            "extreme_low_voltage",
            extreme,
            bound="median second below 10 uV, ninth decile below 15 uV",
            evidence=amplitudes,
            amplitude_uv=background,
            **common,
        ),
        Judgement(
            "brief_attenuation",
            attenuation,
            bound="half of the background for half a second, also without delta, not suppressed for a third",
            evidence={**shares, "attenuation_depth_log2": depth},
            **common,
        ),
        Judgement(
            "burst_suppression",
            bursts,
            bound="below 10 uV for 45 % or more, bursts at least 2.3 times larger",
            evidence={**shares, "burst_uv": burst_uv},
            **common,
        ),
        Judgement(
            "discontinuity",
            discontinuity,
            bound="below 10 uV or half of the background in 12-55 %",
            evidence=shares,
            **common,
        ),
    ]


def runs(state: np.ndarray, min_steps: int) -> np.ndarray:
    """`state` with runs of True shorter than `min_steps` removed, along the last axis."""
    pad = [(0, 0)] * (state.ndim - 1) + [(min_steps - 1, min_steps - 1)]
    view = np.lib.stride_tricks.sliding_window_view
    starts = view(np.pad(state, pad), min_steps, axis=-1).all(axis=-1)
    return np.asarray(view(starts, min_steps, axis=-1).any(axis=-1))


def _widen(state: np.ndarray, steps: int) -> np.ndarray:
    """`state` with every run of True longer by `steps` at both ends."""
    return maximum_filter1d(state.astype(np.uint8), 2 * steps + 1, axis=-1, mode="constant").astype(bool)


def _mean_where(values: np.ndarray, where: np.ndarray) -> np.ndarray:
    count = where.sum(axis=-1)
    return np.where(count > 0, (values * where).sum(axis=-1) / np.maximum(count, 1), np.nan)
