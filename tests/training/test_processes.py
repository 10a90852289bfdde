"""Two processes on one CPU, as the documentation starts them: data parallel, and everything sharded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest
import yaml

CONFIGS = resources.files("neuronarrator_hf").joinpath("configs/accelerate")
STEPS = 3
STOPPED = """
import sys
from neuronarrator_hf.training import __main__, data
made = data.SequenceDataset.__getitem__

def stop(self, number):
    if number == 2:
        raise SystemExit("stopped")
    return made(self, number)

data.SequenceDataset.__getitem__ = stop
sys.exit(__main__.main())
"""


def on_the_cpu(name: str, folder: Path) -> Path:
    """A shipped configuration of Accelerate, for two processes without a GPU."""
    config = yaml.safe_load((CONFIGS / f"{name}.yaml").read_text())
    config |= {"num_processes": 2, "mixed_precision": "no", "use_cpu": True}
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


def launch(config: Path, miniature: list[str], runs: Path, *more: str, program: tuple[str, ...] = ()):
    """Stage `narrate` of a miniature under `accelerate launch`."""
    overrides = [*miniature, "stages.narrate.ema_decay=0", "stages.narrate.evaluate_minutes=60",
                 "stages.narrate.checkpoint_minutes=0", "stages.narrate.batch_size=2"]  # fmt: skip
    command = [
        sys.executable, "-m", "accelerate.commands.launch", "--config_file", str(config),
        "--main_process_port", "0", *(program or ("-m", "neuronarrator_hf.training")), "narrate",
        "--max-steps", str(STEPS), "--num-processes", "2", "--runs", str(runs),
        *(part for override in overrides for part in ("--set", override)), *more,
    ]  # fmt: skip
    environment = {**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def course(runs: Path) -> list[dict]:
    lines = (runs / "narrate/log.jsonl").read_text().splitlines()
    return [record for record in map(json.loads, lines) if record["kind"] == "train"]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_sharded_and_resumed_gives_the_losses_of_data_parallel(miniature, tmp_path):
    plain = launch(on_the_cpu("cpu_two", tmp_path), miniature, tmp_path / "plain")
    assert plain.returncode == 0, plain.stderr[-2000:]
    assert json.loads((tmp_path / "plain/narrate/result.json").read_text())["steps"] == STEPS

    fsdp, stopped = on_the_cpu("fsdp", tmp_path), tmp_path / "stopped.py"
    stopped.write_text(STOPPED)
    killed = launch(fsdp, miniature, tmp_path / "sharded", program=(str(stopped),))
    assert killed.returncode != 0 and len(course(tmp_path / "sharded")) == 2
    resumed = launch(fsdp, miniature, tmp_path / "sharded", "--resume")
    assert resumed.returncode == 0, resumed.stderr[-2000:]
    a, b = course(tmp_path / "plain"), course(tmp_path / "sharded")
    assert [record["step"] for record in a] == [record["step"] for record in b] == [1, 2, 3]
    for name in ("loss", "text", "presence", "alignment", "grad_norm"):
        assert [r[name] for r in b] == pytest.approx([r[name] for r in a], rel=1e-3), name
    assert (tmp_path / "sharded/narrate/final/model.safetensors").is_file()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_sharded_weights_have_no_average(miniature, tmp_path):
    """Also the proof that the run above is sharded: it would not be refused else."""
    more = ("--set", "stages.narrate.ema_decay=0.99")
    done = launch(on_the_cpu("fsdp", tmp_path), miniature, tmp_path / "sharded", *more)
    assert done.returncode != 0 and "no averages of sharded weights" in done.stderr
