"""Batches are pure functions of seed and number; caches never hold held-out seeds."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from neuronarrator_hf.evaluation.held_out import HELD_OUT_SEED
from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.training import cache as cache_module
from neuronarrator_hf.training.cache import SimulatedCache
from neuronarrator_hf.training.data import CachedSource, Recordings, SequenceDataset, encode_truth


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return SimulatedCache.make(tmp_path_factory.mktemp("cache"), 5, 2, seed=3)


def test_cache_is_made_once_and_holds_what_was_simulated(cache, monkeypatch):
    simulated = cache_module.simulate(5, 2, cache_module._shard_seed(3, 0))
    assert np.allclose(cache.eeg_uv, simulated.eeg_uv, rtol=1e-3, atol=1e-2)
    said = [[c.content() for c in w] for r in range(5) for w in cache.claims(r)]
    assert said == [[c.content() for c in w] for r in simulated.claims for w in r]
    monkeypatch.setattr(cache_module, "simulate", None)
    assert len(SimulatedCache.make(cache.folder, 5, 2, seed=3)) == 5


def test_held_out_seeds_are_refused(tmp_path):
    with pytest.raises(ValueError, match="belongs to the held-out recordings"):
        SimulatedCache.make(tmp_path, 1, 1, seed=HELD_OUT_SEED)


def encode(eeg_uv, channel_mask):
    return {"eeg_values": torch.from_numpy(eeg_uv), "channel_mask": torch.from_numpy(channel_mask)}


def dataset(cache, **options):
    return SequenceDataset(CachedSource(cache, seed=1), encode, 2, seed=1, **options)


def test_batches_depend_on_seed_number_and_rank_alone(cache):
    a, b = dataset(cache)[4], dataset(cache)[4]
    assert torch.equal(a["eeg_values"], b["eeg_values"])
    assert torch.equal(a["targets"]["presence"], b["targets"]["presence"])
    assert not torch.equal(a["eeg_values"], dataset(cache)[5]["eeg_values"])
    first, second = (dataset(cache, rank=r, world=2)[2] for r in (0, 1))
    assert torch.equal(first["eeg_values"], a["eeg_values"])
    assert torch.equal(second["eeg_values"], dataset(cache)[5]["eeg_values"])


def test_an_epoch_reads_every_recording_once(cache):
    source = CachedSource(cache, seed=1)
    for epoch in range(3):
        assert sorted(source._recording(epoch * 5 + i) for i in range(5)) == list(range(5))


def test_weak_labels_tell_presence_of_known_findings_alone():
    claims = [Claim("lpd", side="left", frequency_hz=(1, 1)), Claim("gpd", "absent")]
    shape = (1, 1, 19, 4)
    recordings = Recordings(
        np.zeros(shape), np.ones(shape[:3], bool), [[claims]], [frozenset({"lpd", "gpd"})]
    )
    targets, known = encode_truth(recordings)
    assert known.sum() == 2 and targets["presence"].sum() == 1
    assert targets["side"].sum() == 0 and targets["frequency"].sum() == 0
