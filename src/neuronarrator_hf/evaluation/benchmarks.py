"""Benchmarks: each a small declaration of which recordings are heard and how they are scored."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import real, simulated
from .expert_labels import read_labels
from .listening import make_voice


@dataclass(frozen=True)
class Benchmark:
    """One benchmark.

    Attributes:
        name: As given to `--benchmark`.
        needs_root: Whether it reads recordings from `--root`.
        evaluate: `(voice, root, limit, seed)` to results.
        to_markdown: Results to tables.
    """

    name: str
    needs_root: bool
    evaluate: Callable[[Any, Path | None, int | None, int], dict[str, Any]]
    to_markdown: Callable[[dict[str, Any]], str]


def _simulated(voice: Any, root: Path | None, limit: int | None, seed: int) -> dict[str, Any]:
    return simulated.evaluate_simulated(voice, n=limit or 200, seed=seed)


def _icu_pages(voice: Any, root: Path | None, limit: int | None, seed: int) -> dict[str, Any]:
    assert root is not None
    pages = real.hear_recordings(voice, read_labels(root, ("icu_vecams",))[:limit])
    clips = real.hear_recordings(voice, read_labels(root, ("icu_sparcnet", "icu_iiic_irr"))[:limit])
    return {
        "pages": real.score_pages(pages),
        "clips": real.score_clips(clips),
        "recordings": real.claims_table([*pages, *clips]),
    }


def _awake(voice: Any, root: Path | None, limit: int | None, seed: int) -> dict[str, Any]:
    assert root is not None
    heard = real.hear_recordings(voice, read_labels(root, ("awake",))[:limit])
    return {"awake": real.score_awake(heard), "recordings": real.claims_table(heard)}


BENCHMARKS: dict[str, Benchmark] = {
    b.name: b
    for b in (
        Benchmark("simulated", False, _simulated, simulated.to_markdown),
        Benchmark("icu-pages", True, _icu_pages, real.to_markdown),
        Benchmark("awake", True, _awake, real.to_markdown),
    )
}


def run(
    benchmark: str,
    *,
    root: str | Path | None = None,
    model: str | Path | None = None,
    limit: int | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    history: str = "ssm",
) -> dict[str, Any]:
    """Run a benchmark on a model: what `neuronarrator evaluate` does.

    Args:
        benchmark: Name of a benchmark.
        root: Folder of its recordings.
        model: Repository name or folder; None is the embedded default.
        limit: Recordings at most (of each kind).
        seed: Number of the held-out set and seed of the controls.
        out: Folder for `NAME.json` and `NAME.md`; None writes nothing.
        history: History mode of the narration.

    Returns:
        The results with versions, model and hardware.

    Raises:
        ValueError: There is no such benchmark, or it needs a folder.
    """
    if benchmark not in BENCHMARKS:
        raise ValueError(f"no benchmark {benchmark!r}; there are {', '.join(BENCHMARKS)}")
    declared = BENCHMARKS[benchmark]
    if declared.needs_root and root is None:
        raise ValueError(f"the benchmark {benchmark!r} needs --root, the folder of its recordings")
    from ..narration.loading import load_model

    loaded, processor = load_model(model)
    voice = make_voice(loaded, processor, history=history)
    result = declared.evaluate(voice, None if root is None else Path(root), limit, seed)
    result = {"run": _provenance(benchmark, model, seed, limit), **result}
    if out is not None:
        folder = Path(out)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{benchmark}.json").write_text(
            json.dumps(result, indent=1, default=str) + "\n", encoding="utf-8"
        )
        (folder / f"{benchmark}.md").write_text(declared.to_markdown(result), encoding="utf-8")
    return result


def to_markdown(benchmark: str, result: dict[str, Any]) -> str:
    """Results of a benchmark as Markdown tables."""
    return BENCHMARKS[benchmark].to_markdown(result)


def _provenance(benchmark: str, model: str | Path | None, seed: int, limit: int | None) -> dict[str, Any]:
    import numpy
    import torch
    import transformers

    return {
        "benchmark": benchmark,
        "model": "embedded default" if model is None else str(model),
        "seed": seed,
        "limit": limit,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {
            "python": platform.python_version(),
            "numpy": numpy.__version__,
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        },
        "machine": f"{platform.machine()}, {torch.get_num_threads()} threads",
    }
