"""From when on a finding of a recording is asserted, and an episode is no candidate."""

from __future__ import annotations

from .track import Episode

MIN_FIRM_CONFIDENCE = 0.6
"""A finding whose surest window is less sure than this is a candidate."""


def is_unsure(episode: Episode) -> bool:
    """Whether an episode is told as possible: a candidate, or one that no window is sure of."""
    is_doubted = episode.confidence is not None and episode.confidence < MIN_FIRM_CONFIDENCE
    return episode.is_candidate or is_doubted
