"""A batch of windows on the 19 sites, with the derivations, bands and spectra that measurers share."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy import fft

from ...signal.interpolation import average_reference
from ...signal.montage import LONGITUDINAL_BIPOLAR, SITES_1020, bipolar_matrix, site_side
from ...signal.spectral import power_spectrum

FLAT_UV = 0.5
"""Standard deviation below which a site carries no signal."""
SLOW_SFREQ_HZ = 100.0
"""Rate of the band-limited signals; no measurer of waveforms looks above 45 Hz."""

_BIPOLAR_INDEX = np.array([[SITES_1020.index(a), SITES_1020.index(b)] for a, b in LONGITUDINAL_BIPOLAR])
_BIPOLAR_SIDES = np.array(
    [
        "left"
        if "left" in {site_side(a), site_side(b)}
        else "right"
        if "right" in {site_side(a), site_side(b)}
        else "midline"
        for a, b in LONGITUDINAL_BIPOLAR
    ]
)
LEFT_BIPOLAR = np.flatnonzero(_BIPOLAR_SIDES == "left")
RIGHT_BIPOLAR = np.flatnonzero(_BIPOLAR_SIDES == "right")


class SiteBlock:
    """Windows of equal length on the 19 sites, in microvolts.

    Args:
        site_uv: `(n_windows, 19, n_times)`, any reference.
        site_mask: `(n_windows, 19)` bool.
        sfreq: Rate in Hz.

    Attributes:
        average_uv: `(n_windows, 19, n_times)` against the robust average of the sites.
        site_mask: `(n_windows, 19)`: evaluable and not flat.
        bipolar_mask: `(n_windows, 18)`: both electrodes evaluable.
    """

    def __init__(self, site_uv: np.ndarray, site_mask: np.ndarray, sfreq: float) -> None:
        site_uv = np.asarray(site_uv, np.float32)
        self.sfreq = float(sfreq)
        self.n_windows, _, self.n_times = site_uv.shape
        self.duration_s = self.n_times / self.sfreq
        self.site_mask = site_mask & (site_uv.std(axis=-1) > FLAT_UV)
        average = average_reference(site_uv, self.site_mask)
        self.average_uv = average - average.mean(axis=-1, keepdims=True)
        self.bipolar_mask = self.site_mask[:, _BIPOLAR_INDEX].all(axis=-1)
        self._bands: dict[tuple[float, float, str], np.ndarray] = {}
        self._running: dict[str, np.ndarray] = {}

    @cached_property
    def bipolar_uv(self) -> np.ndarray:
        """`(n_windows, 18, n_times)` longitudinal bipolar derivations."""
        return np.einsum("bs,wst->wbt", bipolar_matrix(), self.average_uv, optimize=True)

    @cached_property
    def _pad(self) -> int:
        return min(200, self.n_times // 2 * 2 - 2)

    @cached_property
    def _site_spectrum(self) -> np.ndarray:
        """Transform of the sites, continued at both ends by point reflection."""
        pad = self._pad
        x = self.average_uv
        left = 2 * x[..., :1] - x[..., pad:0:-1]
        right = 2 * x[..., -1:] - x[..., -2 : -pad - 2 : -1]
        return fft.rfft(np.concatenate([left, x, right], axis=-1), axis=-1)

    @cached_property
    def _limited_spectrum(self) -> np.ndarray:
        """Room for the spectrum of one band after the other."""
        n_slow = self.n_times // 2 + self._pad
        return np.empty((*self._site_spectrum.shape[:-1], n_slow // 2 + 1), self._site_spectrum.dtype)

    def band(self, low_hz: float, high_hz: float, derivation: str = "bipolar") -> np.ndarray:
        """Zero-phase band-limited signals at 100 Hz, `(n_windows, 18 or 19, n_times / 2)`.

        Args:
            low_hz: Lower edge (half amplitude); 0 for none.
            high_hz: Upper edge, at most 45.
            derivation: "bipolar" or "average".
        """
        key = (low_hz, high_hz, derivation)
        if key not in self._bands:
            if derivation == "bipolar":
                self._bands[key] = np.matmul(bipolar_matrix(), self.band(low_hz, high_hz, "average"))
            else:
                self._bands[key] = self._limited(low_hz, high_hz)
        return self._bands[key]

    def _limited(self, low_hz: float, high_hz: float) -> np.ndarray:
        """The sites within a band, `(n_windows, 19, n_times / 2)`."""
        n_padded = self.n_times + 2 * self._pad
        freqs = np.arange(self._site_spectrum.shape[-1]) * self.sfreq / n_padded
        gain = _soft_edge(freqs, high_hz, max(0.15 * high_hz, 0.4), falling=True)
        if low_hz > 0:
            gain = gain * _soft_edge(freqs, low_hz, max(0.3 * low_hz, 0.2), falling=False)
        n_slow = n_padded // 2
        keep = min(n_slow // 2 + 1, int(np.flatnonzero(gain)[-1]) + 1)  # zeros follow
        limited = self._limited_spectrum
        np.multiply(
            self._site_spectrum[..., :keep], (0.5 * gain[:keep]).astype(np.float32), out=limited[..., :keep]
        )
        limited[..., keep:] = 0.0
        slow = fft.irfft(limited, n=n_slow, axis=-1)
        crop = self._pad // 2
        return slow[..., crop : crop + self.n_times // 2]

    @cached_property
    def psd_freqs(self) -> np.ndarray:
        """Frequencies of `bipolar_psd` and `average_psd` in Hz."""
        return power_spectrum(self.average_uv[:1, :1], self.sfreq)[0]

    @cached_property
    def bipolar_psd(self) -> np.ndarray:
        """`(n_windows, 18, n_freqs)` uV^2/Hz."""
        return power_spectrum(self.bipolar_uv, self.sfreq)[1]

    @cached_property
    def average_psd(self) -> np.ndarray:
        """`(n_windows, 19, n_freqs)` uV^2/Hz."""
        return power_spectrum(self.average_uv, self.sfreq)[1]

    def band_power(self, low_hz: float, high_hz: float, derivation: str = "bipolar") -> np.ndarray:
        """Power in uV^2 of a band, `(n_windows, 18 or 19)`."""
        first, last = np.searchsorted(self.psd_freqs, (low_hz, high_hz))
        running = self._running_psd(derivation)
        return (running[..., last] - running[..., first]) * (self.psd_freqs[1] - self.psd_freqs[0])

    def _running_psd(self, derivation: str) -> np.ndarray:
        """Sums of the density below each frequency, so that many bands cost two look-ups each."""
        if derivation not in self._running:
            psd = self.bipolar_psd if derivation == "bipolar" else self.average_psd
            running = np.zeros((*psd.shape[:-1], psd.shape[-1] + 1))
            np.cumsum(psd, axis=-1, out=running[..., 1:])
            self._running[derivation] = running
        return self._running[derivation]


def sparsest(high_hz: float) -> int:
    """1, 2 or 4: of the samples at 100 Hz, every how manyth still holds a band that ends at a frequency."""
    return max(step for step in (1, 2, 4) if 2.2 * high_hz * step <= SLOW_SFREQ_HZ)


def _soft_edge(freqs: np.ndarray, edge_hz: float, width_hz: float, *, falling: bool) -> np.ndarray:
    ramp = np.clip((freqs - edge_hz) / width_hz + 0.5, 0, 1)
    ramp = 0.5 - 0.5 * np.cos(np.pi * ramp)
    return 1 - ramp if falling else ramp


def correlation(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Of signals of mean 0 over the last axis, which broadcast; 0 where one of them is silent."""
    norm = np.sqrt((x * x).sum(axis=-1) * (y * y).sum(axis=-1))
    return np.asarray((x * y).sum(axis=-1) / np.maximum(norm, 1e-9))


