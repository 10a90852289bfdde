"""A model in another history mode, without touching the one that was given."""

from __future__ import annotations

import copy
from typing import TypeVar

from transformers import PreTrainedModel, ProcessorMixin

Model = TypeVar("Model", bound=PreTrainedModel)
Processor = TypeVar("Processor", bound=ProcessorMixin)


def in_history_mode(model: Model, history: str) -> Model:
    """The same model, weights included, whose configuration says `history`; itself where it does already.

    Args:
        model: A model with a `NeuroNarratorModel` under `model`.
        history: `ssm`, `prompt` or `none`.
    """
    if model.config.history == history:
        return model
    config = copy.copy(model.config)
    config.history = history
    view, body = copy.copy(model), copy.copy(model.model)
    view.config = body.config = config
    # A shallow copy shares its dictionary of modules with the original; only the body is another one here.
    object.__setattr__(view, "_modules", {**model._modules, "model": body})
    return view


def following(processor: Processor, model: PreTrainedModel) -> Processor:
    """A processor that makes what a model expects; itself where it does already."""
    made = copy.copy(processor)
    made.follow(model.config)
    return processor if vars(made) == vars(processor) else made


__all__ = ["following", "in_history_mode"]
