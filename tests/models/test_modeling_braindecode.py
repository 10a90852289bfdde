"""Published EEG encoders as the waveform encoder; those of braindecode where it is installed."""

from __future__ import annotations

import pytest
import torch
from tiny_parts import make_inputs, tiny_config

from neuronarrator_hf.models import modeling_braindecode
from neuronarrator_hf.models.configuration_neuronarrator import NeuroNarratorBraindecodeConfig
from neuronarrator_hf.models.modeling_braindecode import NeuroNarratorBraindecodeEncoder, _resample
from neuronarrator_hf.models.modeling_neuronarrator import NeuroNarratorForConditionalGeneration

TINY = {
    "CBraMod": dict(n_layer=1, nhead=2, dim_feedforward=32),
    "Labram": dict(num_layers=1, embed_dim=200, num_heads=10),
    "BIOT": dict(embed_dim=16, num_heads=2, num_layers=1),
    "EEGPT": dict(embed_dim=16, depth=1, num_heads=2, embed_num=1),
    "SignalJEPA": dict(transformer__num_encoder_layers=1, transformer__num_decoder_layers=1),
}


class Imitation(torch.nn.Module):
    """What the protocol asks of an encoder, and no more."""

    def __init__(self):
        super().__init__()
        self.out = torch.nn.Linear(200, 6)
        self.seen = None

    def forward(self, x, return_features=False):
        self.seen = x
        return {"features": self.out(x.unflatten(-1, (-1, 200))), "cls_token": None}

    @classmethod
    def from_pretrained(cls, path):
        other = cls()
        other.load_state_dict(torch.load(path))
        return other


@pytest.fixture
def imitated(monkeypatch):
    monkeypatch.setattr(modeling_braindecode, "build_encoder", lambda config: Imitation())


def make_encoder(**changes) -> NeuroNarratorBraindecodeEncoder:
    torch.manual_seed(0)
    config = NeuroNarratorBraindecodeConfig(num_eeg_tokens=3, hidden_size=24, **changes)
    return NeuroNarratorBraindecodeEncoder(config).eval()


def test_the_protocol(imitated) -> None:
    encoder, inputs = make_encoder(), make_inputs()
    output = encoder(**inputs)
    assert encoder.config.feature_size == 6
    assert output.last_hidden_state.shape == (6, 3, 24) and output.pooler_output.shape == (6, 24)
    seen = encoder.encoder.seen
    wanted = inputs["eeg_values"].flatten(0, 1)
    torch.testing.assert_close(seen, (wanted - wanted.mean(1, keepdim=True)) / 100, atol=1e-4, rtol=1e-4)


def test_the_reference_does_not_matter_and_masked_channels_do_not_speak(imitated) -> None:
    encoder, inputs = make_encoder(), make_inputs()
    moved = inputs["eeg_values"] + inputs["eeg_values"][:, :, 4:5]
    torch.testing.assert_close(
        encoder(**inputs | {"eeg_values": moved}).pooler_output,
        encoder(**inputs).pooler_output,
        atol=1e-4,
        rtol=1e-3,
    )
    mask = torch.ones(2, 3, 19, dtype=torch.bool)
    mask[..., 3] = False
    spoiled = inputs["eeg_values"].clone()
    spoiled[..., 3, :] = float("nan")
    a = encoder(**inputs | {"channel_mask": mask}).pooler_output
    assert torch.equal(a, encoder(**inputs | {"channel_mask": mask, "eeg_values": spoiled}).pooler_output)


def test_resampling_keeps_a_sine() -> None:
    time = torch.arange(2000) / 200
    resampled = _resample(torch.sin(2 * torch.pi * 7 * time)[None], 200, 256)
    torch.testing.assert_close(
        resampled[0], torch.sin(2 * torch.pi * 7 * torch.arange(2560) / 256), atol=1e-4, rtol=1e-4
    )


def test_published_weights_are_taken_where_they_fit(imitated, tmp_path) -> None:
    published = Imitation()
    torch.save(published.state_dict(), tmp_path / "weights.pt")
    encoder = make_encoder()
    assert encoder.load_pretrained(str(tmp_path / "weights.pt")) == []
    assert torch.equal(encoder.encoder.out.weight, published.out.weight)


def test_published_weights_of_something_else_are_refused(imitated, monkeypatch) -> None:
    monkeypatch.setattr(Imitation, "from_pretrained", classmethod(lambda cls, path: torch.nn.Linear(3, 3)))
    with pytest.raises(ValueError, match=r"elsewhere fills 0 of the 1206 numbers of Labram"):
        make_encoder().load_pretrained("elsewhere")


def test_without_braindecode_the_remedy_is_told() -> None:
    try:
        import braindecode
    except ImportError:
        with pytest.raises(ImportError, match=r"pip install 'neuronarrator_hf\[encoders\]'"):
            make_encoder()
    else:
        assert braindecode.__version__


@pytest.mark.parametrize("name", TINY)
def test_encoders_of_braindecode(name, tmp_path) -> None:
    """In the narrator: features, a gradient to the first layer, saved and loaded to the last buffer."""
    pytest.importorskip(
        "braindecode", reason="braindecode is not installed (extra `encoders`)", exc_type=ImportError
    )
    rate = 256.0 if name == "EEGPT" else 200.0
    waveform = dict(
        model_type="neuronarrator_braindecode", encoder=name, encoder_options=TINY[name], encoder_sfreq=rate,
        num_eeg_tokens=3, hidden_size=24,
    )  # fmt: skip
    torch.manual_seed(0)
    model = NeuroNarratorForConditionalGeneration(tiny_config(waveform_config=waveform)).eval()
    inputs = make_inputs()
    features = model.get_window_features(**inputs)
    assert features.eeg_tokens.shape == (2, 3, 3, 32) and torch.isfinite(features.eeg_tokens).all()
    changed = model.get_window_features(**inputs | {"eeg_values": inputs["eeg_values"].flip(-2)})
    assert (changed.embeddings - features.embeddings).abs().max() > 1e-5
    features.embeddings.sum().backward()
    trained = [
        p for p in model.model.waveform_encoder.encoder.parameters() if p.grad is not None and p.grad.any()
    ]
    assert len(trained) > 3
    model.save_pretrained(tmp_path)
    again = NeuroNarratorForConditionalGeneration.from_pretrained(tmp_path)
    with torch.no_grad():
        torch.testing.assert_close(again.get_window_features(**inputs).embeddings, features.embeddings)
