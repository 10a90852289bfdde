"""Numbers of the findings whose change is worded: what history is told of them, and how it is compared."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from ..findings.vocabulary import FINDING_IDS
from .finding_targets import applies
from .initial_weights import ClosedLinear
from .number_features import NUM_NUMBER_FEATURES, number_features

COMPARED = np.flatnonzero(applies("change")).tolist()
"""Places in `FINDING_IDS` of the findings of which the vocabulary words a change."""


def compared_numbers(concepts: Mapping[str, Tensor]) -> Tensor:
    """`(batch, n_compared, NUM_NUMBER_FEATURES)` frequency and amplitude as waves, faint where unlikely.

    Args:
        concepts: `presence` `(batch, n_findings)`, `frequency` and `amplitude` `(batch, n_findings, size)`.
    """
    numbers = number_features({name: concepts[name][:, COMPARED] for name in ("frequency", "amplitude")})
    return concepts["presence"][:, COMPARED, None] * numbers


class NumberComparison(nn.Module):
    """The numbers of a finding now beside what the history says they were.

    Waves of two values tell their difference through products: sin(a - b) = sin a cos b - cos a sin b. A
    layer that adds what was and what is has to find that out of many examples; here they are multiplied.
    """

    def __init__(self, history_size: int, size: int, num_products: int = 16):
        super().__init__()
        self.then = nn.Linear(history_size, len(COMPARED) * num_products)
        self.now = nn.Linear(NUM_NUMBER_FEATURES, num_products)
        self.out = ClosedLinear(3 * num_products, size)

    def forward(self, history: Tensor, numbers: Tensor) -> Tensor:
        """`(batch, n_findings, size)`, zero for findings that are not compared.

        Args:
            history: `(batch, history_size)`.
            numbers: Of the current window, see `compared_numbers`.
        """
        then = self.then(history).unflatten(-1, (len(COMPARED), -1))
        now = self.now(numbers.to(then.dtype))
        told = self.out(torch.cat([then, now, then * now], dim=-1))
        places = torch.as_tensor(COMPARED, device=told.device)
        return told.new_zeros(len(told), len(FINDING_IDS), told.shape[-1]).index_copy(1, places, told)


__all__ = ["COMPARED", "NumberComparison", "compared_numbers"]
