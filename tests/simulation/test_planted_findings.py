"""Every finding, planted alone, is in the signal what its definition says: where, how fast, how large."""

import numpy as np
import pytest

from neuronarrator_hf.signal.montage import LONGITUDINAL_BIPOLAR, SITES_1020, bipolar_matrix, site_indices
from neuronarrator_hf.simulation import artifacts, background, discharges, periodic, seizures, slowing
from neuronarrator_hf.simulation.render import PAD_N_TIMES, Backend, render
from neuronarrator_hf.simulation.sheet import Sheet
from neuronarrator_hf.simulation.truth import window_claims

ROWS = {f"{a}-{b}": i for i, (a, b) in enumerate(LONGITUDINAL_BIPOLAR)}
LEFT, RIGHT = slice(0, 8), slice(10, 18)


def planted(make, *, seed=0, n_windows=3, rms_uv=5.0):
    """A sheet with a plain background and what `make` adds: sheet, referential, bipolar, claims by window."""
    sheet = Sheet(np.random.default_rng(seed), n_windows)
    if rms_uv:
        background.aperiodic(sheet, rms_uv, exponent=1.4, knee_hz=1.5, fast_uv=0.3)
    make(sheet)
    eeg = render([sheet], Backend(np, seed))[0, :, PAD_N_TIMES:-PAD_N_TIMES]
    claims = [{c.finding: c for c in window} for window in window_claims(sheet)]
    return sheet, eeg, bipolar_matrix() @ eeg, claims


