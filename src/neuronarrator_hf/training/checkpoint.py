"""Checkpoints: everything that continues a run exactly; a kill never leaves half of one."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed.checkpoint as distributed_checkpoint
from accelerate import Accelerator

from .ema import WeightAverage

CHECKPOINT_NAME = "checkpoint.pt"
_SHARDED, _PROGRESS, _AVERAGE = "checkpoint_sharded", "progress.json", "average"


@dataclass
class Progress:
    """Where a run stands.

    Attributes:
        step: Optimizer steps done.
        elapsed_s: Seconds spent, resumed ones included.
        best_score: Best score of an evaluation so far.
        best_step: Its step.
    """

    step: int = 0
    elapsed_s: float = 0.0
    best_score: float = float("-inf")
    best_step: int = -1


def save_checkpoint(
    folder: Path,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    average: WeightAverage,
    progress: Progress,
) -> None:
    """Write `checkpoint.pt` in one move; frozen parameters are where the stage started from and stay out."""
    folder.mkdir(parents=True, exist_ok=True)
    frozen = _frozen(model)
    state = {
        "model": {name: value for name, value in model.state_dict().items() if name not in frozen},
        "optimizer": optimizer.state_dict(),
        "average": average.state_dict(),
        "progress": asdict(progress),
    }
    partial = folder / (CHECKPOINT_NAME + ".partial")
    torch.save(state, partial)
    os.replace(partial, folder / CHECKPOINT_NAME)


def load_checkpoint(
    folder: Path,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    average: WeightAverage,
) -> Progress | None:
    """Continue from `checkpoint.pt`; None where there is none.

    Raises:
        ValueError: It was written by a model of other parts.
    """
    path = folder / CHECKPOINT_NAME
    if not path.is_file():
        return None
    state = torch.load(path, map_location="cpu", weights_only=True)
    missing, unexpected = model.load_state_dict(state["model"], strict=False)
    wrong = sorted({*missing} - _frozen(model)) + unexpected
    if wrong:
        raise ValueError(f"{path} is of another model; it does not fit at {', '.join(wrong[:3])}")
    optimizer.load_state_dict(state["optimizer"])
    average.load_state_dict(state["average"])
    return Progress(**state["progress"])


def save_sharded(folder: Path, accelerator: Accelerator, average: WeightAverage, progress: Progress) -> None:
    """Each process its own part, by Accelerate, beside the checkpoint before; then which one counts."""
    record = folder / _SHARDED / _PROGRESS
    place = "b" if record.is_file() and _read(record)["place"] == "a" else "a"
    accelerator.save_state(str(folder / _SHARDED / place))
    if average.decay:
        distributed_checkpoint.save(average.state_dict(), checkpoint_id=folder / _SHARDED / place / _AVERAGE)
    accelerator.wait_for_everyone()
    if accelerator.is_main_process:
        partial = record.with_suffix(".partial")
        partial.write_text(json.dumps({"place": place, **asdict(progress)}), encoding="utf-8")
        os.replace(partial, record)


def load_sharded(folder: Path, accelerator: Accelerator, average: WeightAverage) -> Progress | None:
    """The inverse of `save_sharded`; None where there is no checkpoint."""
    record = folder / _SHARDED / _PROGRESS
    if not record.is_file():
        return None
    values = _read(record)
    place = folder / _SHARDED / values.pop("place")
    accelerator.load_state(str(place))
    if average.decay:
        state = average.state_dict()
        distributed_checkpoint.load(state, checkpoint_id=place / _AVERAGE)
        average.load_state_dict(state)
    return Progress(**values)


def _read(record: Path) -> dict[str, Any]:
    return json.loads(record.read_text(encoding="utf-8"))


def _frozen(model: torch.nn.Module) -> set[str]:
    """Names of the parameters that are not trained, all names of a tied one."""
    return {n for n, p in model.named_parameters(remove_duplicate=False) if not p.requires_grad}
