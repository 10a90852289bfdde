"""A focal rhythm: what one side does, with the posterior rhythm taken out where there is one.

The posterior rhythm goes on through many focal seizures and is larger than their start, so the frequency in
which a side has most power is that of health. ACNS 2021 asks what the discharges do, not what is largest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft

from ...signal.montage import LONGITUDINAL_BIPOLAR
from .block import LEFT_BIPOLAR, RIGHT_BIPOLAR, SLOW_SFREQ_HZ, masked_quantile
from .component import main_component
from .rhythmic import measure_rhythmicity

_BEHIND = {"C3", "Cz", "C4", "P3", "Pz", "P4", "O1", "O2"}
"""Electrodes over which alpha and mu are largest."""
HALF_WIDTH_HZ = 1.5
EDGE_HZ = 0.7
"""Half width of what is taken out around the posterior rhythm, and of its slopes beyond that."""
CONCENTRATION = 0.4
REGULARITY = 0.6
"""Autocorrelation one period on: noise of one generator in all of theta reaches it in one window
of ten. With fewer frequencies left, its peak is as large a share of them by chance as that of a rhythm."""
ONE_FIELD = 0.7
"""Share of the remaining power in one field: a focal seizure has 0.84 or more in three of four windows,
healthy wakefulness 0.4 in 95 of 100 and rarely 0.6."""
LATERALITY = 0.5
"""log2 of the amplitude of the side over that of the other; what is left of alpha and drowsiness has none."""
LARGEST = 0.95
BAND_HZ, RANGE_HZ = (1.5, 20.0), (2.0, 14.0)
FAST_HZ = 4.0
WIDTH_HZ = 0.6
_IN_FRONT = np.array([not {a, b} & _BEHIND for a, b in LONGITUDINAL_BIPOLAR])


@dataclass
class FocalRhythm:
    """What one side does without the posterior rhythm, per window; NaN where there is no such rhythm.

    Attributes:
        fit: Least margin of narrowness, of regularity, of one field, and of one side.
        frequency_hz: Of the rhythm.
        amplitude_uv: Peak to peak, upper quartile over the derivations of the larger side.
        largest_uv: The same where it is largest.
        fast_uv: That of the upper quartile above 4 Hz.
        laterality: log2 of the amplitude left over right.
        concentration: Share of the slope's power at the frequency.
        share: Share of the power in one field.
        in_front: Whether it is largest in a derivation in which neither alpha nor mu is.
    """

    fit: np.ndarray
    frequency_hz: np.ndarray
    amplitude_uv: np.ndarray
    largest_uv: np.ndarray
    fast_uv: np.ndarray
    laterality: np.ndarray
    concentration: np.ndarray
    share: np.ndarray
    in_front: np.ndarray


def take_out(x: np.ndarray, centre_hz: np.ndarray) -> np.ndarray:
    """`(n_windows, n_rows, n_times)` at 100 Hz without the band around a frequency of each window, if any."""
    n_times = x.shape[-1]
    pad = min(round(SLOW_SFREQ_HZ), n_times - 2)
    left = 2 * x[..., :1] - x[..., pad:0:-1]
    right = 2 * x[..., -1:] - x[..., -2 : -pad - 2 : -1]
    spectrum = fft.rfft(np.concatenate([left, x, right], axis=-1), axis=-1)
    freqs = fft.rfftfreq(n_times + 2 * pad, 1 / SLOW_SFREQ_HZ)
    away = np.abs(freqs - centre_hz[:, None]) - HALF_WIDTH_HZ
    gain = np.clip(np.nan_to_num(away / EDGE_HZ, nan=1.0), 0.0, 1.0).astype(x.dtype)
    return fft.irfft(spectrum * gain[:, None], n_times + 2 * pad, axis=-1)[..., pad : pad + n_times]


def find_focal_rhythm(x: np.ndarray, mask: np.ndarray, posterior_hz: np.ndarray) -> FocalRhythm:
    """The rhythm of the larger side when the posterior rhythm is taken out.

    Args:
        x: `(n_windows, 18, n_times)` longitudinal bipolar, 1.5-20 Hz at 100 Hz.
        mask: `(n_windows, 18)` bool: derivations that count.
        posterior_hz: `(n_windows,)` frequency of the posterior rhythm, NaN where there is none.
    """
    left_over = x.copy()
    beside = np.isfinite(posterior_hz)
    left_over[beside] = take_out(x[beside], posterior_hz[beside])
    groups = (LEFT_BIPOLAR, RIGHT_BIPOLAR)
    sides = [
        measure_rhythmicity(left_over[:, side], mask[:, side], BAND_HZ, RANGE_HZ, WIDTH_HZ) for side in groups
    ]
    power = np.abs(fft.rfft(left_over, axis=-1)) ** 2
    freqs = fft.rfftfreq(x.shape[-1], 1 / SLOW_SFREQ_HZ)
    whole, fast = (_peak_to_peak(power[..., freqs >= low], x.shape[-1]) for low in (0.0, FAST_HZ))
    uv, largest_uv, fast_uv = (
        np.nan_to_num(np.stack([masked_quantile(size[:, side], mask[:, side], q) for side in groups], axis=1))
        + 0.1
        for size, q in ((whole, 0.75), (whole, LARGEST), (fast, 0.75))
    )
    rows, larger = np.arange(len(uv)), uv.argmax(axis=1)
    frequency_hz, concentration, regularity = (
        np.stack([getattr(side, name) for side in sides], axis=1)[rows, larger]
        for name in ("frequency_hz", "concentration", "regularity")
    )
    near = np.abs(freqs - frequency_hz[:, None]) <= WIDTH_HZ
    at_rhythm = np.matmul(power, near[..., None].astype(power.dtype))[..., 0]
    share = main_component(left_over, mask)[1]
    laterality = np.log2(uv[:, 0] / uv[:, 1])
    fit = np.min(
        [
            8.0 * (concentration - CONCENTRATION),
            6.0 * (regularity - REGULARITY),
            10.0 * (share - ONE_FIELD),
            4.0 * (np.abs(laterality) - LATERALITY),
        ],
        axis=0,
    )
    return FocalRhythm(
        fit=fit,
        frequency_hz=frequency_hz,
        amplitude_uv=uv.max(axis=1),
        largest_uv=largest_uv[rows, larger],
        fast_uv=fast_uv[rows, larger],
        laterality=laterality,
        concentration=concentration,
        share=share,
        in_front=_IN_FRONT[np.where(mask, at_rhythm, -1.0).argmax(axis=1)],
    )


def _peak_to_peak(power: np.ndarray, n_times: int) -> np.ndarray:
    """2 sqrt(2) times the RMS of what has this one-sided power by frequency, `(n_windows, n_rows)`."""
    return 2.83 * np.sqrt(2.0 * power.sum(axis=-1)) / n_times
