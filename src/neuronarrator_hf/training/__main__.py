"""`python -m neuronarrator_hf.training STAGE`, and under `accelerate launch -m`."""

from __future__ import annotations

import argparse
import json
import os
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: batches are made one thread a process
os.environ.setdefault(
    "OMP_WAIT_POLICY", "PASSIVE"
)  # before torch: its idle threads leave the core to the worker


def main(argv: list[str] | None = None) -> int:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(prog="neuronarrator train", description="Train NeuroNarrator in stages.")
    parser.add_argument(
        "stage",
        choices=("recordings", "language", "align", "narrate", "all"),
        help="recordings only simulates what the stages read",
    )
    parser.add_argument("--config", default="tiny", help="preset of the package or YAML file")
    parser.add_argument("--runs", help="folder of the run (default runs/CONFIG)")
    parser.add_argument("--init", help="model folder to start from (default: the stage before)")
    parser.add_argument("--out", help="folder for the finished model (default RUNS/STAGE/final)")
    parser.add_argument("--resume", action="store_true", help="continue from the stage's checkpoint")
    parser.add_argument("--max-minutes", type=float, help="wall-clock budget of a stage")
    parser.add_argument("--max-steps", type=int, help="optimizer steps of a stage")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--num-processes", type=int, help="fail unless this many processes run")
    parser.add_argument("--push-to-hub", metavar="REPO")
    options = vars(parser.parse_args(argv))

    from .run import run

    try:
        result = run(options.pop("stage"), options.pop("config"), **options)
    except ValueError as error:
        print(f"neuronarrator train: {error}", file=sys.stderr)
        return 2
    if int(os.environ.get("RANK", "0")) == 0:
        print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
