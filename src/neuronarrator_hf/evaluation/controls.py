"""Controls: EEG from which something was taken, and what must then collapse.

A figure that stays high although the EEG no longer holds what it speaks of was never read from the
EEG. Every run of the evaluation goes through these; a result whose control does not collapse is
printed as invalid.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import binom

from ..findings.schema import Claim

Transform = Callable[[np.ndarray, np.random.Generator], np.ndarray]
"""`(n_recordings, n_windows, n_channels, n_times)` microvolts to the same shape."""

_PLACED = ("side", "regions", "frequency_hz")

COLLAPSE_MARGIN = 0.05
"""How far above the prior the macro-F1 may stay and still count as collapsed."""
SURE = 0.95
"""Probability of chance above which a share of a few values is more than chance."""


def _amplitude(eeg_uv: np.ndarray) -> np.ndarray:
    """Robust standard deviation per channel over the recording, kept small in memory."""
    middle = np.median(np.abs(eeg_uv[..., ::4]), axis=(1, 3), keepdims=True)
    return np.maximum(1.4826 * middle, 1e-3)


def white_noise(eeg_uv: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """White noise at the amplitude of the EEG."""
    return (_amplitude(eeg_uv) * rng.standard_normal(eeg_uv.shape, dtype=np.float32)).astype(np.float32)


def pink_noise(eeg_uv: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """1/f noise at the amplitude of the EEG, independent in every channel."""
    n_times = eeg_uv.shape[-1]
    spectrum = np.fft.rfft(rng.standard_normal(eeg_uv.shape, dtype=np.float32))
    spectrum[..., 1:] /= np.sqrt(np.arange(1, spectrum.shape[-1]))
    spectrum[..., 0] = 0
    noise = np.fft.irfft(spectrum, n_times)
    noise /= noise.std(-1, keepdims=True)
    return (_amplitude(eeg_uv) * noise).astype(np.float32)


def time_shuffled(eeg_uv: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The samples of every window in random order, the same in all channels: amplitudes stay, rhythms go."""
    return np.ascontiguousarray(eeg_uv[..., rng.permutation(eeg_uv.shape[-1])])


