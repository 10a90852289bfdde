"""How much paragraphs vary: distinct-n and self-BLEU."""

from __future__ import annotations

import random
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

SELF_BLEU_TEXTS = 200
SELF_BLEU_REFERENCES = 100
ORDER = 4
"""Longest n-grams of self-BLEU."""


def variety(texts: Sequence[str]) -> dict[str, float | None]:
    """Distinct-n (different n-grams over all, Li et al. 2016) and self-BLEU (Zhu et al. 2018) of paragraphs.

    Self-BLEU is the mean BLEU-4 of a paragraph against others; low is varied. It is None without sacrebleu or
    a second paragraph.
    """
    words = [text.lower().split() for text in texts]
    told: dict[str, float | None] = {}
    for n in (1, 2, 3):
        grams = [tuple(w[i : i + n]) for w in words for i in range(len(w) - n + 1)]
        told[f"distinct_{n}"] = round(len(set(grams)) / len(grams), 4) if grams else None
    scores = self_bleu(texts)
    told["self_bleu"] = round(statistics.fmean(scores), 2) if scores else None
    return told


def self_bleu(texts: Sequence[str]) -> list[float]:
    """BLEU-4 of some paragraphs, each against others, as sacrebleu scores a sentence.

    The n-grams of a paragraph are counted once, however often it is a reference; sacrebleu counts them anew
    each time.
    """
    try:
        from sacrebleu import BLEU
        from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a
    except ImportError:
        return []
    if len(texts) < 2:
        return []
    rng, tokenize, scores = random.Random(0), Tokenizer13a(), []

    @cache
    def counted(index: int) -> _Counted:
        return _Counted.of(tokenize(texts[index].rstrip()).split())

    for i in rng.sample(range(len(texts)), min(SELF_BLEU_TEXTS, len(texts))):
        drawn = rng.sample(range(len(texts)), min(SELF_BLEU_REFERENCES + 1, len(texts)))
        told, others = counted(i), [counted(j) for j in drawn if j != i]
        score = BLEU.compute_bleu(
            correct=_matched(told, others),
            total=[max(told.length - n, 0) for n in range(ORDER)],
            sys_len=told.length,
            ref_len=min((o.length for o in others), key=lambda n: (abs(n - told.length), n)),
            smooth_method="exp",
            effective_order=True,
        )
        scores.append(score.score)
    return scores


@dataclass(frozen=True)
class _Counted:
    """The words of a paragraph: how many, and every n-gram of one to `ORDER` of them with its number."""

    length: int
    grams: Counter[tuple[str, ...]]

    @classmethod
    def of(cls, words: Sequence[str]) -> _Counted:
        starts = ((words[start:] for start in range(n)) for n in range(1, ORDER + 1))
        return cls(len(words), Counter(gram for each in starts for gram in zip(*each, strict=False)))


def _matched(told: _Counted, others: Sequence[_Counted]) -> list[int]:
    """By order, n-grams found in others, none more often than one of these has it (Papineni et al. 2002)."""
    most: dict[tuple[str, ...], int] = {}
    for other in others:
        for gram in told.grams.keys() & other.grams.keys():
            most[gram] = max(most.get(gram, 0), other.grams[gram])
    matched = [0] * ORDER
    for gram, n in most.items():
        matched[len(gram) - 1] += min(n, told.grams[gram])
    return matched
