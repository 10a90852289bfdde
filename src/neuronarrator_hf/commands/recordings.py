"""`neuronarrator inspect` and `deidentify`: recordings looked at and copied without identity."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from .messages import UNITS, USAGE_ERROR, one_of, say, usage_errors


def inspect(
    recordings: Annotated[list[Path], typer.Argument(help="EEG files.")],
    units: Annotated[
        str | None, typer.Option(help="Unit of the stored numbers where the file is wrong.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """Say what is in recordings: channels, unit, reference, quality. No model is loaded."""
    from ..recording.inspection import inspect as look
    from ..recording.inspection import inspection_table
    from ..recording.reading import RecordingError

    with usage_errors():
        one_of("units", units, UNITS)
    status = 0
    for path in recordings:
        try:
            told = look(path, units=units)
        except RecordingError as error:
            say(str(error))
            status = USAGE_ERROR
            continue
        typer.echo(json.dumps(told, indent=1, ensure_ascii=False) if as_json else inspection_table(told))
    raise typer.Exit(status)


def deidentify(
    recording: Annotated[Path, typer.Argument(help="EEG file.")],
    out: Annotated[Path, typer.Option(help="Where the copy goes; never overwritten.")],
) -> None:
    """Write a copy without identity: samples as they are, header and annotations from closed lists."""
    from ..recording.deidentification import deidentify as copy_without_identity

    with usage_errors():
        done = copy_without_identity(recording, out)
        typer.echo(f"{done.path}: left out {', '.join(done.removed) or 'nothing'}")
