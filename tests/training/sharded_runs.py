"""Run in every process by `accelerate launch`: two stages plain and sharded, `narrate` also with a kill.

    sharded_runs.py FOLDER KEY=VALUE...

Accelerate has FSDP for accelerators alone and falls back to plain data parallel on CPUs without a word. Told
that the CPUs are accelerators, it does on gloo all that it does on GPUs.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

from accelerate.state import AcceleratorState, GradientState, PartialState
from accelerate.utils import DistributedType

from neuronarrator_hf.training import validation
from neuronarrator_hf.training.arguments import load_arguments
from neuronarrator_hf.training.loop import train
from neuronarrator_hf.training.stages import build_stage

KILLED_AT = 3


def run(
    stage_name: str, name: str, *, sharded: bool, resume: bool = False, stop_before: int | None = None
) -> list[str]:
    """Train a stage in the folder of this name; the kinds of modules that are sharded for themselves."""
    for state in (GradientState, AcceleratorState, PartialState):
        state._reset_state()
    os.environ["ACCELERATE_USE_FSDP"] = str(sharded).lower()
    if sharded:
        PartialState(cpu=True)
        PartialState._shared_state["distributed_type"] = DistributedType.MULTI_GPU
    preset = load_arguments("micro", overrides)
    arguments = preset.stages[stage_name]
    if name == "killed":
        arguments = replace(arguments, checkpoint_minutes=0)
    stage = build_stage(stage_name, preset, folder / "start")
    if stop_before is not None:
        stage.batches = functools.partial(stopping, stage.batches, stop_before)
    train(stage, arguments, folder / name, seed=preset.seed, resume=resume, expected_processes=2)
    return sorted(
        {type(m).__name__ for m in stage.objective.modules() if type(m).__name__.startswith("FSDP")}
    )


def stopping(batches, stop_before, start, stop, rank, world):
    yield from batches(start, stop_before, rank, world)
    raise KeyboardInterrupt


folder, overrides = Path(sys.argv[1]), sys.argv[2:]
validation.speak = functools.partial(validation.speak, max_new_tokens=4)
sharded_modules = {name: run("narrate", name, sharded=name == "sharded") for name in ("plain", "sharded")}
with contextlib.suppress(KeyboardInterrupt):
    run("narrate", "killed", sharded=True, stop_before=KILLED_AT)
run("narrate", "killed", sharded=True, resume=True)
for name in ("plain", "sharded"):
    run("align", f"{name}_align", sharded=name == "sharded")
if int(os.environ["RANK"]) == 0:
    (folder / "sharded_modules.json").write_text(json.dumps(sharded_modules))
