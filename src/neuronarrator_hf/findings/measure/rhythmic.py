"""Rhythmic delta activity (LRDA, GRDA) and extreme delta brush.

Rhythmic delta is monomorphic: one frequency, no interval. It is measured as the share of the power
of the slope that lies at one frequency, its autocorrelation one period on, and delta amplitude over
theta amplitude, which a polymorphic mixture does not reach.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import fft
from scipy.ndimage import uniform_filter1d

from .block import (
    LEFT_BIPOLAR,
    RIGHT_BIPOLAR,
    SLOW_SFREQ_HZ,
    SiteBlock,
    masked_mean,
    masked_median,
    sparsest,
)
from .component import main_component
from .periodic import FRONTOPOLAR_ROWS, Train
from .result import Judgement
from .steady import SteadyRun, find_steady_run

CONCENTRATION = 0.25
"""Share of the slope's power of 0.5-6 Hz within 0.3 Hz of its peak; 1/f noise stays below 0.22."""
REGULARITY = 0.35
LEAST_REGULARITY = 0.15
CLEAR_UV = 40.0
PURITY = 1.5
"""log2 of delta over theta amplitude; that of a random walk."""
MIN_AMPLITUDE_UV = 15.0
LATERALITY = 0.6
"""log2 of the amplitude in the field of the rhythm, left over right: a factor of 1.5."""
RANGE_HZ = (0.7, 3.6)
RUN_S = 5.0
"""Length of a run: about six cycles of rhythmic delta."""
STEADY = 1.05
"""Regularity and concentration of the steadiest run of a side that count neither for nor against GRDA: delta
of many places reaches 0.9 on the better of two sides, discharges with an interval 0.6, one rhythm 1.5."""
STEADY_LIMITS = (-0.6, 1.2)
ONE_WAVE = 3.42
"""Steadiness of the main wave and of a side, and the shares of one field in the power of the rhythm (times
0.6) and of 0.5-6 Hz, together: below it is polymorphic delta, of another shape in every place and of no one
period (ACNS 2021: rhythmic activity is of uniform shape and duration). Each of them may be low: real rhythmic
delta drifts, and the eyes and the other side add fields."""
POLYMORPHIC = {"lrda": -1.0, "grda": -0.2}
"""Margin to which waves below that are held: of ten seconds of real rhythmic delta many look so."""
LEAST_FIELD = 0.33
"""Share of the power of 0.5-6 Hz in one field below which no rhythm is generalized, however steady it is in
some places."""
LATERAL_WAVE = 1.96
"""The same for one side: steadiness of the main wave and the share of its field, less what speaks for
discharges, and more the farther it lies aside."""
BLUNT_CONTRAST, UNLIKE = 1.8, 0.3
"""Contrast and likeness of the sharpest events of the window that waves without an interval reach."""
DOMINANCE = 0.85
"""log2 of the amplitude of 0.8-4 Hz over that of 4.25-20 Hz, where the field is: a reader sees the rhythm
before the background. The pulse beneath one temple in a healthy alpha rhythm stays below."""
LATERAL_UV = 22.0
MORE_THAN_AN_ELECTRODE = 2.6
"""Derivations over which the power of the field is spread; the two that share one electrode have 2."""
BEHIND_FOREHEAD = 0.2
"""Share of the power of the field outside the frontopolar derivations: those alone hear an eye or a loose
electrode of the forehead."""
BRUSH_LOCKING = 0.27
BRUSH_DENSITY = 0.4
"""Density of 14-30 over 8-12 Hz."""


@dataclass
class Rhythmicity:
    """How narrow and how periodic the activity of a group of derivations is.

    Attributes:
        concentration: Share of the slope's power within `width_hz` of its peak.
        regularity: Autocorrelation of the slope one period on.
        frequency_hz: Of the peak.
    """

    concentration: np.ndarray
    regularity: np.ndarray
    frequency_hz: np.ndarray


