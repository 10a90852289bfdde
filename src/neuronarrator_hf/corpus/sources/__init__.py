"""The sources of recordings, one file each; `SOURCES` maps their names to them."""

from __future__ import annotations

from . import chb_mit, hms, sleep_edf
from .source import SPLITS, Annotation, RecordingRef, Source, SourceError

__all__ = ["SOURCES", "SPLITS", "Annotation", "RecordingRef", "Source", "SourceError", "source_named"]

SOURCES: dict[str, Source] = {module.SOURCE.name: module.SOURCE for module in (chb_mit, hms, sleep_edf)}
"""Every source by name."""


def source_named(name: str) -> Source:
    """The source of a name.

    Raises:
        SourceError: There is none.
    """
    if name not in SOURCES:
        raise SourceError(f"no source {name!r}; there are {', '.join(sorted(SOURCES))}")
    return SOURCES[name]
