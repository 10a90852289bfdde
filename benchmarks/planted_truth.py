"""Planted truth: precision, recall and AUROC of the measurers per finding on simulated windows.

    python -m benchmarks.planted_truth [--recordings 400] [--seed 101] [--data ../shared/eeg]

Three levels: as simulated, and with pink noise of a half and of the whole amplitude of the window added.
With --data the medians of the measured values per finding are put beside those of the real pages.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from neuronarrator_hf.evaluation.classification import auroc
from neuronarrator_hf.findings.measure import WindowMeasurement, measure_windows
from neuronarrator_hf.findings.vocabulary import FINDING_IDS
from neuronarrator_hf.signal.montage import SITES_1020, electrode_positions
from neuronarrator_hf.signal.windows import WINDOW_S, EEGWindows
from neuronarrator_hf.simulation.batch import simulate_windows

NOISE_LEVELS = (0.0, 0.5, 1.0)
STANDING_CHECK = {
    "generalized_theta_slowing": ("theta_power_ratio",),
    "generalized_delta_slowing": ("delta_power_ratio",),
    "low_voltage": ("background_uv", "high_uv"),
    "brief_attenuation": ("attenuation_depth_log2", "quiet_share"),
    "burst_suppression": ("suppressed_share", "burst_uv"),
    "gpd": ("discharge_similarity", "discharge_contrast", "interval_irregularity"),
    "lpd": ("discharge_similarity", "discharge_contrast", "discharge_laterality_log2"),
    "grda": ("delta_concentration", "delta_over_theta_log2"),
    "lrda": ("delta_concentration", "delta_laterality_log2"),
    "normal": ("background_uv", "theta_power_ratio", "delta_power_ratio", "attenuation_depth_log2"),
}


def with_noise(eeg_uv: np.ndarray, level: float, seed: int) -> np.ndarray:
    """Windows with pink noise of `level` times their own median RMS."""
    if not level:
        return eeg_uv
    n_times = eeg_uv.shape[-1]
    freqs = np.fft.rfftfreq(n_times, 1 / 200.0)
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=eeg_uv.shape), axis=-1)
    pink = np.fft.irfft(spectrum * ((freqs > 0.5) & (freqs < 70)) / np.sqrt(np.maximum(freqs, 0.5)), n_times)
    size = np.median(eeg_uv.std(axis=-1), axis=1)[:, None, None]
    return eeg_uv + (level * size * pink / pink.std()).astype(np.float32)


def as_windows(eeg_uv: np.ndarray, channel_mask: np.ndarray) -> EEGWindows:
    return EEGWindows(
        eeg_uv=(eeg_uv * channel_mask[..., None]).astype(np.float32),
        ch_names=SITES_1020,
        positions=electrode_positions(SITES_1020),
        start_s=WINDOW_S * np.arange(len(eeg_uv)),
        channel_mask=channel_mask,
        time_mask=np.ones((len(eeg_uv), eeg_uv.shape[-1]), bool),
        quality=tuple({SITES_1020[c]: ["flat"] for c in np.flatnonzero(~mask)} for mask in channel_mask),
    )


def table(measurements: list[WindowMeasurement], truth: list[set[str]]) -> dict[str, dict[str, float]]:
    result = {}
    for finding in FINDING_IDS:
        known = np.array([m.claims[finding].polarity != "not_assessed" for m in measurements])
        planted = np.array([finding in t for t in truth])
        said = np.array([m.claims[finding].is_present for m in measurements])
        scores = np.array([m.claims[finding].confidence or 0.0 for m in measurements])
        hits = int((said & planted).sum())
        ranked = auroc(scores[known], planted[known])
        result[finding] = {
            "planted": int(planted.sum()),
            "precision": hits / max(int(said.sum()), 1),
            "recall": hits / max(int(planted.sum()), 1),
            "auroc": float("nan") if ranked is None else ranked,
            "not_assessed": float(1 - known.mean()),
        }
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=400)
    parser.add_argument("--seed", type=int, default=101)
    parser.add_argument("--data", type=Path)
    arguments = parser.parse_args()
    batch = simulate_windows(arguments.recordings, 2, arguments.seed)
    eeg_uv = batch.eeg_uv.reshape(-1, 19, 2000)
    mask = batch.masks.reshape(-1, 19).astype(bool)
    truth = [
        {c.finding for c in claims if c.is_present} for recording in batch.claims for claims in recording
    ]
    measured = [
        measure_windows(as_windows(with_noise(eeg_uv, n, arguments.seed), mask)) for n in NOISE_LEVELS
    ]
    tables = [table(m, truth) for m in measured]
    print("finding".ljust(28), "planted", *(f"| noise {n:g}: prec  rec   F1    AUROC" for n in NOISE_LEVELS))
    for finding in FINDING_IDS:
        cells = []
        for t in tables:
            p, r = t[finding]["precision"], t[finding]["recall"]
            cells.append(
                f"|          {p:.2f}  {r:.2f}  {2 * p * r / max(p + r, 1e-9):.2f}  {t[finding]['auroc']:.2f}"
            )
        print(finding.ljust(28), f"{tables[0][finding]['planted']:7d}", *cells)
    for level, t in zip(NOISE_LEVELS, tables, strict=True):
        f1 = [
            2 * v["precision"] * v["recall"] / max(v["precision"] + v["recall"], 1e-9)
            for v in t.values()
            if v["planted"] >= 5
        ]
        print(f"noise {level:g}: macro F1 {np.mean(f1):.2f} over {len(f1)} findings with 5 or more")
    if arguments.data:
        _compare_medians(measured[0], truth, arguments.data)


def _compare_medians(measurements: list[WindowMeasurement], truth: list[set[str]], data: Path) -> None:
    from neuronarrator_hf.evaluation.expert_labels import read_labels
    from neuronarrator_hf.recording.reading import read_recording
    from neuronarrator_hf.recording.windows import iter_windows

    real: list[tuple[WindowMeasurement, set[str]]] = []
    for labelled in read_labels(data, ("icu_vecams", "awake")):
        present = {f for f, yes in labelled.presence.items() if yes}
        real += [
            (m, present) for b in iter_windows(read_recording(labelled.path)) for m in measure_windows(b)
        ]
    print("\nmedians, simulated beside real")
    for finding, names in STANDING_CHECK.items():
        for name in names:
            own = [
                m.values[name]
                for m, t in zip(measurements, truth, strict=True)
                if finding in t and name in m.values
            ]
            theirs = [m.values[name] for m, t in real if finding in t and name in m.values]
            if own and theirs:
                medians = f"{np.median(own):8.2f} {np.median(theirs):8.2f}"
                print(f"  {finding:28s} {name:28s} {medians}  (n {len(own)}, {len(theirs)})")


if __name__ == "__main__":
    main()
