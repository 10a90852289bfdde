"""Slope and bias of the measurers' confidence, fitted on simulated and real windows alike.

    python -m benchmarks.fit_calibration --data ../shared/eeg [--recordings 300] [--seed 9007] [--write]

Two parameters per group of findings and no more: how far the threshold is moved, and how fast confidence
grows with the margin. The threshold is where the mean F1 over findings, that of simulated and that of real
windows weighing the same, is highest, smoothed and drawn toward the definitions; the slope is that of least
logistic loss. A moved threshold is kept only where it also raises the F1 of sources that a fit has not seen.
Simulated windows have a seed apart from those of every evaluation; real ones are the
development recordings (captioned pages, voted clips, healthy wakefulness).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

import numpy as np
from benchmarks.planted_truth import as_windows
from scipy.optimize import minimize_scalar

from neuronarrator_hf.evaluation.expert_labels import read_labels
from neuronarrator_hf.findings.measure import WindowMeasurement, measure_windows, pool_measurements
from neuronarrator_hf.findings.vocabulary import FINDING_IDS, VOCABULARY
from neuronarrator_hf.recording.reading import read_recording
from neuronarrator_hf.recording.windows import iter_windows
from neuronarrator_hf.simulation.batch import simulate_windows

SLOPE_SPREAD = 0.5
PRIOR = 0.05
"""Weight of the prior on the slope beside data that weigh 1 in all."""
SHIFTS = np.round(np.arange(-1.0, 1.01, 0.05), 2)
SMOOTHING = 7
"""Shifts over which the F1 is averaged: a threshold has to be good for its neighbours too."""
SHIFT_COST = 0.03
"""F1 that moving the threshold by 1 has to bring at least."""
LEAST_GAIN = 0.01
"""Mean F1 that a moved threshold has to bring on sources left out."""
MIN_POSITIVES = {"simulated": 5, "real": 1}
Row = tuple[str, str, float, bool]
"""Source, finding, margin, truth."""


def rows_of(source: str, measurement: WindowMeasurement, presence: dict[str, bool]) -> Iterable[Row]:
    """One row per finding that was assessed and whose truth is known."""
    for finding, present in presence.items():
        claim = measurement.claims[finding]
        if claim.polarity != "not_assessed":
            yield source, finding, float(claim.evidence["margin"]), bool(present)


def simulated_rows(n_recordings: int, seed: int) -> list[Row]:
    batch = simulate_windows(n_recordings, 2, seed)
    windows = as_windows(batch.eeg_uv.reshape(-1, 19, 2000), batch.masks.reshape(-1, 19).astype(bool))
    truth = [{c.finding for c in claims if c.is_present} for r in batch.claims for claims in r]
    rows: list[Row] = []
    for measurement, present in zip(measure_windows(windows), truth, strict=True):
        rows += rows_of("simulated", measurement, {f: f in present for f in FINDING_IDS})
    return rows


def real_rows(data: Path) -> list[Row]:
    rows: list[Row] = []
    for labelled in read_labels(data):
        start_s, stop_s = labelled.span_s
        bounds = {"start_s": start_s, "stop_s": stop_s} if np.isfinite(stop_s) else {}
        blocks = iter_windows(read_recording(labelled.path), **bounds)
        measurements = [m for block in blocks for m in measure_windows(block)]
        if labelled.source != "awake":
            measurements = [pool_measurements(measurements)]
        for measurement in measurements:
            rows += rows_of(labelled.source, measurement, labelled.presence)
    return rows


def by_finding(rows: list[Row]) -> dict[str, list[tuple[np.ndarray, np.ndarray]]]:
    """Margins and truth of every finding with enough positives, under `simulated` and `real`."""
    table: dict[tuple[str, str], list[tuple[float, bool]]] = {}
    for source, finding, margin, present in rows:
        realm = "simulated" if source == "simulated" else "real"
        table.setdefault((realm, finding), []).append((margin, present))
    result: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    for (realm, _), values in table.items():
        margins, truth = np.array([v[0] for v in values]), np.array([v[1] for v in values])
        if MIN_POSITIVES[realm] <= truth.sum() < len(truth):
            result.setdefault(realm, []).append((np.clip(margins, -8.0, 8.0), truth))
    return result


def mean_f1(rows: list[Row], shift: float) -> float:
    """Mean F1 over the findings of a realm, then over the realms; NaN where nothing can be scored."""
    means = []
    for findings in by_finding(rows).values():
        scores = []
        for margins, truth in findings:
            said = margins + shift >= 0
            scores.append(2 * (said & truth).sum() / max(said.sum() + truth.sum(), 1))
        means.append(np.mean(scores))
    return float(np.mean(means)) if means else float("nan")


def fit_shift(rows: list[Row]) -> float:
    """By how much margins are moved; 0 are the definitions."""
    if not by_finding(rows):
        return 0.0
    curve = np.array([mean_f1(rows, shift) for shift in SHIFTS])
    padded = np.pad(curve, SMOOTHING // 2, mode="edge")
    smooth = np.convolve(padded, np.ones(SMOOTHING) / SMOOTHING, "valid") - SHIFT_COST * np.abs(SHIFTS)
    return float(SHIFTS[smooth.argmax()])


def fit_slope(rows: list[Row], shift: float) -> float:
    """Slope of least logistic loss, drawn toward 1."""
    realms = by_finding(rows)

    def objective(log_slope: float) -> float:
        total = 0.0
        for findings in realms.values():
            for margins, truth in findings:
                z = np.exp(log_slope) * (margins + shift)
                total += float(np.logaddexp(0, np.where(truth, -z, z)).mean()) / len(findings) / len(realms)
        return total + PRIOR * (log_slope / SLOPE_SPREAD) ** 2

    return float(np.exp(minimize_scalar(objective, bounds=(-1.5, 1.5), method="bounded").x))


def calibrate(rows: list[Row]) -> dict[str, dict[str, float]]:
    """Per group: slope, bias, and the F1 of left-out sources without and with the shift of the others."""
    result = {}
    for group in dict.fromkeys(VOCABULARY[row[1]].group for row in rows):
        own = [row for row in rows if VOCABULARY[row[1]].group == group]
        before, after = [], []
        for source in dict.fromkeys(row[0] for row in own):
            held, seen = [r for r in own if r[0] == source], [r for r in own if r[0] != source]
            if by_finding(held) and by_finding(seen):
                before.append(mean_f1(held, 0.0))
                after.append(mean_f1(held, fit_shift(seen)))
        wanted = fit_shift(own)
        helps = bool(before) and np.mean(after) - np.mean(before) > LEAST_GAIN
        shift = wanted if helps else 0.0
        slope = fit_slope(own, shift)
        result[group] = {"slope": round(slope, 3), "bias": round(slope * shift, 3), "shift_wanted": wanted}
        if before:
            result[group] |= {
                "f1_left_out_definitions": round(float(np.mean(before)), 3),
                "f1_left_out_shifted": round(float(np.mean(after)), 3),
            }
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--recordings", type=int, default=300)
    parser.add_argument("--seed", type=int, default=9007)
    parser.add_argument("--write", action="store_true", help="write calibration.json of the package")
    arguments = parser.parse_args()
    groups = calibrate(simulated_rows(arguments.recordings, arguments.seed) + real_rows(arguments.data))
    print(json.dumps(groups, indent=1))
    if not arguments.write:
        return
    text = {
        "about": "Slope and bias of the logistic from margin to confidence, by group of findings."
        " Slope 1 and bias 0 are the definitions; a bias stands only where it helped sources left out.",
        "made_by": "benchmarks/fit_calibration.py",
        "fitted_on": f"{2 * arguments.recordings} simulated windows (seed {arguments.seed}) and the real"
        " development recordings (pages, clips, wakefulness), each a half of the weight",
        "groups": groups,
    }
    path = resources.files("neuronarrator_hf.findings.measure").joinpath("calibration.json")
    Path(str(path)).write_text(json.dumps(text, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
