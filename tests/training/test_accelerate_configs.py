"""The Accelerate configurations that are shipped are ones that Accelerate reads."""

from __future__ import annotations

from importlib import resources

import pytest
from accelerate.commands.config.config_args import load_config_from_file

FOLDER = resources.files("neuronarrator_hf").joinpath("configs/accelerate")
KINDS = {"cpu_two": "MULTI_GPU", "multi_gpu": "MULTI_GPU", "fsdp": "FSDP", "deepspeed_zero2": "DEEPSPEED"}


def test_all_are_known():
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.yaml" for name in KINDS}


@pytest.mark.parametrize(("name", "kind"), KINDS.items())
def test_read_by_accelerate(name, kind):
    config = load_config_from_file(str(FOLDER / f"{name}.yaml"))
    assert config.distributed_type.value == kind
    assert config.num_processes == (2 if name == "cpu_two" else 8)
