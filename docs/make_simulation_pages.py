"""Pictures of the simulator: one page per finding in the longitudinal bipolar montage, 10 s, 1 s grid.

    python docs/make_simulation_pages.py OUT_DIR [--seed 700] [--findings gpd,lpd]

Every page shows one window in which the finding is in the truth, which is its title. Negative is up.
"""

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from neuronarrator_hf.findings.vocabulary import FINDING_IDS
from neuronarrator_hf.signal.montage import LONGITUDINAL_BIPOLAR, bipolar_matrix
from neuronarrator_hf.simulation.batch import simulate_windows

CHAINS = (range(0, 4), range(14, 18), range(4, 8), range(10, 14), range(8, 10))
"""Rows of the montage: left temporal, right temporal, left and right parasagittal, midline."""
SPOIL = {"movement_artifact", "electrode_artifact", "line_noise", "flat_channel", "muscle_artifact"}
MAX_BATCHES = 25


def draw_page(eeg_uv: np.ndarray, title: str, path: Path) -> None:
    """One window `(19, n_times)` as a page."""
    bipolar = bipolar_matrix() @ eeg_uv
    row_uv = max(40.0, 4 * float(np.median(np.percentile(np.abs(bipolar), 90, axis=1))))
    time_s = np.arange(bipolar.shape[1]) / 200.0
    figure, axes = plt.subplots(figsize=(14, 8))
    height, ticks, labels = 0.0, [], []
    for chain in CHAINS:
        for row in chain:
            height -= 1.0
            axes.plot(time_s, height - np.clip(bipolar[row] / row_uv, -2.5, 2.5), "k", lw=0.6)
            ticks.append(height)
            labels.append("-".join(LONGITUDINAL_BIPOLAR[row]))
        height -= 0.6
    for second in range(11):
        axes.axvline(second, color="0.8", lw=0.5)
    axes.plot([9.9, 9.9], [height, height + 1.0], "b", lw=2)
    axes.text(9.85, height + 0.3, f"{row_uv:.0f} µV", color="b", ha="right", fontsize=8)
    axes.set(xlim=(0, 10), xlabel="seconds", yticks=ticks)
    axes.set_yticklabels(labels, fontsize=7)
    axes.set_title(title, fontsize=8, wrap=True)
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    plt.close(figure)


def find_windows(findings: list[str], seed: int) -> dict[str, tuple[np.ndarray, str]]:
    """For each finding the first clean simulated window that has it, with its truth in words."""
    found: dict[str, tuple[np.ndarray, str]] = {}
    for batch_seed in range(seed, seed + MAX_BATCHES):
        batch = simulate_windows(48, 3, batch_seed)
        for recording, windows in enumerate(batch.claims):
            for window, claims in enumerate(windows):
                ids = {c.finding for c in claims}
                for claim in claims:
                    name = claim.finding
                    if name in findings and name not in found and not ids & (SPOIL - {name}):
                        found[name] = batch.eeg_uv[recording, window], _title(claim, ids)
        if len(found) == len(findings):
            break
    return found


def _title(claim, ids: set[str]) -> str:
    parts = [claim.finding, claim.side or "", " ".join(claim.regions)]
    if claim.frequency_hz:
        parts.append("-".join(f"{v:.1f}" for v in dict.fromkeys(claim.frequency_hz)) + " Hz")
    if claim.amplitude_uv:
        parts.append(f"{claim.amplitude_uv[0]:.0f} µV")
    others = ", ".join(sorted(ids - {claim.finding}))
    return f"{' · '.join(p for p in parts if p)}   (beside: {others})"


def main() -> None:
    """Write the pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=700)
    parser.add_argument("--findings", default=",".join(FINDING_IDS))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    wanted = arguments.findings.split(",")
    pages = find_windows(wanted, arguments.seed)
    for name, (eeg_uv, title) in pages.items():
        draw_page(eeg_uv, title, arguments.out / f"{name}.png")
    missing = [name for name in wanted if name not in pages]
    print(
        f"{len(pages)} pages in {arguments.out}" + (f"; not found: {', '.join(missing)}" if missing else "")
    )


if __name__ == "__main__":
    main()
