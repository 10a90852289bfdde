"""A running demo."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


@contextmanager
def running(folder: Path, *options: str) -> Iterator[Server]:
    """The demo as the command serves it; afterwards nothing of it may be left.

    Args:
        folder: Where its temporary files and what it says go.
        options: Further options of `neuronarrator app`.
    """
    import httpx

    root, log = folder / "served", folder / "server.txt"
    root.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "neuronarrator_hf.cli", "app", "--port", str(port), *options]
    environment = {**os.environ, "TMPDIR": str(root), "HF_HUB_OFFLINE": "1", "MPLCONFIGDIR": str(folder)}
    with log.open("wb") as told:  # a pipe that nobody reads would fill, and stop the server
        process = subprocess.Popen(command, env=environment, stdout=told, stderr=subprocess.STDOUT)
    server = Server(f"http://127.0.0.1:{port}", root)

    def words() -> str:
        return log.read_text(encoding="utf-8", errors="replace")

    def answers() -> bool:
        assert process.poll() is None, words()
        try:
            return httpx.get(server.url, timeout=PATIENCE_S).status_code == 200
        except httpx.TransportError:
            return False

    try:
        wait_until(answers, "the demo")
        yield server
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
    assert server.files() == set(), words()
