"""What the command `hub` says where it cannot do what is asked: one line, exit status 2."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from neuronarrator_hf.cli import app


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "{tmp}"], "holds no repository"),
        (["build", "--out", "{tmp}/out", "--model", "{tmp}"], "no config.json there"),
        (["build", "--out", "{tmp}/file"], "holds something that is no release"),
        (["build", "--out", "{tmp}/out", "--name", "a/b"], "--name is a name as the Hub takes it"),
        (["push", "{tmp}", "--org", "../evil"], "--org is a name as the Hub takes it"),
    ],
)
def test_what_cannot_be_done_is_one_line(tmp_path: Path, arguments: list[str], words: str) -> None:
    (tmp_path / "file").write_text("mine")
    told = CliRunner().invoke(app, ["hub", *(a.replace("{tmp}", str(tmp_path)) for a in arguments)])
    assert told.exit_code == 2
    assert words in told.stderr and len(told.stderr.strip().splitlines()) == 1
    assert (tmp_path / "file").read_text() == "mine"


def test_a_build_lists_what_it_made_and_left_out(tiny_dir: Path, tmp_path: Path) -> None:
    arguments = ["hub", "build", "--out", str(tmp_path / "out"), "--model", str(tiny_dir), "--name", "mine"]
    told = CliRunner().invoke(app, arguments)
    assert told.exit_code == 0, told.output
    assert "models/mine: " in told.stdout and (tmp_path / "out" / "models" / "mine" / "config.json").is_file()
