"""Concept tokens: what the language model is told of the findings, from the heads or from the truth."""

from __future__ import annotations

import pytest
import torch
from tiny_parts import make_inputs, make_model, make_targets, prompts, tiny_config

from neuronarrator_hf.models.finding_targets import to_concepts


@pytest.fixture(scope="module")
def narrator():
    return make_model(tiny_config())


def test_text_from_findings_alone(narrator) -> None:
    """The text-only stage: concept tokens of true findings, empty tokens for all else."""
    model, processor = narrator
    targets = {name: value[:, 0] for name, value in make_targets().items()}
    text = prompts(processor, 2)
    with torch.no_grad():
        logits = model(**text, labels=text["input_ids"], finding_targets=targets)
    assert torch.isfinite(logits.loss) and logits.finding_losses is None
    assert (logits.logits[0] - logits.logits[1]).abs().max() > 1e-4


def test_concept_tokens_of_targets_beside_eeg(narrator) -> None:
    model, _ = narrator
    inputs, targets = make_inputs(), make_targets()
    with torch.no_grad():
        by_head = model.get_window_features(**inputs)
        by_truth = model.get_window_features(**inputs, finding_targets=targets)
    assert torch.equal(by_head.eeg_tokens, by_truth.eeg_tokens)
    flat = {name: value.flatten(0, 1) for name, value in targets.items()}
    torch.testing.assert_close(by_truth.finding_tokens.flatten(0, 1), model.model.finding_tokens(flat))
    assert set(by_head.concepts) == set(to_concepts(by_head.finding_logits))


def test_dropped_eeg_is_not_seen(narrator) -> None:
    model, processor = narrator
    a, b, targets = make_inputs(seed=0), make_inputs(seed=1), make_targets()
    text, keep = prompts(processor, 2), torch.tensor([False, False])
    with torch.no_grad():
        logits = [
            model(**i, **text, eeg_keep=keep, finding_targets=targets, use_target_findings=True).logits
            for i in (a, b)
        ]
    assert torch.equal(*logits)


def test_concept_tokens_are_sharpened_outside_training_alone(narrator) -> None:
    model, _ = narrator
    inputs = make_inputs()

    def features(sharpness: float, training: bool):
        model.config.concept_sharpness = sharpness
        model.train(training)
        torch.manual_seed(0)
        try:
            with torch.no_grad():
                return model.get_window_features(**inputs)
        finally:
            model.eval()
            model.config.concept_sharpness = 1.0

    assert torch.equal(features(1.0, True).finding_tokens, features(8.0, True).finding_tokens)
    plain, sharp = features(1.0, False), features(8.0, False)
    assert torch.equal(plain.finding_logits["presence"], sharp.finding_logits["presence"])
    assert torch.equal(plain.eeg_tokens, sharp.eeg_tokens)
    assert not torch.allclose(plain.finding_tokens, sharp.finding_tokens, atol=1e-3)


def test_without_concept_tokens_the_text_rests_on_signal_and_map() -> None:
    model, processor = make_model(tiny_config(num_finding_tokens=0, history="prompt"))
    inputs = make_inputs() | prompts(processor, 2)
    features = model.get_window_features(**make_inputs())
    assert features.finding_tokens.shape[2] == 0 and features.finding_logits["presence"].shape[:2] == (2, 3)
    assert features.window_tokens.shape[2] == model.config.num_window_tokens
    with torch.no_grad():
        logits = model(**inputs).logits
        changed = model(**inputs | {"eeg_values": inputs["eeg_values"].flip(-2)}).logits
    assert (logits - changed).abs().max() > 1e-5
    with pytest.raises(ValueError, match="expected 0 or at least 2"):
        tiny_config(num_finding_tokens=1)
