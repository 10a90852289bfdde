"""FSDP 2 over two processes against plain data parallel: the same losses, checkpoints and models."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import resources
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from accelerate.utils import DistributedType
from safetensors.torch import load_file

from neuronarrator_hf.training.arguments import StageArguments, load_arguments
from neuronarrator_hf.training.parts import new_parts
from neuronarrator_hf.training.run import run
from neuronarrator_hf.training.sharding import check_sharding

OVERRIDES = (
    "data.n_windows=3",
    "data.cache_recordings=12",
    "data.held_out_recordings=2",
    *(f"stages.{stage}.batch_size=1" for stage in ("align", "narrate")),
    *(f"stages.{stage}.ema_decay=0.5" for stage in ("align", "narrate")),
    *(f"stages.{stage}.max_steps=5" for stage in ("align", "narrate")),
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    """Folder of the runs that `sharded_runs.py` makes."""
    folder = tmp_path_factory.mktemp("sharded")
    overrides = [*OVERRIDES, f"data.cache_dir={folder / 'cache'}"]
    run("recordings", "micro", overrides=overrides)
    new_parts(load_arguments("micro"), ["Posterior dominant rhythm of 10 Hz."] * 50).save(folder / "start")
    config = resources.files("neuronarrator_hf").joinpath("configs/accelerate/fsdp.yaml")
    command = [
        sys.executable, "-m", "accelerate.commands.launch", "--config_file", str(config),
        "--num_processes", "2", "--mixed_precision", "no", "--main_process_port", "0",
        str(Path(__file__).with_name("sharded_runs.py")), str(folder), *overrides,
    ]  # fmt: skip
    environment = {**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return folder


def course(folder: Path, *names: str) -> dict[str, list[float]]:
    records = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return {name: [r[name] for r in records if r["kind"] == "train"] for name in names}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_layers_are_sharded_each_for_itself(runs):
    modules = json.loads((runs / "sharded_modules.json").read_text())
    layers = {"EEGObjective", "MixingLayer", "SelectiveStateSpaceLayer", "FindingTokens", "LlamaDecoderLayer"}
    assert modules["plain"] == [] and set(modules["sharded"]) == {f"FSDP{name}" for name in layers}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("stage", "losses"), [("", ("alignment", "text")), ("_align", ("alignment",))])
def test_the_losses_are_those_of_plain_data_parallel(runs, stage, losses):
    plain, sharded = (
        course(runs / f"{name}{stage}", "loss", *losses, "grad_norm") for name in ("plain", "sharded")
    )
    for name, values in plain.items():
        assert len(values) == 5
        assert sharded[name] == pytest.approx(values, rel=1e-5), name


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_killed_run_resumes_with_the_losses_of_the_whole_one(runs):
    whole, killed = (course(runs / name, "loss", "grad_norm") for name in ("sharded", "killed"))
    for name, values in whole.items():
        assert killed[name] == pytest.approx(values, rel=1e-6), name


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_averages_are_those_of_plain_data_parallel_and_no_last_weights(runs):
    """The averages are what `last/` holds; stage `align` trains no language model."""
    name = "model.waveform_encoder.convolutions.stem.weight"
    for stage in ("", "_align"):
        plain, sharded = (
            load_file(runs / f"{kind}{stage}" / "last" / "model.safetensors") for kind in ("plain", "sharded")
        )
        torch.testing.assert_close(sharded, plain, atol=2e-4, rtol=2e-4)
        newest = torch.load(runs / f"plain{stage}" / "checkpoint.pt", weights_only=True)["model"]
        apart = (newest[f"model.{name}"] - plain[name]).norm()
        assert (sharded[name] - plain[name]).norm() < 0.1 * apart


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_saved_model_says_what_the_plain_one_says(runs):
    from neuronarrator_hf.models.feature_extraction_neuronarrator import NeuroNarratorFeatureExtractor
    from neuronarrator_hf.models.modeling_alignment import NeuroNarratorForContrastiveAlignment
    from neuronarrator_hf.models.modeling_neuronarrator import NeuroNarratorForConditionalGeneration

    inputs = NeuroNarratorFeatureExtractor().from_sites(
        np.random.default_rng(0).normal(size=(1, 2, 19, 2000)).cumsum(-1)
    )
    inputs = {
        name: torch.from_numpy(np.array(value, np.float32 if value.dtype == float else None))
        for name, value in inputs.items()
    }
    told, seen = {}, {}
    for name in ("plain", "sharded", "killed"):
        folder = runs / name / "last"
        narrator = NeuroNarratorForConditionalGeneration.from_pretrained(folder).eval()
        towers = NeuroNarratorForContrastiveAlignment.from_pretrained(folder).eval()
        assert load_file(folder / "alignment.safetensors")["logit_scale"].shape == ()
        with torch.no_grad():
            tokens = narrator.get_window_features(**inputs).window_tokens[:, -1]
            told[name] = narrator(window_tokens=tokens, inputs_embeds=tokens).logits
            seen[name] = towers(**inputs).logits_per_eeg
    for values in (told, seen):
        torch.testing.assert_close(values["sharded"], values["plain"], atol=2e-4, rtol=2e-4)
        torch.testing.assert_close(values["killed"], values["sharded"], atol=1e-5, rtol=1e-5)


def accelerator(kind: DistributedType) -> SimpleNamespace:
    return SimpleNamespace(distributed_type=kind)


def test_sharding_that_does_not_run_is_told(monkeypatch):
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    with pytest.raises(RuntimeError, match="FSDP is configured, MULTI_CPU runs; it needs GPUs"):
        check_sharding(accelerator(DistributedType.MULTI_CPU), StageArguments())


def test_what_does_not_go_with_sharding_is_told():
    check_sharding(accelerator(DistributedType.FSDP), StageArguments(accumulate=4))
    with pytest.raises(ValueError, match="compile=true does not go with FSDP"):
        check_sharding(accelerator(DistributedType.FSDP), StageArguments(compile=True))
    with pytest.raises(ValueError, match=r"ema_decay=0\.995 does not go with DeepSpeed; set it to 0"):
        check_sharding(accelerator(DistributedType.DEEPSPEED), StageArguments())
    without = dict(ema_decay=0.0)
    with pytest.raises(ValueError, match="accumulate=4 does not go with DeepSpeed; set it to 1"):
        check_sharding(accelerator(DistributedType.DEEPSPEED), StageArguments(**without, accumulate=4))
