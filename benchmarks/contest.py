"""One comparison: ours and its peers by turns in one process, with the spread, the memory and the limit."""

from __future__ import annotations

import ctypes
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

MIN_SAMPLE_S = 0.02
"""A function that takes less is called again and again until this much time has passed."""


@dataclass(frozen=True)
class Timed:
    """What a side gives that takes its own time and memory, such as a process of its own."""

    seconds: float
    peak_mb: float | None = None
    output: Any = None


@dataclass(frozen=True)
class Contest:
    """What is compared.

    Attributes:
        name: `group/what/size`.
        ours: Called without arguments; its output goes to `error`.
        peers: The same work by other means, by name; empty where nothing like it is known.
        n_items: Items that one call works off, for the figure in items per second.
        item: What an item is.
        error: Difference of two outputs, ours and a peer's.
        error_limit: Largest difference allowed.
        flops: Arithmetic that the work cannot do without, for the limit.
        n_bytes: Bytes that must be moved, for the limit.
        aim: Ratio to the best peer that is aimed at.
        rounds: Largest number of rounds, for what takes long.
        note: What else a reader must know, or what tells it after the runs.
    """

    name: str
    ours: Callable[[], Any]
    peers: Mapping[str, Callable[[], Any]] = field(default_factory=dict)
    n_items: float | None = None
    item: str = ""
    error: Callable[[Any, Any], float] | None = None
    error_limit: float | None = None
    flops: float | None = None
    n_bytes: float | None = None
    aim: float | None = None
    rounds: int | None = None
    note: str | Callable[[], str] = ""


@dataclass(frozen=True)
class Ceilings:
    """What one thread of this machine can do, measured in the same run."""

    flops_per_s: float
    bytes_per_s: float

    def least_s(self, flops: float | None, n_bytes: float | None) -> tuple[float | None, str]:
        """The least time the work can take, and what sets it."""
        bounds = {
            "arithmetic": (flops or 0.0) / self.flops_per_s,
            "memory": (n_bytes or 0.0) / self.bytes_per_s,
        }
        kind = max(bounds, key=lambda name: bounds[name])
        return (bounds[kind], kind) if bounds[kind] > 0 else (None, "")


@dataclass(frozen=True)
class Outcome:
    """One row of the table. Times are seconds of processor time, medians over the rounds."""

    name: str
    ours_s: float
    peer: str | None
    peer_s: float | None
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    n_rounds: int
    ours_peak_mb: float | None
    peer_peak_mb: float | None
    error: float | None
    error_limit: float | None
    limit_s: float | None
    limit_kind: str
    items_per_s: float | None
    item: str
    aim: float | None
    note: str
    all_peers_s: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """As kept in JSON."""
        return asdict(self)


def measure_ceilings() -> Ceilings:
    """Matrix products of float32, and copies of an array far larger than a core's caches."""
    import numpy as np
    import torch

    a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
    source = np.ones(64 << 20, dtype=np.uint8)
    target = np.empty_like(source)
    product = min(_sample(lambda: a @ b)[0] for _ in range(5))
    copy = min(_sample(lambda: np.copyto(target, source))[0] for _ in range(5))
    return Ceilings(2 * 1024**3 / product, 2 * source.nbytes / copy)


def run_contest(contest: Contest, rounds: int, ceilings: Ceilings) -> Outcome:
    """Every side in every round, in turning order, so that what else the machine does strikes all alike."""
    sides = {"ours": contest.ours, **contest.peers}
    rounds = min(rounds, contest.rounds or rounds)
    outputs, peaks = {}, {}
    for name, side in sides.items():  # warm up; memory is that of the second call
        side()
        outputs[name], peaks[name] = peak_memory(side)
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for i in range(rounds):
        order = list(sides) if i % 2 == 0 else list(reversed(sides))
        for name in order:
            seconds[name].append(_sample(sides[name])[0])
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    errors = [contest.error(outputs["ours"], outputs[p]) for p in contest.peers] if contest.error else []
    peer = min(contest.peers, key=lambda name: medians[name], default=None)
    ratios = sorted(b / a for a, b in zip(seconds["ours"], seconds[peer], strict=True)) if peer else []
    limit_s, limit_kind = ceilings.least_s(contest.flops, contest.n_bytes)
    return Outcome(
        name=contest.name,
        ours_s=medians["ours"],
        peer=peer,
        peer_s=medians[peer] if peer else None,
        ratio=statistics.median(ratios) if ratios else None,
        ratio_low=ratios[0] if ratios else None,
        ratio_high=ratios[-1] if ratios else None,
        n_rounds=rounds,
        ours_peak_mb=peaks["ours"],
        peer_peak_mb=peaks[peer] if peer else None,
        error=max(errors) if errors else None,
        error_limit=contest.error_limit,
        limit_s=limit_s,
        limit_kind=limit_kind,
        items_per_s=contest.n_items / medians["ours"] if contest.n_items else None,
        item=contest.item,
        aim=contest.aim,
        note=contest.note() if callable(contest.note) else contest.note,
        all_peers_s={name: medians[name] for name in contest.peers},
    )


def _sample(side: Callable[[], Any]) -> tuple[float, int]:
    """Processor seconds of one call, and how often it was called."""
    n, total = 0, 0.0
    while total < MIN_SAMPLE_S:
        began = time.process_time()
        output = side()
        total += output.seconds if isinstance(output, Timed) else time.process_time() - began
        n += 1
    return total / n, n


def peak_memory(side: Callable[[], Any]) -> tuple[Any, float | None]:
    """Output of a call and the most memory it held above what was held before, in MB (Linux only)."""
    gc.collect()
    _give_back_free_memory()
    before = _status("VmRSS")
    try:
        Path("/proc/self/clear_refs").write_text("5")  # the high-water mark starts again
    except OSError:
        before = None
    output = side()
    if isinstance(output, Timed):
        return output.output, output.peak_mb
    return output, None if before is None else (_status("VmHWM") - before) / 1024


def _status(name: str, pid: int | str = "self") -> int:
    """A line of a process's status in kB; 0 where there is none."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    for line in lines:
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    return 0


def _give_back_free_memory() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)


def in_process(arguments: Sequence[str], **environment: str) -> Timed:
    """Run `python ARGUMENTS` to its end: its processor time, its peak of memory, its standard output.

    The peak is looked up while it runs: what `wait4` tells may be that of the process that began it.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen(
            [sys.executable, *arguments], stdout=out, stderr=err, env={**os.environ, **environment}
        )
        peak_kb = 0
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            peak_kb = max(peak_kb, _status("VmHWM", child.pid))
            time.sleep(0.01)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if child.returncode:
            raise RuntimeError(f"{' '.join(arguments)} ended with {child.returncode}: {err.read()[-2000:]!r}")
        return Timed(usage.ru_utime + usage.ru_stime, peak_kb / 1024, out.read().decode())


def told(timed: Timed) -> dict[str, Any]:
    """The JSON in the last line of a process's output."""
    return json.loads(timed.output.splitlines()[-1])
