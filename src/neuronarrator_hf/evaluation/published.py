"""Figures as published by others, for a table of their own: other harnesses, other digits."""

from __future__ import annotations

from importlib.resources import files
from typing import Any


def published_figures(benchmark: str) -> list[dict[str, Any]]:
    """Rows of `published.yaml` for a benchmark: model, figures, training, source."""
    import yaml

    text = files(__package__).joinpath("published.yaml").read_text(encoding="utf-8")
    return list(yaml.safe_load(text).get(benchmark, []))
