"""The one training loop, on Accelerate: every stage gives it an objective, batches and an evaluation."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs

from .arguments import StageArguments
from .checkpoint import Progress, load_checkpoint, load_sharded, save_checkpoint, save_sharded
from .ema import WeightAverage
from .logging import RunLog
from .sharding import (
    begin_moments,
    check_sharding,
    configure_sharding,
    gathered_state,
    is_sharded,
    whole_outside_layers,
)


class Stage(Protocol):
    """What the loop needs of a stage.

    Attributes:
        name: language, align or narrate.
        objective: Module whose `forward(share=..., **batch)` gives a dict of losses with `loss`.
    """

    name: str
    objective: torch.nn.Module

    def batches(self, start: int, stop: int, rank: int, world: int) -> Iterable[dict[str, Any]]:
        """Batches number `start` to `stop`, each a pure function of its number and the rank."""
        ...

    def compile(self) -> None:
        """Compile what is worth it."""
        ...

    def evaluate(self) -> dict[str, float]:
        """Figures on held-out data; `score` decides which checkpoint is best."""
        ...

    def sample_texts(self, count: int) -> list[str]:
        """Free-running texts to look at."""
        ...

    def save(self, folder: Path, state: dict[str, torch.Tensor] | None = None) -> None:
        """Write the model and the processor; from the objective's gathered state where it is given."""
        ...


def train(
    stage: Stage,
    arguments: StageArguments,
    folder: Path,
    *,
    seed: int = 0,
    resume: bool = False,
    expected_processes: int | None = None,
) -> dict[str, Any]:
    """Train a stage to the end of its budget.

    Writes `log.jsonl`, `tensorboard/`, `checkpoint.pt`, `best/` (averaged weights of the best
    evaluation) and `last/` into the folder.

    Args:
        stage: What is trained.
        arguments: How.
        folder: Where the run is kept.
        seed: Seed of dropout and masks; the same seed and step give the same numbers.
        resume: Continue from the folder's checkpoint.
        expected_processes: Fails where Accelerate runs another number (it drops to one silently).

    Returns:
        Steps, seconds, and the last and best figures.
    """
    accelerator = Accelerator(
        mixed_precision=arguments.mixed_precision,
        gradient_accumulation_steps=1,
        kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)],
    )
    if expected_processes is not None and accelerator.num_processes != expected_processes:
        raise RuntimeError(f"{expected_processes} processes expected, {accelerator.num_processes} run")
    check_sharding(accelerator, arguments)
    sharded = is_sharded(accelerator)
    for name, parameter in stage.objective.named_parameters():
        if _starts_with(name, arguments.freeze):
            parameter.requires_grad_(False)
    stage.objective.to(accelerator.device)
    if arguments.compile:
        stage.compile()
    scalars = configure_sharding(accelerator, stage.objective, arguments) if sharded else []
    optimizer = make_optimizer(stage.objective, arguments)
    progress = None
    if sharded:
        objective, optimizer = accelerator.prepare(stage.objective, optimizer)
        average = WeightAverage(objective, arguments.ema_decay)
        if accelerator.is_fsdp2:
            begin_moments(optimizer)
        if resume:
            progress = load_sharded(folder, accelerator, average)
    else:
        average = WeightAverage(stage.objective, arguments.ema_decay)
        if resume:
            progress = load_checkpoint(folder, stage.objective, optimizer, average)
        objective, optimizer = accelerator.prepare(stage.objective, optimizer)
    progress = progress or Progress()
    log = RunLog(folder, active=accelerator.is_main_process)
    loop = _Loop(
        stage, arguments, folder, accelerator, objective, optimizer, average, progress, log, seed, scalars
    )
    try:
        return loop.run()
    finally:
        log.close()


def make_optimizer(module: torch.nn.Module, arguments: StageArguments) -> torch.optim.Optimizer:
    """AdamW; only matrices decay. The parameters are on the device they are trained on."""
    trained = [p for p in module.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim >= 2], "weight_decay": arguments.weight_decay},
        {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [g for g in groups if g["params"]],
        lr=arguments.learning_rate,
        betas=(0.9, 0.98),
        fused=True if trained and trained[0].is_cuda else None,
    )


def learning_rate_factor(share: float, warmup: float) -> float:
    """Linear rise over `warmup` of the budget, then half a cosine down to 2 %."""
    if share < warmup:
        return max(share / warmup, 0.02)
    done = (share - warmup) / max(1 - warmup, 1e-9)
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))


