"""One field told from many: what one generator makes, and what differs from place to place."""

from __future__ import annotations

import numpy as np
import pytest
from planted import TIME_S, band_noise, field, make_windows, noise, planted, pulses, wave

from neuronarrator_hf.findings.measure import measure_windows
from neuronarrator_hf.findings.measure.block import SiteBlock
from neuronarrator_hf.findings.measure.component import main_component
from neuronarrator_hf.findings.measure.explain import ONE_FIELD
from neuronarrator_hf.findings.measure.periodic import own_maxima, slope_envelope
from neuronarrator_hf.findings.measure.result import WindowMeasurement
from neuronarrator_hf.findings.measure.rhythmic import steadiest_run
from neuronarrator_hf.findings.measure.voltage import Voltage, judge_voltage
from neuronarrator_hf.signal.montage import SITES_1020
from neuronarrator_hf.signal.windows import EEGWindows

BACK = field("O1") + field("O2")
FRONT = field("Fz", 0.7) + 0.15


def measure(windows: EEGWindows) -> WindowMeasurement:
    return measure_windows(windows)[0]


def present(windows: EEGWindows) -> set[str]:
    return {finding for finding, claim in measure(windows).claims.items() if claim.is_present}


def many_fields(low_hz: float, high_hz: float, size_uv: float, seed: int) -> np.ndarray:
    """Activity of one band that is another wave in every place."""
    waves = [
        np.outer(field(site, 0.15), band_noise(low_hz, high_hz, seed + i))
        for i, site in enumerate(SITES_1020)
    ]
    return noise(1, 1.2, seed, 6.0, 6.0001) + size_uv * np.sum(waves, axis=0)


def alpha(seed: int) -> np.ndarray:
    return noise(1, 1.2, seed, 6.0, 6.0001) + (20 * BACK)[None, :, None] * wave(10.0, seed)


def test_the_main_component_is_the_wave_of_one_source() -> None:
    rng = np.random.default_rng(1)
    source, direction = rng.normal(size=500), rng.normal(size=18)
    x = 5.0 * np.outer(direction, source) + 0.1 * rng.normal(size=(18, 500))
    found, share = main_component(x[None], np.ones((1, 18), bool))
    assert share[0] > 0.99
    assert abs(np.corrcoef(found[0], source)[0, 1]) > 0.99
    _, alone = main_component(rng.normal(size=(1, 18, 5000)), np.ones((1, 18), bool))
    assert alone[0] < 0.1


def test_a_masked_derivation_is_no_part_of_the_main_component() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(1, 4, 500))
    x[:, 0] *= 100.0
    mask = np.array([[False, True, True, True]])
    wave_of, _ = main_component(x, mask)
    assert wave_of.std() < 3.0


def test_a_run_of_a_rhythm_is_steady_though_the_window_is_not() -> None:
    time = np.arange(1000) / 100.0
    run = np.sin(2 * np.pi * 1.8 * time) * (time < 5.0) + 0.1 * band_noise(0.5, 6.0, 3)[::2]
    irregular = band_noise(0.7, 3.5, 4)[::2]
    mask = np.ones((1, 1), bool)
    assert steadiest_run(run[None, None], mask)[0] > 1.4
    assert steadiest_run(irregular[None, None], mask)[0] < 1.3


@pytest.mark.parametrize("seed", range(4))
def test_theta_of_many_places_is_no_seizure(seed: int) -> None:
    found = present(make_windows(many_fields(4.0, 8.0, 18.0, 60 + 10 * seed)))
    assert "generalized_theta_slowing" in found and "electrographic_seizure" not in found


@pytest.mark.parametrize("rate_hz", [2.6, 2.9, 3.1])
def test_rhythmic_delta_of_nearly_three_hertz_is_no_seizure(rate_hz: float) -> None:
    found = present(planted(70 * FRONT, wave(rate_hz, 4), 61))
    assert "grda" in found and "electrographic_seizure" not in found


@pytest.mark.parametrize("seed", range(4))
def test_delta_of_many_places_is_not_rhythmic(seed: int) -> None:
    found = present(make_windows(many_fields(0.8, 3.2, 25.0, 160 + 10 * seed)))
    assert "generalized_delta_slowing" in found and "grda" not in found


