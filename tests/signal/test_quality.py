"""What must be caught, and what must not: low voltage, focal patterns, blinks and muscle are no faults."""

from __future__ import annotations

import numpy as np
import pytest
from signal_fields import SFREQ_HZ, SITE_POSITIONS, angle_deg, background, band_noise, patch

from neuronarrator_hf.signal.filtering import FilterChain
from neuronarrator_hf.signal.montage import SITES_1020, canonical_name, electrode_positions
from neuronarrator_hf.signal.quality import assess_quality, clipped_share, evaluable_fraction

TIMES_S = np.arange(2000) / SFREQ_HZ
REFERENCES = ("as recorded", "Cz", "average", "noisy")


def _judge(eeg_uv: np.ndarray) -> dict[str, list[str]]:
    mask, notes = assess_quality(eeg_uv[None], SFREQ_HZ, SITE_POSITIONS, ch_names=SITES_1020)
    assert mask.shape == (1, 19)
    assert {SITES_1020[i] for i in np.flatnonzero(~mask[0])} == set(notes[0])
    return notes[0]


def _rereference(eeg_uv: np.ndarray, reference: str, rng: np.random.Generator) -> np.ndarray:
    if reference == "Cz":
        return eeg_uv - eeg_uv[SITES_1020.index("Cz")]
    if reference == "average":
        return eeg_uv - eeg_uv.mean(axis=0)
    if reference == "noisy":
        return eeg_uv + 100 * rng.normal(size=eeg_uv.shape[-1])
    return eeg_uv


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("amplitude_uv", [0.8, 3.0, 15.0, 60.0, 150.0])
def test_plain_eeg_has_no_fault_at_any_voltage(seed: int, amplitude_uv: float) -> None:
    rng = np.random.default_rng(seed)
    assert _judge(background(rng, SITE_POSITIONS, amplitude_uv)) == {}


@pytest.mark.parametrize("site", SITES_1020)
@pytest.mark.parametrize("kind", ["noise", "drift", "pops"])
def test_one_bad_electrode_of_150_uv_is_caught_and_it_alone(site: str, kind: str) -> None:
    rng = np.random.default_rng(SITES_1020.index(site))
    eeg_uv = background(rng, SITE_POSITIONS, 15.0)
    fault = {
        "noise": band_noise(rng, 0.5, 70.0),
        "drift": band_noise(rng, 0.5, 3.0),
        "pops": np.exp(-np.mod(TIMES_S - rng.uniform(0, 3), 3.1) / 0.5) * 3,
    }[kind]
    eeg_uv[SITES_1020.index(site)] += 150 * fault
    assert _judge(eeg_uv) == {site: ["deviates from its neighbours"]}


@pytest.mark.parametrize("reference", REFERENCES)
def test_the_reference_changes_no_verdict_on_a_bad_electrode(reference: str) -> None:
    rng = np.random.default_rng(3)
    eeg_uv = background(rng, SITE_POSITIONS, 15.0)
    eeg_uv[SITES_1020.index("P3")] += 150 * band_noise(rng, 0.5, 70.0)
    notes = _judge(_rereference(eeg_uv, reference, rng))
    assert notes.pop("P3") == ["deviates from its neighbours"]
    assert notes in ({}, {"Cz": ["flat"]})  # the reference electrode itself


def test_two_bad_electrodes_side_by_side_are_both_caught() -> None:
    rng = np.random.default_rng(4)
    eeg_uv = background(rng, SITE_POSITIONS, 15.0)
    for site in ("C3", "P3"):
        eeg_uv[SITES_1020.index(site)] += 150 * band_noise(rng, 0.5, 70.0)
    assert set(_judge(eeg_uv)) == {"C3", "P3"}


@pytest.mark.parametrize("reference", REFERENCES[:3])
@pytest.mark.parametrize("site", SITES_1020)
@pytest.mark.parametrize("kind", ["delta", "discharges", "seizure"])
def test_a_focal_abnormality_is_no_fault(site: str, kind: str, reference: str) -> None:
    rng = np.random.default_rng(SITES_1020.index(site))
    waveform = {
        "delta": 60 * band_noise(rng, 1.0, 3.0),
        "discharges": 200 * np.exp(-0.5 * ((np.mod(TIMES_S, 1.0) - 0.5) / 0.04) ** 2),
        "seizure": 80 * np.sin(2 * np.pi * 5 * TIMES_S) * np.clip(TIMES_S - 3, 0, 1),
    }[kind]
    field = patch(SITE_POSITIONS, SITE_POSITIONS[SITES_1020.index(site)], 30.0)
    eeg_uv = background(rng, SITE_POSITIONS, 12.0) + field[:, None] * waveform
    notes = _judge(_rereference(eeg_uv, reference, rng))
    assert notes in ({}, {"Cz": ["flat"]})


