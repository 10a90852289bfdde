"""The narrator: the body before any causal language model, or before a classification layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AutoModelForCausalLM, GenerationMixin
from transformers.modeling_outputs import CausalLMOutputWithPast, SequenceClassifierOutput

from ..findings.vocabulary import FINDING_IDS
from .configuration_neuronarrator import NeuroNarratorConfig
from .finding_targets import ATTRIBUTES
from .modeling_body import (
    EEG_INPUTS,
    OTHER_INPUTS,
    NeuroNarratorModel,
    NeuroNarratorPreTrainedModel,
    WindowFeatures,
)
from .modeling_bridge import BridgeState
from .modeling_heads import finding_losses, join_windows

CACHE = "cache" if "cache" in CausalLMOutputWithPast.__dataclass_fields__ else "past_key_values"
"""What this transformers calls the cache of a language model: `past_key_values`, `cache` from 5.24 on."""


@dataclass
class NeuroNarratorOutput(CausalLMOutputWithPast):
    """Output of `NeuroNarratorForConditionalGeneration`: that of a causal language model, and ours.

    `loss` is the weighted sum of the language-model and finding losses that could be computed, `logits`
    has the shape `(batch, n_tokens, vocab_size)`.

    Attributes:
        lm_loss: Language-model loss alone.
        finding_losses: Presence and attribute losses by name.
        features: Of the windows, where they were computed in this call.
    """

    lm_loss: Tensor | None = None
    finding_losses: dict[str, Tensor] | None = None
    features: WindowFeatures | None = None


class NeuroNarratorForConditionalGeneration(NeuroNarratorPreTrainedModel, GenerationMixin):
    """The narrator: `NeuroNarratorModel` before a causal language model."""

    # With another main input `generate` would take the EEG for the prompt and drop it.
    main_input_name = "input_ids"

    def __init__(self, config: NeuroNarratorConfig, language_model: nn.Module | None = None):
        """A narrator with fresh weights.

        Args:
            config: Configuration.
            language_model: A loaded language model of `config.text_config`, kept as it is; None makes one.
        """
        super().__init__(config)
        self.model = NeuroNarratorModel(config)
        if language_model is None:
            language_model = AutoModelForCausalLM.from_config(config.text_config)
        else:
            for module in language_model.modules():
                module._is_hf_initialized = True
        self.language_model = language_model
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        """Token embeddings of the language model."""
        return self.language_model.get_input_embeddings()

    def set_input_embeddings(self, value: nn.Module) -> None:
        """Replace the token embeddings."""
        self.language_model.set_input_embeddings(value)

    def get_output_embeddings(self) -> nn.Module:
        """Output layer of the language model."""
        return self.language_model.get_output_embeddings()

    def set_output_embeddings(self, value: nn.Module) -> None:
        """Replace the output layer."""
        self.language_model.set_output_embeddings(value)

    def get_decoder(self) -> nn.Module:
        """The language model without its output layer."""
        return self.language_model.get_decoder()

    def get_window_features(self, **inputs) -> WindowFeatures:
        """See `NeuroNarratorModel.get_window_features`."""
        return self.model.get_window_features(**inputs)

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        labels: Tensor | None = None,
        use_cache: bool | None = None,
        logits_to_keep: int | Tensor = 0,
        eeg_values: Tensor | None = None,
        channel_positions: Tensor | None = None,
        channel_mask: Tensor | None = None,
        window_mask: Tensor | None = None,
        spectral_values: Tensor | None = None,
        topomap_values: Tensor | None = None,
        gap_s: Tensor | None = None,
        bridge_state: BridgeState | None = None,
        window_tokens: Tensor | None = None,
        finding_targets: Mapping[str, Tensor] | None = None,
        use_target_findings: bool = False,
        eeg_keep: Tensor | None = None,
        **kwargs,
    ) -> NeuroNarratorOutput:
        """Logits, and losses where there are labels or finding targets.

        Args:
            input_ids: `(batch, n_tokens)`; the placeholders stand where the soft tokens go.
            attention_mask: `(batch, n_tokens)`.
            position_ids: `(batch, n_tokens)`.
            inputs_embeds: `(batch, n_tokens, text_size)` in place of `input_ids`.
            labels: `(batch, n_tokens)`; -100 is left out.
            use_cache: Return the cache.
            logits_to_keep: Compute logits of the last tokens only; 0 for all.
            eeg_values: `(batch, n_windows, n_channels, n_times)`; the last window is the one narrated.
                This and the following: see `NeuroNarratorModel.get_window_features`.
            channel_positions: `(batch, n_channels, 3)`.
            channel_mask: `(batch, n_windows, n_channels)`.
            window_mask: `(batch, n_windows)`.
            spectral_values: `(batch, n_windows, 19, n_freqs)`.
            topomap_values: `(batch, n_windows or 1, n_bands, size, size)`.
            gap_s: `(batch, n_windows)`.
            bridge_state: State of the windows before.
            window_tokens: `(batch, num_window_tokens, text_size)` precomputed, in place of the EEG.
            finding_targets: Targets of the heads `(batch, n_windows, ...)`. Without EEG and
                `window_tokens`, `(batch, ...)`: the concept tokens are made from them.
            use_target_findings: Make the concept tokens from the targets although there is EEG.
            eeg_keep: `(batch,)` bool, conditioning dropout.
            **kwargs: Handed to the language model, its cache among them.
        """
        features = None
        if window_tokens is None and eeg_values is not None:
            features = self.model.get_window_features(
                eeg_values=eeg_values,
                channel_positions=channel_positions,
                channel_mask=channel_mask,
                window_mask=window_mask,
                spectral_values=spectral_values,
                topomap_values=topomap_values,
                gap_s=gap_s,
                bridge_state=bridge_state,
                finding_targets=finding_targets if use_target_findings else None,
                eeg_keep=eeg_keep,
            )
            window_tokens = features.window_tokens[:, -1]
        elif window_tokens is None and finding_targets is not None:
            window_tokens = self.model.tokens_of_findings(finding_targets)
        if inputs_embeds is None:
            inputs_embeds = self.get_input_embeddings()(input_ids)
            if window_tokens is not None:
                inputs_embeds = self.insert_window_tokens(input_ids, inputs_embeds, window_tokens)
        num_items = kwargs.pop("num_items_in_batch", None)
        output = self.language_model(
            inputs_embeds=inputs_embeds,
            attention_mask=attention_mask,
            position_ids=position_ids,
            use_cache=use_cache,
            logits_to_keep=logits_to_keep,
            **kwargs,
        )
        loss = lm_loss = losses = None
        if labels is not None:
            vocab_size = self.config.text_config.vocab_size
            lm_loss = self.loss_function(
                logits=output.logits, labels=labels, vocab_size=vocab_size, num_items_in_batch=num_items
            )
            loss = self.config.lm_loss_weight * lm_loss
        if features is not None and finding_targets is not None:
            losses, heads_loss = self.finding_loss(features, finding_targets, window_mask)
            loss = heads_loss if loss is None else loss + heads_loss
        return NeuroNarratorOutput(
            loss=loss,
            logits=output.logits,
            hidden_states=output.hidden_states,
            attentions=output.attentions,
            lm_loss=lm_loss,
            finding_losses=losses,
            features=features,
            **{CACHE: getattr(output, CACHE)},
        )

    def finding_loss(
        self,
        features: WindowFeatures,
        finding_targets: Mapping[str, Tensor],
        window_mask: Tensor | None = None,
    ) -> tuple[dict[str, Tensor], Tensor]:
        """The heads' losses by name, and their weighted sum, over all windows."""
        return weighted_finding_loss(self.config, features, finding_targets, window_mask)

    def insert_window_tokens(self, input_ids: Tensor, inputs_embeds: Tensor, window_tokens: Tensor) -> Tensor:
        """Put soft tokens where the placeholders stand.

        Raises:
            ValueError: A prompt has another number of placeholders than there are soft tokens.
        """
        config = self.config
        counts = {
            "preceding_eeg": (config.preceding_eeg_token_id, config.num_history_tokens),
            "eeg": (config.eeg_token_id, config.num_current_tokens),
            "image": (config.image_token_id, config.num_image_tokens),
        }
        groups = window_tokens.to(inputs_embeds.dtype).split([n for _, n in counts.values()], dim=1)
        for (name, (token_id, n)), tokens in zip(counts.items(), groups, strict=True):
            if n == 0:
                continue
            if token_id is None:
                raise ValueError(f"config.{name}_token_id is None; set it to the tokenizer's id of <{name}>")
            places = input_ids == token_id
            if not torch.compiler.is_compiling():
                found = places.sum(1)
                if not bool((found == n).all()):
                    raise ValueError(
                        f"prompts have {found.tolist()} <{name}> tokens, but a window has {n} soft "
                        "tokens with "
                        f"history={config.history!r}; make prompts with NeuroNarratorProcessor"
                    )
            inputs_embeds = inputs_embeds.masked_scatter(places[..., None].expand_as(inputs_embeds), tokens)
        return inputs_embeds

    def prepare_inputs_for_generation(
        self,
        input_ids: Tensor,
        inputs_embeds: Tensor | None = None,
        is_first_iteration: bool = False,
        **kwargs,
    ) -> dict:
        """Hand the EEG to the first step only: later steps have it in the cache."""
        of_eeg = {name: kwargs.pop(name, None) for name in (*EEG_INPUTS, *OTHER_INPUTS, "window_tokens")}
        inputs = super().prepare_inputs_for_generation(
            input_ids, inputs_embeds=inputs_embeds, is_first_iteration=is_first_iteration, **kwargs
        )
        if is_first_iteration or not kwargs.get("use_cache", True):
            inputs.update({name: value for name, value in of_eeg.items() if value is not None})
        return inputs

    def _expand_inputs_for_generation(self, expand_size: int = 1, *args, **kwargs) -> tuple[Tensor, dict]:
        """Beams and samples of a prompt also have its carried state and its targets, which are no tensors."""

        def repeat(values: Tensor) -> Tensor:
            return values.repeat_interleave(expand_size, dim=0)

        if (state := kwargs.get("bridge_state")) is not None:
            kwargs["bridge_state"] = state.map(repeat)
        if (targets := kwargs.get("finding_targets")) is not None:
            kwargs["finding_targets"] = {name: repeat(values) for name, values in targets.items()}
        return super()._expand_inputs_for_generation(expand_size, *args, **kwargs)


