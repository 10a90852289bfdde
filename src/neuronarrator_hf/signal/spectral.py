"""Power spectra of windows, band power, the aperiodic slope, and the spectrum the model reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from scipy import fft

from .kernels import hann_taper, slepian_tapers
from .windows import SFREQ_HZ

BANDS_HZ: dict[str, tuple[float, float]] = {
    "delta": (0.5, 4.0),
    "theta": (4.0, 8.0),
    "alpha": (8.0, 13.0),
    "beta": (13.0, 30.0),
    "gamma": (30.0, 45.0),
}
"""Bands of maps and ratios (IFCN 2017; its beta reaches on to 40 Hz, here the rest of it is in gamma)."""

WELCH_WINDOW_S = 4.0
"""Length of a Welch window: bins of 0.25 Hz, four windows with half overlap in 10 s."""
MULTITAPER_NW = 2.0
"""Time-half-bandwidth product: over 10 s, 3 tapers, bins of 0.1 Hz and a resolution of +-0.2 Hz."""

SPECTRUM_FREQS_HZ: np.ndarray = np.concatenate([np.arange(0.5, 30.01, 0.25), np.arange(31.0, 45.01, 1.0)])
"""Frequencies of `log_spectrum`: 0.5 to 30 Hz in steps of 0.25 Hz, then 31 to 45 Hz in steps of 1 Hz
(means over 1 Hz)."""
SPECTRUM_FREQS_HZ.setflags(write=False)
_CACHED_VALUES = 1 << 18
"""Numbers worked on at a time, so that what is made of them stays in a core's cache."""
SPECTRUM_FLOOR = -4.0
"""log10 uV^2/Hz at which `log_spectrum` ends below: an amplitude of 0.1 uV over 100 Hz, below the noise
of every amplifier. A masked site holds this value at every frequency."""


