"""What healthy heads, artifacts and files make is not taken for a finding, and the finding beside it is."""

from __future__ import annotations

import json
from importlib import resources

import numpy as np
import pytest
from planted import TIME_S, band_noise, field, make_windows, noise, planted, pulses, wave

from neuronarrator_hf.findings.measure import measure_windows
from neuronarrator_hf.findings.vocabulary import VOCABULARY
from neuronarrator_hf.signal.montage import SITES_1020
from neuronarrator_hf.signal.windows import EEGWindows

BACK = field("O1") + field("O2")
FRONT = field("Fz", 0.7) + 0.15


def present(windows: EEGWindows) -> set[str]:
    return {finding for finding, claim in measure_windows(windows)[0].claims.items() if claim.is_present}


def alpha(seed: int) -> np.ndarray:
    return noise(1, 1.2, seed, 6.0, 6.0001) + (20 * BACK)[None, :, None] * wave(10.0, seed)


def test_the_end_of_a_recording_is_no_attenuation() -> None:
    fade = np.clip((9.7 - TIME_S) / 1.0, 0.0, 1.0)
    assert not present(make_windows(alpha(31) * fade)) & {"brief_attenuation", "discontinuity", "abnormal"}


def test_pauses_between_delta_waves_are_no_attenuations() -> None:
    swell = 1.0 + 0.9 * np.sin(2 * np.pi * 0.2 * TIME_S)
    slow = 25 * field("Cz", 1.0)[None, :, None] * wave(1.5, 3) * swell
    assert "brief_attenuation" not in present(make_windows(noise(1, 0.8, 32, 8.0, 8.0001) + slow))


def test_heart_beats_are_neither_spikes_nor_discharges() -> None:
    beats = np.arange(0.3, 10, 0.83) + np.random.default_rng(2).normal(0, 0.015, 12)
    qrs = sum(np.exp(-(((TIME_S - t) / 0.012) ** 2)) for t in beats)
    across = np.linspace(1.0, -1.0, 19)[np.argsort(np.argsort(field("T7", 1.0)))]
    found = present(make_windows(alpha(33) + 70 * across[None, :, None] * qrs))
    assert "ecg_artifact" in found and not found & {"spikes", "polyspikes", "gpd", "lpd"}


def test_irregular_spikes_are_no_heart() -> None:
    times = np.array([0.9, 1.5, 4.6, 5.2, 8.6, 9.1])
    found = present(planted(200 * field("T8", 0.35), -pulses(times, 0.025), 34))
    assert "spikes" in found and "ecg_artifact" not in found


def test_a_weaker_hemisphere_is_asymmetry_and_a_focus_is_not() -> None:
    background = noise(1, 1.0, 35, 15.0, 15.0001)
    left = np.array([site[-1] in "13579" for site in SITES_1020])
    claim = measure_windows(make_windows(np.where(left[:, None], 0.4, 1.0) * background))[0].claims[
        "asymmetry"
    ]
    assert claim.is_present and claim.side == "left"
    slow = 60 * field("T7", 0.3)[None, :, None] * noise(1, 2.5, 36, 1.0, 1.0001)[:, :1]
    found = present(make_windows(background + slow))
    assert "focal_slowing" in found and "asymmetry" not in found


def test_blinks_do_not_slow_the_background() -> None:
    blink = sum(np.exp(-(((TIME_S - t) / 0.11) ** 2)) for t in (0.8, 2.0, 3.1, 4.6, 5.9, 7.1, 8.4))
    eyes = 150 * (field("Fp1", 0.1) + field("Fp2", 0.1))[None, :, None] * blink
    found = present(make_windows(noise(1, 0.9, 37, 8.0, 8.0001) + eyes))
    assert "eye_blinks" in found
    assert not found & {"generalized_delta_slowing", "grda", "brief_attenuation", "abnormal"}


