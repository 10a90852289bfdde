"""Builds that are killed on the way, against an undisturbed one: every file compared by its bytes.

    OMP_NUM_THREADS=1 python -m benchmarks.corpus_kills [--kills 20] [--engine local|dask]

Local: the whole command is killed with SIGKILL at a random moment, by turns with one and with two processes,
and run again. Dask: one of two workers is killed with SIGKILL at a random moment, and the build goes on with
the other and the one that takes its place. A row is printed for each kill.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from neuronarrator_hf.corpus.build import build, recording_tasks
from neuronarrator_hf.corpus.engines import Cluster, InProcess
from neuronarrator_hf.corpus.finish import write_side_files
from neuronarrator_hf.corpus.plan import BuildOptions
from neuronarrator_hf.corpus.rows import Task, simulation_tasks
from neuronarrator_hf.corpus.shards import iter_rows, shard_paths

SIMULATED = 60
"""Simulated segments beside the recordings."""
_COMMAND = "from neuronarrator_hf.cli import main; main()"


@dataclass(frozen=True)
class Kill:
    """One disturbed build.

    Attributes:
        engine: Who did the work.
        when: What had been done, or how many seconds had passed.
        killed: Whether it was killed before its end.
        n_files: Files of the result.
        equal: Whether their names and bytes are those of the undisturbed build.
        n_rows: Rows of the result.
        n_ids: Different ids among them.
        leftovers: Files half written that are still there.
    """

    engine: str
    when: str
    killed: bool
    n_files: int
    equal: bool
    n_rows: int
    n_ids: int
    leftovers: int


def files_of(folder: Path) -> dict[str, str]:
    """Every file that belongs to a corpus, with its hash; work in progress is left out."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".build" not in path.parts
    }


def local_kills(root: Path, work: Path, n_kills: int, seed: int = 0) -> Iterator[Kill]:
    """Kill the command that builds a corpus of the recordings of `root`, and run it again."""
    begun = time.monotonic()
    _check(_command(root, work / "whole"))
    took_s = time.monotonic() - begun
    expected, rng = files_of(work / "whole"), random.Random(seed)
    for number in range(n_kills):
        out, workers = work / f"local{number}", 1 + number % 2
        after_s = rng.uniform(0.3, 0.95) * took_s
        process = _command(root, out, workers)
        try:
            process.wait(after_s)
            killed = False
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            killed = True
        _check(_command(root, out, workers))
        yield _compared(f"{workers} process{'es' * (workers > 1)}", f"{after_s:.1f} s", killed, out, expected)


def dask_kills(root: Path, work: Path, n_kills: int, seed: int = 0) -> Iterator[Kill]:
    """Kill one of two workers of a Dask cluster that builds a corpus of the recordings of `root`."""
    from distributed import LocalCluster

    tasks: list[Task] = [*recording_tasks([("folder", root)]), *simulation_tasks(SIMULATED, 0)]
    result = build(work / "whole", tasks, BuildOptions(), InProcess())
    write_side_files(work / "whole", skipped=len(result.skipped))
    expected, rng = files_of(work / "whole"), random.Random(seed)
    for number in range(n_kills):
        out, killed = work / f"dask{number}", []
        after, late_s, victim = rng.randrange(1, len(tasks)), rng.uniform(0, 0.3), rng.randrange(2)
        with LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        ) as cluster:
            pids = [worker.pid for worker in cluster.workers.values()]

            def kill(done: int, total: int, *, at: int = after, late_s: float = late_s,
                     pid: int = pids[victim], killed: list[int] = killed) -> None:  # fmt: skip
                if done >= at and not killed:
                    time.sleep(late_s)  # so that it falls anywhere in a recording or a shard
                    os.kill(pid, signal.SIGKILL)
                    killed.append(done)

            with Cluster(cluster.scheduler_address) as engine:
                result = build(out, tasks, BuildOptions(), engine, on_done=kill)
                write_side_files(out, skipped=len(result.skipped), engine=engine)
        when = f"{after} of {len(tasks)} and {late_s:.2f} s"
        yield _compared("Dask, a worker of two", when, bool(killed), out, expected)


def _compared(engine: str, when: str, killed: bool, out: Path, expected: dict[str, str]) -> Kill:
    found, ids = files_of(out), [row["id"] for row in iter_rows(shard_paths(out), ["id"])]
    leftovers = sum(1 for _ in out.rglob(".*.unfinished"))
    return Kill(engine, when, killed, len(found), found == expected, len(ids), len(set(ids)), leftovers)


def _command(root: Path, out: Path, workers: int = 1) -> subprocess.Popen[bytes]:
    arguments = ["corpus", "build", "--source", "folder", "--root", str(root), "--simulate", str(SIMULATED),
                 "--out", str(out), "--workers", str(workers), "--quiet"]  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-c", _COMMAND, *arguments],
        start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
    )  # fmt: skip


def _check(process: subprocess.Popen[bytes]) -> None:
    _, errors = process.communicate()
    if process.returncode:
        raise RuntimeError(f"a build that nobody killed ended with {process.returncode}: {errors.decode()}")


def main() -> None:
    from benchmarks.bench_corpus import write_recordings

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--engine", choices=("local", "dask"), default="dask")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        write_recordings(work / "root", 12, 1 / 3)
        (work / "root" / "broken.edf").write_bytes(b"no recording")
        print("| build | killed after | before its end | files | equal | rows | ids | half written |")
        print("|---" * 8 + "|", flush=True)
        rows = []
        for kill in (local_kills if given.engine == "local" else dask_kills)(
            work / "root", work, given.kills
        ):
            rows.append(kill)
            print(
                f"| {kill.engine} | {kill.when} | {'yes' if kill.killed else 'no'} | {kill.n_files} | "
                f"{'yes' if kill.equal else 'NO'} | {kill.n_rows} | {kill.n_ids} | {kill.leftovers} |",
                flush=True,
            )
        equal = sum(kill.equal for kill in rows)
        print(f"{sum(k.killed for k in rows)} killed before their end, {equal} of {len(rows)} equal")


if __name__ == "__main__":
    main()
