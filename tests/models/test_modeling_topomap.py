"""The topomap encoder, ours and a vision model of transformers."""

from __future__ import annotations

import pytest
import torch
from transformers import ViTConfig

from neuronarrator_hf.models.configuration_neuronarrator import NeuroNarratorTopomapConfig
from neuronarrator_hf.models.modeling_topomap import NeuroNarratorTopomapEncoder

VIT = ViTConfig(
    hidden_size=16,
    num_hidden_layers=1,
    num_attention_heads=2,
    intermediate_size=16,
    image_size=48,
    patch_size=16,
)
RESNET = dict(
    model_type="resnet",
    embedding_size=8,
    hidden_sizes=[8, 16],
    depths=[1, 1],
    layer_type="basic",
    num_channels=3,
)


@pytest.mark.parametrize("vision", [None, VIT.to_dict(), RESNET], ids=["ours", "vit", "resnet"])
def test_shapes_and_round_trip(vision, tmp_path) -> None:
    torch.manual_seed(0)
    config = NeuroNarratorTopomapConfig(
        conv_channels=4, num_image_tokens=3, hidden_size=12, vision_config=vision
    )
    encoder = NeuroNarratorTopomapEncoder(config).eval()
    maps = torch.randn(5, 5, 32, 32)
    output = encoder(maps)
    assert output.last_hidden_state.shape == (5, 3, 12) and output.pooler_output.shape == (5, 12)
    encoder.save_pretrained(tmp_path)
    again = NeuroNarratorTopomapEncoder.from_pretrained(tmp_path)
    assert torch.equal(again(maps).pooler_output, output.pooler_output)


@pytest.mark.parametrize("freeze", [True, False])
def test_a_frozen_vision_model_gets_no_gradient(freeze) -> None:
    config = NeuroNarratorTopomapConfig(vision_config=VIT.to_dict(), freeze_vision=freeze)
    encoder = NeuroNarratorTopomapEncoder(config)
    encoder(torch.randn(2, 5, 32, 32)).pooler_output.square().sum().backward()
    got = [p.grad is not None for name, p in encoder.named_parameters() if "vision_model.encoder" in name
           or "vision_model.layer" in name]  # fmt: skip
    assert got and all(g is not freeze for g in got)
    assert encoder.to_image.weight.grad.any()
