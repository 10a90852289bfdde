"""What a visitor sees of a window and of a narrative: pictures and tables, every text escaped."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..findings.schema import Claim
from ..findings.write import write_segment
from ..narration.result import Narration, WindowNarration, title
from ..recording.page import LONGITUDINAL, page_figure
from ..report.evidence import (
    STATUS_WORDS,
    claim_words,
    clock,
    confidence_words,
    duration,
    evidence_words,
    finding_name,
    place,
    short_name,
    value_range,
)
from ..report.figures import band_maps, spectrum
from ..report.overview import FMAX_HZ
from ..signal.interpolation import average_reference, to_sites
from ..signal.montage import region_sites, site_indices
from ..signal.spectral import band_power, power_spectrum
from ..signal.windows import EEGWindows

REGIONS = ("frontal", "central", "temporal", "occipital")
STATUS_LABELS = {
    "supported": "supported",
    "contradicted": "contradicted",
    "unassessable": "not checkable",
    "unchecked": "unchecked",
}
STATUS_COLOURS = {
    "supported": "#8ecbf0",
    "contradicted": "#d55e00",
    "not checkable": "#8b95a1",
    "unchecked": "#e6b800",
}
"""After Okabe and Ito (2008), told apart by the colour-blind too; `app.css` adds a line to each."""
PAGE_INCHES, PAGE_DPI = 7.6, 130
"""Width of a page, which sets its letters against the traces, and its sharpness on fine screens."""
EVENT_COLUMNS = ("onset", "duration", "finding", "where", "frequency", "confidence")
_GRAVITY = ("supported", "unchecked", "unassessable", "contradicted")
AUTOMATIC = 0.0
"""Gain chosen from the signal."""
BANDS_HZ: dict[str, tuple[float, float] | None] = {
    "0.5–75 Hz": None, "1–35 Hz": (1.0, 35.0), "1–15 Hz": (1.0, 15.0), "15–70 Hz": (15.0, 70.0),
}  # fmt: skip
"""Filters of the page; None is the signal as it was read."""


@dataclass(frozen=True)
class View:
    """How a page is drawn.

    Attributes:
        sensitivity_uv: Microvolts between two traces; `AUTOMATIC` chooses from the signal.
        montage: One of `recording.page.MONTAGES`.
        band: One of `BANDS_HZ`.
    """

    sensitivity_uv: float = AUTOMATIC
    montage: str = LONGITUDINAL
    band: str = next(iter(BANDS_HZ))


def page_picture(window: EEGWindows, view: View, events: Sequence[Mapping[str, Any]] = ()) -> str:
    """Ten seconds of EEG.

    Args:
        window: A block of one window, filtered to the band of the view.
        view: Gain, montage and band.
        events: Events of the narration, marked where they fall on the page.
    """
    start_s, end_s = float(window.start_s[0]), float(window.end_s[0])
    marks = [
        (e["onset_s"], e["onset_s"] + e["duration_s"], short_name(e["finding"]))
        for e in events
        if e["onset_s"] < end_s and e["onset_s"] + e["duration_s"] > start_s
    ]
    figure = page_figure(
        window,
        montage=view.montage,
        band=view.band,
        sensitivity_uv=view.sensitivity_uv or None,
        events=marks,
        width_inches=PAGE_INCHES,
    )
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=PAGE_DPI)
    picture = base64.b64encode(buffer.getvalue()).decode("ascii")
    told = html.escape(f"EEG from {clock(start_s)} to {clock(end_s)}")
    return (
        '<div class="nn-scroll"><img class="nn-page" '
        f'alt="{told}" src="data:image/png;base64,{picture}"></div>'
    )


def overview(density: str, n_windows: int, shown: int, marks: Sequence[tuple[int, int, str]] = ()) -> str:
    """Spectrogram of the whole recording, with the segment on the screen and the events on it.

    Args:
        density: The picture as a data URI; nothing is shown without one.
        n_windows: Segments of the recording.
        shown: Index of the segment on the screen.
        marks: `(first, last, label)` segments of each event.
    """
    if not density or not n_windows:
        return ""

    def bar(kind: str, first: int, last: int, label: str) -> str:
        left, width = 100 * first / n_windows, 100 * (last - first + 1) / n_windows
        told = html.escape(label, quote=True)
        return f'<i class="{kind}" style="left:{left:.2f}%;width:{width:.2f}%" title="{told}"></i>'

    bars = "".join(bar("nn-event", *mark) for mark in marks)
    return (
        f'<figure class="nn-overview"><img alt="Spectrogram of the recording" src="{density}">{bars}'
        f"{bar('nn-here', shown, shown, 'segment on the screen')}"
        f"<figcaption>0–{FMAX_HZ:g} Hz, all segments; bars are events, the frame is the segment below; "
        "click to go to a time"
        "</figcaption></figure>"
    )


def maps_and_spectrum(window: EEGWindows) -> str:
    """Topographic maps per band and the spectrum by region of a block of one window."""
    site_uv, site_mask = to_sites(window)
    freqs, psd = power_spectrum(
        average_reference(site_uv, site_mask), window.sfreq, time_mask=window.time_mask
    )
    maps = band_maps(band_power(freqs, psd[0]), site_mask[0])
    by_region = {}
    for region in REGIONS:
        rows = site_indices(region_sites(region))
        rows = rows[site_mask[0, rows]]
        if len(rows):
            by_region[region] = psd[0, rows].mean(axis=0)
    if not by_region:
        return '<p class="nn-soft">No electrode of this segment can be evaluated.</p>'
    shown = "".join(
        f"<figure>{picture}<figcaption>{label.replace(' ', '<br>', 1)}</figcaption></figure>"
        for label, picture in maps
    )
    legend = "".join(f'<li class="line-{i}">{html.escape(region)}</li>' for i, region in enumerate(by_region))
    few = '<p class="nn-soft">Too few electrodes for maps.</p>'
    return (
        f'<div class="nn-fields"><div class="nn-maps">{shown or few}</div><div class="nn-spectrum">'
        f'{spectrum(freqs, by_region)}<ul class="nn-legend">{legend}</ul></div></div>'
    )


def clock_words(window: WindowNarration) -> str:
    """`0:10-0:20`."""
    return f"{clock(window.start_s)}\N{EN DASH}{clock(window.end_s)}"


def claim_pieces(window: WindowNarration) -> Iterator[tuple[str, str | None]]:
    """The paragraph of a window in pieces, each with the gravest status of the claims it makes, or None."""
    statuses: dict[tuple[int, int], list[str]] = {}
    for claim in window.claims:
        if claim.span is not None:
            statuses.setdefault(claim.span, []).append(claim.status)
    reached = 0
    for (start, stop), found in sorted(statuses.items(), key=lambda item: (item[0][0], -item[0][1])):
        if start < reached:
            continue
        if start > reached:
            yield window.text[reached:start], None
        yield window.text[start:stop], STATUS_LABELS[max(found, key=_GRAVITY.index)]
        reached = stop
    if reached < len(window.text):
        yield window.text[reached:], None


def narrative(windows: Iterable[WindowNarration]) -> tuple[list[tuple[str, str | None]], list[int]]:
    """The narrative in pieces for highlighting, and for each piece the index of its window."""
    pieces: list[tuple[str, str | None]] = []
    owners: list[int] = []
    for index, window in enumerate(windows):
        new = [(f"{clock_words(window)}  ", None), *claim_pieces(window), ("\n", None)]
        pieces += new
        owners += [index] * len(new)
    return pieces, owners


def segment_details(window: WindowNarration | None, truth: Iterable[Claim] | None) -> str:
    """The claims of a window with their evidence; of a simulated one, what was put into it.

    What is not seen or not assessed, if nothing speaks against it, is folded away.
    """
    parts = []
    if window is not None:
        parts.append(f"<h3>Segment {clock_words(window)}</h3><p>{html.escape(window.text)}</p>")
    if truth is not None:
        told = write_segment(list(truth), variety=0.0) or "nothing beyond background activity"
        parts.append(f'<p class="nn-truth"><b>Simulated here:</b> {html.escape(told)}</p>')
    if window is not None:
        folded = [c for c in window.claims if not c.is_present and c.status != "contradicted"]
        parts.append(_claims_table([c for c in window.claims if c not in folded]))
        if folded:
            parts.append(
                f"<details><summary>{len(folded)} more: not seen or not assessed</summary>"
                f"{_claims_table(folded)}</details>"
            )
    return "".join(parts) or '<p class="nn-soft">Not narrated yet.</p>'


def _claims_table(claims: Sequence[Claim]) -> str:
    if not claims:
        return ""
    rows = "".join(_claim_row(claim.to_dict()) for claim in claims)
    return (
        '<div class="nn-scroll"><table class="nn-claims"><thead><tr><th>claim</th><th>confidence</th>'
        f"<th>measured</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _claim_row(claim: Mapping[str, Any]) -> str:
    confidence = html.escape(confidence_words(claim["confidence"]))
    return (
        f'<tr class="{claim["status"]}"><td><span class="nn-dot"></span>{html.escape(claim_words(claim))}'
        f'<br><span class="nn-soft">{html.escape(STATUS_WORDS[claim["status"]])}</span></td>'
        f"<td>{confidence}</td><td>{html.escape(evidence_words(claim['evidence']))}</td></tr>"
    )


def verdict(narration: Narration) -> str:
    """The impression of the whole recording, which is what a reader looks for first."""
    told = html.escape(narration.sections.get("impression", ""))
    grade = html.escape(str(narration.quality.get("grade") or "none"), quote=True)
    return f'<section class="nn-verdict {grade}"><h2>Impression</h2><p>{told}</p></section>'


def report_sections(narration: Narration) -> str:
    """The report, section by section; the impression stands above it."""
    rows = "".join(
        f"<div><dt>{html.escape(title(name))}</dt><dd>{html.escape(text)}</dd></div>"
        for name, text in narration.sections.items()
        if text and name != "impression"
    )
    counts = narration.quality["claims"]
    sentences = narration.quality["sentences"]
    told = (
        f"{counts['supported']} claims supported by the signal, {counts['contradicted']} contradicted, "
        f"{counts['unassessable']} not checkable; verification rewrote {sentences['rewritten']}, dropped "
        f"{sentences['dropped']} and added {sentences['added']} sentences before anything was shown."
    )
    return f'<dl class="nn-report">{rows}</dl><p class="nn-soft">{html.escape(told)}</p>'


def event_rows(narration: Narration) -> list[list[str]]:
    """Rows of `EVENT_COLUMNS`."""
    return [
        [
            clock(event["onset_s"]),
            duration(event["duration_s"]),
            finding_name(event["finding"]) + (" (candidate)" if event["candidate"] else ""),
            place(event["side"], event["regions"]),
            value_range(event["frequency_hz"], "Hz"),
            confidence_words(event["confidence"]),
        ]
        for event in narration.events
    ]


def status_line(words: str, share: float | None = None, *, kind: str = "") -> str:
    """One line on how the run stands, with a bar where a share of it is done.

    Args:
        words: What to say.
        share: 0 to 1.
        kind: `error`, `done` or nothing.
    """
    bar = "" if share is None else f'<div class="nn-bar"><i style="width:{100 * share:.1f}%"></i></div>'
    role = "alert" if kind == "error" else "status"
    return f'<div class="nn-status {kind}" role="{role}"><span>{html.escape(words)}</span>{bar}</div>'
