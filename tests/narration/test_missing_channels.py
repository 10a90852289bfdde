"""Any four of the nineteen electrodes may be missing: the narrative stands and says which."""

from __future__ import annotations

import numpy as np
import pytest

from neuronarrator_hf.narration.engine import Narrator
from neuronarrator_hf.narration.voice import MeasuredVoice
from neuronarrator_hf.signal.montage import SITES_1020
from neuronarrator_hf.simulation.batch import simulate_windows


@pytest.mark.parametrize("seed", range(4))
def test_four_missing_electrodes_are_told_and_the_rest_is_narrated(seed: int) -> None:
    simulated = simulate_windows(1, 2, seed=11)
    eeg_uv = np.concatenate(list(simulated.eeg_uv[0]), axis=1)
    missing = np.random.default_rng(seed).choice(19, 4, replace=False)
    kept = [i for i in range(19) if i not in missing]
    recording = {
        "array": eeg_uv[kept],
        "sampling_rate": 200.0,
        "ch_names": [SITES_1020[i] for i in kept],
        "units": "uV",
    }
    told = Narrator(MeasuredVoice()).narrate(recording).to_dict()
    not_recorded = told["sections"]["quality"].split("Not recorded: ")[1].split(".")[0]
    assert set(not_recorded.split(", ")) == {SITES_1020[i] for i in missing}
    assert len(told["chunks"]) == 2
    assert all(chunk["claims"] for chunk in told["chunks"])