def test_irregular_slow_waves_are_sleep_and_monomorphic_ones_are_not() -> None:
    rng = np.random.default_rng(38)
    freqs = np.fft.rfftfreq(2000, 1 / 200)
    spectrum = np.fft.rfft(rng.normal(size=2000)) * ((freqs > 0.6) & (freqs < 1.9))
    irregular = np.fft.irfft(spectrum, 2000)
    quiet = noise(1, 1.0, 39, 4.0, 4.0001)
    asleep = present(make_windows(quiet + 75 * FRONT[None, :, None] * irregular / irregular.std()))
    assert {"slow_wave_sleep", "n3_sleep"} <= asleep
    assert not asleep & {"grda", "generalized_delta_slowing"}
    rhythmic = present(make_windows(quiet + 100 * FRONT[None, :, None] * wave(1.8, 5)))
    assert "grda" in rhythmic and "slow_wave_sleep" not in rhythmic


def test_movement_is_a_large_moment_with_muscle() -> None:
    rng = np.random.default_rng(40)
    gate = np.exp(-(((TIME_S - 5.0) / 0.9) ** 2))
    slow = np.stack([wave(f, i) for i, f in enumerate(rng.uniform(0.8, 2.5, 19))]) * rng.uniform(
        40, 160, (19, 1)
    )
    muscle = rng.normal(0, 15, (19, 2000))
    assert "movement_artifact" in present(make_windows(alpha(41) + gate * (slow + muscle)))
    continuous = 80 * field("Cz", 1.0)[None, :, None] * wave(1.6, 6)
    assert "movement_artifact" not in present(make_windows(alpha(41) + continuous))


def test_spike_and_wave_runs_lock_their_spikes() -> None:
    phase = 2 * np.pi * 3.0 * TIME_S
    spike = np.exp(8 * (np.cos(phase) - 1)) * 0.8
    found = present(planted(120 * (field("Fz", 0.6) + 0.2), spike + 0.6 * np.sin(phase), 42))
    assert found & {"spike_and_wave", "electrographic_seizure"}
    assert "spike_and_wave" not in present(planted(60 * field("Fz", 0.6), wave(3.0, 7), 43))


def test_the_calibration_moves_no_threshold_without_evidence() -> None:
    text = (
        resources.files("neuronarrator_hf.findings.measure").joinpath("calibration.json").read_text("utf-8")
    )
    groups = json.loads(text)["groups"]
    assert set(groups) <= {definition.group for definition in VOCABULARY.values()}
    for entry in groups.values():
        assert 0.25 < entry["slope"] < 4.0
        if entry["bias"]:
            assert entry["f1_left_out_shifted"] > entry["f1_left_out_definitions"]


@pytest.mark.parametrize("seed", range(3))
def test_reference_electrodes_are_not_called_flat(seed: int) -> None:
    eeg = alpha(50 + seed)
    reference = SITES_1020.index("Cz")
    eeg = (
        eeg - 0.97 * eeg[:, reference : reference + 1] + np.random.default_rng(seed).normal(0, 0.3, eeg.shape)
    )
    assert "flat_channel" not in present(make_windows(eeg))


@pytest.mark.parametrize("where", ["behind", "in front", "left", "right"])
def test_an_alpha_rhythm_is_no_seizure_candidate_wherever_it_is(where: str) -> None:
    place = {"behind": BACK, "in front": FRONT, "left": field("O1"), "right": field("O2")}[where]
    for seed in range(4):
        rhythm = (22 * place)[None, :, None] * wave(9.5, seed)
        assert "electrographic_seizure" not in present(
            make_windows(noise(1, 1.2, seed, 6.0, 6.0001) + rhythm)
        )


