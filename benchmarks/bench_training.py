"""A stage's training steps by the loop of this package and by transformers' Trainer, and what feeds them.

The same objective, weights, batches, optimizer settings and number of steps; both start from a model that is
built already and keep nothing. `input` is the pipeline that simulates, augments and encodes the batches.
"""

from __future__ import annotations

import copy
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn

from neuronarrator_hf.training.arguments import load_arguments
from neuronarrator_hf.training.loop import train
from neuronarrator_hf.training.stages import build_stage

from .contest import Contest

BATCH, STEPS = 4, 4


class OnlySteps:
    """A stage whose batches are made and whose evaluation and saving take nothing."""

    def __init__(self, name: str, objective: nn.Module, batches: list[dict[str, Any]]) -> None:
        self.name, self.objective, self.made = name, objective, batches

    def batches(self, start: int, stop: int, rank: int, world: int) -> Iterable[dict[str, Any]]:
        return (copy.copy(self.made[i % len(self.made)]) for i in range(start, stop))

    def evaluate(self) -> dict[str, float]:
        return {"score": 0.0}

    def sample_texts(self, count: int) -> list[str]:
        return []

    def save(self, folder: Path) -> None:
        return None


class ClockedSteps(OnlySteps):
    """Tells when the second step began, after which nothing is set up any more, and when the last ended."""

    def batches(self, start: int, stop: int, rank: int, world: int) -> Iterator[dict[str, Any]]:
        for i, batch in enumerate(super().batches(start, stop, rank, world)):
            if i == 1:
                self.began = time.perf_counter()
            yield batch

    def evaluate(self) -> dict[str, float]:
        self.ended = time.perf_counter()
        return super().evaluate()


class WithLoss(nn.Module):
    """An objective as Trainer calls a model."""

    def __init__(self, objective: nn.Module) -> None:
        super().__init__()
        self.objective = objective

    def forward(self, num_items_in_batch: Any = None, **batch: Any) -> dict[str, torch.Tensor]:
        return {"loss": self.objective(share=0.5, **batch)["loss"]}


def contests(quick: bool) -> Iterator[Contest]:
    with tempfile.TemporaryDirectory() as folder:
        for name in ("narrate",) if quick else ("align", "narrate"):
            yield from _stage(name, Path(folder))


def build(name: str, folder: Path, steps: int = STEPS) -> tuple[Any, Any, int]:
    """A stage, its arguments, and the windows of a batch."""
    overrides = (
        f"data.cache_dir={folder / 'cache'}", "data.cache_recordings=64", "data.cache_processes=1",
        "data.num_workers=0", "data.held_out_recordings=8", "threads=1",
        f"stages.{name}.batch_size={BATCH}", f"stages.{name}.max_steps={steps}", f"stages.{name}.ema_decay=0",
        f"stages.{name}.max_minutes=60",
    )  # fmt: skip
    run = load_arguments("tiny", overrides)
    return build_stage(name, run, None), run.stages[name], BATCH * run.data.n_windows


def _stage(name: str, folder: Path) -> Iterator[Contest]:
    stage, arguments, n_windows = build(name, folder)
    batches = list(stage.batches(0, STEPS, 0, 1))
    n_windows *= STEPS

    def ours() -> None:
        with tempfile.TemporaryDirectory() as runs:
            train(OnlySteps(name, copy.deepcopy(stage.objective), batches), arguments, Path(runs))

    yield Contest(
        name=f"training/{name}, {STEPS} steps",
        ours=ours,
        peers={"Trainer": _by_trainer(stage.objective, batches, arguments)},
        n_items=n_windows,
        item="windows",
        rounds=5,
        flops=_flops(stage.objective, batches),
        note="ours also writes its log and one checkpoint; the limit counts matrix products and convolutions",
    )
    yield Contest(
        name=f"training/{name} input",
        ours=lambda: list(stage.batches(0, STEPS, 0, 1)),
        peers={"the steps": ours},
        n_items=n_windows,
        item="windows",
        rounds=5,
        note="above 1: one process makes batches faster than one trains on them",
    )


def _flops(objective: nn.Module, batches: list[dict[str, Any]]) -> float:
    """Arithmetic of the steps forward and backward, as PyTorch counts it."""
    from torch.utils.flop_counter import FlopCounterMode

    counted = copy.deepcopy(objective).train()
    with FlopCounterMode(display=False) as counter:
        for batch in batches:
            counted(share=0.5, **copy.copy(batch))["loss"].backward()
    return float(counter.get_total_flops())


def _by_trainer(objective: nn.Module, batches: list[dict[str, Any]], arguments: Any) -> Callable[[], None]:
    from transformers import Trainer, TrainingArguments

    def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            settings = TrainingArguments(
                folder,
                max_steps=STEPS,
                per_device_train_batch_size=1,
                learning_rate=arguments.learning_rate,
                weight_decay=arguments.weight_decay,
                max_grad_norm=arguments.clip_norm,
                save_strategy="no",
                report_to="none",
                use_cpu=True,
                remove_unused_columns=False,
                disable_tqdm=True,
            )
            Trainer(
                WithLoss(copy.deepcopy(objective)),
                settings,
                train_dataset=batches,
                data_collator=lambda made: made[0],
            ).train()

    return run
