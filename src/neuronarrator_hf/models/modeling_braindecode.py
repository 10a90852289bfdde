"""EEG encoders published by others, as braindecode ships them, in the place of our waveform encoder.

The protocol is small: a module called with `(batch, n_channels, n_times)` and `return_features=True` that
returns a dictionary whose `features` have their width on the last axis. Every foundation model of braindecode
does; whatever else does plugs in by `NeuroNarratorBraindecodeEncoder.wrap`.
"""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import ClassVar

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers import initialization as init

from ..signal.montage import SITES_1020
from .configuration_neuronarrator import NeuroNarratorBraindecodeConfig
from .initial_weights import init_by_fan_in
from .modeling_sites import SiteResampler
from .modeling_waveform import WaveformOutput


class NeuroNarratorBraindecodeEncoder(PreTrainedModel):
    """Any montage > 19 sites against their average > a braindecode encoder > learned queries > tokens."""

    config_class = NeuroNarratorBraindecodeConfig
    config: NeuroNarratorBraindecodeConfig
    base_model_prefix = "waveform_encoder"
    main_input_name = "eeg_values"
    input_modalities = ("eeg",)
    _supports_sdpa = True
    _supports_flash_attn = True
    _no_split_modules: ClassVar = ["SiteResampler"]
    _keep_in_fp32_modules_strict: ClassVar = ["sites"]

    def __init__(self, config: NeuroNarratorBraindecodeConfig):
        super().__init__(config)
        self.sites = SiteResampler()
        # Foreign code may fill buffers in its constructor, which a model made on the meta device loses.
        with torch.device("cpu"):
            encoder = build_encoder(config)
            if config.feature_size is None:
                config.feature_size = _feature_size(encoder, config)
        self.wrap(encoder)
        self.feature_out = nn.Linear(config.feature_size, config.hidden_size)
        self.queries = nn.Parameter(torch.zeros(config.num_eeg_tokens, config.hidden_size))
        self.token_norm = nn.LayerNorm(config.hidden_size)
        self.pooled_norm = nn.LayerNorm(config.hidden_size)
        self.post_init()

    def wrap(self, encoder: nn.Module) -> None:
        """Use an encoder of the protocol with the weights it has."""
        for module in encoder.modules():
            module._is_hf_initialized = True
            # What is not in the checkpoint would be garbage after `from_pretrained`.
            module._non_persistent_buffers_set.clear()
        self.encoder = encoder

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        init_by_fan_in(self, module)
        if isinstance(module, NeuroNarratorBraindecodeEncoder):
            init.normal_(module.queries, std=1.0)

    def load_pretrained(self, name_or_path: str) -> list[str]:
        """Take the published weights that fit; the names of those that do not (an output layer, positions).

        Args:
            name_or_path: What the encoder's own `from_pretrained` takes.

        Raises:
            ValueError: Less than half of the encoder's numbers were found there.
        """
        published = type(self.encoder).from_pretrained(name_or_path).state_dict()
        own = self.encoder.state_dict()
        taken = {k: v for k, v in published.items() if k in own and own[k].shape == v.shape}
        n_taken, n_own = (sum(v.numel() for v in state.values()) for state in (taken, own))
        if n_taken < n_own / 2:
            raise ValueError(
                f"{name_or_path} fills {n_taken} of the {n_own} numbers of {self.config.encoder}; "
                "check `encoder` and `encoder_options`"
            )
        self.encoder.load_state_dict(taken, strict=False)
        return sorted(set(own) - set(taken))

    def forward(
        self,
        eeg_values: Tensor,
        channel_positions: Tensor,
        channel_mask: Tensor | None = None,
        **kwargs,
    ) -> WaveformOutput:
        """Encode windows: arguments and result as of our encoder, without rate evidence."""
        if channel_mask is None:
            channel_mask = eeg_values.new_ones(eeg_values.shape[:3], dtype=torch.bool)
        config = self.config
        with torch.autocast(eeg_values.device.type, enabled=False):
            matrix, site_mask = self.sites(channel_positions, channel_mask.bool())
            eeg_uv = eeg_values.float().masked_fill(~channel_mask.bool()[..., None], 0.0)
            site_uv, site_mask = (matrix @ eeg_uv).flatten(0, 1), site_mask.flatten(0, 1)[..., None]
            mean = site_uv.sum(1, keepdim=True) / site_mask.sum(1, keepdim=True).clamp_min(1)
            site_uv = (site_uv - mean) * site_mask
            values = _resample(site_uv, config.sfreq, config.encoder_sfreq) / config.unit_uv
        features = encoder_features(self.encoder, values.to(self.queries.dtype))
        states = self.feature_out(features.to(self.queries.dtype))
        weights = (self.queries @ states.transpose(1, 2) / states.shape[-1] ** 0.5).softmax(-1)
        tokens = self.token_norm(weights @ states)
        pooled = self.pooled_norm(tokens.mean(1) + states.mean(1))
        return WaveformOutput(last_hidden_state=tokens, pooler_output=pooled)


