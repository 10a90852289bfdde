"""The contrastive model loads alone and shares its towers with the narrator."""

from __future__ import annotations

import numpy as np
import torch
from tiny_parts import make_inputs, make_model, open_closed, tiny_config

from neuronarrator_hf.evaluation.held_out import held_out
from neuronarrator_hf.models.default import default_model_dir
from neuronarrator_hf.models.feature_extraction_neuronarrator import NeuroNarratorFeatureExtractor
from neuronarrator_hf.models.modeling_alignment import NeuroNarratorForContrastiveAlignment
from neuronarrator_hf.models.modeling_neuronarrator import NeuroNarratorModel


def make_aligned() -> NeuroNarratorForContrastiveAlignment:
    torch.manual_seed(0)
    model = NeuroNarratorForContrastiveAlignment(tiny_config()).eval()
    open_closed(model)
    return model


def test_features_and_output() -> None:
    model, inputs = make_aligned(), make_inputs()
    output = model(**inputs)
    assert output.logits_per_eeg.shape == (6, 6) and torch.isfinite(output.loss)
    for embeds in (output.eeg_embeds, output.topomap_embeds):
        torch.testing.assert_close(embeds.norm(dim=-1), torch.ones(6))
    maps = inputs.pop("topomap_values")
    assert torch.equal(model.get_eeg_features(**inputs), output.eeg_embeds)
    assert torch.equal(model.get_topomap_features(maps), output.topomap_embeds)
    torch.testing.assert_close(model.logit_scale.exp(), torch.tensor(1 / 0.07), rtol=1e-3, atol=0)


def test_padding_windows_are_left_out() -> None:
    model = make_aligned()
    mask = torch.tensor([[False, True, True], [True, True, True]])
    assert model(**make_inputs(), window_mask=mask).eeg_embeds.shape[0] == 5


def test_gradients_reach_every_parameter() -> None:
    model, inputs = make_aligned(), make_inputs()
    inputs["channel_mask"][:, 1, 4] = False  # an electrode that records nothing
    model(**inputs).loss.backward()
    silent = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    # The soft tokens reach the loss through the pooled embedding; nothing is left out.
    assert silent == []


def test_round_trip_and_towers_shared_with_the_narrator(tmp_path) -> None:
    model, inputs = make_aligned(), make_inputs()
    model.save_pretrained(tmp_path)
    again = NeuroNarratorForContrastiveAlignment.from_pretrained(tmp_path)
    assert torch.equal(model(**inputs).logits_per_eeg, again(**inputs).logits_per_eeg)
    body = NeuroNarratorModel.from_pretrained(tmp_path)
    embedding = model.model.waveform_encoder(
        **{n: v for n, v in inputs.items() if n != "topomap_values"}
    ).pooler_output
    with torch.no_grad():
        assert torch.equal(body.get_window_features(**inputs).embeddings.flatten(0, 1), embedding)


def test_a_narrator_gives_its_towers_to_alignment(tmp_path) -> None:
    narrator, _ = make_model(tiny_config())
    narrator.save_pretrained(tmp_path)
    aligned = NeuroNarratorForContrastiveAlignment.from_pretrained(tmp_path)
    weight = narrator.model.waveform_encoder.pooled_out.weight
    assert torch.equal(aligned.model.waveform_encoder.pooled_out.weight, weight)
    torch.testing.assert_close(aligned.logit_scale.exp(), torch.tensor(1 / 0.07), rtol=1e-3, atol=0)


def test_a_narrators_folder_gives_the_trained_projections_too() -> None:
    """The embedded default finds a window's own map among those of other windows, loaded like CLIP."""
    aligned = NeuroNarratorForContrastiveAlignment.from_pretrained(default_model_dir())
    recordings = held_out(12, 2, seed=930)
    inputs = NeuroNarratorFeatureExtractor().from_sites(recordings.eeg_uv)
    inputs = {name: torch.from_numpy(np.array(value)) for name, value in inputs.items()}
    with torch.no_grad():
        output = aligned(**inputs)
    found = output.logits_per_eeg.argmax(-1) == torch.arange(24)
    assert found.float().mean() > 0.5  # by chance 1 of 24
