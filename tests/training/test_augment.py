"""Augmentation changes the signal and its truth together."""

from __future__ import annotations

import numpy as np

from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.signal.montage import SITES_1020
from neuronarrator_hf.training.augment import MIRROR_ORDER, augment, mirror_claim


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
    for seed in range(30):
        signal, mask, truth = augment(eeg, [[Claim("lpd", side="left")]], np.random.default_rng(seed))
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
