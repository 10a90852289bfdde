"""The sections of a report."""

from __future__ import annotations

import pytest

from neuronarrator_hf.findings.parse import parse
from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.findings.sections import SECTION_FINDINGS, clock, write_section, write_sections

SEIZURE = Claim(
    "electrographic_seizure", side="left", regions=("temporal",), frequency_hz=(4, 4), start_s=130, end_s=220
)


def test_times_are_told_and_read():
    text = write_section("events", [SEIZURE])
    assert text.startswith("From 0:02:10 to 0:03:40, there is a left temporal electrographic seizure at 4 Hz")
    (claim,) = parse(text)
    assert (claim.start_s, claim.end_s) == (130, 220)
    assert (claim.side, claim.regions, claim.frequency_hz) == ("left", ("temporal",), (4, 4))


@pytest.mark.parametrize("seed", range(40))
def test_times_in_every_wording(seed):
    (claim,) = parse(write_section("events", [SEIZURE], seed=seed, variety=1.0))
    assert (claim.start_s, claim.end_s) == (130, 220)


def test_sections_hold_their_own_findings():
    claims = [SEIZURE, Claim("eyes_closed"), Claim("spikes", "absent"), Claim("abnormal")]
    sections = write_sections(claims)
    assert tuple(sections) == tuple(SECTION_FINDINGS)
    for section, text in sections.items():
        found = {claim.finding for claim in parse(text)}
        if section == "impression":
            assert found == {"electrographic_seizure", "abnormal"}
        else:
            assert found <= set(SECTION_FINDINGS[section])
    assert sections["epileptiform"] == "No spikes or sharp waves are seen."


def test_nothing_is_said_of_nothing():
    assert set(write_sections([]).values()) == {""}


def test_unknown_section_names_the_known():
    with pytest.raises(ValueError, match="rhythmic_periodic"):
        write_section("ecg", [])


def test_clock():
    assert clock(3725.4) == "1:02:05"
