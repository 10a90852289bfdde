"""The evaluation on simulated recordings whose truth is known: claims, controls, priors, verification."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np

from ..corpus.engines import InProcess
from ..findings.schema import Claim
from ..findings.vocabulary import FINDING_IDS
from ..narration.checking import VERIFY_MODES
from .claims import score_claims
from .classification import macro_scores
from .controls import (
    CONTROLS,
    best_constant_claims,
    exchanged_claims,
    judge,
    modal_places,
    most_frequent_claims,
)
from .held_out import SimulatedRecordings, as_blocks, held_out
from .listening import Heard, listen
from .sharing import SharedVoice

_EXCHANGES = 10
"""Other recordings whose narratives each recording is given, for the prior of the controls."""

_TEXTS_KEPT = 60
"""Narratives kept in the result, for a judge."""

_VERDICTS = {
    "collapsed": "",
    "held": " **INVALID: did not collapse**",
    "inconclusive": " **INCONCLUSIVE: no better on the real EEG**",
}


def evaluate_simulated(
    voice: Any,
    *,
    n: int = 200,
    n_windows: int = 6,
    seed: int = 0,
    controls: bool = True,
    n_bootstrap: int = 1000,
    recordings: SimulatedRecordings | None = None,
) -> dict[str, Any]:
    """Free-running narratives of held-out simulated recordings, scored.

    Args:
        voice: A `Voice` of the engine (see `listening.make_voice`).
        n: Recordings.
        n_windows: Windows of each; every window is scored.
        seed: Number of the held-out set.
        controls: Also run the controls, on at most 60 of the recordings.
        n_bootstrap: Resamples for intervals over recordings.
        recordings: Recordings to use in place of newly simulated ones.
    """
    engine = voice.engine if isinstance(voice, SharedVoice) else InProcess()
    recordings = recordings or held_out(n, n_windows, seed, engine=engine)
    truth, groups = recordings.flat_claims(), _groups(recordings)
    heard = listen(voice, as_blocks(recordings.eeg_uv))
    result: dict[str, Any] = {
        "benchmark": "simulated",
        "recordings": len(recordings.claims),
        "windows": len(truth),
        "seed": seed,
        "model": score_claims([h.claims for h in heard], truth, groups=groups, n_bootstrap=n_bootstrap),
        "verification": verification(heard, truth, groups),
        "heads": head_scores(heard, truth),
    }
    result["measurements"] = score_claims(
        [[c for c in h.measurement.claims.values() if c.is_present] for h in heard],
        truth,
        groups=groups,
        n_bootstrap=0,
    )
    told = dict(
        engine.run(
            [
                (_named, ("priors", priors, truth, groups)),
                (_named, ("texts", text_scores, [h.text for h in heard], truth, groups)),
            ]
        )
    )
    result["priors"], (result["numbers"], result["overlap"]) = told["priors"], told["texts"]
    result["texts"] = [{"texts": [h.text for h in heard[:_TEXTS_KEPT]]}]
    if controls:
        result["controls"] = run_controls(voice, recordings, seed=seed)
    return result


def _named(name: str, function: Callable[..., Any], *given: Any) -> tuple[str, Any]:
    """Body of a job: what a function gives, by name."""
    return name, function(*given)


def verification(
    heard: Sequence[Heard], truth: Sequence[Sequence[Claim]], groups: Sequence[Any]
) -> dict[str, Any]:
    """Claims contradicted by the signal, and the scores against the truth, in each mode of verification."""
    table: dict[str, Any] = {}
    for mode in VERIFY_MODES:
        checked = [window.checked(mode) for window in heard]
        verdicts = [window.verdicts(mode) for window in heard]
        contradicted = sum(c.status == "contradicted" for claims in verdicts for c in claims)
        total = sum(map(len, verdicts))
        scores = score_claims([c.claims for c in checked], truth, groups=groups, n_bootstrap=0)
        table[mode] = {
            "claims": total,
            "contradicted": contradicted,
            "contradicted_share": contradicted / max(total, 1),
            "changed": sum(sum(c.counts.values()) for c in checked),
            "f1": scores["f1"],
            "macro_f1": scores["macro_f1"],
            "pdr_frequency": scores["pdr_frequency"],
        }
    return table


def head_scores(heard: Sequence[Heard], truth: Sequence[Sequence[Claim]]) -> dict[str, Any]:
    """Presence of every finding: the network's head alone, the measurements alone, and both."""
    network = np.stack([h.network_array() for h in heard])
    measured = np.stack([h.measured_array() for h in heard])
    label = np.array([[f in {c.finding for c in t if c.is_present} for f in FINDING_IDS] for t in truth])
    both = combine_arrays(network, measured)
    return {
        name: macro_scores(np.nan_to_num(p, nan=0.0), label, FINDING_IDS, min_positives=5)
        for name, p in (("network", network), ("measurements", measured), ("combined", both))
    }


