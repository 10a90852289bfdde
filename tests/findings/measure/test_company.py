"""What belongs to a larger neighbour is not said again: tails, runs, chance differences, drifts."""

from __future__ import annotations

import numpy as np
import pytest
from planted import POSITIONS, field, judged, make_windows, noise, planted, pulses, wave

from neuronarrator_hf.findings.measure import WindowMeasurement, explain, measure_windows, slowing
from neuronarrator_hf.findings.measure.artifacts import _roughness
from neuronarrator_hf.findings.measure.block import SiteBlock
from neuronarrator_hf.findings.measure.periodic import Train, judge_periodic
from neuronarrator_hf.findings.measure.sharp import Transients, _joined
from neuronarrator_hf.findings.measure.transients import _is_regular, _polyspikes
from neuronarrator_hf.signal.montage import SITES_1020

BACK = field("O1") + field("O2")
SLOWING = ("generalized_theta_slowing", "generalized_delta_slowing")


def measure(eeg_uv: np.ndarray, age_years: float | None = None) -> WindowMeasurement:
    return measure_windows(make_windows(eeg_uv), age_years=age_years)[0]


def present(eeg_uv: np.ndarray) -> set[str]:
    return {finding for finding, claim in measure(eeg_uv).claims.items() if claim.is_present}


def falling(corner_hz: float, exponent: float, seed: int, n_rows: int) -> np.ndarray:
    """Noise above 0.7 Hz whose power falls as 1/f^exponent beyond a corner, `(n_rows, 2000)` of unit size."""
    freqs = np.fft.rfftfreq(2000, 1 / 200.0)
    gain = (freqs > 0.7) * (np.maximum(freqs, corner_hz) / corner_hz) ** (-exponent / 2)
    x = np.fft.irfft(np.fft.rfft(np.random.default_rng(seed).normal(size=(n_rows, 2000))) * gain, 2000)
    return x / x.std(axis=-1, keepdims=True)


def slow_waves(seed: int) -> np.ndarray:
    """Large delta of a few places whose tail is all the theta there is."""
    mixing = np.stack([field(site, 0.4) for site in ("F3", "F4", "P3", "P4", "Cz")], axis=1)
    quiet = noise(1, 0.5, seed, 1.0, 1.0001)
    return quiet + 40 * mixing @ falling(1.8, 3.2, seed, 5)


def test_the_tail_of_delta_is_no_theta(monkeypatch: pytest.MonkeyPatch) -> None:
    delta = slow_waves(1)
    assert present(delta) & set(SLOWING) == {"generalized_delta_slowing"}
    monkeypatch.setattr(slowing, "TAIL_FIELD", 2.0)
    assert "generalized_theta_slowing" in present(delta)


def test_theta_of_other_places_is_told_beside_delta() -> None:
    freqs = np.fft.rfftfreq(2000, 1 / 200.0)
    theta = np.fft.irfft(np.fft.rfft(falling(1.0, 0.0, 3, 19)) * ((freqs > 4.3) & (freqs < 7.7)), 2000)
    theta /= theta.std(axis=-1, keepdims=True)
    behind = np.stack([field(site, 0.3) for site in ("O1", "O2", "T7", "T8", "P7", "P8")], axis=1)
    assert set(SLOWING) <= present(slow_waves(1) + 8 * behind @ theta[:6])


def test_likeness_of_theta_and_delta_is_that_of_their_fields() -> None:
    one = np.outer(field("F3"), falling(1.0, 1.0, 4, 1)[0])[None]
    two = np.outer(field("F3", 0.1), wave(2.0, 1))[None] + np.outer(field("O2", 0.1), wave(6.0, 2))[None]
    block = SiteBlock(20 * np.concatenate([one, two]), np.ones((2, 19), bool), 200.0)
    alike, apart = slowing._likeness_to_delta(block)
    assert alike > 0.99 and apart < 0.4


