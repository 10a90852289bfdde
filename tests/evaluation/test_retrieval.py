"""Retrieval against ranks counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from neuronarrator_hf.evaluation.retrieval import score_retrieval

ANGLES = np.radians([0, 40, 90])
TARGETS = np.stack([np.cos(ANGLES), np.sin(ANGLES)], 1)


def test_by_hand():
    angles = np.radians([5, 80, 60])  # nearest targets: 0 (own), 90 (not own: second), 40 (not own: second)
    scores = score_retrieval(
        3 * np.stack([np.cos(angles), np.sin(angles)], 1), TARGETS, ks=(1, 2), n_bootstrap=0
    )
    assert scores["forward"]["recall_at_1"] == pytest.approx(1 / 3)
    assert scores["forward"]["recall_at_2"] == 1.0
    assert scores["forward"]["mean_reciprocal_rank"] == pytest.approx((1 + 1 / 2 + 1 / 2) / 3)
    # back: 0 finds 5; 40 finds 60 first, then 5, then 80; 90 finds 80 first, then 60
    assert scores["backward"]["recall_at_1"] == pytest.approx(1 / 3)
    assert scores["backward"]["mean_reciprocal_rank"] == pytest.approx((1 + 1 / 3 + 1 / 2) / 3)
    assert scores["chance"]["recall_at_1"] == pytest.approx(1 / 3)


def test_constant_embeddings_find_nothing():
    scores = score_retrieval(np.ones((50, 4)), np.ones((50, 4)), n_bootstrap=20)
    assert scores["forward"]["recall_at_10"] == 0.0 and scores["forward"]["median_rank"] == 50


def test_blocks_and_groups():
    rng = np.random.default_rng(0)
    a = rng.standard_normal((1500, 8))
    scores = score_retrieval(
        a, a + 0.01 * rng.standard_normal(a.shape), groups=np.arange(1500) // 10, n_bootstrap=20
    )
    low, high = scores["forward"]["interval_95"]["recall_at_1"]
    assert low <= scores["forward"]["recall_at_1"] <= high and scores["forward"]["recall_at_1"] > 0.9


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="must both be"):
        score_retrieval(np.ones((3, 2)), np.ones((2, 2)))
