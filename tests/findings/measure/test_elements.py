"""Single waves, eyes, movement and electrodes, each beside what looks like it but for one property."""

from __future__ import annotations

import numpy as np
import pytest
from planted import TIME_S, field, judged, make_windows, noise, planted, pulses

from neuronarrator_hf.findings.measure import measure_windows
from neuronarrator_hf.findings.measure.artifacts import judge_artifacts
from neuronarrator_hf.findings.measure.block import SiteBlock
from neuronarrator_hf.findings.measure.explain import explain_by_patterns, leave_posterior_rhythm
from neuronarrator_hf.findings.measure.sharp import find_transients
from neuronarrator_hf.signal.montage import SITES_1020
from neuronarrator_hf.signal.windows import EEGWindows
from neuronarrator_hf.simulation.maps import generalized

FRONT = field("Fz", 0.7) + 0.15
WIDE = generalized(np.random.default_rng(0), 0.75)
"""A frontal field that is as large at the frontal poles."""
VERTEX = field("Cz", 0.25)


def present(windows: EEGWindows) -> set[str]:
    return {finding for finding, claim in measure_windows(windows)[0].claims.items() if claim.is_present}


def slow_noise(seed: int, low_hz: float, high_hz: float) -> np.ndarray:
    """`(2000,)` noise of a band with RMS 1."""
    freqs = np.fft.rfftfreq(len(TIME_S), 1 / 200.0)
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=len(TIME_S)))
    x = np.fft.irfft(spectrum * ((freqs >= low_hz) & (freqs <= high_hz)))
    return x / x.std()


def bump(time_s: float, width_s: float) -> np.ndarray:
    return np.exp(-0.5 * ((TIME_S - time_s) / width_s) ** 2)


def steps(times_s: np.ndarray, seed: int) -> np.ndarray:
    """Jumps that decay, as eye movements through a high-pass."""
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], len(times_s))
    return sum(
        sign * (time <= TIME_S) * np.exp(-np.maximum(TIME_S - time, 0) / 0.5)
        for sign, time in zip(signs, times_s, strict=True)
    )


JUMPS = steps(np.array([0.7, 2.1, 3.2, 5.0, 6.4, 8.3]), 2)


def test_eyes_move_both_sides_alike() -> None:
    eyes = field("F8", 0.12) - field("F7", 0.12)
    assert "lateral_eye_movements" in present(planted(90 * eyes, JUMPS, 41))
    focus = field("F7", 0.12) - 0.25 * field("F8", 0.12)
    assert "lateral_eye_movements" not in present(planted(180 * focus, JUMPS, 41))
    broad = sum(field(site, 0.12) for site in ("F7", "F3", "T7"))
    mirrored = sum(field(site, 0.12) for site in ("F8", "F4", "T8"))
    assert "lateral_eye_movements" not in present(planted(90 * (mirrored - broad), JUMPS, 41))


def as_block(windows: EEGWindows) -> SiteBlock:
    return SiteBlock(windows.eeg_uv, windows.channel_mask, 200.0)


@pytest.mark.parametrize("loose", [True, False])
def test_movement_has_no_single_field(loose: bool) -> None:
    rng = np.random.default_rng(3)
    moved = bump(5.0, 0.7)
    fields = rng.normal(size=(4, 19)) if loose else np.repeat(field("F3", 0.6)[None], 4, axis=0)
    slow = sum(f[:, None] * slow_noise(seed, 0.5, 4.0) for seed, f in enumerate(fields, 50))
    muscle = rng.normal(size=(19, len(TIME_S)))
    windows = make_windows(noise(1, 1.2, 42, 6.0, 6.0001) + moved * (70 * slow + 10 * muscle))
    found = {j.finding: j.margin[0] for j in judge_artifacts(as_block(windows), [()], [])[0]}
    assert (found["movement_artifact"] > 0) == loose


def test_a_steep_field_is_no_bad_electrode() -> None:
    background = noise(1, 1.2, 43, 6.0, 6.0001)
    site, neighbour = (SITES_1020.index(s) for s in ("T7", "P7"))
    fault = 30 * slow_noise(9, 2.0, 12.0)
    background[0, site] += fault
    assert "electrode_artifact" in present(make_windows(background))
    background[0, neighbour] += 0.35 * fault
    assert "electrode_artifact" not in present(make_windows(background))


@pytest.mark.parametrize("rms_uv", [20, 45])
def test_a_very_bad_electrode_is_not_taken_for_its_neighbours(rms_uv: float) -> None:
    background = noise(1, 1.2, 43, 6.0, 6.0001)
    background[0, SITES_1020.index("T7")] += rms_uv * slow_noise(9, 2.0, 12.0)
    claim = measure_windows(make_windows(background))[0].claims["electrode_artifact"]
    assert claim.is_present and (claim.side, claim.regions) == ("left", ("temporal",))


def test_motor_units_are_no_bad_electrodes() -> None:
    background = noise(1, 1.2, 43, 6.0, 6.0001)
    background[0, SITES_1020.index("T7")] += 15 * slow_noise(9, 20.0, 60.0)
    assert "electrode_artifact" not in present(make_windows(background))


def test_a_k_complex_reaches_the_frontal_poles_and_rebounds() -> None:
    negative, positive = bump(4.0, 0.08), bump(4.4, 0.16)
    assert {"k_complexes", "n2_sleep"} <= present(planted(110 * WIDE, 0.6 * positive - negative, 44))
    assert "k_complexes" not in present(planted(110 * WIDE, -negative, 44))


