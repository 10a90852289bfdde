"""The contrastive loss as a pure function, and the gathering of embeddings over processes."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F


def contrastive_loss(
    eeg_embeds: Tensor,
    topomap_embeds: Tensor,
    logit_scale: Tensor,
    gather: bool = False,
    recordings: Tensor | None = None,
    hard_weight: float = 1.0,
) -> Tensor:
    """Symmetric InfoNCE (CLIP): the other windows of the batch are the negatives.

    Args:
        eeg_embeds: `(batch, dim)`, unit length.
        topomap_embeds: `(batch, dim)`, unit length, row by row of the same windows.
        logit_scale: Scalar inverse temperature (already exponentiated).
        gather: Take negatives from all processes, with gradient. Every process then returns the loss of
            its own rows; the mean over processes is the loss of the joint batch.
        recordings: `(batch,)` integers, which recording each window is of; with `gather`, recordings
            of other processes count as others whatever their numbers.
        hard_weight: How often a negative of the same recording counts: it shares amplifier, reference
            and most of the signal, so that nothing but the window itself tells it apart.
    """
    all_eeg, all_topomaps, offset = eeg_embeds, topomap_embeds, 0
    if gather:
        all_eeg, all_topomaps = gather_with_gradient(eeg_embeds), gather_with_gradient(topomap_embeds)
        offset = len(eeg_embeds) * _rank()
    targets = torch.arange(len(eeg_embeds), device=eeg_embeds.device) + offset
    to_topomaps = logit_scale * eeg_embeds.float() @ all_topomaps.float().T
    to_eeg = logit_scale * topomap_embeds.float() @ all_eeg.float().T
    if recordings is not None and hard_weight != 1.0:
        extra = to_topomaps.new_zeros(to_topomaps.shape)
        own = extra[:, offset : offset + len(recordings)]
        own[recordings[:, None] == recordings] = math.log(hard_weight)
        own.fill_diagonal_(0.0)
        to_topomaps, to_eeg = to_topomaps + extra, to_eeg + extra
    return (F.cross_entropy(to_topomaps, targets) + F.cross_entropy(to_eeg, targets)) / 2


def gather_with_gradient(values: Tensor) -> Tensor:
    """Rows of all processes, in the order of their ranks; the gradient flows back to where they came from."""
    if not _is_distributed():
        return values
    from torch.distributed.nn.functional import all_gather

    return torch.cat(all_gather(values.contiguous()))


def _is_distributed() -> bool:
    distributed = torch.distributed
    return distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1


def _rank() -> int:
    return torch.distributed.get_rank() if _is_distributed() else 0


__all__ = ["contrastive_loss", "gather_with_gradient"]
