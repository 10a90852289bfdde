from __future__ import annotations

import pytest

from neuronarrator_hf.findings.schema import Change, Claim
from neuronarrator_hf.findings.vocabulary import FINDING_IDS
from neuronarrator_hf.report.evidence import (
    claim_words,
    clock,
    confidence_words,
    duration,
    evidence_words,
    quantity,
    short_name,
    status_words,
    told_evidence,
    value_range,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (10, "0:10"), (75.5, "1:15.5"), (3599.96, "1:00:00"), (3725, "1:02:05")],
)
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(8, "8 s"), (60, "1 min"), (125, "2 min 5 s"), (11400, "3 h 10 min")]
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("peak_hz", 10.21, "peak 10.2 Hz"),
        ("background_uv", 23.456, "background 23.5 µV"),
        ("n_discharges", 7, "n discharges 7"),
        ("counts", [1, 2], "counts: 1, 2"),
        ("power_uv2", 12345.6, "power 12346 µV²"),
        ("seen", True, "seen: True"),
    ],
)
def test_numbers_carry_their_unit(name: str, value: object, text: str) -> None:
    assert quantity(name, value) == text


def test_ranges() -> None:
    assert value_range((10, 10), "Hz") == "10 Hz"
    assert value_range((1, 2.5), "Hz") == "1\N{EN DASH}2.5 Hz"
    assert value_range(None, "Hz") == ""


def test_a_claim_in_words_says_all_of_it() -> None:
    claim = Claim("lpd", hedged=True, side="left", regions=("frontal", "temporal"), frequency_hz=(1, 1.5),
                  prevalence="frequent", change=Change("faster", 10))  # fmt: skip
    words = claim_words(claim.to_dict())
    for part in ("candidate", "left frontal, temporal", "1\N{EN DASH}1.5 Hz", "frequent", "faster"):
        assert part in words
    assert "not seen" in claim_words(Claim("lpd", "absent").to_dict())
    assert "not assessed" in claim_words(Claim("lpd", "not_assessed").to_dict())


def test_evidence_tells_numbers_place_and_bound() -> None:
    words = evidence_words(
        {"measured": {"rate_hz": 1.1}, "where": "F7-T7", "bound": "6 cycles", "margin": 0.3}
    )
    assert words == "rate 1.1 Hz; in F7-T7; bound: 6 cycles"


@pytest.mark.parametrize("finding", FINDING_IDS)
def test_every_finding_has_a_short_name_for_the_overview(finding: str) -> None:
    assert 0 < len(short_name(finding)) <= 45
    assert ")" not in short_name(finding)


def test_inner_scores_are_not_told_but_a_disagreement_is() -> None:
    evidence = {"measured": {"peak_hz": 9.0}, "score": 0.2, "measured_polarity": "absent", "margin": 1.0}
    absent = Claim("lpd", "absent", evidence=evidence).to_dict()
    assert told_evidence(absent) == "peak 9 Hz"
    assert told_evidence({**absent, "polarity": "present"}) == "measured as absent; peak 9 Hz"


def test_what_was_not_assessed_is_not_called_supported() -> None:
    assert status_words(Claim("normal", "not_assessed", status="supported").to_dict()).startswith(
        "not assessed"
    )
    assert status_words(Claim("lpd", status="supported").to_dict()) == "supported by the signal"


def test_logarithms_are_told_as_ratios() -> None:
    assert quantity("side_difference_log2", -1.0) == "side difference 0.5 times"
    assert quantity("peak_excess_log10", 2.0) == "peak excess 100 times"
    assert evidence_words({"measured": {"spike_margin": -2.0}, "where": "rules over the findings"}) == (
        "rules over the findings"
    )


def test_no_probability_is_told_as_certainty() -> None:
    told = [confidence_words(c) for c in (None, 0.0, 0.004, 0.5, 0.984, 0.997, 1.0)]
    assert told == ["", "<0.01", "<0.01", "0.50", "0.98", ">0.99", ">0.99"]