class NeuroNarratorForEEGClassification(NeuroNarratorPreTrainedModel):
    """Multi-label classification of windows: the finding heads, or a new layer for other labels."""

    def __init__(self, config: NeuroNarratorConfig):
        super().__init__(config)
        self.model = NeuroNarratorModel(config)
        if not self._has_finding_labels:
            self.classifier = nn.Linear(config.waveform_config.hidden_size, config.num_labels)
        self.post_init()

    @property
    def _has_finding_labels(self) -> bool:
        return list(self.config.id2label.values()) == list(FINDING_IDS)

    def forward(
        self, eeg_values: Tensor, channel_positions: Tensor, labels: Tensor | None = None, **kwargs
    ) -> SequenceClassifierOutput:
        """Logits `(batch, n_windows, num_labels)`, and the loss against `labels` of the same shape.

        Labels of -100 are left out.
        """
        features = self.model(eeg_values, channel_positions, **kwargs)
        logits = (
            features.finding_logits["presence"]
            if self._has_finding_labels
            else self.classifier(features.embeddings)
        )
        loss = None
        if labels is not None:
            known = labels != -100
            each = F.binary_cross_entropy_with_logits(
                logits.float(), labels.clamp_min(0).float(), reduction="none"
            )
            loss = (each * known).sum() / known.sum().clamp_min(1)
        return SequenceClassifierOutput(loss=loss, logits=logits)


def weighted_finding_loss(
    config: NeuroNarratorConfig,
    features: WindowFeatures,
    finding_targets: Mapping[str, Tensor],
    window_mask: Tensor | None = None,
) -> tuple[dict[str, Tensor], Tensor]:
    """The heads' losses by name, and their weighted sum, over all windows of `features`."""
    mask = None if window_mask is None else window_mask.bool().flatten()
    losses = finding_losses(join_windows(features.finding_logits), join_windows(finding_targets), mask)
    total = config.presence_loss_weight * losses["presence"]
    total = total + config.attribute_loss_weight * sum(losses[name] for name in ATTRIBUTES)
    return losses, total


__all__ = [
    "NeuroNarratorForConditionalGeneration",
    "NeuroNarratorForEEGClassification",
    "NeuroNarratorModel",
    "NeuroNarratorOutput",
    "NeuroNarratorPreTrainedModel",
    "WindowFeatures",
]
