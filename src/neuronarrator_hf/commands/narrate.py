"""`neuronarrator narrate`: recordings in, reports out."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from .example import example_recording
from .messages import (
    OUR_FAULT,
    UNITS,
    USAGE_ERROR,
    make_folder,
    one_of,
    refuse,
    say,
    say_fault,
    seconds_of,
    usage_errors,
)


def narrate(
    recordings: Annotated[
        list[Path] | None, typer.Argument(help="EEG files of any format MNE reads.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the reports.")] = Path("report"),
    formats: Annotated[
        str,
        typer.Option(
            help="What to write: json, md, html, pdf, edf (EDF+ copy with events), bids, szcore, fhir, csv, "
            "parquet."
        ),
    ] = "json,md,html",
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
    start: Annotated[
        str | None, typer.Option("--from", help="Narrate from here on: seconds, 1:30 or 1:02:03.")
    ] = None,
    stop: Annotated[str | None, typer.Option("--to", help="Narrate up to here.")] = None,
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
        refuse("give one or more recordings, or --example" if not example else "--example takes no recording")
    with usage_errors():
        from ..report.files import Stems, parse_formats

        wanted, stems = parse_formats(formats), Stems(name)
        one_of("history", history, ("ssm", "prompt", "none"))
        one_of("verify", verify, ("repair", "annotate", "off"))
        one_of("units", units, UNITS)
        if age is not None and not 0 <= age <= 130:
            raise ValueError(f"age must be between 0 and 130 years, got {age:g}")
        if batch_size < 1:
            raise ValueError(f"batch-size must be at least 1, got {batch_size}")
        start_s, stop_s = seconds_of("--from", start), seconds_of("--to", stop)
        if start_s is not None and stop_s is not None and start_s >= stop_s:
            raise ValueError(f"--from {start} must be before --to {stop}")
        make_folder(out)
    narrator_options = {
        "history": history, "verify": verify, "age_years": age, "batch_size": batch_size, "seed": seed,
    }  # fmt: skip
    run = _Run(
        out, wanted, stems, model=model, narrator=narrator_options, units=units, limits=(start_s, stop_s),
        resume=resume, quiet=quiet,
    )  # fmt: skip
    for source in [None] if example else sources:
        run.one(source)
    raise typer.Exit(run.status)


class _Run:
    """Recordings narrated one after the other; one that fails does not stop the others."""

    def __init__(
        self,
        out: Path,
        formats: tuple[str, ...],
        stems: Any,
        *,
        model: str | None,
        narrator: dict[str, Any],
        units: str | None,
        limits: tuple[float | None, float | None],
        resume: bool,
        quiet: bool,
    ) -> None:
        self.out, self.formats, self.stems, self.model, self.units = out, formats, stems, model, units
        self.narrator_options, self.limits, self.resume, self.quiet = narrator, limits, resume, quiet
        self.narrator: Any = None
        self.status = 0

    def one(self, path: Path | None) -> None:
        """Narrate a file, or the example where `path` is None."""
        from ..recording.errors import RecordingError
        from ..recording.reading import read_recording

        try:
            recording, truth = (
                example_recording(self.narrator_options["seed"])
                if path is None
                else (read_recording(path, units=self.units), None)
            )
            with recording:
                self._narrate(path, recording, truth)
        except typer.Exit:
            raise
        except (RecordingError, FileExistsError) as error:
            say(str(error))
            self.status = self.status or USAGE_ERROR
        except Exception as error:
            say_fault(error, path)
            self.status = OUR_FAULT

    def _narrate(self, path: Path | None, recording: Any, truth: Any) -> None:
        from ..report.files import output_paths, refuse_foreign, write_reports
        from ..report.overview import SignalSummary
        from ..report.run import run_record, write_run

        stem = self.stems.of(recording, path)
        paths = output_paths(self.out, stem, self.formats)
        refuse_foreign(paths, path)
        if self.narrator is None:
            self._load()
        journal_path, run_path = paths.pop("journal"), paths.pop("run")
        summary, clock = SignalSummary(), _Clock()
        with _progress(stem, recording.duration_s, self.quiet) as step:
            narration = self.narrator.narrate(
                recording, name=stem, journal_path=journal_path, resume=self.resume, on_window=step,
                on_block=summary.add, start_s=self.limits[0], stop_s=self.limits[1],
            )  # fmt: skip
        clock.lap("narrate")
        write_reports(narration, paths, recording, summary)
        clock.lap("write")
        parameters = {
            **self.narrator_options, "model": self.model, "units": self.units, "formats": self.formats,
            "from_s": self.limits[0], "to_s": self.limits[1],
        }  # fmt: skip
        record = run_record(
            narration.head(), parameters=parameters, source=path, outputs=paths, timings_s=clock.laps
        )
        write_run(run_path, record)
        if truth is not None:
            _print_beside_truth(narration, truth)
        typer.echo(f"{stem}: {', '.join(str(path) for path in paths.values())}")

    def _load(self) -> None:
        with usage_errors():
            from transformers.utils.logging import disable_progress_bar

            from ..narration.engine import Narrator

            disable_progress_bar()
            self.narrator = Narrator.from_pretrained(self.model, **self.narrator_options)


class _Clock:
    """Seconds of the steps of a run."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._since = time.monotonic()

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self.laps[name], self._since = now - self._since, now


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
    from ..findings.write import write_segment
    from ..report.evidence import clock

    for window, truth in zip(narration.windows, simulated.window_claims, strict=False):
        typer.echo(f"\n{clock(window.start_s)} to {clock(window.end_s)}")
        typer.echo(f"  truth:     {write_segment(truth, variety=0.0)}")
        typer.echo(f"  narrative: {window.text}")
    typer.echo(f"\n{narration.text}\n")
