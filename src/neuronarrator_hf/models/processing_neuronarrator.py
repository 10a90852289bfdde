"""Processor: EEG and prompt to model inputs, with the paper's two instructions as the default prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from transformers import BatchFeature, PreTrainedModel, ProcessorMixin

from .configuration_neuronarrator import HISTORY_MODES
from .installed_code import InstalledCode

EEG_TOKEN, PRECEDING_EEG_TOKEN, IMAGE_TOKEN = "<eeg>", "<preceding_eeg>", "<image>"
PLACEHOLDERS = (EEG_TOKEN, PRECEDING_EEG_TOKEN, IMAGE_TOKEN)

HISTORY_INSTRUCTION = "Here are the previous EEG signals (without topographic map visualization):"
CURRENT_INSTRUCTION = "Here is the current EEG data and topographic map information for this segment:"
TASK_INSTRUCTION = (
    "Carefully analyze the EEG segment and compose a single, well-structured paragraph that "
    "thoroughly describes "
    "its neurophysiological features, waveform morphology, dominant frequency components, and any notable "
    "temporal–spatial dynamics."
)


class NeuroNarratorProcessor(InstalledCode, ProcessorMixin):
    """A feature extractor and a tokenizer.

    Each placeholder in a text is repeated once per soft token that stands in its place.

    Attributes:
        history: `ssm`, `prompt` or `none`, as in the model's configuration.
        num_eeg_tokens: Soft tokens at `<eeg>` (waveform and findings).
        num_preceding_tokens: Soft tokens at one `<preceding_eeg>`.
        num_image_tokens: Soft tokens at `<image>`; 0 leaves the map out of the default prompt.
        num_history_windows: Placeholders of preceding windows with `history="prompt"`.
    """

    def __init__(
        self,
        feature_extractor=None,
        tokenizer=None,
        chat_template: str | None = None,
        history: str = "ssm",
        num_eeg_tokens: int = 18,
        num_preceding_tokens: int = 4,
        num_image_tokens: int = 4,
        num_history_windows: int = 3,
    ):
        if history not in HISTORY_MODES:
            raise ValueError(f"history={history!r}; expected one of {', '.join(HISTORY_MODES)}")
        missing = [
            token
            for token in PLACEHOLDERS
            if tokenizer.convert_tokens_to_ids(token) in (None, tokenizer.unk_token_id)
        ]
        if missing:
            raise ValueError(
                f"the tokenizer has no {', '.join(missing)}; add them with "
                "tokenizer.add_special_tokens({'additional_special_tokens': [...]}) and resize the "
                "model's embeddings"
            )
        self.history = history
        self.num_eeg_tokens = num_eeg_tokens
        self.num_preceding_tokens = num_preceding_tokens
        self.num_image_tokens = num_image_tokens
        self.num_history_windows = num_history_windows
        super().__init__(feature_extractor, tokenizer, chat_template=chat_template)

    @classmethod
    def for_config(cls, config, feature_extractor, tokenizer, **kwargs: Any) -> NeuroNarratorProcessor:
        """A processor whose numbers of tokens are those of a model's configuration.

        The ids of the placeholders are written into `config`.
        """
        config.eeg_token_id, config.preceding_eeg_token_id, config.image_token_id = (
            tokenizer.convert_tokens_to_ids(token) for token in PLACEHOLDERS
        )
        processor = cls(feature_extractor, tokenizer, **kwargs)
        processor.follow(config)
        return processor

    def follow(self, config) -> None:
        """Take history mode and numbers of tokens from a model's configuration."""
        self.history = config.history
        self.num_eeg_tokens = config.num_current_tokens
        self.num_image_tokens = config.num_image_tokens
        self.num_history_windows = config.num_history_windows
        n_places = config.num_history_windows if config.history == "prompt" else 1
        self.num_preceding_tokens = config.num_history_tokens // n_places

    def prompt(self, instruction: str = TASK_INSTRUCTION) -> str:
        """The prompt of the paper, with the history as the mode has it."""
        parts = []
        if self.history != "none":
            n_places = self.num_history_windows if self.history == "prompt" else 1
            parts += [HISTORY_INSTRUCTION, *[PRECEDING_EEG_TOKEN] * n_places]
        parts += [CURRENT_INSTRUCTION, EEG_TOKEN]
        if self.num_image_tokens:
            parts.append(IMAGE_TOKEN)
        return " ".join([*parts, instruction])

    def expand(self, text: str) -> str:
        """Repeat each placeholder once per soft token."""
        numbers = (self.num_eeg_tokens, self.num_preceding_tokens, self.num_image_tokens)
        for token, n in zip(PLACEHOLDERS, numbers, strict=True):
            text = text.replace(token, token * n)
        return text

    def __call__(
        self,
        text: str | Sequence[str] | None = None,
        eeg: Any = None,
        return_tensors: str | None = None,
        padding: bool | str = True,
        sampling_rate: float | None = None,
        ch_names: Sequence[str] | None = None,
        units: str | None = None,
        **kwargs: Any,
    ) -> BatchFeature:
        """Model inputs of prompts, of EEG, or of both.

        Args:
            text: Prompts with placeholders; None with EEG: the default prompt for each sample.
            eeg: See `NeuroNarratorFeatureExtractor`.
            return_tensors: `pt` or `np`.
            padding: As in a tokenizer; generation needs the tokenizer's `padding_side="left"`.
            sampling_rate: Hz of plain arrays.
            ch_names: Names of the channels of plain arrays.
            units: `uV` or `V`.
            **kwargs: For the tokenizer.
        """
        data: dict[str, Any] = {}
        if eeg is not None:
            data.update(
                self.feature_extractor(eeg, sampling_rate=sampling_rate, ch_names=ch_names, units=units)
            )
            if text is None:
                text = [self.prompt()] * len(data["eeg_values"])
        if text is not None:
            texts = [text] if isinstance(text, str) else list(text)
            data.update(self.tokenizer([self.expand(t) for t in texts], padding=padding, **kwargs))
        return BatchFeature(data, tensor_type=return_tensors)

    def check(self, model: PreTrainedModel) -> None:
        """Raise ValueError where a model expects other numbers of tokens than this processor makes."""
        config = model.config
        n_places = {"ssm": 1, "prompt": self.num_history_windows, "none": 0}[self.history]
        made = (
            self.history,
            n_places * self.num_preceding_tokens,
            self.num_eeg_tokens,
            self.num_image_tokens,
        )
        expected = (
            config.history,
            config.num_history_tokens,
            config.num_current_tokens,
            config.num_image_tokens,
        )
        if made != expected:
            raise ValueError(
                f"the processor makes (history, tokens of history, window, map) = {made}, the model "
                f"expects {expected}; "
                "call processor.follow(model.config)"
            )

    @property
    def model_input_names(self) -> list[str]:
        """Names of the model's inputs."""
        return list(
            dict.fromkeys(self.tokenizer.model_input_names + self.feature_extractor.model_input_names)
        )


__all__ = [
    "EEG_TOKEN",
    "IMAGE_TOKEN",
    "PLACEHOLDERS",
    "PRECEDING_EEG_TOKEN",
    "TASK_INSTRUCTION",
    "NeuroNarratorProcessor",
]
