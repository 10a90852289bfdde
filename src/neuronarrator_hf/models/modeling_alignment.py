"""Stage 1: waveform and topographic map in one space, like CLIP."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers.modeling_outputs import ModelOutput

from .configuration_neuronarrator import NeuroNarratorConfig
from .contrastive import contrastive_loss
from .modeling_body import NeuroNarratorPreTrainedModel
from .modeling_topomap import NeuroNarratorTopomapEncoder
from .modeling_waveform import build_waveform_encoder

MAX_LOG_SCALE = 4.6052
"""Logarithm of 100: beyond it the loss no longer tells near misses apart (CLIP)."""


@dataclass
class AlignmentOutput(ModelOutput):
    """Output of `NeuroNarratorForContrastiveAlignment`.

    Attributes:
        loss: Symmetric InfoNCE over the windows of all processes.
        logits_per_eeg: `(n, n)` scaled similarities, waveforms along the first axis.
        logits_per_topomap: Its transpose.
        eeg_embeds: `(n, projection_dim)`, unit length.
        topomap_embeds: `(n, projection_dim)`, unit length.
    """

    loss: Tensor | None = None
    logits_per_eeg: Tensor | None = None
    logits_per_topomap: Tensor | None = None
    eeg_embeds: Tensor | None = None
    topomap_embeds: Tensor | None = None


class NeuroNarratorForContrastiveAlignment(NeuroNarratorPreTrainedModel):
    """Waveform encoder ∥ topomap encoder > projections > cosine similarity with learned temperature.

    The towers have the names they have in `NeuroNarratorModel`, so that either loads the other's weights.
    """

    base_model_prefix = "model"

    def __init__(self, config: NeuroNarratorConfig):
        super().__init__(config)
        self.model = nn.Module()
        self.model.waveform_encoder = build_waveform_encoder(config.waveform_config)
        self.model.topomap_encoder = NeuroNarratorTopomapEncoder(config.topomap_config)
        self.eeg_projection = nn.Linear(config.waveform_config.hidden_size, config.projection_dim, bias=False)
        self.topomap_projection = nn.Linear(
            config.topomap_config.hidden_size, config.projection_dim, bias=False
        )
        self.logit_scale = nn.Parameter(torch.tensor(float(config.logit_scale_init_value)))
        self.post_init()

    def get_eeg_features(
        self,
        eeg_values: Tensor,
        channel_positions: Tensor,
        channel_mask: Tensor | None = None,
        spectral_values: Tensor | None = None,
    ) -> Tensor:
        """`(batch * n_windows, projection_dim)` unit vectors of waveforms; arguments as of the encoder."""
        pooled = self.model.waveform_encoder(
            eeg_values=eeg_values,
            channel_positions=channel_positions,
            channel_mask=channel_mask,
            spectral_values=spectral_values,
        ).pooler_output
        return F.normalize(self.eeg_projection(pooled), dim=-1)

    def get_topomap_features(self, topomap_values: Tensor) -> Tensor:
        """`(batch * n_windows, projection_dim)` unit vectors of maps.

        Args:
            topomap_values: `(batch, n_windows, n_bands, size, size)`.
        """
        pooled = self.model.topomap_encoder(topomap_values=topomap_values.flatten(0, 1)).pooler_output
        return F.normalize(self.topomap_projection(pooled), dim=-1)

    def forward(
        self,
        eeg_values: Tensor,
        channel_positions: Tensor,
        topomap_values: Tensor,
        channel_mask: Tensor | None = None,
        window_mask: Tensor | None = None,
        spectral_values: Tensor | None = None,
        return_loss: bool = True,
        **kwargs,
    ) -> AlignmentOutput:
        """Similarities of all windows with all maps, padding left out; see the encoders for the arguments."""
        eeg_embeds = self.get_eeg_features(eeg_values, channel_positions, channel_mask, spectral_values)
        topomap_embeds = self.get_topomap_features(topomap_values)
        if window_mask is not None:
            kept = window_mask.bool().flatten()
            eeg_embeds, topomap_embeds = eeg_embeds[kept], topomap_embeds[kept]
        scale = self.logit_scale.clamp(max=MAX_LOG_SCALE).exp()
        logits = scale * eeg_embeds @ topomap_embeds.T
        loss = contrastive_loss(eeg_embeds, topomap_embeds, scale, gather=True) if return_loss else None
        return AlignmentOutput(
            loss=loss,
            logits_per_eeg=logits,
            logits_per_topomap=logits.T,
            eeg_embeds=eeg_embeds,
            topomap_embeds=topomap_embeds,
        )


__all__ = ["AlignmentOutput", "NeuroNarratorForContrastiveAlignment"]
