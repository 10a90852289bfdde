"""A model of a few hundred thousand random weights with a real tokenizer: what it says means nothing."""

from __future__ import annotations

from pathlib import Path

import torch
from tiny_parts import tiny_config

from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.findings.write import write_segment
from neuronarrator_hf.models.feature_extraction_neuronarrator import NeuroNarratorFeatureExtractor
from neuronarrator_hf.models.modeling_neuronarrator import NeuroNarratorForConditionalGeneration
from neuronarrator_hf.models.processing_neuronarrator import (
    CURRENT_INSTRUCTION,
    HISTORY_INSTRUCTION,
    TASK_INSTRUCTION,
    NeuroNarratorProcessor,
)
from neuronarrator_hf.training.tokenizer import train_tokenizer


def make_tiny() -> tuple[NeuroNarratorForConditionalGeneration, NeuroNarratorProcessor]:
    """Model and processor, the same at every call."""
    texts = [HISTORY_INSTRUCTION, CURRENT_INSTRUCTION, TASK_INSTRUCTION] * 3
    for hz in range(5, 13):
        claims = [Claim("posterior_dominant_rhythm", frequency_hz=(hz, hz)), Claim("spikes", "absent")]
        texts += [write_segment(claims, seed=hz)] * 3
    tokenizer = train_tokenizer(texts, vocab_size=450)
    ids = {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in ("pad", "bos", "eos")}
    text_config = dict(
        model_type="llama", vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64,
        num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=1, **ids,
    )  # fmt: skip
    config = tiny_config(text_config=text_config)
    config.bridge_config.num_layers = 1
    torch.manual_seed(0)
    processor = NeuroNarratorProcessor.for_config(config, NeuroNarratorFeatureExtractor(), tokenizer)
    model = NeuroNarratorForConditionalGeneration(config).eval()
    model.generation_config.max_new_tokens = 12
    return model, processor


def save_tiny(folder: Path) -> Path:
    """The same in a folder."""
    model, processor = make_tiny()
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder
