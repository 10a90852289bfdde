"""The measurers alone on real, expert-labelled recordings, beside two baselines.

    python -m benchmarks.real_measurers --data ../shared/eeg [--out FILE.json]

Pages: a caption of features for 15 s. Clips: votes of experts on 10 s. Awake: state, and the posterior
rhythm against the spectrum of the whole recording. Nothing of the measurers is fitted here; the logistic
regression is, always leaving the recording out that it is asked about.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from neuronarrator_hf.evaluation.classification import macro_scores, vote_scores
from neuronarrator_hf.evaluation.expert_labels import (
    FEATURE_FINDINGS,
    VOTE_CLASSES,
    VOTE_FINDINGS,
    LabelledRecording,
    read_labels,
)
from neuronarrator_hf.evaluation.intervals import bootstrap_interval
from neuronarrator_hf.findings.measure import WindowMeasurement, measure_windows, pool_measurements
from neuronarrator_hf.findings.severity import POINTS, vecams
from neuronarrator_hf.recording.reading import read_recording
from neuronarrator_hf.recording.windows import iter_windows
from neuronarrator_hf.signal.interpolation import average_reference, to_sites
from neuronarrator_hf.signal.montage import bipolar_matrix, site_indices
from neuronarrator_hf.signal.spectral import aperiodic_fit, band_power, power_spectrum

PAGE_FINDINGS = (*FEATURE_FINDINGS.values(), "normal")
SLOWING = ("generalized_theta_slowing", "generalized_delta_slowing")
TWENTY = tuple(finding for finding, points in POINTS.items() if points == 20)
BANDS_HZ = ((0.5, 2), (2, 4), (4, 8), (8, 13), (13, 20), (20, 30))


class Measured:
    """A labelled recording, its windows measured, and band powers for the regression."""

    def __init__(self, labelled: LabelledRecording) -> None:
        self.labelled = labelled
        start_s, stop_s = labelled.span_s
        bounds = {"start_s": start_s, "stop_s": stop_s} if np.isfinite(stop_s) else {}
        blocks = list(iter_windows(read_recording(labelled.path), **bounds))
        self.measurements: list[WindowMeasurement] = [m for b in blocks for m in measure_windows(b)]
        self.pooled = pool_measurements(self.measurements)
        parts = [to_sites(block) for block in blocks]
        self.site_uv = np.concatenate([average_reference(uv, mask) for uv, mask in parts])
        freqs, psd = power_spectrum(bipolar_matrix() @ self.site_uv)
        power = np.log10(band_power(freqs, psd, BANDS_HZ) + 1e-2).mean(axis=0)
        sides = (
            power[4:8].mean(axis=0)
            + power[:4].mean(axis=0)
            - power[10:14].mean(axis=0)
            - power[14:].mean(axis=0)
        )
        self.features = np.concatenate([power.mean(axis=0), power.max(axis=0), np.abs(sides)])

    def probability(self, finding: str) -> float:
        claim = self.pooled.claims[finding]
        return 0.0 if claim.polarity == "not_assessed" else float(claim.confidence)

    def margin(self, finding: str) -> float:
        return float(self.pooled.claims[finding].evidence.get("margin", -4.0))


def regression(features: np.ndarray, truth: np.ndarray, groups: list[str]) -> np.ndarray:
    """Ridge-penalised logistic regression per label, each group predicted by the others."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    out = np.zeros(truth.shape)
    groups = np.array(groups)
    for group in np.unique(groups):
        held = groups == group
        for label in range(truth.shape[1]):
            known = truth[~held, label]
            if known.min() == known.max():
                out[held, label] = float(known[0])
                continue
            model = make_pipeline(StandardScaler(), LogisticRegression(C=0.3, max_iter=2000))
            out[held, label] = model.fit(features[~held], known).predict_proba(features[held])[:, 1]
    return out


def page_rule(probabilities: np.ndarray) -> np.ndarray:
    """How captions use theta and delta: on every abnormal page unless a 20-point feature says it all."""
    out = probabilities.copy()
    column = PAGE_FINDINGS.index
    twenty = probabilities[:, [column(f) for f in TWENTY]].max(axis=1)
    accompanied = np.minimum(1 - probabilities[:, column("normal")], 1 - twenty)
    for finding in SLOWING:
        out[:, column(finding)] = accompanied
    return out


