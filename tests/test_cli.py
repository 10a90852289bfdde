from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from eeg_samples import awake_uv
from tiny_model import save_tiny
from typer.testing import CliRunner, Result

from neuronarrator_hf.cli import app, main
from neuronarrator_hf.commands.messages import EXTRA_OF
from neuronarrator_hf.narration.result import json_schema
from neuronarrator_hf.recording.writing import write_edf
from neuronarrator_hf.signal.montage import SITES_1020


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(save_tiny(tmp_path_factory.mktemp("model")))


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_edf(tmp_path_factory.mktemp("eeg") / "good.edf", awake_uv(22.0), SITES_1020, 200.0)


def call(*arguments: Any) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def narrate(*arguments: Any, model: str, out: Path) -> Result:
    return call("narrate", *arguments, "--model", model, "--out", out, "--quiet")


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "neuronarrator_hf.cli", "--help"], capture_output=True, text=True
    )
    seconds = time.perf_counter() - start
    assert done.returncode == 0
    for command in ("narrate", "inspect", "deidentify", "simulate", "train", "evaluate"):
        assert command in done.stdout
    assert seconds < 5.0  # under 1 s on an idle machine; the imports below are what decides
    code = (
        "import sys\ntry:\n    import neuronarrator_hf.cli as c\n    c.app(['--help'])\n"
        "except SystemExit:\n    pass\n"
        "print([m for m in ('torch', 'transformers', 'scipy', 'mne', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_a_recording_becomes_json_markdown_and_html(good: Path, model: str, tmp_path: Path) -> None:
    result = narrate(good, model=model, out=tmp_path)
    assert result.exit_code == 0, result.output
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "good.html",
        "good.json",
        "good.md",
        "good.run.json",
        "good.segments.jsonl",
    ]
    narration = json.loads((tmp_path / "good.json").read_text())
    jsonschema.Draft202012Validator(json_schema()).validate(narration)


