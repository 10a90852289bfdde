"""`neuronarrator hub`: build a release for the Hub, check it, push it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .messages import refuse, say, usage_errors

if TYPE_CHECKING:
    from ..publishing.repositories import Repository

hub = typer.Typer(
    help="Publish on the Hugging Face Hub: build, check, push.", no_args_is_help=True, rich_markup_mode=None
)

_OWNER = re.compile(r"[A-Za-z0-9][\w.-]{0,95}")
_Release = Annotated[Path, typer.Argument(help="Folder of a release, as made by `hub build`.")]


@hub.command()
def build(
    out: Annotated[Path, typer.Option(help="Folder of the release; an earlier release in it is replaced.")],
    model: Annotated[
        Path | None, typer.Option(help="Folder of the model; the embedded default without it.")
    ] = None,
    name: Annotated[str, typer.Option(help="What the model's repository is called.")] = "neuronarrator",
    corpus: Annotated[
        Path | None, typer.Option(help="Folder of a built corpus; the simulated one of the checkout.")
    ] = None,
) -> None:
    """Put the repositories together: model, data set, metrics, demo."""
    from ..models.default import default_model_dir
    from ..publishing.build import build_release
    from ..publishing.repositories import find_repositories

    checkout = Path(__file__).resolve().parents[3]
    with usage_errors():
        check_name("name", name)
        left_out = build_release(
            out,
            model or default_model_dir(),
            model_name=name,
            checkout=checkout if (checkout / "hub" / "model").is_dir() else None,
            corpus=corpus,
        )
    for repository in find_repositories(out):
        typer.echo(f"{repository.label}: {len(repository.files())} files")
    for reason in left_out:
        say(f"left out: {reason}")


@hub.command()
def card(
    model: Annotated[Path, typer.Argument(help="Folder of the model whose README.md is the card.")],
    result: Annotated[
        Path, typer.Option(help="simulated.json of `evaluate --benchmark simulated --model MODEL --out DIR`.")
    ],
    name: Annotated[str, typer.Option(help="What the model is called.")] = "NeuroNarrator",
) -> None:
    """Put figures and an example into the metadata of a model's card: `model-index` and `widget`."""
    import json

    from ..publishing.metadata import model_index, widget, write_metadata

    with usage_errors():
        index = model_index(name, json.loads(result.read_text(encoding="utf-8")))
        write_metadata(model / "README.md", index, widget(model))
    typer.echo(f"{model / 'README.md'}: {len(index[0]['results'])} results and an example")


@hub.command()
def check(release: _Release) -> None:
    """Verify a release: files, sizes, secrets, cards, licences, rows, and that everything loads."""
    if not _passes(release):
        raise typer.Exit(2)


@hub.command()
def push(
    release: _Release,
    org: Annotated[str, typer.Option(help="User or organisation that will own the repositories.")],
    private: Annotated[bool, typer.Option("--private", help="Make new repositories private.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and list, send nothing.")] = False,
) -> None:
    """Upload a release that passes the check; after a failure the same command goes on where it was."""
    from importlib.metadata import version

    from ..publishing.repositories import find_repositories

    with usage_errors():
        check_name("org", org)
    if not _passes(release):
        refuse("nothing was sent: the release does not pass the check")
    for repository in find_repositories(release):
        send(repository, org, private=private, dry_run=dry_run, tag=f"v{version('neuronarrator_hf')}")


def send(
    repository: Repository, owner: str, *, private: bool, dry_run: bool = False, tag: str | None = None
) -> None:
    """Upload a repository that has passed the check, and say what was sent; refuse where it cannot be."""
    from ..publishing.push import FAILURES, push_repository

    try:
        done = push_repository(repository, owner, private=private, dry_run=dry_run, tag=tag)
    except FAILURES as error:
        refuse(
            f"{repository.label} was not sent: {error}; log in with `hf auth login`, see that the token "
            f"may write to {owner}, and repeat the command: what was sent is not sent again"
        )
    size = f"{done.n_files} files, {done.n_bytes / 1e6:.1f} MB"
    typer.echo(f"{done.kind} {done.repo_id}: {size}, {'would be sent' if dry_run else done.commit}")


def _passes(release: Path) -> bool:
    """Say what is wrong with a release; whether nothing is."""
    from ..publishing.check import check_release

    passes = True
    with usage_errors():
        for label, problems in check_release(release).items():
            for problem in problems:
                say(problem)
            typer.echo(f"{label}: {f'{len(problems)} problems' if problems else 'passes'}")
            passes = passes and not problems
    return passes


def check_name(option: str, name: str) -> None:
    """Raise ValueError where the Hub takes no such name."""
    if not _OWNER.fullmatch(name) or ".." in name or "--" in name:
        raise ValueError(f"--{option} is a name as the Hub takes it (letters, digits, - _ .), got {name!r}")
