"""The state over a recording: windows that tell it, filled and smoothed into stretches, and its changes.

Single windows of ten seconds do not make a state: as sleep is staged over thirty seconds by what fills the
greater part (AASM), shorter stretches count with what surrounds them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from .vocabulary import ids_of

FILL_S = 120.0
"""A window that does not tell its state takes that of the nearest one that does, not further away."""
MIN_STRETCH_S = 30.0
"""Shortest stretch that stands on its own, unless the recording is shorter."""

AWAKE, DROWSY, ASLEEP, UNTOLD = "awake", "drowsy", "asleep", "untold"
_LEVEL = {"eyes_open": AWAKE, "eyes_closed": AWAKE}
_ORDER = ids_of("state")

Stated = tuple[float, float, frozenset[str]]
"""Start and end of a window in seconds, and the states that it is said to show."""


@dataclass(frozen=True)
class Stretch:
    """A stretch of one state.

    Attributes:
        state: `awake`, `drowsy`, the id of a stage of sleep, or `untold`.
        start_s: Start in seconds from the start of the recording.
        end_s: End.
    """

    state: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class StateCourse:
    """The state over a recording.

    Attributes:
        stretches: In order of time; neighbours differ.
        time_s: Recorded time by `awake`, `drowsy`, `asleep`, `untold`, and by every id of a state.
        states: State of each window: `awake`, `drowsy`, a stage of sleep, or `untold`.
    """

    stretches: tuple[Stretch, ...] = ()
    time_s: Mapping[str, float] = field(default_factory=dict)
    states: tuple[str, ...] = ()

    @property
    def recorded_s(self) -> float:
        """Time of all states together."""
        return sum(self.time_s.get(group, 0.0) for group in (AWAKE, DROWSY, ASLEEP, UNTOLD))


def group_of(state: str) -> str:
    """`asleep` for every stage of sleep; the other states are themselves."""
    return state if state in (AWAKE, DROWSY, UNTOLD) else ASLEEP


def state_course(windows: Sequence[Stated]) -> StateCourse:
    """The course of the state over windows in order of time."""
    middles = [(start + end) / 2 for start, end, _ in windows]
    told = [_deepest(states) for _, _, states in windows]
    fresh, covered = [], 0.0
    for start, end, _ in windows:  # the last window may overlap the one before
        fresh.append(max(end - max(start, covered), 0.0))
        covered = max(covered, end)
    filled = _nearest(middles, [_LEVEL.get(state, state) if state else None for state in told])
    levels = [state or UNTOLD for state in filled]
    states: list[str] = []
    for run in _smoothed([_Run(level, 1, seconds) for level, seconds in zip(levels, fresh, strict=True)]):
        states += [run.state] * run.n
    exact = [_nearest_of(middles, told, at, level) for at, level in enumerate(states)]
    time_s: dict[str, float] = {}
    for level, state, seconds in zip(states, exact, fresh, strict=True):
        for name in {group_of(level), level, state or level}:
            time_s[name] = time_s.get(name, 0.0) + seconds
    return StateCourse(tuple(_stretches(windows, states)), time_s, tuple(states))


@dataclass
class _Run:
    """Neighbouring windows of one state."""

    state: str
    n: int
    seconds: float

    def take(self, other: _Run) -> None:
        self.n += other.n
        self.seconds += other.seconds


def _deepest(states: frozenset[str]) -> str | None:
    return max(states, key=_ORDER.index, default=None)


def _nearest(middles: Sequence[float], told: Sequence[str | None]) -> list[str | None]:
    """Every window with the state of the nearest one that tells it, the earlier of two, within `FILL_S`."""
    known = [i for i, state in enumerate(told) if state]
    filled, place = list(told), 0
    for i, state in enumerate(told):
        if state or not known:
            continue
        while place + 1 < len(known) and known[place + 1] < i:
            place += 1
        near = min(known[place : place + 2], key=lambda k: (abs(middles[k] - middles[i]), k))
        if abs(middles[near] - middles[i]) <= FILL_S:
            filled[i] = told[near]
    return filled


def _nearest_of(middles: Sequence[float], told: Sequence[str | None], at: int, level: str) -> str | None:
    """What the nearest window of a level tells, looking no further than `FILL_S`."""
    for step in range(len(told)):
        beside = [i for i in dict.fromkeys((at - step, at + step)) if 0 <= i < len(told)]
        if not any(abs(middles[i] - middles[at]) <= FILL_S for i in beside):
            return None
        for i in beside:
            state = told[i]
            if state and _LEVEL.get(state, state) == level:
                return state
    return None


def _smoothed(runs: list[_Run]) -> list[_Run]:
    """Runs of `MIN_STRETCH_S` or more: shorter ones, the shortest first, go to the longer neighbour."""
    runs = _joined(runs)
    while len(runs) > 1 and (shortest := min(run.seconds for run in runs)) < MIN_STRETCH_S:
        kept: list[_Run] = []
        for i, run in enumerate(runs):
            after = runs[i + 1] if i + 1 < len(runs) else None
            if run.seconds > shortest or (not kept and after is None):
                kept.append(run)
            elif after is None or (kept and kept[-1].seconds >= after.seconds):
                kept[-1].take(run)
            else:
                after.take(run)
        runs = _joined(kept)
    return runs


def _joined(runs: Sequence[_Run]) -> list[_Run]:
    joined: list[_Run] = []
    for run in runs:
        if joined and joined[-1].state == run.state:
            joined[-1].take(run)
        else:
            joined.append(_Run(run.state, run.n, run.seconds))
    return joined


def _stretches(windows: Sequence[Stated], states: Sequence[str]) -> list[Stretch]:
    firsts = [i for i, state in enumerate(states) if i == 0 or state != states[i - 1]]
    starts = [start for start, _, _ in windows] + [float("inf")]
    return [
        Stretch(states[a], starts[a], min(windows[b - 1][1], starts[b]))
        for a, b in pairwise([*firsts, len(windows)])
    ]
