"""A built corpus as a repository: its card, statistics and shards, and nothing else of its folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .repositories import Repository

CORPUS_FILES = ("README.md", "statistics.json")
"""What is published beside the shards."""


@dataclass(frozen=True)
class CorpusRepository(Repository):
    """A folder in which a corpus was built: what a build keeps for itself stays there."""

    def files(self) -> list[Path]:
        """Card, statistics and shards, in order."""
        beside = [self.folder / name for name in CORPUS_FILES]
        return sorted([*filter(Path.is_file, beside), *(self.folder / "data").rglob("*.parquet")])


def corpus_repository(folder: Path, name: str) -> CorpusRepository:
    """The repository of a corpus.

    Raises:
        FileNotFoundError: The folder holds none.
    """
    repository = CorpusRepository("dataset", name, folder)
    if not (folder / "README.md").is_file() or not list((folder / "data").rglob("*.parquet")):
        raise FileNotFoundError(f"{folder}: no README.md with data/*.parquet there; build a corpus first")
    return repository
