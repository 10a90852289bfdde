"""The waveform encoder: any montage, no reference, calibrated, masked."""

from __future__ import annotations

import pytest
import torch
from tiny_parts import make_inputs, tiny_config
from transformers import AutoModel, PreTrainedConfig, PreTrainedModel

from neuronarrator_hf.models.configuration_neuronarrator import NeuroNarratorWaveformConfig
from neuronarrator_hf.models.finding_targets import FREQUENCY_BINS_HZ
from neuronarrator_hf.models.modeling_views import NUM_EVIDENCE
from neuronarrator_hf.models.modeling_waveform import (
    NeuroNarratorWaveformEncoder,
    WaveformOutput,
    _asinh,
    build_waveform_encoder,
)

NAMES = ("eeg_values", "channel_positions", "channel_mask", "spectral_values")


@pytest.fixture(scope="module")
def encoder() -> NeuroNarratorWaveformEncoder:
    torch.manual_seed(0)
    return NeuroNarratorWaveformEncoder(tiny_config().waveform_config).eval()


@pytest.fixture
def inputs() -> dict[str, torch.Tensor]:
    return {name: value for name, value in make_inputs().items() if name in NAMES}


def outputs(encoder, inputs) -> torch.Tensor:
    output = encoder(**inputs)
    return torch.cat([output.pooler_output, output.last_hidden_state.flatten(1)], dim=1)


def test_shapes(encoder, inputs) -> None:
    output = encoder(**inputs)
    assert output.last_hidden_state.shape == (6, 3, 24) and output.pooler_output.shape == (6, 24)
    assert output.rate_evidence.shape == (6, NUM_EVIDENCE, len(FREQUENCY_BINS_HZ))


def test_rereferencing_changes_nothing(encoder, inputs) -> None:
    moved = dict(inputs)
    reference = torch.randn(2, 3, 1, 2000, generator=torch.Generator().manual_seed(1)) * 40
    moved["eeg_values"] = inputs["eeg_values"] + reference
    torch.testing.assert_close(outputs(encoder, moved), outputs(encoder, inputs), atol=1e-4, rtol=1e-4)


def test_masked_channels_and_padding_channels_change_nothing(encoder, inputs) -> None:
    mask = inputs["channel_mask"].clone()
    mask[:, :, 5] = False
    spoiled = inputs["eeg_values"].clone()
    spoiled[:, :, 5] = 1e6
    a = outputs(encoder, inputs | {"channel_mask": mask})
    assert torch.equal(a, outputs(encoder, inputs | {"channel_mask": mask, "eeg_values": spoiled}))
    padded = {
        "eeg_values": torch.cat([inputs["eeg_values"], torch.ones(2, 3, 2, 2000)], 2),
        "channel_positions": torch.cat([inputs["channel_positions"], torch.zeros(2, 2, 3)], 1),
        "channel_mask": torch.cat([mask, torch.zeros(2, 3, 2, dtype=torch.bool)], 2),
    }
    torch.testing.assert_close(outputs(encoder, inputs | padded), a, atol=1e-4, rtol=1e-4)


def test_order_of_channels_changes_nothing(encoder, inputs) -> None:
    order = torch.randperm(19, generator=torch.Generator().manual_seed(0))
    shuffled = dict(
        inputs,
        eeg_values=inputs["eeg_values"][:, :, order],
        channel_positions=inputs["channel_positions"][:, order],
    )
    torch.testing.assert_close(outputs(encoder, shuffled), outputs(encoder, inputs), atol=1e-4, rtol=1e-4)


def test_amplitude_is_calibrated(encoder, inputs) -> None:
    doubled = inputs | {"eeg_values": inputs["eeg_values"] * 2}
    assert (outputs(encoder, doubled) - outputs(encoder, inputs)).abs().max() > 1e-2


def test_windows_of_a_batch_do_not_mix(encoder, inputs) -> None:
    changed = inputs["eeg_values"].clone()
    changed[1, 2] += torch.randn(19, 2000) * 50
    a, b = outputs(encoder, inputs), outputs(encoder, inputs | {"eeg_values": changed})
    assert torch.equal(a[:5], b[:5]) and not torch.allclose(a[5], b[5])


@pytest.mark.parametrize("case", ["zeros", "masked", "huge"])
def test_degenerate_windows_stay_finite_forward_and_backward(encoder, inputs, case) -> None:
    eeg = inputs["eeg_values"] * {"zeros": 0.0, "masked": 1.0, "huge": 1e5}[case]
    mask = inputs["channel_mask"] & (case != "masked")
    result = outputs(encoder, inputs | {"eeg_values": eeg, "channel_mask": mask})
    assert torch.isfinite(result).all()
    gradients = torch.autograd.grad(
        result.square().sum(), [p for p in encoder.parameters()], allow_unused=True
    )
    assert all(torch.isfinite(g).all() for g in gradients if g is not None)


