"""Adapters: what is trained, what is saved, and that savings leave the model as it is."""

from __future__ import annotations

import pytest
import torch
from transformers import AutoModelForCausalLM, GPT2Config, Qwen3Config

from neuronarrator_hf.training.lora import add_adapters, has_adapters, merged_state_dict

CONFIGS = {
    "qwen3": Qwen3Config(
        vocab_size=50, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=8, tie_word_embeddings=True,
    ),
    "gpt2": GPT2Config(vocab_size=50, n_embd=32, n_layer=2, n_head=4, n_positions=64),
}  # fmt: skip


@pytest.mark.parametrize("family", CONFIGS)
def test_merged_weights_are_those_of_the_adapted_model(family):
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(CONFIGS[family]).eval()
    plain = {name: value.clone() for name, value in model.state_dict().items()}
    n_trained = add_adapters(model, {"rank": 4})
    trained = {name for name, p in model.named_parameters() if p.requires_grad}
    assert trained and all("lora_" in name for name in trained) and has_adapters(model)
    assert n_trained == sum(p.numel() for n, p in model.named_parameters() if n in trained)
    assert not any(name.startswith("lm_head") for name in trained)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.05)
    ids = torch.arange(12)[None]
    with torch.no_grad():
        adapted = model(ids).logits
    merged = merged_state_dict(model)
    assert merged.keys() == plain.keys()
    fresh = AutoModelForCausalLM.from_config(CONFIGS[family]).eval()
    fresh.load_state_dict(merged)
    with torch.no_grad():
        torch.testing.assert_close(fresh(ids).logits, adapted, atol=1e-5, rtol=1e-4)
        assert torch.equal(model(ids).logits, adapted)
        fresh.load_state_dict(plain)
        assert (fresh(ids).logits - adapted).abs().max() > 1e-3


def test_unknown_settings_are_refused():
    with pytest.raises(ValueError, match="lora: unknown ranks; known: alpha, dropout, rank, targets"):
        add_adapters(torch.nn.Linear(2, 2), {"ranks": 4})
