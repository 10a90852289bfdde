"""The collator of Trainer and TRL: the loss of its batch is the model's, padding counts for nothing."""

from __future__ import annotations

import pytest
import torch
from tiny_model import make_tiny

from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.simulation.batch import simulate_windows
from neuronarrator_hf.training.collator import NarrationCollator

CLAIMS = [Claim("lpd", side="left", frequency_hz=(1, 1))]


@pytest.fixture(scope="module")
def tiny():
    return make_tiny()


@pytest.fixture(scope="module")
def examples():
    simulated = simulate_windows(2, 3, 1)
    recordings = (simulated.eeg_uv[0], simulated.eeg_uv[1][:2])
    return [
        {
            "eeg": {"array": eeg_uv, "sampling_rate": 200.0, "ch_names": list(simulated.ch_names)},
            "text": "Posterior dominant rhythm of 10 Hz.",
            "claims": [CLAIMS, *[[]] * (len(eeg_uv) - 1)],
        }
        for eeg_uv in recordings
    ]


def test_losses_of_text_and_findings(tiny, examples):
    model, processor = tiny
    batch = NarrationCollator(processor)(examples)
    assert batch["window_mask"].tolist() == [[True] * 3, [False, True, True]]
    output = model(**batch)
    assert torch.isfinite(output.loss) and output.finding_losses
    text = model(**{k: v for k, v in batch.items() if k != "finding_targets"})
    torch.testing.assert_close(text.loss, output.lm_loss)
    alone = NarrationCollator(processor)(examples[1:])
    torch.testing.assert_close(model(**alone).logits[0, -5:], output.logits[1, -5:], atol=1e-4, rtol=1e-3)
    present = batch["finding_targets"]["presence"].sum(-1)
    assert present.tolist() == [[1, 0, 0], [0, 1, 0]]


def test_rows_of_a_corpus(tiny, examples):
    eeg = examples[0]["eeg"]
    row = {"eeg_uv": eeg["array"][0], "ch_names": eeg["ch_names"], "text": "Normal."}
    batch = NarrationCollator(tiny[1])([row])
    assert batch["eeg_values"].shape[:2] == (1, 1) and "finding_targets" not in batch


def test_claims_in_some_examples_only_are_refused(tiny, examples):
    changed = [examples[0], {**examples[1], "claims": [[]]}]
    with pytest.raises(ValueError, match="example 1 has 1 lists of claims for 2 windows"):
        NarrationCollator(tiny[1])(changed)
