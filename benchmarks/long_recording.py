"""Hours in one go and killed in the middle: memory, time, equality, and which planted seizures are found.

    python -m benchmarks.long_recording --hours 24 --events 30 --out DIR

A recording is simulated with seizures at known times; the command narrates it undisturbed, then again with
two kills at a third and at two thirds of its segments. Prints a table, says of every seizure that was not
reported as one what there was to see of it, and writes DIR/long_recording.json.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from scipy.signal import butter, sosfiltfilt

from neuronarrator_hf.recording.reading import read_recording
from neuronarrator_hf.recording.writing import write_edf
from neuronarrator_hf.signal.montage import SITES_1020, bipolar_matrix
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


def simulate(folder: Path, hours: float, n_events: int, seed: int) -> tuple[Path, list[dict[str, Any]]]:
    """The file, made where it is absent, and the claims of its seizures."""
    path, truth = folder / "long.edf", folder / "truth.json"
    if not truth.exists():
        simulated = render(scenario(hours, n_events, seed))
        path.unlink(missing_ok=True)
        write_edf(path, simulated.eeg_uv, simulated.ch_names, simulated.sfreq)
        seizures = [c.to_dict() for c in simulated.claims if c.finding == "electrographic_seizure"]
        truth.write_text(json.dumps({"seizures": seizures}))
    return path, json.loads(truth.read_text())["seizures"]


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


def found(document: dict, seizures: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For every planted seizure which events of the report meet it."""
    rows = []
    for seizure in seizures:
        start_s, end_s = seizure["start_s"], seizure["end_s"]
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


def explained(path: Path, document: dict, seizure: dict[str, Any]) -> dict[str, Any]:
    """What there was to see of a seizure, and what the narration made of its segments.

    Against the minute before: peak-to-peak amplitude (1 to 20 Hz, longitudinal bipolar) of the derivation in
    which it stands out most, and by how much; duration; and of each segment whether it could be judged, the
    probability of a seizure, what was measured, and what was asserted instead.
    """
    start_s, end_s = seizure["start_s"], seizure["end_s"]
    with read_recording(path) as recording:
        sfreq = recording.sfreq
        names = [name for name in SITES_1020 if name in recording.ch_names]
        rows = [recording.ch_names.index(name) for name in names]
        before_s = max(start_s - 60.0, 0.0)
        eeg_uv = recording.read_uv(round(before_s * sfreq), round(end_s * sfreq))[rows]
    band = sosfiltfilt(butter(4, (1.0, 20.0), "band", fs=sfreq, output="sos"), eeg_uv, axis=1)
    bipolar = bipolar_matrix(names) @ band if len(names) == len(SITES_1020) else band
    at = round((start_s - before_s) * sfreq)
    rms = [np.sqrt((part**2).mean(axis=1)) for part in (bipolar[:, at:], bipolar[:, : max(at, 1)])]
    ratio = rms[0] / np.maximum(rms[1], 1e-6)
    best = int(ratio.argmax())
    low, high = np.percentile(bipolar[best, at:], (1, 99))
    segments = []
    for chunk in document["chunks"]:
        if chunk["timestamp"][0] < end_s and chunk["timestamp"][1] > start_s:
            own = [c for c in chunk["claims"] if c["finding"] == "electrographic_seizure"]
            segments.append(
                {
                    "start_s": chunk["timestamp"][0],
                    "assessable": chunk["quality"].get("assessable", True),
                    "probability": chunk["probabilities"].get("electrographic_seizure"),
                    "claim": f"{own[0]['polarity']}, {own[0]['status']}" if own else None,
                    "measured": own[0]["evidence"].get("measured") if own else None,
                    "asserted": [c["finding"] for c in chunk["claims"] if c["polarity"] == "present"],
                }
            )
    return {
        "duration_s": round(end_s - start_s, 1),
        "side": seizure["side"],
        "regions": seizure["regions"],
        "frequency_hz": seizure["frequency_hz"],
        "amplitude_uv": round(float(high - low), 1),
        "rms_over_minute_before": round(float(ratio[best]), 2),
        "segments": segments,
    }


def told(row: dict[str, Any]) -> str:
    """The explanation of a seizure that was not reported as one; of a missed one segment by segment."""
    why = row["explanation"]
    lines = [
        f"{row['reported']} at {row['start_s']:.0f} s: {why['duration_s']:g} s, {why['side']} "
        f"{' '.join(why['regions'])}, {why['frequency_hz']} Hz, {why['amplitude_uv']:g} uV peak to peak, "
        f"{why['rms_over_minute_before']:g} times the minute before"
    ]
    for segment in why["segments"]:
        values = ", ".join(f"{k} {v:.3g}" for k, v in (segment["measured"] or {}).items())
        p = segment["probability"]
        lines.append(
            f"  {segment['start_s']:.0f} s: p {'none' if p is None else format(p, '.2f')}"
            f"{'' if segment['assessable'] else ', not assessable'}, "
            f"seizure {segment['claim'] or 'not spoken of'} ({values}); "
            f"asserted: {', '.join(segment['asserted'])}"
        )
    return "\n".join(lines if row["reported"] == "missed" else lines[:1])


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
    for row, seizure in zip(rows, seizures, strict=True):
        if row["reported"] != "seizure":
            row["explanation"] = explained(path, document, seizure)
    result["seizures"] = rows
    spans = [(e["onset_s"], e["onset_s"] + e["duration_s"]) for e in document["events"]
             if e["finding"] == "electrographic_seizure" and not e["candidate"]]  # fmt: skip
    result["false_seizures"] = sum(
        not any(low < s["end_s"] and high > s["start_s"] for s in seizures) for low, high in spans
    )
    (args.out / "long_recording.json").write_text(json.dumps(result, indent=1) + "\n")
    counts = Counter(row["reported"] for row in rows)
    for name in ("hours", "wall_s", "loaded_mb", "first_half_max_mb", "max_mb", "html_mb", "kills", "equal",
                 "planted", "false_seizures"):  # fmt: skip
        print(f"{name:20} {result[name]}")
    print(f"{'reported':20} {dict(counts)}")
    for row in rows:
        if "explanation" in row:
            print(told(row))


if __name__ == "__main__":
    main()
