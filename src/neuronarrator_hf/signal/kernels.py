"""Windows and kernels of a few lines each: importing `scipy.signal` for them would take 0.4 s of every start.

Equal to `scipy.signal.firwin`, `scipy.signal.windows.hann` and `scipy.signal.windows.dpss` to rounding.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigh_tridiagonal


def low_pass_kernel(n_taps: int, cutoff_hz: float, sfreq: float) -> np.ndarray:
    """`(n_taps,)` sinc under a Hamming window, of gain 1 at 0 Hz and 1/2 at `cutoff_hz`."""
    kernel = _windowed_sinc(n_taps, cutoff_hz / sfreq)
    return kernel / kernel.sum()


def band_kernel(n_taps: int, low_hz: float, high_hz: float, sfreq: float) -> np.ndarray:
    """`(n_taps,)` difference of two sincs under a Hamming window, of gain 1 in the middle of the band."""
    kernel = _windowed_sinc(n_taps, high_hz / sfreq) - _windowed_sinc(n_taps, low_hz / sfreq)
    return kernel / (kernel * np.cos(np.pi * (low_hz + high_hz) / sfreq * _from_middle(n_taps))).sum()


def hann_taper(n_times: int) -> np.ndarray:
    """Periodic Hann window, `(n_times,)`."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_times) / n_times)


def slepian_tapers(n_times: int, nw: float, n_tapers: int) -> np.ndarray:
    """Discrete prolate spheroidal sequences `(n_tapers, n_times)`, of unit energy, most concentrated first.

    Eigenvectors of the tridiagonal matrix that commutes with the concentration problem (Percival and Walden
    1993, section 8.3); their sign is not settled.

    Args:
        n_times: Samples.
        nw: Half bandwidth times duration.
        n_tapers: Number of tapers.
    """
    at = np.arange(n_times)
    diagonal = _from_middle(n_times) ** 2 * np.cos(2 * np.pi * nw / n_times)
    beside = at[1:] * (n_times - at[1:]) / 2.0
    last = n_times - 1
    vectors = eigh_tridiagonal(diagonal, beside, select="i", select_range=(last + 1 - n_tapers, last))[1]
    return vectors.T[::-1]


def _windowed_sinc(n_taps: int, cutoff: float) -> np.ndarray:
    """Ideal low-pass at `cutoff` cycles a sample, cut to `n_taps`."""
    return 2 * cutoff * np.sinc(2 * cutoff * _from_middle(n_taps)) * np.hamming(n_taps)


def _from_middle(n: int) -> np.ndarray:
    return np.arange(n) - (n - 1) / 2
