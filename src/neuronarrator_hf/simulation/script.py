"""One recording from one seed: the mixture gives its kind, the kind its sources, then the amplifier."""

from __future__ import annotations

import numpy as np

from . import critical_care, healthy, outpatient
from .config import SimulationConfig
from .device import draw_device
from .sheet import Sheet

MAKERS = {
    "normal": healthy.normal,
    "artifact": healthy.heavy_artifacts,
    "sleep": healthy.sleep,
    "routine": outpatient.routine,
    "icu": critical_care.icu,
}


def compose(
    rng: np.random.Generator,
    n_windows: int,
    config: SimulationConfig,
    kind: str | None = None,
    *,
    leading: str | None = None,
    age_years: float | None = None,
) -> Sheet:
    """The sheet of one recording.

    Args:
        rng: Source of randomness.
        n_windows: Its length.
        config: The mixture.
        kind: One of `MAKERS`, drawn from the mixture if None.
        leading: Leading finding of a recording of critical care, drawn if None.
        age_years: Age of an adult, drawn if None.
    """
    sheet = Sheet(rng, n_windows)
    shares = config.mixture()
    drawn = str(rng.choice(list(shares), p=list(shares.values())))
    sheet.kind, sheet.leading = kind or drawn, leading
    drawn_age = rng.uniform(18, 88)
    sheet.age_years = drawn_age if age_years is None else age_years
    MAKERS[sheet.kind](sheet)
    draw_device(sheet, config)
    return sheet
