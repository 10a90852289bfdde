"""Claims to targets and back."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from neuronarrator_hf.findings.schema import DIRECTIONS, Change, Claim
from neuronarrator_hf.findings.vocabulary import FINDING_IDS, PREVALENCES, REGIONS, SIDES
from neuronarrator_hf.models.finding_targets import (
    ATTRIBUTE_SIZES,
    ATTRIBUTES,
    applies,
    decode_heads,
    encode_claims,
    stack_targets,
    to_concepts,
)


def round_trip(*claims: Claim, **kwargs) -> list[Claim]:
    return decode_heads(encode_claims(claims), **kwargs)


def test_a_full_claim_survives() -> None:
    claim = Claim(
        "lpd", side="left", regions=("temporal", "parietal"), frequency_hz=(1.0, 1.0), prevalence="abundant",
        change=Change("faster", 60.0), hedged=True,
    )  # fmt: skip
    (back,) = round_trip(claim)
    assert (back.side, back.regions, back.prevalence, back.hedged) == (
        "left",
        ("temporal", "parietal"),
        "abundant",
        True,
    )
    assert back.change.direction == "faster" and back.change.since_s == pytest.approx(60.0, rel=1e-3)
    assert back.frequency_hz == pytest.approx((1.0, 1.0), rel=1e-3) and back.confidence == 1.0


@pytest.mark.parametrize("hz", [0.3, 0.7, 1.5, 6.25, 8.5, 9.7, 10.0, 12.5, 20.0, 35.0, 50.0, 60.0])
def test_frequencies_come_back_exactly(hz) -> None:
    finding = "line_noise" if hz >= 45 else "electrographic_seizure"
    assert round_trip(Claim(finding, frequency_hz=(hz, hz)))[0].frequency_hz[0] == pytest.approx(hz, rel=1e-3)


@pytest.mark.parametrize("side", [None, *SIDES])
@pytest.mark.parametrize("prevalence", [None, *PREVALENCES])
def test_classes_come_back(side, prevalence) -> None:
    (back,) = round_trip(Claim("spikes", side=side, prevalence=prevalence))
    assert (back.side, back.prevalence) == (side, prevalence)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_changes_come_back(direction) -> None:
    change = round_trip(Claim("gpd", change=Change(direction)))[0].change
    assert change == Change(direction)


def test_two_claims_of_one_finding_are_joined() -> None:
    (back,) = round_trip(
        Claim("spikes", side="left", regions=("temporal",)),
        Claim("spikes", side="right", regions=("frontal",)),
    )
    assert back.side == "bilateral" and set(back.regions) == {"temporal", "frontal"}


def test_what_the_vocabulary_does_not_word_is_dropped() -> None:
    (back,) = round_trip(
        Claim("k_complexes", side="left", regions=REGIONS, frequency_hz=(1, 1), prevalence="rare")
    )
    assert back.content() == Claim("k_complexes").content()


def test_polarities() -> None:
    claims = [Claim("spikes", polarity="absent"), Claim("mu_rhythm", polarity="not_assessed"), Claim("gpd")]
    back = {c.finding: c.polarity for c in round_trip(*claims, include_absent=True)}
    assert len(back) == len(FINDING_IDS)
    assert (back["spikes"], back["mu_rhythm"], back["gpd"], back["lpd"]) == (
        "absent", "not_assessed", "present", "absent",
    )  # fmt: skip


def test_thresholds_per_finding() -> None:
    targets = encode_claims([])
    targets["presence"] = np.full(len(FINDING_IDS), 0.4, np.float32)
    assert decode_heads(targets) == []
    assert [c.finding for c in decode_heads(targets, threshold={"lpd": 0.3})] == ["lpd"]


def test_the_top_mode_is_read_and_not_the_mean_of_two() -> None:
    targets = encode_claims([Claim("gpd", frequency_hz=(1.0, 1.0))])
    other = encode_claims([Claim("gpd", frequency_hz=(2.5, 2.5))])
    targets["frequency"] = 0.6 * targets["frequency"] + 0.4 * other["frequency"]
    assert decode_heads(targets)[0].frequency_hz[0] == pytest.approx(1.0, rel=0.02)


def test_shapes_and_stacking() -> None:
    stacked = stack_targets([encode_claims([]), encode_claims([Claim("gpd")])])
    assert stacked["presence"].shape == (2, len(FINDING_IDS))
    for name in ATTRIBUTES:
        assert stacked[name].shape == (2, len(FINDING_IDS), ATTRIBUTE_SIZES[name])
        assert applies(name).shape == (len(FINDING_IDS),)


def test_logits_become_concepts_of_the_same_form_as_targets() -> None:
    logits = {name: torch.randn(2, len(FINDING_IDS), size) for name, size in ATTRIBUTE_SIZES.items()}
    logits["presence"] = torch.randn(2, len(FINDING_IDS))
    concepts, targets = to_concepts(logits), encode_claims([])
    assert set(concepts) == set(targets)
    assert all(concepts[name].shape[1:] == targets[name].shape for name in targets)
    row = FINDING_IDS.index("k_complexes")
    assert not concepts["side"][:, row].any()
    assert decode_heads({name: value[0] for name, value in concepts.items()}) is not None


def test_sharp_concepts_hold_what_is_likelier_and_nothing_else_changes() -> None:
    rng = torch.Generator().manual_seed(0)
    logits = {
        name: torch.randn(len(FINDING_IDS), size, generator=rng) for name, size in ATTRIBUTE_SIZES.items()
    }
    logits["presence"] = torch.randn(len(FINDING_IDS), generator=rng)
    plain, sharp = to_concepts(logits), to_concepts(logits, sharpness=50.0)
    assert ((sharp["presence"] > 0.5) == (plain["presence"] > 0.5)).all()
    clear = logits["presence"].abs() > 0.2
    assert clear.sum() > 30
    assert torch.allclose(sharp["presence"][clear], (logits["presence"][clear] > 0).float(), atol=1e-3)
    assert all(torch.equal(sharp[name], plain[name]) for name in ATTRIBUTE_SIZES)
