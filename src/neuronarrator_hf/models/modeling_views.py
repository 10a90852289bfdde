"""Views of a window that need no parameter: amplitudes in time, and how much each rate stands out."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..signal.montage import SITES_1020
from ..signal.spectral import SPECTRUM_FREQS_HZ
from .finding_targets import FREQUENCY_BINS_HZ
from .modeling_sites import Float32Buffers

NUM_ENVELOPES = 3
"""Sharpness envelopes: all rows, left, right."""
NUM_EVIDENCE = len(SITES_1020) + NUM_ENVELOPES
"""Rows of rate evidence: the spectrum of each site, then the autocorrelation of each envelope."""
_STEP_S = 0.2
_ENVELOPE_DECIMATION = 2
_MAX_LAG_S = 5.0


class AmplitudeView(Float32Buffers):
    """Calibrated log amplitude and slope of every row in steps of 0.2 s."""

    def __init__(self, sfreq: float):
        super().__init__()
        self.step = round(_STEP_S * sfreq)

    def forward(self, rows: Tensor, slow_rows: Tensor) -> Tensor:
        """`(batch, 2, n_rows, n_steps)`: natural log of peak-to-peak amplitude and of mean slope."""
        n_steps = rows.shape[-1] // self.step
        slow = slow_rows[..., : n_steps * self.step].unflatten(-1, (n_steps, self.step))
        amplitude = slow.amax(-1) - slow.amin(-1)
        slope = rows.diff(dim=-1, append=rows[..., -1:]).abs()
        slope = slope[..., : n_steps * self.step].unflatten(-1, (n_steps, self.step)).mean(-1)
        return torch.stack([(amplitude + 0.5).log(), (slope + 0.05).log()], dim=1)


class RateEvidence(Float32Buffers):
    """How much each rate stands out: detrended spectra of the sites and envelope autocorrelations."""

    def __init__(self, sfreq: float):
        super().__init__()
        self.rate_hz = sfreq / _ENVELOPE_DECIMATION
        freqs, bins = SPECTRUM_FREQS_HZ, FREQUENCY_BINS_HZ
        self.add_constant("to_bins", _triangles(freqs, bins))
        log_bins = np.log(bins / np.sqrt(bins[0] * bins[-1]))
        basis = np.stack([np.ones_like(log_bins), log_bins], 1)
        inside = (bins >= freqs[0]) & (bins <= freqs[-1])
        projector = np.zeros((len(bins), len(bins)))
        projector[:, inside] = basis @ np.linalg.pinv(basis[inside])
        self.add_constant("detrend", (np.eye(len(bins)) - projector) * inside[:, None])
        # The autocorrelation at the period of every bin that is slow enough to be a rate of discharges.
        lags_s = np.arange(round(_MAX_LAG_S * self.rate_hz) + 1) / self.rate_hz
        periods_s = 1.0 / bins
        seen = (periods_s <= lags_s[-1]) & (periods_s >= 4 / self.rate_hz)
        place = np.interp(periods_s, lags_s, np.arange(len(lags_s)))
        low = np.minimum(place.astype(int), len(lags_s) - 2)
        lag_matrix = np.zeros((len(bins), len(lags_s)))
        lag_matrix[np.arange(len(bins)), low] = 1 - (place - low)
        lag_matrix[np.arange(len(bins)), low + 1] = place - low
        self.add_constant("lags_to_bins", lag_matrix * seen[:, None])
        self.add_constant("smoother", np.hanning(9)[1:-1] / np.hanning(9).sum())

    def forward(
        self, rows: Tensor, row_groups: Tensor, spectral_values: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Evidence `(batch, NUM_EVIDENCE, n_bins)` and the autocorrelations `(batch, 3, n_lags)`.

        Args:
            rows: `(batch, n_rows, n_times)` microvolts.
            row_groups: `(batch, 3, n_rows)` weights of the valid rows of all, left and right.
            spectral_values: `(batch, n_sites, n_freqs)` log10 power, or None.
        """
        sharpness = rows.diff(n=2, dim=-1).abs()
        envelope = row_groups @ sharpness
        envelope = F.avg_pool1d(envelope, _ENVELOPE_DECIMATION, ceil_mode=True)
        shape = envelope.shape
        envelope = F.conv1d(
            envelope.reshape(-1, 1, shape[-1]), self.smoother[None, None], padding="same"
        ).view(shape)
        envelope = (envelope + 0.02).log()
        envelope = envelope - envelope.mean(-1, keepdim=True)
        power = torch.fft.rfft(envelope, n=2 * shape[-1]).abs().square()
        autocorrelation = torch.fft.irfft(power)[..., : self.lags_to_bins.shape[1]]
        autocorrelation = autocorrelation / (autocorrelation[..., :1] + 0.02 * shape[-1])
        rates = autocorrelation @ self.lags_to_bins.T
        if spectral_values is None:
            spectra = rates.new_zeros(rates.shape[0], len(SITES_1020), rates.shape[-1])
        else:
            spectra = spectral_values @ self.to_bins.T @ self.detrend.T
        return torch.cat([spectra, rates], dim=1), autocorrelation


def _triangles(freqs: np.ndarray, bins: np.ndarray) -> np.ndarray:
    """`(n_bins, n_freqs)` means about each bin, triangular in log frequency, at least the grid wide."""
    spacing = np.log(bins[1] / bins[0])
    grid = np.gradient(freqs)
    width = np.maximum(spacing, np.interp(bins, freqs, grid) / bins)
    weights = np.clip(1 - np.abs(np.log(freqs / bins[:, None])) / width[:, None], 0, None)
    return weights / np.maximum(weights.sum(1, keepdims=True), 1e-9)


__all__ = ["NUM_ENVELOPES", "NUM_EVIDENCE", "AmplitudeView", "RateEvidence"]
