"""Electrographic seizure candidate: fast sustained discharges, or rhythmic activity that evolves.

ACNS 2021: discharges averaging more than 2.5 Hz for ten seconds, or definite evolution for ten
seconds. One window can show no more than a candidate, so the claim is always hedged.
"""

from __future__ import annotations

import numpy as np

from ...signal.spectral import power_spectrum
from .block import LEFT_BIPOLAR, RIGHT_BIPOLAR, SLOW_SFREQ_HZ, SiteBlock, masked_quantile
from .component import main_component
from .focal_rhythm import find_focal_rhythm
from .periodic import Train
from .result import Judgement
from .rhythmic import measure_rhythmicity

RATE_HZ = 2.5
CONCENTRATION = 0.38
REGULARITY = 0.4
SUSTAINED_UV = 60.0
MIN_AMPLITUDE_UV = 30.0
DELTA_HZ = 4.0
SHARP_UV = 28.0
SHARP_RATIO = 0.45
"""Amplitude of 4-20 Hz, and its part of that of 2-20 Hz: rhythmic delta of 3 Hz stays below both."""
ONE_FIELD = 0.6
"""Share of the power in one field from which activity is that of one generator."""
MANY_FIELDS = (0.1, 0.5)
"""Lack of that share, and log2 by which activity of many places has to be larger for it, at most."""
SUSTAINED_FIELD, SUSTAINED_SCATTER = 0.75, 0.8
"""The same for activity that is told by its size rather than by a frequency of its own: polymorphic theta of
the whole head is as large."""
SUSTAINED_CONCENTRATION = 0.2
POSTERIOR_FIELD = 0.85
"""Share of one field from which waves at the frequency of the posterior rhythm may be discharges."""
UNINTERRUPTED = 4.5
"""Contrast of discharges with what is between them from which they have intervals."""
HEALTHY_UV = 60.0
"""Upper quartile over the derivations of a side that alpha and mu hardly reach."""


