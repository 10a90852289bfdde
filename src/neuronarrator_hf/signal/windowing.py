"""Where the windows of a recording lie: absolute times, no window across a gap, no second left out."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from .windows import SFREQ_HZ, WINDOW_S

MIN_WINDOW_S = 2.0
"""Shortest gap-free stretch that is read: below, not even one cycle of slow delta can be judged."""


class WindowPlan(NamedTuple):
    """One window: where it starts and how much of it was recorded.

    Attributes:
        start_s: Start in seconds from the start of the recording, a whole number of samples.
        n_times: Samples recorded, counted from the start; the rest of the window is padding.
    """

    start_s: float
    n_times: int


def plan_windows(
    spans_s: Iterable[tuple[float, float]],
    window_s: float = WINDOW_S,
    min_s: float = MIN_WINDOW_S,
    *,
    sfreq: float = SFREQ_HZ,
) -> list[WindowPlan]:
    """Windows of gap-free stretches, in order of time.

    A stretch is cut into windows from its start; what is left at its end gives one more window, taken
    backward from the end and overlapping the one before. A stretch shorter than `window_s` gives one
    window that is padded; one shorter than `min_s` gives none. The stretches are sorted, so that the plan
    depends on where they lie and not on the order they are told in.

    Args:
        spans_s: Gap-free stretches `(start_s, stop_s)` in seconds from the start of the recording.
        window_s: Length of a window.
        min_s: Shortest stretch that is read.
        sfreq: Rate of the grid `k / sfreq` on which windows start.

    Raises:
        ValueError: A stretch ends before it starts, or two overlap.
    """
    n_window = round(window_s * sfreq)
    plans: list[WindowPlan] = []
    previous_stop = -math.inf
    for start_s, stop_s in sorted(spans_s):
        if stop_s < start_s:
            raise ValueError(f"a stretch ends before it starts: {start_s} to {stop_s} s")
        if start_s < previous_stop - 0.5 / sfreq:
            raise ValueError(f"the stretch from {start_s} s overlaps the one that ends at {previous_stop} s")
        previous_stop = stop_s
        first, stop = grid_samples(start_s, stop_s, sfreq)
        n_times = stop - first
        if n_times < math.floor(min_s * sfreq) or n_times <= 0:
            continue
        if n_times < n_window:
            plans.append(WindowPlan(first / sfreq, n_times))
            continue
        starts = list(range(first, stop - n_window + 1, n_window))
        if starts[-1] + n_window < stop:
            starts.append(stop - n_window)
        plans.extend(WindowPlan(start / sfreq, n_window) for start in starts)
    return plans


def grid_samples(start_s: float, stop_s: float, sfreq: float = SFREQ_HZ) -> tuple[int, int]:
    """Samples `[first, stop)` of the grid `k / sfreq` that lie in `[start_s, stop_s)`."""
    tolerance = 1e-6  # of a sample, for times such as 0.1 * 3
    return math.ceil(start_s * sfreq - tolerance), math.ceil(stop_s * sfreq - tolerance)
