"""Planted truth: each pattern found where it is, and not taken for its nearest confusion."""

from __future__ import annotations

import numpy as np
import pytest
from planted import TIME_S, field, make_windows, noise, planted, pulses, wave

from neuronarrator_hf.findings.measure import WindowMeasurement, measure_windows
from neuronarrator_hf.signal.montage import SITES_1020
from neuronarrator_hf.signal.windows import EEGWindows

BACK = field("O1") + field("O2")
ALL = field("Fz", 0.45) + 0.4 * field("Pz", 0.3)


def measure(windows: EEGWindows) -> WindowMeasurement:
    return measure_windows(windows)[0]


def present(measurement: WindowMeasurement) -> set[str]:
    return {finding for finding, claim in measurement.claims.items() if claim.is_present}


def test_frequency_of_the_posterior_rhythm() -> None:
    truth = np.linspace(8.2, 12.4, 30)
    eeg = np.concatenate(
        [planted(20 * BACK, np.sin(2 * np.pi * f * TIME_S + i), i).eeg_uv for i, f in enumerate(truth)]
    )
    claims = [m.claims["posterior_dominant_rhythm"] for m in measure_windows(make_windows(eeg))]
    assert all(c.is_present for c in claims)
    error = np.abs(np.array([c.frequency_hz[0] for c in claims]) - truth)
    assert error.mean() <= 0.15


def test_a_slow_posterior_rhythm_is_slowing() -> None:
    found = measure(planted(25 * BACK, wave(6.5, 1), 3))
    assert found.claims["posterior_dominant_rhythm"].frequency_hz[0] == pytest.approx(6.5, abs=0.4)
    assert "generalized_theta_slowing" in present(found)


def test_mu_is_central_and_not_posterior() -> None:
    found = present(measure(planted(20 * (field("C3", 0.12) + field("C4", 0.12)), wave(9.5, 2), 4)))
    assert "mu_rhythm" in found and "posterior_dominant_rhythm" not in found


@pytest.mark.parametrize(("rms_uv", "finding"), [(4.5, "low_voltage"), (1.5, "extreme_low_voltage")])
def test_voltage_classes(rms_uv: float, finding: str) -> None:
    found = present(measure(make_windows(noise(1, 1.2, 5, rms_uv, rms_uv + 1e-6))))
    assert found & {"low_voltage", "extreme_low_voltage"} == {finding}


def test_muscle_does_not_lift_a_suppressed_record() -> None:
    brain = noise(1, 1.2, 5, 1.2, 1.2001)
    muscle = noise(1, 0.0, 6, 9.0, 9.0001)
    freqs = np.fft.rfftfreq(2000, 1 / 200)
    muscle = np.fft.irfft(np.fft.rfft(muscle) * (freqs > 8), 2000)
    assert "extreme_low_voltage" in present(measure(make_windows(brain + muscle)))


def test_burst_suppression_and_attenuation() -> None:
    background = noise(1, 1.2, 8, 15.0, 15.0001)
    bursts = np.where((TIME_S % 4) < 1.2, 1.0, 0.08)
    found = present(measure(make_windows(background * bursts)))
    assert "burst_suppression" in found and "low_voltage" not in found
    dips = np.where((TIME_S % 5 > 2) & (TIME_S % 5 < 2.9), 0.3, 1.0)
    found = present(measure(make_windows(2 * background * dips)))
    assert "brief_attenuation" in found and "burst_suppression" not in found


@pytest.mark.parametrize("side", ["left", "right"])
def test_lateralized_discharges(side: str) -> None:
    site = "C3" if side == "left" else "C4"
    times = np.arange(0.6, 9.8, 1.0) + np.random.default_rng(1).normal(0, 0.03, 10)
    found = measure(planted(90 * field(site, 0.25), pulses(times, 0.05), 11))
    claim = found.claims["lpd"]
    assert claim.is_present and claim.side == side and not claim.hedged
    assert claim.frequency_hz[0] == pytest.approx(1.0, abs=0.1)
    assert not found.claims["gpd"].is_present


def test_generalized_discharges_are_not_rhythmic_delta() -> None:
    found = present(measure(planted(90 * ALL, pulses(np.arange(0.5, 10, 0.9), 0.05), 12)))
    assert "gpd" in found and not found & {"lpd", "grda", "lrda"}


def test_independent_discharges() -> None:
    left = np.outer(90 * field("C3", 0.15), pulses(np.arange(0.4, 10, 1.1), 0.05))
    right = np.outer(90 * field("C4", 0.15), pulses(np.arange(0.9, 10, 1.43), 0.05))
    found = present(measure(make_windows(noise(1, 1.2, 13, 5.0, 5.0001) + left + right)))
    assert "bipd" in found and not found & {"lpd", "gpd"}


