"""From text to class without a judge: by claims, by findings, by likelihood of sentences, by prototypes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..findings.schema import Claim
from ..findings.vocabulary import FINDING_IDS
from .label_prompts import LabelPrompt

_LIMIT = 1e-3
SAID, HEDGED, UNSAID = 0.9, 0.6, 0.02
"""Weight of a class that a text asserts, suspects, or passes over: an order, not a probability."""


def names_findings(prompts: Sequence[LabelPrompt]) -> bool:
    """Whether every class is reached by findings: those it names, or what remains."""
    return all(p.findings or p.rest for p in prompts) and any(p.findings for p in prompts)


def classes_from_findings(prompts: Sequence[LabelPrompt], probabilities: np.ndarray) -> np.ndarray:
    """Class probabilities from those of findings: the odds of the likeliest finding, against 1 for the rest.

    Args:
        prompts: Classes.
        probabilities: `(n, n_findings)` in the order of the vocabulary; NaN where not assessed.

    Returns:
        `(n, n_classes)`; a row of NaN where none of the findings was assessed.
    """
    clipped = np.clip(probabilities, _LIMIT, 1 - _LIMIT)
    odds = np.zeros((len(probabilities), len(prompts)))
    seen = np.zeros(len(probabilities), bool)
    for c, prompt in enumerate(prompts):
        if prompt.rest:
            odds[:, c] = 1.0
        elif prompt.findings:
            some = clipped[:, [FINDING_IDS.index(f) for f in prompt.findings]]
            assessed = ~np.isnan(some)
            best = np.where(assessed, some, 0.0).max(1)
            odds[:, c] = best / (1 - best)
            seen |= assessed.any(1)
    total = odds.sum(1, keepdims=True)
    shares = np.divide(odds, total, out=np.full_like(odds, np.nan), where=total > 0)
    shares[~seen] = np.nan
    return shares


def classes_from_claims(
    prompts: Sequence[LabelPrompt], claims: Sequence[Sequence[Claim]], assessed: Sequence[bool]
) -> np.ndarray:
    """Class weights from what texts assert.

    A text that names no class means the one that remains; where none remains, or the stretch was not
    assessed, it abstains. Where several are named, the first in order of precedence weighs most.

    Args:
        prompts: Classes in order of precedence.
        claims: Of the texts about each segment.
        assessed: Whether the segment was assessed at all.
    """
    out = np.full((len(claims), len(prompts)), np.nan)
    for i, said in enumerate(claims):
        if not assessed[i]:
            continue
        firm = {c.finding for c in said if c.is_present and not c.hedged}
        suspected = {c.finding for c in said if c.is_present and c.hedged}
        weights = np.array(
            [
                SAID if firm & set(p.findings) else HEDGED if suspected & set(p.findings) else UNSAID
                for p in prompts
            ]
        )
        if weights.max() == UNSAID:
            rest = [c for c, p in enumerate(prompts) if p.rest]
            if not rest:
                continue
            weights[rest[0]] = SAID
        weights *= 0.99 ** np.arange(len(prompts))
        out[i] = weights / weights.sum()
    return out


def classes_from_likelihood(
    scores: np.ndarray, at_large: np.ndarray, prompts: Sequence[LabelPrompt]
) -> np.ndarray:
    """Class probabilities from the likelihood of their sentences, freed of what needs no EEG.

    Args:
        scores: `(n, n_sentences)` mean log probability of a token, sentences of all classes in order.
        at_large: `(n_sentences,)` the same for EEG at large.
        prompts: Classes; the best sentence speaks for its class.
    """
    gain = scores - at_large
    best, at = np.full((len(scores), len(prompts)), -np.inf), 0
    for c, prompt in enumerate(prompts):
        best[:, c] = gain[:, at : at + len(prompt.sentences)].max(1)
        at += len(prompt.sentences)
    shifted = np.exp(best - best.max(1, keepdims=True))
    return shifted / shifted.sum(1, keepdims=True)


def class_prototypes(
    prompts: Sequence[LabelPrompt], embeddings: np.ndarray, claims: Sequence[Sequence[Claim]]
) -> np.ndarray:
    """Mean direction of the simulated examples of every class, `(n_classes, d)`; NaN for one without any.

    Args:
        prompts: Classes; the one that remains takes the examples of no other class.
        embeddings: `(n, d)` of simulated windows.
        claims: Their truth.
    """
    units = _unit(embeddings)
    present = [{c.finding for c in said if c.is_present} for said in claims]
    named = {f for p in prompts for f in p.findings}
    out = np.full((len(prompts), embeddings.shape[1]), np.nan)
    for c, prompt in enumerate(prompts):
        rows = [
            i for i, found in enumerate(present)
            if (not found & named if prompt.rest else bool(found & set(prompt.findings)))
        ]  # fmt: skip
        if rows:
            out[c] = _unit(units[rows].mean(0, keepdims=True))[0]
    return out


def classes_from_prototypes(
    embeddings: np.ndarray, prototypes: np.ndarray, *, scale: float = 20.0
) -> np.ndarray:
    """Class probabilities by cosine to the prototypes; `scale` is the inverse temperature."""
    cosine = _unit(embeddings) @ np.nan_to_num(prototypes).T
    cosine = np.where(np.isnan(prototypes).any(1), -1.0, cosine)
    shifted = np.exp(scale * (cosine - cosine.max(1, keepdims=True)))
    return shifted / shifted.sum(1, keepdims=True)


def _unit(values: np.ndarray) -> np.ndarray:
    norm = np.linalg.norm(values, axis=1, keepdims=True)
    return values / np.where(norm > 0, norm, 1)
