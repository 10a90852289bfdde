"""The files of a narration: formats, names, and never over a file of someone else."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..narration.journal import JOURNAL
from ..narration.result import SCHEMA, Narration
from ..recording.reading import Recording

FORMATS = ("json", "md", "html")
DEFAULT_FORMATS = "json,md,html"
_SUFFIX = {"json": ".json", "md": ".md", "html": ".html"}
_OURS = (SCHEMA.partition("/")[0], JOURNAL.partition("/")[0], "neuronarrator_hf")
_HEAD_BYTES = 2000


def parse_formats(text: str) -> tuple[str, ...]:
    """`json,md` as formats.

    Raises:
        ValueError: One of them is not built; the message names those that are.
    """
    asked = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",") if part.strip()))
    unknown = [f for f in asked if f not in FORMATS]
    if unknown or not asked:
        raise ValueError(
            f"unknown format {', '.join(unknown) or repr(text)}; choose among {', '.join(FORMATS)}"
        )
    return asked


class Stems:
    """Names of output files: the recording's stem or the hash of its content; equal ones get a number."""

    def __init__(self, naming: str = "stem") -> None:
        if naming not in ("stem", "hash"):
            raise ValueError(f"name must be stem or hash, got {naming!r}")
        self.naming = naming
        self._taken: set[str] = set()

    def of(self, recording: Recording, path: Path | None = None) -> str:
        """A name not given before by this object."""
        if self.naming == "hash":
            base = hashlib.sha256(recording.digest.encode()).hexdigest()[:12]
        else:
            base = re.sub(r"[^\w.+-]+", "_", path.stem if path else recording.name).strip("._") or "recording"
        stem, number = base, 2
        while stem.lower() in self._taken:
            stem, number = f"{base}_{number}", number + 1
        self._taken.add(stem.lower())
        return stem


def output_paths(out: Path, stem: str, formats: Sequence[str]) -> dict[str, Path]:
    """Format to path, the journal of the run included."""
    return {**{f: out / f"{stem}{_SUFFIX[f]}" for f in formats}, "journal": out / f"{stem}.segments.jsonl"}


def refuse_foreign(paths: Mapping[str, Path]) -> None:
    """Outputs of an earlier run are replaced; a file that this program did not write is not.

    Raises:
        FileExistsError: A file of one of these names was written by something else.
    """
    for path in paths.values():
        if not path.exists():
            continue
        head = path.read_bytes()[:_HEAD_BYTES].decode("utf-8", "replace") if path.is_file() else ""
        if head and not any(mark in head for mark in _OURS):
            raise FileExistsError(
                f"{path}: exists and was not written by neuronarrator; choose another --out"
            )
        if path.is_dir():
            raise FileExistsError(f"{path}: is a folder; choose another --out")


def write_reports(
    narration: Narration, paths: Mapping[str, Path], recording: Recording | None = None
) -> None:
    """Write a narration in every format of `paths`.

    Args:
        narration: The narration.
        paths: Format to path, see `output_paths`.
        recording: The recording, for the pictures of the page.
    """
    document: dict[str, Any] = narration.document()
    if "json" in paths:
        narration.write_json(paths["json"])
    if "md" in paths:
        from .markdown import write_markdown

        write_markdown(paths["md"], document)
    if "html" in paths:
        from .html import write_html

        write_html(paths["html"], document, recording)