def test_few_discharges_are_a_candidate() -> None:
    found = measure(planted(120 * ALL, pulses(np.array([1.0, 3.6, 6.1, 8.8]), 0.05), 14))
    assert found.claims["gpd"].is_present and found.claims["gpd"].hedged


@pytest.mark.parametrize(("weights", "finding"), [(ALL, "grda"), (field("F3", 0.4), "lrda")])
def test_rhythmic_delta(weights: np.ndarray, finding: str) -> None:
    found = measure(planted(60 * weights, wave(1.8, 4), 15))
    assert found.claims[finding].is_present
    assert found.claims[finding].frequency_hz[0] == pytest.approx(1.8, abs=0.3)
    assert not present(found) & ({"grda", "lrda", "lpd", "gpd"} - {finding})


def test_a_seizure_is_a_candidate_only() -> None:
    found = measure(planted(150 * ALL, pulses(np.arange(0.2, 9.9, 0.3), 0.03), 16)).claims[
        "electrographic_seizure"
    ]
    assert found.is_present and found.hedged


def test_blinks_are_not_discharges() -> None:
    times = np.array([1.0, 3.3, 4.9, 7.2, 9.0])
    blink = sum(np.exp(-(((TIME_S - t) / 0.1) ** 2)) for t in times)
    found = present(measure(planted(130 * (field("Fp1", 0.08) + field("Fp2", 0.08)), blink, 17)))
    assert "eye_blinks" in found and not found & {"gpd", "lpd", "spikes", "grda"}


def test_spindles_lie_in_front_of_alpha() -> None:
    burst = sum(np.exp(-(((TIME_S - t) / 0.45) ** 2)) for t in (2.0, 5.2, 8.1))
    spindles = measure(planted(35 * field("Cz", 0.6), burst * np.sin(2 * np.pi * 13.2 * TIME_S), 18))
    assert spindles.claims["sleep_spindles"].is_present
    alpha = measure(planted(35 * BACK, burst * np.sin(2 * np.pi * 11.2 * TIME_S), 18))
    assert not alpha.claims["sleep_spindles"].is_present


def test_a_bad_electrode_is_not_a_focus() -> None:
    eeg = noise(1, 1.2, 19, 8.0, 8.0001)
    eeg[0, SITES_1020.index("T7")] += 6 * noise(1, 2.0, 20, 20.0, 20.001)[0, 0]
    found = present(measure(make_windows(eeg)))
    assert "electrode_artifact" in found and "focal_slowing" not in found


def test_missing_electrodes_are_not_judged() -> None:
    windows = planted(20 * BACK, wave(10.0, 1), 21)
    mask = np.zeros((1, 19), bool)
    mask[0, [SITES_1020.index(s) for s in ("Fz", "Cz")]] = True
    found = measure(make_windows(windows.eeg_uv, channel_mask=mask))
    assert {c.polarity for f, c in found.claims.items() if f != "flat_channel"} == {"not_assessed"}


def test_the_reference_of_the_recording_does_not_matter() -> None:
    windows = planted(90 * field("C3", 0.25), pulses(np.arange(0.5, 10, 1.0), 0.05), 22)
    shifted = make_windows(windows.eeg_uv + 30 * wave(3.0, 5))
    ours, theirs = measure(windows).claims, measure(shifted).claims
    assert {f: c.polarity for f, c in ours.items()} == {f: c.polarity for f, c in theirs.items()}


def test_a_mirrored_head_has_mirrored_sides() -> None:
    swapped = {"left": "right", "right": "left"}
    other = {"1": "2", "2": "1", "3": "4", "4": "3", "7": "8", "8": "7", "z": "z"}
    mirror = [SITES_1020.index(site[:-1] + other[site[-1]]) for site in SITES_1020]
    slow = noise(1, 2.0, 23, 30.0, 30.001)[0, 0]
    windows = planted(field("T7", 0.3) * 1.5 + 0.3 * field("F3"), slow, 24)
    ours = measure(windows).claims
    theirs = measure(make_windows(windows.eeg_uv[:, mirror])).claims
    assert ours["focal_slowing"].is_present and ours["focal_slowing"].side == "left"
    for finding, claim in ours.items():
        assert theirs[finding].polarity == claim.polarity, finding
        assert theirs[finding].side == swapped.get(claim.side, claim.side), finding
