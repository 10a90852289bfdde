"""Controls on captioned pages: EEG from which the findings were taken must not show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .controls import CONTROLS
from .real import HeardRecording, PageTruth, hear_labelled, page_tables
from .task_controls import transformed

CONSTANT_MARGIN = 0.10
"""How far above the constant caption the macro-F1 may stay: wider than elsewhere, for pages are few."""
_PLACES, _OTHER = "channels_permuted", "other_patient"
_MARKS = {"held": " **INVALID: did not collapse**", "inconclusive": " (inconclusive)"}


def run_page_controls(voice: Any, heard: Sequence[HeardRecording], *, seed: int = 0) -> dict[str, Any]:
    """Macro-F1 of every witness and text under every control, with its verdict.

    A figure is allowed the F1 of the constant caption and `CONSTANT_MARGIN` more. A permutation of the
    channels takes places, which captions do not tell: its figures are not judged.

    Args:
        voice: A `Voice` of the engine.
        heard: The pages, heard, with their EEG.
        seed: Of the controls.
    """
    pages = PageTruth.of(heard)
    tables = page_tables(heard)
    real = {name: pages.score(p) for name, p in tables.items()}
    constant = pages.score(pages.constant())
    rng = np.random.default_rng([seed, 13])
    result: dict[str, Any] = {"real": {name: s["macro_f1"] for name, s in real.items()}}
    for control in CONTROLS:
        if control.name == _OTHER:
            if len(set(pages.groups)) < 2:
                result[control.name] = {"not run": "needs two patients"}
                continue
            other = _others(pages.groups, rng)
            changed = {name: p[other] for name, p in tables.items()}
        else:
            changed_blocks = [
                (one.labelled, [transformed(block, control, rng) for block in one.blocks]) for one in heard
            ]
            changed = page_tables(hear_labelled(voice, changed_blocks))
        kept = control.survives
        allowed = _macro_f1(constant, kept) + CONSTANT_MARGIN
        rows = {}
        for name, p in changed.items():
            scores = pages.score(p)
            value = _macro_f1(scores, kept)
            if control.name == _PLACES:
                verdict = "not judged"
            elif value > allowed:
                verdict = "held"
            else:
                verdict = "collapsed" if _macro_f1(real[name], kept) > allowed else "inconclusive"
            rows[name] = {
                "macro_f1": value,
                "macro_auroc": scores["macro_auroc"],
                "allowed": allowed,
                "verdict": verdict,
            }
        result[control.name] = rows
    return result


def controls_markdown(controls: dict[str, Any]) -> list[str]:
    """Lines of the table of controls."""
    names = list(controls["real"])
    lines = ["| macro-F1 of the pages | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    lines.append("| the EEG itself | " + " | ".join(f"{v:.2f}" for v in controls["real"].values()) + " |")
    for control, rows in controls.items():
        if control == "real":
            continue
        cells = [
            f"{rows[n]['macro_f1']:.2f}{_MARKS.get(rows[n]['verdict'], '')}" if n in rows else "–"
            for n in names
        ]
        lines.append(f"| control: {control.replace('_', ' ')} | " + " | ".join(cells) + " |")
    return lines


def _macro_f1(scores: dict[str, Any], left_out: frozenset[str]) -> float:
    """Mean F1 of the findings with two positives or more, without some."""
    counted = [s["f1"] for f, s in scores["per_finding"].items() if s["positives"] >= 2 and f not in left_out]
    return float(np.mean(counted)) if counted else 0.0


def _others(groups: Sequence[str], rng: np.random.Generator) -> np.ndarray:
    """For every page one of another patient."""
    names = np.array(groups)
    return np.array([rng.choice(np.flatnonzero(names != group)) for group in names])
