"""The body of NeuroNarrator: waveform encoder, bridge, finding heads and projectors, EEG to soft tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers import initialization as init
from transformers.modeling_outputs import ModelOutput

from .configuration_neuronarrator import NeuroNarratorConfig
from .finding_targets import FREQUENCY_BINS_HZ, to_concepts
from .initial_weights import ClosedLinear, init_by_fan_in
from .modeling_bridge import BridgeState, NeuroNarratorStateSpaceBridge
from .modeling_comparison import COMPARED, compared_numbers
from .modeling_heads import (
    CONCEPT_SUMMARY_SIZE,
    FindingHeads,
    FindingTokens,
    join_windows,
    summarise_concepts,
)
from .modeling_topomap import NeuroNarratorTopomapEncoder
from .modeling_views import NUM_EVIDENCE
from .modeling_waveform import build_waveform_encoder, row_evidence_size
from .number_features import NUM_NUMBER_FEATURES

EEG_INPUTS = (
    "eeg_values",
    "channel_positions",
    "channel_mask",
    "window_mask",
    "spectral_values",
    "topomap_values",
    "gap_s",
)
_ALIGNMENT = 64  # bytes, as torch allocates
OTHER_INPUTS = ("bridge_state", "finding_targets", "eeg_keep")


@dataclass
class WindowFeatures(ModelOutput):
    """What the model knows of each window; all tokens are in the width of the language model.

    Attributes:
        history_tokens: `(batch, n_windows, num_history_tokens, text_size)` about the windows before.
        eeg_tokens: `(batch, n_windows, num_eeg_tokens, text_size)`.
        finding_tokens: `(batch, n_windows, num_finding_tokens, text_size)`.
        image_tokens: `(batch, n_windows, num_image_tokens, text_size)`.
        embeddings: `(batch, n_windows, hidden_size)` pooled waveform.
        history_embedding: `(batch, n_windows, history_size)`.
        finding_logits: Of every head, `(batch, n_windows, n_findings[, size])`.
        bridge_state: State after the last window, to be handed to the next call.
    """

    history_tokens: Tensor | None = None
    eeg_tokens: Tensor | None = None
    finding_tokens: Tensor | None = None
    image_tokens: Tensor | None = None
    embeddings: Tensor | None = None
    history_embedding: Tensor | None = None
    finding_logits: dict[str, Tensor] | None = None
    bridge_state: BridgeState | None = None

    @property
    def window_tokens(self) -> Tensor:
        """`(batch, n_windows, num_window_tokens, text_size)`: history, waveform, findings, map."""
        return torch.cat(
            [self.history_tokens, self.eeg_tokens, self.finding_tokens, self.image_tokens], dim=2
        )

    @property
    def concepts(self) -> dict[str, Tensor]:
        """Probabilities of the heads (see `finding_targets.to_concepts`)."""
        return to_concepts(self.finding_logits)


class NeuroNarratorPreTrainedModel(PreTrainedModel):
    """What all NeuroNarrator models share."""

    config_class = NeuroNarratorConfig
    config: NeuroNarratorConfig
    base_model_prefix = "model"
    main_input_name = "eeg_values"
    input_modalities = ("eeg", "image", "text")
    supports_gradient_checkpointing = True
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_flex_attn = True
    _supports_attention_backend = True
    _can_compile_fullgraph = True
    _no_split_modules: ClassVar = [
        "MixingLayer",
        "SelectiveStateSpaceLayer",
        "FindingTokens",
    ]  # not FindingHeads, which is also called by another method than `forward`: FSDP would miss that

    @classmethod
    def from_pretrained(cls, *args, **kwargs):
        """As of transformers, with weights that give bit for bit what the saved model gave.

        Weights read from safetensors lie where the file has them; products with unaligned weights may take
        another path and round otherwise.
        """
        loaded = super().from_pretrained(*args, **kwargs)
        model = loaded[0] if isinstance(loaded, tuple) else loaded  # output_loading_info=True
        for parameter in model.parameters():
            if parameter.device.type == "cpu" and parameter.data_ptr() % _ALIGNMENT:
                parameter.data = parameter.data.clone()
        for module in model.modules():
            if isinstance(module, NeuroNarratorTopomapEncoder):
                module.keep_frozen()
        return loaded

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        init_by_fan_in(self, module)
        if isinstance(module, FindingHeads):
            init.normal_(module.gain, std=0.5)
            init.normal_(module.shift, std=0.5)
            for bias in module.biases.values():
                init.zeros_(bias)
            init.constant_(module.presence[-1].bias, -2.0)  # most findings are absent
        elif isinstance(module, FindingTokens):
            init.normal_(module.finding_embedding, std=1.0)
            init.normal_(module.empty, std=1.0)
            # Attributes must be heard beside the finding's embedding from the first step on.
            init.normal_(module.attributes.weight, std=0.3)
            init.normal_(module.numbers.weight, std=0.3)
        elif isinstance(module, NeuroNarratorModel):
            init.normal_(module.recent_gain, std=1.0)
            for name in ("no_history", "no_eeg", "no_image"):
                init.normal_(getattr(module, name), std=1.0)
        elif hasattr(module, "logit_scale"):
            init.constant_(module.logit_scale, self.config.logit_scale_init_value)


class NeuroNarratorModel(NeuroNarratorPreTrainedModel):
    """Waveform encoder, topomap encoder, bridge, finding heads and projectors: EEG to soft tokens."""

    def __init__(self, config: NeuroNarratorConfig):
        super().__init__(config)
        text_size = config.text_config.hidden_size
        hidden_size = config.waveform_config.hidden_size
        self.waveform_encoder = build_waveform_encoder(config.waveform_config)
        self.topomap_encoder = NeuroNarratorTopomapEncoder(config.topomap_config)
        # The bridge reads each window's tokens, its spectrum and what was found in it.
        self.token_reducer = nn.Linear(config.waveform_config.num_eeg_tokens * hidden_size, 32)
        self.spectrum_reducer = nn.Linear(NUM_EVIDENCE * len(FREQUENCY_BINS_HZ), 32)
        bridge_input = hidden_size + 64 + (CONCEPT_SUMMARY_SIZE if config.bridge_config.use_findings else 0)
        compares = config.bridge_config.use_findings and config.bridge_config.compare_numbers
        if compares:
            self.number_summary = ClosedLinear(len(COMPARED) * NUM_NUMBER_FEATURES, CONCEPT_SUMMARY_SIZE)
        self.bridge = NeuroNarratorStateSpaceBridge(config.bridge_config, bridge_input)
        history_size = config.bridge_config.hidden_size
        self.recent_history = nn.Linear(text_size, history_size)
        self.recent_gain = nn.Parameter(torch.ones(config.num_history_windows, history_size))
        self.heads = FindingHeads(
            hidden_size,
            history_size,
            config.finding_hidden_size,
            compares,
            row_evidence_size(config.waveform_config),
        )
        self.eeg_projector = _projector(hidden_size, text_size)
        self.history_projector = _projector(history_size, text_size)
        self.image_projector = _projector(config.topomap_config.hidden_size, text_size)
        self.finding_tokens = FindingTokens(config.num_finding_tokens, text_size)
        # What stands in a prompt where there is no history, no EEG (text-only stage) or no map.
        self.no_history = nn.Parameter(torch.zeros(text_size))
        self.no_eeg = nn.Parameter(torch.zeros(text_size))
        self.no_image = nn.Parameter(torch.zeros(text_size))
        self.post_init()

    def get_window_features(
        self,
        eeg_values: Tensor,
        channel_positions: Tensor,
        channel_mask: Tensor | None = None,
        window_mask: Tensor | None = None,
        spectral_values: Tensor | None = None,
        topomap_values: Tensor | None = None,
        gap_s: Tensor | None = None,
        bridge_state: BridgeState | None = None,
        finding_targets: Mapping[str, Tensor] | None = None,
        eeg_keep: Tensor | None = None,
    ) -> WindowFeatures:
        """Everything about windows in time order; a recording may be split over calls by `bridge_state`.

        Args:
            eeg_values: `(batch, n_windows, n_channels, n_times)` microvolts.
            channel_positions: `(batch, n_channels, 3)` unit sphere.
            channel_mask: `(batch, n_windows, n_channels)` bool.
            window_mask: `(batch, n_windows)` bool, False for padding before the first window.
            spectral_values: `(batch, n_windows, 19, n_freqs)` log10 power at the sites.
            topomap_values: `(batch, n_windows, n_bands, size, size)`; of the last window alone is enough
                where only that is narrated. None: the learned empty token.
            gap_s: `(batch, n_windows)` seconds without recording before each window.
            bridge_state: State returned for the windows before these.
            finding_targets: True findings `(batch, n_windows, ...)` from which to make the concept
                tokens in place of the heads' output.
            eeg_keep: `(batch,)` bool; False replaces waveform, history and map tokens by the empty ones
                (conditioning dropout).
        """
        batch_size, n_windows = eeg_values.shape[:2]
        if window_mask is None:
            window_mask = torch.ones(batch_size, n_windows, dtype=torch.bool, device=eeg_values.device)
        window_mask = window_mask.bool()
        encoded = self.waveform_encoder(
            eeg_values=eeg_values,
            channel_positions=channel_positions,
            channel_mask=channel_mask,
            spectral_values=spectral_values,
        )
        tokens, embedding = encoded.last_hidden_state, encoded.pooler_output
        logits, finding_states, evidence = self.findings_of(encoded)
        eeg_tokens = self.eeg_projector(tokens).unflatten(0, (batch_size, n_windows))

        now = _partial_concepts(logits)
        inputs = self.history_inputs(tokens, embedding, evidence, now)
        history_tokens, history_embedding, state = self.history_of(
            inputs.unflatten(0, (batch_size, n_windows)), eeg_tokens, window_mask, gap_s, bridge_state
        )
        logits |= self.heads.changes_since(
            finding_states, history_embedding.flatten(0, 1), compared_numbers(now)
        )
        # The text is learned from findings as uncertain as they are, and spoken from the likelier ones.
        sharpness = 1.0 if self.training else self.config.concept_sharpness
        concepts = (
            to_concepts(logits, sharpness) if finding_targets is None else join_windows(finding_targets)
        )
        logits = {name: values.unflatten(0, (batch_size, n_windows)) for name, values in logits.items()}
        finding_tokens = self.finding_tokens(concepts).unflatten(0, (batch_size, n_windows))
        image_tokens = self._image_tokens(topomap_values, batch_size, n_windows, eeg_tokens)
        if eeg_keep is not None:
            keep = eeg_keep.bool()[:, None, None, None]
            eeg_tokens = torch.where(keep, eeg_tokens, self.no_eeg)
            history_tokens = torch.where(keep, history_tokens, self.no_history)
            image_tokens = torch.where(keep, image_tokens, self.no_image)
        return WindowFeatures(
            history_tokens=history_tokens,
            eeg_tokens=eeg_tokens,
            finding_tokens=finding_tokens,
            image_tokens=image_tokens,
            embeddings=embedding.unflatten(0, (batch_size, n_windows)),
            history_embedding=history_embedding,
            finding_logits=logits,
            bridge_state=state,
        )

    def findings_of(self, encoded: ModelOutput) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """What the heads make of windows alone, without what was before them.

        Args:
            encoded: Output of the waveform encoder; encoders other than ours may bring no evidence.

        Returns:
            Logits and states of the findings (see `FindingHeads`), and the rate evidence
            `(batch, NUM_EVIDENCE, n_bins)`.
        """
        embedding = encoded.pooler_output
        evidence = getattr(encoded, "rate_evidence", None)
        if evidence is None:
            evidence = embedding.new_zeros(len(embedding), NUM_EVIDENCE, len(FREQUENCY_BINS_HZ))
        others = (
            getattr(encoded, name, None) for name in ("site_evidence", "row_evidence", "event_evidence")
        )
        return *self.heads(embedding, evidence, *others), evidence

    def history_inputs(
        self, tokens: Tensor, embedding: Tensor, evidence: Tensor, concepts: Mapping[str, Tensor]
    ) -> Tensor:
        """`(batch, input_size)` what the bridge is told of windows.

        Args:
            tokens: `(batch, num_eeg_tokens, hidden_size)` of the waveform encoder.
            embedding: `(batch, hidden_size)`.
            evidence: `(batch, NUM_EVIDENCE, n_bins)`.
            concepts: Probabilities of presence, frequency and amplitude by the heads.
        """
        inputs = [
            embedding,
            self.token_reducer(tokens.flatten(1)),
            self.spectrum_reducer(evidence.flatten(1)),
        ]
        if self.config.bridge_config.use_findings:
            summary = summarise_concepts(concepts)
            if self.config.bridge_config.compare_numbers:
                summary = summary + self.number_summary(compared_numbers(concepts).flatten(1))
            inputs.append(summary)
        return torch.cat(inputs, dim=-1)

    def history_of(
        self,
        inputs: Tensor,
        eeg_tokens: Tensor,
        window_mask: Tensor,
        gap_s: Tensor | None = None,
        state: BridgeState | None = None,
    ) -> tuple[Tensor, Tensor, BridgeState]:
        """Tokens, embedding and state of the history mode.

        Args:
            inputs: `(batch, n_windows, input_size)`, see `history_inputs`.
            eeg_tokens: `(batch, n_windows, num_eeg_tokens, text_size)`, read in mode `prompt`.
            window_mask: `(batch, n_windows)` bool.
            gap_s: `(batch, n_windows)` seconds without recording before each window.
            state: Of the windows before these.
        """
        batch_size, n_windows = window_mask.shape
        config = self.config
        if config.history == "ssm":
            bridged = self.bridge(inputs, window_mask, gap_s, state)
            return self.history_projector(bridged.history_tokens), bridged.history_embedding, bridged.state
        state = self.bridge.initial_state(batch_size) if state is None else state
        embedding = inputs.new_zeros(batch_size, n_windows, config.bridge_config.hidden_size)
        if config.history == "none":
            return eeg_tokens[:, :, :0], embedding, state
        n_before, size = config.num_history_windows, eeg_tokens.shape[-1]
        recent, recent_mask = state.recent_tokens, state.recent_mask
        if recent is None:
            recent = eeg_tokens.new_zeros(batch_size, n_before, *eeg_tokens.shape[2:])
            recent_mask = window_mask.new_zeros(batch_size, n_before)
        known = torch.cat([recent.to(eeg_tokens.dtype), eeg_tokens], dim=1)
        known_mask = torch.cat([recent_mask, window_mask], dim=1)
        windows = known.unfold(1, n_before, 1)[:, :-1].movedim(-1, 2)  # b w before n size
        masks = known_mask.unfold(1, n_before, 1)[:, :-1]
        windows = torch.where(masks[..., None, None], windows, self.no_history)
        embedding = (self.recent_history(windows.mean(3)) * self.recent_gain).sum(2)
        state = BridgeState(
            scan=state.scan,
            hidden=state.hidden,
            seen=state.seen | window_mask.any(1),
            recent_tokens=known[:, -n_before:],
            recent_mask=known_mask[:, -n_before:],
        )
        return windows.reshape(batch_size, n_windows, -1, size), embedding, state

    def _image_tokens(
        self, topomap_values: Tensor | None, batch_size: int, n_windows: int, like: Tensor
    ) -> Tensor:
        n = self.config.num_image_tokens
        if n == 0 or topomap_values is None:
            return self.no_image.to(like.dtype).expand(batch_size, n_windows, n, -1)
        tokens = self.topomap_encoder(topomap_values=topomap_values.flatten(0, 1)).last_hidden_state
        tokens = self.image_projector(tokens).unflatten(0, topomap_values.shape[:2])
        missing = n_windows - tokens.shape[1]
        if missing:
            tokens = torch.cat(
                [self.no_image.to(tokens.dtype).expand(batch_size, missing, n, -1), tokens], dim=1
            )
        return tokens

    def tokens_of_findings(self, finding_targets: Mapping[str, Tensor]) -> Tensor:
        """Soft tokens `(batch, num_window_tokens, text_size)` of findings alone, without any EEG.

        Args:
            finding_targets: As made by `finding_targets.encode_claims`, with a batch axis.
        """
        findings = self.finding_tokens(finding_targets)
        batch_size, config = len(findings), self.config
        empty = [
            (self.no_history, config.num_history_tokens),
            (self.no_eeg, config.waveform_config.num_eeg_tokens),
            (self.no_image, config.num_image_tokens),
        ]
        history, eeg, image = (value.to(findings.dtype).expand(batch_size, n, -1) for value, n in empty)
        return torch.cat([history, eeg, findings, image], dim=1)

    def forward(self, eeg_values: Tensor, channel_positions: Tensor, **kwargs) -> WindowFeatures:
        """See `get_window_features`."""
        known = {name: kwargs[name] for name in kwargs if name in EEG_INPUTS or name in OTHER_INPUTS}
        return self.get_window_features(eeg_values, channel_positions, **known)


def _partial_concepts(logits: Mapping[str, Tensor]) -> dict[str, Tensor]:
    concepts = {"presence": logits["presence"].sigmoid()}
    concepts |= {name: logits[name].softmax(-1) for name in ("frequency", "amplitude")}
    return concepts


def _projector(size: int, text_size: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(size, text_size), nn.GELU(), nn.Linear(text_size, text_size))


__all__ = ["EEG_INPUTS", "NeuroNarratorModel", "NeuroNarratorPreTrainedModel", "WindowFeatures"]
