"""Truth follows what can be seen, and other montages follow the head model."""

import numpy as np
import pytest

from neuronarrator_hf.signal.montage import SITES_1020, electrode_positions
from neuronarrator_hf.simulation import artifacts, background, discharges, maps, seizures, slowing
from neuronarrator_hf.simulation.head import lead_field, site_positions
from neuronarrator_hf.simulation.scenario import Act, Scenario, render
from neuronarrator_hf.simulation.sheet import Episode, Sheet
from neuronarrator_hf.simulation.truth import window_claims
from neuronarrator_hf.simulation.visibility import clearness


def sheet_with(make, seed=0, rms_uv=5.0, n_windows=2):
    sheet = Sheet(np.random.default_rng(seed), n_windows)
    background.aperiodic(sheet, rms_uv, exponent=1.4, knee_hz=1.5, fast_uv=0.3)
    make(sheet)
    return sheet


def told(sheet):
    return [{c.finding for c in window} for window in window_claims(sheet)]


def test_spikes_are_told_in_quiet_and_not_under_muscle():
    def calm(sheet):
        discharges.spikes(sheet, sheet.always(), site="T7")

    def covered(sheet):
        calm(sheet)
        artifacts.muscles(sheet, 80.0, sheet.always(), side="left")

    n_calm = sum("spikes" in w for seed in range(8) for w in told(sheet_with(calm, seed)))
    n_covered = sum("spikes" in w for seed in range(8) for w in told(sheet_with(covered, seed)))
    assert n_calm >= 12
    assert n_covered <= n_calm / 3


def test_a_focus_is_told_from_some_size_on():
    def focus(size):
        return lambda s: slowing.focal_slowing(s, s.always(), site="F8", size=size)

    assert all("focal_slowing" in w for w in told(sheet_with(focus(4.0))))
    assert not any("focal_slowing" in w for w in told(sheet_with(focus(0.3))))


def test_slowing_is_lost_under_what_is_much_larger():
    def make(sheet):
        slowing.generalized_slowing(sheet, sheet.always(), 5.0, theta=1.0, delta=12.0)

    assert not any("generalized_theta_slowing" in w for w in told(sheet_with(make)))
    assert all("generalized_delta_slowing" in w for w in told(sheet_with(make)))


def test_clearness_is_the_ratio_of_amplitudes():
    def make(sheet):
        slowing.focal_slowing(sheet, sheet.always(), site="T7", size=4.0)

    one, twice = sheet_with(make, rms_uv=5.0), sheet_with(make, rms_uv=5.0)
    own = twice.truth[-1].made_of[0]
    twice.noise = [(s, shape, rms * (2.0 if s in own else 1.0)) for s, shape, rms in twice.noise]
    ratio = clearness(twice, twice.truth[-1]) / clearness(one, one.truth[-1])
    assert np.median(ratio) == pytest.approx(2.0, rel=0.02)


def test_polyspikes_are_spikes_too():
    sheet = sheet_with(lambda s: discharges.polyspikes(s, s.always(), site="F3"), seed=3)
    for window in told(sheet):
        assert ("polyspikes" in window) == ("spikes" in window)
    assert any("polyspikes" in window for window in told(sheet))


def test_no_state_is_told_during_a_seizure():
    def make(sheet):
        background.posterior_rhythm(sheet, 10.0, 40.0, sheet.always())
        sheet.truth.append(Episode("eyes_closed", sheet.always(), min_share=0.75))
        seizures.focal_seizure(sheet, site="T7", times=(-1.0, 21.0))

    assert not any("eyes_closed" in window for window in told(sheet_with(make)))


@pytest.mark.parametrize(("frequency", "summary"), [(6.5, "abnormal"), (10.0, "normal")])
def test_a_slow_posterior_rhythm_is_not_normal(frequency, summary):
    sheet = sheet_with(lambda s: background.posterior_rhythm(s, frequency, 50.0, s.always()))
    assert all(summary in window for window in told(sheet))


def test_other_montages_follow_the_head_model():
    names = ("AF3", "FC5", "FC6", "CP5", "CP6", "PO7", "PO8", "FCz", "CPz", "C1", "C2", "P5", "TP7", "FT8")
    directions, _ = maps._cortex()
    rng = np.random.default_rng(0)
    matrix = maps.to_montage(names)
    for _ in range(20):
        centre = directions[rng.integers(len(directions) * 6 // 10)]
        weights = np.exp(-(1 - directions @ centre) / 0.5**2)
        currents = (directions + 0.3 * rng.standard_normal(3)) * weights[:, None]
        true, sites = (
            np.einsum("ij,ijk->k", currents, lead_field(directions * maps.CORTEX_RADIUS, p))
            for p in (electrode_positions(names).astype(float), site_positions())
        )
        assert np.linalg.norm(matrix @ sites - true) < 0.15 * np.linalg.norm(true)
    assert np.abs(maps.to_montage(SITES_1020) - np.eye(19)).max() < 1e-4


def test_a_recording_of_another_montage_agrees_at_the_shared_electrodes():
    scenario = Scenario(3, 40.0, "routine", (Act("normal", 2),), 200.0)
    plain = render(scenario)
    names = ("Oz", *SITES_1020, "FC1", "PO8")
    dense = render(scenario, ch_names=names)
    assert dense.eeg_uv.shape == (22, plain.eeg_uv.shape[1]) and dense.ch_names == names
    assert dense.window_claims == plain.window_claims
    shared = dense.eeg_uv[1:20]
    living = plain.eeg_uv.std(axis=1) > 2.0
    matches = [np.corrcoef(a, b)[0, 1] for a, b in zip(shared[living], plain.eeg_uv[living], strict=True)]
    assert min(matches) > 0.95
    with pytest.raises(ValueError, match="XX9"):
        render(scenario, ch_names=("Fp1", "XX9"))
