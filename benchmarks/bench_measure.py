"""Time of all measurers per window; YASA's spindles, where installed, as the peer in time and result.

OMP_NUM_THREADS=1 python -m benchmarks.bench_measure [--windows 96] [--repeats 5] [--sleep 10]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from benchmarks.planted_alone import IDEAL, alone_sheets
from benchmarks.planted_truth import as_windows

from neuronarrator_hf.findings.measure import measure_windows
from neuronarrator_hf.signal.montage import SITES_1020, electrode_positions
from neuronarrator_hf.signal.windows import WINDOW_S, EEGWindows
from neuronarrator_hf.simulation.batch import render_sheets, simulate_windows


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
    parser.add_argument("--sleep", type=int, default=10, help="recordings of each kind for the agreement")
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
    detect = lambda w: yasa.spindles_detect(w, 200, ch_names=list(SITES_1020), verbose=False)  # noqa: E731
    some = windows.eeg_uv[:16].astype(float)
    wall, cpu = best_ms(lambda: [detect(w) for w in some], min(arguments.repeats, 2), len(some))
    print(f"yasa.spindles_detect alone: {wall:.1f} ms wall, {cpu:.1f} ms processor")
    _agreement(detect, arguments.sleep)


def _agreement(detect: Callable[[np.ndarray], Any], n_recordings: int) -> None:
    """Ours and the peer's (at two sites or more) on sleep whose truth is known: N1, N2, N3 and REM alone."""
    sheets = [
        s
        for s in alone_sheets(n_recordings, 71)
        if s.kind in ("n1_sleep", "n2_sleep", "n3_sleep", "rem_sleep")
    ]
    batch = render_sheets(sheets, 71, config=IDEAL)
    eeg_uv = batch.eeg_uv.reshape(-1, 19, 2000)
    truth = np.array([any(c.finding == "sleep_spindles" for c in w) for r in batch.claims for w in r])
    measured = measure_windows(as_windows(eeg_uv, batch.masks.reshape(-1, 19).astype(bool)))
    ours = np.array([m.claims["sleep_spindles"].is_present for m in measured])
    found = [detect(w.astype(float)) for w in eeg_uv]
    peer = np.array([f is not None and f.summary()["Channel"].nunique() >= 2 for f in found])
    chance = ours.mean() * peer.mean() + (1 - ours.mean()) * (1 - peer.mean())
    agreement = (ours == peer).mean()
    print(
        f"spindles in {len(truth)} windows of sleep, {truth.sum()} with one: agreement {agreement:.2f},"
        f" kappa {(agreement - chance) / max(1 - chance, 1e-9):.2f}; F1 against the truth:"
        f" ours {_f1(ours, truth):.2f}, yasa {_f1(peer, truth):.2f}"
    )


def _f1(said: np.ndarray, truth: np.ndarray) -> float:
    return 2.0 * float((said & truth).sum()) / max(float(said.sum() + truth.sum()), 1.0)


if __name__ == "__main__":
    main()
