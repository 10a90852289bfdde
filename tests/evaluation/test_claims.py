"""The claim metric against cases counted by hand."""

from __future__ import annotations

import pytest

from neuronarrator_hf.evaluation.claims import score_claims
from neuronarrator_hf.findings.schema import Claim

PDR = Claim("posterior_dominant_rhythm", side="bilateral", frequency_hz=(10, 10), amplitude_uv=(40, 40))


def score(predicted, truth, **options):
    return score_claims(predicted, truth, n_bootstrap=0, **options)


def test_perfect():
    result = score([[PDR, Claim("normal")]], [[PDR, Claim("normal")]])
    assert result["f1"] == result["macro_f1"] == 1.0
    assert result["attributes"]["frequency"] == {"accuracy": 1.0, "stated": 1.0, "n": 1}
    assert result["pdr_frequency"]["within_0.5_hz"] == 1.0


def test_counts_by_hand():
    truth = [PDR, Claim("muscle_artifact"), Claim("spikes", "absent"), Claim("lpd", side="left")]
    said = [PDR.with_(frequency_hz=(9, 9)), Claim("spikes"), Claim("grda"), Claim("lpd", side="right")]
    result = score([said], [truth])
    # right: rhythm, lpd; wrong: spikes (truth says absent), grda (not there); missed: muscle
    assert (result["tp"], result["fp"], result["fn"]) == (2, 2, 1)
    assert result["f1"] == pytest.approx(4 / 7)
    assert result["macro_f1"] == pytest.approx(2 / 5)
    assert result["hallucinated"] == 1 and result["omitted"] == 1
    assert result["contradicted"] == 2  # spikes by polarity, lpd by side
    assert result["negation_fn"] == 1
    assert result["pdr_frequency"]["mean_absolute_error_hz"] == 1.0
    assert result["attributes"]["side"]["accuracy"] == 0.5


def test_negation_is_its_own_class():
    result = score(
        [[Claim("spikes", "absent"), Claim("lpd", "absent")]], [[Claim("lpd"), Claim("spikes", "absent")]]
    )
    assert (result["negation_tp"], result["negation_fp"]) == (1, 1)
    assert result["negation_f1"] == pytest.approx(2 / 3)
    assert (result["tp"], result["fp"], result["fn"], result["contradicted"]) == (0, 0, 1, 1)


def test_not_assessed_truth_is_left_out():
    result = score([[Claim("spikes"), PDR]], [[Claim("spikes", "not_assessed"), PDR]])
    assert result["fp"] == 0 and result["f1"] == 1.0


def test_two_places_of_one_finding_match_by_place():
    left, right = Claim("focal_slowing", side="left"), Claim("focal_slowing", side="right")
    result = score([[right]], [[left, right]])
    assert (result["tp"], result["fn"], result["attributes"]["side"]["accuracy"]) == (1, 1, 1.0)


def test_times_are_an_attribute():
    truth = Claim("electrographic_seizure", start_s=100, end_s=200)
    said = [[truth.with_(start_s=150, end_s=250)], [truth.with_(start_s=None, end_s=None)]]
    time = score(said, [[truth], [truth]])["attributes"]["time"]
    assert time == {"accuracy": pytest.approx(50 / 150), "stated": 0.5, "n": 2}
    # of two seizures the nearer in time is the one that was found
    other = truth.with_(start_s=900, end_s=950)
    result = score([[truth]], [[other, truth]])
    assert (result["tp"], result["fn"], result["attributes"]["time"]["accuracy"]) == (1, 1, 1.0)


def test_intervals_resample_groups():
    result = score_claims(
        [[PDR], [PDR], [Claim("spikes")], [PDR]], [[PDR]] * 4, groups=["a", "a", "b", "b"], n_bootstrap=200
    )
    low, high = result["interval_95"]["f1"]
    assert result["n_groups"] == 2 and low <= result["f1"] <= high


def test_unequal_lengths():
    with pytest.raises(ValueError, match="1 predictions for 2 references"):
        score([[PDR]], [[PDR], [PDR]])
