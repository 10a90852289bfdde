"""What may be a seizure and what is not, each but for one property."""

from __future__ import annotations

import numpy as np
import pytest
from planted import TIME_S, band_noise, field, make_windows, noise, wave

from neuronarrator_hf.findings.measure import ictal, measure_windows
from neuronarrator_hf.findings.measure.block import SiteBlock
from neuronarrator_hf.findings.measure.ictal import judge_seizure
from neuronarrator_hf.findings.measure.periodic import find_trains
from neuronarrator_hf.signal.montage import SITES_1020


def margin(eeg_uv: np.ndarray) -> float:
    return measure_windows(make_windows(eeg_uv))[0].values["margin_electrographic_seizure"]


def quiet(seed: int) -> np.ndarray:
    return noise(1, 1.2, seed, 5.0, 5.0 + 1e-6)


def test_an_alpha_rhythm_in_front_of_one_side_is_a_candidate_and_one_behind_is_not() -> None:
    for site, is_candidate in (("F7", True), ("C3", False), ("O1", False)):
        eeg = quiet(21) + 30 * field(site, 0.15)[None, :, None] * wave(10.0, 3)
        assert (margin(eeg) > 0) == is_candidate, site


def test_a_focus_counts_where_it_is_largest() -> None:
    narrow = 35 * field("T8", 0.1)[None, :, None] * wave(5.0, 4)
    assert margin(quiet(22) + narrow) > 0
    assert margin(quiet(22) + 0.3 * narrow) < 0


def test_large_polymorphic_activity_of_many_places_is_no_seizure(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [field(site, 0.2)[:, None] * band_noise(3.0, 10.5, 100 + i) for i, site in enumerate(SITES_1020)]
    eeg = quiet(23) + 30 * sum(many)[None]
    assert margin(eeg) < 0
    monkeypatch.setattr(ictal, "SUSTAINED_SCATTER", 0.5)
    monkeypatch.setattr(ictal, "SUSTAINED_CONCENTRATION", 0.18)
    assert margin(eeg) > 0


def test_a_rhythm_that_moves_within_alpha_is_that_of_health(monkeypatch: pytest.MonkeyPatch) -> None:
    drifting = np.sin(2 * np.pi * np.cumsum(np.linspace(8.7, 11.3, len(TIME_S))) / 200.0)
    eeg = quiet(24) + 40 * (field("C3", 0.3) + field("C4", 0.3))[None, :, None] * drifting
    block = SiteBlock(eeg, np.ones((1, 19), bool), 200.0)
    judge = lambda: judge_seizure(block, find_trains(block), np.array([np.nan]), np.ones(1))  # noqa: E731
    assert judge()[0][0].margin[0] < 0
    monkeypatch.setattr(ictal, "_beyond_health", lambda hz, uv: np.full_like(hz, np.inf))
    assert judge()[0][0].margin[0] > 0
