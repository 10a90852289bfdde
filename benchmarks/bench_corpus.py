"""Segments per second of corpus builds with one process and with more, their processor time and memory.

    python -m benchmarks.bench_corpus [--segments 4000] [--recordings 12] [--minutes 20] [--workers 1 2]
    python -m benchmarks.bench_corpus --segments 4000 8000 --recordings 0     # memory at two sizes

Recordings are simulated, written as EDF and read back, so that reading, filtering, measuring, wording and
writing are all in. Each build is a command of its own, timed from its start to its end; the same command
again, which has nothing to do but start and write statistics, card and page, tells how much of it is no
building.
Processor time and memory are those of all processes of the command, looked at twenty times a second.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from neuronarrator_hf.recording.writing import write_edf
from neuronarrator_hf.simulation.scenario import Scenario, render


def write_recordings(folder: Path, n: int, minutes: float) -> None:
    folder.mkdir(parents=True)
    for seed in range(n):
        made = render(Scenario.draw(seed, minutes))
        write_edf(folder / f"p{seed}.edf", made.eeg_uv, made.ch_names, made.sfreq)


@dataclass(frozen=True)
class Timed:
    """What a command took.

    Attributes:
        elapsed_s: From its start to its end.
        processor_s: Of all its processes.
        one_mb: The most memory that one of them had.
        all_mb: The most that all had together; what they share is counted in each.
    """

    elapsed_s: float
    processor_s: float
    one_mb: float
    all_mb: float


def timed(arguments: list[str]) -> Timed:
    """Run `neuronarrator corpus` with arguments and watch its processes."""
    command = [sys.executable, "-m", "neuronarrator_hf.cli", "corpus", *arguments, "--quiet"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    begun = time.perf_counter()
    process = psutil.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    processor_s: dict[int, float] = {}
    one_mb = all_mb = 0.0
    while process.poll() is None:
        together = 0.0
        for each in _family(process):
            try:
                times, memory = each.cpu_times(), each.memory_info().rss / 1e6
            except psutil.Error:
                continue
            processor_s[each.pid] = times.user + times.system
            one_mb, together = max(one_mb, memory), together + memory
        all_mb = max(all_mb, together)
        time.sleep(0.05)
    if process.returncode:
        raise RuntimeError(f"ended with {process.returncode}: {' '.join(command)}")
    return Timed(time.perf_counter() - begun, sum(processor_s.values()), one_mb, all_mb)


def _family(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


COLUMNS = (
    "build", "processes", "segments", "elapsed s", "of it no building s", "processor s", "segments / s",
    "segments / processor s", "MB one process", "MB all", "building, times one process",
)  # fmt: skip


def measure(name: str, arguments: list[str], out: Path, n_segments: int, workers: list[int]) -> None:
    """Print a row for each number of processes, as soon as it is known."""
    building_of_one_s: float | None = None
    for n_workers in workers:
        command = [
            *arguments,
            "--workers",
            str(n_workers),
            "--out",
            str(out / f"{name}{n_segments}-{n_workers}"),
        ]
        made, again = timed(command), timed(command)
        building_s = made.elapsed_s - again.elapsed_s
        if n_workers == 1:
            building_of_one_s = building_s
        row = [
            name, n_workers, n_segments, f"{made.elapsed_s:.1f}", f"{again.elapsed_s:.1f}",
            f"{made.processor_s:.1f}", f"{n_segments / made.elapsed_s:.0f}",
            f"{n_segments / made.processor_s:.0f}", f"{made.one_mb:.0f}", f"{made.all_mb:.0f}",
            f"{building_of_one_s / building_s:.2f}" if building_of_one_s else "",
        ]  # fmt: skip
        print("| " + " | ".join(map(str, row)) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--segments", type=int, nargs="+", default=[4000])
    parser.add_argument("--recordings", type=int, default=12)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    given = parser.parse_args()
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print("| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        for n_segments in given.segments:
            simulate = ["simulate", "--segments", str(n_segments)]
            measure("simulated", simulate, base, n_segments, given.workers)
        if given.recordings:
            write_recordings(base / "root", given.recordings, given.minutes)
            build = ["build", "--source", "folder", "--root", str(base / "root")]
            measure("recordings", build, base, round(given.recordings * given.minutes * 6), given.workers)


if __name__ == "__main__":
    main()
