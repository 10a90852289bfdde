"""What words a window: the model with its carried history, or, as a baseline, the measurements alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Protocol

from ..findings.measure import measure_windows
from ..findings.select import select_for_text
from ..findings.vocabulary import FINDING_IDS
from ..findings.write import write_segment
from ..models.calibration import calibrated_presence
from ..signal.windows import EEGWindows

if TYPE_CHECKING:
    from ..models.modeling_body import WindowFeatures

MAX_NEW_TOKENS = 256
"""Longest paragraph of a model that says nothing of it."""


@dataclass(frozen=True)
class Heard:
    """A block of windows as a voice took it in.

    Attributes:
        probabilities: Per window the network's probability of each finding; empty where it gives none.
        payload: Whatever the voice needs to speak of the block.
    """

    probabilities: Sequence[Mapping[str, float]]
    payload: Any = None


class Voice(Protocol):
    """Words windows in order of time, with a state that carries the history."""

    @property
    def identity(self) -> Mapping[str, Any]:
        """`name`, `revision` and `version`, as written into the narration."""

    def begin(self) -> Any:
        """The state before the first window."""

    def listen(self, windows: EEGWindows, state: Any) -> tuple[Heard, Any]:
        """Take in a block; gives it as heard, and the state after it."""

    def speak(self, heard: Heard, indices: Sequence[int]) -> list[str]:
        """One paragraph for each of the given windows of the block."""


class ModelVoice:
    """A `NeuroNarratorForConditionalGeneration` with its processor.

    The bridge's state is carried from block to block, so that a recording read in blocks is narrated
    as one read at once. Decoding is greedy unless told otherwise.

    Args:
        model: The model.
        processor: Its processor.
        history: `ssm`, `prompt` or `none`, whatever the model was configured with; model and processor
            stay as they are.
        batch_size: Windows encoded, and worded, at a time.
        max_new_tokens: Longest paragraph; by default what the model's generation config says.
        generate_kwargs: Passed to `generate`.
    """

    def __init__(
        self,
        model: Any,
        processor: Any,
        *,
        history: str = "ssm",
        batch_size: int = 32,
        max_new_tokens: int | None = None,
        **generate_kwargs: Any,
    ) -> None:
        from ..models.history_mode import following, in_history_mode

        self.model = in_history_mode(model.eval(), history)
        self.processor = following(processor, self.model)
        self.history, self.batch_size = history, batch_size
        if max_new_tokens is None:
            max_new_tokens = model.generation_config.max_new_tokens or MAX_NEW_TOKENS
        self.generate_kwargs = {"do_sample": False, "max_new_tokens": max_new_tokens, **generate_kwargs}

    @property
    def identity(self) -> dict[str, Any]:
        """Name, revision and version."""
        from .loading import identity_of

        return identity_of(self.model)

    def begin(self) -> _Past:
        """No window seen yet."""
        return _Past()

    def listen(self, windows: EEGWindows, state: _Past) -> tuple[Heard, _Past]:
        """Encode a block; its soft tokens wait until they are spoken of."""
        import torch

        encoded, state = self.encode(windows, state)
        probabilities: list[dict[str, float]] = []
        for features in encoded:
            assert features.finding_logits is not None  # of a forward pass; only hand-made features lack it
            logits = features.finding_logits["presence"][0].float().cpu().numpy()
            config = self.model.config
            presence = calibrated_presence(logits, config.presence_calibration, config.presence_prior)
            probabilities += [dict(zip(FINDING_IDS, row.tolist(), strict=True)) for row in presence]
        return Heard(probabilities, torch.cat([f.window_tokens[0] for f in encoded])), state

    def encode(self, windows: EEGWindows, state: _Past) -> tuple[list[WindowFeatures], _Past]:
        """Features of a block, `batch_size` windows each, and the state after it."""
        import torch

        encoded = []
        with torch.inference_mode():
            for first in range(0, len(windows), self.batch_size):
                part = windows.select(slice(first, first + self.batch_size))
                inputs = self.processor.feature_extractor(part, return_tensors="pt").to(self.model.device)
                if state.end_s is not None:
                    inputs["gap_s"][:, 0] = max(float(part.start_s[0]) - state.end_s, 0.0)
                encoded.append(self.model.get_window_features(**inputs, bridge_state=state.bridge))
                state = _Past(encoded[-1].bridge_state, float(part.end_s[-1]))
        return encoded, state

    def speak(self, heard: Heard, indices: Sequence[int]) -> list[str]:
        """Word the given windows, `batch_size` at a time."""
        import torch

        from .decoding import decode

        texts: list[str] = []
        with torch.inference_mode():
            prompt = self.processor(text=self.processor.prompt(), return_tensors="pt").to(self.model.device)
            for first in range(0, len(indices), self.batch_size):
                batch = list(indices[first : first + self.batch_size])
                tokens = decode(self.model, prompt["input_ids"], heard.payload[batch], self.generate_kwargs)
                texts += self.processor.tokenizer.batch_decode(tokens, skip_special_tokens=True)
        return [text.strip() for text in texts]


@dataclass(frozen=True)
class _Past:
    """The bridge's state and the end of the last window seen."""

    bridge: Any = None
    end_s: float | None = None


class MeasuredVoice:
    """Words what was measured, without any network: the baseline that a model has to improve on.

    Args:
        age_years: Age of the patient, for what depends on the norms of adults.
        seed: Seed of the wording.
        variety: 0 for one fixed wording.
    """

    def __init__(self, *, age_years: float | None = None, seed: int = 0, variety: float = 0.0) -> None:
        self.age_years, self.seed, self.variety = age_years, seed, variety

    @property
    def identity(self) -> dict[str, Any]:
        """Name, revision and version."""
        return {"name": "measurements", "revision": None, "version": version("neuronarrator_hf")}

    def begin(self) -> None:
        """There is no history."""

    def listen(self, windows: EEGWindows, state: None) -> tuple[Heard, None]:
        """Measure a block."""
        measurements = measure_windows(windows, age_years=self.age_years)
        return Heard([{} for _ in measurements], measurements), None

    def speak(self, heard: Heard, indices: Sequence[int]) -> list[str]:
        """Word the measurements of the given windows."""
        return [
            write_segment(select_for_text(heard.payload[i].claims), seed=self.seed, variety=self.variety)
            for i in indices
        ]
