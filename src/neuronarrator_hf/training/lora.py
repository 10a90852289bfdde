"""Low-rank adapters in the language model: put in, taken out into plain weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

ADAPTER = "default"
_MARK = "lora_"
DEFAULTS: dict[str, Any] = {"rank": 16, "alpha": 32, "dropout": 0.0, "targets": "all-linear"}
"""Settings of `StageArguments.lora`; `targets` is what peft takes as `target_modules`."""


def add_adapters(language_model: nn.Module, settings: Mapping[str, Any]) -> int:
    """Put adapters (Hu et al. 2021) into the linear layers of a language model, whose own weights then rest.

    Args:
        language_model: Changed in place; the names of its modules stay.
        settings: Over `DEFAULTS`.

    Returns:
        Number of trained parameters.

    Raises:
        ValueError: A setting is unknown.
    """
    unknown = sorted(set(settings) - set(DEFAULTS))
    if unknown:
        raise ValueError(f"lora: unknown {', '.join(unknown)}; known: {', '.join(sorted(DEFAULTS))}")
    from peft import LoraConfig, inject_adapter_in_model

    chosen = {**DEFAULTS, **settings}
    targets = chosen["targets"]
    config = LoraConfig(
        r=chosen["rank"],
        lora_alpha=chosen["alpha"],
        lora_dropout=chosen["dropout"],
        target_modules=_linear_layers(language_model) if targets == "all-linear" else targets,
    )
    inject_adapter_in_model(config, language_model, adapter_name=ADAPTER)
    for name, parameter in language_model.named_parameters():
        parameter.requires_grad_(_MARK in name)
    return sum(p.numel() for p in language_model.parameters() if p.requires_grad)


def has_adapters(model: nn.Module) -> bool:
    """Whether adapters are in a model."""
    return any(_MARK in name for name, _ in model.named_parameters())


@torch.no_grad()
def merged_state_dict(
    model: nn.Module, state: Mapping[str, torch.Tensor] | None = None
) -> dict[str, torch.Tensor]:
    """The state of a model as if it never had adapters: their products are added to the weights they rest on.

    The model itself is not touched, so that no rounding collects over many savings.

    Args:
        model: With adapters.
        state: Its state where it was gathered from several processes; None takes it from the model.
    """
    layers = {name: module for name, module in model.named_modules() if hasattr(module, "get_delta_weight")}
    state = model.state_dict() if state is None else state
    merged = {}
    for name, value in state.items():
        if _MARK in name:
            continue
        owner, base, weight = name.partition(".base_layer.")
        if base and weight == "weight":
            down, up = (state[f"{owner}.lora_{part}.{ADAPTER}.weight"] for part in "AB")
            product = up.float() @ down.float() * layers[owner].scaling[ADAPTER]
            product = product.T if getattr(layers[owner], "fan_in_fan_out", False) else product
            value = value + product.to(value.dtype)
        merged[f"{owner}.{weight}" if base else name] = value
    return merged


def _linear_layers(language_model: Any) -> list[str]:
    """Names of all linear layers (transformers' `Conv1D` of GPT-2 included) but the output layer's."""
    from transformers.pytorch_utils import Conv1D

    output = language_model.get_output_embeddings()
    return [
        name
        for name, module in language_model.named_modules()
        if isinstance(module, nn.Linear | Conv1D) and module is not output
    ]
