"""Wordings: how many, fixed where asked for, and nothing a neurologist would laugh at."""

from __future__ import annotations

import re

import pytest

from neuronarrator_hf.findings.schema import Change, Claim
from neuronarrator_hf.findings.select import select_for_text, with_absences
from neuronarrator_hf.findings.vocabulary import FINDING_IDS, ids_of
from neuronarrator_hf.findings.write import write_segment

COMMON = (
    Claim("posterior_dominant_rhythm", frequency_hz=(9, 9)),
    Claim("focal_slowing", side="left", regions=("temporal",)),
    Claim("generalized_theta_slowing"),
    Claim("generalized_delta_slowing", frequency_hz=(1, 2)),
    Claim("beta_activity"),
    Claim("mu_rhythm"),
    Claim("low_voltage", amplitude_uv=(15, 15)),
    Claim("asymmetry", side="left"),
    Claim("sleep_spindles"),
    Claim("vertex_waves"),
    Claim("spikes", side="left", regions=("temporal",)),
    Claim("spike_and_wave"),
    Claim("lpd", side="left"),
    Claim("gpd", frequency_hz=(1, 1)),
    Claim("lrda", side="right"),
    Claim("grda"),
    Claim("electrographic_seizure", hedged=True),
    Claim("muscle_artifact"),
    Claim("spikes", "absent"),
    Claim("electrographic_seizure", "absent"),
    Claim("focal_slowing", "absent"),
    Claim("eyes_closed"),
)


@pytest.mark.parametrize("claim", COMMON, ids=lambda claim: f"{claim.finding}-{claim.polarity}")
def test_forty_wordings_of_common_findings(claim):
    assert len({write_segment([claim], seed=seed, record="segment") for seed in range(4000)}) >= 40


@pytest.mark.parametrize("finding", FINDING_IDS)
def test_one_fixed_wording(finding):
    assert len({write_segment([Claim(finding)], seed=seed, variety=0.0) for seed in range(20)}) == 1


def test_a_seed_is_a_text():
    claims = [Claim(finding) for finding in FINDING_IDS]
    assert write_segment(claims, seed=3) == write_segment(claims, seed=3)
    assert write_segment(claims, seed=3) != write_segment(claims, seed=4)


def test_no_claims_no_words():
    assert write_segment([]) == ""


def everything(*present):
    claims = {finding: Claim(finding, "absent") for finding in FINDING_IDS}
    return claims | {claim.finding: claim for claim in present}


SEGMENTS = (
    everything(
        Claim("eyes_closed"),
        Claim("posterior_dominant_rhythm", frequency_hz=(9.4, 9.4), amplitude_uv=(38, 38)),
        Claim("normal"),
    ),
    everything(
        Claim("n2_sleep"),
        Claim("sleep_spindles", frequency_hz=(13, 13)),
        Claim("k_complexes"),
        Claim("normal"),
    ),
    everything(
        Claim("lpd", side="left", regions=("temporal",), frequency_hz=(1, 1), prevalence="abundant"),
        Claim("generalized_delta_slowing", frequency_hz=(1, 3)),
        Claim("muscle_artifact"),
        Claim("abnormal"),
    ),
    everything(
        Claim("burst_suppression"), Claim("extreme_low_voltage", amplitude_uv=(7, 7)), Claim("abnormal")
    ),
    everything(Claim("grda", frequency_hz=(2, 2), change=Change("new", 10)), Claim("abnormal")),
)


@pytest.mark.parametrize("claims", SEGMENTS)
@pytest.mark.parametrize("variety", (0.0, 1.0))
def test_paragraphs_are_clean(claims, variety):
    for seed in range(60):
        text = write_segment(select_for_text(claims), seed=seed, variety=variety)
        assert 25 <= len(text.split()) <= 95, text
        assert not re.search(r"\b(\w+) \1\b", text.lower()), text
        assert not re.search(
            r"\s[,.]|,\.|,,|\.\.|  |\{|\}|\ba [aeiou]|\ban [b-df-hj-np-tv-z]",
            text.lower().replace("a eeg", ""),
        ), text
        for sentence in re.split(r"(?<=\.) ", text):
            assert sentence[0].isupper() and sentence.endswith("."), text


def test_selection():
    worded = {claim.finding: claim for claim in select_for_text(SEGMENTS[0])}
    assert {f for f, c in worded.items() if c.is_present} == {
        "eyes_closed",
        "posterior_dominant_rhythm",
        "normal",
    }
    assert {"spikes", "lpd", "electrographic_seizure", "asymmetry", "focal_slowing"} <= set(worded)
    assert not set(worded) & {*ids_of("artifact"), "low_voltage", "n2_sleep"}


def test_no_waking_rhythm_in_deep_sleep_and_no_normal_beside_abnormal():
    claims = everything(
        Claim("n3_sleep"), Claim("posterior_dominant_rhythm"), Claim("normal"), Claim("abnormal")
    )
    worded = {claim.finding for claim in select_for_text(claims)}
    assert "posterior_dominant_rhythm" not in worded and "normal" not in worded


def test_a_truth_without_absences_gets_them():
    claims = with_absences([Claim("lpd", side="left"), Claim("abnormal")])
    assert sorted(claim.finding for claim in claims) == sorted(FINDING_IDS)
    text = write_segment(select_for_text(claims), variety=0.0)
    assert "No focal slowing, sporadic epileptiform discharges or electrographic seizures are seen." in text


def test_a_family_is_denied_only_whole():
    claims = everything(Claim("lpd", side="left"), Claim("abnormal"))
    worded = {claim.finding for claim in select_for_text(claims) if claim.polarity == "absent"}
    assert "gpd" not in worded and "spikes" in worded


def test_not_assessed_is_never_worded_as_absent():
    claims = {finding: Claim(finding, "not_assessed") for finding in FINDING_IDS}
    for seed in range(40):
        text = write_segment(select_for_text(claims), seed=seed)
        assert not re.search(r"\b(no|normal segment|within normal)\b", text.lower()), text


def test_acns_style():
    text = write_segment([Claim("gpd")], variety=0.0, acns_style=True)
    assert text == "There are ACNS-style generalized periodic discharges."


def test_eye_movements_do_not_contaminate_a_sleep_that_they_are_a_sign_of():
    claims = [Claim("rem_sleep"), Claim("lateral_eye_movements")]
    texts = {write_segment(claims, seed=seed) for seed in range(200)}
    assert not [t for t in texts if "contaminated" in t or "superimposed" in t]
    blinks = {write_segment([Claim("eye_blinks")], seed=seed) for seed in range(200)}
    assert any("contaminated" in t for t in blinks)


def test_a_mu_rhythm_is_not_spread_over_a_hemisphere():
    texts = [write_segment([Claim("mu_rhythm", side="left")], seed=seed) for seed in range(200)]
    assert any("on the left" in t for t in texts) and not any("over the left hemisphere" in t for t in texts)
