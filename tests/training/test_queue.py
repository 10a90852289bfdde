"""gpu/queue.sh in rehearsal: a budget of seconds, without the packages that a GPU machine lacks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from neuronarrator_hf.training.arguments import read_preset

ROOT = Path(__file__).resolve().parents[2]
ABSENT = ("mne", "datasets", "edfio", "typer", "pandas", "matplotlib", "pyarrow", "tensorboard", "evaluate")


@pytest.mark.slow
@pytest.mark.skipif(not (ROOT / "gpu/queue.sh").is_file(), reason="gpu/ is part of a checkout only")
def test_the_queue_trains_a_model_without_readers_and_network(miniature, tmp_path):
    blocked = tmp_path / "site"
    blocked.mkdir()
    lines = [f"sys.modules[{name!r}] = None" for name in ABSENT]
    (blocked / "sitecustomize.py").write_text("\n".join(["import sys", *lines]))
    preset = tmp_path / "rehearsal.yaml"
    values = read_preset("tiny")
    for override in miniature:
        key, _, text = override.partition("=")
        *parents, last = key.split(".")
        place = values
        for parent in parents:
            place = place[parent]
        place[last] = yaml.safe_load(text)
    preset.write_text(yaml.safe_dump(values))
    environment = {
        **os.environ,
        "PYTHON": sys.executable,
        "PYTHONPATH": str(blocked),
        "RUNS": str(tmp_path / "runs"),
        "OUT": str(tmp_path / "out"),
        "EXTRA": "--max-steps 1",
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        ["bash", str(ROOT / "gpu/queue.sh"), "train", str(preset)],
        env=environment, capture_output=True, text=True, timeout=1800, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    stages = json.loads((tmp_path / "out/model/training.json").read_text())["stages"]
    assert [s["stage"] for s in stages] == ["language", "align", "narrate"]
    assert (tmp_path / "out/narrate.jsonl").is_file() and (tmp_path / "out/model/model.safetensors").is_file()
