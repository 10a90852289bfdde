"""Topomap encoder: maps of band power to soft tokens and one embedding."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AutoModel, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPooling

from .configuration_neuronarrator import NeuroNarratorTopomapConfig
from .initial_weights import init_by_fan_in


class NeuroNarratorTopomapEncoder(PreTrainedModel):
    """Three strided convolutions (or a vision model of transformers) > average pooling > tokens."""

    config_class = NeuroNarratorTopomapConfig
    config: NeuroNarratorTopomapConfig
    base_model_prefix = "topomap_encoder"
    main_input_name = "topomap_values"
    input_modalities = ("image",)
    supports_gradient_checkpointing = True
    _supports_sdpa = True
    _supports_flash_attn = True

    def __init__(self, config: NeuroNarratorTopomapConfig):
        super().__init__(config)
        if config.vision_config is None:
            width = config.conv_channels
            widths = (config.n_bands, width, 2 * width, 4 * width)
            self.convolutions = nn.ModuleList(
                nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in pairwise(widths)
            )
            feature_size = widths[-1]
        else:
            vision = config.vision_config
            self.to_image = nn.Conv2d(config.n_bands, getattr(vision, "num_channels", 3), 1)
            self.vision_model = AutoModel.from_config(vision)
            # Convolutional models have a width per stage.
            feature_size = getattr(vision, "hidden_size", None) or vision.hidden_sizes[-1]
        self.token_out = nn.Linear(feature_size, config.hidden_size)
        self.token_norm = nn.LayerNorm(config.hidden_size)
        self.post_init()
        self.keep_frozen()

    @classmethod
    def from_pretrained(cls, *args, **kwargs):
        """As of transformers; what is frozen stays so."""
        loaded = super().from_pretrained(*args, **kwargs)
        (loaded[0] if isinstance(loaded, tuple) else loaded).keep_frozen()
        return loaded

    def keep_frozen(self) -> None:
        """Freeze the vision model where the configuration says so; loading weights forgets it."""
        if self._is_frozen:
            self.vision_model.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> NeuroNarratorTopomapEncoder:
        """As of torch; a frozen vision model drops nothing out."""
        super().train(mode)
        if self._is_frozen:
            self.vision_model.eval()
        return self

    @property
    def _is_frozen(self) -> bool:
        return self.config.vision_config is not None and self.config.freeze_vision

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        init_by_fan_in(self, module)

    def load_vision_model(self, name_or_path: str) -> None:
        """Take the weights of the vision model from a pretrained one of the same configuration."""
        pretrained = AutoModel.from_pretrained(name_or_path, dtype=self.token_out.weight.dtype)
        self.vision_model.load_state_dict(pretrained.state_dict())

    def forward(self, topomap_values: Tensor, **kwargs) -> BaseModelOutputWithPooling:
        """Encode maps.

        Args:
            topomap_values: `(batch, n_bands, map_size, map_size)`.
            **kwargs: Ignored.

        Returns:
            `last_hidden_state` `(batch, num_image_tokens, hidden_size)`, `pooler_output`
            `(batch, hidden_size)`.
        """
        values = topomap_values.to(self.token_out.weight.dtype)
        if self.config.vision_config is None:
            for convolution in self.convolutions:
                values = F.gelu(convolution(values))
            features = values.flatten(2)
        else:
            image = self.to_image(values)
            size = getattr(self.config.vision_config, "image_size", None) or image.shape[-1]
            image = F.interpolate(image, size=size, mode="bilinear", align_corners=False)
            features = self.vision_model(pixel_values=image).last_hidden_state
            # Convolutional models keep the map, transformers the sequence.
            features = features.flatten(2) if features.ndim == 4 else features.transpose(1, 2)
        features = F.adaptive_avg_pool1d(features, self.config.num_image_tokens).transpose(1, 2)
        tokens = self.token_norm(self.token_out(features))
        return BaseModelOutputWithPooling(last_hidden_state=tokens, pooler_output=tokens.mean(1))


__all__ = ["NeuroNarratorTopomapEncoder"]
