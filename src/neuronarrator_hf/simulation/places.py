"""Where a focus lies, and how strong the background around it is."""

from __future__ import annotations

import numpy as np

from .sheet import Sheet

FOCAL_SITES = (
    "F7",
    "F8",
    "T7",
    "T8",
    "P7",
    "P8",
    "F3",
    "F4",
    "C3",
    "C4",
    "P3",
    "P4",
    "O1",
    "O2",
    "Fp1",
    "Fp2",
)
_FOCAL_WEIGHTS = np.array([2.0, 2.0, 3.0, 3.0, 2.0, 2.0, 1.3, 1.3, 1.3, 1.3, 1.2, 1.2, 0.8, 0.8, 0.6, 0.6])
_FOCAL_WEIGHTS /= _FOCAL_WEIGHTS.sum()


def focus(rng: np.random.Generator, side: str | None = None) -> str:
    """A site of a focus, temporal ones oftenest."""
    while True:
        site = str(rng.choice(FOCAL_SITES, p=_FOCAL_WEIGHTS))
        if side in (None, side_of(site)):
            return site


def level_uv(sheet: Sheet) -> float:
    """Background of the recording where it is not interrupted: median bipolar RMS."""
    return sheet.level_uv


def striking_uv(sheet: Sheet, least_uv: float, low: float, high: float) -> float:
    """Amplitude of a discharge: `low` to `high` times the background, clear of the ongoing rhythm."""
    return max(least_uv, level_uv(sheet) * sheet.rng.uniform(low, high), 1.6 * sheet.ongoing_uv)


def side_of(site: str) -> str:
    """Side of a lateral site."""
    return "left" if int(site[-1]) % 2 else "right"
