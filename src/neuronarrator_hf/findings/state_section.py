"""The section on state in words: which states, how long each, and when they changed."""

from __future__ import annotations

from collections.abc import Sequence

from .facts import length
from .schema import Claim
from .sections import clock, write_section
from .states import ASLEEP, AWAKE, DROWSY, UNTOLD, StateCourse
from .vocabulary import VOCABULARY
from .write import write_states

PART_NAMES = {AWAKE: "Awake", DROWSY: "Drowsy", ASLEEP: "Asleep", UNTOLD: "State not told"}
MAX_CHANGES_TOLD = 12
"""Changes of state listed in the text; of more, the number is told."""

THROUGHOUT_SHARE = 0.9
"""A single state is told without its share of the time from here on (ACNS 2021: continuous)."""

_STATE_NAMES = {AWAKE: "wakefulness", DROWSY: "drowsiness", UNTOLD: "a state that could not be told"}


def state_section(claims: Sequence[Claim], course: StateCourse, seed: int) -> str:
    """States that held for a tenth of the time or more, the longest first, and how the state changed."""
    if all(c.polarity == "not_assessed" for c in claims):
        return "Not assessed."
    time_s = {c.finding: c.evidence.get("present_s", 0.0) for c in claims}
    if course.recorded_s:
        time_s = {c.finding: course.time_s.get(c.finding, 0.0) for c in claims}
    named = [c for c in claims if c.is_present and not c.hedged and time_s[c.finding] > 0]
    named.sort(key=lambda c: -time_s[c.finding])
    if not named:
        return "The state could not be told from the EEG."
    recorded_s = course.recorded_s or max(c.evidence["assessed_s"] for c in named)
    if len(named) == 1 and time_s[named[0].finding] >= THROUGHOUT_SHARE * recorded_s:
        return " ".join([write_section("state", named, seed=seed), *_course_of_state(course)])
    shares = {c.finding: f" ({100 * time_s[c.finding] / recorded_s:.0f} % of the time)" for c in named}
    return " ".join([write_states(named, shares, seed=seed), *_course_of_state(course)])


def _course_of_state(course: StateCourse) -> list[str]:
    """How long in each state and when it changed; nothing where it stayed the same."""
    if len(course.stretches) < 2:
        return []
    lasted = [
        f"{PART_NAMES[state].lower()} for {length(course.time_s[state])}"
        for state in PART_NAMES
        if course.time_s.get(state, 0.0) >= 1.0
    ]
    later = course.stretches[1:]
    if len(later) > MAX_CHANGES_TOLD:
        changes = f"The state changes {len(later)} times."
    else:
        told = [
            f"{_STATE_NAMES.get(s.state) or VOCABULARY[s.state].name} from {clock(s.start_s)}" for s in later
        ]
        changes = f"State changes: {', '.join(told)}."
    text = ", ".join(lasted)
    return [f"{text[:1].upper()}{text[1:]}.", changes]
