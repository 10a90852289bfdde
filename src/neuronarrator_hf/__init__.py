"""NeuroNarrator for the Hugging Face ecosystem: scalp EEG to checked clinical language.

Importing this package loads neither torch nor transformers. It registers the model, the processor and the
pipelines with transformers as soon as transformers is imported, before or after.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._registration import register_when_imported

if TYPE_CHECKING:
    from .models.configuration_neuronarrator import NeuroNarratorConfig
    from .models.default import default_model_dir
    from .models.feature_extraction_neuronarrator import NeuroNarratorFeatureExtractor
    from .models.modeling_alignment import NeuroNarratorForContrastiveAlignment
    from .models.modeling_neuronarrator import (
        NeuroNarratorForConditionalGeneration,
        NeuroNarratorForEEGClassification,
        NeuroNarratorModel,
    )
    from .models.processing_neuronarrator import NeuroNarratorProcessor
    from .narration.engine import Narrator
    from .narration.stream import EEGStream
    from .pipelines.eeg_feature_extraction import EEGFeatureExtractionPipeline
    from .pipelines.eeg_to_text import EEGToTextPipeline
    from .pipelines.zero_shot_eeg_classification import ZeroShotEEGClassificationPipeline

_HOMES = {
    "NeuroNarratorConfig": "models.configuration_neuronarrator",
    "NeuroNarratorFeatureExtractor": "models.feature_extraction_neuronarrator",
    "NeuroNarratorProcessor": "models.processing_neuronarrator",
    "NeuroNarratorModel": "models.modeling_neuronarrator",
    "NeuroNarratorForConditionalGeneration": "models.modeling_neuronarrator",
    "NeuroNarratorForEEGClassification": "models.modeling_neuronarrator",
    "NeuroNarratorForContrastiveAlignment": "models.modeling_alignment",
    "EEGToTextPipeline": "pipelines.eeg_to_text",
    "EEGStream": "narration.stream",
    "Narrator": "narration.engine",
    "EEGFeatureExtractionPipeline": "pipelines.eeg_feature_extraction",
    "ZeroShotEEGClassificationPipeline": "pipelines.zero_shot_eeg_classification",
    "default_model_dir": "models.default",
}

__all__ = [
    "EEGFeatureExtractionPipeline",
    "EEGStream",
    "EEGToTextPipeline",
    "Narrator",
    "NeuroNarratorConfig",
    "NeuroNarratorFeatureExtractor",
    "NeuroNarratorForConditionalGeneration",
    "NeuroNarratorForContrastiveAlignment",
    "NeuroNarratorForEEGClassification",
    "NeuroNarratorModel",
    "NeuroNarratorProcessor",
    "ZeroShotEEGClassificationPipeline",
    "default_model_dir",
]


def __getattr__(name: str) -> Any:
    """Load a public name, or look up the version, when it is first used (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import version

        return version("neuronarrator_hf")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES, "__version__"])


register_when_imported()
