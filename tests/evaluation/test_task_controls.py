"""A whole run with a network: every route, the controls and their verdicts, files and comparison."""

from __future__ import annotations

import json

import numpy as np
import planted_layouts as layouts
import pytest
from tiny_model import save_tiny
from typer.testing import CliRunner

from neuronarrator_hf.cli import app
from neuronarrator_hf.evaluation import run
from neuronarrator_hf.evaluation.controls import CONTROLS
from neuronarrator_hf.evaluation.task_controls import transformed, verdict_of
from neuronarrator_hf.signal.montage import SITES_1020, electrode_positions
from neuronarrator_hf.signal.windows import EEGWindows


def test_verdicts_by_hand():
    truth = np.array([0] * 30 + [1] * 30)  # chance 0.5; standard error sqrt(2 * 0.25 / 30) / 2 = 0.065
    allowed = 0.5 + 1.6448536 * np.sqrt(0.5 / 30) / 2
    assert verdict_of(0.7, 0.9, truth) == {"value": 0.7, "allowed": pytest.approx(allowed), "verdict": "held"}
    assert verdict_of(0.5, 0.9, truth)["verdict"] == "collapsed"
    assert verdict_of(0.5, 0.55, truth)["verdict"] == "inconclusive"
    assert verdict_of(0.9, 0.9, truth, judged=False)["verdict"] == "not judged"
    assert verdict_of(0.0, 1.0, np.zeros(9, int))["verdict"] == "not judged"  # one class alone


def test_masked_channels_stay_masked_and_travel_with_a_permutation():
    eeg_uv = np.random.default_rng(0).standard_normal((1, 19, 2000)).astype(np.float32) * 20
    mask = np.ones((1, 19), bool)
    mask[0, 3], eeg_uv[0, 3] = False, 0
    block = EEGWindows(
        eeg_uv, SITES_1020, electrode_positions(SITES_1020), np.zeros(1), mask, np.ones((1, 2000), bool)
    )
    for control in CONTROLS:
        if control.name == "other_patient":
            continue
        changed = transformed(block, control, np.random.default_rng(1))
        if control.name == "flat":
            assert not changed.channel_mask.any()
        else:
            assert changed.channel_mask.sum() == 18
            assert (np.abs(changed.eeg_uv).max(-1) > 0).sum() == 18
        if control.name in ("white_noise", "time_shuffled"):
            assert not changed.channel_mask[0, 3]


def test_noise_keeps_no_amplitude_where_it_could_tell_the_class():
    eeg_uv = np.random.default_rng(0).standard_normal((2, 19, 2000)).astype(np.float32)
    eeg_uv *= np.array([5.0, 80.0], np.float32)[:, None, None]
    block = EEGWindows(
        eeg_uv, SITES_1020, electrode_positions(SITES_1020), np.arange(2) * 10.0, np.ones((2, 19), bool),
        np.ones((2, 2000), bool),
    )  # fmt: skip
    for control in CONTROLS:
        if control.name in ("white_noise", "pink_noise", "time_shuffled"):
            changed = transformed(block, control, np.random.default_rng(1), levelled=True)
            assert changed.eeg_uv.std(-1) == pytest.approx(np.full((2, 19), 20.0), rel=0.01)
        elif control.name == "channels_permuted":
            changed = transformed(block, control, np.random.default_rng(1), levelled=True)
            assert changed.eeg_uv[1].std() > 10 * changed.eeg_uv[0].std()


@pytest.mark.slow
def test_a_whole_run_with_a_network(tmp_path):
    model = save_tiny(tmp_path / "model")
    root = layouts.eegmmidb(tmp_path / "data", seconds=20)
    result = run(
        "eegmmidb", root=root, model=model, out=tmp_path / "out", also=("likelihood", "prototype", "probe"),
        seed=1,
    )  # fmt: skip
    routes = result["routes"]
    assert set(routes) == {
        "prior", "network", "measurements", "combined", "text, claims", "text, likelihood", "prototype",
        "band power, regression", "embedding, regression",
    }  # fmt: skip
    assert all(r["segments"]["n"] == 8 for r in routes.values())
    assert routes["band power, regression"]["segments"]["balanced_accuracy"] == pytest.approx(0.75)
    controls = result["controls"]
    assert controls["real"]["band power, regression"] == pytest.approx(0.75)
    for name in ("white_noise", "time_shuffled", "flat"):
        assert controls[name]["band power, regression"]["verdict"] != "held"
    assert controls["channels_permuted"]["band power, regression"]["verdict"] == "not judged"
    assert "aligned space" in result["missing"]  # the tiny model has no projection beside it
    run_part = result["run"]
    assert run_part["model"]["revision"] and run_part["seed"] == 1 and run_part["versions"]["torch"]
    table = (tmp_path / "out" / "eegmmidb.md").read_text()
    assert "control: white noise" in table and "risk-coverage area" in table

    stored = tmp_path / "out" / "eegmmidb.json"
    assert json.loads(stored.read_text())["data_digest"] == result["data_digest"]
    same = CliRunner().invoke(app, ["evaluate", "--compare", str(stored), str(stored)])
    assert same.exit_code == 0 and "+0.000" in same.output and "Not the same" not in same.output
    other = tmp_path / "other.json"
    changed = json.loads(stored.read_text())
    changed["run"]["seed"] = 2
    scores = changed["routes"]["prior"]["segments"]
    scores["accuracy"], scores["interval_95"]["accuracy"] = 0.99, [0.98, 1.0]
    other.write_text(json.dumps(changed))
    told = CliRunner().invoke(app, ["evaluate", "--compare", str(stored), str(other)])
    assert "Not the same in both runs: seed." in told.output
    (row,) = [line for line in told.output.splitlines() if "prior > segments > accuracy" in line]
    assert row.endswith("| +0.490 | yes |")


def test_without_the_extra(monkeypatch, tmp_path):
    monkeypatch.setattr("neuronarrator_hf.evaluation.benchmarks.find_spec", lambda name: None)
    with pytest.raises(
        ValueError, match=r"needs sklearn, timescoring; run: pip install 'neuronarrator_hf\[eval\]'"
    ):
        run("tusz", root=tmp_path, model="measured")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--benchmark", "tuab"], "needs --root"),
        (["--benchmark", "nothing"], "there are simulated, icu-pages, awake, tuab"),
        (["--benchmark", "tuab", "--root", "nowhere", "--model", "measured"], "there is no such folder"),
        (["--benchmark", "tuab", "--root", ".", "--model", "measured", "--also", "guess"], "no route guess"),
        (["--history", "long"], "history must be one of ssm, prompt, none"),
        (["--compare", "a.json", "b.json"], "a.json"),
    ],
)
def test_arguments_that_cannot_be_used(arguments, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["evaluate", *arguments])
    assert result.exit_code == 2
    assert told in result.stderr and len(result.stderr.strip().splitlines()) == 1
