"""From a margin to a confidence: a logistic with at most two parameters per group of findings."""

from __future__ import annotations

import json
import math
from functools import lru_cache
from importlib import resources

from ..vocabulary import VOCABULARY


@lru_cache(maxsize=1)
def _parameters() -> dict[str, tuple[float, float]]:
    """Slope and bias by group of findings; groups that are not listed use slope 1, bias 0."""
    text = resources.files(__package__).joinpath("calibration.json").read_text(encoding="utf-8")
    groups = json.loads(text)["groups"]
    return {group: (float(entry["slope"]), float(entry["bias"])) for group, entry in groups.items()}


def confidence_of(finding: str, margin: float) -> float:
    """Confidence of a finding, 0 to 1 and monotone in its margin; 0.5 is the decision."""
    slope, bias = _parameters().get(VOCABULARY[finding].group, (1.0, 0.0))
    return 1.0 / (1.0 + math.exp(-(slope * margin + bias)))
