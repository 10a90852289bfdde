"""`neuronarrator corpus download`: a published source to a folder, verified, going on after a break."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from .messages import make_folder, refuse, say, usage_errors

_SHOWN = 5


def download(
    source: Annotated[str, typer.Option(help="Name of a source; `neuronarrator corpus sources` lists them.")],
    out: Annotated[Path, typer.Option(help="Folder of the source; what is there and verified is kept.")],
    subjects: Annotated[
        str | None, typer.Option(help="Persons, with commas between, in the source's spelling; else all.")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="The first persons alone.")] = None,
    mirror: Annotated[str | None, typer.Option(help="Address of a copy laid out as the publisher's.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress on standard error.")] = False,
) -> None:
    """Download an openly published source. The same command goes on after a break."""
    with usage_errors():
        from tqdm import tqdm

        from ..corpus.downloads.download import download as fetch
        from ..corpus.downloads.download import origin_of
        from ..corpus.sources import source_named

        chosen = source_named(source)
        origin_of(chosen)
        if limit is not None and limit < 1:
            raise ValueError(f"limit must be at least 1, got {limit}")
        make_folder(out)
        if not quiet:
            say(f"{chosen.title}: {chosen.licence}; cite {chosen.citation}")
        with tqdm(
            unit="B", unit_scale=True, unit_divisor=1000, disable=quiet or None, file=sys.stderr
        ) as bar:
            result = fetch(
                chosen,
                out,
                subjects=[name.strip() for name in (subjects or "").split(",") if name.strip()],
                limit=limit,
                mirror=mirror,
                on_file=lambda done, total, name: bar.set_description(f"{done}/{total} {name}"),
                on_bytes=bar.update,
            )
    for reason in list(result.failed.values())[:_SHOWN]:
        say(reason)
    if result.failed:
        refuse(f"{len(result.failed)} of {result.n_files} files are not there; repeat the command")
    unverified = f", {result.n_unverified} without a published checksum" if result.n_unverified else ""
    typer.echo(
        f"{out}: {result.n_files} files, {result.n_fetched} fetched, {result.n_kept} kept{unverified}; now "
        f"neuronarrator corpus build --source {source} --root {out} --out corpus"
    )
