"""Places are told only where the electrodes record one head; mains are no muscle."""

from __future__ import annotations

import numpy as np
from planted import TIME_S, field, make_windows, noise

from neuronarrator_hf.findings.measure import measure_windows
from neuronarrator_hf.findings.measure.block import SiteBlock
from neuronarrator_hf.findings.measure.topography import COHERENT, PLACED, spatial_order


def _order(eeg_uv: np.ndarray) -> np.ndarray:
    return spatial_order(SiteBlock(eeg_uv, np.ones(eeg_uv.shape[:2], bool), 200.0))


def test_likeness_falls_with_distance_on_a_head_alone() -> None:
    head = noise(20, 1.0, 3)
    rng = np.random.default_rng(5)
    permuted = np.stack([window[rng.permutation(19)] for window in head])
    assert (_order(head) < COHERENT).all()
    assert (_order(permuted) > COHERENT).mean() >= 0.9
    assert (_order(noise(20, 0.0, 3)) > COHERENT).all()


def test_a_place_is_not_assessed_without_a_topography() -> None:
    claims = measure_windows(make_windows(noise(3, 0.0, 8)))[0].claims
    for finding in PLACED:
        assert claims[finding].polarity == "not_assessed"
        assert "places are in doubt" in claims[finding].evidence["reason"]


def test_mains_are_no_muscle() -> None:
    hum = 30.0 * np.sin(2 * np.pi * 50.0 * TIME_S) * field("T7", 0.8)[:, None]
    claims = measure_windows(make_windows(noise(4, 1.5, 11, 8.0, 12.0) + hum))[1].claims
    assert claims["line_noise"].is_present
    assert not claims["muscle_artifact"].is_present
