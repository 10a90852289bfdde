"""One pass over the segments of a narration: the rows of the overview, and which segments are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..findings.vocabulary import VOCABULARY
from .evidence import short_name

MAX_SEGMENTS = 600
"""Segments written out at most; of longer recordings those that begin an event or say something new."""
LANES = ("ictal", "rhythmic_periodic", "epileptiform", "background", "sleep", "state", "artifact")
MAX_BARS = 500
"""Bars of a row: finer than this part of the recording is not drawn."""
CHANNELS_LOST = 0.25
"""Share of the channels that could not be used, from which a segment is marked."""


@dataclass(frozen=True)
class Outline:
    """What the page has to know of all segments, however many there are.

    Attributes:
        lanes: Rows of bars, most serious findings first, what could not be judged last: `name`, `group`,
            `bars` of `(start_s, end_s, anchor)`.
        findings: Ids of the findings seen, in the order of the lanes.
        kept: Numbers of the segments that are written out.
        n_windows: All segments.
        end_s: End of the last.
    """

    lanes: list[dict[str, Any]] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    kept: frozenset[int] = frozenset()
    n_windows: int = 0
    end_s: float = 0.0


def outline_of(document: Mapping[str, Any], max_segments: int | None = None) -> Outline:
    """The outline of a narration.

    Args:
        document: A narration in the form of its JSON; `chunks` may be any iterable and is read once.
        max_segments: `MAX_SEGMENTS` by default.
    """
    limit = MAX_SEGMENTS if max_segments is None else max_segments
    n_channels = max(len(document["recording"].get("ch_names", ())), 1)
    runs: dict[str, list[list[float]]] = {}
    sure: set[str] = set()
    unusable: list[list[float]] = []
    lost: list[list[float]] = []
    times: list[tuple[float, float]] = []
    fresh: list[int] = []
    last: frozenset[str] | None = None
    for index, chunk in enumerate(document["chunks"]):
        start_s, end_s = chunk["timestamp"]
        times.append((start_s, end_s))
        said = frozenset(
            c["finding"]
            for c in chunk["claims"]
            if c["polarity"] == "present" and c["status"] != "contradicted"
        )
        sure |= {c["finding"] for c in chunk["claims"] if c["finding"] in said and not c["hedged"]}
        for finding in said:
            if VOCABULARY[finding].group != "summary":
                _extend(runs.setdefault(finding, []), start_s, end_s)
        quality = chunk["quality"]
        if not quality.get("assessable", True):
            _extend(unusable, start_s, end_s)
        elif len(quality.get("channels", ())) >= CHANNELS_LOST * n_channels:
            _extend(lost, start_s, end_s)
        if said != last:
            fresh.append(index)
        last = said
    sure |= {event["finding"] for event in document["events"] if not event["candidate"]}
    end_s = max((end for _, end in times), default=0.0)
    cited = [start for entry in document.get("evidence", ()) for start in entry["segments"]]
    kept = _kept(document["events"], times, fresh, limit, cited)
    starts = [times[index][0] for index in sorted(kept)]
    order = sorted(runs, key=lambda f: (LANES.index(VOCABULARY[f].group), list(VOCABULARY).index(f)))
    rows: list[tuple[str, str, list[list[float]]]] = [
        (short_name(f) if f in sure else f"possible {short_name(f)}", VOCABULARY[f].group, runs[f])
        for f in order
    ]
    rows += [("channels lost", "lost", lost), ("not assessable", "unusable", unusable)]
    lanes = [
        {
            "name": name,
            "group": group,
            "bars": [(a, b, _anchor(a, b, starts)) for a, b in _drawn(bars, end_s)],
        }
        for name, group, bars in rows
        if bars
    ]
    return Outline(lanes, order, frozenset(kept), len(times), end_s)


def anchor_of(start_s: float) -> str:
    """Id on the page of the segment that starts there."""
    return f"s{round(start_s * 10)}"


def _extend(bars: list[list[float]], start_s: float, end_s: float) -> None:
    if bars and start_s <= bars[-1][1] + 0.01:
        bars[-1][1] = max(bars[-1][1], end_s)
    else:
        bars.append([start_s, end_s])


def _drawn(bars: list[list[float]], total_s: float) -> list[list[float]]:
    """Bars that can be told apart on the page: those with next to nothing between them become one."""
    joined: list[list[float]] = []
    for start_s, end_s in bars:
        if joined and start_s - joined[-1][1] < total_s / MAX_BARS:
            joined[-1][1] = end_s
        else:
            joined.append([start_s, end_s])
    return joined


def _anchor(start_s: float, end_s: float, starts: list[float]) -> str:
    """The first segment on the page that begins inside a bar; none where all of them were left out."""
    return next((anchor_of(s) for s in starts if start_s - 0.01 <= s < end_s), "")


def _kept(
    events: list[Mapping[str, Any]],
    times: list[tuple[float, float]],
    fresh: list[int],
    limit: int,
    cited: list[float],
) -> set[int]:
    """All segments where they are few; else the first of each event, what the report cites, news, others."""
    if len(times) <= limit:
        return set(range(len(times)))
    onsets = sorted(
        events, key=lambda e: (e["candidate"], -(e["confidence"] or 0.0), e["onset_s"])
    )  # surest first
    kept: set[int] = set()
    for event in onsets:
        end_s = event["onset_s"] + event["duration_s"]
        first = next((i for i, (a, b) in enumerate(times) if a < end_s and b > event["onset_s"]), None)
        if first is not None and len(kept) < limit:
            kept.add(first)
    number = {start: i for i, (start, _) in enumerate(times)}
    for index in [*(number[s] for s in cited if s in number), *fresh, *range(len(times))]:
        if len(kept) >= limit:
            break
        kept.add(index)
    return kept
