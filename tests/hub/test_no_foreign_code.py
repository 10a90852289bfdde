"""Loading a model runs no code but ours: no pickled weights, no `trust_remote_code`."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from neuronarrator_hf.narration.loading import load_model

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "neuronarrator_hf"


def test_pickled_weights_are_not_loaded(tiny_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_dir, folder)
    load_model(folder)
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ValueError, match="cannot be loaded"):
        load_model(folder)


def test_our_own_code_trusts_no_remote_code() -> None:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword):
                assert node.arg != "trust_remote_code", path
