"""From a cold process: the import, the help, the first narrative.

The peer of the import and of the help is `import transformers`, that of the first narrative the same library
loading and running the language model alone on one prompt.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from neuronarrator_hf.models.default import default_model_dir

from .contest import Contest, Timed, in_process

_LANGUAGE_MODEL_ALONE = """
import sys
import torch
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM
import json
config = LlamaConfig(**json.load(open(sys.argv[1] + "/config.json"))["text_config"])
model = LlamaForCausalLM(config).eval()
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
with torch.inference_mode():
    model.generate(**tokenizer("The posterior", return_tensors="pt"), do_sample=False, max_new_tokens=30)
"""


def contests(quick: bool) -> Iterator[Contest]:
    yield Contest(
        name="startup/import",
        ours=_python("-c", "import neuronarrator_hf"),
        peers={"import transformers": _python("-c", "import transformers")},
    )
    yield Contest(
        name="startup/--help",
        ours=_python("-m", "neuronarrator_hf.cli", "--help"),
        peers={"import transformers": _python("-c", "import transformers")},
    )
    if quick:
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Contest(
            name="startup/first narrative",
            ours=_python(
                "-m", "neuronarrator_hf.cli", "narrate", "--example", "--quiet", "--out",
                str(Path(folder) / "out"), "--no-resume", "--formats", "json",
            ),
            peers={
                "language model alone": _python("-c", _LANGUAGE_MODEL_ALONE, str(default_model_dir()))
            },
            note="ours simulates, reads, measures, words and checks two minutes of EEG",
        )  # fmt: skip


def _python(*arguments: str) -> Callable[[], Timed]:
    return lambda: in_process(arguments)
