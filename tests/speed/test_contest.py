"""The comparison measures what it says, and its check tells a regression from noise."""

from __future__ import annotations

import copy
import json
import sys
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("benchmarks.contest", reason="the benchmarks are part of a checkout")

from benchmarks import table
from benchmarks.contest import Ceilings, Contest, Timed, in_process, peak_memory, run_contest, told

CEILINGS = Ceilings(flops_per_s=1e9, bytes_per_s=1e9)


def busy(seconds: float):
    def work() -> float:
        began = time.process_time()
        while time.process_time() - began < seconds:
            pass
        return seconds

    return work


@pytest.fixture(scope="module")
def outcome():
    contest = Contest(
        name="group/busy",
        ours=busy(0.01),
        peers={"slow": busy(0.06), "half": busy(0.02)},
        n_items=10,
        item="things",
        error=lambda a, b: abs(a - b),
        error_limit=0.1,
        flops=1e6,
        n_bytes=5e6,
        aim=1.5,
    )
    return run_contest(contest, 5, CEILINGS)


def test_ratio_is_that_of_the_best_peer(outcome) -> None:
    assert outcome.peer == "half"
    assert outcome.ratio == pytest.approx(2.0, rel=0.2)
    assert outcome.ratio_low <= outcome.ratio <= outcome.ratio_high
    assert outcome.error == pytest.approx(0.05)
    assert (outcome.limit_s, outcome.limit_kind) == (pytest.approx(5e-3), "memory")
    assert outcome.items_per_s == pytest.approx(1000, rel=0.2)


def test_what_times_itself_is_believed() -> None:
    timed = run_contest(Contest("x", lambda: Timed(2.0, 30.0), {"p": lambda: Timed(3.0, 40.0)}), 3, CEILINGS)
    assert (timed.ours_s, timed.peer_s, timed.ratio) == (2.0, 3.0, 1.5)
    assert (timed.ours_peak_mb, timed.peer_peak_mb) == (30.0, 40.0)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_peak_memory_is_that_of_the_call() -> None:
    _, large = peak_memory(lambda: np.ones(40 << 20, dtype=np.uint8).sum())
    _, small = peak_memory(lambda: np.ones(1 << 20, dtype=np.uint8).sum())
    if large is None:
        pytest.skip("the high-water mark cannot be set back here")
    assert 30 < large < 60
    assert small < 10


def test_a_process_tells_its_time_and_its_fault() -> None:
    timed = in_process(["-c", "import json; print('x'); print(json.dumps({'a': 1}))"])
    assert told(timed) == {"a": 1}
    assert 0 < timed.seconds < 5
    assert timed.peak_mb > 1
    with pytest.raises(RuntimeError, match="ended with 3"):
        in_process(["-c", "import sys; sys.exit(3)"])


def test_table_and_file_hold_the_outcome(outcome, tmp_path: Path) -> None:
    assert table.row(outcome).count("|") == table.head().splitlines()[0].count("|")
    made = table.document([outcome], CEILINGS)
    path = tmp_path / "run.json"
    path.write_text(json.dumps(made))
    assert table.load(path)["outcomes"][0]["name"] == "group/busy"
    assert table.regressions(made, made) == []
    path.write_text("{}")
    with pytest.raises(ValueError, match="schema"):
        table.load(path)


def changed(outcome, **values) -> dict:
    made = copy.deepcopy(table.document([outcome], CEILINGS))
    made["outcomes"][0].update(values)
    return made


def test_only_what_falls_beyond_noise_is_a_regression(outcome) -> None:
    before = changed(outcome, ratio=2.0, ratio_low=1.8, ratio_high=2.2)
    slower = changed(outcome, ratio=1.4, ratio_low=1.3, ratio_high=1.5)
    assert len(table.regressions(slower, before)) == 1
    spread = changed(outcome, ratio=1.4, ratio_low=1.3, ratio_high=1.9)
    assert table.regressions(spread, before) == []
    little = changed(outcome, ratio=1.75, ratio_low=1.7, ratio_high=1.79)
    assert table.regressions(little, before) == []
    wrong = changed(outcome, error=0.2)
    assert "error" in table.regressions(wrong, before)[0]
