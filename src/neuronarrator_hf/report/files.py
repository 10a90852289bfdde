"""The files of a narration: formats, names, and never over a file of someone else."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..narration.journal import JOURNAL
from ..narration.result import SCHEMA, Narration
from ..recording.reading import Recording
from .bids import events_path
from .run import content_hash, written_before

if TYPE_CHECKING:
    from .overview import SignalSummary

FORMATS = ("json", "md", "html")
"""What a reader opens; the default."""
INTERCHANGE_FORMATS = ("pdf", "edf", "bids", "szcore", "fhir", "csv", "parquet")
"""What other programs open."""
DEFAULT_FORMATS = "json,md,html"
_SUFFIX = {
    "json": ".json", "md": ".md", "html": ".html", "pdf": ".pdf", "edf": ".edf",
    "szcore": ".szcore_events.tsv", "fhir": ".fhir.json",
}  # fmt: skip
_OF_DOCUMENT = {
    "md": "markdown.write_markdown", "bids": "bids.write_bids", "szcore": "szcore.write_szcore",
    "fhir": "fhir.write_fhir",
}  # fmt: skip
_OF_SIGNAL = {"html": "html.write_html", "pdf": "pdf.write_pdf", "edf": "edf.write_annotated_edf"}
_NEED_SUMMARY = {"html", "pdf", "csv_bands", "parquet_bands"}
TABLES = ("segments", "claims", "bands")
_NEEDS = {"pdf": ("weasyprint",), "csv": ("pandas",), "parquet": ("pandas", "pyarrow")}
_OURS = (SCHEMA.partition("/")[0], JOURNAL.partition("/")[0], "neuronarrator")
_HEAD_BYTES = 2000


def parse_formats(text: str) -> tuple[str, ...]:
    """`json,md` as formats.

    Raises:
        ValueError: One of them is not built, or needs a package that is not installed.
    """
    asked = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",") if part.strip()))
    known = (*FORMATS, *INTERCHANGE_FORMATS)
    unknown = [f for f in asked if f not in known]
    if unknown or not asked:
        raise ValueError(
            f"unknown format {', '.join(unknown) or repr(text)}; choose among {', '.join(known)}"
        )
    for format_name in asked:
        for package in _NEEDS.get(format_name, ()):
            if find_spec(package) is None:
                raise ValueError(
                    f"format {format_name} needs {package}: pip install 'neuronarrator_hf[report]'"
                )
    if "pdf" in asked:
        _find_pango()
    return asked


def _find_pango() -> None:
    """WeasyPrint is Python, what it draws letters with is not: say so before hours are narrated."""
    try:
        import_module("weasyprint")
    except OSError as error:
        raise ValueError(
            "format pdf needs the library Pango, which WeasyPrint did not find; install it "
            "(Debian: libpango-1.0-0 and libpangoft2-1.0-0) or leave pdf out"
        ) from error


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
    """Format to path, the journal of the run included; tables are one path each, as `csv_claims`."""
    paths: dict[str, Path] = {}
    for name in formats:
        if name in ("csv", "parquet"):
            paths |= {f"{name}_{kind}": out / f"{stem}_{kind}.{name}" for kind in TABLES}
        elif name == "bids":
            paths[name] = events_path(out / "bids", stem)
        else:
            paths[name] = out / f"{stem}{_SUFFIX[name]}"
    return {**paths, "journal": out / f"{stem}.segments.jsonl", "run": out / f"{stem}.run.json"}


def refuse_foreign(paths: Mapping[str, Path], source: Path | None = None) -> None:
    """Outputs of an earlier run are replaced; a file that this program did not write is not.

    Args:
        paths: As `output_paths` gives them.
        source: The recording, which is never written over.

    Raises:
        FileExistsError: A file of one of these names was written by something else, or is the recording.
    """
    listed = written_before(paths["run"])
    for path in paths.values():
        if not path.exists():
            continue
        if path.is_dir():
            raise FileExistsError(f"{path}: is a folder; choose another --out")
        if source is not None and source.exists() and path.samefile(source):
            raise FileExistsError(f"{path}: is the recording itself; choose another --out")
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES).decode("utf-8", "replace")
        if head and not any(mark in head for mark in _OURS) and listed.get(path.name) != content_hash(path):
            raise FileExistsError(
                f"{path}: exists and was not written by neuronarrator; choose another --out"
            )


def write_reports(
    narration: Narration,
    paths: Mapping[str, Path],
    recording: Recording | None = None,
    summary: SignalSummary | None = None,
) -> None:
    """Write a narration in every format of `paths`.

    Args:
        narration: The narration.
        paths: Format to path, see `output_paths`; what is no format is passed over.
        recording: The recording: for pictures, the EDF+ copy and the table of bands.
        summary: Of its signal, gathered while it was narrated; made here where it is needed without.

    Raises:
        ValueError: An EDF+ copy is asked for without the recording.
    """
    document: dict[str, Any] = narration.document()
    tables: dict[str, dict[str, Path]] = {}
    if summary is None and recording is not None and _NEED_SUMMARY & set(paths):
        from .overview import SignalSummary

        summary = SignalSummary.of(recording)
    for name, path in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        family, _, kind = name.partition("_")
        if kind:
            tables.setdefault(family, {})[kind] = path
        elif name == "json":
            narration.write_json(path)
        elif name in _OF_DOCUMENT:
            _writer(_OF_DOCUMENT[name])(path, document)
        elif name in _OF_SIGNAL:
            _writer(_OF_SIGNAL[name])(path, document, recording, summary)
    for of_family in tables.values():
        _writer("tables.write_tables")(of_family, document, summary)


def _writer(place: str) -> Callable[..., None]:
    """A function by `module.name` of this folder, so that a format loads its packages when it is written."""
    module, _, name = place.partition(".")
    function: Callable[..., None] = getattr(import_module(f".{module}", __package__), name)
    return function