def test_evidence_peaks_at_the_rhythm(encoder, inputs) -> None:
    time = torch.arange(2000) / 200.0
    eeg = torch.randn(1, 1, 19, 2000, generator=torch.Generator().manual_seed(0)) * 2
    train = (torch.sin(2 * torch.pi * 0.5 * time) > 0.995).float() * 100  # one discharge every 2 s
    eeg = eeg + train * torch.linspace(-1, 1, 19)[:, None]
    evidence = encoder(eeg, inputs["channel_positions"][:1]).rate_evidence[0, -3]
    near = FREQUENCY_BINS_HZ[int(evidence.argmax())]
    assert abs(near - 0.5) < 0.05


def test_without_spectra(inputs) -> None:
    config = NeuroNarratorWaveformConfig(**{**tiny_config().waveform_config.to_dict(), "use_spectra": False})
    encoder = NeuroNarratorWaveformEncoder(config).eval()
    a = outputs(encoder, inputs)
    assert torch.equal(a, outputs(encoder, inputs | {"spectral_values": inputs["spectral_values"] * 3}))


def test_vectorised_asinh() -> None:
    values = torch.linspace(-300, 300, 1001)
    torch.testing.assert_close(_asinh(values), values.asinh(), atol=1e-5, rtol=1e-5)


def test_fixed_views_stay_float32_in_a_bfloat16_model(encoder, inputs) -> None:
    cast = NeuroNarratorWaveformEncoder(encoder.config).eval()
    cast.load_state_dict(encoder.state_dict())
    output = cast.to(torch.bfloat16)(**inputs)
    assert output.pooler_output.dtype == torch.bfloat16
    torch.testing.assert_close(
        output.pooler_output.float(), encoder(**inputs).pooler_output, atol=0.15, rtol=0.1
    )


class OtherConfig(PreTrainedConfig):
    model_type = "test_other_eeg_encoder"
    hidden_size: int = 20
    num_eeg_tokens: int = 2


class OtherEncoder(PreTrainedModel):
    config_class = OtherConfig
    main_input_name = "eeg_values"
    _supports_sdpa = True

    def __init__(self, config):
        super().__init__(config)
        self.out = torch.nn.Linear(2000, config.hidden_size)
        self.post_init()

    def forward(self, eeg_values, channel_positions, channel_mask=None, spectral_values=None):
        hidden = self.out(eeg_values.flatten(0, 1))
        return WaveformOutput(last_hidden_state=hidden[:, :2], pooler_output=hidden.mean(1))


def test_another_registered_encoder_plugs_in_by_configuration(inputs, tmp_path) -> None:
    from transformers import AutoConfig

    from neuronarrator_hf.models.modeling_neuronarrator import NeuroNarratorModel

    AutoConfig.register("test_other_eeg_encoder", OtherConfig, exist_ok=True)
    AutoModel.register(OtherConfig, OtherEncoder, exist_ok=True)
    config = tiny_config(waveform_config={"model_type": "test_other_eeg_encoder"})
    assert isinstance(build_waveform_encoder(config.waveform_config), OtherEncoder)
    model = NeuroNarratorModel(config).eval()
    features = model.get_window_features(**inputs)
    assert features.eeg_tokens.shape == (2, 3, 2, 32)
    model.save_pretrained(tmp_path)
    again = NeuroNarratorModel.from_pretrained(tmp_path)
    assert torch.equal(again.get_window_features(**inputs).embeddings, features.embeddings)


@pytest.mark.slow
def test_training_compiles_without_a_graph_break_to_the_same_gradients(inputs) -> None:
    config = tiny_config().waveform_config
    config.dropout = 0.0  # a compiled one draws other numbers
    torch.manual_seed(0)
    encoder = NeuroNarratorWaveformEncoder(config).train()
    names = list(encoder.state_dict())
    told = []
    torch._dynamo.reset()
    for _ in range(2):
        encoder.zero_grad()
        told.append(outputs(encoder, inputs))
        told[-1].square().sum().backward()
        told.append(torch.cat([p.grad.flatten() for p in encoder.parameters() if p.grad is not None]))
        encoder.compile(fullgraph=True, backend="aot_eager")
    plain, plain_gradients, compiled, gradients = told
    torch.testing.assert_close(compiled, plain, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(gradients, plain_gradients, atol=1e-4, rtol=1e-4)
    assert list(encoder.state_dict()) == names
