"""Calibration finds the slope and offset that made the labels."""

from __future__ import annotations

import numpy as np

from neuronarrator_hf.findings.vocabulary import FINDING_IDS
from neuronarrator_hf.training.calibrate import apply_groups, fit_groups, read_calibration, write_calibration


def test_recovers_what_made_the_labels(tmp_path):
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, (4000, len(FINDING_IDS)))
    truth = rng.random(logits.shape) < 1 / (1 + np.exp(-(0.5 * logits - 1)))
    fitted = fit_groups(logits, truth)
    for slope, offset in fitted.values():
        assert abs(slope - 0.5) < 0.05 and abs(offset + 1) < 0.1
    p = apply_groups(logits, fitted)
    assert abs(p.mean() - truth.mean()) < 0.01
    write_calibration(tmp_path, fitted, "test")
    assert read_calibration(tmp_path)["state"][0] == round(fitted["state"][0], 4)


def test_few_labels_move_little():
    logits = np.full((2, len(FINDING_IDS)), 5.0)
    truth = np.zeros(logits.shape, bool)
    truth[0] = True
    known = np.zeros_like(truth)
    known[:, 0] = True
    ((slope, offset),) = fit_groups(logits, truth, known).values()
    assert 0.3 < slope <= 1.05 and abs(offset) < 1
