"""Segments of 10 s with 19 channels per second: script and samples, per core and on all cores.

python benchmarks/bench_simulation.py [--recordings 64] [--windows 6] [--processes 2] [--torch DEVICE]
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from neuronarrator_hf.simulation.batch import simulate_windows
from neuronarrator_hf.simulation.config import SimulationConfig
from neuronarrator_hf.simulation.script import compose
from neuronarrator_hf.simulation.truth import window_claims


def one_batch(arguments: tuple[int, int, int]) -> tuple[float, float]:
    """Wall and processor seconds of one batch."""
    n_recordings, n_windows, seed = arguments
    wall, processor = time.perf_counter(), time.process_time()
    simulate_windows(n_recordings, n_windows, seed)
    return time.perf_counter() - wall, time.process_time() - processor


def script_only(n_recordings: int, n_windows: int) -> float:
    """Segments per processor second of the script and the truth, without samples."""
    start = time.process_time()
    for index in range(n_recordings):
        window_claims(compose(np.random.default_rng([1, index]), n_windows, SimulationConfig()))
    return n_recordings * n_windows / (time.process_time() - start)


def on_torch(n_recordings: int, n_windows: int, device: str) -> float:
    """Segments per wall second on a torch device."""
    import torch

    simulate_windows(4, n_windows, 0, xp=torch, device=device)
    start = time.perf_counter()
    batch = simulate_windows(n_recordings, n_windows, 1, xp=torch, device=device)
    float(batch.eeg_uv.sum())
    return n_recordings * n_windows / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=64)
    parser.add_argument("--windows", type=int, default=6)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--torch", metavar="DEVICE")
    arguments = parser.parse_args()
    segments = arguments.recordings * arguments.windows
    shape = (arguments.recordings, arguments.windows)
    one_batch((4, arguments.windows, 0))
    wall, processor = min(one_batch((*shape, seed)) for seed in range(3))
    print(f"script and truth alone: {script_only(*shape):.0f} segments per processor second")
    print(f"one process: {segments / wall:.0f} segments/s ({segments / processor:.0f} per processor second)")
    with ProcessPoolExecutor(arguments.processes) as pool:
        list(pool.map(one_batch, [(4, arguments.windows, 0)] * arguments.processes))
        start = time.perf_counter()
        batches = [(*shape, 10 + i) for i in range(3 * arguments.processes)]
        times = list(pool.map(one_batch, batches))
        wall = time.perf_counter() - start
    rate = len(times) * segments / wall
    per_core = segments / float(np.median([t[1] for t in times]))
    print(
        f"{arguments.processes} processes: {rate:.0f} segments/s ({per_core:.0f} per processor second each)"
    )
    if arguments.torch:
        print(f"torch on {arguments.torch}: {on_torch(*shape, arguments.torch):.0f} segments/s")


if __name__ == "__main__":
    main()