def measure_rhythmicity(
    x: np.ndarray,
    mask: np.ndarray,
    band_hz: tuple[float, float],
    range_hz: tuple[float, float],
    width_hz: float = 0.3,
) -> Rhythmicity:
    """Of `(n_windows, n_rows, n_times)` at 100 Hz. The slope, not the signal: it makes 1/f^2 flat.

    Args:
        x: Signals limited to the band: what lies above it would fold into it.
        mask: `(n_windows, n_rows)` bool.
        band_hz: Band whose power is the whole.
        range_hz: Where the peak may be.
        width_hz: Half width of the peak.
    """
    n_times = x.shape[-1]
    step = sparsest(band_hz[1])  # the finer lags come back with the zeros above the band
    n_fft = step * fft.next_fast_len(2 * n_times // step, real=True)
    taper = np.hanning(n_times).astype(np.float32)
    slope = x[..., 2::step] - x[..., :-2:step]
    spectrum = fft.rfft(slope * taper[1:-1:step], n_fft // step, axis=-1)
    power = ((spectrum.real**2 + spectrum.imag**2) * mask[..., None]).sum(axis=1)
    freqs = np.arange(power.shape[-1]) * SLOW_SFREQ_HZ / n_fft
    running = np.pad(np.cumsum(power, axis=-1), ((0, 0), (1, 0)))
    at = lambda hz: running[:, np.searchsorted(freqs, hz)]  # noqa: E731
    centres = np.arange(range_hz[0], range_hz[1] + 1e-6, 0.1)
    near = at(centres + width_hz) - at(np.maximum(centres - width_hz, band_hz[0]))
    share = near / np.maximum(at(band_hz[1]) - at(band_hz[0]), 1e-9)[:, None]
    peak = share.argmax(axis=1)
    inner = (peak > 0) & (peak < len(centres) - 1)
    rows = np.arange(len(share))
    frequency = centres[peak]
    correlation = fft.irfft(power, n_fft, axis=-1)
    own = fft.irfft(np.abs(fft.rfft(taper, n_fft)) ** 2, n_fft)
    lags = np.arange(3, n_times // 3)
    correlation = correlation[:, lags] / np.maximum(correlation[:, :1], 1e-9) / (own[lags] / own[0])
    period = SLOW_SFREQ_HZ / frequency
    allowed = (lags > 0.75 * period[:, None]) & (lags < 1.35 * period[:, None])
    regularity = np.where(allowed, correlation, -1.0).max(axis=1)
    return Rhythmicity(np.where(inner, share[rows, peak], 0.8 * share[rows, peak]), regularity, frequency)


def steadiest_run(x: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Regularity plus concentration of the main component in the run where their sum is highest, 0 to 2.

    Rhythmic delta often goes on for a part of the window only, and its frequency drifts.

    Args:
        x: `(n_windows, n_rows, n_times)` at 100 Hz, limited to 0.5-6 Hz.
        mask: `(n_windows, n_rows)` bool.
    """
    wave, _ = main_component(x, mask)
    length = min(round(RUN_S * SLOW_SFREQ_HZ), wave.shape[-1])
    runs = np.stack(
        [wave[:, s : s + length] for s in range(0, wave.shape[-1] - length + 1, length // 2)], axis=1
    )
    single = runs.reshape(-1, 1, length)
    found = measure_rhythmicity(single, np.ones(single.shape[:2], bool), (0.5, 6.0), RANGE_HZ)
    return (found.concentration + found.regularity).reshape(runs.shape[:2]).max(axis=1)


def judge_rhythmic_delta(
    block: SiteBlock, trains: list[dict[str, Train]]
) -> tuple[list[Judgement], dict[str, np.ndarray]]:
    """LRDA, GRDA and extreme delta brush."""
    x = block.band(0.5, 6.0)
    mask = block.bipolar_mask.copy()
    mask[:, FRONTOPOLAR_ROWS] = False
    groups = (LEFT_BIPOLAR, RIGHT_BIPOLAR, np.arange(18))
    sides = [measure_rhythmicity(x[:, rows], mask[:, rows], (0.5, 6.0), RANGE_HZ) for rows in groups]
    delta = block.band_power(0.6, 4.0)
    purity_rows = (
        np.log2(block.band_power(0.8, 4.0) + 0.01) - np.log2(block.band_power(4.25, 8.0) + 0.01)
    ) / 2
    over = lambda values: np.stack([masked_median(values[:, rows], mask[:, rows]) for rows in groups], axis=1)  # noqa: E731
    levels = over(np.log2(delta + 0.01) / 2)
    purities = over(purity_rows)
    shapes = np.stack(
        [10.0 * (s.concentration - CONCENTRATION) + 2.0 * (s.regularity - REGULARITY) for s in sides], axis=1
    ) + np.clip(purities - PURITY, -2.0, 1.0)
    shapes = np.nan_to_num(shapes, nan=-8.0)
    best = shapes.argmax(axis=1)[:, None]
    take = lambda values: np.take_along_axis(values, best, axis=1)[:, 0]  # noqa: E731
    shape, purity = take(shapes), take(purities)
    concentration = take(np.stack([s.concentration for s in sides], axis=1))
    regularity = take(np.stack([s.regularity for s in sides], axis=1))
    frequency = take(np.stack([s.frequency_hz for s in sides], axis=1))
    # Frontopolar derivations take part: rhythmic delta is often largest there, and blinks are not steady.
    run = find_steady_run(x, block.bipolar_mask, (0.5, 6.0), RANGE_HZ)
    left, right = (masked_mean(run.field_power[:, rows], block.bipolar_mask[:, rows]) for rows in groups[:2])
    laterality = np.nan_to_num(0.5 * np.log2((left + 1e-6) / (right + 1e-6)))
    stronger = np.where(laterality > 0, 0, 1)
    largest = 2.83 * 2.0 ** np.nanmax(np.nan_to_num(levels[:, :2], nan=-9.0), axis=1)
    contrast = np.array(
        [
            max((t.contrast for t in of_window.values() if np.isfinite(t.contrast)), default=1.5)
            for of_window in trains
        ]
    )
    # Waves with an interval between them are periodic discharges; their slope stands out.
    unspaced = 3.0 * np.log2(3.2 / np.maximum(contrast, 1.0))
    steady = np.max([steadiest_run(x[:, rows], mask[:, rows]) for rows in groups[:2]], axis=0)
    field_share = main_component(x, mask)[1]
    one_wave = 4.0 * (run.steadiness + 0.6 * run.one_field + steady + field_share - ONE_WAVE)
    margin = np.min(
        [
            shape + np.clip(3.0 * (steady - STEADY), *STEADY_LIMITS),
            np.maximum(np.minimum(one_wave, 8.0 * (field_share - LEAST_FIELD)), POLYMORPHIC["grda"]),
            4.0 * np.log2(np.maximum(largest, 1e-3) / MIN_AMPLITUDE_UV),
            unspaced,
            4.0 * np.log2(3.3 / frequency),
        ],
        axis=0,
    )
    lateral = 4.0 * (np.abs(laterality) - LATERALITY)
    # On both sides drifts and eyes move the electrodes too: what hardly repeats itself has to be large.
    repeated = np.maximum(
        8.0 * (regularity - LEAST_REGULARITY), 3.0 * np.log2(np.maximum(largest, 1e-3) / CLEAR_UV)
    )
    assessed = (
        (mask[:, LEFT_BIPOLAR].sum(1) >= 3) & (mask[:, RIGHT_BIPOLAR].sum(1) >= 3) & (block.duration_s >= 4.0)
    )
    evidence = {
        "delta_concentration": concentration,
        "delta_regularity": regularity,
        "delta_rhythm_hz": frequency,
        "delta_over_theta_log2": purity,
        "delta_amplitude_uv": largest,
        "delta_laterality_log2": laterality,
        "delta_steadiness": steady,
        "delta_field_share": field_share,
        "delta_narrowness": run.narrowness,
        "delta_wave_regularity": run.regularity,
        "delta_one_field": run.one_field,
    }
    common: dict[str, Any] = {
        "where": "longitudinal bipolar, 0.5-6 Hz",
        "evidence": evidence,
        "frequency_hz": frequency,
        "assessed": assessed,
        "hedged": frequency * block.duration_s < 6,
    }
    bound = "a quarter of the slope's power within 0.3 Hz, delta above theta as in no mixture, above 15 uV"
    judgements = [
        Judgement(
            "lrda",
            np.min(
                [
                    _lateral_margin(block, run, laterality, trains, contrast),
                    unspaced,
                    np.maximum(lateral, POLYMORPHIC["lrda"]),
                ],
                axis=0,
            ),
            bound="one field that repeats one wave in five seconds, above 22 uV and the background, one side "
            "1.5 times the other",
            side=["left" if s == 0 else "right" for s in stronger],
            regions=_side_regions(delta, mask, stronger),
            **common,
        ),
        Judgement(
            "grda", np.min([margin, -lateral, repeated], axis=0), bound=bound + ", both sides alike", **common
        ),
        _judge_brush(block, assessed),
    ]
    return judgements, {**evidence, "rhythmic_margin": margin}


def _lateral_margin(
    block: SiteBlock,
    run: SteadyRun,
    laterality: np.ndarray,
    trains: list[dict[str, Train]],
    contrast: np.ndarray,
) -> np.ndarray:
    """How well the steadiest wave is a rhythm of one place, judged in the derivations that hold its field."""
    best = [max(of_window.values(), key=lambda train: train.margin) for of_window in trains]
    alike = np.nan_to_num([train.similarity for train in best])
    spaced = np.maximum(np.log2(np.maximum(contrast, 1.0) / BLUNT_CONTRAST), 0.0)
    discharging = 0.5 * (spaced + np.maximum(alike - UNLIKE, 0.0))
    aside = 0.3 * np.clip(np.abs(laterality) - LATERALITY, 0.0, 1.0)
    weight = run.field_power**2 / np.maximum((run.field_power**2).sum(axis=1, keepdims=True), 1e-9)
    slow, fast = block.band_power(0.8, 4.0) + 0.01, block.band_power(4.25, 20.0) + 0.01
    dominance = (weight * 0.5 * np.log2(slow / fast)).sum(axis=1)
    uv = 2.83 * np.sqrt((weight * slow).sum(axis=1))
    forehead = run.field_power[:, FRONTOPOLAR_ROWS].sum(axis=1)
    behind = 1.0 - forehead / np.maximum(run.field_power.sum(axis=1), 1e-9)
    wave = 6.0 * (run.steadiness + run.one_field - discharging + aside - LATERAL_WAVE)
    return np.min(
        [
            np.maximum(wave, POLYMORPHIC["lrda"]),
            6.0 * (dominance - DOMINANCE),
            4.0 * np.log2(np.maximum(uv, 1e-3) / LATERAL_UV),
            6.0 * np.log2(np.maximum(run.n_derivations, 1.0) / MORE_THAN_AN_ELECTRODE),
            10.0 * (behind - BEHIND_FOREHEAD),
            4.0 * np.log2(3.4 / run.frequency_hz),
        ],
        axis=0,
    )


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


def phase_locking(slow: np.ndarray, fast: np.ndarray, smooth_s: float) -> np.ndarray:
    """Correlation of the envelope of `fast` with `slow` at whatever phase, `(...,)`.

    Args:
        slow: `(..., n_times)` at 100 Hz.
        fast: `(..., n_times)` at 100 Hz.
        smooth_s: Length over which the envelope is smoothed.
    """
    n_times = slow.shape[-1]
    envelope = uniform_filter1d(np.abs(fast), max(round(smooth_s * SLOW_SFREQ_HZ), 1), axis=-1)
    envelope -= envelope.mean(axis=-1, keepdims=True)
    quadrature = fft.irfft(fft.rfft(slow, axis=-1) * -1j, n_times, axis=-1)
    along = np.einsum("...t,...t->...", envelope, slow)
    across = np.einsum("...t,...t->...", envelope, quadrature)
    norm = np.sqrt(np.einsum("...t,...t->...", envelope, envelope) * np.einsum("...t,...t->...", slow, slow))
    return np.hypot(along, across) / np.maximum(norm, 1e-9)


def _judge_brush(block: SiteBlock, assessed: np.ndarray) -> Judgement:
    """Beta that waxes and wanes with each delta wave, on delta that dominates."""
    locking = masked_median(
        phase_locking(block.band(0.5, 3.5), block.band(14.0, 30.0), 0.15), block.bipolar_mask
    )
    mask = block.bipolar_mask
    delta_uv = 2.83 * np.sqrt(masked_median(block.band_power(0.6, 4.0), mask))
    beta_uv = 2.83 * np.sqrt(masked_median(block.band_power(14.0, 30.0), mask))
    muscle_uv = 2.83 * np.sqrt(masked_median(block.band_power(35.0, 45.0), mask) * 1.6)
    # The fast activity of sharp discharges falls off with frequency; that of a brush stands by itself.
    density = np.log2(
        (block.band_power(14.0, 30.0) / 16.0 + 1e-4) / (block.band_power(8.0, 12.0) / 4.0 + 1e-4)
    )
    own = masked_median(density, mask)
    margin = np.min(
        [
            (locking - BRUSH_LOCKING) / 0.06,
            4 * np.log2(delta_uv / 20.0),
            4 * np.log2(np.maximum(beta_uv, 1e-3) / 3.0),
            4 * np.log2(np.maximum(beta_uv, 1e-3) / np.maximum(muscle_uv, 1e-3) / 1.3),
            2 * (own - np.log2(BRUSH_DENSITY)),
        ],
        axis=0,
    )
    return Judgement(
        "extreme_delta_brush",
        margin,
        assessed,
        bound="beta locked to delta (correlation 0.27) and standing by itself, delta above 20 uV",
        where="longitudinal bipolar",
        evidence={
            "brush_locking": locking,
            "brush_density_log2": own,
            "brush_delta_uv": delta_uv,
            "brush_beta_uv": beta_uv,
        },
    )
