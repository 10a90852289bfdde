"""A narration as `mne.Report`: what users of MNE know, to save as HTML or to add figures to."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..narration.result import title
from ..recording.page import page_figure
from ..recording.reading import Recording
from ..recording.windows import iter_windows
from .evidence import clock, finding_name
from .html import MAX_PAGES

if TYPE_CHECKING:
    import mne


def to_mne_report(document: Mapping[str, Any], recording: Recording | None = None) -> mne.Report:
    """The sections as text and the events with their ten-second pages.

    Args:
        document: A narration in the form of its JSON.
        recording: The recording, for the pages; without it there are none.
    """
    import mne

    report = mne.Report(title=f"EEG narrative: {document['recording']['name']}", verbose="ERROR")
    told = "".join(
        f"<h4>{html.escape(title(name))}</h4><p>{html.escape(text)}</p>"
        for name, text in document["sections"].items()
        if text
    )
    notice = f"<p><strong>{html.escape(document['disclaimer'])}</strong></p>"
    report.add_html(notice + told, title="Report", tags=("report",))
    if recording is None:
        return report
    mains_hz = recording.report.get("mains_hz")
    for event in document["events"][:MAX_PAGES]:
        onset_s, end_s = event["onset_s"], event["onset_s"] + event["duration_s"]
        name = finding_name(event["finding"]) + (" (candidate)" if event["candidate"] else "")
        blocks = iter_windows(
            recording, block_windows=1, start_s=onset_s - 10.0 + 0.01, stop_s=end_s, mains_hz=mains_hz
        )
        block = next(blocks, None)
        if block is None:
            continue
        figure = page_figure(block, events=[(onset_s, end_s, name)])
        report.add_figure(
            figure, title=f"{clock(onset_s)} {name}", tags=(event["finding"],), image_format="png"
        )
    return report