def score_pages(pages: list[Measured]) -> dict:
    truth = np.array([[bool(p.labelled.presence.get(f, False)) for f in PAGE_FINDINGS] for p in pages])
    groups = [p.labelled.group for p in pages]
    own = np.array([[p.probability(f) for f in PAGE_FINDINGS] for p in pages])
    tables = {
        "measurers": own,
        "measurers with the page rule": page_rule(own),
        "always the most frequent": np.repeat(
            (truth.mean(axis=0, keepdims=True) > 0.5) * 1.0, len(pages), axis=0
        ),
        "band-power regression": regression(np.stack([p.features for p in pages]), truth, groups),
    }
    kept = [i for i, f in enumerate(PAGE_FINDINGS) if f not in SLOWING]
    result: dict = {}
    for name, table in tables.items():
        scores = macro_scores(table, truth, PAGE_FINDINGS)
        scores["predicted"] = {f: int((table[:, i] >= 0.5).sum()) for i, f in enumerate(PAGE_FINDINGS)}
        names = tuple(PAGE_FINDINGS[i] for i in kept)
        scores["macro_f1_without_slowing"] = macro_scores(table[:, kept], truth[:, kept], names)["macro_f1"]
        scores["macro_auroc_all"] = float(
            np.mean([v["auroc"] for v in scores["per_finding"].values() if v["auroc"] is not None])
        )
        for level in (0.9, 0.95):
            scores[f"macro_f1_interval_{level:g}"] = bootstrap_interval(
                lambda rows, table=table: macro_scores(table[rows], truth[rows], PAGE_FINDINGS)["macro_f1"],
                groups,
                level=level,
            )
        result[name] = scores
    return result


def score_severity(pages: list[Measured], scores: dict[str, float]) -> dict:
    """Rank correlation of our score with the experts'; candidates of a single page count."""
    from scipy.stats import spearmanr

    truth = [scores[p.labelled.path.stem] for p in pages]
    ours = [vecams([c.with_(hedged=False) for c in p.pooled.claims.values()]) for p in pages]
    low = [s.get("score_low", 0) for s in ours]
    return {
        "spearman": float(spearmanr(truth, low).statistic),
        "mean_absolute_error": float(np.mean(np.abs(np.subtract(truth, low)))),
        "pages": {p.labelled.path.stem: [t, o] for p, t, o in zip(pages, truth, low, strict=True)},
    }


def class_probabilities(clips: list[Measured], temperature: float = 1.0) -> np.ndarray:
    """Softmax over margins; `other` has margin 0, the bound of every definition."""
    margins = np.array(
        [[c.margin(VOTE_FINDINGS[k]) if k in VOTE_FINDINGS else 0.0 for k in VOTE_CLASSES] for c in clips]
    )
    raised = np.exp((margins - margins.max(axis=1, keepdims=True)) / temperature)
    return raised / raised.sum(axis=1, keepdims=True)


def score_clips(clips: list[Measured]) -> dict:
    votes = np.array([[c.labelled.votes[k] for k in VOTE_CLASSES] for c in clips], float)
    groups = [c.labelled.group for c in clips]
    own = class_probabilities(clips)
    share = votes / votes.sum(axis=1, keepdims=True)
    prior = np.repeat(share.mean(axis=0, keepdims=True), len(clips), axis=0)
    regressed = (
        regression(np.stack([c.features for c in clips]), share == share.max(axis=1, keepdims=True), groups)
        + 0.02
    )
    regressed /= regressed.sum(axis=1, keepdims=True)
    result = {
        name: vote_scores(p, votes)
        for name, p in (
            ("measurers", own),
            ("always the most frequent", prior),
            ("band-power regression", regressed),
        )
    }
    chosen = own.argmax(axis=1)
    result["measurers"]["interval_0.95"] = bootstrap_interval(
        lambda rows: vote_scores(own[rows], votes[rows])["top_class"], groups, level=0.95
    )
    result["confusion"] = {
        k: {j: round(float(share[chosen == b, a].sum()), 2) for b, j in enumerate(VOTE_CLASSES)}
        for a, k in enumerate(VOTE_CLASSES)
    }
    result["clips"] = {
        c.labelled.path.stem: {
            "votes": c.labelled.votes,
            "chosen": VOTE_CLASSES[i],
            "p": [round(float(v), 2) for v in p],
        }
        for c, i, p in zip(clips, chosen, own, strict=True)
    }
    return result


