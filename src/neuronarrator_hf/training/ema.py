"""Averaged weights: what is scored and saved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


class WeightAverage:
    """Exponential moving average of a model's trained parameters.

    Of a sharded model every process averages its own part of each parameter.

    Args:
        model: Whose parameters are followed, as they are trained: sharded ones after they were.
        decay: Share of the average kept in a step; it starts small and rises to this. 0: nothing is kept.
    """

    def __init__(self, model: torch.nn.Module, decay: float) -> None:
        self.decay, self.n_updates = decay, 0
        self._parameters = [p for p in model.parameters() if p.requires_grad] if decay else []
        self._average = [p.detach().clone() for p in self._parameters]

    @torch.no_grad()
    def update(self) -> None:
        """Take in the present weights."""
        self.n_updates += 1
        decay = min(self.decay, (1 + self.n_updates) / (10 + self.n_updates))
        torch._foreach_lerp_(self._average, [p.detach() for p in self._parameters], 1 - decay)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The model with the averaged weights, for the time of a `with` block."""
        if not self.decay:
            yield
            return
        present = [p.detach().clone() for p in self._parameters]
        self._copy(self._average)
        try:
            yield
        finally:
            self._copy(present)

    @torch.no_grad()
    def _copy(self, values: list[torch.Tensor]) -> None:
        for parameter, value in zip(
            self._parameters, values, strict=True
        ):  # sharded ones have no copy of many
            parameter.copy_(value)

    def state_dict(self) -> dict:
        """What a checkpoint holds."""
        return {"n_updates": self.n_updates, "average": self._average}

    @torch.no_grad()
    def load_state_dict(self, state: dict) -> None:
        """Continue from a checkpoint."""
        if not self.decay:
            return
        self.n_updates = state["n_updates"]
        for average, value in zip(self._average, state["average"], strict=True):
            average.copy_(value)
