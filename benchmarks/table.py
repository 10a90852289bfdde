"""The table of all comparisons, the JSON they are kept in, and the check against an earlier run."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .contest import Ceilings, Outcome

NOISE = 0.15
"""Share by which a ratio may fall below an earlier one whatever the spread of the two."""
HEAD = (
    "| what | ours | best peer | ratio (least-most) | aim | peak MB ours / peer | error (allowed) | "
    "limit, times the limit |"
)


def row(outcome: Outcome) -> str:
    """One line of the table."""
    cells = [outcome.name, _time(outcome.ours_s)]
    if outcome.items_per_s:
        cells[-1] += f" ({_number(outcome.items_per_s)} {outcome.item}/s)"
    if outcome.peer is None:
        cells += ["-", "-", "-"]
    else:
        cells += [
            f"{outcome.peer} {_time(outcome.peer_s)}",
            f"**{outcome.ratio:.2f}** ({outcome.ratio_low:.2f}-{outcome.ratio_high:.2f})",
            f"{outcome.aim:g}" if outcome.aim else "-",
        ]
    cells.append(f"{_megabytes(outcome.ours_peak_mb)} / {_megabytes(outcome.peer_peak_mb)}")
    allowed = "" if outcome.error_limit is None else f" ({outcome.error_limit:.0e})"
    cells.append("-" if outcome.error is None else f"{outcome.error:.1e}{allowed}")
    if outcome.limit_s:
        times = outcome.ours_s / outcome.limit_s
        cells.append(f"{outcome.limit_kind} {_time(outcome.limit_s)}, {_number(times)}x")
    else:
        cells.append("-")
    return "| " + " | ".join(cells) + " |"


def head() -> str:
    """The lines above the first row."""
    return HEAD + "\n|" + "---|" * (HEAD.count("|") - 1)


def document(outcomes: Iterable[Outcome], ceilings: Ceilings) -> dict[str, Any]:
    """What is kept of a run."""
    from importlib.metadata import version

    packages = ("torch", "transformers", "numpy", "scipy", "mne")
    return {
        "schema": "neuronarrator.benchmarks/1",
        "machine": {
            "processor": _processor(),
            "n_cores": os.cpu_count(),
            "load_at_end": os.getloadavg()[0],
            "gflops_per_s_one_thread": ceilings.flops_per_s / 1e9,
            "gigabytes_per_s_one_thread": ceilings.bytes_per_s / 1e9,
        },
        "versions": {"python": platform.python_version(), **{name: version(name) for name in packages}},
        "outcomes": [outcome.to_dict() for outcome in outcomes],
    }


def regressions(current: Mapping[str, Any], previous: Mapping[str, Any]) -> list[str]:
    """One line for each comparison that got worse beyond noise, or whose error is not allowed.

    A ratio got worse if even its best round lies below the worst round of the earlier run, and its median
    lies `NOISE` below the earlier median. Absolute times are not compared: they belong to the machine.
    """
    before = {o["name"]: o for o in previous["outcomes"]}
    found = []
    for now in current["outcomes"]:
        if now["error"] is not None and now["error_limit"] is not None and now["error"] > now["error_limit"]:
            found.append(f"{now['name']}: error {now['error']:.2e}, allowed {now['error_limit']:.0e}")
        then = before.get(now["name"])
        if not then or then["ratio"] is None or now["ratio"] is None or then["peer"] != now["peer"]:
            continue
        if now["ratio"] < (1 - NOISE) * then["ratio"] and now["ratio_high"] < then["ratio_low"]:
            found.append(
                f"{now['name']}: {now['ratio']:.2f} times {now['peer']} "
                f"({now['ratio_low']:.2f}-{now['ratio_high']:.2f}), "
                f"before {then['ratio']:.2f} ({then['ratio_low']:.2f}-{then['ratio_high']:.2f})"
            )
    return found


def missed(outcomes: Sequence[Outcome]) -> list[str]:
    """Names of the comparisons below their aim."""
    return [o.name for o in outcomes if o.aim and o.ratio is not None and o.ratio < o.aim]


def load(path: Path) -> dict[str, Any]:
    """A kept run.

    Raises:
        ValueError: The file is not one.
    """
    try:
        content = json.loads(path.read_text())
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is not JSON ({error}); expected a file written by --out") from None
    if content.get("schema") != "neuronarrator.benchmarks/1":
        raise ValueError(f"{path} has schema {content.get('schema')!r}; expected a file written by --out")
    return content


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor()


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    if seconds < 1e-3:
        return f"{1e6 * seconds:.0f} us"
    return f"{1e3 * seconds:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def _megabytes(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"
