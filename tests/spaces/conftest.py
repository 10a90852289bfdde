"""The demo as its visitors meet it: served by the command, with temporary files where a test can see them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from eeg_samples import awake_uv
from served import Server, running

from neuronarrator_hf.recording.writing import write_edf
from neuronarrator_hf.signal.montage import SITES_1020


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pytest.importorskip("gradio")
    with running(tmp_path_factory.mktemp("demo")) as server:
        yield server


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording named as a careless visitor would."""
    return write_edf(tmp_path_factory.mktemp("own") / "Jane_Doe_1970.edf", awake_uv(32.0), SITES_1020, 200.0)
