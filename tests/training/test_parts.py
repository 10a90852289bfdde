"""Parts loaded from a folder: grown, switched, and fed as the reader feeds them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from neuronarrator_hf.models.modeling_sites import SiteQuality
from neuronarrator_hf.training.arguments import load_arguments
from neuronarrator_hf.training.parts import load_parts, new_parts

GROWN = {"num_conv_layers": 3, "num_mixing_layers": 2, "use_site_quality": True}


@pytest.fixture(scope="module")
def narrow(tmp_path_factory):
    folder = tmp_path_factory.mktemp("narrow")
    run = load_arguments("micro", ["model.waveform_config.use_site_quality=false"])
    new_parts(run, ["Posterior dominant rhythm of 10 Hz, 40 uV."] * 50).save(folder)
    return folder


@pytest.fixture
def sequences() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 20, (2, 3, 19, 2000)).astype(np.float32)


def features(parts, eeg_uv, mask=None):
    mask = np.ones(eeg_uv.shape[:3], bool) if mask is None else mask
    parts.model.eval()
    with torch.no_grad():
        return parts.model.get_window_features(**parts.encode(eeg_uv, mask))


def test_a_grown_encoder_says_what_it_said(narrow, sequences) -> None:
    run = load_arguments("micro", [f"model.waveform_config.{k}={str(v).lower()}" for k, v in GROWN.items()])
    before, after = load_parts(narrow), load_parts(narrow, run)
    config = after.model.config.waveform_config
    assert {name: getattr(config, name) for name in GROWN} == GROWN
    sequences[0, 1, 4] = 0.0
    a, b = features(before, sequences), features(after, sequences)
    assert torch.equal(a.window_tokens, b.window_tokens)
    fresh = SiteQuality(200.0)  # the narrow folder holds no constants of what was added
    for name, constant in after.model.model.waveform_encoder.rows.quality.named_buffers():
        assert torch.equal(constant, fresh.get_buffer(name)), name
    # What was added learns: it has a gradient, and the layers behind it have one as soon as it moved.
    after.model.get_window_features(
        **after.encode(sequences, np.ones((2, 3, 19), bool))
    ).embeddings.square().sum().backward()
    encoder = after.model.model.waveform_encoder
    added = (
        encoder.convolutions.norms[2],
        encoder.mixing[1].out,
        encoder.silent_sites,
        encoder.quality_summary,
    )
    for layer in added:
        assert layer.weight.grad.abs().sum() > 0


def test_a_preset_with_fewer_layers_takes_none_away(narrow) -> None:
    run = load_arguments("micro", ["model.waveform_config.num_conv_layers=0"])
    assert load_parts(narrow, run).model.config.waveform_config.num_conv_layers == 1


def test_a_bridge_that_is_given_numbers_to_compare_says_what_it_said(narrow, sequences) -> None:
    run = load_arguments("micro", ["model.bridge_config.compare_numbers=true"])
    before, after = load_parts(narrow), load_parts(narrow, run)
    assert after.model.config.bridge_config.compare_numbers and after.model.model.number_summary is not None
    assert torch.equal(features(before, sequences).window_tokens, features(after, sequences).window_tokens)


def test_silent_and_missing_electrodes_are_told_apart(narrow, sequences) -> None:
    parts = load_parts(narrow)
    mask = np.ones((2, 3, 19), bool)
    mask[0, :, 7] = False  # no window has it: there is no such electrode
    sequences[0, :, 7] = 0.0
    sequences[1, 2, 4] = 0.0  # an electrode that records nothing
    inputs = parts.encode(sequences, mask)
    assert not inputs["channel_positions"][0, 7].any() and inputs["channel_positions"][1, 4].any()
    assert not inputs["channel_mask"][1, 2, 4] and inputs["channel_mask"][1, :2, 4].all()
    assert not inputs["channel_mask"][0, :, 7].any()
