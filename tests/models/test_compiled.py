"""What Inductor makes of encoder, bridge and heads: one graph, the same outputs and the same gradients."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from tiny_parts import make_inputs, tiny_config

from neuronarrator_hf.models.modeling_neuronarrator import NeuroNarratorModel

TOLERANCE = 1e-4
ZERO = "waveform_encoder.convolutions.attention.bias"
"""The same for every place that its softmax chooses among: its gradient is zero but for rounding."""


def tensors(value: Any, name: str) -> Iterator[tuple[str, torch.Tensor]]:
    """All tensors of a nested output by their path."""
    if torch.is_tensor(value):
        yield name, value
    elif value is not None:
        items = value.items() if isinstance(value, dict) else vars(value).items()
        for key, part in items:
            yield from tensors(part, f"{name}.{key}")


def heard(model: NeuroNarratorModel, forward: Any) -> tuple[dict, dict]:
    """Outputs, and gradients of a random projection of all of them."""
    model.zero_grad()
    told = dict(tensors(forward(**make_inputs()), "features"))
    draw = torch.Generator().manual_seed(1)
    loss = sum((v * torch.randn(v.shape, generator=draw)).sum() for v in told.values() if v.requires_grad)
    loss.backward()
    gradients = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    return {n: v.detach() for n, v in told.items()}, gradients


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(shutil.which("c++") is None, reason="Inductor needs a C++ compiler")
def test_outputs_and_gradients_of_the_compiled_features_are_those_of_eager() -> None:
    config = tiny_config()
    config.waveform_config.dropout = 0.0  # a compiled one draws other numbers
    torch.manual_seed(0)
    model = NeuroNarratorModel(config).train()
    told, gradients = heard(model, model.get_window_features)
    torch._dynamo.reset()
    compiled = torch.compile(model.get_window_features, fullgraph=True)
    told_compiled, gradients_compiled = heard(model, compiled)
    assert told.keys() == told_compiled.keys() and gradients.keys() == gradients_compiled.keys()
    assert {n.split(".")[0] for n in gradients} > {"waveform_encoder", "bridge", "heads", "finding_tokens"}
    largest = max(float(g.abs().max()) for g in gradients.values())
    for name in (set(gradients) | set(told)) - {ZERO}:
        plain, other = (a.get(name, b.get(name)) for a, b in
                        ((gradients, told), (gradients_compiled, told_compiled)))  # fmt: skip
        difference = (other.float() - plain.float()).norm() / plain.float().norm().clamp_min(1e-12)
        assert difference < TOLERANCE, name
    for one in (gradients, gradients_compiled):
        assert one[ZERO].abs().max() < 1e-6 * largest
