"""Tiny random parts of every kind."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from neuronarrator_hf.findings.schema import Change, Claim
from neuronarrator_hf.models.configuration_neuronarrator import NeuroNarratorConfig
from neuronarrator_hf.models.feature_extraction_neuronarrator import NeuroNarratorFeatureExtractor
from neuronarrator_hf.models.finding_targets import encode_claims, stack_targets
from neuronarrator_hf.models.initial_weights import Closed
from neuronarrator_hf.models.modeling_neuronarrator import NeuroNarratorForConditionalGeneration
from neuronarrator_hf.models.processing_neuronarrator import PLACEHOLDERS, NeuroNarratorProcessor

TEXT_CONFIGS = {
    "llama": dict(
        model_type="llama", hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, vocab_size=99, max_position_embeddings=256, tie_word_embeddings=True,
    ),
    "qwen3": dict(
        model_type="qwen3", hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=8, vocab_size=99, max_position_embeddings=256,
        tie_word_embeddings=True,
    ),
    "gpt2": dict(model_type="gpt2", n_embd=32, n_layer=2, n_head=4, vocab_size=99, n_positions=256),
}  # fmt: skip


def tiny_config(text: str = "llama", **changes) -> NeuroNarratorConfig:
    values = dict(
        text_config={**TEXT_CONFIGS[text], "pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3},
        waveform_config=dict(
            conv_channels=8, num_conv_layers=1, row_size=16, num_mixing_layers=1, num_attention_heads=2,
            num_eeg_tokens=3, hidden_size=24,
        ),
        topomap_config=dict(conv_channels=4, num_image_tokens=2, hidden_size=12),
        bridge_config=dict(hidden_size=16, num_layers=2, num_heads=2, d_state=4, num_history_tokens=2),
        num_finding_tokens=4,
        finding_hidden_size=16,
        projection_dim=8,
    )  # fmt: skip
    return NeuroNarratorConfig(**{**values, **changes})


def make_tokenizer() -> PreTrainedTokenizerFast:
    words = ["<pad>", "<unk>", "<s>", "</s>", *PLACEHOLDERS, "describe", "normal", "alpha", "rhythm", "."]
    vocabulary = {word: i for i, word in enumerate([*words, *(f"w{i}" for i in range(80))])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", unk_token="<unk>", bos_token="<s>", eos_token="</s>",
        additional_special_tokens=list(PLACEHOLDERS), padding_side="left",
    )  # fmt: skip


def make_model(config: NeuroNarratorConfig, seed: int = 0):
    """A model in evaluation mode with its processor."""
    torch.manual_seed(seed)
    processor = NeuroNarratorProcessor.for_config(config, NeuroNarratorFeatureExtractor(), make_tokenizer())
    model = NeuroNarratorForConditionalGeneration(config).eval()
    open_closed(model)
    return model, processor


def open_closed(model: torch.nn.Module) -> None:
    """Give layers that start at zero small weights: nothing behind them would be tested else."""
    for module in model.modules():
        if isinstance(module, Closed):
            torch.nn.init.normal_(module.weight, std=0.1)


def make_inputs(batch_size: int = 2, n_windows: int = 3, seed: int = 0) -> dict[str, torch.Tensor]:
    """Smooth random windows at the 19 sites."""
    return {name: value.clone() for name, value in _make_inputs(batch_size, n_windows, seed).items()}


@lru_cache
def _make_inputs(batch_size: int, n_windows: int, seed: int) -> dict[str, torch.Tensor]:
    rng = np.random.default_rng(seed)
    eeg_uv = rng.standard_normal((batch_size, n_windows, 19, 2000), dtype=np.float32).cumsum(-1)
    eeg_uv -= eeg_uv.mean(-1, keepdims=True)
    inputs = NeuroNarratorFeatureExtractor().from_sites(eeg_uv)
    return {name: torch.from_numpy(np.array(values)) for name, values in inputs.items()}


def make_targets(batch_size: int = 2, n_windows: int = 3) -> dict[str, torch.Tensor]:
    claims = [
        Claim("posterior_dominant_rhythm", side="bilateral", frequency_hz=(9, 10), amplitude_uv=(30, 50)),
        Claim("lpd", side="left", regions=("temporal",), frequency_hz=(1, 1), change=Change("faster", 60.0)),
    ]
    targets = stack_targets([encode_claims(claims), encode_claims(claims[:1])] * batch_size * n_windows)
    return {
        name: t[: batch_size * n_windows].unflatten(0, (batch_size, n_windows)) for name, t in targets.items()
    }


def prompts(processor, batch_size: int, *more: str) -> dict[str, torch.Tensor]:
    texts = [processor.prompt("describe") + " " + " ".join(more)] * batch_size
    return dict(processor(text=texts, return_tensors="pt"))
