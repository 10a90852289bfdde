from __future__ import annotations

import math

import pytest

from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.narration.confidence import combine, combined_probabilities, confidence_of


def logit(p: float) -> float:
    return math.log(p / (1 - p))


def test_two_witnesses_meet_at_the_mean_of_their_logits() -> None:
    p = combine(0.9, 0.2)
    assert logit(p) == pytest.approx((logit(0.9) + logit(0.2)) / 2)


def test_one_witness_alone_is_believed_as_it_is() -> None:
    assert combine(0.9, None) == pytest.approx(0.9)
    assert combine(None, 0.2) == pytest.approx(0.2)
    assert combine(None, None) is None


def test_certainty_of_one_witness_is_bounded() -> None:
    assert 0.0 < combine(1.0, 0.0) < 1.0
    assert combine(1.0, 0.5) < 1.0


def test_what_could_not_be_measured_has_no_probability() -> None:
    measured = {"spikes": Claim("spikes", "not_assessed"), "lpd": Claim("lpd", "absent", confidence=0.1)}
    p = combined_probabilities({"spikes": 0.9, "lpd": 0.1}, measured)
    assert "spikes" not in p
    assert p["lpd"] == pytest.approx(0.1)


def test_an_absence_is_as_sure_as_the_finding_is_unlikely() -> None:
    assert confidence_of(Claim("lpd", "absent"), {"lpd": 0.1}) == pytest.approx(0.9)
    assert confidence_of(Claim("lpd"), {"lpd": 0.1}) == pytest.approx(0.1)
    assert confidence_of(Claim("lpd", "not_assessed"), {"lpd": 0.1}) is None
    assert confidence_of(Claim("lpd"), {}) is None
