"""What happens at one instant over the head: fields of short events, and whether sides fire together."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .initial_weights import ClosedLayerNorm
from .modeling_sites import NUM_ROWS

EVENT_SIZE = 96
EVENT_EVIDENCE_SIZE = 3 * EVENT_SIZE
_KINDS = 12
_REACH = (1, 3, 9)
"""Frames to both sides that each layer looks at."""


class EventFields(nn.Module):
    """Frames of all rows at once to events of the head, then maximum, mean and spread over time.

    Where each row is summed up over time before rows are mixed, nothing tells whether two electrodes were
    sharp at the same moment: a spike with a field from a popping electrode, bilateral synchronous from
    independent discharges. Here every frame has a state of its own from what each row shows in it and from
    the row that shows most.
    """

    def __init__(self, frame_size: int):
        super().__init__()
        self.kinds = nn.Linear(frame_size, _KINDS)
        self.field = nn.Linear((NUM_ROWS + 1) * _KINDS, EVENT_SIZE)
        self.norm = nn.LayerNorm(EVENT_SIZE)
        self.layers = nn.ModuleList(nn.Linear(EVENT_SIZE, EVENT_SIZE) for _ in _REACH)
        self.norms = nn.ModuleList(ClosedLayerNorm(EVENT_SIZE) for _ in _REACH)

    def forward(self, frames: Tensor, row_mask: Tensor) -> Tensor:
        """`(batch, EVENT_EVIDENCE_SIZE)`.

        Args:
            frames: `(batch, NUM_ROWS, n_frames, frame_size)`, see `RowConvolutions`.
            row_mask: `(batch, NUM_ROWS)` bool, rows that count.
        """
        shown = F.gelu(self.kinds(frames)) * row_mask[:, :, None, None]
        rows = shown.permute(0, 2, 1, 3).flatten(2)  # b t (r k)
        hidden = F.gelu(self.norm(self.field(torch.cat([rows, shown.amax(1)], dim=-1))))
        for layer, norm, reach in zip(self.layers, self.norms, _REACH, strict=True):
            hidden = hidden + F.gelu(norm(layer(shifted(hidden, reach))))
        mean = hidden.mean(-2)
        spread = (hidden.square().mean(-2) - mean.square()).clamp_min(1e-5).sqrt()
        return torch.cat([hidden.amax(-2), mean, spread], dim=-1)


def shifted(hidden: Tensor, n: int) -> Tensor:
    """`(..., n_times, channels)`: the first third of the channels `n` steps late, the last third early."""
    third = hidden.shape[-1] // 3
    # The gradient of a split is one copy, that of three slices three tensors of zeros and two sums.
    late, middle, early = hidden.split([third, hidden.shape[-1] - 2 * third, third], dim=-1)
    return torch.cat([F.pad(late, (0, 0, n, -n)), middle, F.pad(early, (0, 0, -n, n))], dim=-1)


__all__ = ["EVENT_EVIDENCE_SIZE", "EVENT_SIZE", "EventFields", "shifted"]
