"""Outpatient recordings: wakefulness or light sleep with one to three abnormalities."""

from __future__ import annotations

import numpy as np

from . import background, discharges, healthy, seizures, slowing
from .places import focus, level_uv, side_of
from .sheet import Sheet

_CHANCES = {
    "spikes": 0.2,
    "spike_wave": 0.17,
    "polyspikes": 0.15,
    "focal_slowing": 0.19,
    "theta": 0.13,
    "seizure": 0.11,
    "delta": 0.05,
}


def routine(sheet: Sheet) -> None:
    """The abnormalities of one recording share their focus."""
    rng = sheet.rng
    site = focus(rng)
    if rng.random() < 0.17:
        slowing.asymmetry(sheet, side_of(site), rng.uniform(0.22, 0.45))
    if rng.random() < 0.85:
        healthy.awake(sheet, slow_alpha=rng.random() < 0.2, slim=True)
    else:
        level = rng.uniform(4.5, 9)
        background.aperiodic(sheet, level, exponent=rng.uniform(1.2, 2.0), knee_hz=1.5, fast_uv=0.6)
        healthy.stage_of_sleep(sheet, str(rng.choice(["drowsy", "n2_sleep"])), sheet.always(), level)
    sheet.is_background = False
    n_kinds = int(rng.choice([1, 2, 3], p=[0.5, 0.38, 0.12]))
    chosen = set(rng.choice(list(_CHANCES), n_kinds, replace=False, p=list(_CHANCES.values())))
    _slow(sheet, chosen, site)
    _discharge(sheet, chosen, site)
    if "seizure" in chosen:
        seizures.seizure(sheet)


def _slow(sheet: Sheet, chosen: set[str], site: str) -> None:
    rng = sheet.rng
    gate = sheet.course()
    if chosen & {"theta", "delta"}:
        theta = rng.uniform(1.0, 1.8) if "theta" in chosen else 0.0
        delta = rng.uniform(1.0, 1.7) if "delta" in chosen else 0.0
        slowing.generalized_slowing(sheet, gate, level_uv(sheet), theta=theta, delta=delta)
    if "focal_slowing" in chosen:
        slowing.focal_slowing(sheet, gate * intermittent(sheet, 0.5), site=site)


def _discharge(sheet: Sheet, chosen: set[str], site: str) -> None:
    rng = sheet.rng
    if "spikes" in chosen:
        discharges.spikes(sheet, sheet.course(whole=0.8), site=site, general=rng.random() < 0.1)
    if "polyspikes" in chosen:
        discharges.polyspikes(sheet, sheet.course(whole=0.8), site=site if rng.random() < 0.4 else None)
    if "spike_wave" in chosen:
        one = site if rng.random() < 0.3 else None
        frequency = rng.uniform(2.4, 4.2) if one is None else rng.uniform(1.5, 3.0)
        runs = sheet.runs(rng.uniform(1.2, 4.0), rng.uniform(3, 10), min_on_s=0.9)
        discharges.spike_wave(sheet, runs, frequency, site=one)


def intermittent(sheet: Sheet, chance: float) -> np.ndarray:
    """A gate that comes and goes within seconds, or (otherwise) stays open."""
    if sheet.rng.random() >= chance:
        return sheet.always()
    return sheet.gate(sheet.runs(sheet.rng.uniform(2, 6), sheet.rng.uniform(1.5, 6), min_on_s=1.2), 0.5)
