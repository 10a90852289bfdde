"""Episodes of a recording with its state over time, and the background folded for each state alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from .states import AWAKE, UNTOLD, group_of, state_course
from .track import HasFindings, Track, WindowFindings, counts, track
from .vocabulary import ids_of

NOT_ASLEEP = "not_asleep"
"""Awake or untold: where slowing and the rhythms of wakefulness can be judged."""
_BACKGROUND = frozenset(ids_of("background"))
_STATES = frozenset(ids_of("state"))


def track_by_state(windows: Iterable[HasFindings]) -> Track:
    """As `track`, with `course` and `by_state`.

    Args:
        windows: In order of time; read once.
    """
    kept: list[WindowFindings] = []
    stated: list[tuple[float, float, frozenset[str]]] = []

    def watched() -> Iterator[HasFindings]:
        for window in windows:
            told = {c.finding for c in window.claims if c.finding in _STATES and counts(c) and not c.hedged}
            stated.append((window.start_s, window.end_s, frozenset(told)))
            kept.append(
                WindowFindings(
                    window.start_s,
                    window.end_s,
                    tuple(c for c in window.claims if c.finding in _BACKGROUND and counts(c)),
                    window.not_assessed & _BACKGROUND,
                    window.unworded & _BACKGROUND,
                )
            )
            yield window

    whole = track(watched())
    course = state_course(stated)
    by_state = {}
    for name in dict.fromkeys([*map(group_of, course.states), *course.states]):
        by_state[name] = track(_of(kept, course.states, {name}))
    by_state[NOT_ASLEEP] = track(_of(kept, course.states, {AWAKE, UNTOLD}))
    return replace(whole, course=course, by_state=by_state)


def _of(
    windows: Sequence[WindowFindings], states: Sequence[str], names: set[str]
) -> Iterator[WindowFindings]:
    return (w for w, state in zip(windows, states, strict=True) if {state, group_of(state)} & names)
