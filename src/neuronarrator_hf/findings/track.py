"""Windows folded into episodes: onset, duration, course, and what definitions ask of duration.

A window yields findings, not verdicts that need more than it can hold. Here runs of windows become
episodes, and the figures that need more than ten seconds are applied (ACNS 2021): at least six
cycles of a rhythmic or periodic pattern, ten seconds of a seizure, evolution as at least two
sequential changes of frequency or location. What falls short, or was only proposed, stays a candidate.
Pure: the same windows give the same episodes, in one go or in pieces.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Protocol

from .judging import is_proposed
from .nested import without_parts
from .schema import Change, Claim
from .states import StateCourse
from .vocabulary import PREVALENCES, REGIONS, VOCABULARY, ids_of

GAP_S = 10.0
"""A pattern that pauses for at most one window is the same episode."""
MIN_CYCLES = 6.0
"""ACNS 2021: cycles that make a pattern rhythmic or periodic."""
MIN_SEIZURE_S = 10.0
"""ACNS 2021: duration of an electrographic seizure."""
SEIZURE_RATE_HZ = 2.5
"""ACNS 2021: average rate of discharges above which ten seconds are a seizure without evolution."""
EVOLUTION_STEP_HZ = 0.5
"""ACNS 2021: smallest sequential change of frequency that counts as evolution."""
AMPLITUDE_RATIO = 1.5
"""Change of amplitude between neighbouring windows that is worth a word."""

DURATION_CLASSES: tuple[tuple[float, str], ...] = (
    (10.0, "very brief"),
    (60.0, "brief"),
    (300.0, "intermediate"),
    (3600.0, "long"),
    (float("inf"), "very long"),
)
"""ACNS 2021: upper bound in seconds (exclusive) and name."""
PREVALENCE_BOUNDS = (0.01, 0.10, 0.50, 0.90)
"""ACNS 2021: shares of the time that part rare, occasional, frequent, abundant and continuous."""

_TRACKED = frozenset(
    ids_of("state", "background", "sleep", "epileptiform", "rhythmic_periodic", "ictal", "artifact")
)
_PATTERNS = frozenset(ids_of("rhythmic_periodic"))
_LATERALISED = frozenset(
    f.id
    for f in VOCABULARY.values()
    if "side" in f.attributes and f.group in ("epileptiform", "rhythmic_periodic", "ictal")
) | {"focal_slowing", "asymmetry"}


class HasFindings(Protocol):
    """A window as it is tracked."""

    @property
    def start_s(self) -> float:
        """Start in seconds from the start of the recording."""

    @property
    def end_s(self) -> float:
        """End of the recorded part."""

    @property
    def claims(self) -> Sequence[Claim]:
        """What is asserted of the window, with the verdict of the verification."""

    @property
    def not_assessed(self) -> frozenset[str]:
        """Findings that could not be judged in the window."""

    @property
    def unworded(self) -> frozenset[str]:
        """Findings that were measured beyond doubt and that no claim speaks of."""


@dataclass(frozen=True)
class WindowFindings:
    """The plain form of a tracked window."""

    start_s: float
    end_s: float
    claims: tuple[Claim, ...]
    not_assessed: frozenset[str] = frozenset()
    unworded: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Episode:
    """A run of windows that show the same finding at the same side.

    Attributes:
        finding: Id from the vocabulary.
        start_s: Onset in seconds from the start of the recording.
        end_s: End in seconds.
        n_windows: Windows that show it.
        present_s: Time of these windows, overlaps counted once and pauses left out.
        side: Side, where the finding has one.
        regions: Regions named in at least half of the windows.
        frequency_hz: Median `(low, high)` over the windows.
        amplitude_uv: Median `(low, high)` over the windows.
        confidence: Highest confidence of its windows.
        is_candidate: Short of what the definition asks, or hedged in every window.
        n_cycles: Frequency times duration, or None without a frequency.
        evolution: `frequency`, `location` or None.
        frequency_course: `(middle of the window in seconds, Hz)` of every window with a frequency.
        channels: Channels named by the evidence, in the order met.
        window_starts: Starts of its windows: the way back to the evidence.
        surest_s: Start of its surest window.
        measured: Evidence of the claim of that window.
    """

    finding: str
    start_s: float
    end_s: float
    n_windows: int
    present_s: float
    side: str | None = None
    regions: tuple[str, ...] = ()
    frequency_hz: tuple[float, float] | None = None
    amplitude_uv: tuple[float, float] | None = None
    confidence: float | None = None
    is_candidate: bool = False
    n_cycles: float | None = None
    evolution: str | None = None
    frequency_course: tuple[tuple[float, float], ...] = ()
    channels: tuple[str, ...] = ()
    window_starts: tuple[float, ...] = ()
    surest_s: float | None = None
    measured: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def duration_s(self) -> float:
        """Seconds from onset to end."""
        return self.end_s - self.start_s

    @property
    def duration_class(self) -> str:
        """Name of the duration in the terms of ACNS 2021."""
        return next(name for bound, name in DURATION_CLASSES if self.duration_s < bound)


@dataclass(frozen=True)
class Track:
    """A whole recording, folded.

    Attributes:
        episodes: In order of onset, then of the vocabulary.
        recorded_s: Recorded time that was read, overlaps counted once.
        assessed_s: Per finding, the time in which it could be judged.
        present_s: Per finding, the time in which it was found.
        unworded_s: Per finding, the time in which it was measured though no claim speaks of it.
        course: The state over time, empty where `track` was asked and not `track_by_state`.
        by_state: The background within each state alone, likewise.
    """

    episodes: tuple[Episode, ...]
    recorded_s: float
    assessed_s: Mapping[str, float] = field(default_factory=dict)
    present_s: Mapping[str, float] = field(default_factory=dict)
    unworded_s: Mapping[str, float] = field(default_factory=dict)
    course: StateCourse = field(default_factory=StateCourse)
    by_state: Mapping[str, Track] = field(default_factory=dict)

    def of(self, *findings: str) -> tuple[Episode, ...]:
        """The episodes of the given findings."""
        return tuple(e for e in self.episodes if e.finding in findings)

    def share(self, finding: str) -> float | None:
        """Share of the assessed time in which a finding was present; None where nothing was assessed."""
        assessed = self.assessed_s.get(finding, 0.0)
        return self.present_s.get(finding, 0.0) / assessed if assessed > 0 else None

    def is_assessed(self, finding: str) -> bool:
        """Whether a finding could be judged anywhere."""
        return self.assessed_s.get(finding, 0.0) > 0


def prevalence(share: float) -> str | None:
    """The prevalence of ACNS 2021 for a share of the time; None for none at all."""
    if share <= 0:
        return None
    return PREVALENCES[sum(share >= bound for bound in PREVALENCE_BOUNDS)]


def counts(claim: Claim) -> bool:
    """Whether a claim enters the episodes: asserted, and supported, unchecked or proposed."""
    stands = claim.status in ("supported", "unchecked") or is_proposed(claim)
    return claim.is_present and stands and claim.finding in _TRACKED


def track(windows: Iterable[HasFindings]) -> Track:
    """Fold windows, in order of time, into episodes.

    Args:
        windows: Windows with their claims; read once, so that a generator of days fits in memory.
    """
    runs: dict[tuple[str, str | None], list[_Run]] = defaultdict(list)
    assessed: dict[str, float] = defaultdict(float)
    present: dict[str, float] = defaultdict(float)
    unworded: dict[str, float] = defaultdict(float)
    recorded, covered = 0.0, 0.0
    for window in windows:
        fresh = max(window.end_s - max(window.start_s, covered), 0.0)  # the last window may overlap
        covered = max(covered, window.end_s)
        recorded += fresh
        found = [c for c in window.claims if counts(c)]
        asserted = {c.finding for c in found}  # unchecked, also where the measurement could not judge
        for finding in (_TRACKED - window.not_assessed) | asserted:
            assessed[finding] += fresh
        for finding in asserted:
            present[finding] += fresh
        for finding in window.unworded:
            unworded[finding] += fresh
        for claim in found:
            key = (claim.finding, claim.side if claim.finding in _LATERALISED else None)
            start_s, end_s = _extent(claim, window)
            if not runs[key] or start_s - runs[key][-1].end_s > GAP_S:
                runs[key].append(_Run(start_s, end_s))
            runs[key][-1].add(claim, start_s, end_s)
    order = list(VOCABULARY)
    episodes = [_episode(finding, side, run) for (finding, side), of in runs.items() for run in of]
    episodes.sort(key=lambda e: (e.start_s, order.index(e.finding), e.side or ""))
    return Track(without_parts(episodes), recorded, dict(assessed), dict(present), dict(unworded))


def changes(
    previous: Sequence[Claim], current: Sequence[Claim], *, since_s: float | None = None
) -> dict[str, Change]:
    """What changed from one window to the next, by finding; only where the vocabulary words a change.

    A finding is new or gone only where both windows could be judged: a claim of absence is needed,
    silence is not one.

    Args:
        previous: Claims of the preceding window, one per finding.
        current: Claims of this window.
        since_s: Seconds between the two, carried into each `Change`.
    """
    before = {c.finding: c for c in previous}
    found: dict[str, Change] = {}
    for claim in current:
        earlier = before.get(claim.finding)
        if earlier is None or "change" not in VOCABULARY[claim.finding].attributes:
            continue
        direction = _direction(earlier, claim)
        if direction is not None:
            found[claim.finding] = Change(direction, since_s)
    return found


def _direction(before: Claim, now: Claim) -> str | None:
    if (before.polarity, now.polarity) == ("absent", "present"):
        return "new"
    if (before.polarity, now.polarity) == ("present", "absent"):
        return "gone"
    if not (before.is_present and now.is_present):
        return None
    if before.side in ("left", "right") and now.side == "bilateral":
        return "spread"
    if before.frequency_hz and now.frequency_hz:
        step = _middle(now.frequency_hz) - _middle(before.frequency_hz)
        if abs(step) >= EVOLUTION_STEP_HZ:
            return "faster" if step > 0 else "slower"
    if before.prevalence and now.prevalence and before.prevalence != now.prevalence:
        more = PREVALENCES.index(now.prevalence) > PREVALENCES.index(before.prevalence)
        return "increased" if more else "decreased"
    if before.amplitude_uv and now.amplitude_uv and _middle(before.amplitude_uv) > 0:
        ratio = _middle(now.amplitude_uv) / _middle(before.amplitude_uv)
        if ratio >= AMPLITUDE_RATIO or ratio <= 1 / AMPLITUDE_RATIO:
            return "increased" if ratio > 1 else "decreased"
    return None


class _Run:
    """Windows of one episode while it is being gathered."""

    def __init__(self, start_s: float, end_s: float) -> None:
        self.start_s, self.end_s = start_s, end_s
        self.claims: list[Claim] = []
        self.extents: list[tuple[float, float]] = []

    def add(self, claim: Claim, start_s: float, end_s: float) -> None:
        self.claims.append(claim)
        self.extents.append((start_s, end_s))
        self.start_s, self.end_s = min(self.start_s, start_s), max(self.end_s, end_s)


def _episode(finding: str, side: str | None, run: _Run) -> Episode:
    claims = run.claims
    course = tuple(
        ((start + end) / 2, _middle(c.frequency_hz))
        for c, (start, end) in zip(claims, run.extents, strict=True)
        if c.frequency_hz is not None
    )
    frequency = _median_range([c.frequency_hz for c in claims])
    evolution = _evolution([hz for _, hz in course], claims)
    covered_s = _union_s(run.extents)
    n_cycles = _middle(frequency) * covered_s if frequency else None
    confidences = [c.confidence for c in claims if c.confidence is not None]
    surest = max(range(len(claims)), key=lambda i: (not claims[i].hedged, claims[i].confidence or 0.0, -i))
    return Episode(
        finding=finding,
        start_s=run.start_s,
        end_s=run.end_s,
        n_windows=len(claims),
        present_s=covered_s,
        side=side if side is not None else _common([c.side for c in claims]),
        regions=tuple(r for r in REGIONS if 2 * sum(r in c.regions for c in claims) >= len(claims)),
        frequency_hz=frequency,
        amplitude_uv=_median_range([c.amplitude_uv for c in claims]),
        confidence=max(confidences) if confidences else None,
        is_candidate=_is_candidate(finding, claims, covered_s, frequency, n_cycles, evolution),
        n_cycles=n_cycles,
        evolution=evolution,
        frequency_course=course,
        channels=tuple(dict.fromkeys(ch for c in claims for ch in _channels(c))),
        window_starts=tuple(start for start, _ in run.extents),
        surest_s=run.extents[surest][0],
        measured=claims[surest].evidence,
    )


def _is_candidate(
    finding: str,
    claims: Sequence[Claim],
    covered_s: float,
    frequency: tuple[float, float] | None,
    n_cycles: float | None,
    evolution: str | None,
) -> bool:
    claims = [c for c in claims if not is_proposed(c)]
    if all(c.hedged for c in claims):
        return finding != "electrographic_seizure" or len(claims) < 2 or evolution is None
    if finding == "electrographic_seizure":
        fast = frequency is not None and _middle(frequency) > SEIZURE_RATE_HZ
        return len(claims) < 2 or covered_s < MIN_SEIZURE_S or not (fast or evolution)
    if finding in _PATTERNS:
        return n_cycles is not None and n_cycles < MIN_CYCLES
    return False


def _evolution(course_hz: Sequence[float], claims: Sequence[Claim]) -> str | None:
    """At least two sequential changes of frequency in one direction, or of location."""
    for sign in (1, -1):
        steps, reached = 0, course_hz[0] if course_hz else 0.0
        for hz in course_hz:
            if sign * (hz - reached) >= EVOLUTION_STEP_HZ:
                steps, reached = steps + 1, hz
            elif sign * (hz - reached) <= -EVOLUTION_STEP_HZ:
                steps, reached = 0, hz
            if steps >= 2:
                return "frequency"
    places = [c.regions for c in claims if c.regions]
    moves = sum(set(b) > set(a) for a, b in itertools.pairwise(places))
    return "location" if moves >= 2 else None


def _extent(claim: Claim, window: HasFindings) -> tuple[float, float]:
    if claim.start_s is None or claim.end_s is None:
        return window.start_s, window.end_s
    return max(claim.start_s, window.start_s), min(claim.end_s, window.end_s)


def _channels(claim: Claim) -> tuple[str, ...]:
    named = claim.evidence.get("channels") or ()
    return (named,) if isinstance(named, str) else tuple(named)


def _middle(value: tuple[float, float]) -> float:
    return (value[0] + value[1]) / 2


def _median_range(values: Sequence[tuple[float, float] | None]) -> tuple[float, float] | None:
    given = [v for v in values if v is not None]
    return (median(low for low, _ in given), median(high for _, high in given)) if given else None


def _common(values: Sequence[str | None]) -> str | None:
    given = [v for v in values if v is not None]
    if not given:
        return None
    best = max(dict.fromkeys(given), key=given.count)
    return best if given.count(best) > len(given) / 2 else None


def _union_s(extents: Sequence[tuple[float, float]]) -> float:
    total, reached = 0.0, float("-inf")
    for start, end in sorted(extents):
        total += max(end - max(start, reached), 0.0)
        reached = max(reached, end)
    return total
