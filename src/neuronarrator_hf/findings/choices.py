"""A seeded choice among wordings, the words of noun phrases, and how sentences open."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

from .grammar import wordings as w
from .grammar.nouns import Noun


class Phrase(NamedTuple):
    """A noun phrase: its words, what trails it after a comma, and whether a verb after it is plural."""

    words: str
    trail: str
    number: str

    @property
    def be(self) -> str:
        """The verb that agrees."""
        return "are" if self.number == "plural" else "is"


class Choices:
    """Chooses among wordings; one paragraph long.

    Args:
        seed: The same seed gives the same choices.
        variety: 0 for the first wording throughout, 1 for all alike.
        record: What the stretch described is called ("segment"), or None to choose.
        acns_style: Call rhythmic and periodic patterns "ACNS-style", as outside critical care.
    """

    def __init__(
        self, seed: int, variety: float, *, record: str | None = None, acns_style: bool = False
    ) -> None:
        self.rng = random.Random(seed)
        self.variety = variety
        self.acns_style = acns_style
        self._last_opening = ""
        self.is_recording = record == "recording"
        self.record = record or self.pick(w.RECORD)

    def pick(self, options: Sequence[str]) -> str:
        """The first option, or with the probability of `variety` any."""
        if len(options) > 1 and self.chance():
            return options[int(self.rng.random() * len(options))]
        return options[0]

    def chance(self, share: float = 1.0) -> bool:
        """True with the probability `share * variety`."""
        probability = share * self.variety
        return probability > 0 and self.rng.random() < probability

    def fresh(self, frames: Sequence[str]) -> str:
        """A frame that does not open as the last sentence did, if there is a choice."""
        frame = self.pick(frames)
        if _opening(frame) == self._last_opening:
            others = [other for other in frames if _opening(other) != self._last_opening]
            frame = self.pick(others or frames)
        self.note_opening(frame)
        return frame

    def note_opening(self, frame: str) -> None:
        """Remember how the last sentence opened."""
        self._last_opening = _opening(frame)

    @property
    def whole(self) -> str:
        """What an overall judgement is about."""
        return "recording" if self.is_recording else "segment"


def _opening(frame: str) -> str:
    """How a frame opens: its first words before a blank, or where the noun phrase opens it, how it ends."""
    if frame.startswith("{"):
        return frame.split()[-1]
    words = frame.split("{", maxsplit=1)[0].split()
    return words[0] if words[0] in ("No", "There") else " ".join(words[:2])


def capital(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def lowered(text: str) -> str:
    """The text with a small first letter."""
    return text[:1].lower() + text[1:]


def article(text: str) -> str:
    """The indefinite article that fits the first word."""
    first = text.split(maxsplit=1)[0]
    is_vowel = first[0].lower() in "aeiou" or first.split("-")[0].split(".")[0] in ("8", "11", "18")
    return "an" if is_vowel else "a"


def number_of(noun: Noun, name: str) -> str:
    """Number of a name of a noun: one without an article goes with a singular verb."""
    if noun.number == "plural" or (noun.number == "singular" and name.endswith("s")):
        return "plural"
    return "mass"