def test_a_smaller_vertex_wave_is_seen_beside_a_larger_wave() -> None:
    vertex = 0.35 * bump(7.16, 0.08) - bump(7.0, 0.042)
    frontal = 0.6 * bump(3.4, 0.16) - bump(3.0, 0.08)
    eeg = planted(100 * VERTEX, vertex, 45).eeg_uv + (110 * WIDE)[None, :, None] * frontal
    assert {"vertex_waves", "k_complexes"} <= present(make_windows(eeg))


def test_sharp_waves_of_the_vertex_are_no_spikes() -> None:
    sharp = -pulses(np.array([2.9, 6.2]), 0.06)
    beside, at_vertex = (
        find_transients(as_block(planted(180 * at, sharp, 46))).all[0] for at in (field("C4", 0.25), VERTEX)
    )
    assert beside.is_wave.any() and at_vertex.is_wave.any()
    assert beside.clarity[beside.is_wave].max() > 0 > at_vertex.clarity[at_vertex.is_wave].max()
    assert "vertex_waves" in present(planted(180 * VERTEX, sharp, 46))


def test_slow_waves_of_sleep_are_slow_and_together() -> None:
    left = np.array([1.0 if site[-1] in "1357" else 0.5 if site[-1] == "z" else 0.0 for site in SITES_1020])
    burst = sum(bump(t, 0.32) for t in (2.0, 5.2, 8.1)) * np.sin(2 * np.pi * 13.2 * TIME_S)
    spindles = 40 * field("Cz", 0.6)[:, None] * burst  # beside them little is asked of slow waves
    ours, theirs, faster = slow_noise(38, 0.6, 1.9), slow_noise(63, 0.6, 1.9), slow_noise(38, 2.2, 3.6)
    apart = left[:, None] * ours + (1 - left)[:, None] * theirs
    for activity, asleep in ((45 * ours, True), (45 * apart, False), (30 * ours + 35 * faster, False)):
        eeg = noise(1, 1.0, 39, 4.0, 4.0001) + FRONT[None, :, None] * activity + spindles
        found = present(make_windows(eeg))
        assert "sleep_spindles" in found and ("slow_wave_sleep" in found) == asleep


def test_spindles_come_on_both_sides() -> None:
    burst = sum(bump(t, 0.32) for t in (2.0, 5.2, 8.1)) * np.sin(2 * np.pi * 13.2 * TIME_S)
    both = field("C3") + field("C4") + field("F3") + field("F4")
    assert "sleep_spindles" in present(planted(18 * both, burst, 50))
    assert "sleep_spindles" not in present(planted(30 * (field("C3", 0.2) + field("F3", 0.2)), burst, 50))


@pytest.mark.parametrize(
    ("finding", "reason"),
    [
        ("vertex_waves", "discontinuity"),
        ("vertex_waves", "brief_attenuation"),
        ("k_complexes", "polyspikes"),
        ("k_complexes", "spike_and_wave"),
        ("polyspikes", "mu_rhythm"),
        ("spikes", "mu_rhythm"),
        ("polyspikes", "discontinuity"),
        ("mu_rhythm", "lpd"),
        ("mu_rhythm", "electrographic_seizure"),
        ("k_complexes", "grda"),
        ("grda", "spike_and_wave"),
        ("muscle_artifact", "extreme_delta_brush"),
    ],
)
def test_what_gives_way_to_what(finding: str, reason: str) -> None:
    judgements = judged(2)
    by_id = {j.finding: j for j in judgements}
    by_id[finding].margin = np.array([1.0, 1.0])
    by_id[reason].margin = np.array([-2.0, 1.0])  # in the second window alone
    explain_by_patterns(judgements)
    assert by_id[finding].margin[0] == 1.0 and by_id[finding].margin[1] < 0


@pytest.mark.parametrize(
    ("rhythmic", "discharges", "stays"), [(1.0, 1.2, "lrda"), (1.0, 2.5, "lpd"), (2.5, 1.0, "lrda")]
)
def test_the_same_waves_have_an_interval_or_none(rhythmic: float, discharges: float, stays: str) -> None:
    judgements = judged(1)
    by_id = {j.finding: j for j in judgements}
    by_id["lrda"].margin, by_id["lpd"].margin = np.array([rhythmic]), np.array([discharges])
    explain_by_patterns(judgements)
    other = {"lrda": "lpd", "lpd": "lrda"}[stays]
    assert by_id[stays].margin[0] > 0
    assert (by_id[other].margin[0] > 0) == (abs(rhythmic - discharges) < 0.5)  # close ones are both told


@pytest.mark.parametrize(
    ("peak_hz", "excess", "told"), [(10.0, 2.0, True), (5.5, 2.0, False), (10.0, 0.7, False)]
)
def test_a_posterior_rhythm_beside_discharges_has_to_be_its_own(
    peak_hz: float, excess: float, told: bool
) -> None:
    judgements = judged(2, posterior_peak_hz=peak_hz, posterior_peak_excess_log10=excess)
    by_id = {j.finding: j for j in judgements}
    by_id["gpd"].margin = np.array([-1.0, 1.0])
    leave_posterior_rhythm(judgements)
    assert by_id["posterior_dominant_rhythm"].assessed.tolist() == [True, told]


def test_a_spike_that_is_clear_by_itself_stays_beside_mu() -> None:
    judgements = judged(1, suppressed_share=0.0, spike_margin=0.8)
    by_id = {j.finding: j for j in judgements}
    by_id["mu_rhythm"].margin = by_id["spikes"].margin = np.array([1.0])
    explain_by_patterns(judgements)
    assert by_id["spikes"].margin[0] == 0.8
