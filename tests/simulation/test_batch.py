"""Batches: shapes, determinism, the same truth on every backend, the balance of findings."""

import numpy as np
import pytest

from neuronarrator_hf.findings.vocabulary import ABNORMAL_IDS, FINDING_IDS
from neuronarrator_hf.simulation.batch import simulate_windows
from neuronarrator_hf.simulation.config import SimulationConfig
from neuronarrator_hf.simulation.script import compose
from neuronarrator_hf.simulation.truth import window_claims


@pytest.fixture(scope="module")
def batch():
    return simulate_windows(24, 3, 5)


def test_shapes_and_units(batch):
    assert batch.eeg_uv.shape == (24, 3, 19, 2000)
    assert batch.eeg_uv.dtype == np.float32
    assert np.isfinite(batch.eeg_uv).all()
    assert batch.masks.shape == (24, 3, 19)
    assert 2 < np.median(batch.eeg_uv.std(-1)) < 60
    assert (batch.eeg_uv[~batch.masks] == 0).all()


def test_same_seed_same_samples_and_another_seed_others(batch):
    again = simulate_windows(24, 3, 5)
    np.testing.assert_array_equal(batch.eeg_uv, again.eeg_uv)
    assert batch.claims == again.claims
    assert simulate_windows(24, 3, 6).claims != batch.claims


def test_script_does_not_depend_on_the_size_of_the_batch(batch):
    assert simulate_windows(3, 3, 5).claims == batch.claims[:3]


def test_torch_has_the_same_truth_and_the_same_spectra(batch):
    torch = pytest.importorskip("torch")
    other = simulate_windows(24, 3, 5, xp=torch)
    assert other.eeg_uv.dtype == torch.float32
    assert other.claims == batch.claims
    again = simulate_windows(24, 3, 5, xp=torch)
    assert torch.equal(other.eeg_uv, again.eeg_uv)
    level = np.median(batch.eeg_uv.std(-1), axis=(1, 2))
    level_torch = np.median(other.eeg_uv.numpy().std(-1), axis=(1, 2))
    assert np.median(np.abs(np.log(level / level_torch))) < 0.1


def test_every_window_is_judged_and_claims_are_in_order(batch):
    for recording in batch.claims:
        for window, claims in enumerate(recording):
            ids = [c.finding for c in claims]
            assert ids == sorted(ids, key=FINDING_IDS.index)
            assert len(ids) == len(set(ids))
            assert ("abnormal" in ids) == bool(ABNORMAL_IDS & set(ids))
            assert ("normal" in ids) != ("abnormal" in ids)
            assert all(c.confidence == 1.0 and c.start_s == 10 * window for c in claims)


@pytest.mark.slow
def test_every_finding_is_common_enough_in_the_default_mixture():
    counts, n = dict.fromkeys(FINDING_IDS, 0), 0
    for index in range(900):
        for claims in window_claims(compose(np.random.default_rng([3, index]), 4, SimulationConfig())):
            n += 1
            for claim in claims:
                counts[claim.finding] += 1
    rare = {f: round(c / n, 3) for f, c in counts.items() if c / n < 0.015}
    assert not rare


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="at least one recording"):
        simulate_windows(0, 1, 1)
    with pytest.raises(ValueError, match="mixture"):
        simulate_windows(1, 1, 1, config=SimulationConfig(icu=-1.0))


def test_scripts_of_all_lengths_are_finite():
    config = SimulationConfig()
    for index in range(400):
        sheet = compose(np.random.default_rng([23, index]), (1, 1, 2, 3, 6)[index % 5], config)
        assert len(window_claims(sheet, gone_claims=bool(index % 2))) == sheet.n_windows
        for _, _, rms in sheet.noise:
            assert np.isfinite(rms).all()
        for _, frequency, weights, _ in sheet.rhythms:
            assert np.isfinite(frequency).all() and np.isfinite(weights).all()
        for block in sheet.lobes:
            assert np.isfinite(block).all() and (block[:, 3:] > 0).all()


def test_suppression_without_any_burst_is_composed():
    for index in range(60):
        sheet = compose(
            np.random.default_rng([29, index]), 1, SimulationConfig(), "icu", leading="suppression"
        )
        assert window_claims(sheet)[0]


def test_gone_claims_are_absent_and_only_on_request():
    for gone in (False, True):
        batch = simulate_windows(60, 4, 9, config=SimulationConfig(gone_claims=gone))
        absent = [c for recording in batch.claims for window in recording for c in window if not c.is_present]
        assert bool(absent) == gone
        assert all(c.change.direction == "gone" for c in absent)
