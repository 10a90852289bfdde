"""One self-contained page: the report, the overview, the pages with events, every claim with its evidence.

The page loads nothing, so it opens from disk and offline; it reads without scripts, which only filter
and jump. All text goes through Jinja's escaping; the pictures are made by `figures`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from ..findings.vocabulary import VOCABULARY
from ..recording.reading import Recording
from .evidence import (
    STATUS_WORDS,
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
from .outline import anchor_of, outline_of
from .overview import SignalSummary, SignalView, view_signal
from .references import references_of, told_sections

_EVENT_GROUPS = frozenset({"ictal", "rhythmic_periodic", "epileptiform"})
MAX_PAGES = 12
"""Ten-second pages drawn at most; the page says how many events have none."""


def to_html(
    document: Mapping[str, Any], recording: Recording | None = None, summary: SignalSummary | None = None
) -> str:
    """The page of a narration.

    Args:
        document: A narration in the form of its JSON; `chunks` may be any iterable.
        recording: The recording, for pictures; without it the page has none.
        summary: Gathered while it was narrated, so that the whole signal need not be read again.
    """
    context = context_of(document, recording, summary)
    return environment().get_template("report.html.j2").render(**context)


def context_of(
    document: Mapping[str, Any], recording: Recording | None, summary: SignalSummary | None
) -> dict[str, Any]:
    """What the templates of the page and of the printed report are filled with; see `to_html`."""
    outline = outline_of(document)
    references = references_of(document)
    chunks = [_chunk(chunk) for index, chunk in enumerate(document["chunks"]) if index in outline.kept]
    events = [_event(number, event, chunks) for number, event in enumerate(document["events"], 1)]
    view = SignalView()
    if recording is not None:
        view = view_signal(recording, _page_marks(events, chunks), summary)
    for chunk in chunks:
        chunk["figure"] = view.pages.get(round(chunk["start_s"], 3))
        chunk["is_telling"] = bool(
            chunk["figure"] or _EVENT_GROUPS & set(chunk["groups"]) or "contradicted" in chunk["statuses"]
        )
    total_s = max(float(document["recording"].get("duration_s") or 0.0), outline.end_s, 1.0)
    return {
        "document": document,
        "sections": list(told_sections(document, references)),
        "references": list(references.values()),
        "shown": {chunk["start_s"]: chunk["id"] for chunk in chunks},
        "stretches": document.get("states", {}).get("stretches", ()),
        "chunks": chunks,
        "events": events,
        "anchors": {event["anchor"] for event in events},
        "lanes": outline.lanes,
        "findings": [(f, short_name(f)) for f in outline.findings],
        "density": view.density,
        "fmax_hz": view.fmax_hz,
        "total_s": total_s,
        "ticks": _ticks(total_s),
        "claims": [_claim(claim) for claim in document["claims"]],
        "n_windows": outline.n_windows,
    }


def write_html(
    path: Path,
    document: Mapping[str, Any],
    recording: Recording | None = None,
    summary: SignalSummary | None = None,
) -> None:
    """Write the page of a narration; see `to_html`."""
    path.write_text(to_html(document, recording, summary), encoding="utf-8")


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates of this folder, with the filters they use; text is escaped."""
    environment = Environment(
        loader=PackageLoader(__package__, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        clock=clock,
        confidence=confidence_words,
        duration=duration,
        finding=finding_name,
        state=state_name,
        svg=Markup,
    )
    return environment


def _chunk(chunk: Mapping[str, Any]) -> dict[str, Any]:
    claims = [_claim(claim) for claim in chunk["claims"]]
    quality = chunk["quality"]
    present = [c for c in claims if c["polarity"] == "present"]
    return {
        "id": anchor_of(chunk["timestamp"][0]),
        "start_s": chunk["timestamp"][0],
        "end_s": chunk["timestamp"][1],
        "text": _marked_text(chunk["text"], claims),
        "plain": chunk["text"],
        "claims": claims,
        "assessable": quality.get("assessable", True),
        "groups": sorted({VOCABULARY[c["finding"]].group for c in present}),
        "findings": sorted({c["finding"] for c in present}),
        "statuses": sorted({c["status"] for c in claims}),
        "changed_words": _verification_words(quality),
        "quality": quality,
        "gap_before_s": quality.get("gap_before_s"),
    }


def _claim(claim: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **claim,
        "words": claim_words(claim),
        "status_words": status_words(claim),
        "evidence_words": told_evidence(claim),
        "definition": VOCABULARY[claim["finding"]].definition,
        "source": VOCABULARY[claim["finding"]].source,
    }


def _marked_text(text: str, claims: Sequence[Mapping[str, Any]]) -> Markup:
    """The paragraph with every claim marked by status, its evidence on hover and for screen readers."""
    by_span: dict[tuple[int, int], list[Mapping[str, Any]]] = {}
    for claim in claims:
        if claim["span"] is not None:
            by_span.setdefault(tuple(claim["span"]), []).append(claim)
    parts, reached = [], 0
    for (start, stop), of in sorted(by_span.items(), key=lambda item: (item[0][0], -item[0][1])):
        if start < reached:  # a claim inside a marked sentence: its evidence stands in the table
            continue
        worst = max(
            of, key=lambda c: list(STATUS_WORDS).index(c["status"]) if c["status"] != "contradicted" else 99
        )
        told = " | ".join(
            f"{c['words']}: {c['status_words']}"
            + (f" ({c['evidence_words']})" if c["evidence_words"] else "")
            for c in of
        )
        parts.append(escape(text[reached:start]))
        parts.append(
            Markup('<mark class="{}" tabindex="0" title="{}">{}<span class="sr"> ({})</span></mark>').format(
                worst["status"], told, text[start:stop], worst["status_words"]
            )
        )
        reached = stop
    parts.append(escape(text[reached:]))
    return Markup("").join(parts)


def _verification_words(quality: Mapping[str, Any]) -> str:
    counts = [f"{quality[name]} {name}" for name in ("rewritten", "dropped", "added") if quality.get(name)]
    return ", ".join(counts)


def _event(number: int, event: Mapping[str, Any], chunks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    end_s = event["onset_s"] + event["duration_s"]
    inside = [c["id"] for c in chunks if c["start_s"] < end_s and c["end_s"] > event["onset_s"]]
    return {
        **event,
        "number": number,
        "end_s": end_s,
        "words": finding_name(event["finding"]),
        "place": place(event["side"], event["regions"]),
        "frequency": value_range(event["frequency_hz"], "Hz"),
        "anchor": inside[0] if inside else "",
        "chunk_ids": inside,
    }


def _page_marks(
    events: Sequence[dict[str, Any]], chunks: Sequence[Mapping[str, Any]]
) -> dict[float, list[tuple[float, float]]]:
    """Which windows get a page: the first of each event, surest events first, and one of the background."""
    starts = {chunk["id"]: chunk["start_s"] for chunk in chunks}
    marks: dict[float, list[tuple[float, float]]] = {}
    by_weight = sorted(events, key=lambda e: (e["candidate"], -(e["confidence"] or 0.0), e["onset_s"]))
    for event in by_weight:
        if event["anchor"] and (len(marks) < MAX_PAGES or starts[event["anchor"]] in marks):
            marks.setdefault(starts[event["anchor"]], [])
    quiet = [c for c in chunks if c["assessable"] and c["start_s"] not in marks]
    if quiet and len(marks) < MAX_PAGES:
        clean = min(quiet, key=lambda c: ("artifact" in c["groups"], c["start_s"]))
        marks.setdefault(clean["start_s"], [])
    for chunk in chunks:
        if chunk["start_s"] in marks:
            marks[chunk["start_s"]] = [
                (e["onset_s"], e["end_s"])
                for e in events
                if e["onset_s"] < chunk["end_s"]
                and e["end_s"] > chunk["start_s"]
                and (
                    e["onset_s"] > chunk["start_s"] or e["end_s"] < chunk["end_s"]
                )  # a mark over all of it marks nothing
            ]
    return marks


def _ticks(total_s: float) -> list[float]:
    """At most eleven round times for the axis of the overview."""
    steps = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
    step = next((s for s in steps if total_s / s <= 10), 86400)
    return [float(t) for t in range(0, int(total_s) + 1, step)]
