"""Sharp transients behind the filter of their field, and what is sharp without being one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from planted import POSITIONS, TIME_S, field, make_windows, noise, pulses, wave

from neuronarrator_hf.findings.measure import measure_windows, sharp, sleep, transients
from neuronarrator_hf.findings.measure.block import SiteBlock
from neuronarrator_hf.findings.measure.sharp import PATCHES, SharpEvents, find_transients
from neuronarrator_hf.findings.measure.spatial_filter import minimum_variance, patch_field
from neuronarrator_hf.findings.measure.transients import judge_transients
from neuronarrator_hf.signal.montage import SITES_1020
from neuronarrator_hf.simulation.maps import generalized

BACK = field("O1", 0.7) + field("O2", 0.7)
PATCH = field("F8", 0.15)
TIMES = np.array([2.1, 4.6, 7.3])


def quiet(seed: int = 3, rms_uv: float = 5.0) -> np.ndarray:
    return noise(1, 1.2, seed, rms_uv, rms_uv + 1e-6)[0]


def alpha(rms_uv: float = 30.0) -> np.ndarray:
    """A posterior rhythm that reaches the front against the average."""
    return rms_uv * BACK[:, None] * wave(10.0, 5)


def lobes(times_s: np.ndarray, sigma_s: float) -> np.ndarray:
    """Negative sharp waves with a slower wave of the same sign behind them."""
    x = np.zeros(len(TIME_S))
    for time in times_s:
        x -= np.exp(-0.5 * ((TIME_S - time) / sigma_s) ** 2)
        x -= 0.35 * np.exp(-0.5 * ((TIME_S - time - 7 * sigma_s) / (2.5 * sigma_s)) ** 2)
    return x


def present(eeg_uv: np.ndarray) -> set[str]:
    claims = measure_windows(make_windows(eeg_uv[None]))[0].claims
    return {finding for finding, claim in claims.items() if claim.is_present}


def events(eeg_uv: np.ndarray) -> SharpEvents:
    return find_transients(SiteBlock(eeg_uv[None], np.ones((1, 19), bool), 200.0))


def clearest(eeg_uv: np.ndarray) -> float:
    found = events(eeg_uv).all[0]
    return float(found.clarity.max()) if len(found.z) else -9.0


def test_a_filter_passes_its_field_and_suppresses_the_background() -> None:
    fields = patch_field("C4", width_deg=28.0)[None]
    x = (quiet() + alpha())[None, :, ::2].astype(np.float32)
    found = minimum_variance(x, np.ones((1, 19), bool), fields, ordinary=4.0, loading=0.1)
    assert found.weights[0, 0] @ fields[0] == pytest.approx(1.0, abs=1e-3)
    blind = minimum_variance(x, np.ones((1, 19), bool), fields, ordinary=4.0, loading=1e6)
    assert blind.background_uv[0, 0] > 2 * found.background_uv[0, 0]


def test_a_filter_leaves_masked_sites_out() -> None:
    mask = np.ones((1, 19), bool)
    mask[0, 4] = False
    x = quiet()[None].astype(np.float32) * mask[..., None]
    found = minimum_variance(x, mask, PATCHES, ordinary=4.0, loading=0.1)
    assert np.abs(found.weights[0, :, 4]).max() < 1e-6 and np.isfinite(found.weights).all()


def test_a_sharp_wave_stands_out_of_a_posterior_rhythm(monkeypatch: pytest.MonkeyPatch) -> None:
    eeg = quiet() + alpha() + 110 * PATCH[:, None] * lobes(TIMES, 0.02)
    assert "spikes" in present(eeg)
    assert clearest(quiet() + alpha()) < 0
    blind = lambda x, mask, fields, **_: minimum_variance(x, mask, fields, ordinary=4.0, loading=1e6)  # noqa: E731
    seen = clearest(eeg)
    monkeypatch.setattr(sharp, "minimum_variance", blind)
    assert clearest(eeg) < seen - 1.0


def test_an_opposite_pole_on_the_mirrored_site_is_the_eyes(monkeypatch: pytest.MonkeyPatch) -> None:
    eyes = field("F8", 0.15) - 0.9 * field("F7", 0.15)
    eeg = quiet() + 110 * eyes[:, None] * lobes(TIMES, 0.035)
    assert clearest(eeg) < 0
    monkeypatch.setattr(sharp, "MIRROR", -2.0)
    assert clearest(eeg) > 0


def test_what_one_electrode_sees_is_no_spike(monkeypatch: pytest.MonkeyPatch) -> None:
    one = np.eye(19)[SITES_1020.index("C4")]
    eeg = quiet() + 140 * one[:, None] * lobes(TIMES, 0.02)
    assert clearest(eeg) < 0
    monkeypatch.setattr(sharp, "SECOND_SITE", -1.0)
    assert clearest(eeg) > 0


def test_what_is_as_narrow_as_the_filter_is_a_motor_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    eeg = quiet() + 260 * field("F8", 0.2)[:, None] * lobes(TIMES, 0.004)
    assert clearest(eeg) < 0
    monkeypatch.setattr(sharp, "MIN_DURATION_S", 0.0)
    assert clearest(eeg) > 0


def test_blinks_are_largest_at_the_poles(monkeypatch: pytest.MonkeyPatch) -> None:
    poles = np.exp(-(1 - POSITIONS @ POSITIONS[:2].mean(axis=0)) / 0.12)
    eeg = quiet() + 160 * poles[:, None] / poles.max() * lobes(TIMES, 0.035)
    assert clearest(eeg) < 0
    monkeypatch.setattr(sharp, "FRONTOPOLAR", 2.0)
    assert clearest(eeg) > 0


@pytest.mark.parametrize(("sigma_s", "clear"), [(0.01, True), (0.035, False)])
def test_at_the_vertex_only_what_is_brief_is_a_spike(sigma_s: float, clear: bool) -> None:
    eeg = quiet() + 160 * field("Cz", 0.3)[:, None] * lobes(TIMES, sigma_s)
    assert (clearest(eeg) > 0) == clear


@pytest.mark.parametrize(("n", "told"), [(2, False), (5, True)])
def test_polyspikes_are_three_and_more(n: int, told: bool) -> None:
    group = np.concatenate([time + 0.07 * np.arange(n) for time in (2.1, 6.4)])
    eeg = quiet() + 110 * (field("F3", 0.3) + field("F4", 0.3))[:, None] * lobes(group, 0.009)
    assert ("polyspikes" in present(eeg)) == told
    assert events(eeg).spikes[0].members.max() == n


def test_spikes_of_a_periodic_train_are_not_said_again() -> None:
    block = SiteBlock(
        np.stack([quiet() + 110 * PATCH[:, None] * lobes(TIMES, 0.02)] * 2), np.ones((2, 19), bool), 200.0
    )
    judgements, _ = judge_transients(
        block, find_transients(block), np.array([-1.0, 1.0]), np.array([2.0, 2.0])
    )
    spikes = judgements[0]
    assert spikes.margin[0] > 0 > spikes.margin[1]


def test_spike_and_wave_is_told_beside_a_posterior_rhythm(monkeypatch: pytest.MonkeyPatch) -> None:
    front = generalized(np.random.default_rng(0), 0.75)
    run = TIME_S[(TIME_S > 3.0) & (TIME_S < 5.1)]
    beats = np.arange(run[0], run[-1], 1 / 3.2)
    spikes = sum(np.exp(-0.5 * ((TIME_S - t) / 0.012) ** 2) for t in beats)
    waves = sum(np.exp(-0.5 * ((TIME_S - t - 0.17) / 0.055) ** 2) for t in beats)
    eeg = quiet() + alpha(25.0) - 110 * front[:, None] * (spikes + 0.7 * waves)
    assert "spike_and_wave" in present(eeg)
    monkeypatch.setattr(transients, "FOLLOWED", 2.0)
    block = SiteBlock(eeg[None], np.ones((1, 19), bool), 200.0)
    spikiness = find_transients(block).spikiness
    assert transients._spike_wave_runs(block, spikiness)[0][0] < 0


def spindles(size_uv: float) -> np.ndarray:
    shape = sum(np.exp(-0.5 * ((TIME_S - t) / 0.35) ** 2) for t in (2.0, 5.2, 8.1))
    central = sum(field(site, 0.35) for site in ("C3", "C4", "F3", "F4"))
    return size_uv * central[:, None] / central.max() * shape * np.sin(2 * np.pi * 13.2 * TIME_S)


def test_spindles_are_told_on_slow_waves(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = 70 * generalized(np.random.default_rng(0), 0.6)[:, None] * wave(0.9, 4)
    assert "sleep_spindles" in present(quiet(rms_uv=4.0) + slow + spindles(15.0))
    monkeypatch.setattr(sleep, "BESIDE_SPINDLE_HZ", (0.5, 30.0))
    assert "sleep_spindles" not in present(quiet(rms_uv=4.0) + slow + spindles(15.0))


def test_a_burst_of_everything_is_no_spindle(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(8)
    shape = sum(np.exp(-0.5 * ((TIME_S - t) / 0.35) ** 2) for t in (2.0, 5.2, 8.1))
    tense = quiet(rms_uv=4.0) + spindles(15.0) + 5 * shape * rng.normal(size=(19, len(TIME_S)))
    assert "sleep_spindles" not in present(tense)
    monkeypatch.setattr(sleep, "FAST_RISE", 100.0)
    assert "sleep_spindles" in present(tense)


def test_nothing_of_that_size_is_a_spindle(monkeypatch: pytest.MonkeyPatch) -> None:
    eeg = quiet(rms_uv=4.0) + spindles(120.0)
    assert "sleep_spindles" not in present(eeg)
    monkeypatch.setattr(sleep, "SPINDLE_UV", (9.0, 1000.0))
    assert "sleep_spindles" in present(eeg)


def test_a_vertex_wave_stands_out_of_theta_of_other_places() -> None:
    places = ("P3", "P4", "F3", "F4", "T7", "T8")
    theta = sum(25 * field(site, 0.5)[:, None] * wave(5.5, seed) for seed, site in enumerate(places))
    vertex = -90 * field("Cz", 0.25)[:, None] * pulses(np.array([2.9, 6.2]), 0.05)
    block = SiteBlock((quiet(rms_uv=4.0) + theta + vertex)[None], np.ones((1, 19), bool), 200.0)
    kind = sleep._WAVES["vertex_waves"]
    plain, _ = sleep._frontal(block, 0.5, kind.high_hz, kind.sites)
    heights = [
        -x[0, 618:624].min() / np.median(np.abs(x[0])) for x in (sleep._behind_filter(block, kind), plain)
    ]
    assert heights[0] > 1.5 * heights[1]


def test_a_vertex_wave_close_to_the_start_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    eeg = quiet(rms_uv=4.0) - 90 * field("Cz", 0.25)[:, None] * pulses(np.array([0.45]), 0.05)
    assert "vertex_waves" in present(eeg)
    own = sleep._negative_peaks
    monkeypatch.setattr(sleep, "_negative_peaks", lambda x, onset_s: own(x, sleep.REACH_S))
    assert "vertex_waves" not in present(eeg)


def test_the_place_is_that_of_the_clear_ones() -> None:
    told = events(quiet() + 130 * PATCH[:, None] * lobes(TIMES, 0.02)).all[0]
    assert (told.score() > 0).sum() >= 2
    chosen = transients._clearest(told)
    assert {SITES_1020[i] for i in told.sites[chosen]} == {"F8"}
    worse = replace(told, clarity=told.clarity - told.score().max() - 1.0)
    assert transients._clearest(worse).sum() == 1


@pytest.mark.parametrize(("site", "loss"), [("Fp1", 0.5), ("F7", 0.0)])
def test_what_is_largest_at_a_frontal_pole_has_to_be_clearer(site: str, loss: float, monkeypatch) -> None:
    eeg = quiet() + 130 * field(site, 0.15)[:, None] * lobes(TIMES, 0.02)
    told = clearest(eeg)
    monkeypatch.setattr(sharp, "FOREHEAD", 0.0)
    assert clearest(eeg) - told == pytest.approx(loss, abs=1e-6)


def test_three_criteria_are_not_enough() -> None:
    """At least four of six (IFCN 2017; Kural et al. 2020), however clear it is."""
    told = events(quiet() + 130 * PATCH[:, None] * lobes(TIMES, 0.02)).all[0]
    for met, is_enough in ((4, True), (3, False)):
        some = replace(told, criteria=np.full(len(told.z), met), clarity=np.full(len(told.z), 2.0))
        assert bool((some.score() > 0).all()) == is_enough
