"""The check of a release: everything that would embarrass us or harm somebody once it is public."""

from __future__ import annotations

from pathlib import Path

from .cards import card_problems
from .contents import content_problems
from .loading import loading_problems
from .repositories import Repository, find_repositories
from .rows import row_problems


def check_release(release: Path) -> dict[str, list[str]]:
    """What is wrong with each repository of a release, by its label; an empty list is a pass.

    Nothing is loaded from a repository whose files are not in order.

    Raises:
        FileNotFoundError: The folder holds no repository.
    """
    return {repository.label: check_repository(repository) for repository in find_repositories(release)}


def check_repository(repository: Repository) -> list[str]:
    """What is wrong with one repository, one line each."""
    problems = [*content_problems(repository), *card_problems(repository)]
    if repository.kind == "dataset":
        problems += row_problems(repository)
    return problems or list(loading_problems(repository))
