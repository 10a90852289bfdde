"""Recordings of critical care: an encephalopathic background with what it carries."""

from __future__ import annotations

import numpy as np

from . import artifacts, background, discharges, healthy, periodic, seizures, slowing
from .outpatient import intermittent
from .places import focus
from .sheet import Episode, Sheet

_CHANCES = {
    "slowing": 0.11,
    "low": 0.065,
    "extreme_low": 0.085,
    "attenuation": 0.125,
    "suppression": 0.105,
    "discontinuous": 0.03,
    "lpd": 0.12,
    "gpd": 0.1,
    "bipd": 0.125,
    "lrda": 0.17,
    "grda": 0.13,
    "brush": 0.115,
    "seizure": 0.07,
}
"""Chances of the leading finding; scaled to sum to 1."""
_PERIODIC = ("lpd", "gpd", "bipd")


def icu(sheet: Sheet) -> None:
    """One leading finding on a slow, low or interrupted background, with its usual companions."""
    rng = sheet.rng
    chances = np.array(list(_CHANCES.values()))
    drawn = str(rng.choice(list(_CHANCES), p=chances / chances.sum()))
    kind = sheet.leading = sheet.leading or drawn
    base, voltage = _voltage(rng, kind)
    if voltage is None and rng.random() < 0.06:
        slowing.asymmetry(sheet, str(rng.choice(["left", "right"])), rng.uniform(0.25, 0.45))
    _background(sheet, kind, base, voltage)
    sheet.is_background = False
    site = focus(rng)
    course = sheet.course(whole=0.62)
    if voltage is None and kind in ("lrda", "lpd", "slowing") and rng.random() < 0.3:
        slowing.focal_slowing(sheet, intermittent(sheet, 0.4), site=site, size=rng.uniform(1.8, 3.0))
    _interrupt(sheet, kind, course, voltage is None and base > 7)
    _patterns(sheet, kind, course, site)
    if kind == "seizure" or (kind in _PERIODIC and rng.random() < 0.05):
        seizures.seizure(sheet)
    if rng.random() < 0.6:
        discharges.irregular_transients(sheet)
    if voltage is None and rng.random() < 0.06:
        discharges.spikes(sheet, sheet.course(), site=site)
    healthy.ordinary_artifacts(sheet, 0.8)
    if rng.random() < 0.08:
        artifacts.blinks(sheet, rng.uniform(0.1, 0.4))


def _voltage(rng: np.random.Generator, kind: str) -> tuple[float, str | None]:
    """Median bipolar RMS of the background, and the finding that it makes."""
    if kind == "low" or (kind in _PERIODIC and rng.random() < 0.2):
        return rng.uniform(2.75, 4.4), "low_voltage"
    if kind == "extreme_low" or (kind in ("gpd", "lpd") and rng.random() < 0.05):
        return rng.uniform(0.5, 1.9), "extreme_low_voltage"
    base = float(np.clip(np.exp(rng.normal(np.log(7.2), 0.45)), 5.4, 24.0))
    return max(base, 8.0) if kind in ("attenuation", "suppression", "discontinuous") else base, None


def _background(sheet: Sheet, kind: str, base: float, voltage: str | None) -> None:
    rng = sheet.rng
    theta = delta = 0.0
    if voltage != "extreme_low_voltage" and rng.random() < 0.95:
        theta = rng.uniform(0.75, 1.3) if rng.random() < 0.65 else 0.0
        delta = rng.uniform(1.0, 2.6) if theta == 0.0 or rng.random() < 0.75 else 0.0
    quiet = 1.0 / np.sqrt(1 + theta**2 + delta**2)
    fast = min(2.4, float(np.exp(rng.normal(np.log(0.42), 0.85))))
    background.aperiodic(
        sheet,
        base * quiet,
        exponent=rng.uniform(1.7, 3.2) if delta else rng.uniform(1.2, 1.9),
        knee_hz=rng.uniform(0.5, 2.5),
        fast_uv=fast,
        broad=rng.uniform(0.3, 0.8),
    )
    if voltage != "extreme_low_voltage":
        background.low_beta(sheet, base * quiet * rng.uniform(0.03, 0.25))
    gate = sheet.course(whole=0.6) if kind == "slowing" else sheet.always()
    if theta or delta:
        slowing.generalized_slowing(sheet, gate, base * quiet, theta=theta, delta=delta)
        sheet.background_uv = base * np.sqrt(quiet**2 + (1 - quiet**2) * gate)
        sheet.level_uv = base
    if voltage:
        sheet.truth.append(
            Episode(
                voltage,
                sheet.always(),
                min_share=0.5,
                amplitude=4.0 * base,
                derivation="median longitudinal bipolar derivation, below 20 Hz",
            )
        )
        return
    if kind in ("slowing", "lpd", "lrda", "grda") and rng.random() < 0.12:
        size = max(rng.uniform(14, 35), 2.4 * base)
        background.posterior_rhythm(sheet, rng.uniform(6.5, 9.0), size, sheet.course(whole=0.8))
    if rng.random() < 0.1:
        size = max(rng.uniform(16, 35), 1.7 * base)
        background.beta(sheet, sheet.always(), size, rng.uniform(14, 22))


def _interrupt(sheet: Sheet, kind: str, course: np.ndarray, may_attenuate: bool) -> None:
    rng = sheet.rng
    if kind == "attenuation" or (kind in _PERIODIC and may_attenuate and rng.random() < 0.12):
        slowing.brief_attenuation(sheet, course)
    elif kind == "suppression":
        slowing.suppression(sheet, sheet.course(whole=0.8), share=rng.uniform(0.55, 0.93))
        if rng.random() < 0.2:
            periodic.periodic(sheet, course, "gpd")
    elif kind == "discontinuous":
        slowing.suppression(sheet, sheet.course(whole=0.8), share=rng.uniform(0.15, 0.45))


def _patterns(sheet: Sheet, kind: str, course: np.ndarray, site: str) -> None:
    rng = sheet.rng
    if kind in _PERIODIC:
        periodic.periodic(sheet, course, kind, site=site if kind == "lpd" else None)
        if kind == "gpd" and rng.random() < 0.15:
            periodic.rhythmic_delta(sheet, sheet.course(whole=0.3), "grda")
        if kind == "lpd" and rng.random() < 0.12:
            periodic.rhythmic_delta(sheet, sheet.course(whole=0.3), "lrda", site=site)
    elif kind in ("lrda", "grda"):
        periodic.rhythmic_delta(sheet, course, kind, site=site)
    elif kind == "brush":
        periodic.delta_brush(sheet, course)
