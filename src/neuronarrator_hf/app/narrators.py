"""Who can narrate on this server: the models it was started with, or the measurements alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..narration.engine import Narrator
from ..narration.loading import load_model
from ..narration.voice import MeasuredVoice
from .visit import RefusedError

DEFAULT, MEASURED = "Default model", "Measurements only"
STREAM_WINDOWS = 8
"""Segments worded at a time: a visitor sees the first of them after seconds, not after ten minutes of EEG."""


def models_of_server(told: str | None = None) -> dict[str, str | None]:
    """Models by the names visitors see, from `NEURONARRATOR_MODEL`: folders or Hub names with commas.

    Visitors choose among these alone: what a request names is never loaded.
    """
    told = os.environ.get("NEURONARRATOR_MODEL", "") if told is None else told
    places = [place.strip() for place in told.split(",") if place.strip()]
    named = {(Path(place).name if Path(place).is_dir() else place): place for place in places}
    return dict(named) if named else {DEFAULT: None}


class Narrators:
    """Makes narrators.

    Args:
        models: Name to folder or repository, None being the embedded default.
    """

    def __init__(self, models: Mapping[str, str | None]) -> None:
        self.models = dict(models)

    @property
    def choices(self) -> list[str]:
        """What a visitor may choose."""
        return [*self.models, MEASURED]

    def __call__(self, words: str, history: str, age: float | None) -> Narrator:
        """A narrator.

        Args:
            words: One of `choices`.
            history: `ssm`, `prompt` or `none`.
            age: Age of the patient in years, None if it is not known.

        Raises:
            RefusedError: There is none of that name, or its model cannot be loaded here.
        """
        options: dict[str, Any] = {"age_years": age, "block_windows": STREAM_WINDOWS}
        if words == MEASURED:
            return Narrator(MeasuredVoice(age_years=age), **options)
        if words not in self.models:
            raise RefusedError(f"This server has no model of that name; choose {', '.join(self.choices)}.")
        try:
            return Narrator(*_load(self.models[words]), history=history, **options)
        except (OSError, ValueError) as error:
            raise RefusedError(
                f"No model can be loaded on this server. Choose {MEASURED!r}, which needs none."
            ) from error


@lru_cache(maxsize=4)
def _load(place: str | None) -> tuple[Any, Any]:
    import torch

    model, processor = load_model(place)
    return model.to("cuda" if torch.cuda.is_available() else "cpu"), processor
