"""The Accelerate configurations that are shipped are ones that Accelerate reads, key by key."""

from __future__ import annotations

import os
from importlib import resources
from types import SimpleNamespace

import pytest
import torch
from accelerate.commands.config.config_args import load_config_from_file
from accelerate.commands.launch import _validate_launch_command, launch_command_parser
from accelerate.utils import DeepSpeedPlugin, DistributedType, FullyShardedDataParallelPlugin
from accelerate.utils.launch import prepare_deepspeed_cmd_env, prepare_multi_gpu_env

from neuronarrator_hf.training.arguments import StageArguments
from neuronarrator_hf.training.sharding import configure_sharding

FOLDER = resources.files("neuronarrator_hf").joinpath("configs/accelerate")
KINDS = {"cpu_two": "MULTI_GPU", "multi_gpu": "MULTI_GPU", "fsdp": "FSDP", "deepspeed_zero2": "DEEPSPEED"}


def test_all_are_known():
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.yaml" for name in KINDS}


@pytest.mark.parametrize(("name", "kind"), KINDS.items())
def test_read_by_accelerate(name, kind):
    config = load_config_from_file(str(FOLDER / f"{name}.yaml"))
    assert config.distributed_type.value == kind
    assert config.num_processes == (2 if name == "cpu_two" else 8)


@pytest.mark.parametrize("name", KINDS)
def test_every_key_is_an_argument_of_the_launcher(name):
    """It takes over any other key as well, and leaves it at that."""
    config = load_config_from_file(str(FOLDER / f"{name}.yaml"))
    known = vars(launch_command_parser().parse_args(["script.py"]))
    assert set(config.fsdp_config) | set(config.deepspeed_config) <= set(known)


def launched(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment that the launcher gives to the processes."""
    parsed = launch_command_parser().parse_args(["--config_file", str(FOLDER / f"{name}.yaml"), "script.py"])
    arguments, _, _ = _validate_launch_command(parsed)
    if name == "deepspeed_zero2":
        arguments.deepspeed_fields_from_accelerate_config = "deepspeed_config"
        _, environment = prepare_deepspeed_cmd_env(arguments)
    else:
        environment = prepare_multi_gpu_env(arguments)
    for key in set(environment) - set(os.environ):
        monkeypatch.setenv(key, environment[key])


def test_deepspeed_is_told_what_it_would_ask_a_loader(monkeypatch):
    launched("deepspeed_zero2", monkeypatch)
    plugin = DeepSpeedPlugin()
    settings = plugin.deepspeed_config
    assert settings["zero_optimization"]["stage"] == 2 and settings["gradient_clipping"] == 1.0
    assert settings["gradient_accumulation_steps"] == 1
    assert settings["train_micro_batch_size_per_gpu"] == "auto"  # of a loader that Accelerate never sees
    accelerator = SimpleNamespace(
        distributed_type=DistributedType.DEEPSPEED, state=SimpleNamespace(deepspeed_plugin=plugin)
    )
    assert configure_sharding(accelerator, torch.nn.Linear(1, 1), StageArguments(batch_size=3)) == []
    assert settings["train_micro_batch_size_per_gpu"] == 3


def test_fsdp_is_version_two_and_leaves_types_to_autocast(monkeypatch):
    launched("fsdp", monkeypatch)
    plugin = FullyShardedDataParallelPlugin()
    assert plugin.fsdp_version == 2 and plugin.reshard_after_forward is True
    plugin.set_mixed_precision("bf16")
    accelerator = SimpleNamespace(
        distributed_type=DistributedType.FSDP, state=SimpleNamespace(fsdp_plugin=plugin)
    )
    module = torch.nn.Module()
    module.scale = torch.nn.Parameter(torch.tensor(2.0))
    assert configure_sharding(accelerator, module, StageArguments()) == ["scale"]
    assert module.scale.shape == (1,) and float(module.scale.detach()) == 2.0
    assert plugin.mixed_precision_policy.param_dtype is None
