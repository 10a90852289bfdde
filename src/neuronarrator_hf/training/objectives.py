"""Losses of the training that the model does not bring: alignment with its accuracy, robust presence."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F

from ..models.contrastive import contrastive_loss
from ..models.finding_targets import ATTRIBUTES
from ..models.modeling_heads import finding_losses


def alignment_loss(
    waveform: torch.Tensor,
    topomap: torch.Tensor,
    logit_scale: torch.Tensor,
    recordings: torch.Tensor | None = None,
    hard_weight: float = 1.0,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Symmetric InfoNCE over all windows of all processes, and the share ranked first in this batch.

    The negatives of a window are the other windows of its recording, which share its amplifier and
    most of its signal, and those of the other recordings of the batch.

    Args:
        waveform: `(n, dim)` embeddings of waveforms.
        topomap: `(n, dim)` embeddings of the maps of the same windows.
        logit_scale: Inverse temperature.
        recordings: `(n,)` which recording each window is of.
        hard_weight: Weight of negatives of the same recording (see `models.contrastive`).
    """
    waveform, topomap = F.normalize(waveform.float(), dim=-1), F.normalize(topomap.float(), dim=-1)
    loss = contrastive_loss(
        waveform, topomap, logit_scale.float(), gather=True, recordings=recordings, hard_weight=hard_weight
    )
    with torch.no_grad():
        ranked_first = (waveform @ topomap.T).argmax(-1) == torch.arange(
            len(waveform), device=waveform.device
        )
    return loss, ranked_first.float().mean()


def head_losses(
    logits: Mapping[str, torch.Tensor],
    targets: Mapping[str, torch.Tensor],
    known: torch.Tensor,
    *,
    smoothing: float = 0.0,
    focal_gamma: float = 0.0,
    positive_weight: torch.Tensor | None = None,
) -> dict[str, torch.Tensor]:
    """Presence and attribute losses of windows along the first axis.

    Args:
        logits: Head outputs: `presence` `(n, n_findings)`, attributes `(n, n_findings, size)`.
        targets: Of the same shapes, see `models.finding_targets.encode_claims`.
        known: `(n, n_findings)` bool, findings whose presence is known. Windows of which not all is
            known are weakly labelled and teach no attribute.
        smoothing: Presence targets are drawn this far toward 1/2.
        focal_gamma: Exponent of the focal loss; 0 is plain cross-entropy.
        positive_weight: `(n_findings,)` weights of positive targets.

    Returns:
        `presence` and `attributes`.
    """
    presence, true = logits["presence"].float(), targets["presence"].float()
    weight = targets["assessed"].float() * known
    soft = true * (1 - smoothing) + 0.5 * smoothing
    loss = F.binary_cross_entropy_with_logits(presence, soft, pos_weight=positive_weight, reduction="none")
    if focal_gamma:
        loss = loss * (true - presence.sigmoid()).abs().detach() ** focal_gamma
    each = finding_losses(logits, targets, mask=known.all(-1))
    return {
        "presence": (loss * weight).sum() / weight.sum().clamp_min(1),
        "attributes": torch.stack([each[name] for name in ATTRIBUTES]).sum(),
    }


def positive_weights(presence: torch.Tensor, largest: float) -> torch.Tensor:
    """Weights `(n_findings,)` of positives from how often each occurs in `(n, n_findings)` targets."""
    share = presence.float().mean(0).clamp(1e-3, 1 - 1e-3)
    return ((1 - share) / share).sqrt().clamp(1.0, largest)


def soften(targets: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """True findings as uncertain as a head would put them, so that their wording carries over to it.

    Present findings get 0.55 to 1, absent ones mostly little and at most 0.45; bins run into their
    neighbours, classes keep at least 0.65 of their weight. What is likelier than not stays the truth.

    Args:
        targets: `(n, n_findings[, size])`, see `models.finding_targets.encode_claims`.
    """
    soft = dict(targets)
    presence = targets["presence"]
    chance = torch.rand_like(presence)
    certain = torch.rand(len(presence), 1, device=presence.device)  # how sure the head is of this window
    soft["presence"] = torch.where(presence > 0.5, 1 - 0.45 * certain * chance, 0.45 * certain * chance**3)
    for name in ("frequency", "amplitude", "since"):
        values = targets[name]
        bins = values[..., 1:]
        share = 0.3 * torch.rand(*values.shape[:-1], 1, device=values.device)
        around = torch.nn.functional.pad(bins, (1, 1))
        blurred = (1 - 2 * share) * bins + share * (around[..., :-2] + around[..., 2:])
        soft[name] = torch.cat([values[..., :1], blurred], dim=-1)
    for name in ("side", "prevalence", "change"):
        values = targets[name]
        worded = values.sum(-1, keepdim=True)
        share = 0.35 * torch.rand(*values.shape[:-1], 1, device=values.device)
        soft[name] = (1 - share) * values + share * worded / values.shape[-1]
    for name in ("regions", "hedged"):
        values, share = targets[name], 0.4 * torch.rand_like(targets[name])
        soft[name] = (
            values * (1 - share) + (1 - values) * share * (targets["presence"] > 0.5)[..., None] * 0.5
        )
    return soft


def mismatch_loss(matched: torch.Tensor, mismatched: torch.Tensor, margin: float) -> torch.Tensor:
    """How far texts are from being `margin` less likely behind the EEG of another recording.

    The matched side gets no gradient: it has a loss of its own.

    Args:
        matched: `(n,)` negative log likelihood per token behind the own EEG.
        mismatched: `(n,)` behind another recording's.
        margin: Nats per token.
    """
    return F.relu(margin + matched.detach() - mismatched).mean()
