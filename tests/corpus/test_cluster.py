"""The same build on the workers of a Dask cluster, one of which is killed on the way."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from pathlib import Path

import corpus_builds as builds
import pytest

from neuronarrator_hf.corpus.build import build, recording_tasks
from neuronarrator_hf.corpus.engines import Cluster, EngineError, InProcess, make_engine
from neuronarrator_hf.corpus.plan import BuildOptions
from neuronarrator_hf.corpus.rows import simulation_tasks


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
    distributed = pytest.importorskip("distributed")
    root = builds.small_root(tmp_path / "root", 12)
    tasks = [*recording_tasks([("folder", root)]), *simulation_tasks(96, 0)]
    build(tmp_path / "whole", tasks, BuildOptions(), InProcess())
    expected = builds.files_of(tmp_path / "whole")
    rng = random.Random(0)
    for number in range(int(os.environ.get("CORPUS_KILLS", "1"))):
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        ) as cluster:
            after = rng.randrange(2, 6)
            out, killed = tmp_path / f"killed{number}", []

            def kill(cluster=cluster, out=out, killed=killed, after=after) -> None:
                while len(list((out / ".build" / "parts").glob("*.parquet"))) < after:
                    time.sleep(0.01)
                pid = next(iter(cluster.workers.values())).pid
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

            thread = threading.Thread(target=kill, daemon=True)
            thread.start()
            with Cluster(cluster.scheduler_address) as engine:
                result = build(out, tasks, BuildOptions(), engine)
            thread.join(timeout=10)
        assert killed and len(result.skipped) == 1
        assert builds.files_of(out) == expected
