"""The model, its processor and the shared space: made new, loaded and saved together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedConfig

from ..models.configuration_neuronarrator import NeuroNarratorConfig
from ..models.feature_extraction_neuronarrator import NeuroNarratorFeatureExtractor
from ..models.modeling_alignment import (
    ALIGNMENT_NAME,
    MAX_LOG_SCALE,
    NeuroNarratorForContrastiveAlignment,
)
from ..models.modeling_neuronarrator import NeuroNarratorForConditionalGeneration, NeuroNarratorModel
from ..models.processing_neuronarrator import (
    CURRENT_INSTRUCTION,
    HISTORY_INSTRUCTION,
    PLACEHOLDERS,
    TASK_INSTRUCTION,
    NeuroNarratorProcessor,
)
from .arguments import RunArguments
from .lora import has_adapters, merged_state_dict
from .tokenizer import train_tokenizer

PRETRAINED_PARTS = ("language_model", "vision_model", "waveform_model")
"""Keys of a preset's `model` that name a part to load; the others are arguments of the configuration."""
_OWN = ("eeg_projection", "topomap_projection", "logit_scale")


class AlignedTowers(nn.Module):
    """The shared space over the narrator's own towers.

    Args:
        narrator: `NeuroNarratorForConditionalGeneration`, whose towers are used.
    """

    def __init__(self, narrator: NeuroNarratorForConditionalGeneration) -> None:
        super().__init__()
        self.aligned = NeuroNarratorForContrastiveAlignment(narrator.config)
        self.aligned.model.waveform_encoder = narrator.model.waveform_encoder
        self.aligned.model.topomap_encoder = narrator.model.topomap_encoder

    def forward(
        self, embeddings: torch.Tensor, maps: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Waveforms and maps in the shared space, and the inverse temperature.

        Args:
            embeddings: `(n, hidden_size)` pooled waveforms.
            maps: `(n, n_bands, size, size)`.
        """
        pooled = self.aligned.model.topomap_encoder(topomap_values=maps).pooler_output
        scale = self.aligned.logit_scale.clamp(max=MAX_LOG_SCALE).exp()
        return self.aligned.eeg_projection(embeddings), self.aligned.topomap_projection(pooled), scale

    def save(self, folder: Path, state: Mapping[str, torch.Tensor] | None = None) -> None:
        """The projections alone, beside the narrator's weights; a given state in place of the module's."""
        own = {k.removeprefix("aligned."): v for k, v in (state or self.state_dict()).items()}
        own = {k: v.contiguous() for k, v in own.items() if k.startswith(_OWN)}
        save_file(own, folder / ALIGNMENT_NAME)

    def load(self, folder: Path) -> None:
        """The projections saved beside the narrator's weights, where there are any."""
        if (folder / ALIGNMENT_NAME).is_file():
            self.aligned.load_state_dict(load_file(folder / ALIGNMENT_NAME), strict=False)


@dataclass
class Parts:
    """What is trained, evaluated and saved together.

    Attributes:
        model: The narrator.
        processor: Its processor.
        alignment: The shared space.
        prompt_ids: Tokens of the default prompt with its placeholders.
    """

    model: NeuroNarratorForConditionalGeneration
    processor: NeuroNarratorProcessor
    alignment: AlignedTowers
    prompt_ids: list[int]

    def encode(self, eeg_uv: np.ndarray, channel_mask: np.ndarray) -> dict[str, torch.Tensor]:
        """EEG inputs of the model from sequences at the 19 sites, see `data.Encode`.

        A site that no window of a recording has is one without an electrode; a channel that is zero
        throughout a window is masked, as the reader would.
        """
        inputs = self.processor.feature_extractor.from_sites(
            eeg_uv, channel_mask & eeg_uv.any(-1), has_electrode=channel_mask.any(1)
        )
        return {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in inputs.items()}

    def save(
        self,
        folder: Path,
        state: dict[str, torch.Tensor] | None = None,
        alignment_state: Mapping[str, torch.Tensor] | None = None,
    ) -> None:
        """Everything into a folder that `from_pretrained` reads; given states replace the modules' own."""
        folder.mkdir(parents=True, exist_ok=True)
        if has_adapters(self.model):
            state = merged_state_dict(self.model, state)
        self.model.save_pretrained(folder, state_dict=state)
        self.processor.save_pretrained(folder)
        self.alignment.save(folder, alignment_state)


def _assemble(model: NeuroNarratorForConditionalGeneration, processor: NeuroNarratorProcessor) -> Parts:
    prompt = processor.tokenizer(processor.expand(processor.prompt()))["input_ids"]
    return Parts(model, processor, AlignedTowers(model), prompt)


def new_parts(run: RunArguments, texts: list[str]) -> Parts:
    """A model with fresh weights but for the parts that the preset names.

    `run.model` may name, by Hub name or folder: `language_model`, any causal language model (without it
    a compact decoder and a tokenizer are made of the texts); `vision_model`, any vision model, as the
    encoder of the maps; `waveform_model`, a NeuroNarrator whose waveform encoder is taken, or weights
    published for the braindecode encoder of `waveform_config`.
    """
    values = dict(run.model)
    names = {part: values.pop(part, None) for part in PRETRAINED_PARTS}
    if names["vision_model"] is not None:
        vision = AutoConfig.from_pretrained(names["vision_model"])
        values["topomap_config"] = {**(values.get("topomap_config") or {}), "vision_config": vision.to_dict()}
    published = (values.get("waveform_config") or {}).get("model_type") == "neuronarrator_braindecode"
    if names["waveform_model"] is not None and not published:
        trained = NeuroNarratorConfig.from_pretrained(names["waveform_model"])
        values["waveform_config"] = trained.waveform_config.to_dict()
    if names["language_model"] is None:
        language_model, tokenizer = None, _own_tokenizer(texts, run.vocab_size)
        text_config = _own_text_config(values.pop("text_config", None), tokenizer)
    else:
        language_model, tokenizer = _pretrained_language_model(names["language_model"], run)
        values.pop("text_config", None)
        text_config = language_model.config.to_dict()
    config = NeuroNarratorConfig(text_config=text_config, **values)
    processor = NeuroNarratorProcessor.for_config(config, NeuroNarratorFeatureExtractor(), tokenizer)
    model = NeuroNarratorForConditionalGeneration(config, language_model)
    if names["vision_model"] is not None:
        model.model.topomap_encoder.load_vision_model(names["vision_model"])
    if names["waveform_model"] is not None and published:
        model.model.waveform_encoder.load_pretrained(names["waveform_model"])
    elif names["waveform_model"] is not None:
        trained_model = NeuroNarratorModel.from_pretrained(names["waveform_model"], dtype=torch.float32)
        model.model.waveform_encoder.load_state_dict(trained_model.waveform_encoder.state_dict())
    return _assemble(model, processor)


def _own_tokenizer(texts: list[str], vocab_size: int) -> Any:
    # The prompt as it is cut at its placeholders, often enough to become a few tokens.
    prompt = [
        f" {HISTORY_INSTRUCTION} ",
        HISTORY_INSTRUCTION + " ",
        f" {CURRENT_INSTRUCTION} ",
        " " + TASK_INSTRUCTION,
    ]
    return train_tokenizer([*texts, *prompt * max(len(texts) // 8, 20)], vocab_size=vocab_size)


def _own_text_config(values: dict[str, Any] | None, tokenizer: Any) -> dict[str, Any]:
    return {
        "model_type": "llama",
        **(values or {}),
        "vocab_size": len(tokenizer),
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }


def _pretrained_language_model(name: str, run: RunArguments) -> tuple[Any, Any]:
    """A causal language model and its tokenizer, both with the placeholders."""
    tokenizer = AutoTokenizer.from_pretrained(name, padding_side="left")
    tokenizer.add_special_tokens({"additional_special_tokens": list(PLACEHOLDERS)})
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    language_model = AutoModelForCausalLM.from_pretrained(
        name, dtype=getattr(torch, run.dtype), attn_implementation=run.attention
    )
    if len(tokenizer) > language_model.config.vocab_size:
        language_model.resize_token_embeddings(len(tokenizer))
    return language_model, tokenizer


def load_parts(folder: str | Path, run: RunArguments | None = None) -> Parts:
    """Model, processor and shared space of a folder; what the preset switches is the preset's.

    Switches, which fit any weights: `history`, `use_topomap`, the bridge's `compare_numbers` and, of the
    waveform encoder, `use_spectra`, `use_site_quality` and more layers than there were. What is added starts
    as if it were not there.
    """
    folder = Path(folder)
    config = NeuroNarratorConfig.from_pretrained(folder)
    processor = NeuroNarratorProcessor.from_pretrained(folder)
    if run is not None:
        config.history = run.model.get("history", config.history)
        config.use_topomap = run.model.get("use_topomap", config.use_topomap)
        for section in ("waveform_config", "bridge_config"):
            _switch(getattr(config, section), run.model.get(section) or {})
        processor.follow(config)
    model = NeuroNarratorForConditionalGeneration.from_pretrained(folder, config=config, dtype=torch.float32)
    parts = _assemble(model, processor)
    parts.alignment.load(folder)
    return parts


def _switch(config: PreTrainedConfig, wanted: Mapping[str, Any]) -> None:
    """Take over what fits the weights of an encoder or a bridge."""
    for name in ("use_spectra", "use_site_quality", "compare_numbers"):
        if name in wanted:
            setattr(config, name, wanted[name])
    for name in ("num_conv_layers", "num_mixing_layers"):
        if hasattr(config, name):
            setattr(config, name, max(getattr(config, name), wanted.get(name, 0)))
