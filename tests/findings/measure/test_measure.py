"""The interface of `measure_windows`: every finding judged, in order, with plain evidence."""

from __future__ import annotations

import json

import numpy as np
import pytest
from planted import field, make_windows

from neuronarrator_hf.findings.measure import measure_windows, pool_measurements
from neuronarrator_hf.findings.quantise import quantise
from neuronarrator_hf.findings.vocabulary import FINDING_IDS
from neuronarrator_hf.signal.montage import SITES_1020


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 15, (3, 19, 2000))


def test_every_finding_is_judged_with_plain_evidence(noise: np.ndarray) -> None:
    measurements = measure_windows(make_windows(noise))
    assert [m.start_s for m in measurements] == [0.0, 10.0, 20.0]
    for measurement in measurements:
        assert tuple(measurement.claims) == FINDING_IDS
        for claim in measurement.claims.values():
            json.dumps(claim.to_dict())
            if claim.polarity == "not_assessed":
                assert claim.evidence["reason"]
            else:
                assert (claim.confidence >= 0.5) == claim.is_present
                assert claim.evidence["bound"] and claim.evidence["where"]
        assert all(isinstance(v, float) for v in measurement.values.values())


def test_flat_windows_are_not_assessed_but_called_flat() -> None:
    for measurement in measure_windows(make_windows(np.zeros((2, 19, 2000)))):
        present = {f for f, c in measurement.claims.items() if c.is_present}
        judged = {f for f, c in measurement.claims.items() if c.polarity != "not_assessed"}
        assert present == {"flat_channel"} == judged


def test_the_batch_does_not_matter(noise: np.ndarray) -> None:
    together = measure_windows(make_windows(noise))
    alone = measure_windows(make_windows(noise[1:2], start_s=np.array([10.0])))[0]
    for one, other in zip(together[1].claims.values(), alone.claims.values(), strict=True):
        assert quantise(one) == quantise(other)
        assert one.confidence == pytest.approx(other.confidence, abs=1e-3)


def test_short_windows_are_measured_as_far_as_they_go(noise: np.ndarray) -> None:
    time_mask = np.ones((3, 2000), bool)
    time_mask[1, 600:] = False
    time_mask[2, 200:] = False
    eeg = np.where(time_mask[:, None], noise, 0)
    _, short, too_short = measure_windows(make_windows(eeg, time_mask=time_mask))
    assert short.end_s == pytest.approx(13.0)
    assert short.claims["gpd"].polarity == "not_assessed"
    assert short.claims["low_voltage"].polarity != "not_assessed"
    assert {c.polarity for f, c in too_short.claims.items() if f != "flat_channel"} == {"not_assessed"}


def test_children_are_not_held_to_adult_norms(noise: np.ndarray) -> None:
    drifts = np.cumsum(noise, axis=-1) - np.cumsum(noise, axis=-1).mean(axis=-1, keepdims=True)
    slow = make_windows(0.3 * np.stack([field(site, 0.3) for site in SITES_1020]) @ drifts)
    adult, child, infant = (measure_windows(slow, age_years=age)[0].claims for age in (40.0, 7.0, 0.1))
    assert adult["generalized_delta_slowing"].is_present and adult["abnormal"].is_present
    assert child["generalized_delta_slowing"].polarity == "not_assessed"
    assert "7 years" in child["generalized_delta_slowing"].evidence["reason"]
    assert child["normal"].polarity == "not_assessed" and not child["abnormal"].is_present
    assert child["discontinuity"].polarity != "not_assessed"
    assert infant["discontinuity"].polarity == "not_assessed"


def test_pooling_keeps_one_claim_a_finding(noise: np.ndarray) -> None:
    pooled = pool_measurements(measure_windows(make_windows(noise)))
    assert tuple(pooled.claims) == FINDING_IDS
    assert (pooled.start_s, pooled.end_s) == (0.0, 30.0)
    with pytest.raises(ValueError, match="at least one"):
        pool_measurements([])
