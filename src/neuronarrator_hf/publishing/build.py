"""A release, put together from a model folder, the cards and modules of the checkout, and a corpus."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .corpora import corpus_repository
from .repositories import DATASET, MANIFEST, MODEL, SPACE, find_repositories

CODE = Path(__file__).with_name("neuronarrator_code.py")
"""Copied beside a model; importing it would load the model's classes."""
AUTO_CLASSES = {
    "AutoConfig": "NeuroNarratorConfig",
    "AutoFeatureExtractor": "NeuroNarratorFeatureExtractor",
    "AutoModel": "NeuroNarratorModel",
    "AutoModelForCausalLM": "NeuroNarratorForConditionalGeneration",
    "AutoModelForSequenceClassification": "NeuroNarratorForEEGClassification",
    "AutoProcessor": "NeuroNarratorProcessor",
}
_MODEL_FILES = (
    "README.md", "LICENSE", "*.json", "*.safetensors", "chat_template.jinja", "adapter_config.json",
)  # fmt: skip
_NOT_PUBLISHED = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")


def build_release(
    out: Path,
    model: Path,
    *,
    model_name: str = MODEL,
    checkout: Path | None = None,
    corpus: Path | None = None,
) -> list[str]:
    """Put a release together; an earlier one in the same place is replaced.

    The same inputs give the same bytes.

    Args:
        out: Folder of the release; new, empty, or made by this function.
        model: Folder of the model: weights, configuration, processor, card.
        model_name: What the model's repository is called.
        checkout: Checkout of the sources, for the metrics, the demo and the simulated corpus that no
            wheel carries; None leaves them out.
        corpus: Folder of a built corpus, its card and its shards; the checkout's own without it.

    Returns:
        What was left out, and why: one line each.

    Raises:
        FileExistsError: `out` holds files of something else.
        FileNotFoundError: `model` or `corpus` holds nothing to publish.
    """
    _refuse_foreign(out)
    if not (model / "config.json").is_file():
        raise FileNotFoundError(f"{model}: no config.json there; name the folder of a saved model")
    partial = out.with_name(out.name + ".part")
    shutil.rmtree(partial, ignore_errors=True)
    _copy_model(model, partial / "models" / model_name)
    left_out = []
    if checkout is None:
        left_out.append("metrics and demo: only a checkout of the sources holds them")
    else:
        _copy_spaces(checkout, partial / "spaces")
        corpus = corpus or checkout / "hub" / "dataset"
    if corpus is None:
        left_out.append("data set: no corpus was named")
    else:
        _copy_corpus(corpus, partial / "datasets" / DATASET)
    _write_manifest(partial)
    if out.exists():
        shutil.rmtree(out)
    partial.rename(out)
    return left_out


def _refuse_foreign(out: Path) -> None:
    if out.is_file() or (out.is_dir() and any(out.iterdir()) and not (out / MANIFEST).is_file()):
        raise FileExistsError(f"{out}: holds something that is no release; choose another --out")


def _copy_model(model: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    for pattern in _MODEL_FILES:
        for path in model.glob(pattern):
            shutil.copyfile(path, folder / path.name)
    shutil.copyfile(CODE, folder / CODE.name)
    auto_map = {auto: f"{CODE.stem}.{name}" for auto, name in AUTO_CLASSES.items()}
    _extend_json(folder / "config.json", {"auto_map": auto_map})
    if (folder / "processor_config.json").is_file():
        _extend_json(
            folder / "processor_config.json", {"auto_map": {"AutoProcessor": auto_map["AutoProcessor"]}}
        )


def _extend_json(path: Path, values: dict[str, Any]) -> None:
    content = {**json.loads(path.read_text(encoding="utf-8")), **values}
    path.write_text(
        json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8"
    )


def _copy_spaces(checkout: Path, folder: Path) -> None:
    shutil.copytree(checkout / "spaces" / "narrate", folder / SPACE, ignore=_NOT_PUBLISHED)
    for metric in sorted((checkout / "hub" / "metrics").glob("*/")):
        if (metric / f"{metric.name}.py").is_file():
            shutil.copytree(metric, folder / metric.name, ignore=_NOT_PUBLISHED)


def _copy_corpus(corpus: Path, folder: Path) -> None:
    for path in corpus_repository(corpus, DATASET).files():
        place = folder / path.relative_to(corpus)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)


def _write_manifest(release: Path) -> None:
    told = {str(path.relative_to(release)): digest for path, digest in _digests(release)}
    (release / MANIFEST).write_text(json.dumps({"files": told}, indent=1) + "\n", encoding="utf-8")


def _digests(release: Path) -> Iterator[tuple[Path, str]]:
    for repository in find_repositories(release):
        for path in repository.files():
            with path.open("rb") as file:
                yield path, hashlib.file_digest(file, "sha256").hexdigest()