def combine_arrays(network: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """`narration.confidence.combine` over arrays `(n, n_findings)`; NaN is no witness."""
    from ..narration.confidence import combine

    out = np.full(network.shape, np.nan)
    for i, j in np.ndindex(*network.shape):
        a, b = network[i, j], measured[i, j]
        p = combine(None if np.isnan(a) else float(a), None if np.isnan(b) else float(b))
        out[i, j] = np.nan if p is None else p
    return out


def text_scores(
    texts: Sequence[str], truth: Sequence[Sequence[Claim]], groups: Sequence[Any]
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Numbers in the texts against the true ones, and overlap with the true narrative in plain wording.

    The overlap is None where the packages of the extra `eval` are not installed.
    """
    from ..findings.select import select_for_text, with_absences
    from ..findings.write import write_segment
    from .numeric_fidelity import score_numbers

    numbers = score_numbers(texts, truth, groups=groups, n_bootstrap=0)
    if any(find_spec(name) is None for name in ("sacrebleu", "rouge_score")):
        return numbers, None
    from .text_overlap import score_overlap

    references = [write_segment(select_for_text(with_absences(t)), variety=0.0) for t in truth]
    return numbers, score_overlap(texts, references, groups=groups, n_bootstrap=0)


def priors(truth: Sequence[Sequence[Claim]], groups: Sequence[Any]) -> dict[str, Any]:
    """Scores of narratives that never look at the EEG."""
    return {
        name: score_claims([claims] * len(truth), truth, groups=groups, n_bootstrap=0)
        for name, claims in (
            ("most_frequent", most_frequent_claims(truth)),
            ("best_constant", best_constant_claims(truth)),
        )
    }


def run_controls(
    voice: Any, recordings: SimulatedRecordings, *, seed: int = 0, limit: int = 60
) -> dict[str, Any]:
    """Every control on the first recordings, each with its verdict against the prior of the same ones."""
    eeg_uv, claims = recordings.eeg_uv[:limit], recordings.claims[:limit]
    truth = [window for recording in claims for window in recording]
    groups = [i for i, recording in enumerate(claims) for _ in recording]
    real = score_claims(
        [h.claims for h in listen(voice, as_blocks(eeg_uv), measured=False)],
        truth,
        groups=groups,
        n_bootstrap=0,
    )
    shifts = range(1, min(len(claims), _EXCHANGES + 1))
    prior = score_claims(
        [window for shift in shifts for window in exchanged_claims(claims, shift)],
        truth * len(shifts),
        groups=groups * len(shifts),
        n_bootstrap=0,
    )
    chance = score_claims(modal_places(truth), truth, groups=groups, n_bootstrap=0)
    table: dict[str, Any] = {}
    for control in CONTROLS:
        changed = control.transform(eeg_uv, np.random.default_rng([seed, 7]))
        said = [h.claims for h in listen(voice, as_blocks(changed), measured=False)]
        scores = score_claims(said, truth, groups=groups, n_bootstrap=0)
        table[control.name] = {**_short(scores), **judge(control, scores, real, prior, chance)}
    return table


def _short(scores: dict[str, Any]) -> dict[str, Any]:
    return {
        **{name: scores[name] for name in ("precision", "recall", "f1", "macro_f1")},
        "side": scores["attributes"]["side"]["accuracy"],
        "regions": scores["attributes"]["regions"]["accuracy"],
        "pdr_within_0.5_hz": scores["pdr_frequency"]["within_0.5_hz"],
    }


def _groups(recordings: SimulatedRecordings) -> list[int]:
    return [i for i, recording in enumerate(recordings.claims) for _ in recording]


def to_markdown(result: dict[str, Any]) -> str:
    """The tables of docs/results.md."""
    rows = [("model, free-running", result["model"]), ("measurements", result["measurements"])]
    rows += [(f"constant: {name.replace('_', ' ')}", s) for name, s in result["priors"].items()]
    lines = [
        f"{result['recordings']} held-out simulated recordings, {result['windows']} windows, "
        f"set {result['seed']}.",
        "",
        "| | micro-F1 | macro-F1 | precision | recall | PDR within 0.5 Hz | side | contradicts truth |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, s in rows:
        lines.append(
            f"| {name} | {_figure(s['f1'], s.get('interval_95', {}).get('f1'))} | "
            f"{_figure(s['macro_f1'], s.get('interval_95', {}).get('macro_f1'))} | "
            f"{_figure(s['precision'])} | "
            f"{_figure(s['recall'])} | {_figure(s['pdr_frequency']['within_0.5_hz'])} "
            f"(n={s['pdr_frequency']['n']}) | "
            f"{_figure(s['attributes']['side']['accuracy'])} | {s['contradicted']} |"
        )
    for name, c in result.get("controls", {}).items():
        verdict = _VERDICTS[c["verdict"]]
        lines.append(
            f"| control: {name.replace('_', ' ')}{verdict} | {_figure(c['f1'])} | {_figure(c['macro_f1'])} | "
            f"{_figure(c['precision'])} | {_figure(c['recall'])} | {_figure(c['pdr_within_0.5_hz'])} | "
            f"{_figure(c['side'])} | |"
        )
    lines += [
        "",
        "| verify | claims | contradicted by the signal | share | micro-F1 | macro-F1 | PDR within 0.5 Hz |",
        "|---|---|---|---|---|---|---|",
    ]
    for mode, v in result["verification"].items():
        lines.append(
            f"| {mode} | {v['claims']} | {v['contradicted']} | {_figure(v['contradicted_share'])} | "
            f"{_figure(v['f1'])} | {_figure(v['macro_f1'])} | "
            f"{_figure(v['pdr_frequency']['within_0.5_hz'])} (n={v['pdr_frequency']['n']}) |"
        )
    lines += ["", "| heads | macro-F1 at 0.5 | macro AUROC | findings |", "|---|---|---|---|"]
    for name, h in result["heads"].items():
        lines.append(f"| {name} | {_figure(h['macro_f1'])} | {_figure(h['macro_auroc'])} | {h['n_labels']} |")
    lines += ["", *_text_lines(result)]
    lines += ["", "| finding | precision | recall | F1 | support |", "|---|---|---|---|---|"]
    for finding, s in result["model"]["per_finding"].items():
        lines.append(
            f"| {finding} | {_figure(s['precision'])} | {_figure(s['recall'])} | {_figure(s['f1'])} | "
            f"{s['support']} |"
        )
    return "\n".join(lines) + "\n"


def _text_lines(result: dict[str, Any]) -> list[str]:
    numbers, overlap = result["numbers"], result["overlap"]
    lines = [
        "| text | model | constant text |",
        "|---|---|---|",
        f"| numbers within tolerance, of those stated ({numbers['n_stated']}) | "
        f"{_figure(numbers['fidelity'])} | |",
        f"| known numbers stated ({numbers['n_referenced']}) | {_figure(numbers['coverage'])} | |",
    ]
    if overlap is not None:
        for name, value in overlap["scores"].items():
            if value is not None:
                lines.append(f"| {name} | {_figure(value)} | {_figure(overlap['prior'][name])} |")
    return lines


def _figure(value: float | None, interval: list[float] | None = None) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" + (f" ({interval[0]:.3f}–{interval[1]:.3f})" if interval else "")
