"""`train --push-to-hub`: what is uploaded loads by its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hub_server import HubServer

SMALL = (
    "data.n_windows=2", "data.num_workers=0", "data.cache_recordings=4", "data.cache_processes=1",
    "data.held_out_recordings=2", "stages.align.batch_size=2", "threads=1",
)  # fmt: skip


@pytest.mark.slow
def test_a_trained_model_is_pushed_and_loads(
    hub: HubServer, run: Callable, tiny_dir: Path, tmp_path: Path
) -> None:
    pytest.importorskip("accelerate")
    values = (*SMALL, f"data.cache_dir={tmp_path / 'cache'}")
    overrides = [word for value in values for word in ("--set", value)]
    trained = run(
        hub, "-m", "neuronarrator_hf.training", "align", "--config", "micro", "--init", str(tiny_dir),
        "--runs", str(tmp_path / "runs"), "--max-steps", "1", *overrides, "--push-to-hub", "org/trained",
    )  # fmt: skip
    assert trained.returncode == 0, trained.stderr[-2000:]
    assert '"pushed_to"' in trained.stdout.strip().splitlines()[-1]
    code = """
import json
import neuronarrator_hf
from huggingface_hub import hf_hub_download
from transformers import AutoModelForCausalLM, AutoProcessor
model = AutoModelForCausalLM.from_pretrained("org/trained")
AutoProcessor.from_pretrained("org/trained")
stages = json.load(open(hf_hub_download("org/trained", "training.json")))["stages"]
print(type(model).__name__, stages[-1]["stage"], stages[-1]["steps"])
"""
    loaded = run(hub, "-c", code)
    assert loaded.returncode == 0, loaded.stderr[-2000:]
    assert loaded.stdout.strip().splitlines()[-1] == "NeuroNarratorForConditionalGeneration align 1"
