"""`neuronarrator compare`: two recordings of one patient, what changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from .messages import USAGE_ERROR, make_folder, read_narration, say, usage_errors


def compare(
    before: Annotated[Path, typer.Argument(help="The earlier recording, or the JSON of its narration.")],
    after: Annotated[Path, typer.Argument(help="The later one.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder for comparison.json and comparison.md; printed without it.")
    ] = None,
    age: Annotated[float | None, typer.Option(help="Age in years, for recordings not narrated yet.")] = None,
    model: Annotated[
        str | None, typer.Option(help="Hub name or folder, for recordings not narrated yet.")
    ] = None,
) -> None:
    """Compare two recordings of one patient: what is new, gone or changed, and what cannot be compared."""
    from ..recording.errors import RecordingError

    narrator: Any = None
    documents = []
    with usage_errors():
        for path in (before, after):
            try:
                document, narrator = _document(path, narrator, model, age)
            except RecordingError as error:
                say(str(error))
                raise typer.Exit(USAGE_ERROR) from None
            documents.append(document)
    from ..report.comparison import compare as compared

    comparison = compared(*documents)
    if out is None:
        typer.echo(comparison.to_markdown())
        return
    with usage_errors():
        make_folder(out)
        targets = {name: out / f"comparison.{name}" for name in ("json", "md")}
        for path in targets.values():
            if path.exists():
                raise FileExistsError(f"{path}: exists and is not overwritten; choose another --out")
    targets["json"].write_text(
        json.dumps(comparison.to_dict(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    targets["md"].write_text(comparison.to_markdown(), encoding="utf-8")
    typer.echo(", ".join(str(path) for path in targets.values()))


def _document(path: Path, narrator: Any, model: str | None, age: float | None) -> tuple[dict[str, Any], Any]:
    """The narration of a file: read where it is one, made where it is a recording."""
    if path.suffix.lower() == ".json":
        return read_narration(path), narrator
    from ..narration.engine import Narrator
    from ..recording.reading import read_recording

    with read_recording(path) as recording:
        narrator = narrator or Narrator.from_pretrained(model, age_years=age)
        return narrator.narrate(recording, name=path.stem).to_dict(), narrator
