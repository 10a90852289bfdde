"""What a result was made with: versions, model, hashes, seeds, hardware."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_PACKAGES = (
    "neuronarrator_hf", "numpy", "scipy", "torch", "transformers", "mne", "scikit-learn", "sacrebleu",
    "rouge-score", "timescoring",
)  # fmt: skip


def provenance(benchmark: str, identity: Mapping[str, Any], **settings: Any) -> dict[str, Any]:
    """The `run` part of a result.

    Args:
        benchmark: Its name.
        identity: Of the voice: name, revision and version of the model.
        **settings: Seed, limits and whatever else decided the result.
    """
    return {
        "benchmark": benchmark,
        "model": dict(identity),
        **settings,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"python": platform.python_version()} | {n: v for n in _PACKAGES if (v := _version(n))},
        "hardware": _hardware(),
    }


def files_digest(files: Iterable[tuple[str, Path]], *, contents: bool = False) -> str:
    """One hash over the recordings used: their names and sizes, or what they hold.

    Args:
        files: Identifier and path of each.
        contents: Read the files through; else their sizes stand for them.
    """
    digest = hashlib.sha256()
    for name, path in sorted(files):
        digest.update(f"{name}\0{path.stat().st_size}\0".encode())
        if contents:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _hardware() -> dict[str, Any]:
    import torch

    return {
        "machine": platform.machine(),
        "system": platform.system(),
        "cpus": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }
