"""The repositories of a release: where each lies in a folder, and what it is called on the Hub."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

KINDS = ("model", "dataset", "space")
MODEL, DATASET, SPACE = "neuronarrator", "NeuroCorpus", "neuronarrator"
"""Names of the model, the data set and the demo; a metric's repository is called like the metric."""
MANIFEST = "build.json"
"""Written by a build, beside the repositories: file to SHA-256."""
OWNER = "ORG"
"""Stands for the owner's name in a card; a push puts the name in its place."""


@dataclass(frozen=True)
class Repository:
    """One repository of a release.

    Attributes:
        kind: `model`, `dataset` or `space`, as the Hub calls them.
        name: Name without its owner.
        folder: Where its files lie: `models/NAME`, `datasets/NAME` or `spaces/NAME` of the release.
    """

    kind: str
    name: str
    folder: Path

    @property
    def label(self) -> str:
        """`models/neuronarrator`."""
        return f"{self.kind}s/{self.name}"

    @property
    def is_metric(self) -> bool:
        """Whether this is a Space that `evaluate.load` reads."""
        return self.kind == "space" and (self.folder / f"{self.name}.py").is_file()

    def files(self) -> list[Path]:
        """Every file in it, in order; caches of Python left out."""
        return sorted(
            path for path in self.folder.rglob("*") if not path.is_dir() and "__pycache__" not in path.parts
        )

    def card(self) -> Path:
        """Its README.md."""
        return self.folder / "README.md"


def find_repositories(release: Path) -> list[Repository]:
    """The repositories of a release.

    Raises:
        FileNotFoundError: The folder holds none.
    """
    found = list(_in(release))
    if not found:
        raise FileNotFoundError(
            f"{release}: holds no repository (models/NAME, datasets/NAME, spaces/NAME); make one with "
            "`neuronarrator hub build --out DIR`"
        )
    return found


def _in(release: Path) -> Iterator[Repository]:
    for kind in KINDS:
        for folder in sorted((release / f"{kind}s").glob("*/")):
            yield Repository(kind, folder.name, folder)
