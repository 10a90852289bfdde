"""Losses against small cases."""

from __future__ import annotations

import pytest
import torch

from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.findings.vocabulary import FINDING_IDS
from neuronarrator_hf.models.finding_targets import decode_heads, encode_claims, stack_targets
from neuronarrator_hf.training.objectives import (
    alignment_loss,
    head_losses,
    mismatch_loss,
    positive_weights,
    soften,
)

CLAIMS = [
    Claim("posterior_dominant_rhythm", side="bilateral", frequency_hz=(10, 10), amplitude_uv=(40, 40)),
    Claim("focal_slowing", side="left", regions=("temporal",), frequency_hz=(3, 3), prevalence="frequent"),
]


def test_alignment_of_matching_embeddings():
    embeddings = torch.eye(6)
    loss, first = alignment_loss(embeddings, embeddings, torch.tensor(50.0))
    assert loss < 1e-3 and first == 1
    _, first = alignment_loss(embeddings, embeddings.roll(1, 0), torch.tensor(50.0))
    assert first == 0


def test_unknown_findings_give_no_gradient():
    targets = stack_targets([encode_claims(CLAIMS)])
    logits = {
        name: torch.zeros_like(value, requires_grad=True)
        for name, value in targets.items()
        if name != "assessed"
    }
    known = torch.zeros(1, len(FINDING_IDS), dtype=torch.bool)
    known[0, 3] = True
    losses = head_losses(logits, targets, known)
    (losses["presence"] + losses["attributes"]).backward()
    gradient = logits["presence"].grad[0]
    assert gradient[3] != 0 and gradient.count_nonzero() == 1
    assert all(
        value.grad is None or not value.grad.any() for name, value in logits.items() if name != "presence"
    )


def test_positive_weights():
    presence = torch.tensor([[1.0, 0.0], [1.0, 0.0], [1.0, 1.0], [1.0, 0.0]])
    weights = positive_weights(presence, 5.0)
    assert weights[0] == 1 and weights[1] == pytest.approx(3**0.5)


def test_softened_findings_still_say_the_truth():
    targets = stack_targets([encode_claims(CLAIMS)] * 50)
    soft = soften(targets)
    assert soft["presence"].max() < 1.0001 and (soft["presence"] > 0.5).equal(targets["presence"] > 0.5)
    for i in range(50):
        decoded = decode_heads({name: value[i] for name, value in soft.items()})
        assert [(c.finding, c.side, c.regions, c.prevalence) for c in decoded] == [
            (c.finding, c.side, c.regions, c.prevalence) for c in CLAIMS
        ]
        assert all(
            abs(d.frequency_hz[0] / c.frequency_hz[0] - 1) < 0.03
            for d, c in zip(decoded, CLAIMS, strict=True)
        )


def test_mismatched_eeg_has_to_be_less_likely_by_a_margin():
    own = torch.tensor([1.0, 1.0, 1.0], requires_grad=True)
    other = torch.tensor([3.0, 1.2, 0.5], requires_grad=True)
    loss = mismatch_loss(own, other, margin=0.5)
    assert loss.item() == pytest.approx((0 + 0.3 + 1.0) / 3)
    loss.backward()
    assert own.grad is None and torch.allclose(other.grad, torch.tensor([0.0, -1 / 3, -1 / 3]))
