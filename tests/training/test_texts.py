"""Free-running texts of the training are those of `generate`, by whichever way they are made."""

from __future__ import annotations

import copy

import pytest
import torch
from tiny_model import make_tiny

from neuronarrator_hf.training.texts import speak

MAX_NEW_TOKENS = 12


@pytest.fixture(scope="module")
def tiny():
    """A model whose random words follow what stands before, not the last token alone."""
    model, processor = make_tiny()
    with torch.no_grad():
        for layer in model.language_model.model.layers:
            layer.self_attn.o_proj.weight *= 100.0
    return model, processor


def spoken(model, processor) -> tuple[list[str], list[str], int]:
    """Texts by `speak` and by `generate`, and how often `speak` called `generate`."""
    config, tokenizer = model.config, processor.tokenizer
    n_tokens = config.num_history_tokens + config.num_current_tokens + config.num_image_tokens
    tokens = torch.randn(
        5, n_tokens, config.text_config.hidden_size, generator=torch.Generator().manual_seed(0)
    )
    prompt = processor(text=processor.prompt(), return_tensors="pt")["input_ids"]
    ids = prompt.expand(len(tokens), -1)
    with torch.no_grad():
        made = model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), window_tokens=tokens, do_sample=False,
            max_new_tokens=MAX_NEW_TOKENS, eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )  # fmt: skip
    wanted = tokenizer.batch_decode(made[:, prompt.shape[1] :], skip_special_tokens=True)
    calls, generate = [], model.generate
    model.generate = lambda **kwargs: calls.append(1) or generate(**kwargs)
    try:
        texts = speak(
            model, tokens, prompt[0].tolist(), tokenizer, max_new_tokens=MAX_NEW_TOKENS, batch_size=3
        )
    finally:
        del model.generate
    return texts, wanted, len(calls)


def test_texts_are_those_of_generate(tiny) -> None:
    texts, wanted, n_calls = spoken(*tiny)
    assert texts == wanted and n_calls == 0
    assert len(set(texts)) > 1


def test_what_our_loop_does_not_do_is_left_to_generate(tiny) -> None:
    model, processor = copy.deepcopy(tiny[0]), tiny[1]
    model.generation_config.repetition_penalty = 1.5
    texts, wanted, n_calls = spoken(model, processor)
    assert texts == wanted and n_calls == 2
    assert texts != spoken(*tiny)[0]


def test_texts_end_where_those_of_the_training_end(tiny) -> None:
    """A pretrained language model may bring the end of a chat in its settings."""
    model, processor = copy.deepcopy(tiny[0]), tiny[1]
    said = processor.tokenizer(spoken(*tiny)[1], add_special_tokens=False)["input_ids"]
    model.generation_config.eos_token_id = said[0][0]
    texts, wanted, n_calls = spoken(model, processor)
    assert texts == wanted == spoken(*tiny)[1] and n_calls == 2