def test_alpha_that_comes_when_the_eyes_close_does_not_evolve() -> None:
    closed = np.clip((TIME_S - 4.0) / 0.5, 0.0, 1.0)
    for seed in range(4):
        blinks = 120 * field("Fp1", 0.3) + 120 * field("Fp2", 0.3)
        opened = blinks[None, :, None] * pulses(np.array([0.8, 2.1, 3.2]), 0.09)
        x = noise(1, 1.2, seed, 6.0, 6.0001) + opened + (25 * BACK)[None, :, None] * wave(9.5, seed) * closed
        assert "electrographic_seizure" not in present(make_windows(x))


def test_a_second_focus_is_an_alternative() -> None:
    slow = 45 * field("T7", 0.12)[None, :, None] * wave(2.0, 1)
    slow = slow + 40 * field("F4", 0.12)[None, :, None] * wave(2.3, 2)
    measured = measure_windows(make_windows(noise(1, 1.2, 5, 5.0, 5.0001) + slow))[0]
    places = [measured.claims["focal_slowing"], *measured.alternatives.get("focal_slowing", ())]
    assert {c.side for c in places} == {"left", "right"}


SEIZURE_AT = field("T7", 0.15)


@pytest.mark.parametrize("seed", range(4))
def test_a_focal_seizure_is_seen_beside_a_larger_alpha_rhythm(seed: int) -> None:
    theta = (55 * SEIZURE_AT)[None, :, None] * wave(5.0, 70 + seed)
    claims = measure_windows(make_windows(1.6 * alpha(seed) + theta))[0].claims
    claim = claims["electrographic_seizure"]
    assert claim.is_present and claim.hedged and claim.side == "left"
    assert claim.frequency_hz[0] == pytest.approx(5.0, abs=0.5)


@pytest.mark.parametrize(
    ("low_hz", "high_hz", "at_most"),
    [(1.0, 3.0, 0), (3.5, 7.5, 3)],
    ids=["polymorphic delta", "polymorphic theta"],
)
def test_irregular_slowing_beside_alpha_is_rarely_a_seizure(
    low_hz: float, high_hz: float, at_most: int
) -> None:
    slow = [40 * np.outer(SEIZURE_AT, band_noise(low_hz, high_hz, 80 + seed)) for seed in range(30)]
    found = measure_windows(make_windows(np.concatenate([1.6 * alpha(s) + slow[s] for s in range(30)])))
    assert sum(m.claims["electrographic_seizure"].is_present for m in found) <= at_most


def test_theta_of_both_sides_beside_alpha_is_no_focal_seizure() -> None:
    for seed in range(4):
        theta = (50 * (field("T7", 0.3) + field("T8", 0.3)))[None, :, None] * wave(5.0, 90 + seed)
        assert "electrographic_seizure" not in present(make_windows(1.6 * alpha(seed) + theta))


def test_mu_has_the_frequency_of_alpha() -> None:
    centre = (field("C3", 0.1) + field("C4", 0.1))[None, :, None]
    for hz, is_mu in ((9.5, True), (8.0, True), (6.8, False)):
        eeg = noise(1, 1.2, 31, 5.0, 5.0 + 1e-6) + 15 * centre * wave(hz, 5)
        assert ("mu_rhythm" in present(make_windows(eeg))) == is_mu, hz


@pytest.mark.parametrize(("rhythm_uv", "is_mu"), [(4.5, False), (8.0, True)])
def test_mu_stands_out_of_the_noise_of_its_place(rhythm_uv: float, is_mu: bool) -> None:
    spectrum = np.fft.rfft(np.random.default_rng(3).normal(size=len(TIME_S)))
    freqs = np.fft.rfftfreq(len(TIME_S), 1 / 200.0)
    own = np.fft.irfft(spectrum * ((freqs > 0.5) & (freqs < 70)) / np.maximum(freqs, 0.5) ** 0.6, len(TIME_S))
    wanted = 15 * own / own.std() + rhythm_uv * wave(9.5, 5)
    eeg = noise(1, 1.2, 32, 5.0, 5.0 + 1e-6) + field("C3", 0.15)[None, :, None] * wanted
    assert ("mu_rhythm" in present(make_windows(eeg))) == is_mu