def test_a_rhythm_below_6_hz_is_the_posterior_rhythm_of_infants_alone() -> None:
    eeg = planted(25 * BACK, wave(5.3, 1), 3).eeg_uv
    claim = "posterior_dominant_rhythm"
    assert not measure(eeg).claims[claim].is_present
    assert not measure(eeg, age_years=30.0).claims[claim].is_present
    assert measure(eeg, age_years=2.5).claims[claim].is_present
    assert measure(planted(25 * BACK, wave(6.6, 1), 3).eeg_uv).claims[claim].is_present


def test_drifts_of_each_amplifier_alone_are_no_slowing() -> None:
    brown = 20 * falling(0.7, 2.0, 5, 19)[None]
    assert {measure(brown).claims[f].polarity for f in SLOWING} == {"not_assessed"}
    near = np.linalg.cholesky(np.exp(-(1 - POSITIONS @ POSITIONS.T) / 0.5) + 1e-6 * np.eye(19))
    assert measure(near @ brown).claims["generalized_delta_slowing"].is_present


def explained(margins: dict[str, float], **evidence: float) -> dict[str, float]:
    """Margins after patterns have explained each other, of what is told and what is not."""
    judgements = judged(1, **({"suppressed_share": 0.0, "quiet_uv": 20.0} | evidence))
    for judgement in judgements:
        judgement.margin = np.array([margins.get(judgement.finding, -8.0)])
    explain.explain_by_patterns(judgements)
    return {j.finding: float(j.margin[0]) for j in judgements}


@pytest.mark.parametrize("rhythm", ["lrda", "grda"])
def test_pauses_between_runs_of_rhythmic_delta_are_no_attenuations(rhythm: str) -> None:
    assert explained({"brief_attenuation": 2.0})["brief_attenuation"] == 2.0
    assert explained({"brief_attenuation": 2.0, rhythm: 1.0})["brief_attenuation"] < 0
    suppressed = explained({"brief_attenuation": 2.0, rhythm: 1.0}, suppressed_share=0.3)
    assert suppressed["brief_attenuation"] == 2.0


def test_the_background_between_discharges_is_attenuated_where_it_is_low() -> None:
    told = {"brief_attenuation": 2.0, "gpd": 1.0}
    assert explained(told, quiet_uv=10.0)["brief_attenuation"] == 2.0
    assert explained(told, quiet_uv=13.0)["brief_attenuation"] < 0


def test_a_focus_stands_out_of_generalized_slowing() -> None:
    slow = {"generalized_delta_slowing": 4.0}
    assert explained({"focal_slowing": 1.0})["focal_slowing"] == 1.0
    assert explained({"focal_slowing": 1.0} | slow)["focal_slowing"] < 0
    assert explained({"focal_slowing": 2.0} | slow)["focal_slowing"] == 2.0
    assert explained({"focal_slowing": 2.0, "grda": 1.0})["focal_slowing"] < 0
    assert explained({"focal_slowing": 1.0, "generalized_theta_slowing": 0.5})["focal_slowing"] < 0


def test_a_focus_is_one_field() -> None:
    assert explained({"focal_slowing": 1.0}, delta_field_share=0.4)["focal_slowing"] == pytest.approx(-0.2)


def test_theta_that_is_larger_on_one_side_is_no_asymmetry() -> None:
    theta = {"generalized_theta_slowing": 2.0}
    assert explained({"asymmetry": 2.0})["asymmetry"] == 2.0
    assert explained({"asymmetry": 2.0} | theta)["asymmetry"] < 0
    assert explained({"asymmetry": 3.0} | theta)["asymmetry"] == 3.0


