"""`neuronarrator corpus`: build, simulate and look at corpora, and what else concerns them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .corpus_download import download
from .hub import check_name, send
from .messages import make_folder, refuse, say, usage_errors

if TYPE_CHECKING:
    from ..corpus.engines import Engine
    from ..corpus.rows import Task

corpus = typer.Typer(help="EEG with grounded text: build, simulate, look at, pass on.", no_args_is_help=True)

corpus.command()(download)

_OUT = Annotated[Path, typer.Option(help="Folder of the corpus; an unfinished one is continued.")]
_WORKERS = Annotated[int, typer.Option(help="Processes.")]
_SCHEDULER = Annotated[
    str | None, typer.Option(help="Dask scheduler, such as tcp://10.0.0.1:8786, in place of --workers.")
]
_SEED = Annotated[int, typer.Option(help="Seed of simulation and wording.")]
_MODEL = Annotated[str | None, typer.Option(help="Language model that words the findings; else the grammar.")]
_ENDPOINT = Annotated[
    str | None, typer.Option(help="OpenAI-compatible server of that model, such as http://127.0.0.1:8000/v1.")
]
_QUIET = Annotated[bool, typer.Option("--quiet", help="No progress on standard error.")]


@corpus.command()
def build(
    out: _OUT,
    source: Annotated[
        list[str], typer.Option(help="Name of a source; `neuronarrator corpus sources` lists them.")
    ],
    root: Annotated[list[Path], typer.Option(help="Folder of the source; one for each --source.")],
    simulate: Annotated[int, typer.Option(help="Simulated segments beside the recordings.")] = 0,
    workers: _WORKERS = 1,
    scheduler: _SCHEDULER = None,
    seed: _SEED = 0,
    writer_model: _MODEL = None,
    writer_endpoint: _ENDPOINT = None,
    quiet: _QUIET = False,
) -> None:
    """Build a corpus of recordings. The same command continues a killed build."""
    with usage_errors(), _engine(workers, scheduler) as engine:
        from ..corpus.build import recording_tasks
        from ..corpus.rows import simulation_tasks

        if len(source) != len(root):
            raise ValueError(f"give one --root for each --source, got {len(root)} for {len(source)}")
        tasks = recording_tasks(zip(source, root, strict=True))
        simulated = simulation_tasks(_not_negative("simulate", simulate), seed)
        _run(out, [*tasks, *simulated], engine, seed, writer_model, writer_endpoint, quiet)


@corpus.command()
def simulate(
    out: _OUT,
    segments: Annotated[int, typer.Option(help="Segments of 10 s.")] = 1000,
    workers: _WORKERS = 1,
    scheduler: _SCHEDULER = None,
    seed: _SEED = 0,
    writer_model: _MODEL = None,
    writer_endpoint: _ENDPOINT = None,
    quiet: _QUIET = False,
) -> None:
    """Build a corpus of simulated recordings. The columns are the same, with exact truth."""
    with usage_errors(), _engine(workers, scheduler) as engine:
        from ..corpus.rows import simulation_tasks

        if segments < 1:
            raise ValueError(f"segments must be at least 1, got {segments}")
        _run(out, list(simulation_tasks(segments, seed)), engine, seed, writer_model, writer_endpoint, quiet)


@corpus.command()
def stats(folder: Annotated[Path, typer.Argument(help="Folder of a corpus.")]) -> None:
    """Statistics and quality as JSON. Card and sample page are written anew."""
    import json

    with usage_errors():
        from ..corpus.build import read_skipped
        from ..corpus.finish import write_side_files
        from ..corpus.shards import shard_paths

        if not shard_paths(folder):
            raise FileNotFoundError(f"{folder}: holds no shard of a corpus; build one first")
        told = write_side_files(folder, skipped=len(read_skipped(folder)))
        typer.echo(json.dumps(told, indent=1, ensure_ascii=False))


@corpus.command()
def sources() -> None:
    """List the sources, and how to get each. What its labels mean, and whether rows may be passed on."""
    with usage_errors():
        from ..corpus.sources import SOURCES

        for name, source in SOURCES.items():
            kept = "" if source.redistributable else " (rows are for their holder alone)"
            typer.echo(
                f"{name}: {source.title}; {source.licence}{kept}\n  {source.access}\n  {source.meaning}"
            )


@corpus.command()
def push(
    folder: Annotated[Path, typer.Argument(help="Folder of a corpus.")],
    to: Annotated[str, typer.Option(help="Dataset repository, org/name.")],
    public: Annotated[bool, typer.Option("--public", help="A public repository.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and list, send nothing.")] = False,
) -> None:
    """Upload a corpus to the Hub, as `hub push` does. Rows that may not be passed on are refused."""
    from ..publishing.check import check_repository
    from ..publishing.corpora import corpus_repository

    with usage_errors():
        owner, _, name = to.partition("/")
        check_name("to", owner)
        check_name("to", name)
        repository = corpus_repository(folder, name)
        problems = check_repository(repository)
    for problem in problems:
        say(problem)
    if problems:
        refuse("nothing was sent: the corpus does not pass the check")
    send(repository, owner, private=not public, dry_run=dry_run)


def _run(
    out: Path,
    tasks: list[Task],
    engine: Engine,
    seed: int,
    model: str | None,
    endpoint: str | None,
    quiet: bool,
) -> None:
    from ..corpus.build import build as make
    from ..corpus.finish import write_side_files
    from ..corpus.plan import BuildOptions
    from ..corpus.writers import WriterOptions

    options = BuildOptions(WriterOptions(model=model, endpoint=endpoint, seed=seed))
    make_folder(out)
    with _progress(quiet) as step:
        result = make(out, tasks, options, engine, on_done=step)
    for key, reason in result.skipped.items():
        typer.echo(f"skipped {key}: {reason}", err=True)
    if not result.n_rows:
        raise ValueError(f"{out}: holds no segment, since every recording was skipped; give others")
    told = write_side_files(out, skipped=len(result.skipped), engine=engine)
    faithful = 100 * told["text"]["faithful_share"]
    typer.echo(
        f"{out}: {result.n_rows} segments; {result.n_done} recordings done, {result.n_kept} kept, "
        f"{len(result.skipped)} skipped; {faithful:.2f} % of the texts say exactly their findings"
    )


def _engine(workers: int, scheduler: str | None) -> Engine:
    """Made first: its processes import what they need while this one does."""
    from ..corpus.engines import make_engine

    return make_engine(workers, scheduler)


def _not_negative(name: str, value: int) -> int:
    if value < 0:
        raise ValueError(f"{name} must be 0 or more, got {value}")
    return value


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[int, int], Any]]:
    from tqdm import tqdm

    with tqdm(desc="recordings", unit="rec", disable=quiet or None, file=sys.stderr) as bar:

        def step(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield step