def build_encoder(config: NeuroNarratorBraindecodeConfig) -> nn.Module:
    """The encoder that the configuration names, with fresh weights, for 19 sites and one window.

    Raises:
        ImportError: braindecode is not installed.
        ValueError: It has no such model, or one without features.
    """
    try:
        import mne
        from braindecode import models
    except ImportError as error:
        raise ImportError(
            f"the waveform encoder {config.encoder!r} is one of braindecode, which cannot be imported "
            f"({error}); install it in an environment of its own: pip install 'neuronarrator_hf[encoders]'"
        ) from error
    kind = getattr(models, config.encoder, None)
    if kind is None or "return_features" not in signature(kind.forward).parameters:
        raise ValueError(
            f"encoder={config.encoder!r}; expected a model of braindecode.models whose forward takes "
            "return_features, such as Labram, CBraMod, BIOT or EEGPT"
        )
    sites = list(SITES_1020)
    info = mne.create_info(sites, config.encoder_sfreq, "eeg")
    montage = "colin27_1020" if "colin27_1020" in mne.channels.get_builtin_montages() else "standard_1020"
    info.set_montage(montage, verbose="error")
    window_s = config.n_times / config.sfreq
    return kind(
        n_outputs=2,
        chs_info=info["chs"],
        n_chans=len(sites),
        n_times=round(window_s * config.encoder_sfreq),
        sfreq=config.encoder_sfreq,
        input_window_seconds=window_s,
        **(config.encoder_options or {}),
    )


def encoder_features(encoder: nn.Module, values: Tensor) -> Tensor:
    """`(batch, n_features, feature_size)` of `(batch, 19, n_times)`; further axes are joined."""
    named = {"ch_names": list(SITES_1020)} if "ch_names" in signature(encoder.forward).parameters else {}
    output = encoder(values, return_features=True, **named)
    features = output["features"] if isinstance(output, Mapping) else output
    return features.reshape(len(features), -1, features.shape[-1])


@torch.no_grad()
def _feature_size(encoder: nn.Module, config: NeuroNarratorBraindecodeConfig) -> int:
    was_training = encoder.training
    n_times = round(config.n_times / config.sfreq * config.encoder_sfreq)
    size = encoder_features(encoder.eval(), torch.zeros(1, len(SITES_1020), n_times)).shape[-1]
    encoder.train(was_training)
    return size


def _resample(values: Tensor, sfreq: float, wanted: float) -> Tensor:
    """To another rate through the Fourier transform; what the new rate cannot hold is cut off."""
    if sfreq == wanted:
        return values
    n_before = values.shape[-1]
    n_after = round(n_before * wanted / sfreq)
    return torch.fft.irfft(torch.fft.rfft(values), n=n_after) * (n_after / n_before)


__all__ = ["NeuroNarratorBraindecodeEncoder", "build_encoder", "encoder_features"]