def judge_seizure(
    block: SiteBlock, trains: list[dict[str, Train]], posterior_hz: np.ndarray, muscle_uv: np.ndarray
) -> tuple[list[Judgement], dict[str, np.ndarray]]:
    """The candidate, from rate, regularity above 2.5 Hz, and evolution within the window."""
    x = block.band(1.5, 20.0)
    mask = block.bipolar_mask
    groups = (LEFT_BIPOLAR, RIGHT_BIPOLAR)
    sides = [measure_rhythmicity(x[:, rows], mask[:, rows], (1.5, 20.0), (2.0, 14.0), 0.6) for rows in groups]
    over = lambda values: np.nan_to_num(  # noqa: E731
        np.stack([masked_quantile(values[:, rows], mask[:, rows], 0.75) for rows in groups], axis=1), nan=-6.0
    )
    levels = over(np.log2(block.band_power(2.0, 20.0) + 0.01)) / 2
    fast_levels = over(np.log2(block.band_power(4.0, 20.0) + 0.01)) / 2
    shapes = np.stack(
        [8.0 * (s.concentration - CONCENTRATION) + 2.0 * (s.regularity - REGULARITY) for s in sides], axis=1
    )
    best = shapes.argmax(axis=1)[:, None]
    take = lambda values: np.take_along_axis(values, best, axis=1)[:, 0]  # noqa: E731
    concentration = take(np.stack([s.concentration for s in sides], axis=1))
    frequency = take(np.stack([s.frequency_hz for s in sides], axis=1))
    amplitude = 2.83 * 2.0 ** levels.max(axis=1)
    fast_uv = 2.83 * 2.0 ** fast_levels.max(axis=1)
    laterality = levels[:, 0] - levels[:, 1]
    big = _large_and_sharp(amplitude, fast_uv)
    # Theta of the whole head is as large and as fast, but differs from place to place.
    share = main_component(x, mask)[1]
    spread_out = np.clip((ONE_FIELD - share) / MANY_FIELDS[0], 0.0, MANY_FIELDS[1])
    rhythmic = np.minimum(take(shapes) - 3.0 * spread_out, 6.0 * np.log2(frequency / RATE_HZ))
    is_posterior = np.abs(frequency - np.nan_to_num(posterior_hz, nan=-9)) < 1.2
    rhythmic = np.minimum(rhythmic, _beyond_health(frequency, amplitude))
    rhythmic = np.where(is_posterior, -4.0, rhythmic)
    rate = np.array([_fast_rate(t) for t in trains])
    # The waves of the posterior rhythm are alike too, but not of one field.
    rate = np.where(is_posterior, np.minimum(rate, 10.0 * (share - POSTERIOR_FIELD)), rate)
    drift, spread = _evolution(block)
    evolving = np.minimum(2.0 * (np.abs(drift) - 1.0), 0.5 * (np.abs(drift) / (spread + 0.1) - 5.0))
    evolving = np.minimum(evolving, 8.0 * (concentration - 0.2))
    # The posterior rhythm that comes when the eyes close moves the dominant frequency too, and so does mu.
    evolving = np.where(is_posterior, np.minimum(evolving, 0.0) - 0.5, evolving)
    evolving = np.minimum(evolving, _beyond_health(frequency, amplitude))
    # Sharply contoured activity as large as this, going on without intervals, is ictal or muscle.
    contrast = np.array(
        [max((t.contrast for t in w.values() if np.isfinite(t.contrast)), default=1.5) for w in trains]
    )
    uninterrupted = 3.0 * np.log2(UNINTERRUPTED / contrast)
    evolving = np.minimum(evolving, uninterrupted)
    scattered = np.clip((SUSTAINED_FIELD - share) / MANY_FIELDS[0], 0.0, SUSTAINED_SCATTER)
    scattered = np.where(concentration < CONCENTRATION, scattered, spread_out)
    sustained = np.min(
        [
            3.0 * (np.log2(fast_uv / SUSTAINED_UV) - scattered),
            uninterrupted,
            10.0 * (concentration - SUSTAINED_CONCENTRATION),
        ],
        axis=0,
    )
    sustained = np.where(
        is_posterior, -4.0, np.minimum(sustained, 3.0 * np.log2(fast_uv / (1.5 * muscle_uv + 1.0)))
    )
    routes = np.stack([rhythmic, rate, evolving, sustained])
    margin = np.minimum(routes.max(axis=0), big)
    # The frequency is that of what makes the candidate: its discharges, or a rhythm that is none of health.
    by_rate = routes.argmax(axis=0) == 1
    told_hz = np.where(
        by_rate,
        [_fastest_hz(t) for t in trains],
        np.where(_is_healthy(frequency) & (rhythmic <= 0), np.nan, frequency),
    )
    # A rhythm of one side, without the posterior one, where that tells more.
    focal = find_focal_rhythm(x, mask, posterior_hz)
    beside = np.min(
        [
            focal.fit,
            6.0 * np.log2(focal.frequency_hz / RATE_HZ),
            # Beyond delta no sharpness is asked of it, and a focus is as large as in its largest derivation.
            np.where(
                focal.frequency_hz < DELTA_HZ,
                _large_and_sharp(focal.amplitude_uv, focal.fast_uv),
                3.0 * np.log2(focal.largest_uv / MIN_AMPLITUDE_UV),
            ),
            np.where(focal.in_front, np.inf, _beyond_health(focal.frequency_hz, focal.amplitude_uv)),
        ],
        axis=0,
    )
    clearer = beside > margin
    margin = np.where(clearer, beside, margin)
    told_hz = np.where(clearer, focal.frequency_hz, told_hz)
    concentration = np.where(clearer, focal.concentration, concentration)
    frequency = np.where(clearer, focal.frequency_hz, frequency)
    amplitude = np.where(clearer, focal.amplitude_uv, amplitude)
    fast_uv = np.where(clearer, focal.fast_uv, fast_uv)
    share = np.where(clearer, focal.share, share)
    laterality = np.where(clearer, focal.laterality, laterality)
    evidence = {
        "ictal_concentration": concentration,
        "ictal_rhythm_hz": frequency,
        "ictal_amplitude_uv": amplitude,
        "ictal_fast_uv": fast_uv,
        "ictal_field_share": share,
        "frequency_drift_hz": drift,
    }
    judgement = Judgement(
        "electrographic_seizure",
        margin,
        (mask[:, LEFT_BIPOLAR].sum(1) >= 3)
        & (mask[:, RIGHT_BIPOLAR].sum(1) >= 3)
        & (block.duration_s >= 4.0),
        bound="discharges or rhythm above 2.5 Hz or a frequency that moves by 1 Hz, above 30 uV: a candidate",
        where="longitudinal bipolar, 1.5-20 Hz",
        evidence=evidence,
        side=["bilateral" if abs(v) < 0.5 else ("left" if v > 0 else "right") for v in laterality],
        frequency_hz=told_hz,
        hedged=np.ones(block.n_windows, bool),
    )
    return [judgement], evidence


