"""`neuronarrator simulate --n`: EDF+ files with their truth as annotations and as JSON."""

import json
from pathlib import Path

import mne
import pytest
from typer.testing import CliRunner

from neuronarrator_hf.cli import app


def call(*arguments):
    return CliRunner().invoke(app, ["simulate", *map(str, arguments)])


def test_every_recording_has_its_truth_twice(tmp_path: Path) -> None:
    out = tmp_path / "many"
    assert call("--n", 2, "--minutes", 0.5, "--out", out, "--seed", 7).exit_code == 0
    for seed in (7, 8):
        raw = mne.io.read_raw_edf(out / f"simulated_{seed:04d}.edf", verbose=False)
        truth = json.loads((out / f"simulated_{seed:04d}.truth.json").read_text())
        assert len(raw.ch_names) == 19 and raw.times[-1] > 29.9
        assert len(truth["windows"]) == 3 and truth["seed"] == seed
        assert set(raw.annotations.description) == {c["finding"] for c in truth["claims"]}
        onsets = sorted(c["start_s"] for c in truth["claims"])
        assert sorted(raw.annotations.onset) == pytest.approx(onsets, abs=0.01)


def test_other_electrodes_can_be_asked_for(tmp_path: Path) -> None:
    names = "Fp1,Fp2,F3,F4,C3,C4,P3,P4,O1,O2,FC5,FC6,CP5,CP6,Oz"
    assert call("--n", 1, "--minutes", 0.5, "--out", tmp_path, "--channels", names).exit_code == 0
    raw = mne.io.read_raw_edf(tmp_path / "simulated_0000.edf", verbose=False)
    assert [name.removeprefix("EEG ") for name in raw.ch_names] == names.split(",")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--n", 0), "--n must be at least 1, got 0"),
        (("--n", 1, "--minutes", 0.1), "at least 10 s"),
        (("--n", 1, "--setting", "home"), "'home'"),
        (("--n", 1, "--channels", "Fp1,Q9"), "Q9"),
        (("--n", 1, "--channels", "Fp1,Fp1"), "twice"),
        (("--setting", "icu"), "--n"),
    ],
)
def test_what_cannot_be_made_is_one_line(tmp_path: Path, arguments, told: str) -> None:
    result = call(*arguments, "--out", tmp_path / "x")
    assert result.exit_code == 2
    assert told in result.stderr and result.stderr.count("\n") == 1


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    arguments = ("--n", 1, "--minutes", 0.5, "--out", tmp_path)
    assert call(*arguments).exit_code == 0
    before = (tmp_path / "simulated_0000.truth.json").read_bytes()
    assert call(*arguments).exit_code == 2
    assert (tmp_path / "simulated_0000.truth.json").read_bytes() == before
