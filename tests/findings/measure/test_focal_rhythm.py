"""A focal rhythm measured with the posterior rhythm taken out: what each bound keeps away."""

from __future__ import annotations

import numpy as np
import pytest

from neuronarrator_hf.findings.measure import focal_rhythm
from neuronarrator_hf.findings.measure.block import LEFT_BIPOLAR, RIGHT_BIPOLAR, SLOW_SFREQ_HZ
from neuronarrator_hf.findings.measure.focal_rhythm import find_focal_rhythm, take_out

N_TIMES = round(10 * SLOW_SFREQ_HZ)
ALPHA_HZ = np.array([10.0])


def wave(hz: float, phase: float = 0.0) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(N_TIMES) / SLOW_SFREQ_HZ + phase)


def derivations(left: np.ndarray, right: np.ndarray | float = 0.0) -> np.ndarray:
    """`(1, 18, N_TIMES)` microvolts: the rows of each side, over alpha of 30 uV and a little noise."""
    x = np.random.default_rng(0).normal(0, 1.0, (1, 18, N_TIMES)) + 30 * wave(ALPHA_HZ[0])
    x[:, list(LEFT_BIPOLAR)] += left
    x[:, list(RIGHT_BIPOLAR)] += right
    return x.astype(np.float32)


def fit_of(x: np.ndarray) -> float:
    return float(find_focal_rhythm(x, np.ones((1, 18), bool), ALPHA_HZ).fit[0])


def several_generators() -> np.ndarray:
    """Each derivation of the side in a phase of its own."""
    return np.stack([60 * wave(5.0, 2 * np.pi * k / len(LEFT_BIPOLAR)) for k in range(len(LEFT_BIPOLAR))])


def several_frequencies() -> np.ndarray:
    """Regular, but with the power of its slope in three frequencies."""
    return sum(60 / k * wave(2.2 * k, k) for k in (1, 2, 3))


def test_a_rhythm_of_one_side_is_measured_as_it_is() -> None:
    found = find_focal_rhythm(derivations(60 * wave(5.0)), np.ones((1, 18), bool), ALPHA_HZ)
    assert found.fit[0] > 0 and found.laterality[0] > 2
    assert found.frequency_hz[0] == pytest.approx(5.0, abs=0.2)
    assert found.amplitude_uv[0] == pytest.approx(120, rel=0.05)  # peak to peak


@pytest.mark.parametrize(
    ("bound", "x"),
    [
        ("ONE_FIELD", derivations(several_generators())),
        ("CONCENTRATION", derivations(several_frequencies())),
        ("LATERALITY", derivations(60 * wave(5.0), 60 * wave(5.0))),
    ],
)
def test_each_bound_keeps_away_what_it_is_for(bound: str, x: np.ndarray, monkeypatch) -> None:
    assert fit_of(x) < 0
    monkeypatch.setattr(focal_rhythm, bound, -9.0)
    assert fit_of(x) > 0, "another bound keeps it away too"


def test_without_a_posterior_rhythm_nothing_is_taken_out() -> None:
    x = derivations(60 * wave(5.0))
    np.testing.assert_allclose(take_out(x, np.array([np.nan])), x, atol=1e-3)
    found = find_focal_rhythm(x, np.ones((1, 18), bool), np.array([np.nan]))
    assert found.fit[0] < fit_of(x)  # alpha of both sides is still there


def test_where_it_is_largest_tells_a_focus_from_alpha_and_mu() -> None:
    every = np.ones((1, 18), bool)
    f7_t7, p7_o1, c3_p3 = {0: 0.6, 1: 1.0, 2: 0.6}, {2: 0.4, 3: 1.0, 7: 0.7}, {5: 0.7, 6: 1.0, 7: 0.4}
    for sizes, in_front in ((f7_t7, True), (p7_o1, False), (c3_p3, False)):
        left = np.zeros((len(LEFT_BIPOLAR), N_TIMES))
        for row, size in sizes.items():
            left[row] = 60 * size * wave(13.0)
        found = find_focal_rhythm(derivations(left), every, ALPHA_HZ)
        assert found.frequency_hz[0] == pytest.approx(13.0, abs=0.3)
        assert bool(found.in_front[0]) == in_front
        assert found.largest_uv[0] > 1.2 * found.amplitude_uv[0]


def test_alpha_is_taken_out_and_theta_stays() -> None:
    x = np.stack([wave(10.0), wave(5.0)])[None]
    inside = slice(round(SLOW_SFREQ_HZ), -round(SLOW_SFREQ_HZ))  # a wave is broken where a window ends
    left_over = take_out(x, ALPHA_HZ)[..., inside]
    assert np.abs(left_over[0, 0]).max() < 0.05
    np.testing.assert_allclose(left_over[0, 1], x[0, 1, inside], atol=0.05)
