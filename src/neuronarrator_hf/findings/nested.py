"""Possible seizures that are part of a certain one: its windows do not all tell the same side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .vocabulary import ids_of

if TYPE_CHECKING:
    from .track import Episode

_ICTAL = frozenset(ids_of("ictal"))


def without_parts(episodes: Sequence[Episode]) -> tuple[Episode, ...]:
    """The episodes, without the possible seizures that lie within a certain one: it holds their time."""
    seizures = [e for e in episodes if e.finding in _ICTAL and not e.is_candidate]
    return tuple(e for e in episodes if not any(_is_part(e, seizure) for seizure in seizures))


def _is_part(episode: Episode, seizure: Episode) -> bool:
    is_within = seizure.start_s <= episode.start_s and episode.end_s <= seizure.end_s
    return episode.finding in _ICTAL and episode.is_candidate and is_within
