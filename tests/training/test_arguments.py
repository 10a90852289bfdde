"""Presets read, overridden and refused."""

from __future__ import annotations

import pytest

from neuronarrator_hf.training.arguments import STAGES, load_arguments

PRESETS = ["micro", "tiny", "small", "base", "align", "narrate", "paper", "qwen3-lora"]


@pytest.mark.parametrize("name", PRESETS)
def test_shipped_presets(name):
    run = load_arguments(name)
    assert set(run.stages) == set(STAGES)
    assert {"text", "heads", "alignment", "mismatch"} == set(run.stages["align"].weights)


def test_overrides():
    run = load_arguments(
        "tiny", ["data.n_windows=4", "stages.align.learning_rate=1e-4", "model.history=prompt"]
    )
    assert run.data.n_windows == 4
    assert run.stages["align"].learning_rate == 1e-4
    assert run.model["history"] == "prompt"
    plain = load_arguments("small", ["stages.align.mixed_precision=no"])
    assert plain.stages["align"].mixed_precision == "no"


@pytest.mark.parametrize(
    ("config", "overrides", "message"),
    [
        ("nowhere", [], "no preset or file 'nowhere'; presets: "),
        ("tiny", ["data.windows=4"], "data: unknown windows; known: "),
        ("tiny", ["seed"], "an override is written key=value"),
        ("tiny", ["stages.pretrain.max_steps=1"], "unknown stages pretrain"),
    ],
)
def test_refused(config, overrides, message):
    with pytest.raises(ValueError, match=message):
        load_arguments(config, overrides)
