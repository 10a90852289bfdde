"""A running demo, and what a browser says of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PATIENCE_S = 300.0
"""How long anything may take before a test gives up: only a fault takes so long."""


@dataclass(frozen=True)
class Server:
    """A running demo.

    Attributes:
        url: Its address.
        root: Where it keeps its temporary files.
    """

    url: str
    root: Path

    def files(self) -> set[Path]:
        """Every temporary file; those of earlier visits may still be going."""
        return {path for path in self.root.rglob("*") if path.is_file()}


def wait_until(fulfilled: Callable[[], object], wanted: str) -> None:
    """Wait for something that stays once it has come.

    Raises:
        AssertionError: It has not come after `PATIENCE_S`.
    """
    until = time.monotonic() + PATIENCE_S
    while not fulfilled():
        assert time.monotonic() < until, f"still waiting for {wanted}"
        time.sleep(0.1)