@pytest.mark.parametrize("seed", range(5))
def test_blinks_and_eye_movements_are_no_fault(seed: int) -> None:
    rng = np.random.default_rng(seed)
    eeg_uv = background(rng, SITE_POSITIONS, 12.0)
    eyes = electrode_positions(["Fpz"])[0]
    distance = angle_deg(SITE_POSITIONS, eyes + np.array([0, 0.1, -0.3]))
    blinks = sum(np.exp(-0.5 * ((TIMES_S - t) / 0.1) ** 2) for t in rng.uniform(0, 10, 6))
    eeg_uv += 350 * np.exp(-distance / 25.0)[:, None] * blinks
    lateral = np.exp(-angle_deg(SITE_POSITIONS, SITE_POSITIONS[2]) / 30) - np.exp(
        -angle_deg(SITE_POSITIONS, SITE_POSITIONS[6]) / 30
    )
    eeg_uv += 60 * lateral[:, None] * np.sign(np.sin(2 * np.pi * 0.7 * TIMES_S))
    assert _judge(eeg_uv) == {}


@pytest.mark.parametrize("seed", range(5))
def test_muscle_activity_is_no_fault(seed: int) -> None:
    rng = np.random.default_rng(seed)
    eeg_uv = background(rng, SITE_POSITIONS, 15.0)
    for site in ("T7", "T8", "F7", "F8", "Fp1"):
        eeg_uv[SITES_1020.index(site)] += 40 * band_noise(rng, 20.0, 75.0)
    assert _judge(eeg_uv) == {}


def test_flat_dead_and_missing_channels() -> None:
    rng = np.random.default_rng(0)
    eeg_uv = background(rng, SITE_POSITIONS, 20.0)
    eeg_uv[0] = 0.0
    eeg_uv[1] = 40.0
    eeg_uv[2] = rng.normal(size=2000) * 0.1
    eeg_uv[3] = rng.normal(size=2000) * 0.5  # amplifier noise among living channels
    eeg_uv[4, 500:] = 0.0
    eeg_uv[5, 100] = np.nan
    notes = _judge(eeg_uv)
    assert all(notes[site] == ["flat"] for site in SITES_1020[:5])
    assert notes["F4"] == ["missing samples"]
    assert len(notes) == 6


@pytest.mark.parametrize("value", [0.0, 123.0, np.nan])
def test_a_window_of_nothing_has_nothing_to_evaluate(value: float) -> None:
    mask, notes = assess_quality(np.full((2, 19, 2000), value), SFREQ_HZ, SITE_POSITIONS)
    assert not mask.any() and not evaluable_fraction(mask).any()
    assert len(notes[0]) == 19


def test_out_of_range_clipped_and_mains() -> None:
    rng = np.random.default_rng(0)
    eeg_uv = background(rng, SITE_POSITIONS, 30.0)
    eeg_uv[3, 300:900] += 3000 * np.sin(np.arange(600) / 20)
    eeg_uv[8] = np.clip(eeg_uv[8] * 8, -150, 150)
    eeg_uv[12] += 200 * np.sin(2 * np.pi * 50 * TIMES_S)
    notes = _judge(eeg_uv)
    assert notes == {
        "F3": ["out of range"],
        "C3": ["clipped"],
        "P7": ["extreme mains interference"],
    }


def test_clipped_share_of_native_samples() -> None:
    sine = 500 * np.sin(2 * np.pi * 3 * TIMES_S)
    assert clipped_share(sine) < 0.01
    assert clipped_share(np.clip(sine, -300, 300)) > 0.4
    assert clipped_share(np.zeros(2000)) == 0.0
    assert clipped_share(np.stack([sine, np.clip(sine, -400, 500)])).shape == (2,)


@pytest.mark.parametrize("n_recorded", [400, 1300])
def test_padding_is_not_flat(n_recorded: int) -> None:
    rng = np.random.default_rng(0)
    eeg_uv = np.stack([background(rng, SITE_POSITIONS, 15.0) for _ in range(2)])
    eeg_uv[0, :, n_recorded:] = 0.0
    time_mask = np.ones((2, 2000), dtype=bool)
    time_mask[0, n_recorded:] = False
    mask, _ = assess_quality(eeg_uv, SFREQ_HZ, SITE_POSITIONS, time_mask)
    assert mask.all()
    eeg_uv[0, 5] = 0.0
    eeg_uv[0, 7, :n_recorded] += 150 * rng.normal(size=n_recorded)
    mask, _ = assess_quality(eeg_uv, SFREQ_HZ, SITE_POSITIONS, time_mask)
    assert list(np.argwhere(~mask).ravel()) == [0, 5, 0, 7]


@pytest.mark.parametrize("names", [("C3", "O2"), ("Fp1",), ("F7", "T7", "O2", "P4")])
def test_few_channels_are_not_judged_by_far_ones(names: tuple[str, ...]) -> None:
    rng = np.random.default_rng(0)
    positions = electrode_positions(names)
    eeg_uv = background(rng, positions, 15.0)[None]
    eeg_uv[0, 0] *= 8
    mask, _ = assess_quality(eeg_uv, SFREQ_HZ, positions)
    assert mask.all()
    nowhere = np.full_like(positions, np.nan)
    assert assess_quality(eeg_uv, SFREQ_HZ, nowhere)[0].all()
    assert assess_quality(eeg_uv, SFREQ_HZ)[0].all()


