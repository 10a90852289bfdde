"""Training with one process and with two on the CPU (gloo), each on one thread: windows per second.

    python -m benchmarks.processes [--stages align narrate] [--rounds 5] [--steps 8]

Weak scaling: every process takes batches of the same size, so two processes work off twice the windows. The
batches are made beforehand. Wall time of the steps, without imports and building; the efficiency is the rate
of two over twice the rate of one, by turns, and needs two cores that nothing else uses.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path


def measure(stage: str, n_processes: int, steps: int, folder: Path) -> float:
    """Windows per second of all processes together."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    children = []
    for rank in range(n_processes):
        environment = {**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
        if n_processes > 1:
            environment |= {
                "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(n_processes),
                "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
            }  # fmt: skip
        command = [sys.executable, "-m", "benchmarks.processes", "--child", stage, str(steps), str(folder)]
        children.append(subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True))
    told = [child.communicate()[0] for child in children]
    if any(child.returncode for child in children):
        raise RuntimeError(f"{stage} with {n_processes} processes failed")
    done = [json.loads(text.splitlines()[-1]) for text in told]
    return sum(d["windows"] for d in done) / max(d["seconds"] for d in done)


def _child(name: str, steps: int, folder: Path) -> None:
    import torch

    from neuronarrator_hf.training.loop import train

    from .bench_training import STEPS, ClockedSteps, build

    torch.set_num_threads(1)
    rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    stage, arguments, n_windows = build(name, folder / str(rank), steps)
    clocked = ClockedSteps(name, stage.objective, list(stage.batches(0, STEPS, rank, world)))
    with tempfile.TemporaryDirectory() as runs:
        train(clocked, arguments, Path(runs))
    seconds = clocked.ended - clocked.began if rank == 0 else 0.0  # the main process alone evaluates
    print(json.dumps({"windows": (steps - 1) * n_windows, "seconds": seconds}))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stages", nargs="+", default=["align", "narrate"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        name, steps, folder = arguments.child
        _child(name, int(steps), Path(folder))
        return
    for name in arguments.stages:
        with tempfile.TemporaryDirectory() as folder:
            rates = [
                tuple(measure(name, n, arguments.steps, Path(folder)) for n in (1, 2))
                for _ in range(arguments.rounds)
            ]
        alone, both = (statistics.median(side) for side in zip(*rates, strict=True))
        shares = sorted(two / one / 2 for one, two in rates)
        print(
            f"{name}: {alone:.1f} windows/s with one process, {both:.1f} with two; efficiency "
            f"{statistics.median(shares):.2f} ({shares[0]:.2f}-{shares[-1]:.2f})",
            flush=True,
        )


if __name__ == "__main__":
    main()
