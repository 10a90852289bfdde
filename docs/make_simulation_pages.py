"""Contact sheet of the simulator: one page per finding in the longitudinal bipolar montage, 10 s, 1 s grid.

    python docs/make_simulation_pages.py [--out docs] [--seed 740] [--findings gpd,lpd]

Writes OUT/simulation/<finding>.png and, for all findings, OUT/simulation.md. Every page shows a window in
which the finding is in the truth, of those searched the one with the least beside it. Negative is up.
"""

import argparse
import io
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from neuronarrator_hf.findings.vocabulary import FINDING_IDS, VOCABULARY
from neuronarrator_hf.signal.montage import LONGITUDINAL_BIPOLAR, bipolar_matrix
from neuronarrator_hf.simulation.batch import simulate_windows

CHAINS = (range(0, 4), range(14, 18), range(4, 8), range(10, 14), range(8, 10))
"""Rows of the montage: left temporal, right temporal, left and right parasagittal, midline."""
SPOIL = {"movement_artifact", "electrode_artifact", "line_noise", "flat_channel", "muscle_artifact"}
BATCHES = 8
N_COLORS = 8
"""Colours kept, so that the pictures stay small."""
INTRODUCTION = """# Simulated EEG, one page per finding

    python docs/make_simulation_pages.py

Each page is a window of 10 s in the longitudinal bipolar montage (19 electrodes, negative up) as it leaves
the filter chain, with a line each second and a bar of the microvolts given beside it. The title gives the
truth of the window. Chains from the top: left temporal, right temporal, left and right parasagittal,
midline. How sources, fields, amplifiers and truth are made is told in [architecture.md](architecture.md); how
near this is to real EEG in [results.md](results.md), and what was changed for it in
[decisions.md](decisions.md).

Looked at critically: fields, phase reversals, after-going waves and artifacts are as a reader expects
them. What gives the simulator away is its tidiness: one focus and one rhythm at a time, few changes of
state inside a page, and generalised rhythmic delta that still repeats more evenly than real pages of it.
"""


def draw_page(eeg_uv: np.ndarray, title: str, path: Path) -> None:
    """One window `(19, n_times)` as a page."""
    bipolar = bipolar_matrix() @ eeg_uv
    row_uv = 10 * round(max(40.0, 4 * float(np.median(np.percentile(np.abs(bipolar), 90, axis=1)))) / 10)
    time_s = np.arange(bipolar.shape[1]) / 200.0
    figure, axes = plt.subplots(figsize=(11, 6.6))
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
    axes.plot([10.1, 10.1], [height, height + 1.0], "b", lw=2, clip_on=False)
    axes.text(10.15, height + 0.3, f"{row_uv:.0f} µV", color="b", fontsize=8)
    axes.set(xlim=(0, 10), xlabel="seconds", yticks=ticks)
    axes.set_yticklabels(labels, fontsize=7)
    axes.set_title(title, fontsize=8, wrap=True)
    figure.tight_layout()
    picture = io.BytesIO()
    figure.savefig(picture, dpi=70, format="png")
    plt.close(figure)
    Image.open(picture).convert("RGB").quantize(N_COLORS).save(path, optimize=True)


def find_windows(findings: list[str], seed: int) -> dict[str, tuple[np.ndarray, str]]:
    """For each finding a simulated window that has it and little else, with its truth in words."""
    found: dict[str, tuple[int, np.ndarray, str]] = {}
    for batch_seed in range(seed, seed + BATCHES):
        batch = simulate_windows(48, 3, batch_seed)
        for recording, windows in enumerate(batch.claims):
            for window, claims in enumerate(windows):
                ids = {c.finding for c in claims}
                for claim in claims:
                    name = claim.finding
                    rank = len(ids) + 3 * len(ids & (SPOIL - {name}))
                    if name in findings and (name not in found or rank < found[name][0]):
                        found[name] = rank, batch.eeg_uv[recording, window], _title(claim, ids)
    return {name: found[name][1:] for name in findings if name in found}


def _title(claim, ids: set[str]) -> str:
    parts = [claim.finding, claim.side or "", " ".join(claim.regions)]
    if claim.frequency_hz:
        parts.append("-".join(dict.fromkeys(f"{v:.1f}" for v in claim.frequency_hz)) + " Hz")
    if claim.amplitude_uv:
        parts.append(f"{claim.amplitude_uv[0]:.0f} µV")
    others = ", ".join(sorted(ids - {claim.finding}))
    return f"{' · '.join(p for p in parts if p)}   (beside: {others})"


def sheet(names: list[str]) -> str:
    """The page that shows all pictures, by group of findings."""
    parts, group = [INTRODUCTION], None
    for name in names:
        if VOCABULARY[name].group != group:
            group = VOCABULARY[name].group
            parts.append(f"## {group.replace('_', ' and ').capitalize()}\n")
        parts.append(f"### {name}\n\n{VOCABULARY[name].definition}\n\n![{name}](simulation/{name}.png)\n")
    return "\n".join(parts)


def main() -> None:
    """Write the pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    parser.add_argument("--seed", type=int, default=740)
    parser.add_argument("--findings", default=",".join(FINDING_IDS))
    arguments = parser.parse_args()
    folder = arguments.out / "simulation"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = arguments.findings.split(",")
    pages = find_windows(wanted, arguments.seed)
    for name, (eeg_uv, title) in pages.items():
        draw_page(eeg_uv, title, folder / f"{name}.png")
    missing = [name for name in wanted if name not in pages]
    if wanted == list(FINDING_IDS):
        (arguments.out / "simulation.md").write_text(sheet(list(pages)), encoding="utf-8")
    print(f"{len(pages)} pages in {folder}" + (f"; not found: {', '.join(missing)}" if missing else ""))


if __name__ == "__main__":
    main()
