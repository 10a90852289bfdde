"""The narrator on a GPU: the numbers of the CPU, bfloat16, a training step, generation."""

from __future__ import annotations

import pytest
import torch
from tiny_parts import make_inputs, make_model, make_targets, tiny_config

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")]

CLOSE = dict(atol=2e-3, rtol=2e-3)


def on_gpu(values):
    return {k: on_gpu(v) if isinstance(v, dict) else v.cuda() for k, v in values.items()}


@pytest.mark.parametrize("history", ["ssm", "prompt"])
def test_the_same_as_on_the_cpu(history) -> None:
    model, processor = make_model(tiny_config(history=history))
    inputs = make_inputs() | dict(processor(text=[processor.prompt("describe")] * 2, return_tensors="pt"))
    with torch.no_grad():
        expected = model(**inputs).logits
        logits = model.cuda()(**on_gpu(inputs)).logits.cpu()
    torch.testing.assert_close(logits, expected, **CLOSE)


@pytest.mark.parametrize("how", [dict(), dict(num_beams=2), dict(cache_implementation="static")], ids=str)
def test_generation(how) -> None:
    model, processor = make_model(tiny_config())
    inputs = make_inputs() | dict(processor(text=[processor.prompt("describe")] * 2, return_tensors="pt"))
    ids = model.cuda().generate(**on_gpu(inputs), max_new_tokens=4, min_new_tokens=4, do_sample=False, **how)
    assert ids.shape == (2, inputs["input_ids"].shape[1] + 4)


def test_a_training_step_in_bfloat16() -> None:
    model, processor = make_model(tiny_config())
    model.cuda().train()
    model.gradient_checkpointing_enable({"use_reentrant": False})
    inputs = make_inputs() | dict(processor(text=[processor.prompt("describe")] * 2, return_tensors="pt"))
    inputs = on_gpu(inputs | {"labels": inputs["input_ids"], "finding_targets": make_targets()})
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(8):
        with torch.autocast("cuda", dtype=torch.bfloat16):
            loss = model(**inputs).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def test_compiled_features_are_the_same() -> None:
    model, _ = make_model(tiny_config())
    inputs = on_gpu(make_inputs())
    model.cuda()
    compiled = torch.compile(model.model.get_window_features, fullgraph=True)
    with torch.no_grad():
        tokens = model.get_window_features(**inputs).window_tokens
        torch.testing.assert_close(compiled(**inputs).window_tokens, tokens, **CLOSE)
