"""`neuronarrator simulate`: recordings whose truth is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from .example import example_simulated
from .messages import make_folder, usage_errors


def simulate(
    out: Annotated[
        Path, typer.Option(help="EDF file of one example; with --n, the folder of the recordings.")
    ],
    seed: Annotated[int, typer.Option(help="Seed of the first recording.")] = 0,
    n: Annotated[int | None, typer.Option(help="Number of recordings; without it, one example.")] = None,
    minutes: Annotated[float, typer.Option(help="Length of each recording, with --n.")] = 5.0,
    setting: Annotated[
        str | None, typer.Option(help="routine, icu or sleep; drawn for each recording if left out.")
    ] = None,
    channels: Annotated[
        str | None,
        typer.Option(help="Electrodes of the 10-05 system, with commas; else the 19 of the 10-20 system."),
    ] = None,
) -> None:
    """Write simulated recordings whose truth is known: EDF+ with annotations, and JSON beside."""
    with usage_errors():
        if n is None:
            if setting is not None or channels is not None:
                raise ValueError("--setting and --channels need --n, the number of recordings to draw")
            _one_example(out, seed)
        else:
            _many(out, seed, n, minutes, setting, channels)


def _one_example(out: Path, seed: int) -> None:
    from ..recording.writing import write_edf

    truth_path = out.with_suffix(".truth.json")
    if truth_path.exists():
        raise FileExistsError(f"{truth_path}: exists and is not overwritten; name another --out")
    out.parent.mkdir(parents=True, exist_ok=True)
    simulated = example_simulated(seed)
    write_edf(out, simulated.eeg_uv, simulated.ch_names, simulated.sfreq)
    truth = {
        "seed": seed,
        "windows": [[c.to_dict() for c in claims] for claims in simulated.window_claims],
    }
    truth_path.write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    typer.echo(f"{out}, {truth_path}")


def _many(out: Path, seed: int, n: int, minutes: float, setting: str | None, channels: str | None) -> None:
    from ..signal.montage import SITES_1020, electrode_positions
    from ..simulation.scenario import SETTINGS, write_scenarios

    if n < 1:
        raise ValueError(f"--n must be at least 1, got {n}")
    if minutes * 60 < 10:
        raise ValueError(f"--minutes must make at least 10 s, got {minutes:g} minutes")
    if setting is not None and setting not in SETTINGS:
        raise ValueError(f"--setting must be one of {', '.join(SETTINGS)}, got {setting!r}")
    names = SITES_1020 if channels is None else tuple(name.strip() for name in channels.split(","))
    if len(set(names)) < len(names):
        raise ValueError(f"--channels names an electrode twice: {channels}")
    electrode_positions(names)
    make_folder(out)
    taken = [p.name for i in range(n) for p in (out / f"simulated_{seed + i:04d}.edf",) if p.exists()]
    if taken:
        raise FileExistsError(
            f"{out / taken[0]}: exists and is not overwritten; name another --out or --seed"
        )
    paths = write_scenarios(out, n, minutes, seed, setting=setting, ch_names=names)
    typer.echo(f"{len(paths)} recordings of {minutes:g} min in {out}, the truth of each beside it")
