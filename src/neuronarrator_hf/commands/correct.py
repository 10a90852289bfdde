"""`neuronarrator correct`: a reader's corrections beside the machine's claims, and pairs for training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from .messages import make_folder, read_narration, usage_errors


def correct(
    narration: Annotated[Path, typer.Argument(help="JSON of a narration.")],
    corrections: Annotated[Path, typer.Argument(help="JSON of the corrections.")],
    out: Annotated[Path, typer.Option(help="Folder for <stem>.corrected.json and <stem>.pairs.jsonl.")],
) -> None:
    """Keep a reader's corrections beside the machine's claims, and write pairs of both for training."""
    with usage_errors():
        from ..report.corrections import apply, read_corrections, write_pairs

        corrected = apply(read_narration(narration), read_corrections(corrections))
        make_folder(out)
        kept, pairs = (out / f"{narration.stem}.{name}" for name in ("corrected.json", "pairs.jsonl"))
        for path in (kept, pairs):
            if path.exists():
                raise FileExistsError(f"{path}: exists and is not overwritten; choose another --out")
    kept.write_text(json.dumps(corrected, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    n_pairs = write_pairs(pairs, corrected)
    typer.echo(f"{kept}, {pairs} ({n_pairs} segments)")
