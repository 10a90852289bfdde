"""Hooks on imports: called once, after the module was executed, whoever imports it; nothing else changes."""

from __future__ import annotations

import importlib
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from neuronarrator_hf._import_hooks import call_when_imported


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    before = set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_a_hook_is_called_once_with_the_executed_module(folder: Path) -> None:
    (folder / "awaited_one.py").write_text("value = 3\n")
    seen: list[int] = []
    call_when_imported(lambda module: seen.append(module.value), "awaited_one")
    assert seen == []
    module = importlib.import_module("awaited_one")
    assert seen == [3]
    assert type(module.__loader__).__name__ == "SourceFileLoader"
    importlib.reload(module)
    assert seen == [3]


def test_a_module_that_is_there_already_is_told_of_at_once() -> None:
    seen: list[str] = []
    call_when_imported(lambda module: seen.append(module.__name__), "json")
    assert seen == ["json"]


def test_two_hooks_and_a_submodule(folder: Path) -> None:
    (folder / "awaited_package").mkdir()
    (folder / "awaited_package/__init__.py").write_text("")
    (folder / "awaited_package/inner.py").write_text("")
    seen: list[str] = []
    for place in ("first", "second"):
        call_when_imported(lambda _, place=place: seen.append(place), "awaited_package.inner")
    importlib.import_module("awaited_package")
    assert seen == []
    importlib.import_module("awaited_package.inner")
    assert seen == ["first", "second"]


def test_what_a_module_or_a_hook_raises_is_raised(folder: Path) -> None:
    (folder / "awaited_bad.py").write_text("raise KeyError('inside')\n")
    (folder / "awaited_good.py").write_text("")
    called: list[object] = []
    call_when_imported(called.append, "awaited_bad")
    with pytest.raises(KeyError, match="inside"):
        importlib.import_module("awaited_bad")
    assert called == []

    def refuse(_: object) -> None:
        raise RuntimeError("not today")

    call_when_imported(refuse, "awaited_good")
    with pytest.raises(RuntimeError, match="not today"):
        importlib.import_module("awaited_good")


def test_modules_of_one_archive_are_told_apart(folder: Path) -> None:
    with zipfile.ZipFile(folder / "archive.zip", "w") as archive:
        archive.writestr("zipped_one.py", "")
        archive.writestr("zipped_two.py", "")
    sys.path.insert(0, str(folder / "archive.zip"))
    seen: list[str] = []
    call_when_imported(lambda module: seen.append(module.__name__), "zipped_two")
    importlib.import_module("zipped_one")
    assert seen == []
    importlib.import_module("zipped_two")
    assert seen == ["zipped_two"]
    sys.path.remove(str(folder / "archive.zip"))


def test_importing_the_package_loads_little_beside_it() -> None:
    import subprocess

    code = "import sys; before = set(sys.modules); import neuronarrator_hf; print(*set(sys.modules) - before)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"asyncio", "importlib.metadata", "logging", "numpy", "pathlib", "wrapt"} & set(told.split())
