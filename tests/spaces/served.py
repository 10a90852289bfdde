"""A running demo."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Server:
    """A running demo.

    Attributes:
        url: Its address.
        root: Where it keeps its temporary files.
    """

    url: str
    root: Path

    def files(self) -> list[str]:
        """Names of every temporary file."""
        return sorted(path.name for path in self.root.rglob("*") if path.is_file())
