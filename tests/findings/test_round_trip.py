"""What is written is what is read: exactly, for every wording."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuronarrator_hf.findings.parse import parse
from neuronarrator_hf.findings.quantise import quantise
from neuronarrator_hf.findings.schema import DIRECTIONS, POLARITIES, Change, Claim
from neuronarrator_hf.findings.vocabulary import FINDING_IDS, PREVALENCES, REGIONS, SIDES, define
from neuronarrator_hf.findings.write import write_segment


@st.composite
def claims(draw, finding=None, polarity=None):
    finding = finding or draw(st.sampled_from(FINDING_IDS))
    low, high = define(finding).frequency_range_hz or (1.0, 30.0)

    def spans(low, high):
        pair = st.tuples(st.floats(low, high), st.floats(low, high)).map(lambda v: tuple(sorted(v)))
        return st.none() | st.floats(low, high).map(lambda v: (v, v)) | pair

    change = st.builds(Change, st.sampled_from(DIRECTIONS), st.none() | st.floats(5, 20_000))
    return Claim(
        finding,
        polarity or draw(st.sampled_from(POLARITIES)),
        hedged=draw(st.booleans()),
        side=draw(st.sampled_from((None, *SIDES))),
        regions=tuple(draw(st.sets(st.sampled_from(REGIONS), max_size=5))),
        frequency_hz=draw(spans(low, high)),
        amplitude_uv=draw(spans(1, 400)),
        prevalence=draw(st.sampled_from((None, *PREVALENCES))),
        change=draw(st.none() | change),
        start_s=draw(st.none() | st.floats(0, 1000)),
        confidence=draw(st.none() | st.floats(0, 1)),
    )


def contents(of):
    return Counter({claim.content() for claim in of})


def assert_round_trip(of, seed, variety):
    text = write_segment(of, seed=seed, variety=variety)
    assert contents(parse(text)) == contents(quantise(claim) for claim in of), text


@settings(max_examples=200, deadline=None)
@given(claims())
def test_quantise_is_idempotent(claim):
    once = quantise(claim)
    assert quantise(once) == once


@settings(max_examples=200, deadline=None)
@given(
    st.lists(claims(), max_size=14, unique_by=lambda claim: claim.finding),
    st.integers(0, 2**31),
    st.sampled_from((0.0, 0.5, 1.0)),
)
def test_paragraph_round_trip(of, seed, variety):
    assert_round_trip(of, seed, variety)


@pytest.mark.parametrize("finding", FINDING_IDS)
def test_every_finding_round_trip_in_many_words(finding):
    @settings(max_examples=60, deadline=None)
    @given(claims(finding=finding), st.integers(0, 2**31))
    def check(claim, seed):
        assert_round_trip([claim], seed, 1.0)

    check()


def test_a_singular_late_in_a_list_of_absences_stays_absent():
    of = [Claim("eyes_closed", "absent"), Claim("posterior_dominant_rhythm", "absent")]
    for seed in range(300):
        assert_round_trip(of, seed, 1.0)
