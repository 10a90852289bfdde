"""The aligned space of a model: where waveforms, and the prototypes of classes, are compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..findings.schema import Claim
from ..signal.windows import EEGWindows
from .held_out import as_blocks, simulate
from .label_prompts import LabelPrompt
from .zero_shot import class_prototypes

PROTOTYPE_SEED = 1_900_000_000
"""Simulated examples of prototypes: neither trained on nor held out for the benchmark of simulations."""
_PROJECTION = "eeg_projection.weight"


def load_embedding(
    model: Any, processor: Any, name_or_dir: str | Path | None = None
) -> tuple[Callable[[EEGWindows], np.ndarray], bool]:
    """What embeds a block as `(n_windows, d)`, and whether in the aligned space.

    Args:
        model: The narrator.
        processor: Its processor.
        name_or_dir: Where it was loaded from. Where the projection of stage align is not beside the weights,
            the pooled waveform stands for it.
    """
    import torch

    weight = _projection(name_or_dir)

    def embed(block: EEGWindows) -> np.ndarray:
        parts = []
        with torch.inference_mode():
            for first in range(0, len(block), 32):
                inputs = processor.feature_extractor(
                    block.select(slice(first, first + 32)), return_tensors="pt"
                )
                inputs = inputs.to(model.device)
                names = ("eeg_values", "channel_positions", "channel_mask", "spectral_values")
                pooled = model.model.waveform_encoder(**{n: inputs[n] for n in names}).pooler_output
                parts.append(pooled if weight is None else pooled @ weight.to(pooled).T)
        return torch.cat(parts).float().cpu().numpy()

    return embed, weight is not None


def simulated_examples(n_recordings: int, n_windows: int) -> tuple[list[EEGWindows], list[list[Claim]]]:
    """Blocks of simulated recordings and the truth of each of their windows; the same at every call."""
    recordings = simulate(n_recordings, n_windows, PROTOTYPE_SEED)
    return as_blocks(recordings.eeg_uv), recordings.flat_claims()


def simulated_prototypes(
    embed: Callable[[EEGWindows], np.ndarray], prompts: Sequence[LabelPrompt], *, n_recordings: int = 200
) -> np.ndarray:
    """Prototypes of the classes from simulated examples, `(n_classes, d)`."""
    blocks, truth = simulated_examples(n_recordings, 2)
    return class_prototypes(prompts, np.concatenate([embed(block) for block in blocks]), truth)


def _projection(name_or_dir: str | Path | None) -> Any:
    from safetensors.torch import load_file

    from ..models.default import default_model_dir
    from ..models.modeling_alignment import find_projections

    path = find_projections(default_model_dir() if name_or_dir is None else name_or_dir)
    return None if path is None else load_file(path).get(_PROJECTION)
