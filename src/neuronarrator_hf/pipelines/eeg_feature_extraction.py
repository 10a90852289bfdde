"""The pipeline `eeg-feature-extraction`: recordings to embeddings, one per window."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from ..narration.engine import BLOCK_WINDOWS, HISTORY_MODES
from ..narration.voice import ModelVoice
from ..recording.reading import Recording
from ..recording.windows import iter_windows
from .eeg_pipeline import EEGPipeline, check_parameters, one_of

FEATURES = ("waveform", "history", "tokens")
POOLINGS = ("none", "mean")
_KNOWN = ("features", "pooling", "history", "return_tensors")


class EEGFeatureExtractionPipeline(EEGPipeline):
    """Embeds EEG: `pipeline("eeg-feature-extraction")(recording)`.

    The result is a dict with `timestamps`, seconds `(start, end)` of each window, and `features`:
    `(n_windows, size)` float32, or `(n_windows, n_tokens, size)` for `features="tokens"`. Windows stand
    in order of time, the history carried from one to the next.

    Parameters of a call or of the constructor: `features` (`waveform`: pooled waveform embedding;
    `history`: what the state-space bridge knows of the windows before; `tokens`: all that the language
    model reads of a window), `pooling` (`none`, or `mean` over the windows), `history` (ssm, prompt,
    none), `return_tensors` (`np`, `pt`), `batch_size` (windows taken at a time).
    """

    def _sanitize_parameters(
        self, window_batch_size: int | None = None, **kwargs: Any
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        check_parameters("eeg-feature-extraction", kwargs, _KNOWN)
        one_of("features", kwargs.get("features", FEATURES[0]), FEATURES)
        one_of("pooling", kwargs.get("pooling", "none"), POOLINGS)
        one_of("history", kwargs.get("history", "ssm"), HISTORY_MODES)
        one_of("return_tensors", kwargs.get("return_tensors", "np"), ("np", "pt"))
        forward = {name: kwargs[name] for name in ("features", "history") if name in kwargs}
        if window_batch_size is not None:
            forward["batch_size"] = window_batch_size
        return {}, forward, {name: kwargs[name] for name in ("pooling", "return_tensors") if name in kwargs}

    def _forward(
        self,
        model_inputs: Mapping[str, Recording],
        features: str = FEATURES[0],
        history: str = "ssm",
        batch_size: int = 32,
    ) -> dict[str, Any]:
        voice = ModelVoice(self.model, self.processor, history=history, batch_size=batch_size)
        state, found, timestamps = voice.begin(), [], []
        for block in iter_windows(model_inputs["recording"], block_windows=BLOCK_WINDOWS):
            encoded, state = voice.encode(block, state)
            for part in encoded:
                by_name = {
                    "waveform": part.embeddings,
                    "history": part.history_embedding,
                    "tokens": part.window_tokens,
                }
                found.append(by_name[features][0].float().cpu())
            timestamps += list(zip(block.start_s.tolist(), block.end_s.tolist(), strict=True))
        return {"timestamps": timestamps, "features": torch.cat(found)}

    def postprocess(
        self, model_outputs: dict[str, Any], pooling: str = "none", return_tensors: str = "np"
    ) -> dict[str, Any]:
        """Pool, and turn into what was asked for."""
        features = model_outputs["features"]
        if pooling == "mean":
            features = features.mean(0)
        told: torch.Tensor | np.ndarray = features if return_tensors == "pt" else features.numpy()
        return {"timestamps": model_outputs["timestamps"], "features": told}