def spectrum(x):
    """Frequencies and mean power of 4 s pieces."""
    pieces = x[..., : x.shape[-1] // 800 * 800].reshape(*x.shape[:-1], -1, 800) * np.hanning(800)
    return np.fft.rfftfreq(800, 0.005), (np.abs(np.fft.rfft(pieces)) ** 2).mean(-2)


def peak_hz(x, low, high):
    freqs, power = spectrum(x)
    inside = (freqs >= low) & (freqs <= high)
    return freqs[inside][np.argmax(power[inside])]


def share(x, low, high):
    freqs, power = spectrum(x)
    used = (freqs >= 0.5) & (freqs <= 70)
    return power[..., used & (freqs >= low) & (freqs < high)].sum(-1) / power[..., used].sum(-1)


def below_20_hz(x):
    spectrum_ = np.fft.rfft(x)
    spectrum_[..., np.fft.rfftfreq(x.shape[-1], 0.005) > 20] = 0
    spectrum_[..., np.fft.rfftfreq(x.shape[-1], 0.005) < 0.5] = 0
    return np.fft.irfft(spectrum_, x.shape[-1])


def second_by_second_uv(bipolar):
    low = below_20_hz(bipolar)
    return np.ptp(low.reshape(18, -1, 200), axis=-1)


@pytest.mark.parametrize("frequency", [7.0, 8.5, 10.0, 12.0])
def test_posterior_rhythm_has_its_frequency_place_and_amplitude(frequency):
    _sheet, eeg, bipolar, claims = planted(
        lambda s: background.posterior_rhythm(s, frequency, 40.0, s.always()), seed=3
    )
    claim = claims[1]["posterior_dominant_rhythm"]
    average = eeg - eeg.mean(0)
    for site in ("O1", "O2"):
        assert abs(peak_hz(average[SITES_1020.index(site)], 5, 14) - frequency) <= 0.5
    assert abs(claim.frequency_hz[0] - frequency) < 0.4
    assert claim.side == "bilateral"
    part = bipolar[[ROWS["P3-O1"], ROWS["P4-O2"]], 2000:4000]
    coefficients = np.fft.rfft(part)
    coefficients[:, np.abs(np.fft.rfftfreq(2000, 0.005) - frequency) > 2] = 0
    measured = 2 * np.sqrt(2) * np.fft.irfft(coefficients, 2000).std(-1).max()
    assert measured == pytest.approx(claim.amplitude_uv[0], rel=0.3)
    power = share(average, frequency - 1, frequency + 1) * average.var(-1)
    front = power[site_indices(("Fp1", "Fp2", "F3", "F4"))].mean()
    assert power[site_indices(("O1", "O2"))].mean() > 3 * front


def test_weak_side_of_the_posterior_rhythm_is_the_other_one():
    for weak, strong in (("left", "right"), ("right", "left")):
        _, _, bipolar, claims = planted(
            lambda s, weak=weak: background.posterior_rhythm(
                s, 10.0, 50.0, s.always(), weak_side=weak, ratio=0.2
            ),
            seed=5,
        )
        assert claims[0]["posterior_dominant_rhythm"].side == strong
        power = share(bipolar, 9, 11)
        rows = {"left": ROWS["P3-O1"], "right": ROWS["P4-O2"]}
        assert power[rows[strong]] > power[rows[weak]]


@pytest.mark.parametrize(("rms_uv", "low", "high"), [(3.5, 10, 20), (1.3, 0, 10), (8.0, 22, 50)])
def test_background_has_the_amplitude_of_its_class(rms_uv, low, high):
    _, _, bipolar, _ = planted(lambda s: None, rms_uv=rms_uv, seed=2)
    assert low <= np.median(second_by_second_uv(bipolar)) < high


def test_slowing_raises_the_band_it_states():
    _, _, plain, _ = planted(lambda s: None, seed=4)
    for theta, delta, finding in (
        (1.3, 0, "generalized_theta_slowing"),
        (0, 1.8, "generalized_delta_slowing"),
    ):
        _, _, slow, claims = planted(
            lambda s, t=theta, d=delta: slowing.generalized_slowing(s, s.always(), 5.0, theta=t, delta=d),
            seed=4,
        )
        low, high = claims[0][finding].frequency_hz
        assert np.median(share(slow, low, high) / share(plain, low, high)) > 1.7
        assert "normal" not in claims[0]


def test_focal_slowing_is_on_its_side():
    for site, side in (("T7", "left"), ("F8", "right")):
        _, _, bipolar, claims = planted(
            lambda s, site=site: slowing.focal_slowing(s, s.always(), site=site, size=4.0), seed=1
        )
        claim = claims[0]["focal_slowing"]
        assert claim.side == side
        low, high = claim.frequency_hz
        freqs, power = spectrum(bipolar)
        band = power[:, (freqs >= low) & (freqs <= high)].sum(1)
        left, right = band[LEFT].max(), band[RIGHT].max()
        assert (left > 2 * right) if side == "left" else (right > 2 * left)


def test_asymmetry_lowers_its_side():
    def make(sheet):
        slowing.asymmetry(sheet, "left", 0.3)
        background.aperiodic(sheet, 8.0, exponent=1.4, knee_hz=1.5, fast_uv=0.3)

    _, _, bipolar, claims = planted(make, rms_uv=None)
    assert claims[0]["asymmetry"].side == "left"
    assert np.median(bipolar[LEFT].std(-1)) < 0.55 * np.median(bipolar[RIGHT].std(-1))


def test_burst_suppression_is_suppressed_below_ten_microvolts_for_half_the_time():
    _, _, bipolar, claims = planted(
        lambda s: slowing.suppression(s, s.always(), share=0.75), seed=6, n_windows=8, rms_uv=10.0
    )
    seconds = np.median(second_by_second_uv(bipolar), axis=0).reshape(8, 10)
    stated = [w for w in range(8) if "burst_suppression" in claims[w]]
    assert len(stated) >= 4
    for window in stated:
        assert 0.3 <= (seconds[window] < 10).mean() < 1.0
        assert seconds[window].max() > 15


def test_brief_attenuations_are_below_half_but_not_suppressed():
    sheet, _, bipolar, claims = planted(
        lambda s: slowing.brief_attenuation(s, s.always()), seed=3, n_windows=8, rms_uv=12.0
    )
    assert any("brief_attenuation" in c for c in claims)
    gate = next(e.gate for e in sheet.truth if e.finding == "brief_attenuation")
    quiet = np.repeat(gate[35:-36], 20) > 0.9
    active = np.repeat(gate[35:-36], 20) < 0.1
    low = below_20_hz(bipolar)
    inside, outside = np.median(low[:, quiet].std(1)), np.median(low[:, active].std(1))
    assert inside < 0.55 * outside
    assert 4 * inside > 9.0


@pytest.mark.parametrize("kind", ["lpd", "gpd", "bipd"])
def test_periodic_discharges_repeat_at_their_rate_and_stand_out(kind):
    for seed in range(4):
        sheet, _, bipolar, claims = planted(
            lambda s: periodic.periodic(s, s.always(), kind, size=18.0), seed=seed, rms_uv=5.0
        )
        episode = next(e for e in sheet.truth if e.finding == kind)
        intervals = np.diff(episode.times)
        rate = 1 / np.median(intervals)
        assert 0.2 <= rate <= 2.6
        stated = [c[kind] for c in claims if kind in c]
        assert stated
        assert all(c.frequency_hz[0] * 0.75 <= rate <= c.frequency_hz[1] * 1.35 for c in stated)
        regular = intervals[intervals < 1.6 * np.median(intervals)]
        assert regular.std() / regular.mean() < 0.4
        left, right = np.abs(bipolar[LEFT]).max(), np.abs(bipolar[RIGHT]).max()
        if kind == "lpd":
            assert (left > right) == (stated[0].side == "left")
        else:
            assert 0.3 < left / right < 3.3


@pytest.mark.parametrize("kind", ["lrda", "grda"])
def test_rhythmic_delta_is_rhythmic_delta(kind):
    for seed in range(4):
        _sheet, _, bipolar, claims = planted(
            lambda s: periodic.rhythmic_delta(s, s.always(), kind), seed=seed, n_windows=4, rms_uv=5.0
        )
        stated = [c[kind] for c in claims if kind in c]
        assert stated
        assert all(0.5 <= c.frequency_hz[0] <= 4.0 for c in stated)
        row = np.argmax(share(bipolar, 0.5, 4.0) * bipolar.std(-1))
        assert abs(peak_hz(bipolar[row], 0.5, 4.5) - stated[0].frequency_hz[0]) < 0.8
        assert share(bipolar[row], 0.5, 4.5) > 0.6
        if kind == "lrda":
            assert stated[0].side == ("left" if row < 8 else "right")


def test_delta_brush_has_fast_activity_on_slow():
    _, _, bipolar, claims = planted(lambda s: periodic.delta_brush(s, s.always()), seed=1, rms_uv=6.0)
    assert "extreme_delta_brush" in claims[1]
    row = ROWS["F3-C3"]
    _, _, plain, _ = planted(lambda s: None, seed=1, rms_uv=6.0)
    freqs, power = spectrum(bipolar[row])
    _, before = spectrum(plain[row])
    for low, high in ((0.5, 4), (15, 35)):
        inside = (freqs >= low) & (freqs <= high)
        assert power[inside].sum() > 4 * before[inside].sum()


def test_spikes_are_sharp_on_their_side_and_above_the_background():
    for site, side in (("T7", "left"), ("P8", "right")):
        sheet, _eeg, bipolar, claims = planted(
            lambda s, site=site: discharges.spikes(s, s.always(), site=site), seed=8, n_windows=4
        )
        stated = [c["spikes"] for c in claims if "spikes" in c]
        assert stated and all(c.side == side for c in stated)
        times = next(e for e in sheet.truth if e.finding == "spikes").times
        times = times[(times > 0.5) & (times < 39.5)]
        heights, widths = [], []
        row = np.argmax(np.abs(bipolar[:, (times * 200).astype(int)]).mean(1))
        for time in times:
            around = below_20_hz(bipolar[row])[int(time * 200) - 40 : int(time * 200) + 40]
            heights.append(np.ptp(around))
            trace = bipolar[row, int(time * 200) - 40 : int(time * 200) + 40]
            extreme = np.argmax(np.abs(trace))
            wide = np.abs(trace) > 0.5 * np.abs(trace[extreme])
            widths.append(wide[max(0, extreme - 20) : extreme + 21].sum() / 200)
        assert np.median(heights) > 6 * bipolar[row].std() or np.median(heights) > 35
        assert 0.01 < np.median(widths) < 0.2
        assert (row < 8) == (side == "left")


def test_spike_and_wave_repeats_at_its_rate():
    _sheet, _, bipolar, claims = planted(
        lambda s: discharges.spike_wave(s, [(2.0, 9.0)], 3.0), seed=2, n_windows=1
    )
    claim = claims[0]["spike_and_wave"]
    assert claim.frequency_hz[0] == pytest.approx(3.0, abs=0.2)
    assert claim.side == "bilateral"
    row = np.argmax(bipolar.std(-1))
    assert abs(peak_hz(bipolar[row, 400:1800], 1.5, 5.0) - 3.0) <= 0.5


def test_polyspikes_are_groups():
    sheet, _, _, claims = planted(lambda s: discharges.polyspikes(s, s.always()), seed=2, n_windows=4)
    assert any("polyspikes" in c for c in claims)
    n_groups = len(next(e for e in sheet.truth if e.finding == "polyspikes").times)
    n_lobes = sum(len(block) for block in sheet.lobes)
    assert n_lobes >= 9 * n_groups


def test_focal_seizure_evolves_and_starts_on_its_side():
    moved = 0
    for seed in range(6):
        _, _, bipolar, claims = planted(
            lambda s: seizures.focal_seizure(s, site="T8", times=(3.0, 38.0)), seed=seed, n_windows=4
        )
        stated = [c["electrographic_seizure"] for c in claims if "electrographic_seizure" in c]
        assert len(stated) >= 3
        assert all(c.side == "right" for c in stated)
        start, stop = np.mean(stated[0].frequency_hz), np.mean(stated[-1].frequency_hz)
        moved += abs(np.log(stop / start)) > 0.25
        assert bipolar[:, 5000:7000].std(1).max() > 2 * bipolar[:, :500].std(1).max()
        assert np.log(np.abs(bipolar[RIGHT, 700:1800]).std() / np.abs(bipolar[LEFT, 700:1800]).std()) > 0
    assert moved >= 5


def test_spindles_are_central_and_within_their_band():
    _sheet, eeg, bipolar, claims = planted(
        lambda s: background.spindles(s, 0.3, s.always()), seed=4, n_windows=3
    )
    stated = [c["sleep_spindles"] for c in claims if "sleep_spindles" in c]
    assert stated and all(11 <= c.frequency_hz[0] <= 16 for c in stated)
    assert abs(peak_hz(bipolar[ROWS["C3-P3"]], 10, 17) - stated[0].frequency_hz[0]) < 1.0
    ears = eeg - eeg[site_indices(("T7", "T8"))].mean(0)
    power = share(ears, 11, 16) * ears.var(-1)
    central = power[site_indices(("C3", "Cz", "C4", "F3", "Fz", "F4"))].mean()
    assert central > 1.5 * power[site_indices(("T7", "T8", "O1", "O2"))].mean()


@pytest.mark.parametrize(
    ("make", "finding", "sites"),
    [
        (background.vertex_waves, "vertex_waves", ("Cz", "Fz")),
        (background.k_complexes, "k_complexes", ("Fz", "F3", "F4", "Cz", "Fp1", "Fp2")),
    ],
)
def test_sharp_waves_of_sleep_are_negative_where_they_belong(make, finding, sites):
    sheet, eeg, _, claims = planted(lambda s: make(s, 0.3, s.always()), seed=5, n_windows=3)
    assert any(finding in c for c in claims)
    times = next(e for e in sheet.truth if e.finding == finding).times
    times = times[(times > 0.5) & (times < 29)]
    average = below_20_hz(eeg - eeg.mean(0))
    waves = np.mean([average[:, int(t * 200) : int(t * 200) + 40] for t in times], axis=0)
    assert SITES_1020[np.unravel_index(np.argmin(waves), waves.shape)[0]] in sites
    assert waves.min() < -25


def test_slow_waves_are_large_slow_and_frontal():
    _, eeg, _bipolar, claims = planted(lambda s: background.slow_waves(s, s.always(), 140.0), seed=2)
    assert {"slow_wave_sleep", "n3_sleep", "normal"} <= set(claims[0])
    ears = eeg[site_indices(("P7", "P8"))].mean(0)
    frontal = eeg[SITES_1020.index("Fz")] - ears
    assert share(frontal, 0.5, 2.5) > 0.6
    assert np.median(np.ptp(frontal[:6000].reshape(-1, 400), axis=1)) > 75


def test_mu_is_central_and_beta_fast():
    _, eeg, _, claims = planted(lambda s: background.mu(s, s.always(), 9.5, 45.0, "left"), seed=3)
    assert claims[1]["mu_rhythm"].side == "left"
    average = eeg - eeg.mean(0)
    power = share(average, 8.5, 10.5) * average.var(-1)
    assert SITES_1020[np.argmax(power)] == "C3"
    _, _, bipolar, claims = planted(lambda s: background.beta(s, s.always(), 30.0, 20.0), seed=3)
    assert claims[1]["beta_activity"].frequency_hz == (20.0, 20.0)
    assert share(bipolar[ROWS["F3-C3"]], 15, 25) > 0.3


def test_blinks_are_positive_in_front_and_eyes_move_apart():
    sheet, eeg, _, claims = planted(lambda s: artifacts.blinks(s, 0.5), seed=1)
    times = sheet.truth[0].times
    at = (times[(times > 0.5) & (times < 29)] * 200).astype(int)
    assert any("eye_blinks" in c for c in claims)
    heights = eeg[:, at].mean(1) - eeg.mean(1)
    assert SITES_1020[np.argmax(heights)] in ("Fp1", "Fp2")
    assert heights[0] > 60 and heights[1] > 60
    assert abs(heights[SITES_1020.index("O1")]) < 0.1 * heights[0]
    _, eeg, _, claims = planted(lambda s: artifacts.saccades(s, 0.6), seed=1)
    assert any("lateral_eye_movements" in c for c in claims)
    average = below_20_hz(eeg - eeg.mean(0))
    f7, f8 = (average[SITES_1020.index(s)] for s in ("F7", "F8"))
    assert np.corrcoef(f7, f8)[0, 1] < -0.7


def test_muscle_is_fast_on_its_side():
    _, _, bipolar, claims = planted(lambda s: artifacts.muscles(s, 25.0, s.always(), side="left"), seed=2)
    assert claims[0]["muscle_artifact"].side == "left"
    freqs, power = spectrum(bipolar)
    fast = power[:, freqs > 20].sum(1)
    assert fast[LEFT].max() > 10 * fast[RIGHT].max()
    assert share(bipolar[np.argmax(fast)], 20, 70) > 0.6


@pytest.mark.parametrize("kind", ["pop", "noise", "drift"])
def test_bad_electrode_has_no_field(kind):
    for seed in range(3):
        _sheet, eeg, _, claims = planted(lambda s: artifacts.bad_electrode(s, kind), seed=seed, n_windows=4)
        stated = [c["electrode_artifact"] for c in claims if "electrode_artifact" in c]
        assert stated
        deviation = (eeg - np.median(eeg, axis=0)).std(-1)
        worst = np.argsort(deviation)
        assert deviation[worst[-1]] > 1.3 * deviation[worst[-2]]


def test_mains_heart_and_movement():
    _, _, bipolar, claims = planted(artifacts.mains, seed=1)
    frequency = claims[0]["line_noise"].frequency_hz[0]
    assert frequency in (50.0, 60.0)
    assert abs(peak_hz(bipolar[np.argmax(share(bipolar, 45, 65))], 30, 70) - frequency) <= 0.25
    sheet, _, bipolar, claims = planted(artifacts.ecg, seed=1)
    beats = np.diff(sheet.truth[0].times)
    assert 0.45 < beats.mean() < 1.2 and beats.std() < 0.1
    assert "ecg_artifact" in claims[0]
    _, _, bipolar, claims = planted(lambda s: artifacts.movement(s, [(3.0, 8.0)]), seed=1)
    assert "movement_artifact" in claims[0] and "movement_artifact" not in claims[2]
    assert np.median(bipolar[:, 700:1500].std(-1)) > 4 * np.median(bipolar[:, 4000:].std(-1))


def test_changes_are_told_against_the_window_before():
    def make(sheet):
        background.posterior_rhythm(sheet, 10.0, 50.0, sheet.gate([(10.0, 1e9)]))

    _, _, _, claims = planted(make, seed=1)
    assert "posterior_dominant_rhythm" not in claims[0]
    assert claims[1]["posterior_dominant_rhythm"].change.direction == "new"
    assert claims[1]["posterior_dominant_rhythm"].change.since_s == 10.0
    _, _, _, claims = planted(lambda s: seizures.generalized_seizure(s), seed=2, n_windows=6)
    assert any("electrographic_seizure" in c for c in claims)


def test_a_focus_in_the_weaker_hemisphere_keeps_its_side():
    def make(sheet):
        slowing.asymmetry(sheet, "left", 0.25)
        background.aperiodic(sheet, 6.0, exponent=1.4, knee_hz=1.5, fast_uv=0.3)
        sheet.is_background = False
        periodic.periodic(sheet, sheet.always(), "lpd", site="T7", size=14.0)

    _, _, bipolar, claims = planted(make, rms_uv=None)
    assert claims[0]["lpd"].side == "left" and claims[0]["asymmetry"].side == "left"
    assert np.abs(bipolar[LEFT]).max() > np.abs(bipolar[RIGHT]).max()
