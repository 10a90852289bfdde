"""Initial weights of the towers that are trained from nothing."""

from __future__ import annotations

from torch import nn
from transformers import PreTrainedModel
from transformers import initialization as init

from .modeling_sites import Float32Buffers

_LOUD_STD = 0.5


class Closed:
    """Marks a layer that starts at zero, so that a trained model can be given further ones unchanged."""


class ClosedLinear(Closed, nn.Linear):
    """A linear layer that starts at zero."""


class ClosedLayerNorm(Closed, nn.LayerNorm):
    """A normalisation that starts at zero."""


class LoudLinear(nn.Linear):
    """A linear layer before a closed one, loud enough that the closed one opens as fast as others learn."""


def init_by_fan_in(model: PreTrainedModel, module: nn.Module) -> None:
    """Weights of linear and convolutional layers by fan-in, zeros of closed ones, constants as they are."""
    if isinstance(module, Float32Buffers):
        module.init_constants()
    elif isinstance(module, Closed):
        init.zeros_(module.weight)
        init.zeros_(module.bias)
    elif isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d):
        std = _LOUD_STD if isinstance(module, LoudLinear) else module.weight[0].numel() ** -0.5
        init.normal_(module.weight, std=std)
        if module.bias is not None:
            init.zeros_(module.bias)
    else:
        PreTrainedModel._init_weights(model, module)


__all__ = ["Closed", "ClosedLayerNorm", "ClosedLinear", "LoudLinear", "init_by_fan_in"]
