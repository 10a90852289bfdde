"""Finished windows and what is known of the recording, put together into a narration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..findings.by_state import track_by_state
from ..findings.facts import Facts
from ..findings.impression import is_passing
from ..findings.parse import parse
from ..findings.schema import Claim
from ..findings.sections import clock
from ..findings.severity import vecams
from ..findings.summarise import Summary, summarise
from ..findings.track import Track
from ..recording.reading import Recording
from ..signal.montage import SITES_1020
from .result import Narration, WindowNarration

_REPORT_KEYS = (
    "format", "duration_s", "sfreq", "montage", "reference", "reference_probable", "unit_told",
    "unit_factor", "amplitude_uv", "mains_hz", "renamed", "dropped", "interpolated", "derivations", "other",
    "flat", "clipped", "outside_range", "large_offset", "gaps", "annotations", "annotations_left_out",
    "warnings",
)  # fmt: skip
"""What of the reader's report enters the narration: all of it that cannot hold an identity."""


def assemble(
    windows: Iterable[WindowNarration],
    *,
    recording: Recording,
    name: str,
    limits: tuple[float, float] | None = None,
    model: Mapping[str, Any],
    run: Mapping[str, Any],
) -> Narration:
    """The narration of a recording.

    Args:
        windows: Finished windows in order of time; iterated here once, and again by whoever renders them.
        recording: The recording they come from.
        name: What to call it.
        limits: Seconds `(start, stop)` that were narrated; None is the whole recording.
        model: Name, revision and version of what narrated.
        run: History, verification, age and seed of the run.
    """
    tally = _Tally()
    tracked = track_by_state(tally.watch(windows))
    report = recording.report
    start_s, stop_s = limits or (0.0, recording.duration_s)
    facts = Facts(
        duration_s=stop_s - start_s,
        n_channels=recording.n_channels,
        n_windows=tally.n_windows,
        n_assessable=tally.n_assessable,
        montage=_montage_words(report),
        missing_sites=tuple(site for site in SITES_1020 if site not in recording.ch_names),
        filters=_filter_words(recording),
        age_years=run["age_years"],
        bad_channels=tally.bad_channels(),
        warnings=tuple(_sentence(w) for w in report.get("warnings", ())),
        reason=next((reason for reason, _ in tally.reasons.most_common(1)), ""),
        is_verified=run["verify"] != "off",
        whole_s=None if limits is None else recording.duration_s,
        reference=report.get("reference_probable"),
    )
    summary = summarise(tracked, facts, seed=run["seed"])
    narration = Narration(
        windows=windows,
        claims=summary.claims,
        episodes=tracked.episodes,
        sections=_told_limits(summary.sections, limits, recording.duration_s),
        severity=_severity(summary),
        quality={
            "windows": tally.n_windows,
            "windows_assessed": tally.n_assessable,
            "recorded_s": round(tracked.recorded_s, 3),
            "grade": summary.grade,
            "sentences": {k: tally.sentences[k] for k in ("rewritten", "dropped", "added")},
            "claims": {
                k: tally.claims[k] for k in ("supported", "contradicted", "unassessable", "unchecked")
            },
            "channels_not_usable": tally.bad_channels(),
        },
        recording={
            "name": name,
            "digest": recording.digest,
            "age_years": run["age_years"],
            "ch_names": list(recording.ch_names),
            **{key: report[key] for key in _REPORT_KEYS if key in report},
            **({} if limits is None else {"narrated_s": list(limits)}),
        },
        states=_states(tracked, summary),
        model={**model, "history": run["history"], "verify": run["verify"], "seed": run["seed"]},
    )
    return replace(narration, claims=_with_spans(narration))


class _Tally:
    """What is counted while the windows go by."""

    def __init__(self) -> None:
        self.n_windows = self.n_assessable = 0
        self.sentences: Counter[str] = Counter()
        self.claims: Counter[str] = Counter()
        self.channels: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()

    def watch(self, windows: Iterable[WindowNarration]) -> Iterator[WindowNarration]:
        for window in windows:
            self.n_windows += 1
            self.n_assessable += window.is_assessable
            self.claims.update(claim.status for claim in window.claims)
            self.channels.update(list(window.quality.get("channels", ())))
            self.reasons.update([window.quality["reason"]] if "reason" in window.quality else [])
            for key in ("rewritten", "dropped", "added"):
                self.sentences[key] += window.quality.get(key, 0)
            yield window

    def bad_channels(self) -> dict[str, float]:
        """Share of the windows in which a channel could not be used."""
        return {name: round(n / self.n_windows, 4) for name, n in sorted(self.channels.items())}


def _with_spans(narration: Narration) -> tuple[Claim, ...]:
    """The recording's claims with their place in the text of the report, where it words them."""
    places: dict[tuple[str, str, str | None], tuple[int, int] | None] = {}
    for said in parse(narration.text):
        places.setdefault((said.finding, said.polarity, said.side), said.span)
    return tuple(
        claim.with_(
            span=places.get((claim.finding, claim.polarity, claim.side))
            or places.get((claim.finding, claim.polarity, None))
        )
        for claim in narration.claims
    )


def _told_limits(
    sections: Mapping[str, str], limits: tuple[float, float] | None, duration_s: float
) -> Mapping[str, str]:
    """The sections, with what part of the recording was read where it was not the whole."""
    if limits is None:
        return sections
    part = f"Read from {clock(limits[0])} to {clock(limits[1])} of a recording of {clock(duration_s)}."
    return {**sections, "technique": f"{sections.get('technique', '')} {part}".strip()}


def _states(tracked: Track, summary: Summary) -> dict[str, Any]:
    """The state over time, and the background within each state."""
    return {
        "stretches": [vars(stretch) for stretch in tracked.course.stretches],
        "time_s": {name: round(seconds, 3) for name, seconds in sorted(tracked.course.time_s.items())},
        "background": [
            {
                "state": part.state,
                "time_s": round(part.time_s, 3),
                "text": part.text,
                "claims": [claim.to_dict() for claim in part.claims],
            }
            for part in summary.parts
        ],
    }


def _severity(summary: Summary) -> dict[str, Any]:
    """The severity score; candidates seen in passing give no points."""
    firm = (c.with_(polarity="absent", hedged=False) if is_passing(c) else c for c in summary.claims)
    return dict(vecams(firm))


def _montage_words(report: Mapping[str, Any]) -> str:
    kind = report.get("montage")
    if kind and kind != "referential":
        return "recorded as bipolar derivations"
    if probable := report.get("reference_probable"):
        return f"reference probably {probable}"
    reference = report.get("reference")
    return f"reference {reference}" if reference and reference != "unknown" else "reference not named"


def _filter_words(recording: Recording) -> str:
    upper = min(75.0, 0.45 * recording.sfreq)
    mains = recording.report.get("mains_hz")
    return f"filtered to 0.5\N{EN DASH}{upper:.0f} Hz" + (f" with a notch at {mains:.0f} Hz" if mains else "")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."
