"""The sources of recordings, one file each; `SOURCES` maps their names to them."""

from __future__ import annotations

from . import (
    bids,
    chb_mit,
    ds004504,
    eegmat,
    eegmmidb,
    excerpts,
    folder,
    helsinki,
    hmc,
    hms,
    icare,
    siena,
    sleep_edf,
    tuab,
    tuar,
    tuep,
    tuev,
    tusl,
    tusz,
)
from .source import SPLITS, Annotation, RecordingRef, Source, SourceError

__all__ = ["SOURCES", "SPLITS", "Annotation", "RecordingRef", "Source", "SourceError", "source_named"]

SOURCES: dict[str, Source] = {
    module.SOURCE.name: module.SOURCE
    for module in (
        tuab, tuev, tusz, tuar, tusl, tuep, chb_mit, siena, helsinki, icare, hms, sleep_edf, hmc, eegmmidb,
        eegmat,
        ds004504, bids, folder, excerpts,
    )
}  # fmt: skip
"""Every source by name: sixteen public datasets, then people's own recordings."""


def source_named(name: str) -> Source:
    """The source of a name.

    Raises:
        SourceError: There is none.
    """
    if name not in SOURCES:
        raise SourceError(f"no source {name!r}; there are {', '.join(SOURCES)}")
    return SOURCES[name]
