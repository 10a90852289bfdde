"""The report as Markdown: sections, events and segments, readable as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .evidence import (
    claim_words,
    clock,
    confidence_words,
    duration,
    finding_name,
    place,
    short_name,
    state_name,
    status_words,
    told_evidence,
    value_range,
)
from .outline import anchor_of
from .references import references_of, told_sections

MARKER = "<!-- neuronarrator_hf narration -->"


def iter_markdown(document: Mapping[str, Any]) -> Iterator[str]:
    """The Markdown of a narration in pieces.

    Args:
        document: A narration in the form of its JSON; `chunks` may be any iterable.
    """
    recording = document["recording"]
    yield f"{MARKER}\n# EEG narrative: {escape(str(recording['name']))}\n\n**{document['disclaimer']}**\n"
    references = references_of(document)
    for _, heading, sentences in told_sections(document, references):
        told = (
            escape(s.text) + "".join(f"[^{reference.number}]" for reference in s.references)
            for s in sentences
        )
        yield f"\n## {heading}\n\n{' '.join(told)}\n"
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
                confidence_words(event["confidence"]),
            )
            yield "| " + " | ".join(escape(cell) for cell in cells) + " |\n"
    stretches = document.get("states", {}).get("stretches", ())
    if len(stretches) > 1:
        yield "\n## Course of the state\n\n| from | to | state |\n|---|---|---|\n"
        for stretch in stretches:
            start, end, state = clock(stretch["start_s"]), clock(stretch["end_s"]), stretch["state"]
            yield f"| {start} | {end} | {state_name(state)} |\n"
    if references:
        yield "\n## Evidence\n\n"
    for reference in references.values():
        look = ", ".join(f"[{clock(start)}](#{anchor_of(start)})" for start in reference.segments)
        yield f"[^{reference.number}]: {escape(reference.words)}{f'; segments: {look}' if look else ''}\n\n"
    yield "\n## Segments\n"
    for chunk in document["chunks"]:
        start_s, end_s = chunk["timestamp"]
        yield f'\n<a id="{anchor_of(start_s)}"></a>\n\n'
        yield f"### {clock(start_s)} to {clock(end_s)}\n\n{escape(chunk['text'])}\n"
        if gap_s := chunk["quality"].get("gap_before_s"):
            yield f"\n*Before this segment {duration(gap_s)} were not recorded.*\n"
        if chunk["claims"]:
            yield "\n"
        not_seen = [c for c in chunk["claims"] if is_plain_absence(c)]
        for claim in chunk["claims"]:
            if claim in not_seen:
                continue
            evidence = told_evidence(claim)
            yield (
                f"* {escape(claim_words(claim))}: {status_words(claim)}"
                + (f" ({escape(evidence)})" if evidence else "")
                + "\n"
            )
        if not_seen:
            names = ", ".join(short_name(c["finding"]) for c in not_seen)
            yield f"* Not seen, supported by the signal: {escape(names)}\n"
    model = document["model"]
    made_by = f"{model['name']} (neuronarrator_hf {model['version']})"
    yield f"\n---\n\nNarrated by {escape(made_by)}.\n"


def is_plain_absence(claim: Mapping[str, Any]) -> bool:
    """Whether a claim says that something was not seen, and the measurement says the same."""
    return claim["polarity"] == "absent" and claim["status"] == "supported" and not claim["change"]


def write_markdown(path: Path, document: Mapping[str, Any]) -> None:
    """Write the Markdown of a narration."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(iter_markdown(document))


def escape(text: str) -> str:
    """Text that Markdown and HTML inside it leave as it is."""
    for character in "\\`*_[]<>|#":
        text = text.replace(character, "\\" + character)
    return text.replace("\n", " ")
