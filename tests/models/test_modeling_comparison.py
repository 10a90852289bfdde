"""Numbers that history is told of, and what comparing them brings."""

from __future__ import annotations

import math

import pytest
import torch
from tiny_parts import make_inputs, make_model, open_closed, tiny_config

from neuronarrator_hf.findings.vocabulary import FINDING_IDS
from neuronarrator_hf.models.finding_targets import AMPLITUDE_BINS_UV, FREQUENCY_BINS_HZ
from neuronarrator_hf.models.modeling_comparison import COMPARED, NumberComparison, compared_numbers
from neuronarrator_hf.models.modeling_neuronarrator import NeuroNarratorForConditionalGeneration

BRIDGE = dict(hidden_size=16, num_layers=2, num_heads=2, d_state=4, num_history_tokens=2)


def concepts_of(hz: torch.Tensor, presence: float = 1.0) -> dict[str, torch.Tensor]:
    """Every finding at `(batch,)` hertz and 50 uV."""
    bins = torch.from_numpy(FREQUENCY_BINS_HZ).float()
    frequency = (-((hz[:, None].log() - bins.log()) ** 2) / 0.01).softmax(-1)
    amplitude = torch.zeros(len(hz), len(AMPLITUDE_BINS_UV))
    amplitude[:, 20] = 1.0
    shape = (len(hz), len(FINDING_IDS))
    padded = (torch.nn.functional.pad(values, (1, 0)) for values in (frequency, amplitude))
    frequency, amplitude = (values[:, None].expand(*shape, -1) for values in padded)
    return {"presence": torch.full(shape, presence), "frequency": frequency, "amplitude": amplitude}


def test_numbers_are_faint_where_the_finding_is_unlikely() -> None:
    hz = torch.tensor([1.0, 9.0])
    sure, unlikely = compared_numbers(concepts_of(hz)), compared_numbers(concepts_of(hz, 0.01))
    torch.testing.assert_close(unlikely, 0.01 * sure)
    torch.testing.assert_close(sure[:, 0, 0], hz.log(), atol=0.02, rtol=0.02)
    assert [FINDING_IDS[i] for i in COMPARED][:2] == [
        "posterior_dominant_rhythm",
        "generalized_theta_slowing",
    ]


def test_a_change_of_frequency_is_learned() -> None:
    """What was is a vector of waves here; after 300 steps faster and slower by a fifth are told apart."""
    torch.manual_seed(0)
    comparison, told = NumberComparison(26, 8), torch.nn.Linear(8, 2)
    optimizer = torch.optim.Adam([*comparison.parameters(), *told.parameters()], lr=1e-2)

    def batch(n: int = 64):
        then = torch.empty(n).uniform_(math.log(1.0), math.log(12.0)).exp()
        faster = torch.rand(n) < 0.5
        now = then * torch.where(faster, 1.25, 0.8)
        history = compared_numbers(concepts_of(then))[:, 0]
        return comparison(history, compared_numbers(concepts_of(now)))[:, COMPARED[0]], faster.long()

    for _ in range(300):
        value, wanted = batch()
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(told(value), wanted).backward()
        optimizer.step()
    value, wanted = batch(500)
    assert (told(value).argmax(-1) == wanted).float().mean() > 0.95


def test_a_model_that_is_given_the_comparison_says_what_it_said(tmp_path) -> None:
    before, _ = make_model(tiny_config())
    before.save_pretrained(tmp_path)
    config = tiny_config(bridge_config=BRIDGE | {"compare_numbers": True})
    after = NeuroNarratorForConditionalGeneration.from_pretrained(tmp_path, config=config)
    with torch.no_grad():
        a, b = (model.get_window_features(**make_inputs()) for model in (before, after))
    assert torch.equal(a.window_tokens, b.window_tokens)
    assert all(torch.equal(a.finding_logits[name], b.finding_logits[name]) for name in a.finding_logits)


@pytest.mark.parametrize("history", ["ssm", "prompt", "none"])
def test_only_changes_of_compared_findings_move(history) -> None:
    model, _ = make_model(tiny_config(history=history, bridge_config=BRIDGE | {"compare_numbers": True}))
    with torch.no_grad():
        opened = model.get_window_features(**make_inputs()).finding_logits
        torch.nn.init.zeros_(model.model.heads.compare_numbers.out.weight)
        closed = model.get_window_features(**make_inputs()).finding_logits
    others = [i for i in range(len(FINDING_IDS)) if i not in COMPARED]
    assert torch.equal(opened["presence"], closed["presence"])
    assert torch.equal(opened["change"][:, :, others], closed["change"][:, :, others])
    assert not torch.equal(opened["change"][:, :, COMPARED], closed["change"][:, :, COMPARED])


def test_gradients_reach_the_comparison_through_change_alone() -> None:
    model = NeuroNarratorForConditionalGeneration(
        tiny_config(bridge_config=BRIDGE | {"compare_numbers": True})
    )
    open_closed(model)
    change = model.get_window_features(**make_inputs()).finding_logits["change"]
    change.square().sum().backward()
    for module in (model.model.heads.compare_numbers, model.model.number_summary):
        assert all(p.grad is not None and p.grad.any() for p in module.parameters())


@pytest.mark.slow
def test_it_compiles_without_a_graph_break() -> None:
    model, _ = make_model(tiny_config(bridge_config=BRIDGE | {"compare_numbers": True}))
    torch._dynamo.reset()
    compiled = torch.compile(model.model.get_window_features, fullgraph=True, backend="eager")
    with torch.no_grad():
        a, b = compiled(**make_inputs()), model.get_window_features(**make_inputs())
    torch.testing.assert_close(a.finding_logits["change"], b.finding_logits["change"])
