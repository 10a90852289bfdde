"""Whether what is published loads, by the very calls its users will make; nothing is asked of a network."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from .repositories import Repository

_TRY_SFREQ_HZ, _TRY_SECONDS = 200.0, 10


def loading_problems(repository: Repository) -> Iterator[str]:
    """What fails to load, one line each."""
    load = _load_model if repository.kind == "model" else _load_dataset
    if repository.kind == "space":
        yield from _python_problems(repository)
        load = _load_metric
        if not repository.is_metric:
            return
    try:
        load(repository.folder)
    except ImportError as error:
        yield (
            f"{repository.label}: not tried, {error.name} is not installed; "
            "run `pip install 'neuronarrator_hf[eval,train]'`"
        )
    except Exception as error:
        # Whatever a library says of a repository it cannot load is what the user would have seen.
        yield f"{repository.label}: does not load: {type(error).__name__}: {' '.join(str(error).split())}"


def _load_model(folder: Path) -> None:
    """Load a model, or an adapter on its base, and narrate ten seconds of faint noise with a model."""
    import numpy as np

    from ..narration.engine import Narrator
    from ..signal.montage import SITES_1020

    n_times = int(_TRY_SFREQ_HZ * _TRY_SECONDS)
    noise_uv = np.random.default_rng(0).normal(0.0, 10.0, (len(SITES_1020), n_times))
    recording = {
        "array": noise_uv, "sampling_rate": _TRY_SFREQ_HZ, "ch_names": list(SITES_1020), "units": "uV",
    }  # fmt: skip
    narration = Narrator.from_pretrained(folder).narrate(recording)
    if not narration.text:
        raise ValueError("its narration of ten seconds is empty")


def _load_dataset(folder: Path) -> None:
    """Stream the first row of every split of every configuration."""
    from datasets import get_dataset_config_names, load_dataset

    for config in get_dataset_config_names(str(folder)):
        for split, rows in load_dataset(str(folder), config, streaming=True).items():
            if next(iter(rows), None) is None:
                raise ValueError(f"split {split!r} of configuration {config!r} has no row")


def _load_metric(folder: Path) -> None:
    import evaluate

    evaluate.load(str(folder))


def _python_problems(repository: Repository) -> Iterator[str]:
    for path in repository.files():
        if path.suffix == ".py":
            try:
                ast.parse(path.read_text(encoding="utf-8"))
            except SyntaxError as error:
                yield f"{repository.label}/{path.name}: line {error.lineno} is no Python"
