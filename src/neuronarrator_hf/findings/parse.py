"""Prose to claims: the inverse of the writer on its grammar, and a reader of other people's prose.

A sentence is read in four steps: its phrases and quantities (`tokens`), the stretch of the sentence
that belongs to each finding, polarity (negation, resolution, not assessed) with its scope, and the
attributes that stand in the stretch. What the vocabulary does not word of a finding is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from .families import resolve
from .frames import frame_sentence
from .schema import Claim
from .tokens import find_events, tokenise

_SENTENCE = re.compile(r"[^.;!?\n]+(?:\.(?=\d)[^.;!?\n]+)*[.;!?]?")
_MAX_TOKENS = 300
"""What runs on for longer than any sentence is read in parts, so that time stays linear."""


def parse(text: str) -> list[Claim]:
    """The claims of a text, in its order, each with the span of the sentence that makes it."""
    claims: list[Claim] = []
    seen = set()
    for start, stop in sentence_spans(text):
        for claim in _parse_sentence(text[start:stop]):
            key = claim.content()
            if key in seen:
                continue
            seen.add(key)
            claims.append(_spanned(claim, (start, stop)))
    return claims


def sentence_spans(text: str) -> Iterator[tuple[int, int]]:
    """Characters `(start, stop)` of each sentence, without the white space around it."""
    for match in _SENTENCE.finditer(text):
        raw = match.group()
        start = match.start() + len(raw) - len(raw.lstrip())
        stop = match.end() - (len(raw) - len(raw.rstrip()))
        if stop > start:
            yield start, stop


@lru_cache(maxsize=1 << 14)
def _parse_sentence(sentence: str) -> tuple[Claim, ...]:
    tokens = tokenise(sentence)
    return tuple(
        claim
        for start in range(0, len(tokens), _MAX_TOKENS)
        for claim in resolve(frame_sentence(find_events(tokens[start : start + _MAX_TOKENS])))
    )


def _spanned(claim: Claim, span: tuple[int, int]) -> Claim:
    copy = object.__new__(Claim)  # skips validation: the claim has passed it, and this runs for each
    copy.__dict__.update(claim.__dict__)
    copy.__dict__["span"] = span
    return copy
