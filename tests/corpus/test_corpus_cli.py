"""The command `neuronarrator corpus`: what it does, and its one line where it cannot."""

from __future__ import annotations

import json
from pathlib import Path

import native_layouts as layouts
import pytest
from typer.testing import CliRunner

from neuronarrator_hf.cli import app


def run(*arguments: object):
    return CliRunner().invoke(app, ["corpus", *map(str, arguments)])


def test_build_then_stats(tmp_path: Path) -> None:
    root = layouts.eegmmidb(tmp_path / "root")
    (root / "S001/S001R04.edf").write_bytes(b"damaged")
    out = tmp_path / "out"
    arguments = ("build", "--source", "eegmmidb", "--root", root, "--out", out, "--simulate", 6, "--quiet")
    told = run(*arguments)
    assert told.exit_code == 0, told.output
    assert "15 segments" in told.output and "1 skipped" in told.output and "100.00 %" in told.output
    assert "S001R04" in (out / "skipped.json").read_text()
    assert "0 recordings done, 10 kept" in run(*arguments).output
    statistics = json.loads(run("stats", out).stdout)
    assert statistics["n_rows"] == 15
    assert statistics["coverage"]["eyes_open"]["present"] >= 3


def test_a_corpus_without_segments_is_told(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root/a.edf").write_bytes(b"damaged")
    told = run("build", "--source", "folder", "--root", tmp_path / "root", "--out", tmp_path / "o", "--quiet")
    assert told.exit_code == 2 and "skipped folder/a" in told.output
    assert "holds no segment" in told.output and not (tmp_path / "o/README.md").exists()


def test_simulate(tmp_path: Path) -> None:
    told = run("simulate", "--out", tmp_path, "--segments", 12, "--quiet")
    assert told.exit_code == 0 and "12 segments" in told.output


def test_sources_say_how_to_get_them() -> None:
    told = run("sources").output
    assert "chb-mit: CHB-MIT Scalp EEG Database" in told and "their holder alone" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("build", "--source", "chbmit", "--root", "."), "no source 'chbmit'"),
        (("build", "--source", "chb-mit", "--root", "nowhere"), "no such folder"),
        (("build", "--source", "chb-mit", "--source", "siena", "--root", "."), "one --root for each"),
        (("simulate", "--segments", "0"), "segments must be at least 1"),
        (("simulate", "--workers", "0"), "workers must be at least 1"),
        (("simulate", "--writer-endpoint", "http://127.0.0.1:1"), "needs the name of its model"),
        (("simulate", "--writer-model", "m", "--writer-endpoint", "http://127.0.0.1:1"), "does not answer"),
        (("simulate", "--writer-model", "./nowhere"), "no text-generation model"),
    ],
)
def test_faults_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], told: str
) -> None:
    monkeypatch.setattr("neuronarrator_hf.corpus.language_models._WAIT_S", 0.0)
    result = run(*arguments, "--out", tmp_path / "out", "--quiet")
    assert result.exit_code == 2 and told in result.output
    assert len(result.output.strip().splitlines()) == 1


def test_stats_and_push_of_nothing(tmp_path: Path) -> None:
    assert run("stats", tmp_path).exit_code == 2
    assert "build a corpus first" in run("push", tmp_path, "--to", "org/x").output
    assert "--to is a name" in run("push", tmp_path, "--to", "x").output


def test_rows_for_their_holder_are_not_pushed(tmp_path: Path) -> None:
    root = layouts.folder(tmp_path / "root")
    assert (
        run("build", "--source", "folder", "--root", root, "--out", tmp_path / "o", "--quiet").exit_code == 0
    )
    result = run("push", tmp_path / "o", "--to", "org/x", "--public")
    assert result.exit_code == 2 and "rows of folder may not be passed on" in result.output
    assert "nothing was sent" in result.output


def test_a_corpus_that_may_be_passed_on_is_uploaded_without_its_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, dict] = {}
    api = type("Api", (), {
        "create_repo": lambda self, **k: asked.update(create=k),
        "list_repo_files": lambda self, **k: [],
        "create_commit": lambda self, **k: asked.update(commit=k) or type("Done", (), {"oid": "c0ffee"}),
    })  # fmt: skip
    monkeypatch.setattr("neuronarrator_hf.publishing.push.HfApi", api)
    run("simulate", "--out", tmp_path, "--segments", 12, "--quiet")
    assert "would be sent" in run("push", tmp_path, "--to", "org/x", "--dry-run").output and not asked
    told = run("push", tmp_path, "--to", "org/x")
    assert told.exit_code == 0 and "dataset org/x: 5 files" in told.output and "c0ffee" in told.output
    assert asked["create"]["private"] is True and asked["commit"]["repo_id"] == "org/x"
    sent = {operation.path_in_repo for operation in asked["commit"]["operations"]}
    assert sent == {"README.md", "statistics.json"} | {
        f"data/simulated/{split}-00000.parquet" for split in ("train", "validation", "test")
    }