def test_the_same_input_gives_the_same_bytes(good: Path, model: str, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        assert narrate(good, model=model, out=tmp_path / folder).exit_code == 0
    for name in ("good.json", "good.md", "good.html"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def broken(folder: Path) -> dict[str, Path]:
    """One file per kind of bad input."""
    eeg = awake_uv(12.0)
    text = folder / "text.edf"
    text.write_text("this is no EEG\n" * 100)
    whole = write_edf(folder / "whole.edf", eeg, SITES_1020, 200.0)
    truncated = folder / "truncated.edf"
    truncated.write_bytes(whole.read_bytes()[:300])
    whole.unlink()
    return {
        "missing": folder / "missing.edf",
        "text": text,
        "truncated": truncated,
        "no EEG channels": write_edf(folder / "other.edf", eeg[:2], ["ECG", "Resp"], 200.0),
        "short": write_edf(folder / "short.edf", eeg[:, :200], SITES_1020, 200.0),
        "zeros": write_edf(folder / "zeros.edf", np.zeros((19, 2400)), SITES_1020, 200.0),
    }


def test_bad_recordings_get_a_line_each_and_the_others_are_narrated(
    good: Path, model: str, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    bad = broken(tmp_path / "in")
    first, *rest = bad.values()
    result = narrate(first, good, *rest, "--formats", "json", model=model, out=tmp_path / "out")
    assert result.exit_code == 2
    lines = result.stderr.strip().splitlines()
    assert len(lines) == len(bad), result.stderr
    for line, path in zip(lines, bad.values(), strict=True):
        assert re.match(rf"neuronarrator: {re.escape(path.name)}: .+; .+", line), line
    assert (tmp_path / "out" / "good.json").is_file()
    assert not (tmp_path / "out" / "zeros.json").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--formats", "docx"], "docx"),
        (["--history", "all"], "history"),
        (["--verify", "maybe"], "verify"),
        (["--age", "-3"], "age"),
        (["--name", "date"], "stem or hash"),
        (["--units", "furlong"], "units"),
        (["--batch-size", "0"], "batch-size"),
        (["--example"], "--example takes no recording"),
    ],
)
def test_bad_arguments_get_one_line(
    good: Path, model: str, tmp_path: Path, arguments: list[str], words: str
) -> None:
    result = narrate(good, *arguments, model=model, out=tmp_path)
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert words in result.stderr


def test_no_recording_at_all(model: str, tmp_path: Path) -> None:
    assert narrate(model=model, out=tmp_path).exit_code == 2


def test_a_model_that_is_not_there_is_named(good: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    result = narrate(good, model=str(empty), out=tmp_path / "out")
    assert result.exit_code == 2
    assert "empty" in result.stderr


def test_files_of_others_are_kept(good: Path, model: str, tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text("my notes")
    result = narrate(good, model=model, out=tmp_path)
    assert result.exit_code == 2
    assert (tmp_path / "good.md").read_text() == "my notes"


def test_hashed_names_do_not_show_the_file_name(good: Path, model: str, tmp_path: Path) -> None:
    named = good.with_name("Doe_Jane.edf")
    named.write_bytes(good.read_bytes())
    result = narrate(named, "--name", "hash", model=model, out=tmp_path)
    assert result.exit_code == 0
    assert "Doe_Jane" not in result.output
    for path in tmp_path.iterdir():
        assert "Doe" not in path.name
        assert b"Doe_Jane" not in path.read_bytes()


def test_the_example_prints_truth_beside_the_narrative(model: str, tmp_path: Path) -> None:
    result = narrate("--example", "--formats", "json", model=model, out=tmp_path)
    assert result.exit_code == 0, result.output
    assert result.output.count("truth:") == result.output.count("narrative:") >= 12
    assert (tmp_path / "example.json").is_file()


def test_inspect_tells_channels_and_refuses_in_one_line(good: Path, tmp_path: Path) -> None:
    result = call("inspect", "--json", good)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["channels"][0] == "Fp1"
    assert "EEG channels" in call("inspect", good).stdout
    result = call("inspect", tmp_path / "no.edf")
    assert result.exit_code == 2
    assert "no.edf" in result.stderr


def test_deidentify_writes_a_copy_once(good: Path, tmp_path: Path) -> None:
    assert call("deidentify", good, "--out", tmp_path / "copy.edf").exit_code == 0
    assert (tmp_path / "copy.edf").stat().st_size == good.stat().st_size
    assert call("deidentify", good, "--out", tmp_path / "copy.edf").exit_code == 2


def test_simulate_writes_signal_and_truth(tmp_path: Path) -> None:
    assert call("simulate", "--out", tmp_path / "s.edf").exit_code == 0
    truth = json.loads((tmp_path / "s.truth.json").read_text())
    assert len(truth["windows"]) == 12
    assert call("simulate", "--out", tmp_path / "s.edf").exit_code == 2


def test_train_and_evaluate_are_forwarded() -> None:
    assert call("train", "nonsense").exit_code == 2
    result = call("evaluate", "--benchmark", "nonsense")
    assert result.exit_code == 2
    assert "nonsense" in result.stderr


@pytest.mark.parametrize("is_extra", [True, False])
def test_what_is_not_installed_is_named_with_its_extra(
    is_extra: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "gradio", None)
    monkeypatch.delitem(sys.modules, "neuronarrator_hf.app.server", raising=False)
    monkeypatch.setattr(sys, "argv", ["neuronarrator", "app"])
    if not is_extra:
        monkeypatch.delitem(EXTRA_OF, "gradio")
    with pytest.raises(SystemExit) as ended:
        main()
    (line,) = capsys.readouterr().err.splitlines()
    if is_extra:
        assert line == "neuronarrator: this needs gradio: pip install 'neuronarrator_hf[space]'"
    else:
        assert "internal error" in line
    assert ended.value.code == (2 if is_extra else 1)


def test_a_fault_of_ours_is_status_one(good: Path, model: str, tmp_path: Path) -> None:
    code = (
        "import sys, neuronarrator_hf.narration.engine as e\n"
        "def fail(*a, **k): raise KeyError('boom')\n"
        "e.measure_windows = fail\n"
        "from neuronarrator_hf.cli import main\nmain()\n"
    )
    command = [
        sys.executable,
        "-c",
        code,
        "narrate",
        str(good),
        "--model",
        model,
        "--out",
        str(tmp_path),
        "--quiet",
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "NEURONARRATOR_DEBUG": ""}
    )
    assert done.returncode == 1
    assert "boom" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_killed_run_ends_as_an_undisturbed_one(model: str, tmp_path: Path) -> None:
    path = write_edf(tmp_path / "x.edf", awake_uv(700.0), SITES_1020, 200.0)  # more than one block
    short = shutil.copytree(model, tmp_path / "model")
    limits = json.loads((short / "generation_config.json").read_text())
    (short / "generation_config.json").write_text(json.dumps({**limits, "max_new_tokens": 4}))
    command = [sys.executable, "-m", "neuronarrator_hf.cli", "narrate", str(path), "--model", str(short)]
    command += ["--formats", "json,md,html,bids,csv", "--quiet", "--out"]
    subprocess.run([*command, str(tmp_path / "whole")], check=True, capture_output=True)
    killed = tmp_path / "killed"
    journal = killed / "x.segments.jsonl"
    process = subprocess.Popen([*command, str(killed)], stdout=subprocess.DEVNULL)
    while process.poll() is None and not (journal.exists() and journal.read_bytes().count(b"\n") > 1):
        time.sleep(0.02)
    process.kill()
    assert process.wait() != 0, "the run ended before it was killed"
    assert b'"end"' not in journal.read_bytes()
    subprocess.run([*command, str(killed)], check=True, capture_output=True)
    whole = {p.relative_to(tmp_path / "whole") for p in (tmp_path / "whole").rglob("*") if p.is_file()}
    assert whole == {p.relative_to(killed) for p in killed.rglob("*") if p.is_file()}
    for name in whole - {Path("x.run.json")}:
        assert (tmp_path / "whole" / name).read_bytes() == (killed / name).read_bytes(), name
    records = [json.loads((tmp_path / d / "x.run.json").read_text()) for d in ("whole", "killed")]
    for record in records:
        del record["timings_s"]
    assert records[0] == records[1]


def test_a_part_of_a_recording_is_narrated_as_in_the_whole(good: Path, model: str, tmp_path: Path) -> None:
    assert narrate(good, model=model, out=tmp_path / "a").exit_code == 0
    assert narrate(good, "--from", "10", "--to", "0:20", model=model, out=tmp_path / "b").exit_code == 0
    whole, part = (json.loads((tmp_path / d / "good.json").read_text()) for d in ("a", "b"))
    assert [c["timestamp"] for c in part["chunks"]] == [[10.0, 20.0], [12.0, 22.0]]
    assert part["recording"]["narrated_s"] == [10.0, 20.0]
    assert "Read from 0:00:10 to 0:00:20" in part["sections"]["technique"]
    assert part["chunks"][0]["probabilities"].keys() == whole["chunks"][1]["probabilities"].keys()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--from", "20", "--to", "10"], "before"),
        (["--from", "soon"], "1:30"),
        (["--from", "1:00"], "22 s"),
        (["--to", "-3"], "--to"),
    ],
)
def test_a_part_that_is_not_there_is_refused_in_one_line(
    good: Path, model: str, tmp_path: Path, options: list[str], words: str
) -> None:
    result = narrate(good, *options, model=model, out=tmp_path)
    assert result.exit_code == 2
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