def test_alike_waves_at_even_intervals_are_no_rhythm(monkeypatch: pytest.MonkeyPatch) -> None:
    times = np.arange(0.5, 9.5, 0.8) + np.random.default_rng(9).normal(0, 0.05, 12)
    eeg = planted(70 * field("F3", 0.4), pulses(times, 0.11), 10).eeg_uv
    assert "lrda" not in present(eeg)
    monkeypatch.setattr(explain, "SEQUENCES", {})
    assert "lrda" in present(eeg)


def moment(seed: int, weights: np.ndarray) -> np.ndarray:
    """Two seconds of slow swings with muscle on a healthy background, seen through `weights`."""
    gate = np.exp(-(((np.arange(2000) / 200.0 - 5.0) / 0.9) ** 2))
    swings = 60 * weights @ np.stack([wave(f, i) for i, f in enumerate(np.linspace(0.9, 2.4, 19))])
    muscle = np.random.default_rng(seed).normal(0, 12, (19, 2000))
    quiet = noise(1, 1.2, seed, 6.0, 6.0001) + (20 * BACK)[None, :, None] * wave(10.0, seed)
    return quiet + gate * (swings + muscle)


def test_movement_moves_each_electrode_by_itself() -> None:
    smooth = np.stack([field(site, 0.6) for site in SITES_1020], axis=1)
    assert "movement_artifact" in present(moment(11, 0.6 * np.eye(19)))
    assert "movement_artifact" not in present(moment(11, 0.43 * smooth))  # larger, and as one piece


def test_roughness_is_that_of_neighbouring_electrodes() -> None:
    waves = np.random.default_rng(12).normal(size=(19, 100))
    smooth = np.stack([field(site, 0.6) for site in SITES_1020], axis=1) @ waves
    every, few = np.ones((1, 19), bool), np.zeros((1, 19), bool)
    few[0, :3] = True
    assert _roughness(waves[None], every)[0] > 0.9 > 0.4 > _roughness(smooth[None], every)[0]
    assert _roughness(waves[None], few)[0] == 0.0


def test_one_noisy_electrode_is_told_and_a_muscle_is_not() -> None:
    freqs = np.fft.rfftfreq(2000, 1 / 200.0)
    spectrum = np.fft.rfft(np.random.default_rng(13).normal(size=(2, 2000)))
    white, muscle = (
        np.fft.irfft(spectrum[i] * ((freqs > low_hz) & (freqs < 70)), 2000) for i, low_hz in ((0, 4), (1, 22))
    )
    quiet = noise(1, 1.7, 14, 10.0, 10.0001)
    site = np.eye(19)[SITES_1020.index("T7")]
    noisy = measure(quiet + site[None, :, None] * 16 * white / white.std())
    assert noisy.claims["electrode_artifact"].is_present
    assert noisy.claims["electrode_artifact"].side == "left"
    tense = quiet + site[None, :, None] * 16 * muscle / muscle.std()
    assert "electrode_artifact" not in present(tense)


def transients(times_s: list[float], clarity: list[float], *, is_wave: bool) -> Transients:
    n = len(times_s)
    return Transients(
        np.array(times_s), np.zeros(n, int), np.full(n, 6), np.array(clarity), np.full(n, 9.0),
        np.full(n, 80.0), np.zeros(n, bool), np.full(n, is_wave), np.ones(n),
    )  # fmt: skip


def test_of_a_spike_and_a_sharp_wave_at_one_time_the_clearer_stays() -> None:
    spikes = transients([1.0, 3.0, 5.0], [0.5, -0.8, 0.2], is_wave=False)
    waves = transients([1.03, 3.05, 7.0], [0.1, 0.9, 0.3], is_wave=True)
    joined = _joined(spikes, waves)
    assert joined.times_s.tolist() == [1.0, 3.05, 5.0, 7.0]
    assert joined.is_wave.tolist() == [False, True, False, True]


@pytest.mark.parametrize("quiet", ["brief_attenuation", "discontinuity"])
def test_sharp_edges_of_quiet_stretches_are_no_spikes(quiet: str) -> None:
    assert explained({"spikes": 0.5})["spikes"] == 0.5
    assert explained({"spikes": 0.5, quiet: 1.0})["spikes"] < 0
    assert explained({"spikes": 1.5, quiet: 1.0})["spikes"] == 1.5


