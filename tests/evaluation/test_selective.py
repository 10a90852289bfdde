"""Risk and coverage by hand."""

from __future__ import annotations

import numpy as np
import pytest

from neuronarrator_hf.evaluation.selective import risk_coverage, selective_scores


def test_by_hand():
    scores = risk_coverage(np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, False, True, True]))
    assert scores["curve"]["risk"] == pytest.approx([0, 1 / 2, 1 / 3, 1 / 4])
    assert scores["area"] == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 4) / 4)
    assert scores["best_area"] == pytest.approx((0 + 0 + 0 + 1 / 4) / 4)
    assert scores["risk_at"]["0.5"] == pytest.approx(0.5) and scores["risk_at"]["1"] == pytest.approx(0.25)


def test_equal_confidence_has_no_order():
    for right in ([True, False], [False, True]):
        assert risk_coverage(np.array([0.5, 0.5]), np.array(right))["area"] == pytest.approx(0.5)


def test_silence_is_coverage_not_reached():
    p = np.array([[0.9, 0.1], [np.nan, np.nan], [0.3, 0.7], [0.6, 0.4]])
    scores = selective_scores(p, np.array([0, 0, 1, 1]))
    assert scores["abstained"] == 1 and scores["answered"] == 0.75
    assert scores["risk_at"]["0.5"] == 0.0 and scores["risk_at"]["1"] is None
    assert scores["curve"]["coverage"] == pytest.approx([0.25, 0.5, 0.75])
    assert scores["calibration_error"] == pytest.approx((0.1 + 0.3 + 0.6) / 3)


def test_nothing_answered():
    scores = selective_scores(np.full((3, 2), np.nan), np.zeros(3, int))
    assert scores["area"] is None and scores["answered"] == 0.0
