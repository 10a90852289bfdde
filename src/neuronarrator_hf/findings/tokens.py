"""From the text of a sentence to the events that carry meaning, in order."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from .grammar.denials import BARE_NEGATIONS
from .grammar.lexicon import build_index
from .grammar.modifiers import SPELLINGS


class Event(NamedTuple):
    """Something said: what kind, its value, and the tokens `[start, stop)` it takes."""

    kind: str
    value: Any
    start: int
    stop: int


_TOKEN = re.compile(
    r"\d+:\d\d(?::\d\d)?(?:\.\d+)?|\d+(?:\.\d+)?|[a-z]{1,3}\d{1,2}(?![a-z\d])|[a-zµμ]+|[-–—](?![a-zµμ])|[^\s\w.;!?'\"()-]"
)
_INDEX = build_index()
_NUMBER_WORDS = {
    word: float(value)
    for value, word in enumerate(
        [
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
        ],
        start=1,
    )
} | {"twenty": 20.0, "thirty": 30.0, "forty": 40.0, "fifty": 50.0, "half": 0.5}
_RANGE_WORDS = frozenset({"to", "-", "–", "—", "and", "through"})
_BOUND_WORDS = frozenset({"below", "under", "than", "to"})
_FREQUENCY_UNITS = (
    ("hz",),
    ("hertz",),
    ("c", "/", "s"),
    ("c", "/", "sec"),
    ("cps",),
    ("cycles", "per", "second"),
    ("cycles", "/", "second"),
    ("cycles", "/", "s"),
    ("cycle", "per", "second"),
    ("cycles", "per", "sec"),
    ("per", "second"),
    ("per", "sec"),
    ("/", "s"),
    ("/", "sec"),
    ("/", "second"),
)
_AMPLITUDE_UNITS = (("µv",), ("uv",), ("μv",), ("microvolt",), ("microvolts",), ("mcv",), ("micro", "volts"))
_TIME_UNITS = {
    "s": 1.0,
    "sec": 1.0,
    "second": 1.0,
    "seconds": 1.0,
    "min": 60.0,
    "minute": 60.0,
    "minutes": 60.0,
    "h": 3600.0,
    "hour": 3600.0,
    "hours": 3600.0,
}
_LATELY = frozenset({"last", "past", "preceding", "previous"})
_EARLIER = frozenset({"earlier", "before", "ago", "previously"})


def tokenise(sentence: str) -> list[str]:
    """Lower-case tokens of a sentence with spellings folded; hyphens between letters part words."""
    return [SPELLINGS.get(token, token) for token in _TOKEN.findall(sentence.lower())]


def find_events(tokens: list[str]) -> list[Event]:
    """The phrases of the lexicon and the quantities among the tokens; longest phrase first."""
    events = []
    position, n_tokens = 0, len(tokens)
    while position < n_tokens:
        token = tokens[position]
        event = None
        if token[0].isdigit() or token in _NUMBER_WORDS:
            event = _quantity(tokens, position)
        if event is None and token in _INDEX:
            event = _phrase(tokens, position)
        if token in BARE_NEGATIONS and (position + 1 == n_tokens or tokens[position + 1] == ","):
            event = Event("postneg", None, position, position + 1)
        elif event is None and token in BARE_NEGATIONS:
            event = Event("bare", None, position, position + 1)
        if event is None:
            position += 1
            continue
        if event.kind != "none":
            events.append(event)
        position = event.stop
    return events


def _phrase(tokens: list[str], start: int) -> Event | None:
    for length, phrases in _INDEX[tokens[start]]:
        entry = phrases.get(tuple(tokens[start : start + length]))
        if entry is not None:
            return Event(entry[0], entry[1], start, start + length)
    return None


def _quantity(tokens: list[str], start: int) -> Event | None:
    """A number or range with its unit; without a unit it means nothing here."""
    first = tokens[start]
    if ":" in first:
        return Event("time", _clock_s(first), start, start + 1)
    low = _number(first)
    stop = start + 1
    if low is None:
        return None
    unit, after = _unit(tokens, stop)
    range_at = after if unit else stop
    high = low
    if range_at + 1 < len(tokens) and tokens[range_at] in _RANGE_WORDS:
        joined_by_and = tokens[range_at] == "and"
        second = _number(tokens[range_at + 1])
        if second is not None and (not joined_by_and or (start and tokens[start - 1] == "between")):
            second_unit, second_after = _unit(tokens, range_at + 2)
            if second_unit and unit in (None, second_unit):
                is_course = unit is not None and start > 0 and tokens[start - 1] == "from"
                low = second if is_course else low  # "from 1 Hz to 2 Hz" ends at 2 Hz
                high, unit, after = second, second_unit, second_after
    if unit is None:
        return Event("none", None, start, stop) if first[0].isdigit() else None
    low, high = min(low, high), max(low, high)
    if unit == "amplitude":
        if start and tokens[start - 1] in ("above", "over", "exceeding") and high == low:
            return Event("none", None, start, after)
        bounded = start and high == low and tokens[start - 1] in _BOUND_WORDS
        if bounded and (tokens[start - 1] != "to" or (start > 1 and tokens[start - 2] == "up")):
            low = 0.0
        return Event("amp", (low, high), start, after)
    if unit == "frequency":
        return Event("freq", (low, high), start, after)
    seconds = low * _TIME_UNITS[unit]
    if after < len(tokens) and tokens[after] in _EARLIER:
        return Event("since", seconds, start, after + 1)
    if start and tokens[start - 1] in _LATELY:
        return Event("since", seconds, start, after)
    return Event("none", None, start, after)


def _number(token: str) -> float | None:
    if token[0].isdigit():
        try:
            return float(token)
        except ValueError:
            return None
    return _NUMBER_WORDS.get(token)


def _unit(tokens: list[str], position: int) -> tuple[str | None, int]:
    if position < len(tokens) and tokens[position] in ("-", "–"):
        position += 1
    if position >= len(tokens):
        return None, position
    for name, units in (("frequency", _FREQUENCY_UNITS), ("amplitude", _AMPLITUDE_UNITS)):
        for words in units:
            if tokens[position] == words[0] and tuple(tokens[position : position + len(words)]) == words:
                return name, position + len(words)
    if tokens[position] in _TIME_UNITS:
        return tokens[position], position + 1
    return None, position


def _clock_s(token: str) -> float:
    parts = [float(part) for part in token.split(":")]
    seconds = 0.0
    for part in parts:
        seconds = seconds * 60 + part
    return seconds
