"""The steadiest run of a window: the five seconds in which one field repeats one wave most alike.

A rhythm is one generator at one frequency (ACNS 2021: uniform morphology and duration, no interval), and it
often goes on for a part of the window only. In every run the field is looked for that holds most power near
one frequency, by the cross-spectra of all derivations, and its wave is judged alone: derivations that hear
little of it would only blur it. Amplitudes are weighted by the root of the frequency: flat activity would
outweigh slow waves in the slope, and be outweighed by them in the signal itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft

from .block import SLOW_SFREQ_HZ, sparsest

RUN_S = 5.0
HOP_S = 1.25
N_FFT = 512
STEP_HZ = 0.1
NARROW = 0.15
"""Half width of one frequency: this part of it, and as many hertz, which five seconds resolve."""
STEADY_WEIGHT = 3.0
"""How much more the field of a steadier run counts."""


@dataclass
class SteadyRun:
    """The steadiest run of every window, and the field that holds the rhythm in all of them.

    Attributes:
        narrowness: `(n_windows,)` share of the power of the wave that lies at its frequency, 0 to 1.
        regularity: `(n_windows,)` autocorrelation of the wave one period on, up to 1.
        frequency_hz: `(n_windows,)` of the wave.
        one_field: `(n_windows,)` share of one field in the power at the frequencies of all runs: a
            generator stays where it is, activity of many places wanders from run to run.
        field_power: `(n_windows, n_rows)` of the fields of all runs, by derivation; 0 where masked.
    """

    narrowness: np.ndarray
    regularity: np.ndarray
    frequency_hz: np.ndarray
    one_field: np.ndarray
    field_power: np.ndarray

    @property
    def steadiness(self) -> np.ndarray:
        """Narrowness plus regularity, 0 to 2."""
        return self.narrowness + self.regularity

    @property
    def n_derivations(self) -> np.ndarray:
        """Over how many derivations the power of the field is spread, from 1."""
        squares = (self.field_power**2).sum(axis=1)
        return np.asarray(self.field_power.sum(axis=1) ** 2 / np.maximum(squares, 1e-9))


def find_steady_run(
    x: np.ndarray, mask: np.ndarray, band_hz: tuple[float, float], range_hz: tuple[float, float]
) -> SteadyRun:
    """The steadiest run of `(n_windows, n_rows, n_times)` at 100 Hz.

    Args:
        x: Signals limited to the band.
        mask: `(n_windows, n_rows)` bool: derivations that count.
        band_hz: Band whose power is the whole.
        range_hz: Where the frequency may be.
    """
    n_windows, _, n_times = x.shape
    length = min(round(RUN_S * SLOW_SFREQ_HZ), n_times)
    starts = np.arange(0, n_times - length + 1, round(HOP_S * SLOW_SFREQ_HZ))
    used = x * mask[..., None]
    taper = np.hanning(length + 2)[1:-1].astype(np.float32)
    step = sparsest(band_hz[1])
    runs = np.stack([used[..., s : s + length : step] for s in starts], axis=1) * taper[::step]
    freqs = np.arange(N_FFT // 2 + 1) * SLOW_SFREQ_HZ / N_FFT
    first, last = np.searchsorted(freqs, band_hz)
    freqs = freqs[first:last]
    spectrum = fft.rfft(runs, N_FFT // step, axis=-1)[..., first:last] * np.sqrt(freqs).astype(np.float32)
    centres = np.arange(range_hz[0], range_hz[1] + 1e-6, STEP_HZ)
    near = np.abs(freqs - centres[:, None]) <= NARROW * (centres[:, None] + 1.0)
    bins = np.ascontiguousarray(np.moveaxis(spectrum, -1, 2))[:, :, near.any(axis=0)]
    sums = near[:, near.any(axis=0)].astype(np.float32)
    # Where the power near a frequency lies in one field, the norm of its cross-spectrum is the power of that
    # field. Its square is the sum of the squared products of all pairs of bins near that frequency.
    pairs = np.abs(np.matmul(bins, bins.conj().swapaxes(2, 3))) ** 2
    strongest = np.einsum("cf,wsfg,cg->wsc", sums, pairs, sums, optimize=True).argmax(axis=-1)
    own = bins * sums[strongest][..., None]
    chosen = np.matmul(own.swapaxes(2, 3), own.conj())
    power, fields = np.linalg.eigh(chosen)
    field = fields[..., -1]
    turned = field * np.exp(-0.5j * np.angle((field**2).sum(axis=-1, keepdims=True)))
    along = turned.real / np.maximum(np.linalg.norm(turned.real, axis=-1, keepdims=True), 1e-9)
    wave = np.abs(np.matmul(along[:, :, None], spectrum)[:, :, 0]) ** 2
    whole = np.maximum(wave.sum(axis=-1), 1e-9)
    narrowness = (wave * near[strongest]).sum(axis=-1) / whole
    # Autocorrelation of the wave, freed from the taper's own.
    lags = np.arange(1, round(1.4 * SLOW_SFREQ_HZ / range_hz[0])) / SLOW_SFREQ_HZ
    own = fft.irfft(np.abs(fft.rfft(taper, 2 * N_FFT)) ** 2, 2 * N_FFT)
    own = own[1 : len(lags) + 1] / own[0]
    correlation = wave @ np.cos(2 * np.pi * freqs[:, None] * lags) / whole[..., None]
    correlation /= np.maximum(own, 0.02)
    period = 1.0 / centres[strongest][..., None]
    regularity = np.where((lags > 0.75 * period) & (lags < 1.35 * period), correlation, -1.0).max(axis=-1)
    regularity = np.minimum(regularity, 1.0)
    steadiness = narrowness + regularity
    best = steadiness.argmax(axis=1)
    rows = np.arange(n_windows)
    weight = np.exp(STEADY_WEIGHT * steadiness)
    of_all = np.linalg.eigvalsh((chosen * weight[..., None, None]).sum(axis=1))
    return SteadyRun(
        narrowness[rows, best],
        regularity[rows, best],
        centres[strongest][rows, best],
        of_all[:, -1] / np.maximum(of_all.sum(axis=-1), 1e-9),
        (weight[..., None] * power[..., -1:] * np.abs(field) ** 2).sum(axis=1),
    )
