"""The presets for pretrained parts run from end to end with tiny random parts in their place."""

from __future__ import annotations

import json

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoModel, AutoModelForCausalLM, PreTrainedTokenizerFast, Qwen3Config, ViTConfig

from neuronarrator_hf.training.arguments import load_arguments
from neuronarrator_hf.training.parts import load_parts, new_parts
from neuronarrator_hf.training.run import run

SMALL = (
    "threads=1",
    "dtype=float32",
    "data.num_workers=0",
    "data.n_windows=3",
    "data.held_out_recordings=2",
    *(f"stages.{s}.mixed_precision=no" for s in ("align", "narrate")),
    *(f"stages.{s}.batch_size=2" for s in ("align", "narrate")),
    "stages.narrate.accumulate=1",
)
WAVEFORM = "{conv_channels: 8, num_conv_layers: 1, row_size: 32, num_mixing_layers: 1, hidden_size: 48}"
BRIDGE = "{hidden_size: 32, num_layers: 1, num_heads: 2, d_state: 8}"


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory):
    """A language model, a vision model and a NeuroNarrator, as small as they come, in folders."""
    folder = tmp_path_factory.mktemp("pretrained")
    torch.manual_seed(1)
    words = ["<pad>", "<unk>", "</s>", "the", "eeg", "rhythm", "normal", "of", "hz", ".", ",", "and", "uv"]
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", unk_token="<unk>", eos_token="</s>"
    ).save_pretrained(folder / "qwen3")
    text = Qwen3Config(
        vocab_size=13, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=8, tie_word_embeddings=True, eos_token_id=2, pad_token_id=0,
    )  # fmt: skip
    AutoModelForCausalLM.from_config(text).save_pretrained(folder / "qwen3")
    vision = ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=48
    )
    AutoModel.from_config(vision).save_pretrained(folder / "vit")
    fresh = load_arguments("micro", [f"model.waveform_config={WAVEFORM}"])
    new_parts(fresh, ["the eeg is normal"] * 20).save(folder / "narrator")
    return folder


def paper(folder):
    """Its published EEG encoder is one of braindecode; ours, trained before, stands for it here."""
    return [
        *SMALL,
        f"model.language_model={folder / 'qwen3'}",
        f"model.vision_model={folder / 'vit'}",
        f"model.waveform_model={folder / 'narrator'}",
        "model.waveform_config={model_type: neuronarrator_waveform}",
        f"model.bridge_config={BRIDGE}",
        "stages.narrate.max_text_tokens=512",
    ]


def test_paper_takes_its_parts_from_pretrained_ones(pretrained):
    arguments = load_arguments("paper", paper(pretrained))
    parts = new_parts(arguments, [])
    config = parts.model.config
    assert (config.history, config.num_history_windows, config.num_finding_tokens) == ("prompt", 3, 0)
    prompt = parts.processor.prompt()
    assert prompt.count("<preceding_eeg>") == 3 and prompt.count("<eeg>") == prompt.count("<image>") == 1
    assert "Here are the previous EEG signals (without topographic map visualization):" in prompt
    kept = {
        "qwen3": (AutoModelForCausalLM, parts.model.language_model, 13),
        "vit": (AutoModel, parts.model.model.topomap_encoder.vision_model, None),
    }
    for name, (kind, module, rows) in kept.items():
        wanted = kind.from_pretrained(pretrained / name).state_dict()
        for key, value in module.state_dict().items():
            assert (
                torch.equal(value[:rows] if "embed_tokens" in key else value, wanted[key]) or "lm_head" in key
            )
    encoder = load_parts(pretrained / "narrator").model.model.waveform_encoder.state_dict()
    taken = parts.model.model.waveform_encoder.state_dict()
    assert all(torch.equal(encoder[key], taken[key]) for key in encoder)
    trained = {n for n, p in parts.model.model.named_parameters() if p.requires_grad}
    assert not any("vision_model" in n for n in trained) and any("waveform_encoder" in n for n in trained)


@pytest.mark.slow
def test_paper_from_end_to_end(pretrained, tmp_path):
    result = run(
        "all", "paper", runs=tmp_path, max_steps=2, overrides=paper(pretrained), out=tmp_path / "model"
    )
    assert result["stage"] == "narrate" and result["steps"] == 2
    assert not (tmp_path / "language").exists()
    before = load_parts(tmp_path / "align/final").model.state_dict()
    after = load_parts(tmp_path / "model").model.state_dict()
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert any("waveform_encoder" in n for n in moved) and not any("vision_model" in n for n in moved)
    assert any("q_proj" in n for n in moved) and not any("embed_tokens" in n for n in moved)
    course = (tmp_path / "narrate/log.jsonl").read_text()
    assert '"mismatch"' in course


@pytest.mark.slow
def test_qwen3_with_adapters_from_end_to_end(pretrained, tmp_path):
    overrides = [
        *SMALL,
        f"model.language_model={pretrained / 'qwen3'}",
        f"model.waveform_config={WAVEFORM}",
        f"model.bridge_config={BRIDGE}",
    ]
    run("align", "qwen3-lora", runs=tmp_path, max_steps=1, overrides=overrides)
    run("narrate", "qwen3-lora", runs=tmp_path, max_steps=2, overrides=overrides, out=tmp_path / "model")
    parts = load_parts(tmp_path / "model")
    assert parts.model.config.text_config.model_type == "qwen3" and parts.model.config.history == "ssm"
    assert not any("lora_" in name for name in parts.model.state_dict())
    stages = json.loads((tmp_path / "model/training.json").read_text())["stages"]
    assert [s["stage"] for s in stages] == ["align", "narrate"]


def test_no_concept_tokens_no_stage_language():
    with pytest.raises(ValueError, match="start with align"):
        run("language", "paper")


@pytest.mark.parametrize("name", ["small", "base"])
def test_sizes_are_as_wide_as_they_say(name):
    arguments = load_arguments(name)
    with torch.device("meta"):
        from neuronarrator_hf.models.configuration_neuronarrator import NeuroNarratorConfig
        from neuronarrator_hf.models.modeling_body import NeuroNarratorModel

        size = sum(p.numel() for p in NeuroNarratorModel(NeuroNarratorConfig(**arguments.model)).parameters())
    assert {"small": 2e6, "base": 1e7}[name] < size < {"small": 1e7, "base": 4e7}[name]
