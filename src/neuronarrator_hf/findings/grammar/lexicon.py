"""The parser's dictionary: all phrases by their first token.

A phrase is written in a small pattern language: `[a/b]` is a choice, `{a}` may be left out, `(s)` is
an optional ending. Hyphens are spaces: the tokens carry none.
"""

from __future__ import annotations

import re
from itertools import product
from typing import Any

from . import denials as d
from . import modifiers as m
from .terms import FINDINGS

Entry = tuple[str, Any]


def expand(pattern: str) -> set[tuple[str, ...]]:
    """All token sequences of a pattern, see the module's docstring."""
    pattern = re.sub(r"([a-z]+)\(([a-z]+)\)", r"[\1/\1\2]", pattern)
    parts = re.findall(r"\[[^\]]*\]|\{[^}]*\}|[^\s\[\]{}]+", pattern)
    choices = []
    for part in parts:
        if part[0] == "[":
            choices.append(part[1:-1].split("/"))
        elif part[0] == "{":
            choices.append(["", *part[1:-1].split("/")])
        else:
            choices.append([part])
    return {tuple(" ".join(words).split()) for words in product(*choices)} - {()}


def build_index() -> dict[str, tuple[tuple[int, dict[tuple[str, ...], Entry]], ...]]:
    """Phrases by first token: the lengths to try, longest first, each with its phrases."""
    entries: dict[tuple[str, ...], Entry] = {}

    def add(kind: str, phrases: Any) -> None:
        items = phrases.items() if isinstance(phrases, dict) else ((p, None) for p in phrases)
        for pattern, value in items:
            for words in expand(pattern):
                entries[words] = ("none", None) if value == "" else (kind, value)

    for kind, phrases in (
        ("det", m.DETERMINERS),
        ("verb", m.VERBS),
        ("prep", m.PREPOSITIONS),
        ("with", m.WITHS),
        ("join", m.JOINS),
        ("hard", d.HARD_BREAKS),
        ("noun", m.REGION_NOUNS),
        ("since", m.SINCE),
        ("change", m.CHANGES),
        ("prev", m.PREVALENCES),
        ("side", m.SIDES),
        ("place", m.PLACES),
        ("place", m.ELECTRODES),
        ("band", m.BAND_RANGE),
        ("hedge", m.HEDGES),
        ("neg", d.NEGATIONS),
        ("postneg", d.POST_NEGATIONS),
        ("gone", d.GONE),
        ("elsewhere", d.ELSEWHERE),
        ("likewise", d.LIKEWISE),
        ("na", d.NOT_ASSESSED),
        ("none", m.NOT_HEDGES),
        ("none", d.NOT_NEGATIONS),
        ("focal", ("focal", "localized")),
        ("lateral", ("lateralized", "unilateral")),
    ):
        add(kind, phrases)
    for pattern, meaning in FINDINGS.items():
        for words in expand(pattern):
            if meaning.startswith("extreme_low") or words not in entries or entries[words][0] != "finding":
                entries[words] = ("finding", meaning) if meaning else ("none", None)
    index: dict[str, dict[int, dict[tuple[str, ...], Entry]]] = {}
    for words, entry in entries.items():
        index.setdefault(words[0], {}).setdefault(len(words), {})[words] = entry
    return {first: tuple(sorted(by_length.items(), reverse=True)) for first, by_length in index.items()}