def _large_and_sharp(amplitude_uv: np.ndarray, fast_uv: np.ndarray) -> np.ndarray:
    """Margin of the size, and of a part above 4 Hz that slow waves do not have."""
    sharp = np.maximum(np.log2(fast_uv / SHARP_UV), 2.0 * np.log2(fast_uv / amplitude_uv / SHARP_RATIO))
    return 3.0 * np.minimum(np.log2(amplitude_uv / MIN_AMPLITUDE_UV), sharp)


def _is_healthy(frequency_hz: np.ndarray) -> np.ndarray:
    """Frequencies of alpha and mu."""
    return (frequency_hz > 7.5) & (frequency_hz < 13.5)


def _beyond_health(frequency_hz: np.ndarray, amplitude_uv: np.ndarray) -> np.ndarray:
    """Margin by which a steady rhythm of 8-13 Hz is larger than alpha or mu; no bound elsewhere."""
    return np.where(_is_healthy(frequency_hz), 3.0 * np.log2(amplitude_uv / HEALTHY_UV), np.inf)


def _fast_rate(trains: dict[str, Train]) -> float:
    """A train of like discharges at more than 2.5 Hz for most of the window."""
    margins = [-8.0]
    for train in trains.values():
        if len(train.times_s) >= 6 and np.isfinite(train.rate_hz):
            alike = 4.0 * (train.similarity - 0.5)
            regular = 6.0 * (0.25 - train.irregularity)
            margins.append(
                min(alike, regular, 8.0 * np.log2(train.rate_hz / RATE_HZ), 4 * np.log2(train.contrast / 1.5))
            )
    return max(margins)


def _fastest_hz(trains: dict[str, Train]) -> float:
    """Rate of the train of which `_fast_rate` tells."""
    rates = [t.rate_hz for t in trains.values() if len(t.times_s) >= 6 and np.isfinite(t.rate_hz)]
    return max(rates, default=np.nan)


def _evolution(block: SiteBlock) -> tuple[np.ndarray, np.ndarray]:
    """Drift of the dominant frequency over the window in Hz, and its scatter about the drift."""
    length = round(2.0 * SLOW_SFREQ_HZ)
    x = block.band(1.5, 20.0)
    n_pieces = x.shape[-1] // length
    if n_pieces < 3:
        nothing = np.full(block.n_windows, np.nan)
        return np.zeros(block.n_windows), nothing
    pieces = x[..., : n_pieces * length].reshape(*x.shape[:2], n_pieces, length)
    freqs, psd = power_spectrum(pieces, SLOW_SFREQ_HZ, window_s=2.0)
    inside = (freqs >= 2.0) & (freqs <= 15.0)
    power = (psd * block.bipolar_mask[..., None, None]).sum(axis=1)[..., inside] ** 1.5
    centre = (power * freqs[inside]).sum(axis=-1) / np.maximum(power.sum(axis=-1), 1e-9)
    time = np.linspace(-0.5, 0.5, n_pieces)
    slope = (centre * time).sum(axis=-1) / (time * time).sum()
    fitted = centre.mean(axis=-1, keepdims=True) + slope[:, None] * time
    return slope, np.sqrt(((centre - fitted) ** 2).mean(axis=-1))
