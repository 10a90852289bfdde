"""The loop on a toy stage: it learns, resumes exactly, and runs in two processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from neuronarrator_hf.training.arguments import StageArguments
from neuronarrator_hf.training.loop import learning_rate_factor, train


class Regression(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)
        self.dropout = torch.nn.Dropout(0.1)

    def forward(self, share, x, y):
        return {"loss": (self.layer(self.dropout(x)) - y).square().mean()}


class ToyStage:
    name = "toy"

    def __init__(self, stop_after=None):
        torch.manual_seed(0)
        self.objective, self.stop_after = Regression(), stop_after

    def batches(self, start, stop, rank, world):
        for number in range(start, stop):
            if self.stop_after is not None and number >= self.stop_after:
                raise KeyboardInterrupt
            generator = torch.Generator().manual_seed(number * world + rank)
            x = torch.randn(8, 4, generator=generator)
            yield {"x": x, "y": x.sum(1, keepdim=True)}

    def evaluate(self):
        return {"score": -float(self.objective.layer.weight.detach().sub(1).abs().mean())}

    def sample_texts(self, count):
        return ["a text"] * min(count, 1)

    def save(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        torch.save(self.objective.state_dict(), folder / "weights.pt")


def losses(folder: Path) -> list[float]:
    records = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [r["loss"] for r in records if r["kind"] == "train"]


ARGUMENTS = StageArguments(max_steps=40, learning_rate=0.1, checkpoint_minutes=0.0, evaluate_minutes=60)


def test_learns_and_writes(tmp_path):
    result = train(ToyStage(), ARGUMENTS, tmp_path, seed=1, expected_processes=1)
    assert result["steps"] == 40 and result["best_score"] > -0.5
    course = losses(tmp_path)
    assert sum(course[-10:]) < 0.5 * sum(course[:10])
    assert (tmp_path / "best/weights.pt").is_file() and (tmp_path / "last/weights.pt").is_file()


def test_evaluated_every_so_many_steps_with_texts(tmp_path):
    train(ToyStage(), replace(ARGUMENTS, max_steps=12, evaluate_steps=4), tmp_path)
    records = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [r["step"] for r in records if r["kind"] == "evaluation"] == [4, 8, 12]
    assert [r["text_0"] for r in records if r["kind"] == "sample"] == ["a text"] * 3


def test_the_best_evaluation_is_kept_not_the_last(tmp_path):
    class Declining(ToyStage):
        scores = iter((0.1, 0.9, 0.3))

        def evaluate(self):
            return {"score": next(self.scores)}

    result = train(Declining(), replace(ARGUMENTS, max_steps=12, evaluate_steps=4), tmp_path)
    assert (result["best_score"], result["best_step"]) == (0.9, 8)
    best, last = (torch.load(tmp_path / f"{name}/weights.pt") for name in ("best", "last"))
    assert not torch.equal(best["layer.weight"], last["layer.weight"])


def test_a_killed_run_resumes_with_the_same_losses(tmp_path):
    train(ToyStage(), ARGUMENTS, tmp_path / "whole", seed=1)
    with pytest.raises(KeyboardInterrupt):
        train(ToyStage(stop_after=17), ARGUMENTS, tmp_path / "killed", seed=1)
    result = train(ToyStage(), ARGUMENTS, tmp_path / "killed", seed=1, resume=True)
    assert losses(tmp_path / "killed") == losses(tmp_path / "whole")
    whole = torch.load(tmp_path / "whole/last/weights.pt")
    killed = torch.load(tmp_path / "killed/last/weights.pt")
    assert all(torch.equal(whole[k], killed[k]) for k in whole)
    assert result["steps"] == 40


@pytest.mark.parametrize(("asked", "compiled"), [(False, 0), (True, 1)])
def test_a_stage_is_compiled_where_it_is_asked_for(tmp_path, asked, compiled):
    class Counting(ToyStage):
        compilations = 0

        def compile(self):
            self.compilations += 1

    stage = Counting()
    train(stage, replace(ARGUMENTS, max_steps=1, compile=asked), tmp_path)
    assert stage.compilations == compiled


def test_wrong_number_of_processes_is_told(tmp_path):
    with pytest.raises(RuntimeError, match="2 processes expected, 1 run"):
        train(ToyStage(), ARGUMENTS, tmp_path, expected_processes=2)


def test_only_warmup_parts_move_at_first(tmp_path):
    class Two(Regression):
        def __init__(self):
            super().__init__()
            self.projector = torch.nn.Linear(1, 1)

        def forward(self, share, x, y):
            return {"loss": (self.projector(self.layer(x)) - y).square().mean()}

    class Watched(ToyStage):
        def __init__(self):
            super().__init__()
            self.objective, self.moved = Two(), []

        def batches(self, start, stop, rank, world):
            for batch in super().batches(start, stop, rank, world):
                self.moved.append(self.objective.layer.weight.detach().clone())
                yield batch

    stage = Watched()
    arguments = replace(
        ARGUMENTS, max_steps=10, projector_warmup=0.5, warmup_parts=("projector",), warmup=0.0
    )
    train(stage, arguments, tmp_path)
    assert all(torch.equal(stage.moved[0], w) for w in stage.moved[:6])
    assert not torch.equal(stage.moved[0], stage.moved[7])


def test_frozen_parts_stay_out_of_checkpoints(tmp_path):
    stage = ToyStage()
    train(stage, replace(ARGUMENTS, max_steps=2, freeze=("layer.bias",)), tmp_path)
    held = torch.load(tmp_path / "checkpoint.pt")["model"]
    assert set(held) == {"layer.weight"}
    result = train(ToyStage(), replace(ARGUMENTS, max_steps=4, freeze=("layer.bias",)), tmp_path, resume=True)
    assert result["steps"] == 4
    with pytest.raises(ValueError, match=r"is of another model; it does not fit at layer\.bias"):
        train(ToyStage(), replace(ARGUMENTS, max_steps=6), tmp_path, resume=True)


def test_schedule():
    factors = [learning_rate_factor(i / 100, 0.1) for i in range(101)]
    assert max(factors) == pytest.approx(1.0) and factors.index(max(factors)) == 10
    assert factors[0] < 0.1 and factors[-1] == pytest.approx(0.02)


@pytest.mark.slow
def test_two_processes(tmp_path):
    script = tmp_path / "two.py"
    script.write_text(
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from pathlib import Path\nfrom test_loop import ARGUMENTS, ToyStage\n"
        "from neuronarrator_hf.training.loop import train\n"
        f"print(train(ToyStage(), ARGUMENTS, Path({str(tmp_path)!r}), expected_processes=2))\n"
    )
    environment = {**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--nproc_per_node",
        "2",
        "--master_port",
        "29677",
        script,
    ]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(losses(tmp_path)) == 40
