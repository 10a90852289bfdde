"""`neuronarrator simulate`: recordings whose truth is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from .example import example_simulated
from .messages import usage_errors


def simulate(
    out: Annotated[Path, typer.Option(help="EDF file to write; the truth goes beside it as JSON.")],
    seed: Annotated[int, typer.Option(help="Seed of the recording.")] = 0,
) -> None:
    """Write a simulated recording whose truth is known."""
    from ..recording.writing import write_edf

    with usage_errors():
        truth_path = out.with_suffix(".truth.json")
        if truth_path.exists():
            raise FileExistsError(f"{truth_path}: exists and is not overwritten; name another --out")
        out.parent.mkdir(parents=True, exist_ok=True)
        simulated = example_simulated(seed)
        write_edf(out, simulated.eeg_uv, simulated.ch_names, simulated.sfreq)
        truth = {
            "seed": seed,
            "windows": [[c.to_dict() for c in claims] for claims in simulated.window_claims],
        }
        truth_path.write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
        typer.echo(f"{out}, {truth_path}")
