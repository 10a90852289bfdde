"""The recording as EDF+ with the narration's events in it, for any viewer; the source stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..recording.copying import write_edf_copy
from ..recording.reading import Recording
from .exchange import exchange_events
from .overview import SignalSummary


def write_annotated_edf(
    path: Path, document: Mapping[str, Any], recording: Recording | None, _: SignalSummary | None = None
) -> None:
    """Write a recording, all of its channels, with events and states as annotations.

    Samples are stored with 16 bit over the range of each channel; the header's identity and date are not
    copied. Codes that the recording came with are kept.

    Args:
        path: Where to; an earlier copy is replaced.
        document: A narration in the form of its JSON.
        recording: What was narrated.

    Raises:
        ValueError: There is no recording.
    """
    if recording is None:
        raise ValueError("an EDF+ copy needs the recording; pass it to write_reports")
    marks = [(e.onset_s, e.duration_s, e.label) for e in exchange_events(document)]
    marks += [(a.onset_s, a.duration_s, a.code) for a in recording.annotations if a.code != "gap"]
    path.unlink(missing_ok=True)
    write_edf_copy(path, recording, marks)