def score_awake(recordings: list[Measured]) -> dict:
    """Share of windows per finding, and the posterior rhythm against the whole recording's spectrum."""
    result = {}
    for recording in recordings:
        present: dict[str, int] = {}
        for measurement in recording.measurements:
            for finding, claim in measurement.claims.items():
                present[finding] = present.get(finding, 0) + claim.is_present
        n = len(recording.measurements)
        entry: dict = {"state": recording.labelled.state, "windows": n}
        entry["present"] = {f: round(k / n, 2) for f, k in present.items() if k}
        found = [
            m.claims["posterior_dominant_rhythm"].frequency_hz[0]
            for m in recording.measurements
            if m.claims["posterior_dominant_rhythm"].is_present
        ]
        if found:
            truth = _whole_recording_peak(recording.site_uv)
            entry["posterior_hz"] = {
                "whole_recording": round(truth, 2),
                "median_window": round(float(np.median(found)), 2),
                "mean_absolute_difference": round(float(np.mean(np.abs(np.array(found) - truth))), 2),
            }
        result[recording.labelled.path.stem] = entry
    return result


def _whole_recording_peak(site_uv: np.ndarray) -> float:
    freqs, psd = power_spectrum(site_uv[:, site_indices(("O1", "O2"))], method="multitaper")
    mean = psd.mean(axis=(0, 1))
    offset, exponent = aperiodic_fit(freqs, mean, (2.0, 40.0))
    inside = (freqs >= 7.0) & (freqs <= 13.5)
    smooth = np.convolve(mean, np.ones(5) / 5, "same")[inside]
    return float(freqs[inside][(np.log10(smooth) - offset + exponent * np.log10(freqs[inside])).argmax()])


def to_text(result: dict) -> str:
    """The results as lines of text."""
    lines = ["pages"]
    for name, s in result["pages"].items():
        low90, high90 = s["macro_f1_interval_0.9"]
        low95, high95 = s["macro_f1_interval_0.95"]
        lines.append(
            f"  {name}: macro F1 {s['macro_f1']:.2f}"
            f" (90 % {low90:.2f}-{high90:.2f}, 95 % {low95:.2f}-{high95:.2f}),"
            f" without slowing {s['macro_f1_without_slowing']:.2f},"
            f" macro AUROC {s['macro_auroc']:.2f} (all findings {s['macro_auroc_all']:.2f})"
        )
    own = result["pages"]["measurers"]
    for finding, s in own["per_finding"].items():
        counts = f"n+ {s['positives']:2d} said {own['predicted'][finding]:2d}"
        lines.append(f"    {finding:28s} {counts} F1 {s['f1']:.2f} AUROC {s['auroc']:.2f}")
    severity = result["severity"]
    error = severity["mean_absolute_error"]
    lines.append(f"severity: Spearman {severity['spearman']:.2f}, mean absolute error {error:.1f} points")
    lines.append("clips")
    for name in ("measurers", "always the most frequent", "band-power regression"):
        s = result["clips"][name]
        lines.append(
            f"  {name}: majority {s['majority_agreement']:.2f} of {s['n_clear']},"
            f" top or tied {s['top_class']:.2f} of {s['n']},"
            f" vote share {s['vote_share']:.2f} of {s['best_vote_share']:.2f},"
            f" cross-entropy {s['cross_entropy']:.2f}"
        )
    for stem, clip in result["clips"]["clips"].items():
        votes = {name: count for name, count in clip["votes"].items() if count}
        lines.append(f"    {stem:12s} {clip['chosen']:8s} votes {votes}")
    lines.append("awake")
    lines += [f"  {stem}: {entry}" for stem, entry in result["awake"].items()]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    pages = [Measured(r) for r in read_labels(arguments.data, ("icu_vecams",))]
    clips = [Measured(r) for r in read_labels(arguments.data, ("icu_sparcnet", "icu_iiic_irr"))]
    awake = [Measured(r) for r in read_labels(arguments.data, ("awake",))]
    files = json.loads((arguments.data / "manifest.json").read_text(encoding="utf-8"))["files"]
    stored = {
        Path(f["file"]).stem: f["labels"]["vecams_score"] for f in files if "vecams_score" in f["labels"]
    }
    result = {
        "pages": score_pages(pages),
        "severity": score_severity(pages, stored),
        "clips": score_clips(clips),
        "awake": score_awake(awake),
    }
    print(to_text(result))
    if arguments.out:
        arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
