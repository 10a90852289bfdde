"""Configuration of NeuroNarrator: one part per tower, bridge and language model."""

from __future__ import annotations

from typing import Any, ClassVar

from transformers import CONFIG_MAPPING, AutoConfig, PreTrainedConfig

from ..findings.vocabulary import FINDING_IDS
from .installed_code import InstalledCode

HISTORY_MODES = ("ssm", "prompt", "none")


class NeuroNarratorWaveformConfig(PreTrainedConfig):
    """Waveform encoder: microvolts at electrode positions in, soft tokens and one embedding out.

    Attributes:
        sfreq: Sampling rate of the windows in Hz.
        n_times: Samples of a window.
        n_freqs: Frequencies of `spectral_values` (`signal.spectral.SPECTRUM_FREQS_HZ`).
        conv_channels: Width of the stem that every row shares; behind it one half more.
        num_conv_layers: Residual layers after the stem; they look 1, 3, 9, 27, 1, ... frames of 0.16 s
            to both sides.
        row_size: Width of a row (derivation) while rows are mixed.
        num_mixing_layers: Self-attention layers over the rows.
        num_eeg_tokens: Soft tokens of a window.
        hidden_size: Width of the soft tokens and of the pooled embedding.
        spline_regularization: Added to the diagonal of the spherical spline that takes channels to sites.
        use_spectra: Read `spectral_values`; off for the ablation.
        use_site_quality: Read power above 40 Hz, mains and silent electrodes of every site.
    """

    model_type = "neuronarrator_waveform"

    sfreq: float | int = 200.0
    n_times: int = 2000
    n_freqs: int = 134
    conv_channels: int = 24
    num_conv_layers: int = 2
    row_size: int = 96
    num_mixing_layers: int = 2
    num_attention_heads: int = 4
    num_eeg_tokens: int = 8
    hidden_size: int = 192
    dropout: float | int = 0.1
    spline_regularization: float | int = 1e-5
    use_spectra: bool = True
    use_site_quality: bool = True
    initializer_range: float | int = 0.02


class NeuroNarratorBraindecodeConfig(PreTrainedConfig):
    """Waveform encoder of braindecode (see `modeling_braindecode`): published EEG foundation models.

    Attributes:
        encoder: Class of `braindecode.models`, such as `Labram`, `CBraMod`, `BIOT`, `EEGPT`.
        encoder_options: Further arguments of that class.
        encoder_sfreq: Sampling rate in Hz that it was made for.
        unit_uv: Microvolts that it takes for 1 (LaBraM and CBraMod: 100).
        feature_size: Width of its features; None is found out when the model is first made.
        sfreq: Sampling rate of the windows in Hz.
        n_times: Samples of a window.
        num_eeg_tokens: Soft tokens of a window.
        hidden_size: Width of the soft tokens and of the pooled embedding.
    """

    model_type = "neuronarrator_braindecode"

    encoder: str = "Labram"
    encoder_options: dict[str, Any] | None = None
    encoder_sfreq: float | int = 200.0
    unit_uv: float | int = 100.0
    feature_size: int | None = None
    sfreq: float | int = 200.0
    n_times: int = 2000
    num_eeg_tokens: int = 8
    hidden_size: int = 192
    initializer_range: float | int = 0.02


class NeuroNarratorTopomapConfig(PreTrainedConfig):
    """Topomap encoder: one map per band in, soft tokens and one embedding out.

    Attributes:
        n_bands: Maps of a window.
        map_size: Pixels of a side.
        conv_channels: Width of the first convolution; it doubles at each of the two further ones.
        num_image_tokens: Soft tokens of a window.
        vision_config: Any vision model of transformers in place of the convolutions; the bands are
            taken to its image channels by a learned 1 x 1 convolution.
        freeze_vision: Keep the weights of `vision_config`'s model fixed, as the paper does.
    """

    model_type = "neuronarrator_topomap"
    sub_configs: ClassVar = {"vision_config": AutoConfig}

    n_bands: int = 5
    map_size: int = 32
    conv_channels: int = 16
    num_image_tokens: int = 4
    hidden_size: int = 128
    vision_config: dict[str, Any] | PreTrainedConfig | None = None
    freeze_vision: bool = True
    initializer_range: float | int = 0.02

    def __post_init__(self, **kwargs: Any) -> None:
        self.vision_config = _as_config(self.vision_config, default_type=None)
        super().__post_init__(**kwargs)


