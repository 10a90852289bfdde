"""What several tests of the models are given."""

from __future__ import annotations

import pytest
import torch

from neuronarrator_hf.signal.montage import SITES_1020, electrode_positions


@pytest.fixture(scope="session")
def site_positions() -> torch.Tensor:
    return torch.from_numpy(electrode_positions(SITES_1020))
