"""The evaluation on expert-labelled real recordings: pages with captions, clips with votes, awake rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..findings.vocabulary import FINDING_IDS
from .classification import macro_scores, pool_logits, vote_scores
from .expert_labels import CAPTION_FINDINGS, VOTE_CLASSES, VOTE_FINDINGS, LabelledRecording
from .intervals import bootstrap_interval
from .listening import Heard, listen
from .simulated import combine_arrays

_LIMIT = 1e-3
WITNESSES = ("network", "measurements", "combined")
TEXTS = {"text of the model": "off", "text after repair": "repair"}
_PDR = "posterior_dominant_rhythm"


@dataclass
class HeardRecording:
    """A labelled recording and the windows of its labelled part."""

    labelled: LabelledRecording
    windows: list[Heard]

    def probabilities(self) -> dict[str, np.ndarray]:
        """Per witness the probability of every finding on the labelled part: mean logit over its windows."""
        network = np.stack([w.network_array() for w in self.windows])
        measured = np.stack([w.measured_array() for w in self.windows])
        both = combine_arrays(network, measured)
        return {
            name: np.nan_to_num(pool_logits(values))
            for name, values in zip(WITNESSES, (network, measured, both), strict=True)
        }

    def said(self, mode: str) -> set[str]:
        """Findings that the text of any window asserts unhedged, after a mode of verification."""
        checked = [w.checked(mode) for w in self.windows]
        return {c.finding for one in checked for c in one.claims if c.is_present and not c.hedged}

    def claimed(self, mode: str) -> np.ndarray:
        """`said` as 0 or 1 per finding of the vocabulary."""
        said = self.said(mode)
        return np.array([float(finding in said) for finding in FINDING_IDS])


def hear_recordings(
    voice: Any, labelled: Sequence[LabelledRecording], *, worded: bool = True
) -> list[HeardRecording]:
    """Read, measure and narrate the labelled part of every recording; unreadable ones are left out."""
    from ..recording.reading import RecordingError, read_recording
    from ..recording.windows import iter_windows

    heard = []
    for one in labelled:
        start_s, stop_s = one.span_s
        try:
            recording = read_recording(one.path)
            end_s = stop_s if np.isfinite(stop_s) else None
            blocks = list(iter_windows(recording, start_s=start_s or None, stop_s=end_s))
        except RecordingError as error:
            print(f"not evaluated: {error}")
            continue
        heard.append(HeardRecording(one, listen(voice, blocks, worded=worded)))
    return heard


def score_pages(heard: Sequence[HeardRecording], *, n_bootstrap: int = 300) -> dict[str, Any]:
    """Captioned pages: F1 and AUROC per finding and their means over findings with two positives or more."""
    truth = np.array([[h.labelled.presence.get(f, False) for f in CAPTION_FINDINGS] for h in heard])
    known = np.array([[f in h.labelled.presence for f in CAPTION_FINDINGS] for h in heard])
    columns = [FINDING_IDS.index(f) for f in CAPTION_FINDINGS]
    tables = _witness_tables(heard)
    tables |= {name: np.stack([h.claimed(mode) for h in heard]) for name, mode in TEXTS.items()}
    groups = [h.labelled.group for h in heard]
    result: dict[str, Any] = {"pages": len(heard)}
    for name, p in tables.items():
        scores = macro_scores(p[:, columns], truth, CAPTION_FINDINGS, known=known)

        def again(rows: np.ndarray, p: np.ndarray = p) -> float | None:
            return macro_scores(p[rows][:, columns], truth[rows], CAPTION_FINDINGS, known=known[rows])[
                "macro_f1"
            ]

        scores["macro_f1_interval_90"] = bootstrap_interval(again, groups, n_bootstrap=n_bootstrap)
        result[name] = scores
    constant = np.tile(truth.mean(0) >= 0.5, (len(truth), 1)).astype(float)
    result["always_most_frequent"] = macro_scores(constant, truth, CAPTION_FINDINGS, known=known)
    return result


def score_clips(heard: Sequence[HeardRecording]) -> dict[str, Any]:
    """Voted clips: agreement with the majority, share of the votes won, cross-entropy to the votes."""
    votes = np.array([[h.labelled.votes[c] for c in VOTE_CLASSES] for h in heard], float)
    result: dict[str, Any] = {"clips": len(heard)}
    for name, p in _witness_tables(heard).items():
        result[name] = vote_scores(class_probabilities(p), votes)
    marginal = votes.sum(0) / votes.sum()
    result["marginal_prior"] = vote_scores(np.tile(marginal, (len(votes), 1)), votes)
    return result


def class_probabilities(p: np.ndarray) -> np.ndarray:
    """Probabilities `(n, n_findings)` as shares of the vote classes: odds against `other`."""
    columns = [FINDING_IDS.index(VOTE_FINDINGS[c]) for c in VOTE_CLASSES if c != "other"]
    chosen = np.clip(p[:, columns], _LIMIT, 1 - _LIMIT)
    odds = np.concatenate([chosen / (1 - chosen), np.ones((len(p), 1))], axis=1)
    return odds / odds.sum(1, keepdims=True)


def _witness_tables(heard: Sequence[HeardRecording]) -> dict[str, np.ndarray]:
    rows = [h.probabilities() for h in heard]
    return {name: np.stack([row[name] for row in rows]) for name in WITNESSES}


def score_awake(heard: Sequence[HeardRecording]) -> dict[str, Any]:
    """Awake rest: the rhythm of the repaired text against the measured one, and false abnormal claims."""
    rows: list[dict[str, Any]] = []
    for one in heard:
        final = [window.checked("repair").claims for window in one.windows]
        stated = [
            float(np.mean(c.frequency_hz))
            for claims in final
            for c in claims
            if c.finding == _PDR and c.is_present and c.frequency_hz
        ]
        measured = [
            float(np.mean(c.frequency_hz))
            for w in one.windows
            for c in (w.measurement.claims[_PDR],)
            if c.is_present and c.frequency_hz
        ]
        abnormal = np.mean(
            [any(c.finding == "abnormal" and c.is_present for c in claims) for claims in final]
        )
        peak = float(np.median(measured)) if measured else None
        rows.append(
            {
                "file": one.labelled.path.name,
                "state": one.labelled.state,
                "windows": len(one.windows),
                "pdr_stated": len(stated),
                "pdr_text_hz": float(np.median(stated)) if stated else None,
                "pdr_measured_hz": peak,
                "error_hz": abs(float(np.median(stated)) - peak) if stated and peak is not None else None,
                "called_abnormal": float(abnormal),
            }
        )
    errors = [r["error_hz"] for r in rows if r["error_hz"] is not None]
    return {
        "recordings": rows,
        "mean_error_hz": float(np.mean(errors)) if errors else None,
        "called_abnormal": float(np.mean([r["called_abnormal"] for r in rows])) if rows else None,
    }


def claims_table(heard: Sequence[HeardRecording]) -> list[dict[str, Any]]:
    """Per recording: what the experts said, what the repaired text claimed, how far apart the two are."""
    rows = []
    for one in heard:
        presence = one.labelled.presence
        said = one.said("repair")
        true = {f for f, yes in presence.items() if yes}
        rows.append(
            {
                "file": f"{one.labelled.source}/{one.labelled.path.name}",
                "experts": sorted(true),
                "votes": {k: v for k, v in one.labelled.votes.items() if v},
                "claimed": sorted(said),
                "missed": sorted(true - said),
                "wrong": sorted(f for f in said if presence.get(f) is False),
                "texts": [w.checked("repair").text for w in one.windows[:3]],
                "texts_of_the_model": [w.text for w in one.windows[:3]],
            }
        )
    return rows


def to_markdown(result: dict[str, Any]) -> str:
    """Tables of the pages, the clips and the awake recordings."""
    lines: list[str] = []
    if "pages" in result:
        pages = result["pages"]
        lines += [f"{pages['pages']} captioned pages.", ""]
        lines += ["| pages | macro-F1 | 90 % interval | macro AUROC | findings |", "|---|---|---|---|---|"]
        for name in ("always_most_frequent", *WITNESSES, *TEXTS):
            s = pages[name]
            interval = s.get("macro_f1_interval_90")
            span = "–" if not interval else f"{interval[0]:.2f}–{interval[1]:.2f}"
            lines.append(
                f"| {name} | {_two(s['macro_f1'])} | {span} | {_two(s['macro_auroc'])} | {s['n_labels']} |"
            )
    if "clips" in result:
        lines += ["", "| clips | majority agreement | vote share | best possible | cross-entropy | n |"]
        lines.append("|---|---|---|---|---|---|")
        for name in ("marginal_prior", *WITNESSES):
            s = result["clips"][name]
            lines.append(
                f"| {name} | {_two(s['majority_agreement'])} ({s['n_clear']}) | {_two(s['vote_share'])} | "
                f"{_two(s['best_vote_share'])} | {_two(s['cross_entropy'])} | {s['n']} |"
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
            cells = (experts, *(", ".join(r[name]) for name in ("claimed", "missed", "wrong")))
            lines.append(f"| {r['file']} | " + " | ".join(cell or "–" for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _two(value: float | None) -> str:
    return "–" if value is None or np.isnan(value) else f"{value:.2f}"
