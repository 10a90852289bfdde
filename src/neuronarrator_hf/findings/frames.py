"""The stretch of a sentence that belongs to each finding named in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

from .polarity import STATE_MEANINGS, polarities, without_elsewhere
from .schema import Change
from .tokens import Event

_PREMODIFIERS = frozenset(
    {"side", "place", "freq", "amp", "prev", "hedge", "neg", "change", "focal", "lateral", "band"}
)
_LISTED = frozenset({"side", "place", "focal", "lateral"})


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
    excepted: bool = False
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
    def amount(self) -> str | None:
        """The prevalence, also where it was only hinted at ("sporadic")."""
        return self.prevalence and self.prevalence.rstrip("?")

    @property
    def is_placed(self) -> bool:
        """Whether a side, a region or a word like "focal" localises it."""
        return bool(self.sides or self.regions or self.focal or self.lateral)


def frame_sentence(events: list[Event]) -> list[Frame]:
    """One frame per finding named, in order."""
    frames: list[Frame] = []
    clause: list[Event] = []
    is_exception = False
    for event in [*events, Event("hard", None, 0, 0)]:
        if event.kind != "hard":
            clause.append(event)
            continue
        told = _frame_clause(without_elsewhere(clause), previous=frames)
        for frame in told:
            frame.excepted = is_exception
        frames += told
        clause = []
        is_exception = event.value == "except"
    return frames


def _frame_clause(events: list[Event], previous: list[Frame]) -> list[Frame]:
    heads = [i for i, event in enumerate(events) if event.kind == "finding"]
    if not heads:
        if previous:
            _describe(previous[-1], [e for e in events if e.kind in ("hedge", "change", "since", "freq")])
        return []
    settings = {i for i in heads if _is_setting(events, i)}
    owned = [i for i in heads if i not in settings] or heads
    frames = {head: _frame(events[head]) for head in heads}
    for head, stretch in _stretches(events, owned).items():
        _describe(frames[head], stretch)
    for head, (polarity, gone) in polarities(events, heads, settings - set(owned)).items():
        frames[head].polarity, frames[head].gone = polarity, gone
        if gone and frames[head].since_s is None:
            frames[head].since_s = next((e.value for e in events if e.kind == "since"), None)
    return list(frames.values())


def _stretches(events: list[Event], owned: list[int]) -> dict[int, list[Event]]:
    """The events that describe each finding; behind ", without X, " those of the finding before it go on."""
    starts = [0, *(_start_of(events, before, head) for before, head in pairwise(owned)), len(events)]
    stretches = {}
    for number, head in enumerate(owned):
        start, stop = starts[number], starts[number + 1]
        resumed = _resumed(events, start, head, stop) if number else stop
        stretches[head] = events[start:head] + events[head + 1 : resumed]
        if resumed < stop:
            stretches[owned[number - 1]] += events[resumed:stop]
    return stretches


def _resumed(events: list[Event], start: int, head: int, stop: int) -> int:
    """Where a denial between two commas ends and the sentence around it goes on; `stop` if it is none."""
    if events[start].kind != "neg" or events[start - 1].kind != "join":
        return stop
    for i in range(head + 1, stop - 1):
        if events[i].kind == "join" and events[i + 1].kind == "verb":
            return i + 1
    return stop


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
    if events[i].value not in STATE_MEANINGS or i == 0:
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


def _describe(frame: Frame, events: list[Event]) -> None:
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
            if frame.prevalence is None or frame.prevalence.endswith("?"):
                frame.prevalence = value
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
