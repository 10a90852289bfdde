"""Fixtures and marks shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def _real_data_root() -> Path | None:
    named = os.environ.get("NEURONARRATOR_DATA")
    root = Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "eeg"
    return root if (root / "manifest.json").is_file() else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if _real_data_root() is None:
        absent = pytest.mark.skip(reason="no real recordings: set NEURONARRATOR_DATA")
        for item in items:
            if "real_data" in item.keywords:
                item.add_marker(absent)


@pytest.fixture(scope="session")
def real_data_root() -> Path:
    root = _real_data_root()
    assert root is not None, "mark the test real_data"
    return root
