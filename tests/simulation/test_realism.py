"""Simulated critical care covers what real critical care measures; nothing is fitted file by file."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
import simulation_realism as realism

COVERED = ("slowing", "gpd", "lpd", "lrda", "grda", "low voltage", "attenuation", "normal awake")
"""Classes with at least three real files."""


@pytest.mark.slow
@pytest.mark.real_data
def test_ranges_cover_most_real_files(real_data_root):
    compared = realism.compare(real_data_root, n_batches=8)
    shares = []
    for name in COVERED:
        result = compared[name]
        low, _, high = result["simulated"]
        shares.append(((result["files"] >= low) & (result["files"] <= high)).mean())
    assert np.mean(shares) > 0.7
    assert compared["told apart: critical care"][0] < 0.8
