"""Augmentation changes the signal and its truth together."""

from __future__ import annotations

import numpy as np

from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.signal.montage import SITES_1020
from neuronarrator_hf.training.augment import MIRROR_ORDER, NOISE_SHARE, augment, mirror_claim


def test_mirror():
    assert SITES_1020[MIRROR_ORDER[SITES_1020.index("T7")]] == "T8"
    assert SITES_1020[MIRROR_ORDER[SITES_1020.index("Cz")]] == "Cz"
    assert (MIRROR_ORDER[MIRROR_ORDER] == np.arange(19)).all()
    claim = Claim("lpd", side="left", regions=("temporal",))
    assert mirror_claim(claim).side == "right" and mirror_claim(mirror_claim(claim)) == claim
    assert mirror_claim(Claim("normal")) == Claim("normal")


def test_side_follows_the_signal():
    eeg = np.zeros((1, 19, 2000), np.float32)
    eeg[:, SITES_1020.index("T7")] = 50 * np.sin(np.arange(2000) / 10)
    sides = set()
    for seed in range(40):
        signal, mask, truth = augment(eeg, [[Claim("lpd", side="left")]], np.random.default_rng(seed))
        if not truth[0]:
            continue  # became noise
        bipolar = signal[:, [SITES_1020.index("T7"), SITES_1020.index("T8")]].std(-1)[0]
        if (
            mask[0, [SITES_1020.index("T7"), SITES_1020.index("T8")]].all()
            and abs(bipolar[0] - bipolar[1]) > 10
        ):
            diff = signal - signal[:, [SITES_1020.index("Cz")]]
            left, right = (diff[0, SITES_1020.index(s)].std() for s in ("T7", "T8"))
            assert truth[0][0].side == ("left" if left > right else "right")
            sides.add(truth[0][0].side)
    assert sides == {"left", "right"}


def test_deterministic_and_masked_is_zero():
    eeg = np.random.default_rng(0).standard_normal((2, 19, 2000)).astype(np.float16)
    for seed in range(10):
        a, b = (augment(eeg, [[], []], np.random.default_rng(seed)) for _ in range(2))
        assert np.array_equal(a[0], b[0]) and np.array_equal(a[1], b[1])
        assert not a[0][~a[1]].any() and a[0].dtype == np.float32


def test_a_few_recordings_become_noise_of_which_nothing_is_true():
    times = np.arange(2000) / 200
    eeg = np.tile(30 * np.sin(2 * np.pi * 10 * times), (2, 19, 1)).astype(np.float32)
    eeg *= np.linspace(0.5, 1.5, 19)[:, None]  # a reference leaves something
    rhythm, low = Claim("posterior_dominant_rhythm"), Claim("low_voltage")
    noisy = 0
    for seed in range(400):
        signal, mask, truth = augment(eeg, [[rhythm], [rhythm]], np.random.default_rng(seed))
        spectrum = np.abs(np.fft.rfft(signal[mask])) ** 2
        share = spectrum[:, 95:106].sum() / spectrum.sum()  # about 10 Hz
        assert (share < 0.3) == (truth == [[], []]), seed
        noisy += truth == [[], []]
    assert 0.5 * NOISE_SHARE < noisy / 400 < 2 * NOISE_SHARE
    calm = [augment(eeg, [[low], [low]], np.random.default_rng(seed))[2] for seed in range(100)]
    assert all(window for truth in calm for window in truth)


def test_no_recording_gets_a_silent_electrode():
    eeg = np.random.default_rng(0).normal(0, 20, (2, 19, 2000)).astype(np.float32)
    for seed in range(100):
        signal, mask, _ = augment(eeg, [[Claim("eye_blinks")]] * 2, np.random.default_rng(seed))
        assert np.array_equal(signal.any(-1), mask), seed