def channels_permuted(eeg_uv: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The channels of every recording under wrong names: places go, rhythms and amplitudes stay."""
    return np.stack([recording[:, rng.permutation(recording.shape[1])] for recording in eeg_uv])


def flat(eeg_uv: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """No EEG: channels that record nothing are masked, as the reader does, and none is left to be read."""
    return np.zeros_like(eeg_uv)


def other_patient(eeg_uv: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The EEG of another recording."""
    if len(eeg_uv) < 2:
        raise ValueError("the control 'other_patient' needs two recordings or more")
    return np.roll(eeg_uv, int(rng.integers(1, len(eeg_uv))), axis=0)


@dataclass(frozen=True)
class Control:
    """One control.

    Attributes:
        name: Its name in results.
        transform: What is done to the EEG.
        collapses: Figures that must fall to the prior's, as paths into the scores.
        survives: Findings that the control leaves in the signal; no figure is asked to lose them.
    """

    name: str
    transform: Transform
    collapses: tuple[str, ...]
    survives: frozenset[str] = frozenset()


_VOLTAGE = frozenset({"low_voltage", "extreme_low_voltage"})
_OF_AMPLITUDE_ALONE = _VOLTAGE | {"asymmetry", "flat_channel"}
_EVERYTHING = ("macro_f1", "attributes.side.accuracy", "pdr_frequency.within_0.5_hz")

CONTROLS: tuple[Control, ...] = (
    Control("white_noise", white_noise, ("macro_f1",), survives=_VOLTAGE),
    Control("pink_noise", pink_noise, ("macro_f1",), survives=_VOLTAGE),
    Control("time_shuffled", time_shuffled, ("macro_f1",), survives=_OF_AMPLITUDE_ALONE),
    Control(
        "channels_permuted", channels_permuted, ("attributes.side.accuracy", "attributes.regions.accuracy")
    ),
    Control("flat", flat, ("macro_f1",)),
    Control("other_patient", other_patient, _EVERYTHING),
)
"""A permutation of the channels takes side and region, not voltage; noise at the amplitude of the EEG keeps
its voltage, samples in another order keep what amplitude alone shows; silence takes every finding."""


def most_frequent_claims(references: Sequence[Sequence[Claim]]) -> list[Claim]:
    """The claims of the most frequent narrative: the commonest set of findings, as first worded."""
    sets = [tuple(sorted((c.finding, c.polarity) for c in claims)) for claims in references]
    commonest = Counter(sets).most_common(1)[0][0]
    return list(references[sets.index(commonest)])


def best_constant_claims(references: Sequence[Sequence[Claim]], *, n_candidates: int = 200) -> list[Claim]:
    """The one narrative that, given to all, has the highest micro-F1: the strongest prior."""
    from .claims import score_claims

    step = max(1, len(references) // n_candidates)
    sample = references[:: max(1, len(references) // 400)]

    def f1_of(claims: Iterable[Claim]) -> float:
        return score_claims([list(claims)] * len(sample), sample, n_bootstrap=0)["f1"]

    return list(max(references[::step], key=f1_of))


def exchanged_claims(references: Sequence[Sequence[Sequence[Claim]]], shift: int) -> list[list[Claim]]:
    """The true narratives of other recordings: chance for a reader who knows how often findings occur.

    Args:
        references: Truth per recording and window, the same number of windows in each.
        shift: How many recordings further the narratives come from.
    """
    n = len(references)
    if n < 2 or shift % n == 0:
        raise ValueError(f"no other recording at shift {shift} of {n}; give two or more and another shift")
    return [list(window) for i in range(n) for window in references[(i + shift) % n]]


def modal_places(references: Sequence[Sequence[Claim]]) -> list[list[Claim]]:
    """The true findings, each with the side, regions and frequency that it has most often.

    What a reader says who knows every finding but not where it is: chance for the attributes.
    """
    values: dict[tuple[str, str], Counter] = {}
    for claims in references:
        for claim in claims:
            for name in _PLACED:
                value = getattr(claim, name)
                if value not in (None, ()):
                    values.setdefault((claim.finding, name), Counter())[value] += 1
    modes = {key: counter.most_common(1)[0][0] for key, counter in values.items()}

    def moved(claim: Claim) -> Claim:
        known = {name: modes[claim.finding, name] for name in _PLACED if (claim.finding, name) in modes}
        return claim.with_(**known) if claim.is_present else claim

    return [[moved(claim) for claim in claims] for claims in references]


def lookup(scores: dict[str, Any], path: str, survives: frozenset[str] = frozenset()) -> float | None:
    """A figure of the scores by its path, such as `attributes.side.accuracy`.

    Args:
        scores: Of `claims.score_claims`.
        path: `macro_f1`, or a path into the scores.
        survives: Findings left out of the macro mean.
    """
    if path == "pdr_frequency.within_0.5_hz":
        return scores["pdr_frequency"]["within_0.5_hz"]
    if path == "macro_f1" and survives:
        counted = [
            s["f1"]
            for finding, s in scores["per_finding"].items()
            if finding not in survives and s["support"] + s["claimed"] > 0
        ]
        return float(np.mean(counted)) if counted else 0.0
    value: Any = scores
    for key in path.split("."):
        value = value[key]
    return value


def _n_stated(scores: dict[str, Any], path: str) -> int:
    """How many values a share, such as `attributes.side.accuracy`, was taken of."""
    group, name = path.split(".", 1)
    table = scores[group] if group == "pdr_frequency" else scores[group][name.split(".")[0]]
    return round(table["n"] * (table.get("stated", 1.0) or 0.0))


def judge(
    control: Control,
    scores: dict[str, Any],
    real: dict[str, Any],
    prior: dict[str, Any],
    chance: dict[str, Any],
) -> dict[str, Any]:
    """Whether what must collapse under a control did.

    The macro-F1 must fall to the prior's; an attribute must lose at least half of its distance to chance, or
    be no more than chance reaches in `SURE` of all draws (exact binomial): of a few values any share may be
    right. A figure that is no better on the real EEG than what a control is allowed has nothing to lose: its
    verdict is `inconclusive`, never a pass. A model that says nothing passes no control.

    Args:
        control: The control.
        scores: Under the control.
        real: Of the EEG as it is.
        prior: Of the true narratives of other recordings (`exchanged_claims`).
        chance: Of the true findings at their commonest places (`modal_places`).

    Returns:
        `figures` with the verdict of each, and `verdict`: `held` (invalid: something did not collapse),
        `inconclusive`, or `collapsed`; `valid` is True for the last alone.
    """
    figures = {}
    for path in control.collapses:
        reference = prior if path == "macro_f1" else chance
        value, baseline, best = (lookup(s, path, control.survives) for s in (scores, reference, real))
        chance_level = baseline or 0.0
        n_stated = None if path == "macro_f1" else _n_stated(scores, path)
        if n_stated is None:
            enough = allowed = chance_level + COLLAPSE_MARGIN
        else:
            enough = chance_level + 0.5 * max((best or 0.0) - chance_level, 0.0)
            n = max(n_stated, 1)
            allowed = max(enough, float(binom.ppf(SURE, n, chance_level)) / n)
        if value is not None and value > allowed:
            verdict = "held"
        elif best is None or best <= enough:
            verdict = "inconclusive"
        else:
            verdict = "collapsed"
        figures[path] = {
            "value": value,
            "n": n_stated,
            "prior": baseline,
            "real": best,
            "allowed": allowed,
            "verdict": verdict,
        }
    verdicts = {figure["verdict"] for figure in figures.values()}
    overall = next(v for v in ("held", "inconclusive", "collapsed") if v in verdicts)
    return {"figures": figures, "verdict": overall, "valid": overall == "collapsed"}
