"""Controls of the measurers: signals in which something must vanish, and the share in which it does.

    python -m benchmarks.measurer_controls [--windows 1000] [--seed 31]

White and pink noise at the amplitudes of EEG, simulated windows with their samples shuffled in time or
their channels permuted, and flat lines.
"""

from __future__ import annotations

import argparse

import numpy as np
from benchmarks.planted_truth import as_windows

from neuronarrator_hf.findings.measure import WindowMeasurement, measure_windows
from neuronarrator_hf.findings.vocabulary import FINDING_IDS, ids_of
from neuronarrator_hf.signal.montage import SITES_1020, electrode_positions
from neuronarrator_hf.simulation.batch import simulate_windows

PATTERNS = (
    "posterior_dominant_rhythm", "mu_rhythm", "beta_activity",
    *ids_of("sleep", "epileptiform", "rhythmic_periodic", "ictal"),
    "drowsy", "n1_sleep", "n2_sleep", "n3_sleep", "rem_sleep",
)  # fmt: skip
PLACED = (
    "posterior_dominant_rhythm", "mu_rhythm", "focal_slowing", "asymmetry", "lpd", "lrda", "bipd", "spikes",
)  # fmt: skip
"""Findings that say a side, a region or a gradient."""


def noise(n_windows: int, exponent: float, seed: int) -> np.ndarray:
    """Noise of 0.5-75 Hz with power 1/f^exponent, 5-40 uV RMS, correlated over the head unless white."""
    rng = np.random.default_rng(seed)
    freqs = np.fft.rfftfreq(2000, 1 / 200.0)
    spectrum = np.fft.rfft(rng.normal(size=(n_windows, 19, 2000)), axis=-1)
    spectrum *= ((freqs > 0.5) & (freqs < 75)) / np.maximum(freqs, 0.5) ** (exponent / 2)
    x = np.fft.irfft(spectrum, axis=-1)
    if exponent:
        near = electrode_positions(SITES_1020)
        x = np.linalg.cholesky(np.exp(-(1 - near @ near.T) / 0.5) + 1e-6 * np.eye(19)) @ x
    return x / x.std(axis=-1, keepdims=True) * rng.uniform(5.0, 40.0, (n_windows, 1, 1))


def report(name: str, measurements: list[WindowMeasurement], vanishing: tuple[str, ...]) -> None:
    """Share of the windows free of all that must vanish, and what was said most."""
    counts = {f: sum(m.claims[f].is_present for m in measurements) for f in vanishing}
    free = np.mean([not any(m.claims[f].is_present for f in vanishing) for m in measurements])
    least = 1 - max(counts.values()) / len(measurements)
    worst = sorted(counts.items(), key=lambda item: -item[1])[:4]
    said = ", ".join(f"{f} {n}" for f, n in worst if n) or "none"
    print(
        f"{name:24s} every finding vanishes in {least:.1%} or more, all at once in {free:.1%}; said: {said}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--windows", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=31)
    arguments = parser.parse_args()
    n_windows, rng = arguments.windows, np.random.default_rng(arguments.seed)
    every = np.ones((n_windows, 19), bool)
    batch = simulate_windows(n_windows, 1, arguments.seed)
    eeg_uv, mask = batch.eeg_uv[:, 0], batch.masks[:, 0]
    for name, exponent in (("white noise", 0.0), ("pink noise", 1.0)):
        measured = measure_windows(as_windows(noise(n_windows, exponent, arguments.seed), every))
        report(name, measured, PATTERNS)
    shuffled = measure_windows(as_windows(rng.permuted(eeg_uv, axis=-1), mask))
    report("shuffled in time", shuffled, PATTERNS)
    stated = sum(m.claims[f].frequency_hz is not None for m in shuffled for f in PATTERNS)
    print(f"{'':24s} frequencies stated of a pattern: {stated}")
    order = np.argsort(rng.random((n_windows, 19)), axis=1)
    permuted = np.take_along_axis(eeg_uv, order[..., None], axis=1)
    measured = measure_windows(as_windows(permuted, np.take_along_axis(mask, order, axis=1)))
    report("channels permuted", measured, PLACED)
    report("as simulated, for size", measure_windows(as_windows(eeg_uv, mask)), PLACED)
    flat = measure_windows(as_windows(np.zeros((n_windows, 19, 2000)), ~every))
    report("flat lines", flat, tuple(f for f in FINDING_IDS if f != "flat_channel"))


if __name__ == "__main__":
    main()
