"""Lean steps of a Llama compute what its modules do, and are left where anything differs from a Llama."""

from __future__ import annotations

import pytest
import torch
from transformers import DynamicCache, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

from neuronarrator_hf.narration.steps import LlamaSteps, ModuleSteps, RoomyLayer, is_plain_llama

SIZES = {
    "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4,
    "vocab_size": 50, "max_position_embeddings": 64,
}  # fmt: skip


def llama(**changes) -> LlamaForCausalLM:
    """A Llama whose weights are large and whose norms scale, so that none of them is without effect."""
    torch.manual_seed(0)
    model = LlamaForCausalLM(LlamaConfig(**{**SIZES, **changes})).eval()
    with torch.no_grad():
        for name, values in model.named_parameters():
            values.copy_(torch.rand_like(values) + 0.5 if "norm" in name else torch.randn_like(values) / 4)
    return model


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"num_key_value_heads": 2},
        {"head_dim": 6, "num_key_value_heads": 1},
        {"tie_word_embeddings": True, "rms_norm_eps": 0.1},
        {"rope_parameters": {"rope_type": "default", "rope_theta": 50.0}},
    ],
    ids=str,
)
@torch.inference_mode()
def test_lean_steps_are_those_of_the_modules(changes: dict) -> None:
    model = llama(**changes)
    assert is_plain_llama(model)
    lean, plain = LlamaSteps(model, 5, 20), ModuleSteps(model)
    begin, rest, *single = torch.randn(5, 3, 32), torch.randn(5, 4, 32), *torch.randn(4, 5, 1, 32)

    def same(new: torch.Tensor) -> None:
        torch.testing.assert_close(lean(new), plain(new), rtol=1e-4, atol=1e-4)

    same(begin[:1])
    for steps in (lean, plain):
        steps.repeat(5)
    same(rest)
    same(single[0])
    for rows in ([0, 4, 2], [2, 1], [1]):
        for steps in (lean, plain):
            steps.keep(torch.tensor(rows))
        same(single[len(rows)][: len(rows)])


def hooked(model: LlamaForCausalLM) -> None:
    model.model.layers[1].register_forward_hook(lambda module, inputs, output: output)


def adapted(model: LlamaForCausalLM) -> None:
    from peft import LoraConfig, inject_adapter_in_model

    inject_adapter_in_model(LoraConfig(target_modules=["q_proj"]), model)


def quantised(model: LlamaForCausalLM) -> None:
    torch.ao.quantization.quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8, inplace=True)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "change", [hooked, adapted, quantised, LlamaForCausalLM.train, LlamaForCausalLM.bfloat16]
)
def test_a_changed_llama_is_left_to_its_modules(change) -> None:
    model = llama()
    assert is_plain_llama(model)
    change(model)
    assert not is_plain_llama(model)


@pytest.mark.parametrize(
    "changes",
    [
        {"hidden_act": "gelu"},
        {"attention_bias": True},
        {"mlp_bias": True},
        {"rope_parameters": {"rope_type": "linear", "factor": 2.0, "rope_theta": 1e4}},
    ],
    ids=str,
)
def test_another_llama_is_left_to_its_modules(changes: dict) -> None:
    assert not is_plain_llama(llama(**changes))


def test_another_model_is_left_to_its_modules() -> None:
    assert not is_plain_llama(GPT2LMHeadModel(GPT2Config(n_embd=8, n_layer=1, n_head=2, vocab_size=9)).eval())


@torch.inference_mode()
def test_weights_changed_since_the_last_texts_are_seen() -> None:
    model, new = llama(), torch.randn(1, 2, 32)
    before = LlamaSteps(model, 1, 4)(new)
    for values in model.parameters():
        values.data = 1.1 * values.data
    torch.testing.assert_close(LlamaSteps(model, 1, 4)(new), ModuleSteps(model)(new), rtol=1e-4, atol=1e-4)
    assert not torch.allclose(before, LlamaSteps(model, 1, 4)(new), atol=1e-2)


def test_a_roomy_cache_holds_what_a_growing_one_holds() -> None:
    roomy, growing = RoomyLayer(), DynamicCache().layer_class_to_replicate()
    generator = torch.Generator().manual_seed(0)
    for step, n_new in enumerate((7, 1, 1, 70, 1)):
        keys, values = torch.randn(2, 4 if step < 3 else 2, 3, n_new, 5, generator=generator)
        if step == 3:
            for layer in (roomy, growing):
                layer.batch_select_indices(torch.tensor([2, 0]))
        for a, b in zip(roomy.update(keys, values), growing.update(keys, values), strict=True):
            assert torch.equal(a, b)
    assert roomy.get_seq_length() == growing.get_seq_length() == 80
