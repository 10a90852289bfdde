"""Scores of probabilities against hand-computed cases."""

from __future__ import annotations

import numpy as np
import pytest

from neuronarrator_hf.evaluation.classification import (
    auroc,
    calibration_error,
    f1_score,
    macro_scores,
    vote_scores,
)
from neuronarrator_hf.evaluation.expert_labels import caption_presence, read_labels, vote_presence


def test_auroc_by_hand():
    # pairs: (0.9 > 0.8), (0.9 > 0.1), (0.4 < 0.8), (0.4 > 0.1): three of four
    assert auroc(np.array([0.9, 0.4, 0.8, 0.1]), np.array([1, 1, 0, 0])) == pytest.approx(0.75)
    assert auroc(np.array([0.5, 0.5]), np.array([1, 0])) == pytest.approx(0.5)
    assert auroc(np.array([0.5]), np.array([1])) is None


def test_f1_and_calibration_by_hand():
    assert f1_score(np.array([True, True, False]), np.array([True, False, True])) == pytest.approx(0.5)
    assert calibration_error(np.array([0.95, 0.95]), np.array([1, 0])) == pytest.approx(0.45)


def test_macro_leaves_out_rare_labels_and_unknown_rows():
    p = np.array([[0.9, 0.9], [0.8, 0.1], [0.2, 0.2]])
    truth = np.array([[1, 1], [1, 0], [0, 0]], bool)
    scores = macro_scores(p, truth, ("a", "b"))
    assert scores["n_labels"] == 1 and scores["macro_f1"] == 1.0
    known = np.array([[True, True], [False, True], [True, True]])
    assert macro_scores(p, truth, ("a", "b"), known=known)["n_labels"] == 0


def test_votes_by_hand():
    votes = np.array([[3, 1], [2, 2]])
    scores = vote_scores(np.array([[0.8, 0.2], [0.5, 0.5]]), votes)
    assert scores["majority_agreement"] == 1.0 and scores["n_clear"] == 1
    assert scores["vote_share"] == pytest.approx((0.75 + 0.5) / 2)
    expected = -(0.75 * np.log(0.8) + 0.25 * np.log(0.2) + np.log(0.5)) / 2
    assert scores["cross_entropy"] == pytest.approx(expected)


def test_captions_and_votes():
    page = caption_presence(["burst_suppression", "lpd"], normal=False)
    assert page["burst_suppression"] and page["lpd"] and page["abnormal"] and not page["gpd"]
    assert "generalized_delta_slowing" not in page
    assert vote_presence({"lpd": 17, "other": 0}) == {
        "electrographic_seizure": False, "lpd": True, "gpd": False, "lrda": False, "grda": False,
    }  # fmt: skip
    assert "gpd" not in vote_presence({"gpd": 9, "grda": 9})


@pytest.mark.real_data
def test_manifest(real_data_root):
    labelled = read_labels(real_data_root)
    kinds = [r.source for r in labelled]
    assert (kinds.count("icu_vecams"), kinds.count("icu_sparcnet"), kinds.count("icu_iiic_irr")) == (
        24,
        12,
        10,
    )
    assert all(r.path.is_file() for r in labelled)
