"""`neuronarrator evaluate`: scores a model on a benchmark."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from .messages import usage_errors


def evaluate(
    benchmark: Annotated[str, typer.Option(help="simulated, icu-pages or awake.")] = "simulated",
    root: Annotated[Path | None, typer.Option(help="Folder of the benchmark's recordings.")] = None,
    model: Annotated[
        str | None, typer.Option(help="Hub name or folder; the embedded default without it.")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Recordings at most.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of simulated recordings.")] = 0,
    history: Annotated[str, typer.Option(help="ssm, prompt or none.")] = "ssm",
    out: Annotated[Path | None, typer.Option(help="Folder for the results.")] = None,
) -> None:
    """Score a model on a benchmark."""
    from ..evaluation import run
    from ..narration.result import plain

    with usage_errors():
        result = run(benchmark, root=root, model=model, limit=limit, seed=seed, out=out, history=history)
        typer.echo(json.dumps(plain(result), indent=1, ensure_ascii=False))
