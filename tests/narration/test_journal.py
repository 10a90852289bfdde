from __future__ import annotations

import json
from pathlib import Path

import pytest

from neuronarrator_hf.findings.schema import Change, Claim
from neuronarrator_hf.narration.journal import Journal
from neuronarrator_hf.narration.result import WindowNarration

HEADER = {"recording": "abc", "model": {"name": "m"}, "seed": 0}


def window(i: int) -> WindowNarration:
    claim = Claim(
        "lpd",
        side="left",
        regions=("temporal",),
        frequency_hz=(1.0, 1.5),
        change=Change("new", 10.0),
        span=(0, 4),
        confidence=0.5,
        start_s=10.0 * i,
        end_s=10.0 * i + 10,
        status="supported",
        evidence={"measured": {"rate_hz": 1.1}},
    )
    return WindowNarration(
        10.0 * i,
        10.0 * i + 10,
        f"text é {i}",
        (claim,),
        {"lpd": 0.5},
        frozenset({"spikes"}),
        {"assessable": True, "channels": {}},
    )


def test_windows_come_back_as_they_went_in(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.jsonl", HEADER)
    for i in range(3):
        journal.append(window(i))
    assert list(journal) == [window(0), window(1), window(2)]
    assert [w.claims[0].evidence for w in journal] == [window(0).claims[0].evidence] * 3
    assert list(journal) == list(journal)


def test_a_killed_run_keeps_its_finished_windows(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    Journal(path, HEADER).append(window(0))
    with path.open("a") as file:
        file.write('{"timestamp": [10.0, 2')
    resumed = Journal(path, HEADER)
    assert resumed.n_windows == 1
    resumed.append(window(1))
    assert list(resumed) == [window(0), window(1)]


@pytest.mark.parametrize("case", ["other header", "finished", "no resume", "not a journal"])
def test_other_journals_are_begun_anew(tmp_path: Path, case: str) -> None:
    path = tmp_path / "j.jsonl"
    journal = Journal(path, HEADER)
    journal.append(window(0))
    if case == "finished":
        journal.close()
    if case == "not a journal":
        path.write_text("hello\n")
    header = {**HEADER, "seed": 1} if case == "other header" else HEADER
    assert list(Journal(path, header, resume=case != "no resume")) == []
    assert json.loads(path.read_text().splitlines()[0])["seed"] == header["seed"]