class _Loop:
    """The state of one call of `train`."""

    def __init__(
        self,
        stage: Stage,
        arguments: StageArguments,
        folder: Path,
        accelerator: Accelerator,
        objective: torch.nn.Module,
        optimizer: Any,
        average: WeightAverage,
        progress: Progress,
        log: RunLog,
        seed: int,
        scalars: list[str],
    ) -> None:
        self.stage, self.arguments, self.folder, self.accelerator = stage, arguments, folder, accelerator
        self.objective, self.optimizer, self.average = objective, optimizer, average
        self.progress, self.log, self.seed, self.scalars = progress, log, seed, scalars
        self._started = time.monotonic() - progress.elapsed_s
        self._evaluated = self._saved = progress.elapsed_s
        self._evaluated_step = -1
        self._figures: dict[str, float] = {}

    @property
    def share(self) -> float:
        """Share of the budget that is spent, the same on every process."""
        share = self._own_share()
        if self.arguments.max_minutes is not None and self.accelerator.num_processes > 1:
            shared = torch.tensor([share], device=self.accelerator.device, dtype=torch.float32)
            torch.distributed.broadcast(shared, 0)
            share = float(shared)
        return share

    def run(self) -> dict[str, Any]:
        arguments, accelerator, progress = self.arguments, self.accelerator, self.progress
        first = progress.step * arguments.accumulate
        batches = iter(
            self.stage.batches(
                first,
                arguments.max_steps * arguments.accumulate,
                accelerator.process_index,
                accelerator.num_processes,
            )
        )
        self.objective.train()
        share, started_at = self.share, (progress.step, progress.elapsed_s)
        while progress.step < arguments.max_steps and share < 1:
            losses = self._step(batches, share)
            progress.step += 1
            progress.elapsed_s = time.monotonic() - self._started
            share = self.share
            self._note(losses, share, started_at)
            if self._evaluation_is_due():
                self._evaluate()
            if self._due(self._saved, arguments.checkpoint_minutes):
                self._checkpoint()
        if self._evaluated_step != progress.step:
            self._evaluate()
        self._checkpoint()
        with self.average.applied():
            self._save(self.folder / "last")
        accelerator.wait_for_everyone()
        return {
            "stage": self.stage.name,
            "steps": progress.step,
            "elapsed_s": progress.elapsed_s,
            "best_score": progress.best_score,
            "best_step": progress.best_step,
            **{name: value for name, value in self._figures.items() if isinstance(value, float)},
        }

    def _step(self, batches: Any, share: float) -> dict[str, torch.Tensor]:
        """One optimizer step over `accumulate` batches."""
        arguments = self.arguments
        rate = arguments.learning_rate * learning_rate_factor(share, arguments.warmup)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        sums: dict[str, torch.Tensor] = {}
        for i in range(arguments.accumulate):
            batch = _to_device(next(batches), self.accelerator.device)
            # After the batch: a loader draws from the generator at its start, which a resumed run does anew.
            number = self.progress.step * arguments.accumulate + i
            torch.manual_seed((self.seed * 1_000_003 + number) * 4099 + self.accelerator.process_index)
            last = i == arguments.accumulate - 1
            with _maybe_no_sync(self.accelerator, self.objective, last):
                with self.accelerator.autocast():
                    losses = self.objective(share=share, **batch)
                self.accelerator.backward(losses["loss"] / arguments.accumulate)
            for name, value in losses.items():
                sums[name] = sums.get(name, 0) + value.detach() / arguments.accumulate
        if share < arguments.projector_warmup:
            self._keep_only_warmup_gradients()
        norm = self.accelerator.clip_grad_norm_(self.objective.parameters(), arguments.clip_norm)
        if norm is not None:  # DeepSpeed may not tell
            sums["grad_norm"] = norm.full_tensor() if hasattr(norm, "full_tensor") else norm
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        if self.average.decay:
            self.average.update()
        return sums

    def _keep_only_warmup_gradients(self) -> None:
        """What has no gradient does not move, nor does it decay."""
        module = self.accelerator.unwrap_model(self.objective)
        for name, parameter in module.named_parameters():
            if not _starts_with(name, self.arguments.warmup_parts):
                parameter.grad = None

    def _evaluation_is_due(self) -> bool:
        if self.arguments.evaluate_steps:
            return self.progress.step % self.arguments.evaluate_steps == 0
        return self._due(self._evaluated, self.arguments.evaluate_minutes)

    def _due(self, since_s: float, minutes: float) -> bool:
        due = self.progress.elapsed_s - since_s >= 60 * minutes
        if self.accelerator.num_processes > 1:
            flag = torch.tensor([float(due)], device=self.accelerator.device)
            torch.distributed.broadcast(flag, 0)
            due = bool(flag.item())
        return due

    def _note(self, losses: dict[str, torch.Tensor], share: float, started_at: tuple[int, float]) -> None:
        # One wait for the device, not one per value.
        numbers = torch.stack([torch.as_tensor(v).detach().float().reshape(()) for v in losses.values()])
        values = dict(zip(losses, numbers.tolist(), strict=True))
        if not math.isfinite(values["loss"]):
            raise FloatingPointError(f"the loss is {values['loss']} at step {self.progress.step}")
        values["learning_rate"] = self.optimizer.param_groups[0]["lr"]
        values["steps_per_s"] = (self.progress.step - started_at[0]) / max(
            self.progress.elapsed_s - started_at[1], 1e-9
        )
        self.log.write(self.progress.step, "train", values)
        if self.log.due():
            self.log.progress(self.progress.step, share, self.progress.elapsed_s, values)

    def _evaluate(self) -> None:
        """Score the averaged weights; keep them where they are the best so far."""
        # Where no process has the whole model, all of them evaluate, in step.
        if self.accelerator.is_main_process or is_sharded(self.accelerator):
            self.objective.eval()
            with self.average.applied(), torch.no_grad():
                with whole_outside_layers(self.objective):
                    figures = self.stage.evaluate()
                texts = self.stage.sample_texts(self.arguments.sample_texts)
                if figures["score"] > self.progress.best_score:
                    self.progress.best_score, self.progress.best_step = figures["score"], self.progress.step
                    self._save(self.folder / "best")
            self.objective.train()
            self._figures = figures
        if self.accelerator.is_main_process:
            self.log.write(self.progress.step, "evaluation", figures)
            self.log.progress(self.progress.step, self._own_share(), self.progress.elapsed_s, figures)
            for i, text in enumerate(texts):
                self.log.write(self.progress.step, "sample", {f"text_{i}": text})
                print(f"  | {text}", flush=True)
        self.accelerator.wait_for_everyone()
        self.progress.elapsed_s = time.monotonic() - self._started
        self._evaluated, self._evaluated_step = self.progress.elapsed_s, self.progress.step

    def _own_share(self) -> float:
        """Share of the budget as this process sees it."""
        share = self.progress.step / self.arguments.max_steps
        if self.arguments.max_minutes is not None:
            share = max(share, self.progress.elapsed_s / (60 * self.arguments.max_minutes))
        return min(share, 1.0)

    def _save(self, folder: Path) -> None:
        """Model and processor, by the main process."""
        if is_sharded(self.accelerator):
            state = gathered_state(self.accelerator, self.objective, self.scalars)
            if self.accelerator.is_main_process:
                self.stage.save(folder, state)
        elif self.accelerator.is_main_process:
            self.stage.save(folder)

    def _checkpoint(self) -> None:
        if is_sharded(self.accelerator):
            save_sharded(self.folder, self.accelerator, self.average, self.progress)
        elif self.accelerator.is_main_process:
            model = self.accelerator.unwrap_model(self.objective)
            inner = getattr(self.optimizer, "optimizer", self.optimizer)
            save_checkpoint(self.folder, model, inner, self.average, self.progress)
        self.accelerator.wait_for_everyone()
        self._saved = self.progress.elapsed_s


def _starts_with(name: str, prefixes: Iterable[str]) -> bool:
    """Whether a parameter of the objective, or of the model in it, has one of the prefixes."""
    return any(name.startswith((prefix, f"model.{prefix}")) for prefix in prefixes)


def _to_device(value: Any, device: torch.device) -> Any:
    if isinstance(value, torch.Tensor):
        return value.to(device, non_blocking=True)
    if isinstance(value, dict):
        return {k: _to_device(v, device) for k, v in value.items()}
    return value


def _maybe_no_sync(accelerator: Accelerator, module: torch.nn.Module, synchronise: bool) -> Any:
    from contextlib import nullcontext

    return nullcontext() if synchronise else accelerator.no_sync(module)
