"""Hours in one go and killed in the middle: memory, time, equality, and which planted seizures are found.

    python -m benchmarks.long_recording --hours 24 --events 30 --out DIR

A recording is simulated with seizures at known times; the command narrates it undisturbed, then again with
two kills at a third and at two thirds of its segments. Prints a table and writes DIR/long_recording.json.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from pathlib import Path

import psutil

from neuronarrator_hf.recording.writing import write_edf
from neuronarrator_hf.simulation.scenario import Act, Scenario, render

WINDOWS_PER_HOUR = 360
SEIZURE_ACT_WINDOWS = 12
BETWEEN = ("normal", "sleep", "normal")
MB = 1e6


def scenario(hours: float, n_events: int, seed: int) -> Scenario:
    """Two minutes with a focal seizure of 35 s, `n_events` times, with wakefulness and sleep between."""
    between = (hours * WINDOWS_PER_HOUR - n_events * SEIZURE_ACT_WINDOWS) / n_events
    if between < 6:
        raise ValueError(f"{n_events} events do not fit into {hours:g} h")
    acts = []
    for number in range(n_events):
        until = round((number + 1) * between)
        acts.append(Act(BETWEEN[number % len(BETWEEN)], until - round(number * between)))
        acts.append(Act("example", SEIZURE_ACT_WINDOWS))
    return Scenario(seed, 46.0, "sleep", tuple(acts))


def simulate(folder: Path, hours: float, n_events: int, seed: int) -> tuple[Path, list[tuple[float, float]]]:
    """The file, made where it is absent, and start and end of its seizures."""
    path, truth = folder / "long.edf", folder / "truth.json"
    if not truth.exists():
        simulated = render(scenario(hours, n_events, seed))
        path.unlink(missing_ok=True)
        write_edf(path, simulated.eeg_uv, simulated.ch_names, simulated.sfreq)
        seizures = [(c.start_s, c.end_s) for c in simulated.claims if c.finding == "electrographic_seizure"]
        truth.write_text(json.dumps(seizures))
    return path, [tuple(pair) for pair in json.loads(truth.read_text())]


def narrate(path: Path, out: Path, *, kill_after: int | None = None) -> dict[str, float]:
    """Run the command; its seconds, and its resident memory: model loaded, first half, at most."""
    command = [
        sys.executable,
        "-m",
        "neuronarrator_hf.cli",
        "narrate",
        str(path),
        "--out",
        str(out),
        "--quiet",
    ]
    began = time.monotonic()
    process = psutil.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"})
    journal = out / f"{path.stem}.segments.jsonl"
    memory: list[tuple[int, float]] = []
    while process.poll() is None:
        n_lines = _lines(journal)
        try:
            memory.append((n_lines, process.memory_info().rss / MB))
        except psutil.Error:
            break
        if kill_after is not None and n_lines > kill_after:
            process.kill()
            process.wait()
            return {"killed_after": n_lines - 1}
        time.sleep(0.5)
    if process.wait() != 0:
        raise SystemExit(f"narrate ended with status {process.returncode}")
    n_total = max(n for n, _ in memory)
    during = [(n, mb) for n, mb in memory if n > 1]
    return {
        "wall_s": time.monotonic() - began,
        "loaded_mb": min(mb for n, mb in during),
        "first_half_max_mb": max((mb for n, mb in during if n <= n_total / 2), default=0.0),
        "max_mb": max(mb for _, mb in during),
    }


def _lines(path: Path) -> int:
    if not path.exists():
        return 0
    with path.open("rb") as file:
        return sum(1 for _ in file)


def found(document: dict, seizures: list[tuple[float, float]]) -> list[dict[str, object]]:
    """For every planted seizure which events of the report meet it."""
    rows = []
    for start_s, end_s in seizures:
        meeting = [
            e for e in document["events"]
            if e["onset_s"] < end_s and e["onset_s"] + e["duration_s"] > start_s
        ]  # fmt: skip
        firm = any(e["finding"] == "electrographic_seizure" and not e["candidate"] for e in meeting)
        candidate = any(e["finding"] == "electrographic_seizure" for e in meeting)
        rows.append(
            {
                "start_s": start_s,
                "end_s": end_s,
                "reported": "seizure" if firm else "possible seizure" if candidate else "missed",
                "events": sorted({e["finding"] for e in meeting}),
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--events", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    path, seizures = simulate(args.out, args.hours, args.events, args.seed)
    whole, pieces = args.out / "whole", args.out / "pieces"
    result: dict[str, object] = {"hours": args.hours, "planted": len(seizures)}
    result |= narrate(path, whole)
    n_windows = round(args.hours * WINDOWS_PER_HOUR)
    result["kills"] = [
        narrate(path, pieces, kill_after=n_windows * part // 3).get("killed_after") for part in (1, 2)
    ]
    narrate(path, pieces)
    result["equal"] = {
        suffix: (whole / f"long{suffix}").read_bytes() == (pieces / f"long{suffix}").read_bytes()
        for suffix in (".json", ".md", ".html")
    }
    result["html_mb"] = (whole / "long.html").stat().st_size / MB
    document = json.loads((whole / "long.json").read_text())
    rows = found(document, seizures)
    result["seizures"] = rows
    spans = [(e["onset_s"], e["onset_s"] + e["duration_s"]) for e in document["events"]
             if e["finding"] == "electrographic_seizure" and not e["candidate"]]  # fmt: skip
    result["false_seizures"] = sum(
        not any(low < end and high > start for start, end in seizures) for low, high in spans
    )
    (args.out / "long_recording.json").write_text(json.dumps(result, indent=1) + "\n")
    counts = Counter(row["reported"] for row in rows)
    for name in ("hours", "wall_s", "loaded_mb", "first_half_max_mb", "max_mb", "html_mb", "kills", "equal",
                 "planted", "false_seizures"):  # fmt: skip
        print(f"{name:20} {result[name]}")
    print(f"{'reported':20} {dict(counts)}")


if __name__ == "__main__":
    main()
