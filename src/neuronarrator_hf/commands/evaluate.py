"""`neuronarrator evaluate`: scores a model on a benchmark, or sets two results side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from .messages import usage_errors


def evaluate(
    benchmark: Annotated[
        str, typer.Option(help="Name of a benchmark; a wrong one lists them all.")
    ] = "simulated",
    root: Annotated[Path | None, typer.Option(help="Folder of the benchmark's recordings.")] = None,
    model: Annotated[
        str | None,
        typer.Option(help="Hub name or folder; measured for no network; the embedded default without it."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Recordings at most, of each part.")] = None,
    per_recording: Annotated[
        int | None,
        typer.Option(min=1, help="Segments at most of each recording; events are not scored then."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of simulated recordings, controls and resampling.")] = 0,
    history: Annotated[str, typer.Option(help="ssm, prompt or none.")] = "ssm",
    also: Annotated[
        str, typer.Option(help="Further routes from EEG to class: likelihood, prototype, probe; with commas.")
    ] = "",
    peer: Annotated[
        list[str] | None,
        typer.Option(help="Published encoder for a linear probe beside: CBraMod, LaBraM, EEGPT; repeatable."),
    ] = None,
    judge: Annotated[
        str | None,
        typer.Option(help="Another language model that reads the texts: name, folder, or URL#MODEL."),
    ] = None,
    texts: Annotated[bool, typer.Option(help="Word what is heard; without it the heads alone speak.")] = True,
    controls: Annotated[bool, typer.Option(help="Run the controls.")] = True,
    prompts: Annotated[
        Path | None, typer.Option(help="File of label prompts in place of the one shipped.")
    ] = None,
    workers: Annotated[
        int, typer.Option(help="Processes that listen (simulated, icu-pages, awake); any number, one result.")
    ] = 1,
    scheduler: Annotated[
        str | None, typer.Option(help="Dask scheduler, such as tcp://10.0.0.1:8786, in place of --workers.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the results (JSON and Markdown).")] = None,
    compare: Annotated[
        tuple[Path, Path] | None, typer.Option(help="Two result files of one benchmark; runs nothing.")
    ] = None,
) -> None:
    """Score a model on a benchmark."""
    from ..evaluation import run
    from ..evaluation.comparing import compare as compare_results
    from ..evaluation.comparing import comparison_markdown
    from ..narration.result import plain

    with usage_errors():
        if compare is not None:
            typer.echo(comparison_markdown(compare_results(*compare)))
            return
        result = run(
            benchmark,
            root=root,
            model=model,
            limit=limit,
            per_recording=per_recording,
            seed=seed,
            history=history,
            also=[name.strip() for name in also.split(",") if name.strip()],
            peers=peer or [],
            judge=judge,
            worded=texts,
            controls=controls,
            prompts=prompts,
            workers=workers,
            scheduler=scheduler,
            out=out,
        )
        typer.echo(json.dumps(plain(result), indent=1, ensure_ascii=False))
