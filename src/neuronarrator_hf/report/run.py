"""`run.json`: what was run, on what, with what and how fast, so that a report can be made again."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..narration.result import plain

SCHEMA = "neuronarrator.run/1"
_PACKAGES = ("neuronarrator_hf", "torch", "transformers", "numpy", "scipy", "mne")


def run_record(
    head: Mapping[str, Any],
    *,
    parameters: Mapping[str, Any],
    source: Path | None,
    outputs: Mapping[str, Path],
    timings_s: Mapping[str, float],
) -> dict[str, Any]:
    """The record of a run; everything but `timings_s` and `machine` follows from input and parameters.

    Args:
        head: `Narration.head()`.
        parameters: What the command was asked for.
        source: The file that was narrated, if it was one.
        outputs: Format to path of the files written.
        timings_s: Name of a step to its seconds.
    """
    return {
        "schema": SCHEMA,
        "version": version("neuronarrator_hf"),
        "model": dict(head["model"]),
        "parameters": plain(parameters),
        "input": {
            "name": head["recording"]["name"],
            "signal_sha256": head["recording"]["digest"],
            "file_sha256": content_hash(source) if source is not None and source.is_file() else None,
        },
        "outputs": {path.name: content_hash(path) for path in outputs.values() if path.is_file()},
        "timings_s": {name: round(seconds, 3) for name, seconds in timings_s.items()},
        "machine": machine(),
    }


def write_run(path: Path, record: Mapping[str, Any]) -> None:
    """Write the record of a run."""
    path.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def written_before(path: Path) -> dict[str, str]:
    """Names of the files an earlier run wrote to the SHA-256 they had; nothing where there is no record."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        return {}
    return dict(record.get("outputs", {}))


def content_hash(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def machine() -> dict[str, Any]:
    """The machine and the packages, without its name."""
    packages: dict[str, str | None] = {}
    for name in _PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            packages[name] = None
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "packages": packages,
    }
