"""Simulated beside real: simple measures per class, and a classifier told to tell them apart.

    python benchmarks/simulation_realism.py ../shared/eeg

Nothing of the real recordings enters the simulator; the table says where its ranges miss.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from scipy.stats import kurtosis

from neuronarrator_hf.recording.reading import read_recording
from neuronarrator_hf.recording.windows import iter_windows
from neuronarrator_hf.signal.interpolation import to_sites
from neuronarrator_hf.signal.montage import SITES_1020, bipolar_matrix, electrode_positions
from neuronarrator_hf.signal.spectral import aperiodic_fit, band_power, power_spectrum
from neuronarrator_hf.simulation.batch import simulate_windows

BANDS = ((0.5, 2), (2, 4), (4, 8), (8, 13), (13, 20), (20, 30), (30, 45))
FEATURES = (
    *(f"log10 {a:g}-{b:g} Hz" for a, b in BANDS),
    "aperiodic exponent",
    "log10 rms < 20 Hz",
    "spread of log rms",
    "p-p 1 s < 20 Hz, median",
    "p-p, largest / median derivation",
    "p-p, 95 % / median over time",
    "kurtosis",
    "log10 kurtosis, largest",
    "correlation near",
    "correlation far",
    "correlation left-right",
    "coherence near < 4 Hz",
    "coherence near 8-13 Hz",
    "coherence near > 20 Hz",
    "sharpness: kurtosis of slope",
    "front / back 8-13 Hz",
)
SLOWING = {"generalized_delta_slowing", "generalized_theta_slowing"}
SIMULATED_CLASSES = {
    "normal awake": lambda ids, kind: kind == "normal",
    "slowing": lambda ids, kind: kind == "icu" and ids & SLOWING,
    "gpd": lambda ids, kind: "gpd" in ids,
    "lpd": lambda ids, kind: "lpd" in ids,
    "lrda": lambda ids, kind: "lrda" in ids,
    "grda": lambda ids, kind: "grda" in ids,
    "burst suppression": lambda ids, kind: "burst_suppression" in ids,
    "low voltage": lambda ids, kind: "low_voltage" in ids,
    "extreme low voltage": lambda ids, kind: "extreme_low_voltage" in ids,
    "delta brush": lambda ids, kind: "extreme_delta_brush" in ids,
    "seizure": lambda ids, kind: "electrographic_seizure" in ids,
    "attenuation": lambda ids, kind: "brief_attenuation" in ids,
}
KINDS = ("awake", "icu_vecams", "icu_sparcnet", "icu_iiic_irr")
ARTIFACTS = {"electrode_artifact", "movement_artifact", "line_noise", "flat_channel"}


def measures(site_uv: np.ndarray) -> np.ndarray:
    """`(n_windows, len(FEATURES))` of `(n_windows, 19, 2000)`."""
    bipolar = np.einsum("bc,wct->wbt", bipolar_matrix(), site_uv)
    spectrum = np.fft.rfft(bipolar)
    spectrum[..., 200:] = 0
    low = np.fft.irfft(spectrum, bipolar.shape[-1])
    freqs, psd = power_spectrum(bipolar)
    bands = np.log10(np.median(band_power(freqs, psd, BANDS), axis=1) + 1e-4)
    _, exponent = aperiodic_fit(freqs, psd)
    rms = np.log10(low.std(-1) + 1e-3)
    pp = np.ptp(low.reshape(*low.shape[:2], 10, 200), axis=-1)
    typical = np.median(pp, axis=-1)
    average = site_uv - site_uv.mean(1, keepdims=True)
    near, far, mirror = _pairs()
    correlation = np.stack([np.corrcoef(w) for w in average])
    coherence = _coherence(bipolar)
    slope = np.diff(low, axis=-1)
    front = [0, 4, 10, 14]
    back = [3, 7, 13, 17]
    alpha = np.log10(band_power(freqs, psd, [(8, 13)])[..., 0] + 1e-4)
    return np.column_stack(
        [
            bands,
            np.median(exponent, axis=1),
            np.median(rms, axis=1),
            rms.std(1),
            np.median(typical, axis=1),
            typical.max(1) / np.median(typical, axis=1),
            np.median(np.percentile(pp, 95, axis=-1) / typical, axis=1),
            np.median(kurtosis(low, axis=-1), axis=1),
            np.log10(kurtosis(low, axis=-1).max(1) + 3),
            correlation[:, near[0], near[1]].mean(1),
            correlation[:, far[0], far[1]].mean(1),
            correlation[:, mirror[0], mirror[1]].mean(1),
            coherence,
            np.log10(np.median(kurtosis(slope, axis=-1), axis=1) + 3),
            alpha[:, front].mean(1) - alpha[:, back].mean(1),
        ]
    )


def _pairs():
    positions = electrode_positions(SITES_1020)
    distance = np.linalg.norm(positions[:, None] - positions[None], axis=-1)
    upper = np.triu(np.ones((19, 19), bool), 1)
    mirror = ["Fp1 Fp2", "F3 F4", "C3 C4", "P3 P4", "O1 O2", "T7 T8", "F7 F8"]
    pairs = np.array([[SITES_1020.index(site) for site in pair.split()] for pair in mirror]).T
    return np.nonzero(upper & (distance < 0.75)), np.nonzero(upper & (distance > 1.5)), pairs


def _coherence(bipolar: np.ndarray) -> np.ndarray:
    """Mean squared coherence of parallel derivations of one hemisphere, in three bands."""
    pieces = bipolar.reshape(*bipolar.shape[:2], 10, 200) * np.hanning(200)
    spectra = np.fft.rfft(pieces)
    a, b = spectra[:, [0, 1, 2, 3, 14, 15, 16, 17]], spectra[:, [4, 5, 6, 7, 10, 11, 12, 13]]
    cross = np.abs((a * b.conj()).mean(2)) ** 2
    power = (np.abs(a) ** 2).mean(2) * (np.abs(b) ** 2).mean(2) + 1e-12
    coherence = (cross / power).mean(1)
    return np.column_stack([coherence[:, low:high].mean(1) for low, high in ((1, 4), (8, 13), (20, 45))])


def real_windows(root: Path) -> dict[str, tuple[list[str], np.ndarray]]:
    """Per file: its classes and its windows at the 19 sites, those with all sites evaluable."""
    out = {}
    for entry in json.loads((root / "manifest.json").read_text())["files"]:
        if entry["kind"] not in KINDS or not entry["file"].endswith(".edf"):
            continue
        with read_recording(root / entry["file"]) as recording:
            if not {"Fp1", "O2", "T7"} <= set(recording.ch_names):
                continue
            blocks = [to_sites(block) for block in iter_windows(recording, stop_s=60.0)]
        site_uv = np.concatenate([b[0] for b in blocks])
        good = np.concatenate([b[1] for b in blocks]).all(1)
        if good.any():
            out[entry["file"]] = _classes(entry), site_uv[good]
    return out


def _classes(entry: dict) -> list[str]:
    labels = entry["labels"]
    if entry["kind"] == "awake":
        return ["normal awake"]
    names = {
        "diffuse_delta": "slowing",
        "diffuse_theta": "slowing",
        "burst_suppression": "burst suppression",
        "moderately_low_voltage": "low voltage",
        "extreme_low_voltage": "extreme low voltage",
        "ncse": "seizure",
        "extreme_delta_brush": "delta brush",
        "intermittent_brief_attenuation": "attenuation",
    }
    found = [names.get(f["feature"], f["feature"]) for f in labels.get("features") or ()]
    if labels.get("normal"):
        found.append("normal awake")
    if labels.get("majority_vote"):
        found.append(labels["majority_vote"])
    return list(dict.fromkeys(f for f in found if f in SIMULATED_CLASSES))


def simulated_windows(n_batches: int) -> tuple[np.ndarray, list[set[str]], list[str]]:
    """Measures, finding ids and kinds of simulated windows without gross artifacts."""
    values, ids, kinds = [], [], []
    for seed in range(n_batches):
        batch = simulate_windows(48, 2, 9_000 + seed)
        for r in range(48):
            for w in range(2):
                found = {c.finding for c in batch.claims[r][w] if c.is_present}
                if not found & ARTIFACTS:
                    values.append(batch.eeg_uv[r, w])
                    ids.append(found)
                    kinds.append(batch.kinds[r])
    return measures(np.stack(values)), ids, kinds


def _discriminate(
    real: np.ndarray, groups: np.ndarray, simulated: np.ndarray
) -> tuple[float, list[tuple[str, float]]]:
    """Cross-validated balanced accuracy of a ridge classifier with squares, and what gives it away."""
    rng = np.random.default_rng(0)
    x = np.concatenate([real, simulated])
    x = (x - np.median(x, 0)) / (x.std(0) + 1e-9)
    x = np.clip(x, -4, 4)
    y = np.concatenate([np.ones(len(real)), -np.ones(len(simulated))])
    names = np.array([*groups, *(f"s{i}" for i in range(len(simulated)))])
    fold_of = {name: rng.integers(5) for name in sorted(set(names))}
    folds = np.array([fold_of[n] for n in names])
    design = np.column_stack([x, x**2, np.ones(len(x))])
    scores = np.zeros(len(y))
    for fold in range(5):
        train = folds != fold
        weight = np.where(y[train] > 0, 1 / (y[train] > 0).sum(), 1 / (y[train] < 0).sum())
        a = design[train] * np.sqrt(weight)[:, None]
        beta = np.linalg.solve(a.T @ a + 1e-3 * np.eye(a.shape[1]), a.T @ (y[train] * np.sqrt(weight)))
        scores[~train] = design[~train] @ beta
    accuracy = 0.5 * ((scores[y > 0] > 0).mean() + (scores[y < 0] < 0).mean())
    gap = [(name, _auroc(x[y > 0, i], x[y < 0, i])) for i, name in enumerate(FEATURES)]
    return accuracy, sorted(gap, key=lambda g: -abs(g[1] - 0.5))


def _auroc(a: np.ndarray, b: np.ndarray) -> float:
    return float((a[:, None] > b[None]).mean() + 0.5 * (a[:, None] == b[None]).mean())


def compare(root: Path, n_batches: int = 12) -> dict[str, dict]:
    """Per class: real median, simulated 5 %, median and 95 %, and numbers of windows."""
    real = {name: (classes, measures(x)) for name, (classes, x) in real_windows(root).items()}
    simulated, ids, kinds = simulated_windows(n_batches)
    out = {}
    for name, belongs in SIMULATED_CLASSES.items():
        theirs = [(f, v) for f, (classes, v) in real.items() if name in classes]
        ours = np.array([bool(belongs(i, k)) for i, k in zip(ids, kinds, strict=True)])
        if theirs and ours.sum() >= 5:
            per_file = np.stack([np.median(v, 0) for _, v in theirs])
            out[name] = {
                "n_real": len(per_file),
                "n_simulated": int(ours.sum()),
                "real": np.median(per_file, 0),
                "files": per_file,
                "simulated": np.percentile(simulated[ours], [5, 50, 95], axis=0),
            }
    icu = np.array([k in ("icu",) for k in kinds])
    for name, keep, wanted in (("critical care", icu, "icu_"), ("awake", ~icu, "awake")):
        files = [(f, v) for f, (_, v) in real.items() if f.startswith(wanted)]
        groups = np.concatenate([[f] * len(v) for f, v in files])
        out[f"told apart: {name}"] = _discriminate(
            np.concatenate([v for _, v in files]), groups, simulated[keep]
        )
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--batches", type=int, default=12)
    arguments = parser.parse_args()
    for name, result in compare(arguments.root, arguments.batches).items():
        if isinstance(result, tuple):
            print(f"\n## {name}: balanced accuracy {result[0]:.2f}")
            print("   " + "; ".join(f"{n} {a:.2f}" for n, a in result[1][:8]))
            continue
        print(f"\n## {name}: {result['n_real']} real files, {result['n_simulated']} simulated windows")
        for i, feature in enumerate(FEATURES):
            low, middle, high = result["simulated"][:, i]
            inside = ((result["files"][:, i] >= low) & (result["files"][:, i] <= high)).mean()
            flag = "" if inside >= 0.7 else f"   <- {inside:.0%} of the files inside"
            ours = f"simulated {middle:7.2f} [{low:.2f}, {high:.2f}]"
            print(f"  {feature:34s} real {result['real'][i]:7.2f}   {ours}{flag}")


if __name__ == "__main__":
    main()
