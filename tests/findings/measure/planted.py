"""Small signals whose truth is known, for the tests of the measurers."""

from __future__ import annotations

import numpy as np

from neuronarrator_hf.findings.measure.result import Judgement
from neuronarrator_hf.findings.vocabulary import FINDING_IDS
from neuronarrator_hf.signal.montage import SITES_1020, electrode_positions
from neuronarrator_hf.signal.windows import EEGWindows

N_TIMES = 2000
TIME_S = np.arange(N_TIMES) / 200.0
POSITIONS = electrode_positions(SITES_1020)


def make_windows(eeg_uv: np.ndarray, **changes) -> EEGWindows:
    n_windows, n_channels, n_times = eeg_uv.shape
    values = {
        "eeg_uv": eeg_uv.astype(np.float32),
        "ch_names": SITES_1020,
        "positions": POSITIONS,
        "start_s": 10.0 * np.arange(n_windows),
        "channel_mask": np.ones((n_windows, n_channels), bool),
        "time_mask": np.ones((n_windows, n_times), bool),
    }
    return EEGWindows(**{**values, **changes})


def noise(
    n_windows: int, exponent: float, seed: int, low_uv: float = 5.0, high_uv: float = 40.0
) -> np.ndarray:
    """Noise of 0.5-75 Hz with power 1/f^exponent, correlated over the head if it is not white."""
    rng = np.random.default_rng(seed)
    n_padded = N_TIMES + 200
    freqs = np.fft.rfftfreq(n_padded, 1 / 200.0)
    spectrum = np.fft.rfft(rng.normal(size=(n_windows, 19, n_padded)), axis=-1)
    spectrum *= ((freqs > 0.5) & (freqs < 75)) / np.maximum(freqs, 0.5) ** (exponent / 2)
    x = np.fft.irfft(spectrum, axis=-1)[..., 100:-100]
    if exponent:
        mixing = np.linalg.cholesky(np.exp(-(1 - POSITIONS @ POSITIONS.T) / 0.5) + 1e-6 * np.eye(19))
        x = mixing @ x
    return x / x.std(axis=-1, keepdims=True) * rng.uniform(low_uv, high_uv, (n_windows, 1, 1))


def band_noise(low_hz: float, high_hz: float, seed: int) -> np.ndarray:
    """Noise of a band, standard deviation 1."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=N_TIMES))
    freqs = np.fft.rfftfreq(N_TIMES, 1 / 200.0)
    x = np.fft.irfft(spectrum * ((freqs > low_hz) & (freqs < high_hz)), N_TIMES)
    return x / x.std()


def field(site: str, width: float = 0.35) -> np.ndarray:
    """Potential over the 19 sites of a source under one of them, largest 1."""
    distance = 1 - POSITIONS @ POSITIONS[SITES_1020.index(site)]
    return np.exp(-distance / width)


def wave(frequency_hz: float, seed: int = 0) -> np.ndarray:
    """A sine whose frequency wanders a little, amplitude 1."""
    rng = np.random.default_rng(seed)
    drift = np.convolve(rng.normal(size=N_TIMES), np.ones(200) / 200, "same")
    phase = 2 * np.pi * np.cumsum(frequency_hz * (1 + 0.3 * drift)) / 200.0
    return np.sin(phase + rng.uniform(0, 6))


def pulses(times_s: np.ndarray, width_s: float) -> np.ndarray:
    """Sharp waves with a slower wave of the other sign behind them, height 1."""
    x = np.zeros(N_TIMES)
    for time in times_s:
        x += np.exp(-(((TIME_S - time) / width_s) ** 2))
        x -= 0.4 * np.exp(-(((TIME_S - time - 4 * width_s) / (2.5 * width_s)) ** 2))
    return x


def planted(field_uv: np.ndarray, signal: np.ndarray, seed: int, background_uv: float = 6.0) -> EEGWindows:
    """One window of a quiet 1/f background with a signal in a field."""
    x = noise(1, 1.2, seed, background_uv, background_uv + 1e-6)
    return make_windows(x + field_uv[None, :, None] * signal)


def judged(n_windows: int, **numbers: float) -> list[Judgement]:
    """Every finding absent, with the evidence that explanations look at."""
    usual = {
        "suppressed_share": 0.3,
        "quiet_uv": 5.0,
        "delta_steadiness": 0.0,
        "delta_rhythm_hz": 3.0,
        "spike_margin": -1.0,
        "discharge_similarity": 0.0,
        "interval_irregularity": 0.5,
        "posterior_peak_hz": 10.0,
        "ictal_field_share": 0.5,
        "delta_field_share": 0.8,
    }
    evidence = {name: np.full(n_windows, value) for name, value in (usual | numbers).items()}
    absent = np.full(n_windows, -2.0)
    return [Judgement(f, absent.copy(), np.ones(n_windows, bool), evidence=evidence) for f in FINDING_IDS]
