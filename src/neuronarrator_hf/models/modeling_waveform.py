"""Waveform encoder: microvolts at electrode positions to soft tokens, one embedding and rate evidence.

Four views of a window, as in the trial of reference/feasibility.md: shared convolutions over rows scaled
by the window's own amplitude; log spectra of the sites; calibrated amplitude and slope in 0.2 s; and the
autocorrelation of the sharpness envelope, which shows periods a spectrum smears.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AutoModel, PreTrainedModel
from transformers import initialization as init
from transformers.modeling_layers import GradientCheckpointingLayer
from transformers.modeling_outputs import ModelOutput

from ..signal.montage import SITES_1020
from ..signal.spectral import SPECTRUM_FREQS_HZ
from .configuration_neuronarrator import NeuroNarratorWaveformConfig
from .initial_weights import ClosedLayerNorm, ClosedLinear, init_by_fan_in
from .modeling_events import EVENT_EVIDENCE_SIZE, EventFields, shifted
from .modeling_sites import (
    DECIMATION,
    NUM_ROWS,
    QUALITY_SIZE,
    SILENT,
    ReferenceFreeRows,
    masked_median,
)
from .modeling_views import NUM_ENVELOPES, AmplitudeView, RateEvidence

QUANTILES = (0.06, 0.25, 0.5, 0.75, 0.94)
SITE_EVIDENCE_SIZE = 2 * QUALITY_SIZE
_EMPTY_LOG_UV = 3.0
"""Log amplitude of a window without any row: about 20 uV."""


@dataclass
class WaveformOutput(ModelOutput):
    """Output of a waveform encoder.

    Attributes:
        last_hidden_state: `(batch, num_eeg_tokens, hidden_size)` soft tokens.
        pooler_output: `(batch, hidden_size)` embedding.
        rate_evidence: `(batch, NUM_EVIDENCE, n_bins)` how much each frequency of `FREQUENCY_BINS_HZ`
            stands out; zeros from encoders that have none.
        site_evidence: `(batch, SITE_EVIDENCE_SIZE)` maximum, then mean over the sites of their quality (see
            `modeling_sites.SiteQuality`): what breaks one site must not drown in the others.
        row_evidence: `(batch, NUM_ROWS, row_size + QUALITY_SIZE)` every row as it left the mixing, zero where
            it is masked, and the quality of its site.
        event_evidence: `(batch, EVENT_EVIDENCE_SIZE)`, see `modeling_events.EventFields`.
    """

    last_hidden_state: Tensor | None = None
    pooler_output: Tensor | None = None
    rate_evidence: Tensor | None = None
    site_evidence: Tensor | None = None
    row_evidence: Tensor | None = None
    event_evidence: Tensor | None = None


class RowConvolutions(nn.Module):
    """Convolutions that all rows share, then attention, maximum and spread over time.

    Time stands before channels. The stem is a product with unfolded frames; behind it a third of the
    channels looks back, a third ahead (Lin et al., "TSM: Temporal Shift Module", 2019) and a product
    mixes them. On a CPU that is several times faster than `nn.Conv1d` with few channels.
    """

    kernel, stride = 24, 8  # 0.24 s every 0.08 s

    def __init__(self, config: NeuroNarratorWaveformConfig):
        super().__init__()
        narrow, width = config.conv_channels, config.conv_channels * 3 // 2
        self.stem = nn.Linear(self.kernel, narrow)
        self.halving = nn.Linear(2 * narrow, width)
        self.norm = nn.LayerNorm(width)
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(config.num_conv_layers))
        self.norms = nn.ModuleList(ClosedLayerNorm(width) for _ in self.layers)
        self.attention = nn.Linear(
            width, 4
        )  # its bias cancels in the softmax over time: its gradient is rounding
        self.out = nn.Linear(6 * width, config.row_size)

    @property
    def frame_size(self) -> int:
        """Width of a frame: its own 0.28 s, then what stands about it."""
        return 2 * self.halving.out_features

    def forward(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """`(..., n_times)` to `(..., row_size)` and, for every 0.16 s, `(..., n_frames, frame_size)`."""
        odd = -(rows.shape[-1] // self.stride) % 2 * self.stride  # an even number of frames
        frames = F.pad(rows, (self.stride, self.stride + odd)).unfold(-1, self.kernel, self.stride)
        hidden = F.gelu(self.stem(frames)).unflatten(-2, (-1, 2)).flatten(-2)
        own = hidden = F.gelu(self.norm(self.halving(hidden)))
        for i, (layer, norm) in enumerate(zip(self.layers, self.norms, strict=True)):
            hidden = hidden + F.gelu(norm(layer(shifted(hidden, 3 ** (i % 4)))))
        weights = self.attention(hidden).softmax(-2)  # four places to look at
        attended = (weights.transpose(-1, -2) @ hidden).flatten(-2)
        mean = hidden.mean(-2)
        spread = (hidden.square().mean(-2) - mean.square()).clamp_min(1e-5).sqrt()
        pooled = self.out(torch.cat([attended, hidden.amax(-2), spread], dim=-1))
        return pooled, torch.cat([own, hidden], dim=-1)


class MixingLayer(GradientCheckpointingLayer):
    """Self-attention and feed-forward over the rows, normalised before."""

    def __init__(self, size: int, num_heads: int, dropout: float):
        super().__init__()
        self.num_heads, self.dropout = num_heads, dropout
        self.norm_attention, self.norm_mlp = nn.LayerNorm(size), nn.LayerNorm(size)
        self.qkv, self.out = nn.Linear(size, 3 * size), ClosedLinear(size, size)
        self.mlp = nn.Sequential(nn.Linear(size, 2 * size), nn.GELU(), ClosedLinear(2 * size, size))

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        q, k, v = (
            self.qkv(self.norm_attention(hidden))
            .unflatten(-1, (3, self.num_heads, -1))
            .permute(2, 0, 3, 1, 4)
        )
        attended = F.scaled_dot_product_attention(
            q, k, v, mask, dropout_p=self.dropout if self.training else 0.0
        )
        hidden = hidden + self.out(attended.transpose(1, 2).flatten(2))
        return hidden + F.dropout(self.mlp(self.norm_mlp(hidden)), self.dropout, self.training)


class NeuroNarratorWaveformEncoder(PreTrainedModel):
    """SiteResampler > ReferenceFreeRows > (convolutions, amplitudes, spectra) per row > mixing > tokens."""

    config_class = NeuroNarratorWaveformConfig
    config: NeuroNarratorWaveformConfig
    base_model_prefix = "waveform_encoder"
    main_input_name = "eeg_values"
    input_modalities = ("eeg",)
    supports_gradient_checkpointing = True
    _supports_sdpa = True
    _supports_flash_attn = True
    _no_split_modules: ClassVar = ["MixingLayer"]
    _keep_in_fp32_modules_strict: ClassVar = ["rows", "amplitudes", "rates"]

    def __init__(self, config: NeuroNarratorWaveformConfig):
        super().__init__(config)
        if config.n_freqs != len(SPECTRUM_FREQS_HZ):
            raise ValueError(
                f"n_freqs={config.n_freqs}, but log_spectrum has {len(SPECTRUM_FREQS_HZ)} frequencies"
            )
        size, hidden_size = config.row_size, config.hidden_size
        row_sfreq = config.sfreq / DECIMATION
        self.rows = ReferenceFreeRows(config.sfreq, config.spline_regularization, config.use_site_quality)
        self.amplitudes = AmplitudeView(row_sfreq)
        self.rates = RateEvidence(row_sfreq)
        self.convolutions = RowConvolutions(config)
        self.events = EventFields(self.convolutions.frame_size)
        self.event_summary = ClosedLinear(EVENT_EVIDENCE_SIZE, hidden_size)
        self.amplitude_features = nn.Linear(2 * len(QUANTILES) + 1, size)
        self.spectrum_features = nn.Linear(config.n_freqs, size)
        if config.use_site_quality:
            self.quality_features = ClosedLinear(QUALITY_SIZE, size)
            self.silent_sites = ClosedLinear(len(SITES_1020), hidden_size)
            self.quality_summary = ClosedLinear(SITE_EVIDENCE_SIZE, hidden_size)
        self.row_embedding = nn.Parameter(torch.zeros(NUM_ROWS, size))
        self.mixing = nn.ModuleList(
            MixingLayer(size, config.num_attention_heads, config.dropout)
            for _ in range(config.num_mixing_layers)
        )
        self.row_norm = nn.LayerNorm(size)
        self.course = nn.Conv1d(6, 32, 5, padding=2)
        self.course_further = nn.Conv1d(32, 32, 5, padding=4, dilation=2)
        n_lags = self.rates.lags_to_bins.shape[1]
        self.periods = nn.Linear(NUM_ENVELOPES * n_lags, 64)
        self.row_summary = nn.Linear(size, 12)
        n_global = 3 * 32 + 64 + 12 * NUM_ROWS + 1
        self.global_out = nn.Sequential(
            nn.Linear(n_global, hidden_size), nn.GELU(), nn.Linear(hidden_size, hidden_size)
        )
        self.queries = nn.Parameter(torch.zeros(config.num_eeg_tokens, size))
        self.token_out = nn.Linear(size, hidden_size)
        self.token_norm = nn.LayerNorm(hidden_size)
        self.pooled_out = nn.Linear(2 * hidden_size, hidden_size)
        self.pooled_norm = nn.LayerNorm(hidden_size)
        self.post_init()

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        init_by_fan_in(self, module)
        if isinstance(module, NeuroNarratorWaveformEncoder):
            init.normal_(module.row_embedding, std=0.5)
            init.normal_(module.queries, std=1.0)

    def forward(
        self,
        eeg_values: Tensor,
        channel_positions: Tensor,
        channel_mask: Tensor | None = None,
        spectral_values: Tensor | None = None,
        **kwargs,
    ) -> WaveformOutput:
        """Encode windows.

        Args:
            eeg_values: `(batch, n_windows, n_channels, n_times)` microvolts.
            channel_positions: `(batch, n_channels, 3)` unit sphere.
            channel_mask: `(batch, n_windows, n_channels)` bool; None: all can be evaluated.
            spectral_values: `(batch, n_windows, 19, n_freqs)` log10 power, or None.
            **kwargs: Ignored; other encoders may read more.

        Returns:
            Tokens, embedding and evidence with the axes batch and window joined.
        """
        if channel_mask is None:
            channel_mask = eeg_values.new_ones(eeg_values.shape[:3], dtype=torch.bool)
        if spectral_values is None or not self.config.use_spectra:
            spectral_values = None
        else:
            spectral_values = spectral_values.flatten(0, 1).float()
        views = self._fixed_views(eeg_values, channel_positions, channel_mask, spectral_values)
        dtype = self.row_embedding.dtype
        scaled, log_scale, amplitude, course, periods, evidence, row_mask, quality = (
            None if v is None else v.to(dtype) for v in views
        )
        row_mask = row_mask.bool()

        rows, frames = self.convolutions(scaled)
        event_evidence = self.events(frames, row_mask)
        rows = rows + self.amplitude_features(amplitude) + self.row_embedding
        sites = rows[:, -len(SITES_1020) :]  # spectrum and quality belong to the average-reference rows
        if spectral_values is not None:
            sites = sites + self.spectrum_features(spectral_values.to(dtype))  # centred about 1 uV^2/Hz
        if quality is not None:
            sites = sites + self.quality_features(quality)
        rows = torch.cat([rows[:, : -len(SITES_1020)], sites], dim=1)
        # A window without any valid row attends to itself: no NaN, and its tokens are constant.
        rows = rows * row_mask[..., None]
        mask = (row_mask | ~row_mask.any(-1, keepdim=True))[:, None, None, :]
        for layer in self.mixing:
            rows = layer(rows, mask)
        rows = self.row_norm(rows)
        own = rows.new_zeros(len(rows), len(SITES_1020), QUALITY_SIZE) if quality is None else quality
        own = F.pad(own, (0, 0, NUM_ROWS - len(SITES_1020), 0))
        row_evidence = torch.cat([rows * row_mask[..., None], own], dim=-1)

        course = F.gelu(self.course(course))
        course = course + F.gelu(self.course_further(course))
        course = torch.cat([course.mean(-1), course.amax(-1), (course.var(-1) + 1e-5).sqrt()], dim=-1)
        periods = F.gelu(self.periods(periods.flatten(1)))
        summary = (self.row_summary(rows) * row_mask[..., None]).flatten(1)
        whole = self.global_out(torch.cat([course, periods, summary, log_scale], dim=-1))
        whole = whole + self.event_summary(event_evidence)
        site_evidence = None
        if quality is not None:
            whole = whole + self.silent_sites(quality[..., SILENT])  # such a site may have no row
            site_evidence = torch.cat([quality.amax(1), quality.mean(1)], dim=-1)
            whole = whole + self.quality_summary(site_evidence)

        weights = torch.einsum("qd,nrd->nqr", self.queries, rows) / rows.shape[-1] ** 0.5
        weights = weights.masked_fill(~mask[:, 0], torch.finfo(weights.dtype).min).softmax(-1)
        tokens = self.token_norm(self.token_out(weights @ rows) + whole[:, None])
        pooled = self.pooled_norm(self.pooled_out(torch.cat([whole, tokens.mean(1)], dim=-1)))
        return WaveformOutput(tokens, pooled, evidence, site_evidence, row_evidence, event_evidence)

    def _fixed_views(
        self, eeg_values: Tensor, positions: Tensor, channel_mask: Tensor, spectral_values: Tensor | None
    ) -> tuple[Tensor | None, ...]:
        """What needs no parameter, in float32 whatever the model is cast to."""
        with torch.autocast(eeg_values.device.type, enabled=False):
            rows, slow_rows, row_mask, quality = self.rows(eeg_values, positions, channel_mask)
            steps = self.amplitudes(rows, slow_rows)  # n 2 r s
            quantiles = _quantiles(steps, QUANTILES)
            # The window's own amplitude: the median over its rows of their median amplitude.
            scale = masked_median(quantiles[:, 0, :, 2], row_mask, empty=_EMPTY_LOG_UV)[:, None]
            scaled = _asinh(rows * (4 / scale.exp().clamp_min(0.5))[..., None])
            groups = torch.cat([torch.ones_like(self.rows.row_sides[:1]), self.rows.row_sides])
            groups = groups * row_mask[:, None].float()
            groups = groups / groups.sum(-1, keepdim=True).clamp_min(1.0)
            course = torch.einsum("ngr,nkrs->ngks", groups, steps).flatten(1, 2)
            evidence, periods = self.rates(rows, groups, spectral_values)
            calibrated = quantiles.transpose(1, 2).flatten(2) - 3.0  # about 20 uV
            amplitude = torch.cat([calibrated, (quantiles[:, 0, :, 2] - scale)[..., None]], dim=-1)
        return scaled, scale - 3.0, amplitude, course - 3.0, periods, evidence, row_mask, quality


def build_waveform_encoder(config) -> PreTrainedModel:
    """Our encoder, or any model registered with `AutoModel` for this configuration.

    Such an encoder takes `eeg_values`, `channel_positions`, `channel_mask` and `spectral_values` and
    returns `last_hidden_state` and `pooler_output` as ours does; `config` has `hidden_size` and
    `num_eeg_tokens`. `modeling_braindecode` adapts those of braindecode.
    """
    if config.model_type == NeuroNarratorWaveformConfig.model_type:
        return NeuroNarratorWaveformEncoder(config)
    return AutoModel.from_config(config)


def row_evidence_size(config) -> int | None:
    """Width of `WaveformOutput.row_evidence`; None for encoders that have none."""
    return (
        config.row_size + QUALITY_SIZE
        if config.model_type == NeuroNarratorWaveformConfig.model_type
        else None
    )


def _asinh(values: Tensor) -> Tensor:
    """`torch.asinh` by vectorised functions: ten times faster on a CPU."""
    size = values.abs()
    return (size + (size.square() + 1).sqrt()).log() * values.sign()


def _quantiles(values: Tensor, shares: tuple[float, ...]) -> Tensor:
    ordered = values.sort(-1).values
    index = [round(share * (values.shape[-1] - 1)) for share in shares]
    return ordered[..., index]


__all__ = [
    "SITE_EVIDENCE_SIZE",
    "NeuroNarratorWaveformEncoder",
    "WaveformOutput",
    "build_waveform_encoder",
    "row_evidence_size",
]
