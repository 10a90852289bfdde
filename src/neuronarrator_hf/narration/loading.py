"""Models by name: a repository of the Hub, a folder, or the embedded default."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..models.default import default_model_dir

DEFAULT_NAME = "neuronarrator embedded default"


def load_model(name_or_dir: str | Path | None = None) -> tuple[Any, Any]:
    """Model and processor; None is the embedded default, which needs no network.

    Raises:
        ValueError: Nothing loadable is there under that name; one line with the remedy.
    """
    from transformers import AutoModelForCausalLM, AutoProcessor

    place = str(default_model_dir() if name_or_dir is None else name_or_dir)
    options = {"local_files_only": True} if name_or_dir is None or Path(place).is_dir() else {}
    try:
        # Pickled weights would run code: none are loaded, whoever names the model.
        model = AutoModelForCausalLM.from_pretrained(place, use_safetensors=True, **options)
        processor = AutoProcessor.from_pretrained(place, **options)
    except OSError as error:
        reason = str(error).strip().splitlines()[0]
        raise ValueError(
            f"model {place!r} cannot be loaded ({reason}); name a folder, a repository of the Hub, or leave "
            "it out for the embedded default"
        ) from error
    if not hasattr(model, "get_window_features"):
        raise ValueError(
            f"model {place!r} is a {type(model).__name__} and reads no EEG; name a NeuroNarrator model"
        )
    return model, processor


def identity_of(model: Any) -> dict[str, Any]:
    """Name, revision and version of a model, as written into a narration; no path of this machine."""
    place = str(getattr(model.config, "_name_or_path", "") or "")
    revision = getattr(model.config, "_commit_hash", None)
    folder = Path(place)
    name = place or type(model).__name__
    if place and folder.is_dir():
        name = DEFAULT_NAME if _is_default(folder) else folder.name
        revision = revision or weights_hash(folder)
    return {"name": name, "revision": revision, "version": version("neuronarrator_hf")}


def _is_default(folder: Path) -> bool:
    try:
        return folder.samefile(default_model_dir())
    except FileNotFoundError:
        return False


def weights_hash(folder: Path) -> str | None:
    """What identifies the weights in a folder; None where there are none."""
    digest = hashlib.sha256()
    files = sorted(folder.glob("*.safetensors"))
    for path in files:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:12] if files else None
