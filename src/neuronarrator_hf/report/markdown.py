"""The report as Markdown: sections, events and segments, readable as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..narration.result import title
from .evidence import (
    claim_words,
    clock,
    duration,
    finding_name,
    place,
    status_words,
    told_evidence,
    value_range,
)

MARKER = "<!-- neuronarrator_hf narration -->"


def iter_markdown(document: Mapping[str, Any]) -> Iterator[str]:
    """The Markdown of a narration in pieces.

    Args:
        document: A narration in the form of its JSON; `chunks` may be any iterable.
    """
    recording = document["recording"]
    yield f"{MARKER}\n# EEG narrative: {escape(str(recording['name']))}\n\n**{document['disclaimer']}**\n"
    for name, text in document["sections"].items():
        if text:
            yield f"\n## {title(name)}\n\n{escape(text)}\n"
    if document["events"]:
        yield "\n## Episodes\n\n| onset | duration | finding | where | frequency | confidence |\n"
        yield "|---|---|---|---|---|---|\n"
        for event in document["events"]:
            name = finding_name(event["finding"]) + (" (candidate)" if event["candidate"] else "")
            cells = (
                clock(event["onset_s"]),
                duration(event["duration_s"]),
                name,
                place(event["side"], event["regions"]),
                value_range(event["frequency_hz"], "Hz"),
                "" if event["confidence"] is None else f"{event['confidence']:.2f}",
            )
            yield "| " + " | ".join(escape(cell) for cell in cells) + " |\n"
    yield "\n## Segments\n"
    for chunk in document["chunks"]:
        start_s, end_s = chunk["timestamp"]
        yield f"\n### {clock(start_s)} to {clock(end_s)}\n\n{escape(chunk['text'])}\n"
        if chunk["claims"]:
            yield "\n"
        for claim in chunk["claims"]:
            evidence = told_evidence(claim)
            yield (
                f"* {escape(claim_words(claim))}: {status_words(claim)}"
                + (f" ({escape(evidence)})" if evidence else "")
                + "\n"
            )
    model = document["model"]
    made_by = f"{model['name']} (neuronarrator_hf {model['version']})"
    yield f"\n---\n\nNarrated by {escape(made_by)}.\n"


def write_markdown(path: Path, document: Mapping[str, Any]) -> None:
    """Write the Markdown of a narration."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(iter_markdown(document))


def escape(text: str) -> str:
    """Text that Markdown and HTML inside it leave as it is."""
    for character in "\\`*_[]<>|#":
        text = text.replace(character, "\\" + character)
    return text.replace("\n", " ")
