"""Scenarios: whole recordings with their truth, written as EDF+ and JSON."""

import json

import numpy as np
import pytest

from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.recording.reading import read_recording
from neuronarrator_hf.signal.filtering import FilterChain
from neuronarrator_hf.simulation.config import SimulationConfig
from neuronarrator_hf.simulation.device import record, through_device
from neuronarrator_hf.simulation.render import PAD_N_TIMES, Backend
from neuronarrator_hf.simulation.render import render as render_sources
from neuronarrator_hf.simulation.scenario import Scenario, example_scenario, render, write_scenarios
from neuronarrator_hf.simulation.script import compose


def test_scenario_is_drawn_and_rendered_from_its_seed():
    scenario = Scenario.draw(4, 7.5, setting="icu")
    assert scenario == Scenario.draw(4, 7.5, setting="icu")
    assert scenario.duration_s == 450
    first, again = render(scenario), render(scenario)
    np.testing.assert_array_equal(first.eeg_uv, again.eeg_uv)
    assert first.window_claims == again.window_claims
    assert first.eeg_uv.shape == (19, round(450 * first.sfreq))
    assert len(first.window_claims) == 45
    assert [c.start_s for c in first.window_claims[3]] == [30.0] * len(first.window_claims[3])
    assert all(0 <= c.start_s < c.end_s <= 451 for c in first.claims)


def test_acts_join_without_a_step():
    simulated = render(Scenario.draw(2, 12, setting="routine", sfreq=200.0))
    assert len(simulated.scenario.acts) > 1
    at = 0
    for act in simulated.scenario.acts[:-1]:
        at += act.n_windows * 2000
        steps = np.abs(np.diff(simulated.eeg_uv[:, at - 2 : at + 2], axis=1)).max(1)
        usual = np.percentile(np.abs(np.diff(simulated.eeg_uv, axis=1)), 99.9, axis=1)
        assert (steps <= 3 * usual + 5).all()


def test_example_tells_a_story():
    simulated = render(example_scenario(0))
    stated = [{c.finding for c in window if c.is_present} for window in simulated.window_claims]
    assert sum("posterior_dominant_rhythm" in s for s in stated) >= 3
    assert sum("electrographic_seizure" in s for s in stated) >= 3
    assert "electrographic_seizure" not in stated[0]
    seizure = next(c for w in simulated.window_claims for c in w if c.finding == "electrographic_seizure")
    assert seizure.side == "left" and seizure.change.direction == "new"


def test_files_hold_the_recording_and_its_truth(tmp_path):
    paths = write_scenarios(tmp_path, 2, 1.0, 7)
    assert [p.name for p in paths] == ["simulated_0007.edf", "simulated_0008.edf"]
    truth = json.loads(paths[0].with_suffix(".truth.json").read_text())
    assert truth["schema"] == "neuronarrator.simulation/1"
    assert len(truth["windows"]) == 6
    claims = [Claim.from_dict(c) for window in truth["windows"] for c in window]
    assert {"normal", "abnormal"} & {c.finding for c in claims}
    with read_recording(paths[0]) as recording:
        assert recording.duration_s == pytest.approx(60.0)
        samples = recording.read_uv(0, recording.n_times)
    expected = render(Scenario.draw(7, 1.0)).eeg_uv
    step = np.ptp(expected, axis=1).max() / 2**15
    assert np.abs(samples[:, : expected.shape[1]] - expected).max() < 2 * step + 0.05


def test_windows_of_a_batch_are_what_the_chain_makes_of_the_recording():
    config = SimulationConfig(dead_channels=0.0)
    sheet = compose(np.random.default_rng(3), 2, config, "normal")
    sheet.device.update(filters=(0.0, 1e4), lsb_uv=0.0, floor_uv=0.0)
    potential = render_sources([sheet], Backend(np, 1))
    raw = record(potential.copy(), [sheet.device], Backend(np, 2), chain=False)[0]
    windows = through_device(potential.copy(), [sheet], Backend(np, 2))[0]
    chained = FilterChain(200.0).apply(raw, 0, PAD_N_TIMES, PAD_N_TIMES + 4000)
    together = windows.transpose(1, 0, 2).reshape(19, -1)
    assert np.abs(together - chained).max() < 0.05 * np.abs(chained).std()


def test_too_short_or_unknown_is_refused():
    with pytest.raises(ValueError, match="at least 10 s"):
        Scenario.draw(1, 0.01)
    with pytest.raises(ValueError, match="setting"):
        Scenario.draw(1, 1, setting="cinema")
