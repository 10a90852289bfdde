"""Which findings of a clause are denied, gone or not assessed: how far each word about it reaches."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from .tokens import Event
from .vocabulary import ids_of

STATE_MEANINGS = frozenset({*ids_of("state"), "SLEEP"})
_ARTIFACTS = frozenset({"ARTIFACT", *ids_of("artifact")})
_PLACES = frozenset({"side", "place", "elsewhere"})
_DENIES = frozenset({"neg", "postneg", "bare"})
_BEFORE_A_PLACE = frozenset({"prep", "det"})
_QUANTITIES = frozenset({"prev", "freq", "amp"})
_ENDS_A_LIST = frozenset({"verb", "with", "neg", "postneg", "gone", "na"})


class Polarity(NamedTuple):
    """Polarity of a claim, and whether the finding was there before."""

    polarity: str = "present"
    gone: bool = False


def polarities(
    events: Sequence[Event], heads: Sequence[int], settings: Collection[int]
) -> dict[int, Polarity]:
    """Polarity of the findings of a clause.

    Args:
        events: The clause.
        heads: Positions of its findings.
        settings: Those of them that only say when, which nothing denies.
    """
    found = {head: Polarity() for head in heads}
    for head in _denied(events, settings):
        found[head] = Polarity("absent")
    for i, event in enumerate(events):
        if event.kind not in ("postneg", "gone", "na"):
            continue
        subjects = _subjects(events, i, settings)
        subjects = subjects[:1] + [head for head in subjects[1:] if found[head] == Polarity()]
        if event.kind == "na":
            subjects = _but_reasons(events, subjects)
        if not subjects and event.kind != "gone":
            subjects = [head for head in heads if head > i and head not in settings]
        told = "not_assessed" if event.kind == "na" else "absent"
        for head in subjects:
            found[head] = Polarity(told, found[head].gone or event.kind == "gone")
    for i, event in enumerate(events):
        if event.kind == "likewise" and heads[0] < i:
            before = max(head for head in heads if head < i)
            found.update({head: found[before] for head in heads if head > i and head not in settings})
    for head in heads:
        if is_inverse(events[head]) and found[head].polarity != "not_assessed":
            is_denied = head > 0 and events[head - 1].kind in ("postneg", "neg")
            found[head] = found[head]._replace(polarity="present" if is_denied else "absent")
    return found


def is_inverse(event: Event) -> bool:
    """Whether a finding is named by a word that itself denies it: "symmetric"."""
    return event.kind == "finding" and event.value.startswith("!")


def without_elsewhere(events: Sequence[Event]) -> list[Event]:
    """The events without the places where a finding named before is denied: "at T3, none on the right"."""
    kept: list[Event] = []
    has_finding, i = False, 0
    while i < len(events):
        event = events[i]
        stop = _end_of_elsewhere(events, i) if has_finding and event.kind in _DENIES else i
        if stop == i:
            has_finding |= event.kind == "finding"
            if event.kind != "bare":
                kept.append(event)
            stop = i + 1
        i = stop
    return kept


def _end_of_elsewhere(events: Sequence[Event], i: int) -> int:
    """Where a denied place ends that starts at `i`; `i` itself where none does."""
    before = events[i - 1].kind
    if before in ("verb", "finding") or (events[i].kind == "postneg" and before != "join"):
        return i  # the finding itself is denied there: "spikes: none on the right"
    j, n_places = i + 1, 0
    while j < len(events):
        kind = events[j].kind
        is_another = kind == "join" and j + 1 < len(events) and events[j + 1].kind in _PLACES
        if kind in _PLACES:
            n_places += 1
        elif not (kind in _BEFORE_A_PLACE or kind == "noun" or (is_another and n_places)):
            break
        j += 1
    is_whole = j == len(events) or events[j].kind == "join"
    return j if n_places and is_whole else i


def _denied(events: Sequence[Event], settings: Collection[int]) -> Iterator[int]:
    """Findings that a negation before them reaches: to the end of its list."""
    is_open = has_denied = is_aside = False
    for i, event in enumerate(events):
        kind = event.kind
        if kind == "neg":
            is_open, has_denied, is_aside = True, False, event.value == "aside"
        elif kind == "postneg" and not _subjects(events, i, settings):
            is_open = has_denied = True
        elif kind == "finding":
            if is_open and i not in settings and not is_inverse(event):
                has_denied = True
                yield i
        elif is_open and has_denied:
            is_open = not (kind in ("verb", "with") or _begins_anew(events, i, is_aside))
        elif is_open and event.value == "," and _is_unknown(events, i):
            is_open = _is_closed(events, i + 1)


def _begins_anew(events: Sequence[Event], i: int, is_aside: bool) -> bool:
    """Whether a join at `i` ends a list of denials.

    "No A and a B" asserts B. Behind a comma an article, a state or a quantity asserts too, unless an "or"
    still closes the list: "no A, a B or C" denies all three.
    """
    event = events[i]
    if event.kind != "join" or event.value == "or" or i + 1 == len(events):
        return False
    if event.value == "and":
        return events[i + 1].kind == "det"
    if events[i + 1].kind == "join" or _is_closed(events, i + 1):
        return False
    return is_aside or events[i + 1].kind == "det" or _is_of_what_is_there(events, i + 1)


def _is_unknown(events: Sequence[Event], i: int) -> bool:
    """Whether words without a meaning here stand before `i`: "no reactivity, ..." denies something too."""
    return i > 0 and events[i].start > events[i - 1].stop


def _is_closed(events: Sequence[Event], start: int) -> bool:
    """Whether "or" and a finding stand behind `start`, before anything that ends a list."""
    has_or = False
    for event in events[start:]:
        if event.kind in _ENDS_A_LIST:
            return False
        if event.kind == "join" and event.value != ",":
            has_or = event.value == "or"
        elif event.kind == "finding" and has_or:
            return True
    return False


def _is_of_what_is_there(events: Sequence[Event], start: int) -> bool:
    """Whether an item of a list has what only something present has: an amount, or it is a state."""
    for event in events[start:]:
        if event.kind == "join" or event.kind in _ENDS_A_LIST:
            return False
        if event.kind in _QUANTITIES or (event.kind == "finding" and event.value in STATE_MEANINGS):
            return True
    return False


def _but_reasons(events: Sequence[Event], subjects: list[int]) -> list[int]:
    """Subjects without the artifacts that are why they cannot be judged ("owing to movement, ...")."""
    others = [head for head in subjects if events[head].value not in _ARTIFACTS]
    return [h for h in subjects if h in others or not others or not _is_reason(events, h)]


def _is_reason(events: Sequence[Event], head: int) -> bool:
    """Whether words like "owing to" lead to a finding, with no other finding nor a verb between."""
    for event in reversed(events[:head]):
        if event.kind in ("with", "finding", "verb"):
            return event.kind == "with"
    return False


def _subjects(events: Sequence[Event], i: int, settings: Collection[int]) -> list[int]:
    """Findings before position `i`, back to the verb that closes an earlier statement."""
    subjects: list[int] = []
    is_closed = False
    for j in range(i - 1, -1, -1):
        kind = events[j].kind
        if kind == "finding" and j not in settings:
            if subjects and is_closed:
                break
            subjects.append(j)
            is_closed = False
        elif kind == "verb" and subjects:
            is_closed = True
    return subjects
