"""Small synthetic EEG with known fields, for the tests of this folder."""

from __future__ import annotations

import numpy as np

from neuronarrator_hf.signal.montage import SITES_1020, electrode_positions

SFREQ_HZ = 200.0


def angle_deg(positions: np.ndarray, centre: np.ndarray) -> np.ndarray:
    return np.rad2deg(np.arccos(np.clip(positions @ centre / np.linalg.norm(centre), -1.0, 1.0)))


def patch(positions: np.ndarray, centre: np.ndarray, width_deg: float) -> np.ndarray:
    """Field of a source under `centre`, 1 there, Gaussian in the angle."""
    return np.exp(-0.5 * (angle_deg(positions, centre) / width_deg) ** 2)


def background(
    rng: np.random.Generator, positions: np.ndarray, amplitude_uv: float, n_times: int = 2000
) -> np.ndarray:
    """1/f activity of 60 patches of 30 degrees over the scalp: correlated between neighbours as EEG is."""
    centres = rng.normal(size=(60, 3))
    centres[:, 2] = np.abs(centres[:, 2]) - 0.2
    fields = np.stack([patch(positions, c, 30.0) for c in centres])
    freqs = np.fft.rfftfreq(n_times, 1 / SFREQ_HZ)
    shape = np.where(freqs > 0.5, 1.0 / np.maximum(freqs, 0.5), 0.0)
    spectra = (rng.normal(size=(60, len(freqs))) + 1j * rng.normal(size=(60, len(freqs)))) * shape
    eeg_uv = fields.T @ np.fft.irfft(spectra, n_times)
    eeg_uv *= amplitude_uv / eeg_uv.std(axis=1).mean()
    return eeg_uv + rng.normal(size=eeg_uv.shape) * 0.3


def band_noise(rng: np.random.Generator, low_hz: float, high_hz: float, n_times: int = 2000) -> np.ndarray:
    """Noise of unit standard deviation in a band."""
    freqs = np.fft.rfftfreq(n_times, 1 / SFREQ_HZ)
    inside = (freqs >= low_hz) & (freqs <= high_hz)
    spectrum = np.where(inside, rng.normal(size=len(freqs)) + 1j * rng.normal(size=len(freqs)), 0.0)
    signal = np.fft.irfft(spectrum, n_times)
    return signal / signal.std()


SITE_POSITIONS = electrode_positions(SITES_1020)
