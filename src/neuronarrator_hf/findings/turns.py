"""Backgrounds that took turns in one recording: told with their time, not as if they held together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

from .schema import Claim
from .sections import clock

_QUIET = frozenset({"extreme_low_voltage", "burst_suppression", "discontinuity", "low_voltage"})
_BACKGROUNDS = _QUIET | {
    "posterior_dominant_rhythm", "generalized_theta_slowing", "generalized_delta_slowing",
}  # fmt: skip
MAX_OVERLAP = 0.1
"""Backgrounds that share no more of the shorter one's time took turns."""
MIN_FILLED = 0.8
"""From here on the time of a background is told by its start and end, below by its share."""


def take_turns(first: Claim, second: Claim) -> bool:
    """Whether two backgrounds of a recording, one of them low or interrupted, were there at other times."""
    if not ({first.finding, second.finding} <= _BACKGROUNDS and {first.finding, second.finding} & _QUIET):
        return False
    spans = [claim.evidence.get("spans_s", ()) for claim in (first, second)]
    if not all(spans) or first.hedged or second.hedged:
        return False
    shorter_s = min(sum(end - start for start, end in own) for own in spans)
    common_s = sum(max(min(b, d) - max(a, c), 0.0) for a, b in spans[0] for c, d in spans[1])
    return common_s <= MAX_OVERLAP * shorter_s


def times_of_turns(claims: Sequence[Claim]) -> dict[str, str]:
    """How the sentence of each background that took turns with another opens, by finding."""
    return {
        first.finding: _time_of(first)
        for first, second in permutations(claims, 2)
        if take_turns(first, second)
    }


def _time_of(claim: Claim) -> str:
    spans = claim.evidence["spans_s"]
    start_s, end_s = spans[0][0], max(end for _, end in spans)
    if sum(end - start for start, end in spans) >= MIN_FILLED * (end_s - start_s):
        return f"From {clock(start_s)} to {clock(end_s)}"
    share = claim.evidence["present_s"] / claim.evidence["assessed_s"]
    return f"For {100 * share:.0f} % of the time"
