"""Planted truth: precision, recall and AUROC of the measurers per finding on simulated windows.

    python -m benchmarks.planted_truth [--recordings 400] [--each 12] [--seed 101] [--data ../shared/eeg]

Three levels: one finding planted clearly on a plain background (`planted_alone`, `planted_levels`), the
mixture as simulated, and the mixture with pink noise of half the amplitude of the window added. Also the
error of the posterior rhythm and the nearest confusions. With --data the medians of what is measured per
finding are put beside those of the real recordings.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from benchmarks.planted_alone import IDEAL, alone_sheets
from benchmarks.planted_levels import planted_levels

from neuronarrator_hf.evaluation.classification import auroc
from neuronarrator_hf.findings.measure import WindowMeasurement, measure_windows
from neuronarrator_hf.findings.vocabulary import FINDING_IDS
from neuronarrator_hf.signal.montage import SITES_1020, electrode_positions
from neuronarrator_hf.signal.windows import WINDOW_S, EEGWindows
from neuronarrator_hf.simulation.batch import render_sheets, simulate_windows

NOISE_LEVELS = (0.0, 0.5)
CONFUSIONS = (
    ("posterior_dominant_rhythm", "mu_rhythm"),
    ("posterior_dominant_rhythm", "muscle_artifact"),
    ("posterior_dominant_rhythm", "electrographic_seizure"),
    ("gpd", "grda"),
    ("gpd", "ecg_artifact"),
    ("lpd", "focal_slowing"),
    ("vertex_waves", "spikes"),
    ("sleep_spindles", "spikes"),
    ("eye_blinks", "generalized_delta_slowing"),
    ("n3_sleep", "generalized_delta_slowing"),
    ("drowsy", "generalized_theta_slowing"),
)
"""What is taken for one another most easily."""
MIN_PLANTED = 5


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


def table(
    measurements: list[WindowMeasurement],
    truth: list[set[str]],
    possible: list[set[str]] | None = None,
) -> dict[str, dict[str, float]]:
    """Figures per finding; windows in which it is possible without being true belong to neither."""
    result = {}
    for finding in FINDING_IDS:
        known = np.array([m.claims[finding].polarity != "not_assessed" for m in measurements])
        planted = np.array([finding in t for t in truth])
        away = (
            np.ones(len(truth), bool) if possible is None else np.array([finding not in p for p in possible])
        )
        counted = planted | away
        said = np.array([m.claims[finding].is_present for m in measurements])
        scores = np.array([m.claims[finding].confidence or 0.0 for m in measurements])
        said &= counted
        known &= counted
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
    parser.add_argument("--each", type=int, default=12, help="recordings of each finding planted alone")
    parser.add_argument("--seed", type=int, default=101)
    parser.add_argument("--data", type=Path)
    arguments = parser.parse_args()
    batch = simulate_windows(arguments.recordings, 2, arguments.seed)
    eeg_uv = batch.eeg_uv.reshape(-1, 19, 2000)
    mask = batch.masks.reshape(-1, 19).astype(bool)
    planted = [{c.finding: c for c in w if c.is_present} for recording in batch.claims for w in recording]
    truth = [set(claims) for claims in planted]
    measured = [
        measure_windows(as_windows(with_noise(eeg_uv, n, arguments.seed), mask)) for n in NOISE_LEVELS
    ]
    names = ("alone", *(f"mixture, noise {n:g}" for n in NOISE_LEVELS))
    tables = [_alone(arguments.each, arguments.seed), *(table(m, truth) for m in measured)]
    print("finding".ljust(28), *(f"| {name:20s} n prec rec F1 AUROC" for name in names))
    for finding in FINDING_IDS:
        cells = []
        for t in tables:
            p, r = t[finding]["precision"], t[finding]["recall"]
            f1 = 2 * p * r / max(p + r, 1e-9)
            cells.append(
                f"| {t[finding]['planted']:4d}  {p:.2f}  {r:.2f}  {f1:.2f}  {t[finding]['auroc']:.2f}"
            )
        print(finding.ljust(28), *cells)
    for name, t in zip(names, tables, strict=True):
        f1 = [
            2 * v["precision"] * v["recall"] / max(v["precision"] + v["recall"], 1e-9)
            for v in t.values()
            if v["planted"] >= MIN_PLANTED
        ]
        ranks = [v["auroc"] for v in t.values() if v["planted"] >= MIN_PLANTED and np.isfinite(v["auroc"])]
        print(
            f"{name}: macro F1 {np.mean(f1):.2f}, macro AUROC {np.mean(ranks):.2f}"
            f" over {len(f1)} findings with {MIN_PLANTED} or more"
        )
    for level, m in zip(NOISE_LEVELS, measured, strict=True):
        _posterior_error(level, m, planted)
    _confusions(measured[0], truth)
    if arguments.data:
        _compare_medians(measured[0], truth, arguments.data)


def _alone(n_each: int, seed: int) -> dict[str, dict[str, float]]:
    """The table of findings planted alone."""
    sheets = alone_sheets(n_each, seed)
    batch = render_sheets(sheets, seed, config=IDEAL)
    levels = [planted_levels(sheet) for sheet in sheets]
    windows = as_windows(batch.eeg_uv.reshape(-1, 19, 2000), batch.masks.reshape(-1, 19).astype(bool))
    clear = [told for of_recording, _ in levels for told in of_recording]
    possible = [may_be for _, of_recording in levels for may_be in of_recording]
    return table(measure_windows(windows), clear, possible)


def _posterior_error(level: float, measurements: list[WindowMeasurement], planted: list[dict]) -> None:
    name = "posterior_dominant_rhythm"
    errors = [
        abs(np.mean(m.claims[name].frequency_hz) - np.mean(t[name].frequency_hz))
        for m, t in zip(measurements, planted, strict=True)
        if name in t and m.claims[name].is_present and m.claims[name].frequency_hz
    ]
    print(f"noise {level:g}: posterior rhythm, mean absolute error {np.mean(errors):.2f} Hz, n {len(errors)}")


def _confusions(measurements: list[WindowMeasurement], truth: list[set[str]]) -> None:
    """Share of the windows that hold one of a pair and are said to hold the other."""
    print("\nnearest confusions: windows with the first alone said to hold the second, and the other way")
    for first, second in CONFUSIONS:
        cells = []
        for own, other in ((first, second), (second, first)):
            alone = [m for m, t in zip(measurements, truth, strict=True) if own in t and other not in t]
            wrong = sum(m.claims[other].is_present for m in alone)
            cells.append(f"{wrong:3d} of {len(alone):3d}")
        print(f"  {first:28s} {second:28s} {cells[0]}   {cells[1]}")


def _compare_medians(measurements: list[WindowMeasurement], truth: list[set[str]], data: Path) -> None:
    """Medians of everything that is measured for a finding, over the windows that hold it."""
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
    for finding in FINDING_IDS:
        own = [m for m, t in zip(measurements, truth, strict=True) if finding in t]
        theirs = [m for m, t in real if finding in t]
        if not own or not theirs or finding in ("normal", "abnormal"):
            continue
        names = [n for m in (*own, *theirs) for n in m.claims[finding].evidence.get("measured", {})]
        for name in dict.fromkeys(names):
            columns = [[m.values[name] for m in group if name in m.values] for group in (own, theirs)]
            if all(columns):
                medians = "  ".join(f"{np.median(c):9.2f} (n {len(c)})" for c in columns)
                print(f"  {finding:28s} {name:30s} {medians}")


if __name__ == "__main__":
    main()