class NeuroNarratorBridgeConfig(PreTrainedConfig):
    """State-space bridge: windows in time order in, a few tokens about all windows before each out.

    Attributes:
        hidden_size: Width of the residual stream.
        d_state: Size of the state per head channel (N of Mamba-2).
        num_history_tokens: Soft tokens that describe the windows before the current one.
        chunk_size: Windows that the chunked scan treats at once.
        window_s: Length of a window: the unit in which the decay over gaps is counted.
        reset_gap_s: A gap longer than this resets the state.
        use_findings: Feed the finding head's probabilities beside tokens and spectrum.
        compare_numbers: Also feed frequency and amplitude of the findings whose change is worded, as waves,
            and let the heads of change compare them with the history (see `modeling_comparison`).
    """

    model_type = "neuronarrator_bridge"

    hidden_size: int = 128
    num_layers: int = 2
    num_heads: int = 4
    d_state: int = 32
    num_history_tokens: int = 4
    chunk_size: int = 64
    window_s: float | int = 10.0
    reset_gap_s: float | int = 600.0
    use_findings: bool = True
    compare_numbers: bool = False
    initializer_range: float | int = 0.02


class NeuroNarratorConfig(InstalledCode, PreTrainedConfig):
    """Configuration of every NeuroNarrator model.

    Attributes:
        text_config: Configuration of any causal language model of transformers.
        waveform_config: Waveform encoder; a model type other than ours loads that encoder through
            `AutoModel` (see `modeling_waveform.build_waveform_encoder`).
        topomap_config: Topomap encoder.
        bridge_config: State-space bridge.
        history: `ssm` (state-space bridge), `prompt` (tokens of the preceding windows, as the paper
            does) or `none`.
        num_history_windows: Windows pasted into the prompt by `history="prompt"`.
        use_topomap: Put map tokens into the prompt.
        num_finding_tokens: Concept tokens; the first sums up all findings, each of the others is
            one of the likeliest findings with its attributes. 0: the language model is told the signal
            and the map alone, and stage `language` has nothing to teach.
        finding_hidden_size: Width of the finding head per finding.
        presence_loss_weight: Weight of the multi-label loss.
        attribute_loss_weight: Weight of the losses of side, region, frequency, ... of present findings.
        presence_calibration: Group of findings to (slope, offset) of its presence logits, or None
            (see `calibration.calibrated_presence`).
        presence_prior: Finding to the share of the training windows that have it, or None (see there).
        concept_sharpness: Factor of the presence logits before the concept tokens, outside training
            (see `finding_targets.to_concepts`).
        lm_loss_weight: Weight of the language-model loss.
        projection_dim: Width of the space shared by waveform and map.
        logit_scale_init_value: Logarithm of the initial inverse temperature (CLIP's 1 / 0.07).
        eeg_token_id: Id of `<eeg>`; `preceding_eeg_token_id` and `image_token_id` likewise.
    """

    model_type = "neuronarrator"
    sub_configs: ClassVar = {
        "text_config": AutoConfig,
        "waveform_config": AutoConfig,
        "topomap_config": NeuroNarratorTopomapConfig,
        "bridge_config": NeuroNarratorBridgeConfig,
    }

    text_config: dict[str, Any] | PreTrainedConfig | None = None
    waveform_config: dict[str, Any] | PreTrainedConfig | None = None
    topomap_config: dict[str, Any] | PreTrainedConfig | None = None
    bridge_config: dict[str, Any] | PreTrainedConfig | None = None
    # History
    history: str = "ssm"
    num_history_windows: int = 3
    # Prompt
    use_topomap: bool = True
    num_finding_tokens: int = 10
    eeg_token_id: int | None = None
    preceding_eeg_token_id: int | None = None
    image_token_id: int | None = None
    # Heads and losses
    finding_hidden_size: int = 128
    presence_loss_weight: float | int = 1.0
    attribute_loss_weight: float | int = 0.3
    presence_calibration: dict[str, Any] | None = None
    presence_prior: dict[str, Any] | None = None
    concept_sharpness: float | int = 1.0
    lm_loss_weight: float | int = 1.0
    # Alignment
    projection_dim: int = 128
    logit_scale_init_value: float | int = 2.6592
    tie_word_embeddings: bool = False
    initializer_range: float | int = 0.02

    def __post_init__(self, **kwargs: Any) -> None:
        # A repository may name files of its own for pipeline and classes: the installed ones win, and a
        # model saved from here must not name files that are not saved with it.
        for name in ("custom_pipelines", "auto_map"):
            kwargs.pop(name, None)
        if self.history not in HISTORY_MODES:
            raise ValueError(f"history={self.history!r}; expected one of {', '.join(HISTORY_MODES)}")
        if self.num_finding_tokens < 2 and self.num_finding_tokens != 0:
            raise ValueError(f"num_finding_tokens={self.num_finding_tokens}; expected 0 or at least 2")
        self.text_config = _as_config(self.text_config, default_type="llama")
        self.waveform_config = _as_config(self.waveform_config, NeuroNarratorWaveformConfig)
        self.topomap_config = _as_config(self.topomap_config, NeuroNarratorTopomapConfig)
        self.bridge_config = _as_config(self.bridge_config, NeuroNarratorBridgeConfig)
        if self.id2label is None and kwargs.get("num_labels") is None:
            self.id2label = dict(enumerate(FINDING_IDS))
            self.label2id = {finding: i for i, finding in enumerate(FINDING_IDS)}
        super().__post_init__(**kwargs)

    @property
    def num_history_tokens(self) -> int:
        """Soft tokens that stand for the windows before the current one."""
        if self.history == "ssm":
            return self.bridge_config.num_history_tokens
        if self.history == "prompt":
            return self.num_history_windows * self.waveform_config.num_eeg_tokens
        return 0

    @property
    def num_current_tokens(self) -> int:
        """Soft tokens at `<eeg>`: those of the waveform, then those of the findings."""
        return self.waveform_config.num_eeg_tokens + self.num_finding_tokens

    @property
    def num_image_tokens(self) -> int:
        """Soft tokens at `<image>`."""
        return self.topomap_config.num_image_tokens if self.use_topomap else 0

    @property
    def num_window_tokens(self) -> int:
        """All soft tokens of a prompt: history, current window, maps."""
        return self.num_history_tokens + self.num_current_tokens + self.num_image_tokens


def _as_config(
    value: dict[str, Any] | PreTrainedConfig | None,
    own: type[PreTrainedConfig] | None = None,
    default_type: str | None = None,
) -> PreTrainedConfig | None:
    """A configuration object from an object, a dictionary with or without `model_type`, or nothing."""
    if value is None:
        if own is not None:
            return own()
        return None if default_type is None else CONFIG_MAPPING[default_type]()
    if isinstance(value, dict):
        values = dict(value)
        model_type = values.pop("model_type", None)
        if own is not None and model_type in (None, own.model_type):
            return own(**values)
        return CONFIG_MAPPING[model_type or default_type](**values)
    return value


__all__ = [
    "HISTORY_MODES",
    "NeuroNarratorBraindecodeConfig",
    "NeuroNarratorBridgeConfig",
    "NeuroNarratorConfig",
    "NeuroNarratorTopomapConfig",
    "NeuroNarratorWaveformConfig",
]
