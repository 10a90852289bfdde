"""The report on paper: impression, overview, sections, events with their pages, claims; by WeasyPrint."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from markupsafe import Markup

from ..recording.reading import Recording
from .html import context_of, environment
from .overview import SignalSummary


def write_pdf(
    path: Path,
    document: Mapping[str, Any],
    recording: Recording | None = None,
    summary: SignalSummary | None = None,
) -> None:
    """Write a narration as PDF.

    Args:
        path: Where to.
        document: A narration in the form of its JSON.
        recording: The recording, for pictures; without it the report has none.
        summary: Gathered while it was narrated.
    """
    from weasyprint import HTML, URLFetcher

    page = environment().overlay()
    page.filters = {**page.filters, "ink": _with_ink}
    text = page.get_template("print.html.j2").render(**context_of(document, recording, summary))
    HTML(string=text, url_fetcher=URLFetcher(allowed_protocols=["data"])).write_pdf(path)


def _with_ink(svg: str) -> Markup:
    """A picture that carries its colours, for it is drawn apart from the page around it."""
    style = resources.files(__package__).joinpath("templates/ink.css").read_text(encoding="utf-8")
    start = svg.index("<svg")
    end = svg.index(">", start) + 1
    return Markup(svg[:end] + f"<style>{style}</style>" + svg[end:])
