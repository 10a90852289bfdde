"""Numbers of a finding as waves of several periods, from which a language model can read off digits.

A share of a bin tells a value only through a sum over many weights. The sine and cosine of the value
at a period of 1 tell its decimals, at 10 its last digit, at 100 the one before: each digit is then a
direction of the token.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from .finding_targets import AMPLITUDE_BINS_UV, FREQUENCY_BINS_HZ

_NUMBERS: tuple[tuple[str, np.ndarray, Sequence[float]], ...] = (
    ("frequency", FREQUENCY_BINS_HZ, (1.0, 2.0, 5.0, 10.0, 20.0, 40.0)),
    ("amplitude", AMPLITUDE_BINS_UV, (10.0, 20.0, 50.0, 100.0, 200.0, 400.0)),
)
_TOP_MODE_BINS = 2
NUM_NUMBER_FEATURES = sum(1 + 2 * len(periods) for _, _, periods in _NUMBERS)
"""Per number its logarithm and a sine and cosine per period."""


def number_features(concepts: Mapping[str, Tensor]) -> Tensor:
    """`(..., NUM_NUMBER_FEATURES)` of concepts `(..., 1 + n_bins)`; zero where no value is worded."""
    features = []
    for name, bins, periods in _NUMBERS:
        worded = concepts[name][..., 1:].sum(-1, keepdim=True)
        value = top_mode_value(concepts[name], bins)
        waves = 2 * math.pi * value / torch.as_tensor(periods, dtype=value.dtype, device=value.device)
        features.append(worded * torch.cat([value.log(), waves.sin(), waves.cos()], dim=-1))
    return torch.cat(features, dim=-1)


def top_mode_value(probabilities: Tensor, bins: np.ndarray) -> Tensor:
    """Geometric expectation over the highest mode, `(..., 1)`: the best bin and its neighbours.

    Args:
        probabilities: `(..., 1 + n_bins)`; index 0 is "no value".
        bins: Centres of the bins.
    """
    shares = probabilities[..., 1:].float()
    log_bins = torch.as_tensor(np.log(bins), dtype=shares.dtype, device=shares.device)
    distance = torch.arange(len(bins), device=shares.device) - shares.argmax(-1, keepdim=True)
    near = shares * (distance.abs() <= _TOP_MODE_BINS)
    mean = (near * log_bins).sum(-1, keepdim=True) / near.sum(-1, keepdim=True).clamp_min(1e-6)
    return mean.exp().to(probabilities.dtype)


__all__ = ["NUM_NUMBER_FEATURES", "number_features"]
