"""The Markdown tables of the benchmarks on expert-labelled excerpts."""

from __future__ import annotations

from typing import Any

import numpy as np

from .real import BAND_POWER, TEXTS, WITNESSES
from .real_controls import controls_markdown


def to_markdown(result: dict[str, Any]) -> str:
    """Tables of the pages, the clips and the awake recordings."""
    lines: list[str] = []
    if "pages" in result:
        pages = result["pages"]
        lines += [f"{pages['pages']} captioned pages.", ""]
        lines += ["| pages | macro-F1 (95 %) | macro AUROC (95 %) | findings |", "|---|---|---|---|"]
        for name in ("always_most_frequent", BAND_POWER, *WITNESSES, *TEXTS):
            if name not in pages:
                continue
            s = pages[name]
            cells = [_with_interval(s, figure) for figure in ("macro_f1", "macro_auroc")]
            lines.append(f"| {name} | {' | '.join(cells)} | {s['n_labels']} |")
    if "controls" in result:
        lines += ["", *controls_markdown(result["controls"])]
    if "clips" in result:
        lines += ["", "| clips | majority agreement | vote share | best possible | cross-entropy | n |"]
        lines.append("|---|---|---|---|---|---|")
        for name in ("marginal_prior", BAND_POWER, *WITNESSES):
            if name not in result["clips"]:
                continue
            s = result["clips"][name]
            lines.append(
                f"| {name} | {_with_interval(s, 'majority_agreement')} of {s['n_clear']} | "
                f"{_with_interval(s, 'vote_share')} | {_two(s['best_vote_share'])} | "
                f"{_with_interval(s, 'cross_entropy')} | {s['n']} |"
            )
    if "awake" in result:
        lines += [
            "",
            "| awake | state | rhythm in text | measured | error | called abnormal |",
            "|---|---|---|---|---|---|",
        ]
        for r in result["awake"]["recordings"]:
            lines.append(
                f"| {r['file']} | {r['state']} | {_two(r['pdr_text_hz'])} | {_two(r['pdr_measured_hz'])} | "
                f"{_two(r['error_hz'])} | {_two(r['called_abnormal'])} |"
            )
    if "recordings" in result:
        lines += ["", "| recording | experts | claimed | missed | wrong |", "|---|---|---|---|---|"]
        for r in result["recordings"]:
            experts = ", ".join(r["experts"]) or " ".join(f"{k} {v}" for k, v in r["votes"].items())
            told = (experts, *(", ".join(r[name]) for name in ("claimed", "missed", "wrong")))
            lines.append(f"| {r['file']} | " + " | ".join(cell or "–" for cell in told) + " |")
    return "\n".join(lines) + "\n"


def _with_interval(scores: dict[str, Any], name: str) -> str:
    interval = (scores.get("interval_95") or {}).get(name)
    span = f" ({interval[0]:.2f}–{interval[1]:.2f})" if interval else ""
    return _two(scores[name]) + span


def _two(value: float | None) -> str:
    return "–" if value is None or np.isnan(value) else f"{value:.2f}"
