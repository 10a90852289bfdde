"""Time of all measurers per window, and of YASA's spindle detection alone as the peer.

OMP_NUM_THREADS=1 python -m benchmarks.bench_measure [--windows 96] [--repeats 5]
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from neuronarrator_hf.findings.measure import measure_windows
from neuronarrator_hf.signal.montage import SITES_1020, electrode_positions
from neuronarrator_hf.signal.windows import WINDOW_S, EEGWindows
from neuronarrator_hf.simulation.batch import simulate_windows


def simulated(n_windows: int, seed: int = 0) -> EEGWindows:
    eeg_uv = simulate_windows(n_windows // 2, 2, seed).eeg_uv.reshape(-1, 19, 2000)
    return EEGWindows(
        eeg_uv=eeg_uv,
        ch_names=SITES_1020,
        positions=electrode_positions(SITES_1020),
        start_s=WINDOW_S * np.arange(len(eeg_uv)),
        channel_mask=np.ones(eeg_uv.shape[:2], bool),
        time_mask=np.ones((len(eeg_uv), 2000), bool),
    )


def best_ms(function, repeats: int, n_windows: int) -> tuple[float, float]:
    """Least wall and least processor time per window over the repeats, in milliseconds."""
    wall, cpu = [], []
    for _ in range(repeats):
        begun, begun_cpu = time.perf_counter(), time.process_time()
        function()
        wall.append(time.perf_counter() - begun)
        cpu.append(time.process_time() - begun_cpu)
    return 1e3 * min(wall) / n_windows, 1e3 * min(cpu) / n_windows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--windows", type=int, default=96)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    windows = simulated(arguments.windows)
    measure_windows(windows)
    wall, cpu = best_ms(lambda: measure_windows(windows), arguments.repeats, len(windows))
    print(f"all measurers: {wall:.1f} ms wall, {cpu:.1f} ms processor per 10 s x 19 channel window")
    try:
        import logging

        import yasa
    except ImportError:
        print("yasa: not installed")
        return
    logging.disable(logging.CRITICAL)
    some = windows.eeg_uv[:16].astype(float)
    wall, cpu = best_ms(
        lambda: [yasa.spindles_detect(w, 200, ch_names=list(SITES_1020), verbose=False) for w in some],
        min(arguments.repeats, 2),
        len(some),
    )
    print(f"yasa.spindles_detect alone: {wall:.1f} ms wall, {cpu:.1f} ms processor")


if __name__ == "__main__":
    main()
