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


needs_checkout = pytest.mark.skipif(
    not (ROOT / "gpu/queue.sh").is_file(), reason="gpu/ is part of a checkout only"
)


def queue(part: str, *more: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["bash", str(ROOT / "gpu/queue.sh"), part, *more],
        env={**os.environ, "PYTHON": sys.executable, "OMP_NUM_THREADS": "1", **environment},
        capture_output=True, text=True, timeout=1800, check=False,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(600)
@needs_checkout
def test_the_benchmarks_run_to_the_end_without_a_gpu(tmp_path):
    done = queue(
        "benchmarks", RUNS=str(tmp_path / "runs"), OUT=str(tmp_path / "out"), CUDA_VISIBLE_DEVICES=""
    )
    assert done.returncode == 0, done.stdout[-3000:]
    for name, key in (("gpu_scan", "way"), ("gpu_throughput", "what")):
        lines = (tmp_path / f"out/{name}.log").read_text().splitlines()
        records = [json.loads(line) for line in lines if line.startswith("{")]
        told = [record for record in records if key in record]
        assert len(told) == 4
        assert all(0 < record["error"] < 1e-4 for record in told if "error" in record)
        assert all(record["windows_per_s"] > 0 for record in told if "windows_per_s" in record)


@pytest.mark.slow
@needs_checkout
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
    done = queue(
        "train", str(preset), PYTHONPATH=str(blocked), RUNS=str(tmp_path / "runs"),
        OUT=str(tmp_path / "out"), EXTRA="--max-steps 1",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    stages = json.loads((tmp_path / "out/model/training.json").read_text())["stages"]
    assert [s["stage"] for s in stages] == ["language", "align", "narrate"]
    assert (tmp_path / "out/narrate.jsonl").is_file() and (tmp_path / "out/model/model.safetensors").is_file()
