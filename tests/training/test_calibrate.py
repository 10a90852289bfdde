"""Calibration finds the slope and offset that made the labels."""

from __future__ import annotations

import numpy as np

from neuronarrator_hf.findings.vocabulary import FINDING_IDS
from neuronarrator_hf.models.calibration import calibrated_presence
from neuronarrator_hf.models.configuration_neuronarrator import NeuroNarratorConfig
from neuronarrator_hf.training.calibrate import fit_groups, store_calibration


def test_recovers_what_made_the_labels(tmp_path):
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, (4000, len(FINDING_IDS)))
    truth = rng.random(logits.shape) < 1 / (1 + np.exp(-(0.5 * logits - 1)))
    fitted = fit_groups(logits, truth)
    for slope, offset in fitted.values():
        assert abs(slope - 0.5) < 0.05 and abs(offset + 1) < 0.1
    p = calibrated_presence(logits, fitted)
    assert abs(p.mean() - truth.mean()) < 0.01
    NeuroNarratorConfig().save_pretrained(tmp_path)
    store_calibration(tmp_path, fitted, {"spikes": 0.1})
    stored = NeuroNarratorConfig.from_pretrained(tmp_path)
    assert stored.presence_calibration["state"][0] == round(fitted["state"][0], 4)
    assert np.allclose(calibrated_presence(logits, stored.presence_calibration), p, atol=1e-3)
    assert stored.presence_prior == {"spikes": 0.1}


def test_half_of_the_frequency_in_the_training_is_taken_off():
    """A finding of one window in ten has odds of 1:9; what says nothing ends at the root of that, 1:3."""
    spikes = FINDING_IDS.index("spikes")
    knows_nothing = np.zeros(len(FINDING_IDS))
    knows_nothing[spikes] = -np.log(9)
    p = calibrated_presence(knows_nothing, None, {"spikes": 0.1})
    assert np.isclose(p[spikes], 0.25)
    assert np.allclose(np.delete(p, spikes), 0.5)
    never_seen = calibrated_presence(knows_nothing, None, {"spikes": 0.0})
    assert 0.25 < never_seen[spikes] < 0.7


def test_few_labels_move_little():
    logits = np.full((2, len(FINDING_IDS)), 5.0)
    truth = np.zeros(logits.shape, bool)
    truth[0] = True
    known = np.zeros_like(truth)
    known[:, 0] = True
    ((slope, offset),) = fit_groups(logits, truth, known).values()
    assert 0.3 < slope <= 1.05 and abs(offset) < 1
