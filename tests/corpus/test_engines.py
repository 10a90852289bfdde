"""Engines: every job once, and what follows from a result before the jobs that wait."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from neuronarrator_hf.corpus.engines import Engine, InProcess, Job, Processes


def same(name: str) -> str:
    return name


def after(name: str) -> Iterable[Job]:
    return [(same, (f"after {name}",))] if name in ("0", "7") else []


@pytest.mark.parametrize("engine", [InProcess(), Processes(2)], ids=["one", "two"])
def test_what_follows_goes_first(engine: Engine) -> None:
    with engine:
        told = list(engine.run([(same, (str(number),)) for number in range(40)], after))
    assert sorted(told) == sorted([*map(str, range(40)), "after 0", "after 7"])
    for name in ("0", "7"):
        assert told.index(f"after {name}") - told.index(name) <= 6