def test_a_dense_cap_is_judged_too() -> None:
    rng = np.random.default_rng(0)
    z = 1 - (np.arange(256) + 0.5) / 256 * 1.2
    turn = np.arange(256) * np.pi * (3 - np.sqrt(5))
    positions = np.stack([np.sqrt(1 - z**2) * np.cos(turn), np.sqrt(1 - z**2) * np.sin(turn), z], axis=1)
    eeg_uv = background(rng, positions, 15.0)[None]
    eeg_uv[0, [17, 99]] += 150 * rng.normal(size=(2, 2000))
    mask, _ = assess_quality(eeg_uv, SFREQ_HZ, positions)
    assert list(np.flatnonzero(~mask[0])) == [17, 99]


def test_windows_are_judged_one_by_one() -> None:
    rng = np.random.default_rng(0)
    eeg_uv = np.stack([background(rng, SITE_POSITIONS, a) for a in (3.0, 15.0, 60.0)])
    eeg_uv[1, 2] = 0.0
    eeg_uv[2, 9] += 600 * rng.normal(size=2000)
    mask, notes = assess_quality(eeg_uv, SFREQ_HZ, SITE_POSITIONS, ch_names=SITES_1020)
    for window in range(3):
        alone, note = assess_quality(
            eeg_uv[window : window + 1], SFREQ_HZ, SITE_POSITIONS, ch_names=SITES_1020
        )
        np.testing.assert_array_equal(alone[0], mask[window])
        assert note[0] == notes[window]
    assert evaluable_fraction(mask) == pytest.approx([1.0, 18 / 19, 18 / 19])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_the_channels_changes_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    eeg_uv = np.stack([background(rng, SITE_POSITIONS, 15.0) for _ in range(3)])
    eeg_uv[1, 3] += 150 * rng.normal(size=2000)
    eeg_uv[2, 9] = 0.0
    order = rng.permutation(19)
    mask, _ = assess_quality(eeg_uv, SFREQ_HZ, SITE_POSITIONS)
    reordered, _ = assess_quality(eeg_uv[:, order], SFREQ_HZ, SITE_POSITIONS[order])
    np.testing.assert_array_equal(reordered, mask[:, order])
    assert assess_quality(eeg_uv[:1], SFREQ_HZ, np.zeros((19, 3)))[0].all()


def _sites(raw) -> np.ndarray:
    """The 19 sites of an `mne.io.Raw` in microvolts."""
    names = [canonical_name(name) for name in raw.ch_names]
    return raw.get_data([names.index(site) for site in SITES_1020]) * 1e6


@pytest.mark.real_data
def test_real_recordings_stay_evaluable(real_data_root) -> None:
    """Captioned pages and awake rest: what experts could read is not masked away."""
    mne = pytest.importorskip("mne")
    shares = []
    for folder, pattern in (("icu_vecams", "*.edf"), ("icu_iiic_irr", "*.edf"), ("awake", "eegmat_*.edf")):
        for path in sorted((real_data_root / folder).glob(pattern)):
            raw = mne.io.read_raw_edf(path, preload=True, verbose="error")
            eeg_uv = _sites(raw)
            chain = FilterChain(raw.info["sfreq"])
            filtered = chain.apply(eeg_uv, 0, *chain.n_output(0, eeg_uv.shape[1]))
            windows = np.stack([filtered[:, s : s + 2000] for s in range(0, filtered.shape[1] - 1999, 2000)])
            shares.append(assess_quality(windows, SFREQ_HZ, SITE_POSITIONS)[0].mean())
    assert len(shares) > 30
    assert np.mean(shares) > 0.99 and min(shares) > 0.9


@pytest.mark.real_data
def test_a_bad_electrode_is_caught_in_real_recordings(real_data_root) -> None:
    """150 uV of noise on each site in turn, over captioned pages of ordinary amplitude (below 40 uV RMS)."""
    mne = pytest.importorskip("mne")
    rng = np.random.default_rng(0)
    caught, blamed, total = 0, 0, 0
    for path in sorted((real_data_root / "icu_vecams").glob("*.edf")):
        raw = mne.io.read_raw_edf(path, preload=True, verbose="error")
        window = FilterChain(raw.info["sfreq"]).apply(_sites(raw), 0, 400, 2400)
        if np.median((window - window.mean(axis=0)).std(axis=-1)) > 40:
            continue
        before = assess_quality(window[None], SFREQ_HZ, SITE_POSITIONS)[0][0]
        noisy = np.repeat(window[None], 19, axis=0)
        noisy[np.arange(19), np.arange(19)] += 150 * rng.normal(size=(19, 2000))
        mask, _ = assess_quality(noisy, SFREQ_HZ, SITE_POSITIONS)
        caught += (~np.diagonal(mask)).sum()
        total += 19
        others = ~np.eye(19, dtype=bool)
        blamed += (~mask & before & others).sum()
    assert total >= 19 * 15
    assert caught / total > 0.95
    assert blamed / total < 0.05
