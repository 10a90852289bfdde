"""The demo as its visitors meet it: served by the command, with temporary files where a test can see them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from eeg_samples import awake_uv
from served import Server, running

from neuronarrator_hf.app.desk import Desk
from neuronarrator_hf.app.narrators import DEFAULT, Narrators
from neuronarrator_hf.app.visit import EXAMPLES, Visits
from neuronarrator_hf.recording.writing import write_edf
from neuronarrator_hf.signal.montage import SITES_1020
from neuronarrator_hf.simulation.scenario import Act, Scenario


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pytest.importorskip("gradio")
    with running(tmp_path_factory.mktemp("demo")) as server:
        yield server


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording named as a careless visitor would."""
    return write_edf(tmp_path_factory.mktemp("own") / "Jane_Doe_1970.edf", awake_uv(32.0), SITES_1020, 200.0)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a server that runs in this process keeps its temporary files."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "root"))
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@pytest.fixture
def desk(root: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk without a page, and two examples of three segments."""
    monkeypatch.setitem(EXAMPLES, "focus", Scenario(0, 46.0, "routine", (Act("example", 7),), 200.0))
    monkeypatch.setitem(EXAMPLES, "short", Scenario(0, 46.0, "routine", (Act("example", 3),), 200.0))
    return Desk(Visits(root), Narrators({DEFAULT: None}))


@pytest.fixture
def uploaded(root: Path) -> Path:
    """A recording where the server puts uploads, named as a careless visitor would."""
    folder = root / "0123abcd"
    folder.mkdir()
    return write_edf(folder / "Jane_Doe_1970.edf", awake_uv(22.0), SITES_1020, 200.0)
