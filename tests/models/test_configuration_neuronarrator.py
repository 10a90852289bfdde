"""Configurations: round trips, derived numbers, shipped presets."""

from __future__ import annotations

from importlib import resources

import pytest
import torch
import yaml
from tiny_parts import tiny_config
from transformers import AutoConfig

import neuronarrator_hf.auto  # noqa: F401
from neuronarrator_hf.findings.vocabulary import FINDING_IDS
from neuronarrator_hf.models.configuration_neuronarrator import NeuroNarratorConfig
from neuronarrator_hf.models.modeling_neuronarrator import NeuroNarratorForConditionalGeneration
from neuronarrator_hf.training.parts import PRETRAINED_PARTS

PRESETS = sorted(resources.files("neuronarrator_hf").joinpath("configs").glob("*.yaml"))


def test_round_trip(tmp_path) -> None:
    config = tiny_config("qwen3", history="prompt", eeg_token_id=7)
    config.save_pretrained(tmp_path)
    loaded = AutoConfig.from_pretrained(tmp_path)
    assert isinstance(loaded, NeuroNarratorConfig)
    a, b = config.to_dict(), loaded.to_dict()
    ignored = {"_name_or_path", "transformers_version", "architectures"}
    assert {k: v for k, v in a.items() if k not in ignored} == {
        k: v for k, v in b.items() if k not in ignored
    }


def test_derived_numbers() -> None:
    assert tiny_config().num_window_tokens == 2 + (3 + 4) + 2
    assert tiny_config(history="prompt").num_window_tokens == 3 * 3 + (3 + 4) + 2
    assert tiny_config(history="none", use_topomap=False).num_window_tokens == 3 + 4
    assert tuple(tiny_config().id2label.values()) == FINDING_IDS


def test_bad_values_are_told() -> None:
    with pytest.raises(ValueError, match="history='rnn'; expected one of ssm, prompt, none"):
        tiny_config(history="rnn")
    with pytest.raises(ValueError, match="num_finding_tokens=1; expected 0 or at least 2"):
        tiny_config(num_finding_tokens=1)


def test_the_pipeline_named_in_a_checkpoint_does_not_shadow_ours() -> None:
    config = NeuroNarratorConfig(custom_pipelines={"eeg-to-text": {"impl": "x.Y"}})
    assert not hasattr(config, "custom_pipelines")


def declared(config_class) -> set[str]:
    return set(config_class.__dataclass_fields__) | {"model_type"}


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_every_key_of_a_shipped_preset_is_declared(path) -> None:
    """Configurations of transformers swallow a misspelt key without a word."""
    model = yaml.safe_load(path.read_text(encoding="utf-8")).get("model") or {}
    model = {name: value for name, value in model.items() if name not in PRETRAINED_PARTS}
    config = NeuroNarratorConfig(**model)
    assert set(model) <= declared(NeuroNarratorConfig)
    for name in ("text_config", "waveform_config", "topomap_config", "bridge_config"):
        assert set(model.get(name) or {}) <= declared(type(getattr(config, name))), name


def test_the_tiny_preset_stays_under_its_size() -> None:
    path = resources.files("neuronarrator_hf").joinpath("configs", "tiny.yaml")
    config = NeuroNarratorConfig(**yaml.safe_load(path.read_text(encoding="utf-8"))["model"])
    with torch.device("meta"):
        model = NeuroNarratorForConditionalGeneration(config)
    n_bytes = 4 * sum(p.numel() for p in [*model.parameters(), *model.buffers()])
    assert sum(p.numel() for p in model.parameters()) < 3.9e6 and n_bytes < 15.9e6  # a file may have 16 MB
