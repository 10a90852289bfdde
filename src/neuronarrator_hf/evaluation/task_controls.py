"""Controls of the benchmarks over public sources: EEG without the classes must not tell them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.stats import norm

from ..signal.windows import EEGWindows
from .controls import CONTROLS, SURE, Control
from .multiclass import score_classes
from .routes import Routes
from .segments import HeardSegment, cut_windows, hear_block_as_segment

MAX_SEGMENTS = 60
MARGIN = 0.10
"""How far above chance balanced accuracy may stay, and at least `_SURE_ERRORS` standard errors."""
_SURE_ERRORS = float(norm.ppf(SURE))
LEVEL_UV = 20.0
"""Standard deviation of every channel of noise and shuffled samples: amplitude may tell the class as well."""
_LEVELLED = frozenset({"white_noise", "pink_noise", "time_shuffled"})
_PLACES = "channels_permuted"
_OTHER = "other_patient"


def choose(heard: Sequence[HeardSegment], n: int = MAX_SEGMENTS) -> list[HeardSegment]:
    """At most `n` segments, the classes as even as they can be, spread over the recordings."""
    by_class: dict[str, list[HeardSegment]] = {}
    for one in heard:
        by_class.setdefault(one.segment.label, []).append(one)
    share = max(1, n // max(len(by_class), 1))
    chosen = []
    for members in by_class.values():
        rows = np.unique(np.linspace(0, len(members) - 1, min(share, len(members))).astype(int))
        chosen += [members[i] for i in rows]
    return chosen


def run_task_controls(
    routes: Routes, voice: Any, heard: Sequence[HeardSegment], *, worded: bool, seed: int = 0
) -> dict[str, Any]:
    """Balanced accuracy of every route under every control, with its verdict.

    Args:
        routes: Fitted routes.
        voice: A `Voice` of the engine.
        heard: Segments of the test part.
        worded: Whether the text is heard too.
        seed: Of the controls.
    """
    chosen = choose(heard)
    blocks = [_cut(h) for h in chosen]
    rng = np.random.default_rng([seed, 11])
    truth, n_classes = routes.truth(chosen), len(routes.prompts)
    unchanged = [_again(h, b, voice, routes, worded) for h, b in zip(chosen, blocks, strict=True)]
    real = _balanced(routes.predict(unchanged), truth, n_classes)
    table: dict[str, Any] = {"segments": len(chosen), "real": real}
    for control in CONTROLS:
        if control.name == _OTHER:
            scores = _of_others(routes, unchanged, truth, rng, n_classes)
            if scores is None:
                table[control.name] = {"verdict": "needs two patients of different classes"}
                continue
        else:
            changed = [
                _again(h, transformed(b, control, rng, levelled=True), voice, routes, worded)
                for h, b in zip(chosen, blocks, strict=True)
            ]
            scores = _balanced(routes.predict(changed), truth, n_classes)
        table[control.name] = {
            route: verdict_of(value, real[route], truth, judged=control.name != _PLACES)
            for route, value in scores.items()
        }
    return table


def verdict_of(value: float, real: float, truth: np.ndarray, *, judged: bool = True) -> dict[str, Any]:
    """`collapsed`, `held` (invalid), `inconclusive` (nothing to lose), or `not judged`.

    Args:
        value: Balanced accuracy under the control.
        real: The same on the real EEG.
        truth: `(n,)` true classes, from which chance and its standard error follow.
        judged: Whether the control takes what tells the classes; a permutation takes places alone. One
            class alone is never judged.
    """
    counts = np.unique(truth, return_counts=True)[1]
    chance = 1 / len(counts)
    error = float(np.sqrt((chance * (1 - chance) / counts).sum()) / len(counts))
    allowed = chance + max(MARGIN, _SURE_ERRORS * error)
    if not judged or len(counts) < 2:
        verdict = "not judged"
    elif value > allowed:
        verdict = "held"
    else:
        verdict = "collapsed" if real > allowed else "inconclusive"
    return {"value": value, "allowed": allowed, "verdict": verdict}


def transformed(
    block: EEGWindows, control: Control, rng: np.random.Generator, *, levelled: bool = False
) -> EEGWindows:
    """A block under a control; what is masked stays so, and a channel left without signal is masked.

    Args:
        block: The EEG.
        control: The control.
        rng: Its randomness.
        levelled: Bring noise and shuffled samples to `LEVEL_UV`, so that no amplitude is left in them.
    """
    eeg_uv = control.transform(block.eeg_uv[None], rng)[0] * block.time_mask[:, None, :]
    if levelled and control.name in _LEVELLED:
        spread = np.sqrt((eeg_uv**2).sum(-1, keepdims=True) / block.time_mask.sum(-1)[:, None, None])
        eeg_uv = eeg_uv * (LEVEL_UV / np.maximum(spread, 1e-6))
    mask = np.abs(eeg_uv).max(-1) > 0
    if control.name != _PLACES:  # a permutation carries the masked channels, which are zero, along
        mask &= block.channel_mask
    return replace(block, eeg_uv=(eeg_uv * mask[..., None]).astype(np.float32), channel_mask=mask)


def _cut(heard: HeardSegment) -> EEGWindows:
    with heard.ref.open() as recording:
        return cut_windows(recording, heard.segment.start_s, heard.segment.end_s)


def _again(heard: HeardSegment, block: EEGWindows, voice: Any, routes: Routes, worded: bool) -> HeardSegment:
    return hear_block_as_segment(heard.ref, heard.segment, block, voice, worded=worded, extra=routes.extra)


def _balanced(predictions: dict[str, np.ndarray], truth: np.ndarray, n_classes: int) -> dict[str, float]:
    names = [str(i) for i in range(n_classes)]
    return {
        route: score_classes(p, truth, names, n_bootstrap=0)["balanced_accuracy"]
        for route, p in predictions.items()
    }


def _of_others(
    routes: Routes, heard: Sequence[HeardSegment], truth: np.ndarray, rng: np.random.Generator, n_classes: int
) -> dict[str, float] | None:
    """Answers about the EEG of another person against the truth of this one; None with one person alone."""
    people = np.array([h.ref.person for h in heard])
    others = [np.flatnonzero(people != person) for person in people]
    if not all(len(rows) for rows in others):
        return None
    chosen = np.array([rng.choice(rows) for rows in others])
    swapped = {route: p[chosen] for route, p in routes.predict(heard).items()}
    return _balanced(swapped, truth, n_classes)
