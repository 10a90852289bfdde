"""Speed and memory, each against a peer in the same run: one table.

    python -m benchmarks [GROUP ...] [--rounds 7] [--quick] [--out FILE.json] [--check PREVIOUS.json]

One thread; every round runs ours and all peers by turns, and times are processor time, so that other work
on the machine strikes both sides. The ratio is peer over ours within a round: median, least and most.
`--check` ends with status 1 where a ratio fell beyond noise or an error exceeds what is allowed.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy and torch
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

import argparse
import json
import sys
from importlib import import_module
from pathlib import Path

from . import table
from .contest import measure_ceilings, run_contest

GROUPS = {
    "scan": "state-space scan and block",
    "features": "recordings and windows to inputs of the model",
    "generation": "soft tokens to words",
    "startup": "cold processes",
    "training": "steps of training",
    "narration": "recordings to reports",
}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(GROUPS)}; all by default")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="the smaller sizes of each group")
    parser.add_argument("--only", default="", help="comparisons whose name contains this")
    parser.add_argument("--out", type=Path, help="JSON file to keep the run in")
    parser.add_argument("--check", type=Path, help="an earlier run that this one must not fall behind")
    arguments = parser.parse_args()
    for name in arguments.groups:
        if name not in GROUPS:
            parser.error(f"group {name!r} is not known; expected of {', '.join(GROUPS)}")
    try:
        previous = table.load(arguments.check) if arguments.check else None
    except (OSError, ValueError) as error:
        parser.error(f"--check: {error}")

    import torch

    torch.set_num_threads(1)
    ceilings = measure_ceilings()
    print(
        f"one thread: {ceilings.flops_per_s / 1e9:.0f} GFLOP/s in float32 matrix products, "
        f"{ceilings.bytes_per_s / 1e9:.1f} GB/s copied\n"
    )
    print(table.head(), flush=True)
    outcomes = []
    for group in arguments.groups or GROUPS:
        for contest in import_module(f".bench_{group}", __package__).contests(arguments.quick):
            if arguments.only in contest.name:
                outcomes.append(run_contest(contest, arguments.rounds, ceilings))
                print(table.row(outcomes[-1]), flush=True)
                if arguments.out:  # after each, so that a run that is cut short leaves what it has
                    arguments.out.parent.mkdir(parents=True, exist_ok=True)
                    arguments.out.write_text(json.dumps(table.document(outcomes, ceilings), indent=1) + "\n")
    for outcome in outcomes:
        if outcome.note:
            print(f"\n{outcome.name}: {outcome.note}", end="")
    if below := table.missed(outcomes):
        print(f"\nbelow the aim: {', '.join(below)}")
    made = table.document(outcomes, ceilings)
    worse = table.regressions(made, previous) if previous else []
    for line in worse:
        print(f"worse than before: {line}", file=sys.stderr)
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
