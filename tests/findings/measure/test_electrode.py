"""Faults of one electrode, each beside what looks like it but for one property."""

from __future__ import annotations

import numpy as np
import pytest
from planted import TIME_S, field, make_windows, noise, wave

from neuronarrator_hf.findings.measure import measure_windows
from neuronarrator_hf.findings.measure.block import SiteBlock
from neuronarrator_hf.findings.measure.electrode import _judge_jumps, _not_muscle
from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.signal.montage import SITES_1020

EVERY = np.ones((1, 19), bool)


def told(eeg_uv: np.ndarray) -> Claim:
    return measure_windows(make_windows(eeg_uv))[0].claims["electrode_artifact"]


def alpha(seed: int) -> np.ndarray:
    """A background with a posterior rhythm of 40 uV, `(1, 19, 2000)`."""
    return noise(1, 1.2, seed, 5.0, 5.0 + 1e-6) + (
        (field("O1") + field("O2"))[None, :, None] * 40 * wave(10.0, seed)
    )


def jump(time_s: float, fall_s: float) -> np.ndarray:
    """A step that falls back, height 1."""
    later = TIME_S - time_s
    return np.where(later >= 0, np.exp(-np.maximum(later, 0) / fall_s), 0.0)


@pytest.mark.parametrize("site", ["F4", "T7", "Pz", "O1"])
def test_one_jump_of_one_electrode_is_told_beside_alpha(site: str) -> None:
    eeg = alpha(3)
    assert not told(eeg).is_present
    eeg[0, SITES_1020.index(site)] += 90 * jump(4.0, 0.3)
    claim = told(eeg)
    assert claim.is_present
    assert claim.regions == ({"F4": "frontal", "T7": "temporal", "Pz": "parietal", "O1": "occipital"}[site],)


def margin(eeg_uv: np.ndarray) -> float:
    return float(_judge_jumps(SiteBlock(eeg_uv, EVERY, 200.0))[0][0])


def test_what_makes_a_jump() -> None:
    """A jump is large, sudden, of one electrode and unlike anything else at the moment."""
    only = np.zeros(19)
    only[SITES_1020.index("T7")] = 1.0
    at = lambda shape, where: alpha(5) + where[None, :, None] * shape  # noqa: E731
    assert margin(at(90 * jump(4.0, 0.3), only)) > 1
    assert margin(at(25 * jump(4.0, 0.3), only)) < 0
    slow_rise = 90 * np.exp(-0.5 * ((TIME_S - 4.0) / 0.25) ** 2)
    assert margin(at(slow_rise, only)) < 0
    assert margin(at(90 * jump(4.0, 0.3), field("T7", 0.35))) < 0
    elsewhere = only.copy()
    elsewhere[SITES_1020.index("P4")] = 0.7
    assert margin(at(90 * jump(4.0, 0.3), elsewhere)) < 0


def test_muscle_at_several_electrodes_has_a_foot_that_is_no_fault() -> None:
    fast = np.full((1, 19), 0.0)
    fast[0, 7], fast[0, 11] = 3.0, 2.5
    assert _not_muscle(fast, np.array([7]))[0] < 0
    fast[0, 11] = 1.0
    assert _not_muscle(fast, np.array([7]))[0] > 0
    assert _not_muscle(fast, np.array([2]))[0] > 0
