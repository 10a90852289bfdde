"""Muscle, mains, heart and eyes, each beside what looks like it but for one property."""

from __future__ import annotations

import numpy as np
import pytest
from planted import TIME_S, field, make_windows, noise, pulses, wave

from neuronarrator_hf.findings.measure import artifacts, eyes, measure_windows
from neuronarrator_hf.findings.measure.block import SiteBlock
from neuronarrator_hf.signal.montage import SITES_1020

EYES = 0.95 * (field("Fp1", 0.08) + field("Fp2", 0.08))


def present(eeg_uv: np.ndarray) -> set[str]:
    claims = measure_windows(make_windows(eeg_uv))[0].claims
    return {finding for finding, claim in claims.items() if claim.is_present}


def margin(judge, eeg_uv: np.ndarray) -> float:
    return float(judge(SiteBlock(eeg_uv, np.ones((1, 19), bool), 200.0)).margin[0])


def quiet(seed: int) -> np.ndarray:
    return noise(1, 1.2, seed, 6.0, 6.0 + 1e-6)


def beats(heights: np.ndarray, beat_s: float = 0.8) -> np.ndarray:
    """QRS complexes of the given heights in uV at the temples and the back of the head."""
    where = field("T7", 0.6) - field("T8", 0.6)
    train = sum(h * np.exp(-(((TIME_S - 0.4 - beat_s * k) / 0.012) ** 2)) for k, h in enumerate(heights) if h)
    return where[None, :, None] * train


def test_beats_of_a_heart_are_alike_in_height(monkeypatch: pytest.MonkeyPatch) -> None:
    even = quiet(3) + beats(np.full(12, 30.0))
    uneven = quiet(3) + beats(np.resize([30.0, 14.0, 50.0, 20.0], 12))
    assert "ecg_artifact" in present(even)
    difference = margin(artifacts._judge_ecg, even) - margin(artifacts._judge_ecg, uneven)
    monkeypatch.setattr(artifacts, "_unevenness", lambda seen: np.full(len(seen), artifacts.ECG_UNEVEN))
    without = margin(artifacts._judge_ecg, even) - margin(artifacts._judge_ecg, uneven)
    assert difference > without + 1.0


def test_unevenness_is_the_coefficient_of_variation_of_the_heights() -> None:
    heights = np.array([30.0, 40.0, 50.0, 40.0] * 2)
    seen = np.zeros((1, 1000))
    seen[0, (60 + 100 * np.arange(8))[:, None] + np.arange(-1, 2)] = heights[:, None] * [0.8, 1.0, 0.8]
    assert artifacts._unevenness(seen + 0.01)[0] == pytest.approx(heights.std() / heights.mean(), abs=0.01)


@pytest.mark.parametrize(("exponent", "is_muscle"), [(0.0, True), (2.0, False)])
def test_fast_activity_whose_spectrum_falls_is_no_muscle(exponent: float, is_muscle: bool) -> None:
    """Both have 40 uV in 30-70 Hz; that of a large background falls by 2.5 octaves of power before it."""
    fast = np.random.default_rng(7).normal(size=(1, 19, len(TIME_S)))
    freqs = np.fft.rfftfreq(len(TIME_S), 1 / 200.0)
    gain = ((freqs > 15) & (freqs < 70)) / np.maximum(freqs, 15) ** (exponent / 2)
    fast = np.fft.irfft(np.fft.rfft(fast) * gain, len(TIME_S))
    band = np.fft.irfft(np.fft.rfft(fast) * ((freqs > 30) & (freqs < 70)), len(TIME_S))
    eeg = quiet(4) + 8.0 * fast / band.std()
    assert ("muscle_artifact" in present(eeg)) == is_muscle


def test_mains_of_a_quarter_of_the_derivations_are_told() -> None:
    mains = 12 * np.sin(2 * np.pi * 50 * TIME_S)
    eeg = quiet(5)
    for site in ("F7", "P8"):
        eeg[0, SITES_1020.index(site)] += mains
    assert "line_noise" not in present(eeg)
    eeg[0, SITES_1020.index("F4")] += mains
    assert "line_noise" in present(eeg)


def test_blinks_leave_the_back_of_the_head_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    blink = sum(np.exp(-(((TIME_S - t) / 0.1) ** 2)) for t in (1.0, 3.2, 6.1, 8.3))
    plain = quiet(6) + 130 * EYES[None, :, None] * blink
    assert margin(eyes.judge_blinks, plain) > 0
    focus = plain + 120 * (field("P7", 0.1) - field("P8", 0.1))[None, :, None] * blink
    assert margin(eyes.judge_blinks, focus) < 0
    monkeypatch.setattr(eyes, "BLINK_ALIKE_BEHIND", np.inf)
    assert margin(eyes.judge_blinks, focus) > 0


def test_lateral_movements_are_seen_beside_blinks(monkeypatch: pytest.MonkeyPatch) -> None:
    to_right = field("F8", 0.12) - field("F7", 0.12)
    jumps = sum(s * np.exp(-(TIME_S - t) / 0.3) * (t < TIME_S) for t, s in ((1.5, 1), (4.6, -1), (7.4, 1)))
    wide = 0.5 * (field("F7", 0.1) + field("F8", 0.1))
    blinks = 220 * (EYES + wide)[None, :, None] * pulses(np.array([0.7, 2.6, 3.8, 5.6, 6.5, 8.7]), 0.12)
    eeg = quiet(8) + 80 * to_right[None, :, None] * jumps
    assert margin(eyes.judge_lateral, eeg) > 0
    assert margin(eyes.judge_lateral, quiet(8) + blinks) < 0
    assert margin(eyes.judge_lateral, eeg + blinks) > 0
    monkeypatch.setattr(eyes, "_without", lambda a, b: a)
    assert margin(eyes.judge_lateral, eeg + blinks) < 0


def test_a_posterior_rhythm_is_no_heart() -> None:
    back = field("O1", 0.4) + field("O2", 0.4)
    assert "ecg_artifact" not in present(quiet(9) + 35 * back[None, :, None] * wave(10.0, 2))