def test_a_group_of_spikes_has_three_members_and_one_that_is_nearly_clear() -> None:
    group = transients([1.0, 1.08, 4.0], [0.5, -0.2, -0.9], is_wave=False)
    group.members[:] = [2, 3, 4]
    margin, members = _polyspikes(group)
    assert margin == pytest.approx(0.1) and members == 3
    group.members[1] = 2
    assert _polyspikes(group)[0] < 0


def test_spikes_of_a_group_are_no_heartbeat() -> None:
    beats = transients(np.arange(1.0, 9.0, 0.8).tolist(), [0.5] * 10, is_wave=False)
    assert _is_regular(beats)
    groups = transients([t + 0.08 * k for t in (1.0, 4.0, 7.0) for k in range(6)], [0.5] * 18, is_wave=False)
    assert not _is_regular(groups)


def test_harmonics_of_rhythmic_delta_are_no_theta() -> None:
    rhythm = {"grda": 1.0}
    assert explained({"generalized_theta_slowing": 1.0})["generalized_theta_slowing"] == 1.0
    assert explained({"generalized_theta_slowing": 1.0} | rhythm)["generalized_theta_slowing"] < 0
    assert explained({"generalized_theta_slowing": 2.0} | rhythm)["generalized_theta_slowing"] == 2.0


@pytest.mark.parametrize(("contrast", "told"), [(2.2, False), (4.0, True)])
def test_two_trains_beside_alpha_stand_out_of_it(contrast: float, told: bool) -> None:
    left = Train(np.arange(0.5, 9.5, 1.0), contrast=contrast, laterality=1.0, margin=1.0, rate_hz=1.0)
    right = Train(np.arange(0.9, 9.5, 1.37), contrast=contrast, laterality=-1.0, margin=1.0, rate_hz=0.7)
    trains = [{"left": left, "right": right, "both": Train()}] * 2
    block = SiteBlock(noise(2, 1.2, 15), np.ones((2, 19), bool), 200.0)
    judgements, _ = judge_periodic(block, trains, np.array([-1.0, 1.0]))  # a rhythm in the second alone
    margin = next(j.margin for j in judgements if j.finding == "bipd")
    assert margin[0] > 0 and (margin[1] > 0) == told


def test_theta_of_one_generator_gives_way_to_what_tells_it_and_stays_where_nothing_does() -> None:
    one = {"ictal_field_share": 0.9, "posterior_peak_hz": 10.0}
    theta = {"generalized_theta_slowing": 2.0}
    assert explained(theta, **one)["generalized_theta_slowing"] == 2.0
    focus = explained(theta | {"focal_slowing": 0.5}, **one)
    assert focus["generalized_theta_slowing"] < 0 < focus["focal_slowing"]
    seizure = explained(theta | {"electrographic_seizure": 0.4}, **one)
    assert seizure["generalized_theta_slowing"] < 0
    of_the_head = explained(theta | {"focal_slowing": 0.5}, **(one | {"ictal_field_share": 0.5}))
    assert of_the_head["focal_slowing"] < 0 < of_the_head["generalized_theta_slowing"]


def test_fast_activity_of_a_seizure_is_part_of_it() -> None:
    assert explained({"beta_activity": 2.0})["beta_activity"] == 2.0
    assert explained({"beta_activity": 2.0, "electrographic_seizure": 1.0})["beta_activity"] < 0


def test_quiet_stretches_that_are_explained_have_no_edges() -> None:
    group = {"polyspikes": 1.0, "brief_attenuation": 2.0}
    assert explained(group)["polyspikes"] < 0
    assert explained(group | {"spike_and_wave": 1.0})["polyspikes"] == 1.0
