"""What sharded training asks beyond plain data parallel: FSDP 2 and DeepSpeed, through Accelerate."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedType
from torch import nn

from .arguments import StageArguments

_ASKED = {"ACCELERATE_USE_FSDP": "FSDP", "ACCELERATE_USE_DEEPSPEED": "DeepSpeed"}


def is_sharded(accelerator: Accelerator) -> bool:
    """Whether parameters, gradients or the optimizer are spread over processes."""
    return accelerator.distributed_type in (DistributedType.FSDP, DistributedType.DEEPSPEED)


def check_sharding(accelerator: Accelerator, arguments: StageArguments) -> None:
    """Fail where the sharding that was asked for does not run, or cannot do what the stage asks.

    Raises:
        RuntimeError: Accelerate was configured for it but fell back, as it does on CPUs without a word.
        ValueError: An argument of the stage does not go with it.
    """
    for variable, name in _ASKED.items():
        if os.environ.get(variable, "false").lower() == "true" and not is_sharded(accelerator):
            raise RuntimeError(
                f"{name} is configured, {accelerator.distributed_type.value} runs; it needs GPUs"
            )
    if not is_sharded(accelerator):
        return
    if arguments.compile and accelerator.distributed_type == DistributedType.FSDP:
        raise ValueError("compile=true does not go with FSDP, whose hooks would be passed over; leave it out")
    if accelerator.distributed_type == DistributedType.DEEPSPEED:
        # Its engine steps and clears gradients within the backward pass.
        for name, value, only in (
            ("accumulate", arguments.accumulate, 1),
            ("ema_decay", arguments.ema_decay, 0),  # its own copies of the weights are what it steps
            ("projector_warmup", arguments.projector_warmup, 0),
        ):
            if value != only:
                raise ValueError(f"{name}={value:g} does not go with DeepSpeed; set it to {only}")


def configure_sharding(
    accelerator: Accelerator, objective: nn.Module, arguments: StageArguments
) -> list[str]:
    """Make objective and Accelerate fit for `Accelerator.prepare`; before the optimizer is made.

    Parameters stay in float32 and autocast chooses the types of products, as without sharding: Accelerate's
    own policy would cast the EEG itself to bfloat16.

    Returns:
        Names of the parameters without an axis, which FSDP cannot shard and which now have one of length 1.
    """
    if accelerator.distributed_type == DistributedType.DEEPSPEED:
        # Our loader is not one that DeepSpeed could ask.
        settings = accelerator.state.deepspeed_plugin.deepspeed_config
        settings["train_micro_batch_size_per_gpu"] = arguments.batch_size
        return []
    from torch.distributed.fsdp import MixedPrecisionPolicy

    accelerator.state.fsdp_plugin.mixed_precision_policy = MixedPrecisionPolicy()
    present = {type(module).__name__ for module in objective.modules()}
    asked = {c for module in objective.modules() for c in getattr(module, "_no_split_modules", None) or ()}
    objective._no_split_modules = sorted(present & asked)  # type: ignore[assignment]
    scalars = []
    for path, module in objective.named_modules():
        for name, parameter in module.named_parameters(recurse=False):
            if parameter.ndim == 0:
                widened = nn.Parameter(parameter.detach().reshape(1), parameter.requires_grad)
                setattr(module, name, widened)
                scalars.append(f"{path}.{name}" if path else name)
    return scalars


@torch.no_grad()
def begin_moments(optimizer: torch.optim.Optimizer) -> None:
    """The state of AdamW for every parameter, as its first step makes it.

    A parameter that gets no gradient would have none, and Accelerate cannot load a checkpoint without it.
    """
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            where = parameter.device if group["fused"] else "cpu"
            optimizer.state[parameter] = {
                "step": torch.zeros((), dtype=torch.float32, device=where),
                "exp_avg": torch.zeros_like(parameter),
                "exp_avg_sq": torch.zeros_like(parameter),
            }


def gathered_state(
    accelerator: Accelerator, objective: nn.Module, scalars: list[str]
) -> dict[str, torch.Tensor]:
    """The whole state on the main process, on the CPU; all processes must ask for it.

    A parameter of two names is one tensor again, which a saved model holds once.

    Args:
        accelerator: That prepared the objective.
        objective: As prepared.
        scalars: As told by `configure_sharding`.
    """
    state = accelerator.get_state_dict(objective)
    first: dict[int, str] = {}
    for name, parameter in objective.named_parameters(remove_duplicate=False):
        one = first.setdefault(id(parameter), name)
        if name in state:
            state[name] = state[one]
    return {name: value.reshape(()) if name in scalars else value for name, value in state.items()}


@contextmanager
def whole_outside_layers(objective: nn.Module) -> Iterator[None]:
    """Parameters that no layer of its own shards, whole for the time of a `with` block.

    Layers gather their own as they run; the rest is gathered by the forward pass of the objective, which
    evaluation goes past.
    """
    from torch.distributed.fsdp import FSDPModule

    if not isinstance(objective, FSDPModule):
        yield
        return
    objective.unshard()
    try:
        yield
    finally:
        objective.reshard()
