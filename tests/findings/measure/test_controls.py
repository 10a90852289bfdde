"""What must vanish: noise, time-shuffled samples, permuted channels."""

from __future__ import annotations

import numpy as np
import pytest
from planted import field, make_windows, noise, planted, pulses, wave

from neuronarrator_hf.findings.measure import measure_windows
from neuronarrator_hf.findings.vocabulary import ids_of

PATTERNS = (
    "posterior_dominant_rhythm", "mu_rhythm", "beta_activity",
    *ids_of("sleep", "epileptiform", "rhythmic_periodic", "ictal"),
    "drowsy", "n1_sleep", "n2_sleep", "n3_sleep", "rem_sleep",
)  # fmt: skip
SIDED = ("posterior_dominant_rhythm", "mu_rhythm", "focal_slowing", "asymmetry", "lpd", "lrda")


def _counts(eeg_uv: np.ndarray, findings: tuple[str, ...]) -> dict[str, int]:
    measurements = measure_windows(make_windows(eeg_uv))
    counts = {f: sum(m.claims[f].is_present for m in measurements) for f in findings}
    return {f: n for f, n in counts.items() if n}


def _awake(n_windows: int, seed: int) -> np.ndarray:
    """Healthy windows: a quiet background with a posterior rhythm."""
    x = noise(n_windows, 1.2, seed, 5.0, 8.0)
    back = field("O1") + field("O2")
    return x + np.stack([back[:, None] * 18 * wave(10.0, seed + i) for i in range(n_windows)])


@pytest.mark.parametrize("exponent", [0.0, 1.0], ids=["white", "pink"])
@pytest.mark.parametrize("n_windows", [100, pytest.param(1000, marks=pytest.mark.slow)])
def test_noise_holds_no_pattern(exponent: float, n_windows: int) -> None:
    counts = _counts(noise(n_windows, exponent, seed=7), PATTERNS)
    assert all(n <= 0.01 * n_windows for n in counts.values()), counts


def test_samples_shuffled_in_time_hold_no_pattern() -> None:
    rng = np.random.default_rng(3)
    discharging = planted(80 * field("Cz", 1.0), pulses(np.arange(0.5, 10, 1.0), 0.05), 1).eeg_uv
    eeg = np.concatenate([_awake(90, 5), np.repeat(discharging, 10, axis=0)])
    counts = _counts(rng.permuted(eeg, axis=-1), PATTERNS)
    assert all(n <= 1 for n in counts.values()), counts


def test_permuted_channels_hold_no_side() -> None:
    rng = np.random.default_rng(4)
    eeg = np.stack([window[rng.permutation(19)] for window in _awake(100, 9)])
    counts = _counts(eeg, SIDED)
    assert all(n <= 1 for n in counts.values()), counts


def test_healthy_windows_are_normal() -> None:
    measurements = measure_windows(make_windows(_awake(40, 21)))
    assert sum(m.claims["normal"].is_present for m in measurements) >= 38
    assert sum(m.claims["posterior_dominant_rhythm"].is_present for m in measurements) >= 39
