"""Persons keep to one split, official splits hold, leaks are refused."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from neuronarrator_hf.corpus.sources import RecordingRef
from neuronarrator_hf.corpus.splits import LeakageError, assign_splits, check_leakage, hashed_split


def ref(person: str, split: str | None, source: str = "tusz") -> RecordingRef:
    return RecordingRef(source, f"{person}-{split}", Path("x.edf"), person, f"tuh:{person}", split)


def test_official_splits_hold_and_test_is_strongest() -> None:
    refs = [
        ref("a", "train"),
        ref("b", "validation"),
        ref("c", "train"),
        ref("c", "test", "tuab"),
        ref("a", None, "tuep"),
    ]
    assert assign_splits(refs) == {"tuh:a": "train", "tuh:b": "validation", "tuh:c": "test"}
    assert assign_splits(reversed(refs)) == assign_splits(refs)


def test_the_hash_of_a_person_gives_the_shares() -> None:
    counts = Counter(hashed_split(f"chb-mit:{i}") for i in range(5000))
    assert counts["train"] / 5000 == pytest.approx(0.8, abs=0.03)
    assert counts["test"] / 5000 == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize(
    "entries",
    [
        [("train", "p", "s1", "x"), ("test", "p", "s2", "y")],
        [("train", "p", "s1", "x"), ("test", "q", "s1", "y")],
    ],
)
def test_a_leak_of_person_or_signal_is_refused(entries: list[tuple[str, str, str, str]]) -> None:
    with pytest.raises(LeakageError, match=r"train \(x\) and in test \(y\)"):
        check_leakage(entries)


def test_simulated_rows_without_digest_do_not_leak() -> None:
    check_leakage([("train", "", "", "a"), ("test", "", "", "b")])
