"""The demo as its visitors meet it: served by the command, with temporary files where a test can see them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from eeg_samples import awake_uv
from served import Server

from neuronarrator_hf.recording.writing import write_edf
from neuronarrator_hf.signal.montage import SITES_1020


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pytest.importorskip("gradio")
    httpx = pytest.importorskip("httpx")
    root = tmp_path_factory.mktemp("served")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "neuronarrator_hf.cli", "app", "--port", str(port)]
    environment = {**os.environ, "TMPDIR": str(root), "HF_HUB_OFFLINE": "1", "MPLCONFIGDIR": str(root.parent)}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            assert process.poll() is None, process.communicate()[0]
            try:
                if httpx.get(url).status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.5)
        yield Server(url, root)
    finally:
        process.terminate()
        process.wait(120)
    assert [path for path in root.rglob("*") if path.is_file()] == []  # nothing outlives the server


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording named as a careless visitor would."""
    return write_edf(tmp_path_factory.mktemp("own") / "Jane_Doe_1970.edf", awake_uv(32.0), SITES_1020, 200.0)
