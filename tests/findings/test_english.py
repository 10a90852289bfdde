"""The grammar of every sentence that the writer can make, by a lint that knows nothing of the writer."""

from __future__ import annotations

import random

import pytest
from english import faults

from neuronarrator_hf.findings.schema import DIRECTIONS, POLARITIES, Change, Claim
from neuronarrator_hf.findings.vocabulary import FINDING_IDS, PREVALENCES, REGIONS, SIDES, define
from neuronarrator_hf.findings.write import write_segment

INTERVALS_S = (None, 10, 20, 30, 60, 120, 900, 3600, 7200)


def with_modifiers(rng: random.Random, finding: str) -> Claim:
    """A claim with any of what can be said of a finding, likely or not."""
    low, high = define(finding).frequency_range_hz or (1.0, 30.0)

    def span(low: float, high: float) -> tuple[float, float] | None:
        first, last = sorted((rng.uniform(low, high), rng.uniform(low, high)))
        return rng.choice((None, (first, first), (first, last)))

    return Claim(
        finding,
        rng.choice((*POLARITIES, "present", "present")),
        hedged=rng.random() < 0.3,
        side=rng.choice((None, *SIDES)),
        regions=tuple(region for region in REGIONS if rng.random() < 0.25),
        frequency_hz=span(low, high),
        amplitude_uv=span(5, 300),
        prevalence=rng.choice((None, *PREVALENCES)),
        change=rng.choice((None, Change(rng.choice(DIRECTIONS), rng.choice(INTERVALS_S)))),
    )


@pytest.mark.parametrize("finding", FINDING_IDS)
def test_sentences_of_a_finding(finding):
    rng = random.Random(finding)
    for seed in range(150):
        text = write_segment([with_modifiers(rng, finding)], seed=seed, acns_style=rng.random() < 0.3)
        assert not faults(text)


@pytest.mark.parametrize("variety", (0.0, 1.0))
def test_paragraphs(variety):
    rng = random.Random(0)
    for seed in range(150):
        some = rng.sample(FINDING_IDS, rng.randint(2, 14))
        text = write_segment([with_modifiers(rng, f) for f in some], seed=seed, variety=variety)
        assert not faults(text)


@pytest.mark.parametrize(
    "text",
    (
        "There are 4.5 to 6 Hz diffuse theta slowing.",
        "There is continuously 1 Hz generalized delta slowing.",
        "There is left temporal spikes.",
        "Focal slowing are seen.",
        "Sleep spindles is seen.",
        "No spikes or seizure activity are seen.",
        "There is an 1 Hz rhythm.",
        "A 8.5 Hz rhythm is seen.",
        "A possible seizure may be present.",
        "The background is symmetric, with a rhythm with a frequency of 9 Hz.",
        "A posterior rhythm has amplitudes of 40 µV.",
        "The  background is symmetric.",
        "There are are spikes.",
        "Spikes temporal left are seen.",
        "There are LPDs of 1 Hz.",
        "Theta slowing at about 4 to 6 Hz is seen.",
        "There is a flat channel over the frontal and temporal leads.",
        "Altogether a normal segment.",
        "the background is symmetric.",
    ),
)
def test_faults_are_found(text):
    assert faults(text)


@pytest.mark.parametrize(
    "text",
    (
        "There is 4.5 to 6 Hz diffuse theta slowing.",
        "Diffuse theta slowing at 4.5 to 6 Hz is continuously present.",
        "There are left temporal spikes or sharp waves.",
        "No spikes or seizure activity is seen.",
        "The posterior dominant rhythm is 9 Hz with an amplitude of 40 µV.",
        "Drowsiness is suspected.",
        "There are no rhythmic or periodic patterns.",
        "Bursts alternating with periods of suppression are seen.",
    ),
)
def test_clean_sentences_pass(text):
    assert not faults(text)
