"""Registration with transformers, part by part, so that each happens when its Auto class is first loaded.

`transformers` itself is lazy: importing it loads none of the modules below, and asking it for
`AutoConfig` loads only the first. Each part is registered by a post-import hook on the module it is
registered in, so that nothing is imported before a user's program imports it anyway.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import ModuleType
from typing import Any

from ._import_hooks import call_when_complete, call_when_imported


def register_configs(_: ModuleType | None = None) -> None:
    """`AutoConfig`."""
    from transformers import AutoConfig

    from .models import configuration_neuronarrator as configuration

    for name in configuration.__all__:
        config_class = getattr(configuration, name)
        if isinstance(config_class, type):
            AutoConfig.register(config_class.model_type, config_class, exist_ok=True)


def register_models(_: ModuleType | None = None) -> None:
    """`AutoModel`, `AutoModelForCausalLM` and `AutoModelForSequenceClassification`."""
    from transformers import AutoModel, AutoModelForCausalLM, AutoModelForSequenceClassification

    from .models.configuration_neuronarrator import (
        NeuroNarratorBraindecodeConfig,
        NeuroNarratorConfig,
        NeuroNarratorTopomapConfig,
        NeuroNarratorWaveformConfig,
    )
    from .models.modeling_braindecode import NeuroNarratorBraindecodeEncoder
    from .models.modeling_neuronarrator import (
        NeuroNarratorForConditionalGeneration,
        NeuroNarratorForEEGClassification,
        NeuroNarratorModel,
    )
    from .models.modeling_topomap import NeuroNarratorTopomapEncoder
    from .models.modeling_waveform import NeuroNarratorWaveformEncoder

    register_configs()
    AutoModel.register(NeuroNarratorConfig, NeuroNarratorModel, exist_ok=True)
    AutoModel.register(NeuroNarratorWaveformConfig, NeuroNarratorWaveformEncoder, exist_ok=True)
    AutoModel.register(NeuroNarratorTopomapConfig, NeuroNarratorTopomapEncoder, exist_ok=True)
    AutoModel.register(NeuroNarratorBraindecodeConfig, NeuroNarratorBraindecodeEncoder, exist_ok=True)
    AutoModelForCausalLM.register(NeuroNarratorConfig, NeuroNarratorForConditionalGeneration, exist_ok=True)
    AutoModelForSequenceClassification.register(
        NeuroNarratorConfig, NeuroNarratorForEEGClassification, exist_ok=True
    )


def register_feature_extractor(_: ModuleType | None = None) -> None:
    """`AutoFeatureExtractor`."""
    from transformers import AutoFeatureExtractor

    from .models.configuration_neuronarrator import NeuroNarratorConfig
    from .models.feature_extraction_neuronarrator import NeuroNarratorFeatureExtractor

    AutoFeatureExtractor.register(NeuroNarratorConfig, NeuroNarratorFeatureExtractor, exist_ok=True)


def register_processor(_: ModuleType | None = None) -> None:
    """`AutoProcessor`."""
    from transformers import AutoProcessor

    from .models.configuration_neuronarrator import NeuroNarratorConfig
    from .models.processing_neuronarrator import NeuroNarratorProcessor

    AutoProcessor.register(NeuroNarratorConfig, NeuroNarratorProcessor, exist_ok=True)


def register_pipelines(_: ModuleType | None = None) -> None:
    """The tasks; without a model named they use the embedded default, offline."""
    from transformers import AutoModelForCausalLM
    from transformers.pipelines import PIPELINE_REGISTRY

    from .models.default import default_model_dir
    from .pipelines.eeg_feature_extraction import EEGFeatureExtractionPipeline
    from .pipelines.eeg_to_text import EEGToTextPipeline
    from .pipelines.zero_shot_eeg_classification import ZeroShotEEGClassificationPipeline

    default: dict[str, Any] = {}
    # A checkout before its model is trained has no default: a model must be named there.
    with suppress(FileNotFoundError):
        default["default"] = {"model": (str(default_model_dir()), "main")}
    tasks = {
        "eeg-to-text": EEGToTextPipeline,
        "zero-shot-eeg-classification": ZeroShotEEGClassificationPipeline,
        "eeg-feature-extraction": EEGFeatureExtractionPipeline,
    }
    for task, pipeline_class in tasks.items():
        PIPELINE_REGISTRY.register_pipeline(
            task, pipeline_class, pt_model=AutoModelForCausalLM, type="multimodal", **default
        )


PARTS: dict[str, Callable[..., None]] = {
    "transformers.models.auto.configuration_auto": register_configs,
    "transformers.models.auto.modeling_auto": register_models,
    "transformers.models.auto.feature_extraction_auto": register_feature_extractor,
    "transformers.models.auto.processing_auto": register_processor,
    "transformers.pipelines": register_pipelines,
}
"""Module of transformers to what is registered when it has been imported."""


def register_all() -> None:
    """Everything, at once."""
    for register in PARTS.values():
        register()


def register_when_imported() -> None:
    """Each part when the module it concerns is imported, or now where it already is."""
    for name, register in PARTS.items():
        call_when_imported(partial(_defer, register), name)
    # Modules of transformers import its Auto classes half way, as do those of ours that use it.
    call_when_complete(_register_waiting, ("transformers.", f"{__package__}."))
    call_when_imported(_register_builders, "datasets.packaged_modules")


def _register_builders(packaged_modules: ModuleType) -> None:
    """Names for `load_dataset`: neurocorpus and eegfolder; imports neither datasets nor a builder."""
    from .corpus.registration import register_builders

    register_builders(packaged_modules)


_waiting: list[Callable[..., None]] = []


def _defer(register: Callable[..., None], _: ModuleType) -> None:
    _waiting.append(register)


def _register_waiting() -> None:
    while _waiting:
        register = _waiting.pop()
        try:
            register()
        except Exception as error:
            import logging

            # A fault of ours must not break transformers for a program that needs nothing of ours.
            logging.getLogger(__name__).warning(
                "neuronarrator_hf: %s failed: %s; `import neuronarrator_hf.auto` shows where",
                register.__name__,
                error,
            )
