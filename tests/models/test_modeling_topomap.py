"""The topomap encoder, ours and a vision model of transformers."""

from __future__ import annotations

import pytest
import torch
from tiny_parts import make_model, tiny_config
from transformers import AutoModel, ViTConfig

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


TRANSFORMER = dict(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=32, patch_size=16)
VISION = {
    "ours": None,
    "vit": VIT.to_dict(),
    "resnet": RESNET,
    "dinov2": dict(model_type="dinov2", mlp_ratio=1, **TRANSFORMER),
    "clip": dict(model_type="clip_vision_model", intermediate_size=16, **TRANSFORMER),
    "siglip": dict(model_type="siglip_vision_model", intermediate_size=16, **TRANSFORMER),
    "swin": dict(
        model_type="swin", image_size=32, patch_size=4, embed_dim=8, depths=[1, 1], num_heads=[1, 2],
        window_size=4,
    ),
    "convnext": dict(model_type="convnext", hidden_sizes=[8, 16], depths=[1, 1], num_stages=2),
}  # fmt: skip


@pytest.mark.parametrize("vision", VISION.values(), ids=VISION.keys())
def test_shapes_and_round_trip(vision, tmp_path) -> None:
    torch.manual_seed(0)
    config = NeuroNarratorTopomapConfig(
        conv_channels=4, num_image_tokens=3, hidden_size=12, vision_config=vision
    )
    encoder = NeuroNarratorTopomapEncoder(config).eval()
    maps = torch.randn(5, 5, 32, 32)
    output = encoder(maps)
    assert output.last_hidden_state.shape == (5, 3, 12) and output.pooler_output.shape == (5, 12)
    assert (encoder(maps.flip(-1)).pooler_output - output.pooler_output).abs().max() > 1e-5
    encoder.save_pretrained(tmp_path)
    again = NeuroNarratorTopomapEncoder.from_pretrained(tmp_path)
    torch.testing.assert_close(again(maps).pooler_output, output.pooler_output, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("freeze", [True, False])
def test_a_frozen_vision_model_gets_no_gradient(freeze) -> None:
    config = NeuroNarratorTopomapConfig(vision_config=VIT.to_dict(), freeze_vision=freeze)
    encoder = NeuroNarratorTopomapEncoder(config)
    encoder(torch.randn(2, 5, 32, 32)).pooler_output.square().sum().backward()
    got = [p.grad is not None for name, p in encoder.named_parameters() if "vision_model.encoder" in name
           or "vision_model.layer" in name]  # fmt: skip
    assert got and all(g is not freeze for g in got)
    assert encoder.to_image.weight.grad.any()


def test_pretrained_weights_are_taken(tmp_path) -> None:
    torch.manual_seed(3)
    published = AutoModel.from_config(VIT)
    published.save_pretrained(tmp_path)
    encoder = NeuroNarratorTopomapEncoder(NeuroNarratorTopomapConfig(vision_config=VIT.to_dict()))
    encoder.load_vision_model(str(tmp_path))
    taken = encoder.vision_model.state_dict()
    assert all(torch.equal(value, taken[name]) for name, value in published.state_dict().items())


def test_loaded_weights_are_frozen_too(tmp_path) -> None:
    model, _ = make_model(tiny_config(topomap_config=dict(num_image_tokens=2, vision_config=VIT.to_dict())))
    model.save_pretrained(tmp_path)
    again = type(model).from_pretrained(tmp_path).train()
    vision = again.model.topomap_encoder.vision_model
    assert not any(p.requires_grad for p in vision.parameters()) and not vision.training
    encoder = again.model.topomap_encoder
    encoder.save_pretrained(tmp_path / "encoder")
    alone = NeuroNarratorTopomapEncoder.from_pretrained(tmp_path / "encoder")
    assert not any(p.requires_grad for p in alone.vision_model.parameters())
