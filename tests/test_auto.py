"""`import neuronarrator_hf` is light, and registers with transformers in whatever order of imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from neuronarrator_hf.models.default import default_model_dir


def run(code: str) -> str:
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-3000:]
    assert "neuronarrator_hf:" not in result.stderr, result.stderr[-3000:]  # a registration that failed
    return result.stdout.strip()


CHECK = """
from transformers import AutoConfig, AutoFeatureExtractor, AutoModel, AutoModelForCausalLM, AutoProcessor
from transformers.pipelines import PIPELINE_REGISTRY
config = AutoConfig.for_model("neuronarrator")
from transformers.models.auto.feature_extraction_auto import FEATURE_EXTRACTOR_MAPPING
from transformers.models.auto.processing_auto import PROCESSOR_MAPPING
names = [type(config), AutoModel._model_mapping[type(config)],
         AutoModelForCausalLM._model_mapping[type(config)],
         FEATURE_EXTRACTOR_MAPPING[type(config)], PROCESSOR_MAPPING[type(config)],
         AutoModel._model_mapping[type(config.waveform_config)],
         PIPELINE_REGISTRY.check_task("eeg-to-text")[1]["impl"]]
print(*(c.__name__ for c in names))
"""
REGISTERED = (
    "NeuroNarratorConfig NeuroNarratorModel NeuroNarratorForConditionalGeneration "
    "NeuroNarratorFeatureExtractor "
    "NeuroNarratorProcessor NeuroNarratorWaveformEncoder EEGToTextPipeline"
)


def test_import_loads_neither_torch_nor_transformers() -> None:
    heavy = "('torch', 'transformers', 'mne')"
    assert run(f"import sys, neuronarrator_hf; print([m for m in {heavy} if m in sys.modules])") == "[]"


def test_import_of_transformers_alone_loads_nothing_of_ours() -> None:
    code = (
        "import neuronarrator_hf, transformers, sys;"
        "print([m for m in sys.modules if m.startswith(('torch', 'neuronarrator_hf.'))])"
    )
    assert run(code) == "['neuronarrator_hf._import_hooks', 'neuronarrator_hf._registration']"


def test_auto_config_loads_no_model() -> None:
    code = (
        "import sys, neuronarrator_hf; from transformers import AutoConfig;"
        "print([m for m in sys.modules if 'neuronarrator_hf.models.modeling' in m])"
    )
    assert run(code) == "[]"


@pytest.mark.slow
@pytest.mark.parametrize(
    "first",
    [
        "import neuronarrator_hf",
        "import transformers, neuronarrator_hf",
        "from transformers import AutoModelForCausalLM, AutoProcessor, pipeline; import neuronarrator_hf",
        "import neuronarrator_hf; from transformers import pipeline",
        "import neuronarrator_hf; from transformers import LlamaForCausalLM",
        "import neuronarrator_hf; from transformers.modeling_layers import GradientCheckpointingLayer",
        "import neuronarrator_hf; from transformers import Trainer",
        "import neuronarrator_hf.auto",
        "from neuronarrator_hf import NeuroNarratorConfig",
        "from neuronarrator_hf import NeuroNarratorForConditionalGeneration",
        "from neuronarrator_hf.models.modeling_waveform import NeuroNarratorWaveformEncoder",
        "from neuronarrator_hf.models.modeling_bridge import BridgeState",
        "from neuronarrator_hf import NeuroNarratorProcessor",
        "from neuronarrator_hf import EEGToTextPipeline",
        "import neuronarrator_hf.pipelines.eeg_to_text",
    ],
)
def test_everything_is_registered_in_any_order(first) -> None:
    assert run(first + CHECK) == REGISTERED


def test_registering_twice_is_harmless() -> None:
    assert run("import neuronarrator_hf.auto; neuronarrator_hf.auto.register_all()" + CHECK) == REGISTERED


def test_a_fault_of_ours_does_not_break_transformers() -> None:
    code = (
        "import sys; sys.modules['neuronarrator_hf.models.configuration_neuronarrator'] = None;"
        "import neuronarrator_hf; from transformers import AutoConfig; "
        "print(AutoConfig.for_model('bert').model_type)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "bert" and "register_configs failed" in result.stderr


def test_public_names_are_lazy_and_all_there() -> None:
    import neuronarrator_hf

    for name in neuronarrator_hf.__all__:
        assert getattr(neuronarrator_hf, name).__name__ == name
        assert name in dir(neuronarrator_hf)
    with pytest.raises(AttributeError, match="no_such_name"):
        neuronarrator_hf.no_such_name  # noqa: B018


def test_the_default_is_found_in_a_checkout_and_in_a_wheel(tmp_path: Path) -> None:
    package = tmp_path / "src" / "neuronarrator_hf"
    package.mkdir(parents=True)
    with pytest.raises(FileNotFoundError, match=r"no embedded model.*neuronarrator train"):
        default_model_dir(package)
    checkout, wheel = tmp_path / "hub" / "model", package / "_default_model"
    for folder in (checkout, wheel):
        folder.mkdir(parents=True)
        (folder / "config.json").write_text("{}")
        assert default_model_dir(package) == folder


def test_every_public_name_is_where_the_package_says() -> None:
    import neuronarrator_hf

    for name in neuronarrator_hf.__all__:
        assert getattr(neuronarrator_hf, name).__name__ == name