@pytest.mark.parametrize("seed", [0, 1, 3])
def test_large_delta_of_many_places_is_no_sleep(seed: int) -> None:
    found = measure(make_windows(many_fields(0.7, 2.2, 45.0, 90 + 10 * seed)))
    assert found.claims["generalized_delta_slowing"].is_present
    assert not found.claims["slow_wave_sleep"].is_present and not found.claims["n3_sleep"].is_present
    assert found.values["margin_sleep_spindles"] < 0
    assert (
        found.values["margin_slow_wave_sleep"]
        <= 12.0 * (found.values["delta_field_share"] - ONE_FIELD) + 0.01
    )


def test_the_background_between_discharges_is_no_attenuation() -> None:
    times = np.arange(0.7, 9.8, 1.3)
    ordinary = present(planted(170 * FRONT, pulses(times, 0.06), 63, background_uv=4.0))
    assert "gpd" in ordinary and not ordinary & {"brief_attenuation", "discontinuity"}
    quiet = present(planted(170 * FRONT, pulses(times, 0.06), 63, background_uv=1.8))
    assert quiet & {"brief_attenuation", "discontinuity", "burst_suppression"}


def test_a_low_record_that_wavers_is_not_discontinuous() -> None:
    steps = np.arange(96)
    discontinuous = {}
    for name, deepest in (("wavering", 0.6), ("interrupted", 2.0)):
        quiet = steps % 24 < 6
        relative = np.where(quiet, -deepest, 0.0)[None]
        level = 14.0 * 2.0**relative
        voltage = Voltage(level, relative, np.array([14.0]), np.array([18.0]), np.ones(1, bool))
        judged = {j.finding: j for j in judge_voltage(voltage)}
        discontinuous[name] = judged["discontinuity"].margin[0] > 0
    assert discontinuous == {"wavering": False, "interrupted": True}


def test_mu_that_comes_and_goes_leaves_no_attenuation() -> None:
    gate = np.clip(1.5 * np.sin(2 * np.pi * 0.15 * TIME_S) + 0.8, 0.05, 1.0)
    central = 45 * (field("C3", 0.2) + field("C4", 0.2))
    found = present(make_windows(noise(1, 1.2, 64, 4.5, 4.5001) + central[:, None] * wave(9.5, 2) * gate))
    assert "mu_rhythm" in found and not found & {"brief_attenuation", "discontinuity"}


def test_a_discharge_heard_across_belongs_to_the_larger_side() -> None:
    own, heard = np.arange(0.6, 9.5, 1.1), np.arange(1.0, 9.5, 1.43)
    left = 110 * (field("C3", 0.15) + 0.4 * field("C4", 0.15))
    right = 110 * (field("C4", 0.15) + 0.4 * field("C3", 0.15))
    x = np.outer(left, pulses(own, 0.05)) + np.outer(right, pulses(heard, 0.05))
    block = SiteBlock(noise(1, 1.2, 65, 3.0, 3.0001) + x, np.ones((1, 19), bool), 200.0)
    envelopes = slope_envelope(block)
    theirs = own_maxima(envelopes, {side: np.ones_like(e, bool) for side, e in envelopes.items()})
    at = np.round(100 * heard).astype(int)
    alone = np.abs(heard[:, None] - own[None]).min(axis=1) > 0.25
    assert alone.sum() >= 3
    assert not theirs["left"][0, at[alone]].any() and theirs["right"][0, at[alone]].all()
    assert theirs["both"].all()
    assert "bipd" in present(make_windows(noise(1, 1.2, 65, 5.0, 5.0001) + x))


def test_irregular_delta_of_one_side_beside_alpha_is_a_focus() -> None:
    slow = 55 * field("T7", 0.2)
    for seed in (5, 7):
        focus = present(make_windows(alpha(66) + slow[None, :, None] * band_noise(0.8, 2.8, seed)))
        assert "focal_slowing" in focus and "lrda" not in focus
    rhythm = present(make_windows(alpha(66) + 1.3 * slow[None, :, None] * wave(1.6, 6)))
    assert "lrda" in rhythm


def test_a_bad_electrode_is_no_focus_of_the_next_region() -> None:
    for site in ("F7", "T7", "C3", "P4", "T8"):
        eeg = alpha(67)
        eeg[0, SITES_1020.index(site)] += 45 * band_noise(0.8, 4.0, 8)
        found = present(make_windows(eeg))
        assert "electrode_artifact" in found and "focal_slowing" not in found, site
