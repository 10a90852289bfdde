"""Small recordings with known content, made in memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from neuronarrator_hf.signal.montage import SITES_1020, electrode_positions


def noise_uv(seconds: float, sfreq: float = 200.0, seed: int = 0) -> np.ndarray:
    """1/f activity of EEG size at the 19 sites, shared by neighbours, `(19, n_times)` microvolts."""
    rng = np.random.default_rng(seed)
    n = round(seconds * sfreq)
    freqs = np.maximum(np.fft.rfftfreq(n, 1 / sfreq), 0.5)
    sources = rng.standard_normal((60, len(freqs))) + 1j * rng.standard_normal((60, len(freqs)))
    centres = rng.normal(size=(60, 3))
    centres[:, 2] = np.abs(centres[:, 2]) - 0.2
    cosines = electrode_positions(SITES_1020) @ (centres / np.linalg.norm(centres, axis=1, keepdims=True)).T
    eeg = np.fft.irfft(np.exp(-3.6 * np.arccos(np.clip(cosines, -1, 1)) ** 2) @ (sources / freqs), n)
    return eeg / eeg.std() * 7.0


def awake_uv(seconds: float, sfreq: float = 200.0, alpha_hz: float = 10.0, seed: int = 0) -> np.ndarray:
    """Noise with a posterior rhythm, waxing and waning."""
    eeg = noise_uv(seconds, sfreq, seed=seed)
    t = np.arange(eeg.shape[1]) / sfreq
    rhythm = np.sin(2 * np.pi * alpha_hz * t) * (1 + 0.3 * np.sin(2 * np.pi * 0.3 * t))
    for site, size_uv in {"O1": 25, "O2": 25, "P3": 12, "P4": 12, "P7": 10, "P8": 10, "Pz": 10}.items():
        eeg[SITES_1020.index(site)] += size_uv * rhythm
    return eeg


def as_array(eeg_uv: np.ndarray, sfreq: float = 200.0, units: str = "uV") -> dict[str, Any]:
    """The array form of a recording."""
    scale = {"uV": 1.0, "V": 1e-6}[units]
    return {"array": eeg_uv * scale, "sampling_rate": sfreq, "ch_names": list(SITES_1020), "units": units}
