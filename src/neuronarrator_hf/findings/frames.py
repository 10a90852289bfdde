"""The stretch of a sentence that belongs to each finding named in it, and its polarity."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

from .schema import Change
from .tokens import Event
from .vocabulary import ids_of

_PREMODIFIERS = frozenset(
    {"side", "place", "freq", "amp", "prev", "hedge", "neg", "change", "focal", "lateral", "band"}
)
_LISTED = frozenset({"side", "place", "focal", "lateral"})
_STATE_MEANINGS = frozenset(
    {
        "eyes_open",
        "eyes_closed",
        "drowsy",
        "n1_sleep",
        "n2_sleep",
        "n3_sleep",
        "rem_sleep",
        "SLEEP",
    }
)
_ARTIFACTS = frozenset({"ARTIFACT", *ids_of("artifact")})
_TIME_PREPOSITIONS = frozenset({"prep", "with", "det"})


@dataclass
class Frame:
    """One mention of a finding with what is said of it."""

    meaning: str
    polarity: str = "present"
    gone: bool = False
    hedged: bool = False
    sides: list[str] = field(default_factory=list)
    regions: list[str] = field(default_factory=list)
    bands: str | None = None
    focal: bool = False
    lateral: bool = False
    frequency_hz: tuple[float, float] | None = None
    amplitude_uv: tuple[float, float] | None = None
    prevalence: str | None = None
    direction: str | None = None
    compared: bool = False
    since_s: float | None = None
    times_s: list[float] = field(default_factory=list)
    joined: bool = False
    inverse: bool = False

    @property
    def change(self) -> Change | None:
        """The change asserted, or None."""
        if self.gone:
            return Change("gone", self.since_s)
        if self.direction is None or (self.direction.endswith("?") and not self.compared):
            return None
        return Change(self.direction.rstrip("?"), self.since_s)

    @property
    def is_placed(self) -> bool:
        """Whether a side, a region or a word like "focal" localises it."""
        return bool(self.sides or self.regions or self.focal or self.lateral)


def frame_sentence(events: list[Event]) -> list[Frame]:
    """One frame per finding named, in order."""
    frames: list[Frame] = []
    clause: list[Event] = []
    for event in [*events, Event("hard", None, 0, 0)]:
        if event.kind != "hard":
            clause.append(event)
            continue
        frames += _frame_clause(clause, previous=frames)
        clause = []
    return frames


def _frame_clause(events: list[Event], previous: list[Frame]) -> list[Frame]:
    heads = [i for i, event in enumerate(events) if event.kind == "finding"]
    if not heads:
        if previous:
            _describe(
                previous[-1],
                [e for e in events if e.kind in ("hedge", "change", "since", "freq")],
                loose=True,
            )
        return []
    owned = [i for i in heads if not _is_setting(events, i)] or heads
    starts = [0]
    for before, head in pairwise(owned):
        starts.append(_start_of(events, before, head))
    starts.append(len(events))
    frames = {}
    for number, head in enumerate(owned):
        frame = _frame(events[head])
        stretch = events[starts[number] : head] + events[head + 1 : starts[number + 1]]
        frame.joined = starts[number] > 0 and events[starts[number] - 1].kind == "join"
        _describe(frame, stretch)
        frames[head] = frame
    for head in heads:
        if head not in frames:
            frames[head] = _frame(events[head])
    _set_polarity(events, frames, owned)
    return [frames[head] for head in heads]


def _frame(event: Event) -> Frame:
    meaning, hedged, inverse, region = _decoded(event.value)
    return Frame(meaning, hedged=hedged, inverse=inverse, regions=[region] if region else [])


@cache
def _decoded(meaning: str) -> tuple[str, bool, bool, str]:
    """Meaning, hedge, inversion and region of an entry of the lexicon."""
    bare, _, region = meaning.removesuffix("?").removeprefix("!").partition("@")
    return bare, meaning.endswith("?"), meaning.startswith("!"), region


def _is_setting(events: list[Event], i: int) -> bool:
    """A state that only says when ("abundant in sleep") takes no attributes and no negation."""
    if events[i].value not in _STATE_MEANINGS or i == 0:
        return False
    return events[i - 1].kind in ("prep", "with") and events[i].start - events[i - 1].stop <= 1


def _start_of(events: list[Event], before: int, head: int) -> int:
    """Where the words before a finding begin to belong to it, not to the finding before it."""
    i = head
    while i - 1 > before:
        kind = events[i - 1].kind
        if kind in _PREMODIFIERS:
            i -= 1
            if kind == "neg":
                break
        elif (
            kind == "join" and i - 2 > before and events[i - 2].kind in _LISTED and events[i].kind in _LISTED
        ):
            j = i - 2
            while j - 1 > before and events[j - 1].kind in _PREMODIFIERS:
                j -= 1
            while j - 1 > before and events[j - 1].kind == "det":
                j -= 1
            if j - 1 > before and events[j - 1].kind in ("prep", "noun"):
                break
            if j - 1 == before:
                break
            i = j
        else:
            break
    return i


def _describe(frame: Frame, events: list[Event], *, loose: bool = False) -> None:
    for event in events:
        kind, value = event.kind, event.value
        if kind == "side":
            frame.sides.append(value)
        elif kind == "place":
            side, regions = value
            if side is not None:
                frame.sides.append(side)
            frame.regions += regions
        elif kind == "freq":
            frame.frequency_hz = frame.frequency_hz or value
        elif kind == "amp":
            frame.amplitude_uv = frame.amplitude_uv or value
        elif kind == "prev":
            frame.prevalence = frame.prevalence or value
        elif kind == "hedge":
            frame.hedged = True
        elif kind == "focal":
            frame.focal = True
        elif kind == "lateral":
            frame.lateral = True
        elif kind == "band":
            frame.bands = value
        elif kind == "change":
            if frame.direction is None or frame.direction.endswith("?"):
                frame.direction = value
        elif kind == "since":
            frame.compared = True
            frame.since_s = value if frame.since_s is None else frame.since_s
        elif kind == "time":
            frame.times_s.append(value)


def _set_polarity(events: list[Event], frames: dict[int, Frame], owned: list[int]) -> None:
    """Negations reach forward to the end of their list, predicates back over their subjects."""
    settings = set(frames) - set(owned)
    forward = False
    reached = False
    for i, event in enumerate(events):
        kind = event.kind
        if kind == "neg":
            forward, reached = True, False
        elif kind == "finding":
            if forward and i not in settings and not frames[i].inverse:
                frames[i].polarity = "absent"
                reached = True
        elif (
            forward
            and reached
            and (kind in ("verb", "with") or (kind == "det" and _begins_anew(events[i - 1])))
        ):
            forward = False
        if kind in ("postneg", "gone", "na"):
            subjects = _subjects(events, i, settings)
            if kind == "na":
                subjects = _but_reasons(events, subjects)
            if not subjects and kind != "gone":
                subjects = [head for head in owned if head > i]
            for head in subjects:
                frame = frames[head]
                if kind == "gone":
                    frame.polarity, frame.gone = "absent", True
                else:
                    frame.polarity = "not_assessed" if kind == "na" else "absent"
        if kind == "postneg" and not _subjects(events, i, settings):
            forward, reached = True, True
    for head, frame in frames.items():
        if frame.inverse:
            negated = head > 0 and events[head - 1].kind in ("postneg", "neg")
            frame.polarity = (
                "not_assessed" if frame.polarity == "not_assessed" else "present" if negated else "absent"
            )
    for frame in frames.values():
        if frame.gone and frame.since_s is None:
            since = [e.value for e in events if e.kind == "since"]
            frame.since_s = since[0] if since else None


def _begins_anew(before: Event) -> bool:
    """Whether an article behind this ends a negation: "no A and a B" asserts B, "no A or a B" denies it."""
    return before.kind == "join" and before.value != "or"


def _but_reasons(events: list[Event], subjects: list[int]) -> list[int]:
    """Subjects without the artifacts that are why they cannot be judged ("owing to movement, ...")."""
    others = [head for head in subjects if events[head].value not in _ARTIFACTS]
    return [h for h in subjects if h in others or not others or not _is_reason(events, h)]


def _is_reason(events: list[Event], head: int) -> bool:
    """Whether words like "owing to" lead to a finding, with no other finding nor a verb between."""
    for event in reversed(events[:head]):
        if event.kind in ("with", "finding", "verb"):
            return event.kind == "with"
    return False


def _subjects(events: list[Event], i: int, settings: set[int]) -> list[int]:
    """Findings before position `i`, back to the verb that closes an earlier statement."""
    subjects: list[int] = []
    closed = False
    for j in range(i - 1, -1, -1):
        kind = events[j].kind
        if kind == "finding" and j not in settings:
            if subjects and closed:
                break
            subjects.append(j)
            closed = False
        elif kind == "verb" and subjects:
            closed = True
    return subjects
