"""Slowing and asymmetry of the background: what the eyes, drowsiness, bursts and one generator are not."""

from __future__ import annotations

import numpy as np
import pytest
from planted import POSITIONS, TIME_S, band_noise, field, make_windows, noise

from neuronarrator_hf.findings.measure import measure_windows, slowing
from neuronarrator_hf.findings.measure.block import SiteBlock
from neuronarrator_hf.findings.measure.eyes import share_of_eyes
from neuronarrator_hf.findings.measure.result import Judgement

PLACES = ("F3", "F4", "C3", "C4", "P3", "P4", "T7", "T8", "O1", "O2")


def present(eeg_uv: np.ndarray) -> set[str]:
    measured = measure_windows(make_windows(eeg_uv))[0]
    return {finding for finding, claim in measured.claims.items() if claim.is_present}


def diffuse(low_hz: float, high_hz: float, seed: int) -> np.ndarray:
    """Activity of a band from many places, `(1, 19, 2000)`, of unit size at the largest site."""
    mixing = np.stack([field(site, 0.15) for site in PLACES], axis=1)
    return (mixing @ np.stack([band_noise(low_hz, high_hz, seed + i) for i in range(len(PLACES))]))[None]


def background(seed: int, uv: float = 8.0) -> np.ndarray:
    return noise(1, 1.3, seed, uv, 1.0001 * uv)


def as_block(eeg_uv: np.ndarray) -> SiteBlock:
    return SiteBlock(eeg_uv, np.ones(eeg_uv.shape[:2], bool), 200.0)


def seen(finding: str, margin: float) -> Judgement:
    return Judgement(finding, np.array([margin]), np.ones(1, bool))


def test_delta_that_follows_the_eyes_is_theirs_where_they_move() -> None:
    blinks = np.exp(-0.5 * ((TIME_S[None] - np.arange(1.0, 10.0, 2.0)[:, None]) / 0.12) ** 2).sum(axis=0)
    eyes = np.outer(field("Fp1") + field("Fp2"), 120.0 * blinks)[None]
    block = as_block(background(1, 3.0) + eyes)
    share = share_of_eyes(block, seen("eye_blinks", 2.0), seen("lateral_eye_movements", -2.0))
    assert share.shape == (1, 18) and share[0, 0] > 0.9
    assert share_of_eyes(block, seen("eye_blinks", -1.0), seen("lateral_eye_movements", -2.0)).max() == 0.0
    sideways = np.outer(field("F7") - field("F8"), 80.0 * np.sign(np.sin(TIME_S)))[None]
    block = as_block(background(1, 3.0) + sideways)
    share = share_of_eyes(block, seen("eye_blinks", 2.0), seen("lateral_eye_movements", 2.0))
    other = share_of_eyes(block, seen("eye_blinks", 2.0), seen("lateral_eye_movements", -2.0))
    assert share[0, 0] > 0.9 and other[0, 0] < 0.5


def test_theta_of_the_size_of_drowsiness_is_no_slowing_but_in_a_low_record() -> None:
    light = background(3) + 3.0 * diffuse(4.0, 7.0, 20)
    assert "generalized_theta_slowing" not in present(light)
    block = as_block(light)
    powers = slowing.band_powers(block)
    none = np.full(1, np.nan)
    margins = [
        slowing.judge_slowing(block, powers, none, np.zeros((1, 18)), np.array([low]))[0].margin[0]
        for low in (False, True)
    ]
    assert margins[0] < 0 < margins[1]


def test_theta_that_rises_is_slowing_and_what_hardly_rises_is_not() -> None:
    assert "generalized_theta_slowing" in present(background(3) + 8.0 * diffuse(4.5, 6.5, 20))
    rises = slowing._theta_rise(
        as_block(np.concatenate([background(3), background(3) + 20 * diffuse(4.5, 7, 1)]))
    )
    assert abs(rises[0]) < 0.25 and rises[1] > slowing.THETA_ALONE


def test_delta_near_its_bound_is_slowing_only_with_theta(monkeypatch: pytest.MonkeyPatch) -> None:
    block = as_block(background(5) + 10.0 * diffuse(1.0, 3.0, 40))
    powers = slowing.band_powers(block)
    judge = lambda: slowing.judge_slowing(  # noqa: E731
        block, powers, np.full(1, np.nan), np.zeros((1, 18)), np.zeros(1, bool)
    )[1].margin[0]
    monkeypatch.setattr(slowing, "LIGHT_DELTA", 0.0)
    near = judge()
    monkeypatch.setattr(slowing, "DELTA_RATIO", slowing.DELTA_RATIO * 2.0 ** (near / 2 - 0.25))
    assert judge() == pytest.approx(0.5)
    monkeypatch.setattr(slowing, "LIGHT_DELTA", 1.0)
    assert judge() == pytest.approx(slowing.OPEN)
    monkeypatch.setattr(slowing, "_theta_margin", lambda *_: np.full(1, 0.3))
    assert judge() == pytest.approx(0.3)
    monkeypatch.setattr(slowing, "DELTA_RATIO", slowing.DELTA_RATIO * 2.0**-0.5)
    assert judge() == pytest.approx(1.5)


def test_bursts_of_a_few_seconds_do_not_change_the_median_second() -> None:
    calm = background(7)
    bursts = calm * np.where(np.abs(TIME_S - 5.0) < 1.0, 6.0, 1.0)
    power = [slowing.median_second(as_block(x), 4.5, 7.5)[0] for x in (calm, bursts)]
    assert np.median(power[1] / power[0]) < 2.0


def test_a_weaker_hemisphere_is_weaker_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    sides = np.where(np.arange(19) < 19, 1.0, 0.0)
    left = field("T7", 0.6) + field("C3", 0.6) > field("T8", 0.6) + field("C4", 0.6) + 0.05
    weaker = np.where(left, 0.35, sides)
    both = np.stack([field(site, 0.02) for site in PLACES], axis=1)
    own = (both @ np.stack([band_noise(8, 25, 60 + i) for i in range(len(PLACES))]))[None]
    assert "asymmetry" in present((background(9, 4.0) + 6.0 * own) * weaker[None, :, None])
    one = background(9, 5.0) + 12.0 * np.outer(field("T7", 0.12), band_noise(8.0, 25.0, 90))[None]
    assert "asymmetry" not in present(one)
    monkeypatch.setattr(slowing, "ASYMMETRY_PAIRS", 0.3)
    assert "asymmetry" in present(one)


def test_sides_of_an_interrupted_background_are_not_compared() -> None:
    weaker = np.where(POSITIONS[:, 0] > 0.05, 0.4, 1.0)
    bursts = (np.sin(2 * np.pi * TIME_S / 5.0) > 0.3).astype(float)
    eeg = noise(1, 1.2, 31, 25.0, 25.0 + 1e-6) * weaker[None, :, None]
    assert measure_windows(make_windows(eeg))[0].claims["asymmetry"].polarity != "not_assessed"
    claim = measure_windows(make_windows(eeg * (0.05 + 0.95 * bursts)))[0].claims["asymmetry"]
    assert claim.polarity == "not_assessed" and "interrupted" in claim.evidence["reason"]
