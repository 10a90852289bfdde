"""What `trust_remote_code=True` runs: the classes of the installed package, or how to install it.

This file is copied as it is beside a published model; the code of the model itself is in the package.
"""

try:
    from neuronarrator_hf import (
        NeuroNarratorConfig,
        NeuroNarratorFeatureExtractor,
        NeuroNarratorForConditionalGeneration,
        NeuroNarratorForEEGClassification,
        NeuroNarratorModel,
        NeuroNarratorProcessor,
    )
except ModuleNotFoundError as error:
    if error.name != "neuronarrator_hf":
        raise
    raise ModuleNotFoundError(
        "the code of this model is in the package neuronarrator_hf, which is not installed here; run "
        "`pip install neuronarrator_hf`",
        name=error.name,
    ) from None

__all__ = [
    "NeuroNarratorConfig",
    "NeuroNarratorFeatureExtractor",
    "NeuroNarratorForConditionalGeneration",
    "NeuroNarratorForEEGClassification",
    "NeuroNarratorModel",
    "NeuroNarratorProcessor",
]
