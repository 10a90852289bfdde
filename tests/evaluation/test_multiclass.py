"""Scores of classes by hand and against scikit-learn; abstentions; pooled recordings; votes."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from neuronarrator_hf.evaluation.classification import average_precision
from neuronarrator_hf.evaluation.multiclass import pool_probabilities, score_classes, vote_divergence


def one_hot(chosen, n=2):
    return np.where(np.array(chosen)[:, None] < 0, np.nan, np.eye(n)[np.array(chosen)])


def test_by_hand():
    # true a a a b, chosen a a b b
    scores = score_classes(one_hot([0, 0, 1, 1]), [0, 0, 0, 1], ("a", "b"), n_bootstrap=0)
    assert scores["accuracy"] == 0.75
    assert scores["balanced_accuracy"] == pytest.approx((2 / 3 + 1) / 2)
    assert scores["kappa"] == pytest.approx((0.75 - 0.5) / 0.5)  # chance: 3/4 * 2/4 + 1/4 * 2/4
    assert scores["weighted_f1"] == pytest.approx((3 * 0.8 + 2 / 3) / 4)
    assert scores["confusion"] == [[2, 1, 0], [0, 1, 0]]


def test_same_as_scikit_learn():
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(5), 300)
    truth = rng.integers(0, 5, 300)
    p[np.arange(300), truth] += 0.2
    p /= p.sum(1, keepdims=True)
    scores, chosen = score_classes(p, truth, "abcde", n_bootstrap=0), p.argmax(1)
    assert scores["balanced_accuracy"] == pytest.approx(metrics.balanced_accuracy_score(truth, chosen))
    assert scores["kappa"] == pytest.approx(metrics.cohen_kappa_score(truth, chosen))
    assert scores["weighted_f1"] == pytest.approx(metrics.f1_score(truth, chosen, average="weighted"))
    assert scores["macro_f1"] == pytest.approx(metrics.f1_score(truth, chosen, average="macro"))
    assert scores["auroc"] == pytest.approx(metrics.roc_auc_score(truth, p, multi_class="ovr"))
    binary = score_classes(p[:, :2], truth % 2, "ab", positive="b", n_bootstrap=0)
    assert binary["auroc"] == pytest.approx(metrics.roc_auc_score(truth % 2, p[:, 1]))
    assert binary["auprc"] == pytest.approx(metrics.average_precision_score(truth % 2, p[:, 1]))


def test_average_precision_with_ties():
    rng = np.random.default_rng(1)
    scores, truth = rng.integers(0, 6, 200) / 5, rng.integers(0, 2, 200)
    assert average_precision(scores, truth) == pytest.approx(metrics.average_precision_score(truth, scores))
    assert average_precision(np.array([0.9, 0.8, 0.7]), np.array([0, 1, 1])) == pytest.approx(
        (1 / 2 + 2 / 3) / 2
    )
    assert average_precision(scores, np.zeros(200)) is None


def test_an_abstention_is_no_right_answer():
    scores = score_classes(one_hot([0, -1, 1, 1]), [0, 0, 1, 1], ("a", "b"), n_bootstrap=0)
    assert scores["abstained"] == 1 and scores["accuracy"] == 0.75
    assert scores["balanced_accuracy"] == pytest.approx((0.5 + 1) / 2)
    assert scores["confusion"] == [[1, 0, 1], [0, 2, 0]]
    assert score_classes(one_hot([-1, -1]), [0, 1], ("a", "b"), n_bootstrap=10)["balanced_accuracy"] == 0.0


def test_intervals_resample_patients():
    p = one_hot([0, 0, 1, 0] * 5)
    scores = score_classes(
        p, [0, 0, 1, 1] * 5, ("a", "b"), groups=[i // 4 for i in range(20)], n_bootstrap=50
    )
    assert scores["n_groups"] == 5
    assert scores["interval_95"]["accuracy"] == [0.75, 0.75]  # every patient has the same share right


def test_recordings_are_pooled():
    p = np.array([[0.9, 0.1], [0.4, 0.6], [np.nan, np.nan]])
    pooled = pool_probabilities(p, [np.array([0, 1, 2]), np.array([2])])
    odds = np.sqrt(0.9 * 0.4 / (0.1 * 0.6))
    assert pooled[0, 0] == pytest.approx(odds / (1 + odds))
    assert np.isnan(pooled[1]).all()


def test_divergence_by_hand():
    votes = np.array([[3.0, 1.0], [2.0, 0.0]])
    p = np.array([[0.5, 0.5], [0.8, 0.2]])
    expected = (0.75 * np.log(0.75 / 0.5) + 0.25 * np.log(0.25 / 0.5) + np.log(1 / 0.8)) / 2
    assert vote_divergence(p, votes) == pytest.approx(expected)
    assert vote_divergence(votes / votes.sum(1, keepdims=True), votes) == pytest.approx(0, abs=1e-9)
