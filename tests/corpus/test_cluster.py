"""The same build on the workers of a Dask cluster, one of which is killed on the way."""

from __future__ import annotations

from pathlib import Path

import corpus_builds as builds
import pytest
from benchmarks import corpus_kills

from neuronarrator_hf.corpus.engines import Cluster, EngineError, InProcess, make_engine


def test_no_scheduler_is_told() -> None:
    pytest.importorskip("distributed")
    with (
        pytest.raises(EngineError, match=r"no Dask scheduler answers at tcp://127.0.0.1:1"),
        Cluster("tcp://127.0.0.1:1", timeout_s=1.0),
    ):
        pass


def test_the_engine_follows_the_options() -> None:
    assert isinstance(make_engine(1), InProcess)
    assert make_engine(3).n_workers == 3
    assert make_engine(4, "tcp://127.0.0.1:8786").address == "tcp://127.0.0.1:8786"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_worker_killed_on_the_way_changes_nothing(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    root = builds.small_root(tmp_path / "root", 4)
    for kill in corpus_kills.dask_kills(root, tmp_path, 3):
        assert kill.killed and kill.equal and kill.leftovers == 0
        assert kill.n_ids == kill.n_rows == 4 * 2 + corpus_kills.SIMULATED
