"""Stage 1: waveform and topographic map in one space, like CLIP."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F
from transformers.modeling_outputs import ModelOutput
from transformers.utils import cached_file

from .configuration_neuronarrator import NeuroNarratorConfig
from .contrastive import contrastive_loss
from .modeling_body import NeuroNarratorPreTrainedModel
from .modeling_topomap import NeuroNarratorTopomapEncoder
from .modeling_waveform import build_waveform_encoder

ALIGNMENT_NAME = "alignment.safetensors"
"""File beside the weights of a narrator with the projections and the temperature of stage `align`."""
_WHERE = ("cache_dir", "force_download", "local_files_only", "revision", "subfolder", "token")
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

    The towers have the names they have in `NeuroNarratorModel`, so that either loads the other's weights. A
    narrator's folder has the projections in a file of their own, which is read too.
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

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path, *args, **kwargs):
        """As of transformers; from a narrator's folder also the projections beside its weights."""
        loaded = super().from_pretrained(pretrained_model_name_or_path, *args, **kwargs)
        where = {name: kwargs[name] for name in _WHERE if name in kwargs}
        path = find_projections(pretrained_model_name_or_path, **where)
        if path is not None:
            model = loaded[0] if isinstance(loaded, tuple) else loaded  # output_loading_info=True
            model.load_state_dict(load_file(path), strict=False)
        return loaded

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


def find_projections(name_or_dir: str | Path, **where) -> str | None:
    """Path of the projections beside a narrator's weights, downloaded where it must be; None without them.

    Args:
        name_or_dir: Folder or repository.
        where: `revision`, `cache_dir` and the like, as of `from_pretrained`.
    """
    return cached_file(
        name_or_dir, ALIGNMENT_NAME, _raise_exceptions_for_missing_entries=False,
        _raise_exceptions_for_connection_errors=False, **where,
    )  # fmt: skip


__all__ = [
    "ALIGNMENT_NAME",
    "AlignmentOutput",
    "NeuroNarratorForContrastiveAlignment",
    "find_projections",
]