def power_spectrum(
    eeg_uv: np.ndarray,
    sfreq: float = SFREQ_HZ,
    *,
    method: str = "welch",
    window_s: float = WELCH_WINDOW_S,
    nw: float = MULTITAPER_NW,
    time_mask: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """One-sided power spectral density of every row.

    Args:
        eeg_uv: `(..., n_times)` microvolts; the mean of every Welch window (or of the whole row) is removed.
        sfreq: Sampling rate in Hz.
        method: `"welch"`: mean over Hann windows of `window_s` with half overlap, bins of `1 / window_s`
            Hz. `"multitaper"`: mean over the `2 * nw - 1` DPSS tapers of the whole row, bins of
            `sfreq / n_times` Hz.
        window_s: Length of a Welch window in seconds.
        nw: Time-half-bandwidth product of the tapers.
        time_mask: `(n_windows, n_times)` bool for `eeg_uv` of `(n_windows, ..., n_times)`; the spectrum
            is that of the recorded samples, on the same frequencies.

    Returns:
        `freqs` `(n_freqs,)` in Hz and `psd` `(..., n_freqs)` float32 in uV^2/Hz. A window without a
        recorded sample has a density of 0.

    Raises:
        ValueError: The method is unknown.
    """
    if method not in ("welch", "multitaper"):
        raise ValueError(f"method must be 'welch' or 'multitaper', got {method!r}")
    eeg_uv = np.asarray(eeg_uv)
    n_times = eeg_uv.shape[-1]
    n_fft = min(round(window_s * sfreq), n_times) if method == "welch" else n_times
    freqs = np.arange(n_fft // 2 + 1) * (sfreq / n_fft)
    if time_mask is None or time_mask.all():
        return freqs, _density(eeg_uv, sfreq, method, n_fft, nw)
    psd = np.zeros((*eeg_uv.shape[:-1], len(freqs)), dtype=np.float32)
    first = time_mask.argmax(axis=1)
    stop = np.where(time_mask.any(axis=1), n_times - time_mask[:, ::-1].argmax(axis=1), first)
    for start, end in {(int(a), int(b)) for a, b in zip(first, stop, strict=True)}:
        if end - start > 1:
            which = (first == start) & (stop == end)
            psd[which] = _density(eeg_uv[which][..., start:end], sfreq, method, n_fft, nw)
    return freqs, psd


def _density(eeg_uv: np.ndarray, sfreq: float, method: str, n_fft: int, nw: float) -> np.ndarray:
    """Density on the bins of `n_fft`; a shorter row is padded with zeros after tapering."""
    rows = eeg_uv.reshape(-1, eeg_uv.shape[-1])
    psd = np.empty((len(rows), n_fft // 2 + 1), dtype=np.float32)
    n_taper = min(n_fft, rows.shape[-1])
    tapers = _hann(n_taper, sfreq) if method == "welch" else _dpss(n_taper, nw, sfreq)
    frames = np.lib.stride_tricks.sliding_window_view(rows, n_taper, axis=-1)[:, :: max(n_taper // 2, 1)]
    n_averaged = len(tapers) if method == "multitaper" else frames.shape[1]
    n_at_once = max(_CACHED_VALUES // (4 * rows.shape[-1]), 1)  # four numbers for each, about
    tapered = np.empty((min(n_at_once, len(rows)), n_averaged, n_taper), dtype=np.float32)
    for start in range(0, len(rows), n_at_once):
        part = frames[start : start + n_at_once]
        centred = np.subtract(
            part,
            part.mean(axis=-1, dtype=np.float32, keepdims=True),
            out=tapered[: len(part), : part.shape[1]],
        )
        np.multiply(centred, tapers, out=tapered[: len(part)])
        spectrum = fft.rfft(tapered[: len(part)], n=n_fft, axis=-1)
        parts = spectrum.view(np.float32)  # real and imaginary by turns
        squares = np.einsum("rkf,rkf->rf", parts, parts)
        np.add(squares[:, ::2], squares[:, 1::2], out=psd[start : start + n_at_once])
    psd *= 2.0 / n_averaged
    psd[:, 0] /= 2.0
    if n_fft % 2 == 0:
        psd[:, -1] /= 2.0
    return psd.reshape(*eeg_uv.shape[:-1], -1)


@lru_cache(maxsize=64)
def _hann(n_times: int, sfreq: float) -> np.ndarray:
    taper = hann_taper(n_times) if n_times > 2 else np.ones(n_times)
    return (taper / np.sqrt(sfreq * (taper**2).sum())).astype(np.float32)


@lru_cache(maxsize=16)
def _dpss(n_times: int, nw: float, sfreq: float) -> np.ndarray:
    tapers = slepian_tapers(n_times, min(nw, n_times / 2 - 0.01), max(int(2 * nw) - 1, 1))
    return (tapers / np.sqrt(sfreq * (tapers**2).sum(axis=1, keepdims=True))).astype(np.float32)


def band_power(
    freqs: np.ndarray,
    psd: np.ndarray,
    bands: Mapping[str, tuple[float, float]] | Sequence[tuple[float, float]] | None = None,
) -> np.ndarray:
    """Power in bands, `(..., n_bands)` in uV^2, in the order of `bands` (default `BANDS_HZ`).

    A bin counts with the share of it that lies in the band, so that adjoining bands add up exactly.
    """
    bands = BANDS_HZ if bands is None else bands
    limits = tuple(bands.values()) if isinstance(bands, Mapping) else tuple(bands)
    edges = np.asarray(limits, dtype=float)  # (n_bands, 2)
    width = freqs[1] - freqs[0]
    low = np.maximum(freqs[:, None] - width / 2, edges[:, 0])
    high = np.minimum(freqs[:, None] + width / 2, edges[:, 1])
    return psd @ np.clip(high - low, 0.0, None).astype(psd.dtype)


def log_spectrum(
    site_uv: np.ndarray,
    site_mask: np.ndarray | None = None,
    time_mask: np.ndarray | None = None,
    sfreq: float = SFREQ_HZ,
) -> np.ndarray:
    """The model's spectral input: log10 uV^2/Hz at `SPECTRUM_FREQS_HZ`, `(..., n_freqs)` float32.

    Args:
        site_uv: `(..., n_times)` microvolts in windows of at least `WELCH_WINDOW_S`; take them against
            `average_reference`, so that the recording's reference does not enter.
        site_mask: `(...,)` bool; sites that are False get `SPECTRUM_FLOOR`.
        time_mask: `(n_windows, n_times)` bool, see `power_spectrum`.
        sfreq: Sampling rate in Hz.
    """
    n_required = round(WELCH_WINDOW_S * sfreq)
    if site_uv.shape[-1] < n_required:
        raise ValueError(
            f"windows of {site_uv.shape[-1]} samples are shorter than {WELCH_WINDOW_S} s; "
            "pad them to 10 s and pass time_mask"
        )
    return log_spectrum_from_psd(*power_spectrum(site_uv, sfreq, time_mask=time_mask), site_mask)


def log_spectrum_from_psd(
    freqs: np.ndarray, psd: np.ndarray, site_mask: np.ndarray | None = None
) -> np.ndarray:
    """`log_spectrum` where the Welch spectrum is there already, as it is wanted for band power too.

    Args:
        freqs: Frequencies of `power_spectrum` with windows of `WELCH_WINDOW_S`.
        psd: `(..., n_freqs)` uV^2/Hz.
        site_mask: `(...,)` bool; sites that are False get `SPECTRUM_FLOOR`.
    """
    if abs(freqs[1] * WELCH_WINDOW_S - 1) > 1e-6 or freqs[-1] < SPECTRUM_FREQS_HZ[-1] + 0.5:
        raise ValueError(
            f"expected bins of {1 / WELCH_WINDOW_S} Hz up to 45.5 Hz at least, got bins of {freqs[1]} Hz "
            f"up to {freqs[-1]} Hz"
        )
    fine = int(np.searchsorted(SPECTRUM_FREQS_HZ, 30.5))
    first = round(SPECTRUM_FREQS_HZ[0] * WELCH_WINDOW_S)
    coarse = band_power(freqs, psd, [(f - 0.5, f + 0.5) for f in SPECTRUM_FREQS_HZ[fine:]])
    values = np.concatenate([psd[..., first : first + fine], coarse], axis=-1, dtype=np.float32)
    np.maximum(values, np.float32(10.0**SPECTRUM_FLOOR), out=values)
    np.log10(values, out=values)
    if site_mask is not None:
        values[~np.asarray(site_mask, dtype=bool)] = SPECTRUM_FLOOR
    return values


def aperiodic_fit(
    freqs: np.ndarray,
    psd: np.ndarray,
    freq_range_hz: tuple[float, float] = (1.0, 40.0),
    *,
    num_iterations: int = 8,
) -> tuple[np.ndarray, np.ndarray]:
    """Aperiodic part of spectra: `log10 psd = offset - exponent * log10 f`, peaks left out.

    As in specparam's fixed mode, without its peak parameters and for all rows at once: a least-absolute
    fit, then least squares over the bins whose residual, smoothed over 1.5 Hz so that a peak and not a
    noisy bin stands out, is not above twice the robust spread of the residuals.

    Args:
        freqs: `(n_freqs,)` evenly spaced, Hz.
        psd: `(..., n_freqs)` uV^2/Hz.
        freq_range_hz: Range of the fit.
        num_iterations: Rounds of each of the two steps.

    Returns:
        `offset` and `exponent`, each `(...,)` float32.
    """
    used = (freqs >= freq_range_hz[0]) & (freqs <= freq_range_hz[1])
    x = np.log10(freqs[used])
    y = np.log10(np.maximum(np.asarray(psd)[..., used], 1e-12)).astype(np.float64)
    weights = np.ones_like(y)
    for _ in range(num_iterations):
        offset, slope = _weighted_line(x, y, weights)
        residual = y - offset[..., None] - slope[..., None] * x
        weights = 1.0 / np.maximum(np.abs(residual), 0.02)
    n_smooth = max(round(1.5 / (freqs[1] - freqs[0])), 1)
    for _ in range(num_iterations):
        smooth = _running_mean(residual, n_smooth)
        spread = 1.4826 * np.median(np.abs(smooth), axis=-1, keepdims=True)
        weights = (smooth < 2.0 * np.maximum(spread, 0.02)).astype(float)
        offset, slope = _weighted_line(x, y, weights)
        residual = y - offset[..., None] - slope[..., None] * x
    return offset.astype(np.float32), -slope.astype(np.float32)


def _weighted_line(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    total = weights.sum(axis=-1)
    mean_x = weights @ x / total
    mean_y = (weights * y).sum(axis=-1) / total
    centred = x - mean_x[..., None]
    weighted = weights * centred
    slope = (weighted * y).sum(axis=-1) / np.maximum((weighted * centred).sum(axis=-1), 1e-12)
    return mean_y - slope * mean_x, slope


def _running_mean(values: np.ndarray, n: int) -> np.ndarray:
    """Centred mean over `n` values, over fewer at the ends."""
    n_values = values.shape[-1]
    total = np.concatenate([np.zeros((*values.shape[:-1], 1)), values.cumsum(axis=-1)], axis=-1)
    low = np.maximum(np.arange(n_values) - n // 2, 0)
    high = np.minimum(np.arange(n_values) + (n - n // 2), n_values)
    return (total[..., high] - total[..., low]) / (high - low)
