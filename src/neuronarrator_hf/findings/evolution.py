"""How an episode developed, in words."""

from __future__ import annotations

from itertools import combinations

from .track import Episode


def course_of(episode: Episode) -> list[str]:
    """Its evolution in a sentence, or none; always hedged: experts agree poorly on it."""
    if episode.evolution == "frequency":
        course = [hz for _, hz in episode.frequency_course]
        first, last = max(reversed(list(combinations(course, 2))), key=lambda pair: abs(pair[1] - pair[0]))
        return [
            f"It possibly evolves in frequency, from {round(2 * first) / 2:g} to {round(2 * last) / 2:g} Hz."
        ]
    return ["It possibly evolves in space, spreading."] if episode.evolution else []
