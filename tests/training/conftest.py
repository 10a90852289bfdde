"""A miniature run: small budgets, few recordings, a narrow model."""

from __future__ import annotations

import pytest

MINIATURE = (
    "vocab_size=700",
    "threads=1",
    "data.n_windows=3",
    "data.num_workers=0",
    "data.cache_recordings=8",
    "data.cache_processes=1",
    "data.held_out_recordings=4",
    "data.augment=false",
    "data.variety_share=0.0",
    "model.finding_hidden_size=32",
    "model.waveform_config={conv_channels: 8, num_conv_layers: 1, row_size: 32, num_mixing_layers: 1, "
    "hidden_size: 64}",
    "model.topomap_config={conv_channels: 8, hidden_size: 32}",
    "model.bridge_config={hidden_size: 32, num_layers: 1, num_heads: 2, d_state: 8}",
    "model.text_config={model_type: llama, hidden_size: 64, intermediate_size: 128, num_hidden_layers: 2, "
    "num_attention_heads: 2, num_key_value_heads: 2, tie_word_embeddings: true}",
    "stages.language.batch_size=8",
    "stages.align.batch_size=4",
    "stages.narrate.batch_size=4",
)


@pytest.fixture(scope="session")
def miniature(tmp_path_factory):
    """Overrides of a miniature run with a cache shared by the session."""
    cache = tmp_path_factory.mktemp("cache")
    return [*MINIATURE, f"data.cache_dir={cache}"]
