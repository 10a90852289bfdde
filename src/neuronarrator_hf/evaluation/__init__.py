"""Metrics, controls and benchmarks of narratives."""

from __future__ import annotations

from typing import Any


def run(benchmark: str, **options: Any) -> dict[str, Any]:
    """Run a benchmark; see `evaluation.benchmarks.run`."""
    from .benchmarks import run as run_benchmark

    return run_benchmark(benchmark, **options)
