"""The severity score: points, caps and what cannot be assessed."""

from __future__ import annotations

from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.findings.severity import vecams


def test_points_add_up() -> None:
    found = vecams([Claim("generalized_theta_slowing"), Claim("generalized_delta_slowing"), Claim("gpd")])
    assert (found["score_low"], found["score_high"]) == (7, 8)
    assert found["points"] == {"generalized_theta_slowing": 1, "generalized_delta_slowing": 2, "gpd": 4}
    assert found["score"] == "7-8"


def test_one_twenty_point_feature_is_the_highest_score() -> None:
    found = vecams([Claim("burst_suppression"), Claim("gpd")])
    assert (found["score_low"], found["score_high"], found["score"]) == (20, 20, "20")


def test_what_is_not_assessed_bounds_the_score() -> None:
    found = vecams(
        [
            Claim("generalized_theta_slowing"),
            Claim("brief_attenuation", "not_assessed"),
            Claim("gpd", "absent"),
        ]
    )
    assert (found["score_low"], found["score_high"], found["score_high_unreactive"]) == (1, 8, 20)
    assert "brief attenuations (unclear)" in found["not_assessed"]
    assert "reactivity" in found["not_assessed"]


def test_sleep_features_settle_their_point() -> None:
    found = vecams([Claim("normal"), Claim("sleep_spindles")])
    assert found["score"] == "0"
    assert "absence of sleep features" not in found["not_assessed"]


def test_a_seizure_candidate_only_raises_the_upper_bound() -> None:
    candidate = vecams([Claim("lpd"), Claim("electrographic_seizure", hedged=True)])
    assert (candidate["score_low"], candidate["score_high"]) == (2, 20)
    assert vecams([Claim("electrographic_seizure")])["score_low"] == 20


def test_nothing_assessed_is_no_score() -> None:
    assert vecams([]) == {}
    assert vecams([Claim("gpd", "not_assessed"), Claim("normal", "not_assessed")]) == {}
