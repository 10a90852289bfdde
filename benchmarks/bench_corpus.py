"""Segments per second of corpus builds: simulated and recorded, with one and two processes, and their memory.

    OMP_NUM_THREADS=1 python -m benchmarks.bench_corpus [--segments 480] [--recordings 4] [--minutes 5]

Recordings are simulated, written as EDF and read back, so that reading, filtering, measuring, wording and
writing are all in. Processor time is that of all processes; a shared machine changes it little, elapsed time
much. Startup (the same command again, with nothing to do but the side files) is taken off.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from neuronarrator_hf.recording.writing import write_edf
from neuronarrator_hf.simulation.scenario import Scenario, render

CORPUS_SEGMENTS = 160_000


def write_recordings(folder: Path, n: int, minutes: float) -> None:
    folder.mkdir(parents=True)
    for seed in range(n):
        made = render(Scenario.draw(seed, minutes))
        write_edf(folder / f"p{seed}.edf", made.eeg_uv, made.ch_names, made.sfreq)


def timed(arguments: list[str]) -> tuple[float, float, float]:
    """Elapsed and processor seconds of a command, and the most memory one of its processes had, in MB."""
    code = (
        "import resource, sys, json\n"
        "from neuronarrator_hf.cli import app\n"
        f"sys.argv = ['neuronarrator', 'corpus', *{arguments!r}, '--quiet']\n"
        "if __name__ == '__main__':\n"
        "    app(standalone_mode=False)\n"
        "    use = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]\n"
        "    seconds, memory = sum(u.ru_utime + u.ru_stime for u in use), max(u.ru_maxrss for u in use)\n"
        "    print(json.dumps([seconds, memory / 1024]))\n"
    )
    with tempfile.NamedTemporaryFile("w", suffix=".py") as script:
        script.write(code)
        script.flush()
        begun = time.perf_counter()
        told = subprocess.run([sys.executable, script.name], capture_output=True, text=True, check=True)
        elapsed_s = time.perf_counter() - begun
    processor_s, memory_mb = json.loads(told.stdout.splitlines()[-1])
    return elapsed_s, processor_s, memory_mb


COLUMNS = (
    "build, processes", "segments", "elapsed s", "processor s", "segments / processor s", "memory MB",
    "core hours for 160,000",
)  # fmt: skip


def measure(name: str, arguments: list[str], out: Path, n_segments: int) -> None:
    """Print the row of a build as soon as it is known."""
    made = timed([*arguments, "--out", str(out)])
    again = timed([*arguments, "--out", str(out)])
    processor_s = made[1] - again[1]
    row = [
        name, n_segments, round(made[0] - again[0], 1), round(processor_s, 1),
        round(n_segments / processor_s, 1), round(made[2]),
        round(CORPUS_SEGMENTS / n_segments * processor_s / 3600, 2),
    ]  # fmt: skip
    print("| " + " | ".join(map(str, row)) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--segments", type=int, default=480)
    parser.add_argument("--recordings", type=int, default=4)
    parser.add_argument("--minutes", type=float, default=5.0)
    given = parser.parse_args()
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print("| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        write_recordings(base / "short", given.recordings, given.minutes)
        write_recordings(base / "long", given.recordings, 3 * given.minutes)
        n_short = round(given.recordings * given.minutes * 6)
        for workers in (1, 2):
            more = ["--workers", str(workers)]
            simulate = ["simulate", "--segments", str(given.segments), *more]
            measure(f"simulated, {workers}", simulate, base / f"s{workers}", given.segments)
            for kind, n in (("short", n_short), ("long", 3 * n_short)):
                build = ["build", "--source", "folder", "--root", str(base / kind), *more]
                measure(f"{kind} recordings, {workers}", build, base / f"{kind}{workers}", n)


if __name__ == "__main__":
    main()
