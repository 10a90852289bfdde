"""`neuronarrator train`: hands its arguments to the training command."""

from __future__ import annotations

import typer


def train(context: typer.Context) -> None:
    """Train in stages: language, align, narrate or all (`neuronarrator train --help`)."""
    from ..training.__main__ import main as train_main

    raise typer.Exit(train_main(context.args))
