"""The command `neuronarrator`. Heavy imports stand inside the commands, so that `--help` is quick."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

USAGE_ERROR, OUR_FAULT = 2, 1
UNITS = (None, "uV", "mV", "V", "nV")

app = typer.Typer(
    name="neuronarrator",
    help="Scalp EEG to checked clinical language. Preliminary output, for review by a qualified reader.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_FORWARD = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}


@app.command()
def narrate(
    recordings: Annotated[
        list[Path] | None, typer.Argument(help="EEG files of any format MNE reads.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the reports.")] = Path("report"),
    formats: Annotated[str, typer.Option(help="What to write: json, md, html.")] = "json,md,html",
    age: Annotated[float | None, typer.Option(help="Age of the patient in years; never guessed.")] = None,
    model: Annotated[
        str | None, typer.Option(help="Hub name or folder; the embedded default without it.")
    ] = None,
    history: Annotated[str, typer.Option(help="How the past enters: ssm, prompt or none.")] = "ssm",
    verify: Annotated[
        str, typer.Option(help="What happens to contradicted sentences: repair, annotate or off.")
    ] = "repair",
    name: Annotated[str, typer.Option(help="Name of the outputs: stem or hash.")] = "stem",
    units: Annotated[
        str | None, typer.Option(help="Unit of the stored numbers where the file is wrong: uV, mV, V.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the wording of repaired sentences.")] = 0,
    batch_size: Annotated[int, typer.Option(help="Segments worded at a time.")] = 32,
    resume: Annotated[bool, typer.Option(help="Continue a killed run.")] = True,
    example: Annotated[
        bool, typer.Option("--example", help="Narrate a simulated recording whose truth is known.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress on standard error.")] = False,
) -> None:
    """Narrate recordings: one report each, in every format asked for."""
    sources = list(recordings or [])
    if example == bool(sources):
        _refuse(
            "give one or more recordings, or --example" if not example else "--example takes no recording"
        )
    with _usage_errors():
        from .report.files import Stems, parse_formats

        wanted, stems = parse_formats(formats), Stems(name)
        _one_of("history", history, ("ssm", "prompt", "none"))
        _one_of("verify", verify, ("repair", "annotate", "off"))
        _one_of("units", units, UNITS)
        if age is not None and not 0 <= age <= 130:
            raise ValueError(f"age must be between 0 and 130 years, got {age:g}")
        if batch_size < 1:
            raise ValueError(f"batch-size must be at least 1, got {batch_size}")
        _make_folder(out)
    run = _Run(out, wanted, stems, resume=resume, quiet=quiet)
    narrator_options = {
        "history": history, "verify": verify, "age_years": age, "batch_size": batch_size, "seed": seed,
    }  # fmt: skip
    for source in [None] if example else sources:
        run.one(source, model, narrator_options, units)
    raise typer.Exit(run.status)


class _Run:
    """Recordings narrated one after the other; one that fails does not stop the others."""

    def __init__(self, out: Path, formats: tuple[str, ...], stems: Any, *, resume: bool, quiet: bool) -> None:
        self.out, self.formats, self.stems, self.resume, self.quiet = out, formats, stems, resume, quiet
        self.narrator: Any = None
        self.status = 0

    def one(self, path: Path | None, model: str | None, options: dict[str, Any], units: str | None) -> None:
        """Narrate a file, or the example where `path` is None."""
        from .recording.errors import RecordingError
        from .recording.reading import read_recording

        try:
            recording, truth = (
                _example(options["seed"]) if path is None else (read_recording(path, units=units), None)
            )
            with recording:
                self._narrate(path, recording, truth, model, options)
        except typer.Exit:
            raise
        except (RecordingError, FileExistsError) as error:
            _say(str(error))
            self.status = self.status or USAGE_ERROR
        except Exception as error:
            _say_fault(error, path)
            self.status = OUR_FAULT

    def _narrate(
        self, path: Path | None, recording: Any, truth: Any, model: str | None, options: dict[str, Any]
    ) -> None:
        from .report.files import output_paths, refuse_foreign, write_reports

        stem = self.stems.of(recording, path)
        paths = output_paths(self.out, stem, self.formats)
        refuse_foreign(paths)
        if self.narrator is None:
            with _usage_errors():
                from transformers.utils.logging import disable_progress_bar

                from .narration.engine import Narrator

                disable_progress_bar()
                self.narrator = Narrator.from_pretrained(model, **options)
        journal_path = paths.pop("journal")
        with _progress(stem, recording.duration_s, self.quiet) as step:
            narration = self.narrator.narrate(
                recording, name=stem, journal_path=journal_path, resume=self.resume, on_window=step
            )
        write_reports(narration, paths, recording)
        if truth is not None:
            _print_beside_truth(narration, truth)
        typer.echo(f"{stem}: {', '.join(str(path) for path in paths.values())}")


def _example(seed: int) -> tuple[Any, Any]:
    from .recording.reading import read_recording

    simulated = _simulated(seed)
    source = {
        "array": simulated.eeg_uv,
        "sampling_rate": simulated.sfreq,
        "ch_names": list(simulated.ch_names),
        "units": "uV",
        "name": "example",
    }
    return read_recording(source), simulated


def _simulated(seed: int) -> Any:
    from .simulation.scenario import example_scenario, render

    return render(example_scenario(seed))


@contextmanager
def _progress(stem: str, total_s: float, quiet: bool) -> Iterator[Any]:
    from tqdm import tqdm

    with tqdm(
        total=round(total_s, 1), desc=stem, unit="s", disable=quiet or None, file=sys.stderr,
        bar_format="{desc}: {percentage:3.0f}%|{bar}| {n:.0f}/{total:.0f} s of EEG [{elapsed}<{remaining}]",
    ) as bar:  # fmt: skip
        yield lambda window: bar.update(max(window.end_s - bar.n, 0.0))


def _print_beside_truth(narration: Any, simulated: Any) -> None:
    """The narrative of a simulated recording, window by window, under what was put into it."""
    from .findings.write import write_segment
    from .report.evidence import clock

    for window, truth in zip(narration.windows, simulated.window_claims, strict=False):
        typer.echo(f"\n{clock(window.start_s)} to {clock(window.end_s)}")
        typer.echo(f"  truth:     {write_segment(truth, variety=0.0)}")
        typer.echo(f"  narrative: {window.text}")
    typer.echo(f"\n{narration.text}\n")


@app.command()
def inspect(
    recordings: Annotated[list[Path], typer.Argument(help="EEG files.")],
    units: Annotated[
        str | None, typer.Option(help="Unit of the stored numbers where the file is wrong.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """Say what is in recordings: channels, unit, reference, quality. No model is loaded."""
    from .recording.inspection import inspect as look
    from .recording.inspection import inspection_table
    from .recording.reading import RecordingError

    with _usage_errors():
        _one_of("units", units, UNITS)
    status = 0
    for path in recordings:
        try:
            told = look(path, units=units)
        except RecordingError as error:
            _say(str(error))
            status = USAGE_ERROR
            continue
        typer.echo(json.dumps(told, indent=1, ensure_ascii=False) if as_json else inspection_table(told))
    raise typer.Exit(status)


@app.command()
def deidentify(
    recording: Annotated[Path, typer.Argument(help="EEG file.")],
    out: Annotated[Path, typer.Option(help="Where the copy goes; never overwritten.")],
) -> None:
    """Write a copy without identity: samples as they are, header and annotations from closed lists."""
    from .recording.deidentification import deidentify as copy_without_identity

    with _usage_errors():
        done = copy_without_identity(recording, out)
        typer.echo(f"{done.path}: left out {', '.join(done.removed) or 'nothing'}")


@app.command()
def simulate(
    out: Annotated[Path, typer.Option(help="EDF file to write; the truth goes beside it as JSON.")],
    seed: Annotated[int, typer.Option(help="Seed of the recording.")] = 0,
) -> None:
    """Write a simulated recording whose truth is known."""
    from .recording.writing import write_edf

    with _usage_errors():
        truth_path = out.with_suffix(".truth.json")
        if truth_path.exists():
            raise FileExistsError(f"{truth_path}: exists and is not overwritten; name another --out")
        out.parent.mkdir(parents=True, exist_ok=True)
        simulated = _simulated(seed)
        write_edf(out, simulated.eeg_uv, simulated.ch_names, simulated.sfreq)
        truth = {
            "seed": seed,
            "windows": [[c.to_dict() for c in claims] for claims in simulated.window_claims],
        }
        truth_path.write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
        typer.echo(f"{out}, {truth_path}")


@app.command(context_settings=_FORWARD)
def train(context: typer.Context) -> None:
    """Train in stages: language, align, narrate or all (`neuronarrator train --help`)."""
    from .training.__main__ import main as train_main

    raise typer.Exit(train_main(context.args))


@app.command()
def evaluate(
    benchmark: Annotated[str, typer.Option(help="simulated, icu-pages or awake.")] = "simulated",
    root: Annotated[Path | None, typer.Option(help="Folder of the benchmark's recordings.")] = None,
    model: Annotated[
        str | None, typer.Option(help="Hub name or folder; the embedded default without it.")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Recordings at most.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of simulated recordings.")] = 0,
    history: Annotated[str, typer.Option(help="ssm, prompt or none.")] = "ssm",
    out: Annotated[Path | None, typer.Option(help="Folder for the results.")] = None,
) -> None:
    """Score a model on a benchmark."""
    from .evaluation import run
    from .narration.result import plain

    with _usage_errors():
        result = run(benchmark, root=root, model=model, limit=limit, seed=seed, out=out, history=history)
        typer.echo(json.dumps(plain(result), indent=1, ensure_ascii=False))


@contextmanager
def _usage_errors() -> Iterator[None]:
    """Arguments that cannot be used: one line, exit status 2."""
    try:
        yield
    except (ValueError, FileNotFoundError, NotADirectoryError, FileExistsError, PermissionError) as error:
        _refuse(str(error))


def _refuse(message: str) -> None:
    _say(message)
    raise typer.Exit(USAGE_ERROR)


def _say(message: str) -> None:
    typer.echo("neuronarrator: " + " ".join(message.split()), err=True)


def _one_of(name: str, value: str | None, allowed: tuple[str | None, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(filter(None, allowed))}, got {value!r}")


def _make_folder(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise NotADirectoryError(f"{out}: is a file; choose another --out")
    out.mkdir(parents=True, exist_ok=True)


def main() -> None:
    """Entry point: whatever goes wrong beyond arguments and recordings is a fault of ours, exit status 1."""
    try:
        app()
    except KeyboardInterrupt:
        _say("stopped; the same command continues where it was")
        sys.exit(130)
    except Exception as error:
        _say_fault(error)
        sys.exit(OUR_FAULT)


def _say_fault(error: Exception, path: Path | None = None) -> None:
    """A fault of ours, in one line; with NEURONARRATOR_DEBUG set, its traceback too."""
    where = f"{path.name}: " if path else ""
    _say(f"{where}internal error, please report it: {type(error).__name__}: {error}")
    if os.environ.get("NEURONARRATOR_DEBUG"):
        traceback.print_exception(error)


if __name__ == "__main__":
    main()
