"""Imports run from a higher layer to a lower one only, and the lower layers stay light."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "neuronarrator_hf"
LAYERS = {
    "signal": 0,
    "findings": 1,
    "recording": 1,
    "simulation": 2,
    "models": 3,
    "corpus": 3,
    "narration": 4,
    "evaluation": 5,
    "report": 5,
    "publishing": 5,
    "training": 6,
    "pipelines": 7,
    "app": 8,
    "_registration": 8,
    "auto": 9,
    "commands": 9,
    "cli": 10,
}
LIGHT = ("signal", "findings", "recording", "simulation")
HEAVY = ("torch", "transformers")


def _part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imports(path: Path) -> list[tuple[str, bool]]:
    """Absolute names imported by a file, each with whether the import stands at module level."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = ["neuronarrator_hf", *path.relative_to(PACKAGE).parts[:-1]]
    found = []
    for node in ast.walk(tree):
        at_top = node.col_offset == 0 if hasattr(node, "col_offset") else False
        if isinstance(node, ast.Import):
            found += [(alias.name, at_top) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            found.append((module, at_top))
            found += [(f"{module}.{alias.name}", at_top) for alias in node.names]
    return found


SOURCES = sorted(p for p in PACKAGE.rglob("*.py") if p.parent != PACKAGE or p.stem in LAYERS)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_run_to_lower_layers(path: Path) -> None:
    own = _part(path)
    for name, _ in _imports(path):
        parts = name.split(".")
        if parts[0] != "neuronarrator_hf" or len(parts) < 2 or parts[1] not in LAYERS:
            continue
        other = parts[1]
        assert other == own or LAYERS[other] < LAYERS[own], f"{own} (layer {LAYERS[own]}) imports {name}"


@pytest.mark.parametrize(
    "path", [p for p in SOURCES if _part(p) in LIGHT], ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_light_layers_import_nothing_heavy(path: Path) -> None:
    heavy = [name for name, at_top in _imports(path) if at_top and name.split(".")[0] in HEAVY]
    assert not heavy


@pytest.mark.parametrize(
    "module", ["neuronarrator_hf", "neuronarrator_hf.signal", "neuronarrator_hf.findings.schema"]
)
def test_import_loads_neither_torch_nor_transformers(module: str) -> None:
    code = f"import sys, {module}; print([m for m in ('torch', 'transformers') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_source_files_stay_small() -> None:
    long = {
        str(p.relative_to(PACKAGE)): n
        for p in PACKAGE.rglob("*.py")
        if (n := len(p.read_text().splitlines())) > 400
    }
    assert not long


def test_no_test_imports_a_conftest() -> None:
    """Several folders have one, and which of them the name means depends on what pytest was given."""
    tests = Path(__file__).parent.rglob("*.py")
    assert not [p.name for p in tests if re.search(r"^(from|import) conftest\b", p.read_text(), re.MULTILINE)]
