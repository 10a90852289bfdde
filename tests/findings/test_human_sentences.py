"""The parser on sentences of people: claim F1, the held-out third by itself."""

from __future__ import annotations

from collections import Counter

import pytest
from human import decode, is_held_out, load

from neuronarrator_hf.findings.parse import parse


def claim_f1(entries, key):
    found = expected = right = 0
    for entry in entries:
        want = Counter(key(decode(line)) for line in entry["claims"])
        got = Counter(key(claim) for claim in parse(entry["text"]))
        right += sum((want & got).values())
        found += sum(got.values())
        expected += sum(want.values())
    return 2 * right / (found + expected)


def test_there_are_enough():
    assert len(load()) >= 150
    assert len({entry["text"] for entry in load()}) == len(load())


@pytest.mark.parametrize("held_out", (False, True), ids=("development", "held_out"))
@pytest.mark.parametrize(
    "key", (lambda c: c.content(), lambda c: (c.finding, c.polarity)), ids=("content", "finding")
)
def test_claim_f1(held_out, key):
    entries = [entry for i, entry in enumerate(load()) if is_held_out(i) == held_out]
    assert claim_f1(entries, key) >= 0.90


@pytest.mark.parametrize(
    "key", (lambda c: c.content(), lambda c: (c.finding, c.polarity)), ids=("content", "finding")
)
@pytest.mark.parametrize(
    ("name", "count"),
    (("report_sentences", 60), ("ward_sentences", 44), ("negation_sentences", 80), ("scope_sentences", 40)),
)
def test_claim_f1_of_other_styles(name, count, key):
    entries = load(name)
    assert len(entries) == count
    assert not {e["text"] for e in entries} & {e["text"] for e in load()}
    assert claim_f1(entries, key) >= 0.90
