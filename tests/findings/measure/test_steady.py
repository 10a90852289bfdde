"""The steadiest wave of one field, and the second train beside a larger one."""

from __future__ import annotations

import numpy as np
import pytest
from planted import field, make_windows, noise, wave

from neuronarrator_hf.findings.measure import measure_windows
from neuronarrator_hf.findings.measure.block import SiteBlock
from neuronarrator_hf.findings.measure.periodic import _second_train, find_trains
from neuronarrator_hf.findings.measure.result import WindowMeasurement
from neuronarrator_hf.findings.measure.steady import SteadyRun, find_steady_run
from neuronarrator_hf.signal.montage import SITES_1020

BAND_HZ, RANGE_HZ = (0.5, 6.0), (0.7, 3.6)


def measure(eeg_uv: np.ndarray) -> WindowMeasurement:
    return measure_windows(make_windows(eeg_uv))[0]


def steady_run(x: np.ndarray) -> SteadyRun:
    return find_steady_run(x[None], np.ones((1, len(x)), bool), BAND_HZ, RANGE_HZ)


def rhythm_in_flat_noise(frequency_hz: float) -> np.ndarray:
    time = np.arange(1000) / 100.0
    rng = np.random.default_rng(7)
    white = rng.normal(size=(8, 1000))
    weights = np.array([1.0, -0.8, 0.5, 0, 0, 0, 0, 0])
    return weights[:, None] * np.sin(2 * np.pi * frequency_hz * time) + 0.35 * white


@pytest.mark.parametrize("frequency_hz", [0.9, 1.6, 2.6])
def test_a_rhythm_of_a_few_derivations_is_found_in_flat_noise(frequency_hz: float) -> None:
    found = steady_run(rhythm_in_flat_noise(frequency_hz))
    assert found.frequency_hz[0] == pytest.approx(frequency_hz, abs=0.31)
    assert found.steadiness[0] > 1.5 and found.one_field[0] > 0.9
    held = found.field_power[0] / found.field_power.sum()
    assert held[:3].sum() > 0.95 and held[0] > held[1] > held[2]
    assert 1.5 < found.n_derivations[0] < 3.5


def test_a_field_that_wanders_is_no_generator() -> None:
    x = rhythm_in_flat_noise(1.6)
    wandering = np.concatenate([x[:, :500], x[::-1, 500:]], axis=1)
    assert steady_run(wandering).one_field[0] < 0.75 < steady_run(x).one_field[0]


def test_slow_rhythm_of_one_side_is_found_and_sided() -> None:
    for site, side in (("T7", "left"), ("F4", "right")):
        eeg = noise(1, 0.6, 3, 7.0, 7.001) + 55 * field(site, 0.2)[None, :, None] * wave(0.9, 2)
        claim = measure(eeg).claims["lrda"]
        assert claim.is_present and claim.side == side


@pytest.mark.parametrize("site", ["F7", "C3", "P4", "Fp2"])
def test_a_wave_of_one_electrode_is_no_rhythm_of_a_brain(site: str) -> None:
    quiet = noise(1, 1.2, 4, 6.0, 6.001)
    alone = quiet.copy()
    alone[0, SITES_1020.index(site)] += 60 * wave(1.6, 3)
    assert not measure(alone).claims["lrda"].is_present


def test_what_only_the_forehead_hears_is_no_rhythm() -> None:
    quiet = noise(1, 1.2, 4, 6.0, 6.001)
    forehead = np.zeros(19)
    forehead[[SITES_1020.index("Fp1"), SITES_1020.index("Fp2")]] = 1.0, 0.5
    found = measure(quiet + 60 * forehead[None, :, None] * wave(1.6, 3))
    assert not found.claims["lrda"].is_present


def two_trains(second_uv: float) -> np.ndarray:
    """Discharges at 1 Hz on the left, and smaller ones at 1.4 Hz on the right, heard on both sides."""
    time = np.arange(2000) / 200.0
    spike = lambda times: sum(-np.exp(-(((time - t) / 0.04) ** 2)) for t in times)  # noqa: E731
    left = 160 * field("C3", 0.6)[:, None] * spike(np.arange(0.4, 9.8, 1.0))
    right = second_uv * field("T8", 0.3)[:, None] * spike(np.arange(0.55, 9.8, 0.71))
    return noise(1, 1.2, 21, 6.0, 6.001) + (left + right)[None]


def second(second_uv: float) -> float:
    windows = make_windows(two_trains(second_uv))
    block = SiteBlock(windows.eeg_uv, windows.channel_mask, 200.0)
    trains = find_trains(block)[0]
    return _second_train(block, 0, max(trains.values(), key=lambda train: train.margin))


def test_a_smaller_train_of_the_other_side_is_found_beside_a_larger_one() -> None:
    assert second(110.0) > 0 and second(0.0) < 0 and second(15.0) < 0
    found = measure(two_trains(110.0))
    assert found.claims["bipd"].is_present and not found.claims["lpd"].is_present
    single = measure(two_trains(0.0))
    assert not single.claims["bipd"].is_present