def median(values: np.ndarray) -> float:
    """Median of one series: as `np.median`, which takes most of its time to get ready."""
    ordered, middle = np.sort(values), len(values) // 2
    return float(ordered[middle] if len(values) % 2 else 0.5 * (ordered[middle - 1] + ordered[middle]))


def masked_quantile(values: np.ndarray, mask: np.ndarray, q: float) -> np.ndarray:
    """Quantile over the last axis of what is not masked; NaN where nothing is left."""
    count = mask.sum(axis=-1)
    ordered = np.sort(np.where(mask, values, np.inf), axis=-1)
    position = q * np.maximum(count - 1, 0)
    low = np.floor(position).astype(int)
    high = np.minimum(low + 1, np.maximum(count - 1, 0))
    take = lambda index: np.take_along_axis(ordered, index[..., None], axis=-1)[..., 0]  # noqa: E731
    with np.errstate(invalid="ignore"):
        result = take(low) + (position - low) * (take(high) - take(low))
    return np.where(count > 0, result, np.nan)


def masked_median(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Median over the last axis of what is not masked; NaN where nothing is left."""
    return masked_quantile(values, mask, 0.5)


def masked_mean(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Mean over the last axis of what is not masked; NaN where nothing is left."""
    count = mask.sum(axis=-1)
    total = np.where(mask, values, 0).sum(axis=-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
