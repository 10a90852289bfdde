"""A release of a tiny model, and a stand-in for the Hub to which it can be pushed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from corpus_rows import write_rows
from hub_server import HubServer, serve_hub
from huggingface_hub import metadata_load, metadata_save
from tiny_model import save_tiny

from neuronarrator_hf.publishing.build import build_release

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def tiny_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = save_tiny(tmp_path_factory.mktemp("tiny"))
    card = folder / "README.md"
    shutil.copyfile(ROOT / "hub" / "model" / "README.md", card)
    data = metadata_load(card)
    data.pop("model-index", None)  # the figures are those of other weights
    metadata_save(card, data)
    return folder


@pytest.fixture(scope="session")
def release(tiny_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("pyarrow")
    corpus = write_rows(tmp_path_factory.mktemp("corpus"))
    out = tmp_path_factory.mktemp("out") / "release"
    assert build_release(out, tiny_dir, checkout=ROOT, corpus=corpus) == []
    return out


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with serve_hub() as server:
        yield server


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a fresh Python on code or a module, with the server for the Hub and a cache of its own."""

    def run_python(
        hub: HubServer, *arguments: str, home: Path | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            env={**os.environ, **hub.environment(home or tmp_path / "home"), **environment},
            capture_output=True,
            text=True,
            cwd=tmp_path,
        )

    return run_python
