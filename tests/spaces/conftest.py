"""The demo as its visitors meet it: served by the command, with temporary files where a test can see them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from eeg_samples import awake_uv
from served import PATIENCE_S, Server, wait_until

from neuronarrator_hf.recording.writing import write_edf
from neuronarrator_hf.signal.montage import SITES_1020


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pytest.importorskip("gradio")
    httpx = pytest.importorskip("httpx")
    root, log = tmp_path_factory.mktemp("served"), tmp_path_factory.mktemp("log") / "server.txt"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "neuronarrator_hf.cli", "app", "--port", str(port)]
    environment = {**os.environ, "TMPDIR": str(root), "HF_HUB_OFFLINE": "1", "MPLCONFIGDIR": str(root.parent)}
    with log.open("wb") as told:  # a pipe that nobody reads would fill, and stop the server
        process = subprocess.Popen(command, env=environment, stdout=told, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None, log.read_text(encoding="utf-8", errors="replace")
        try:
            return httpx.get(url, timeout=PATIENCE_S).status_code == 200
        except httpx.TransportError:
            return False

    try:
        wait_until(answers, "the demo")
        yield Server(url, root)
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
    # Nothing outlives the server.
    assert Server(url, root).files() == set(), log.read_text(encoding="utf-8", errors="replace")


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording named as a careless visitor would."""
    return write_edf(tmp_path_factory.mktemp("own") / "Jane_Doe_1970.edf", awake_uv(32.0), SITES_1020, 200.0)
