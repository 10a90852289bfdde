"""Splits by person: official ones are kept, one person is on one side, leaks stop the build."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from .sources.source import SPLITS, RecordingRef

SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}
"""Shares of the persons without an official split."""


class LeakageError(ValueError):
    """A person or a recording stands in two splits."""


def digest(text: str, length: int = 16) -> str:
    """Hexadecimal hash of an identifier; a pseudonym, no anonymity."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:length]


def assign_splits(refs: Iterable[RecordingRef]) -> dict[str, str]:
    """Person to split.

    Where official splits of a person differ, test is stronger than validation and validation than train: what
    one source tests on is never trained on through another. Without an official one the hash of the person
    decides, so that the same person gets the same split in every build.
    """
    chosen: dict[str, str] = {}
    persons = set()
    for ref in refs:
        persons.add(ref.person)
        if ref.split is not None:
            chosen[ref.person] = max(ref.split, chosen.get(ref.person, "train"), key=SPLITS.index)
    return {person: chosen.get(person) or hashed_split(person) for person in sorted(persons)}


def hashed_split(person: str) -> str:
    """The split of a person of whom no source says one."""
    at = int(digest(person, 8), 16) / 16**8
    for split, share in SHARES.items():
        at -= share
        if at < 0:
            return split
    return SPLITS[-1]


def check_leakage(entries: Iterable[tuple[str, str, str, str]]) -> None:
    """Entries `(split, subject, signal, name)` of recordings: subject and signal have to keep to one split.

    Raises:
        LeakageError: One does not; it is named.
    """
    seen: dict[tuple[str, str], tuple[str, str]] = {}
    for split, subject, signal, name in entries:
        for kind, value in (("person", subject), ("signal", signal)):
            if not value:
                continue
            before = seen.setdefault((kind, value), (split, name))
            if before[0] != split:
                raise LeakageError(
                    f"the {kind} {value} is in {before[0]} ({before[1]}) and in {split} ({name}); build "
                    "these sources together into one new folder, so that official splits are reconciled"
                )
