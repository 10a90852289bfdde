"""Recordings in which one finding is planted on a plain background by an ideal amplifier.

The mixture of the simulator puts several findings, artifacts and variants into a window, most of them near
the bound at which a reader begins to see them. Here each recording has one, as large as the simulator makes
it or set to the middle of its range, on healthy wakefulness or on a background without a rhythm.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from neuronarrator_hf.simulation import (
    artifacts,
    background,
    discharges,
    healthy,
    periodic,
    seizures,
    slowing,
)
from neuronarrator_hf.simulation.config import SimulationConfig
from neuronarrator_hf.simulation.device import draw_device, tell_dead
from neuronarrator_hf.simulation.places import focus, side_of
from neuronarrator_hf.simulation.sheet import Episode, Sheet

IDEAL = SimulationConfig(dead_channels=0.0, realistic_device=False)


def _background(sheet: Sheet, level_uv: float | None = None) -> None:
    rng = sheet.rng
    background.aperiodic(
        sheet,
        rng.uniform(5.0, 8.0) if level_uv is None else level_uv,
        exponent=rng.uniform(1.3, 1.8),
        knee_hz=rng.uniform(1.5, 3.0),
        fast_uv=0.5,
        broad=0.3,
        alone=0.5,
    )


def _wake(sheet: Sheet, *, eyes_open: bool = False) -> None:
    """Healthy wakefulness: the posterior rhythm with the eyes closed, or blinks with the eyes open."""
    _background(sheet)
    if eyes_open:
        times = artifacts.blinks(sheet, 0.5)
        sheet.truth.append(Episode("eyes_open", sheet.always(), times=times, min_share=0.75))
    else:
        wax = np.clip(1.0 + sheet.smooth(2.0, 0.25), 0.3, 2.0)
        background.posterior_rhythm(sheet, sheet.rng.uniform(8.5, 12.0), sheet.rng.uniform(30, 60), wax)
        sheet.truth.append(Episode("eyes_closed", sheet.always(), min_share=0.75))


def _on_wake(plant: Callable[[Sheet], object], *, eyes_open: bool = False) -> Callable[[Sheet], None]:
    def make(sheet: Sheet) -> None:
        _wake(sheet, eyes_open=eyes_open)
        sheet.is_background = False
        plant(sheet)

    return make


def _on_background(
    plant: Callable[[Sheet], object], level_uv: float | None = None
) -> Callable[[Sheet], None]:
    def make(sheet: Sheet) -> None:
        _background(sheet, level_uv)
        sheet.is_background = False
        plant(sheet)

    return make


def _stage(stage: str) -> Callable[[Sheet], None]:
    def make(sheet: Sheet) -> None:
        _background(sheet)
        healthy.stage_of_sleep(sheet, stage, sheet.always(), sheet.level_uv)

    return make


def _asymmetric(sheet: Sheet) -> None:
    slowing.asymmetry(sheet, side_of(focus(sheet.rng)), sheet.rng.uniform(0.25, 0.4))
    _wake(sheet)


def _voltage(finding: str, low_uv: float, high_uv: float) -> Callable[[Sheet], None]:
    def make(sheet: Sheet) -> None:
        level = sheet.rng.uniform(low_uv, high_uv)
        _background(sheet, level)
        sheet.truth.append(Episode(finding, sheet.always(), amplitude=4.0 * level))

    return make


def _saccades(sheet: Sheet) -> None:
    artifacts.saccades(sheet, 0.4)


def _muscles(sheet: Sheet) -> None:
    artifacts.muscles(sheet, sheet.rng.uniform(15, 40), sheet.always())


def _flat(sheet: Sheet) -> None:
    sheet.device["dead"] = (int(sheet.rng.integers(19)),)
    tell_dead(sheet)


def _spike_wave(sheet: Sheet) -> None:
    discharges.spike_wave(sheet, sheet.runs(3.0, 5.0, min_on_s=1.2), sheet.rng.uniform(2.6, 4.0))


def _movement(sheet: Sheet) -> None:
    artifacts.movement(sheet, sheet.runs(2.5, 7.0))


PLANTS: dict[str, Callable[[Sheet], None]] = {
    "eyes_closed": _on_wake(lambda s: None),
    "eyes_open": _on_wake(lambda s: None, eyes_open=True),
    **{stage: _stage(stage) for stage in ("drowsy", "n1_sleep", "n2_sleep", "n3_sleep", "rem_sleep")},
    "mu_rhythm": _on_wake(
        lambda s: background.mu(s, s.always(), s.rng.uniform(8, 11), 6.0 * s.level_uv, "bilateral"),
        eyes_open=True,
    ),
    "beta_activity": _on_wake(
        lambda s: background.beta(s, s.always(), 4.5 * s.level_uv, s.rng.uniform(15, 25))
    ),
    "generalized_theta_slowing": _on_background(
        lambda s: slowing.generalized_slowing(s, s.always(), s.level_uv, theta=2.5, delta=0.0)
    ),
    "generalized_delta_slowing": _on_background(
        lambda s: slowing.generalized_slowing(s, s.always(), s.level_uv, theta=0.0, delta=3.0)
    ),
    "focal_slowing": _on_wake(lambda s: slowing.focal_slowing(s, s.always(), size=4.5)),
    "asymmetry": _asymmetric,
    "low_voltage": _voltage("low_voltage", 2.9, 4.2),
    "extreme_low_voltage": _voltage("extreme_low_voltage", 0.7, 1.7),
    "brief_attenuation": _on_background(lambda s: slowing.brief_attenuation(s, s.always()), 12.0),
    "burst_suppression": _on_background(lambda s: slowing.suppression(s, s.always(), share=0.7), 12.0),
    "discontinuity": _on_background(lambda s: slowing.suppression(s, s.always(), share=0.3), 12.0),
    "spikes": _on_wake(lambda s: discharges.spikes(s, s.always())),
    "spike_and_wave": _on_wake(_spike_wave),
    "polyspikes": _on_wake(lambda s: discharges.polyspikes(s, s.always())),
    **{
        kind: _on_background(lambda s, kind=kind: periodic.periodic(s, s.always(), kind, size=22.0))
        for kind in ("lpd", "gpd", "bipd")
    },
    **{
        kind: _on_background(lambda s, kind=kind: periodic.rhythmic_delta(s, s.always(), kind))
        for kind in ("lrda", "grda")
    },
    "extreme_delta_brush": _on_background(lambda s: periodic.delta_brush(s, s.always())),
    "electrographic_seizure": _on_background(seizures.seizure),
    "lateral_eye_movements": _on_wake(_saccades, eyes_open=True),
    "muscle_artifact": _on_wake(_muscles),
    "electrode_artifact": _on_wake(artifacts.bad_electrode),
    "line_noise": _on_wake(artifacts.mains),
    "ecg_artifact": _on_wake(artifacts.ecg),
    "movement_artifact": _on_wake(_movement),
    "flat_channel": _on_wake(_flat),
}
"""How a recording of each kind is made."""


def alone_sheets(n_each: int, seed: int, n_windows: int = 2) -> list[Sheet]:
    """`n_each` recordings of every kind."""
    sheets = []
    for index in range(n_each * len(PLANTS)):
        name = list(PLANTS)[index % len(PLANTS)]
        sheet = Sheet(np.random.default_rng([seed, index]), n_windows)
        sheet.kind = name
        PLANTS[name](sheet)
        dead = sheet.device.get("dead", ())
        draw_device(sheet, IDEAL)
        sheet.device["dead"] = dead
        sheets.append(sheet)
    return sheets
