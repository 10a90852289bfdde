"""Finding heads, their losses, and concept tokens."""

from __future__ import annotations

import torch
from tiny_parts import make_targets

from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.findings.vocabulary import FINDING_IDS
from neuronarrator_hf.models.finding_targets import (
    ATTRIBUTE_SIZES,
    FREQUENCY_BINS_HZ,
    encode_claims,
    stack_targets,
)
from neuronarrator_hf.models.initial_weights import init_by_fan_in
from neuronarrator_hf.models.modeling_heads import FindingHeads, FindingTokens, finding_losses, join_windows
from neuronarrator_hf.models.modeling_views import NUM_EVIDENCE
from neuronarrator_hf.models.modeling_waveform import SITE_EVIDENCE_SIZE


def make_tokens(num_tokens: int = 5) -> FindingTokens:
    torch.manual_seed(0)
    module = FindingTokens(num_tokens, 16)
    for parameter in (module.finding_embedding, module.empty):
        torch.nn.init.normal_(parameter)
    return module


def perfect_logits(targets):
    logits = {name: (targets[name] + 1e-6).log() for name in ATTRIBUTE_SIZES}
    for name in ("presence", "regions", "hedged"):
        logits[name] = (targets[name] - 0.5) * 40
    return logits


def test_perfect_logits_have_a_small_loss_and_wrong_ones_a_large_one() -> None:
    targets = join_windows(make_targets())
    losses = finding_losses(perfect_logits(targets), targets)
    assert set(losses) == {"presence", *ATTRIBUTE_SIZES}
    # Two-hot targets have an entropy of their own.
    assert all(
        loss < (0.75 if name in ("frequency", "amplitude", "since") else 1e-3)
        for name, loss in losses.items()
    )
    wrong = {name: -value for name, value in perfect_logits(targets).items()}
    assert finding_losses(wrong, targets)["presence"] > 10


def test_masked_windows_and_findings_not_assessed_teach_nothing() -> None:
    targets = stack_targets(
        [encode_claims([Claim("gpd", polarity="not_assessed")]), encode_claims([Claim("lpd")])]
    )
    logits = {name: torch.randn_like(targets[name]).requires_grad_() for name in ATTRIBUTE_SIZES}
    logits["presence"] = torch.randn_like(targets["presence"]).requires_grad_()
    losses = finding_losses(logits, targets, mask=torch.tensor([True, False]))
    sum(losses.values()).backward()
    assert logits["presence"].grad[0, FINDING_IDS.index("gpd")] == 0
    assert not logits["presence"].grad[1].any() and logits["presence"].grad[0].any()


def test_no_present_finding_gives_zero_attribute_losses() -> None:
    targets = stack_targets([encode_claims([])])
    logits = {name: torch.randn_like(value) for name, value in targets.items()}
    losses = finding_losses(logits, targets)
    assert all(losses[name] == 0 for name in ATTRIBUTE_SIZES)


def test_heads_give_every_logit_and_the_evidence_moves_the_frequency() -> None:
    heads = FindingHeads(12, 8, 16)
    evidence = torch.zeros(2, NUM_EVIDENCE, len(FREQUENCY_BINS_HZ))
    logits, states = heads(torch.randn(2, 12), evidence)
    logits |= heads.changes_since(states, torch.randn(2, 8))
    assert logits["presence"].shape == (2, len(FINDING_IDS))
    assert all(logits[name].shape == (2, len(FINDING_IDS), n) for name, n in ATTRIBUTE_SIZES.items())


def test_what_the_sites_show_moves_presence_alone_and_starts_at_nothing() -> None:
    heads = FindingHeads(12, 8, 16)
    init_by_fan_in(None, heads.presence_from_sites)
    inputs = torch.randn(2, 12), torch.zeros(2, NUM_EVIDENCE, len(FREQUENCY_BINS_HZ))
    sites = torch.rand(2, SITE_EVIDENCE_SIZE)
    without, with_sites = heads(*inputs)[0], heads(*inputs, sites)[0]
    assert all(torch.equal(without[name], with_sites[name]) for name in without)
    line_noise = FINDING_IDS.index("line_noise")
    with torch.no_grad():
        heads.presence_from_sites.weight[line_noise, 6] = 3.0
    moved = heads(*inputs, sites)[0]
    torch.testing.assert_close(
        (moved["presence"] - without["presence"])[:, line_noise], 3.0 * sites[:, 6], atol=1e-5, rtol=1e-5
    )
    assert all(torch.equal(without[name], moved[name]) for name in without if name != "presence")


def test_targets_and_sharp_probabilities_give_the_same_tokens() -> None:
    tokens, targets = make_tokens(), join_windows(make_targets())
    nearly = {name: value.clone() for name, value in targets.items()}
    nearly["presence"] = targets["presence"] * 0.9999 + 0.00001
    torch.testing.assert_close(tokens(targets), tokens(nearly), atol=1e-2, rtol=1e-2)


def test_present_findings_come_first_in_the_order_of_the_vocabulary() -> None:
    tokens = make_tokens()
    claims = [Claim("gpd"), Claim("posterior_dominant_rhythm"), Claim("spikes")]
    one = tokens(stack_targets([encode_claims(claims)]))
    other = tokens(stack_targets([encode_claims(claims[::-1])]))
    assert torch.equal(one, other)
    alone = tokens(stack_targets([encode_claims([claims[1]])]))
    torch.testing.assert_close(one[:, 1], alone[:, 1])  # the rhythm stands first in both
    torch.testing.assert_close(alone[:, 2], tokens.norm(tokens.empty)[None])


def test_gradient_reaches_the_probabilities() -> None:
    tokens, targets = make_tokens(), join_windows(make_targets())
    targets["presence"] = (targets["presence"] * 0.6 + 0.1).requires_grad_()
    tokens(targets).square().sum().backward()
    assert targets["presence"].grad.any()
