"""Recordings without an abnormality: wakefulness, heavy artifacts, sleep."""

from __future__ import annotations

import numpy as np

from . import artifacts, background, discharges
from .places import level_uv
from .sheet import Episode, Sheet

# --- normal ------------------------------------------------------------------------------------


def awake(sheet: Sheet, *, slow_alpha: bool = False, artifacts_too: bool = True, slim: bool = False) -> None:
    """Background of wakefulness: posterior rhythm with eye opening, and what may come with it."""
    rng = sheet.rng
    level = float(np.exp(rng.normal(np.log(6.2), 0.28)))
    background.aperiodic(
        sheet,
        np.clip(level, 3.8, 13.0),
        exponent=rng.uniform(1.2, 2.1),
        knee_hz=rng.uniform(0.5, 3.5),
        fast_uv=float(np.exp(rng.normal(np.log(0.9), 0.6))),
        broad=rng.uniform(0.05, 0.45),
        alone=2.0,
    )
    closed = sheet.always()
    draw = rng.random()
    if draw < 0.25:
        closed = np.zeros(sheet.n_ctrl)
    elif draw < 0.55:
        closed = sheet.gate(sheet.runs(25.0, 14.0, min_on_s=6.0), 0.6)
    opened = 1 - closed
    frequency = float(np.clip(rng.normal(_alpha_of_age(sheet.age_years), 0.9), 8.0, 13.0))
    frequency = rng.uniform(6.0, 7.9) if slow_alpha else frequency
    present = rng.random() < 0.88
    size = float(np.clip(np.exp(rng.normal(np.log(33), 0.45)), 12, 110)) if present else 0.0
    remains = rng.uniform(0.0, 0.18)
    waxing = np.clip(1.0 + sheet.smooth(rng.uniform(1.0, 4.0), rng.uniform(0.15, 0.45)), 0.15, 2.0)
    if present:
        weak = str(rng.choice(["left", "right"])) if rng.random() < (0.03 if not slim else 0.0) else None
        patterns_gate = closed * waxing
        background.posterior_rhythm(
            sheet, frequency, size, patterns_gate, weak_side=weak, ratio=rng.uniform(0.3, 0.45)
        )
        if remains > 0.03:
            background.posterior_rhythm(sheet, frequency, size * remains, opened, stated=False)
        visible = size >= 1.1 * level
        if visible:
            sheet.truth.append(Episode("eyes_closed", closed, min_share=0.75))
    if (opened > 0.5).mean() > 0.02:
        times = artifacts.blinks(sheet, rng.uniform(0.15, 0.6), opened)
        sheet.truth.append(Episode("eyes_open", opened, times=times, min_share=0.75, min_events=1))
        if rng.random() < 0.35:
            artifacts.saccades(sheet, rng.uniform(0.1, 0.4), opened)
        if rng.random() < 0.3:
            _lambda(sheet, opened)
    if rng.random() < 0.14:
        background.mu(
            sheet,
            sheet.always(),
            rng.uniform(8.0, 11.0),
            max(rng.uniform(18, 45), 3.6 * level),
            str(rng.choice(["bilateral", "left", "right"], p=[0.6, 0.2, 0.2])),
        )
    if rng.random() < 0.12:
        background.beta(sheet, sheet.always(), max(rng.uniform(16, 34), 1.8 * level), rng.uniform(15, 25))
    if rng.random() < 0.2:
        _variant(sheet)
    if artifacts_too:
        ordinary_artifacts(sheet)


def _alpha_of_age(age_years: float) -> float:
    """Mean frequency of the posterior rhythm of a healthy adult: it slows slightly after 50."""
    return 10.2 - 0.022 * max(0.0, age_years - 50.0)


def ordinary_artifacts(sheet: Sheet, more: float = 1.0) -> None:
    """Artifacts as any recording has them, `more` times as often."""
    rng = sheet.rng
    if rng.random() < 0.2 * more:
        group = str(rng.choice(["temporal", "frontal", "occipital"], p=[0.65, 0.25, 0.1]))
        side = str(rng.choice(["bilateral", "left", "right"], p=[0.6, 0.2, 0.2]))
        gate = sheet.gate(sheet.runs(rng.uniform(2, 8), rng.uniform(3, 15)), 0.3)
        artifacts.muscles(sheet, rng.uniform(4, 22), gate, group=group, side=side)
    for chance, make in (
        (0.05, artifacts.bad_electrode),
        (0.04, artifacts.mains),
        (0.05, artifacts.ecg),
        (0.06, artifacts.sweat),
    ):
        if rng.random() < chance * more:
            make(sheet)
    if rng.random() < 0.04 * more:
        artifacts.movement(sheet)


def _lambda(sheet: Sheet, gate: np.ndarray) -> None:
    """Lambda waves: occipital sharp transients of looking about; not in the truth."""
    rng = sheet.rng
    times = sheet.poisson(0.3, gate, 0.5)
    size = level_uv(sheet) * rng.uniform(2, 4)
    for site in ("O1", "O2"):
        source = sheet.source(background.site_patch(rng, site, 1))
        sheet.add_lobes(source, times, 0, size, 0.035, 0.06)


def _variant(sheet: Sheet) -> None:
    """Normal variants that look sharp: wicket, small sharp spikes, 14-and-6, RMTD; not in the truth."""
    rng = sheet.rng
    level = level_uv(sheet)
    side = "T7" if rng.random() < 0.5 else "T8"
    kind = rng.integers(5)
    gate = sheet.gate(sheet.runs(rng.uniform(0.7, 2.0), rng.uniform(6, 20), min_on_s=0.4), 0.2)
    if kind == 0:
        source = sheet.source(background.site_patch(rng, side, 1))
        sheet.add_rhythm(
            source,
            rng.uniform(7, 10.5),
            gate * level * rng.uniform(4, 7),
            steadiness=0.8,
            harmonics=(0.45, 0.18, 1.57),
        )
    elif kind == 1:
        source = sheet.source(background.site_patch(rng, side, 3))
        discharges.spike_lobes(sheet, source, sheet.poisson(0.08), level * 3.5, width_s=0.03, wave=0.12)
    elif kind == 2:
        source = sheet.source(background.site_patch(rng, "P7" if side == "T7" else "P8", 2))
        sheet.add_rhythm(source, 14.0, gate * level * 3.5, steadiness=0.9, harmonics=(0.4, 0.1, 4.7))
        sheet.add_rhythm(source, 6.2, gate * level * 2.0, steadiness=0.9)
    elif kind == 3:
        source = sheet.source(background.site_patch(rng, side, 2))
        sheet.add_rhythm(
            source,
            rng.uniform(5.2, 6.5),
            gate * level * rng.uniform(3.5, 6),
            steadiness=0.85,
            harmonics=(0.35, 0.12, 1.0),
        )
    else:
        discharges.irregular_transients(sheet, rate_hz=0.06)


def normal(sheet: Sheet) -> None:
    """A normal recording of wakefulness."""
    awake(sheet)


def heavy_artifacts(sheet: Sheet) -> None:
    """Normal brain activity under heavy artifacts, several at once."""
    rng = sheet.rng
    awake(sheet, artifacts_too=False)
    kinds = ["muscle", "electrode", "mains", "ecg", "movement", "saccades", "blinks", "chewing", "sweat"]
    chances = np.array([0.15, 0.16, 0.12, 0.13, 0.2, 0.1, 0.06, 0.04, 0.04])
    for kind in rng.choice(kinds, int(rng.integers(1, 4)), replace=False, p=chances):
        if kind == "muscle":
            gate = sheet.gate(sheet.runs(rng.uniform(4, 20), rng.uniform(2, 8)), 0.3)
            side = str(rng.choice(["bilateral", "left", "right"], p=[0.6, 0.2, 0.2]))
            artifacts.muscles(
                sheet, rng.uniform(10, 45), gate, group=str(rng.choice(["temporal", "frontal"])), side=side
            )
        elif kind == "chewing":
            artifacts.chewing(sheet, sheet.gate(sheet.runs(6, 12), 0.5))
        elif kind == "movement":
            artifacts.movement(sheet, sheet.runs(3.0, 9.0))
        elif kind == "saccades":
            artifacts.saccades(sheet, rng.uniform(0.25, 0.8))
        elif kind == "blinks":
            artifacts.blinks(sheet, rng.uniform(0.4, 1.2))
        else:
            {
                "electrode": artifacts.bad_electrode,
                "mains": artifacts.mains,
                "ecg": artifacts.ecg,
                "sweat": artifacts.sweat,
            }[str(kind)](sheet)


# --- sleep -------------------------------------------------------------------------------------


def sleep(sheet: Sheet) -> None:
    """One stage, or the passage from one to the next."""
    rng = sheet.rng
    stages = ["drowsy", "n1_sleep", "n2_sleep", "n3_sleep", "rem_sleep"]
    first = int(rng.choice(5, p=[0.15, 0.23, 0.23, 0.2, 0.19]))
    plan = [(stages[first], sheet.always())]
    if sheet.n_windows > 1 and rng.random() < 0.35 and first < 3:
        turn = 10.0 * int(rng.integers(1, sheet.n_windows)) + rng.uniform(-1.5, 1.5)
        plan = [
            (stages[first], sheet.gate([(-1e9, turn)], 2.0)),
            (stages[first + 1], sheet.gate([(turn, 1e9)], 2.0)),
        ]
    level = float(np.clip(np.exp(rng.normal(np.log(6.3), 0.22)), 4.5, 11))
    background.aperiodic(
        sheet,
        level,
        exponent=rng.uniform(1.3, 2.2),
        knee_hz=rng.uniform(0.8, 2.5),
        fast_uv=rng.uniform(0.3, 1.0),
    )
    for stage, gate in plan:
        stage_of_sleep(sheet, stage, gate, level)
    ordinary_artifacts(sheet, 0.7)


def stage_of_sleep(sheet: Sheet, stage: str, gate: np.ndarray, level: float) -> None:
    """What makes a stage of sleep, where the gate is open."""
    rng = sheet.rng
    if stage != "n3_sleep":
        sheet.truth.append(Episode(stage, gate, min_share=0.7))
    if stage == "drowsy":
        background.slow_layer(sheet, gate * level * rng.uniform(0.6, 1.0), 4.0, 7.0, n_sources=5)
        artifacts.saccades(sheet, 0.0, gate, slow=True)
        frequency = rng.uniform(7.8, 9.8)
        on = gate * sheet.gate(sheet.runs(3.0, 5.0), 0.8)
        background.posterior_rhythm(sheet, frequency, rng.uniform(20, 45), on)
    elif stage == "n1_sleep":
        background.slow_layer(sheet, gate * level * rng.uniform(0.8, 1.2), 3.5, 7.0, n_sources=6)
        background.vertex_waves(sheet, rng.uniform(0.1, 0.4), gate)
        if rng.random() < 0.4:
            _posts(sheet, gate)
    elif stage == "n2_sleep":
        background.slow_layer(sheet, gate * level * rng.uniform(0.7, 1.1), 0.8, 5.0, n_sources=6)
        background.spindles(sheet, rng.uniform(0.12, 0.3), gate)
        background.k_complexes(sheet, rng.uniform(0.05, 0.2), gate)
        if rng.random() < 0.3:
            background.vertex_waves(sheet, rng.uniform(0.05, 0.2), gate)
    elif stage == "n3_sleep":
        background.slow_waves(sheet, gate, rng.uniform(80, 190))
        if rng.random() < 0.35:
            background.spindles(sheet, rng.uniform(0.08, 0.2), gate)
    else:
        background.slow_layer(sheet, gate * level * rng.uniform(0.5, 0.8), 2.5, 7.0, n_sources=5)
        artifacts.saccades(sheet, rng.uniform(0.2, 0.6), gate)
        source = sheet.source(background.site_patch(rng, "Fz", 2))
        sheet.add_rhythm(
            source,
            rng.uniform(2.5, 4.5),
            gate * sheet.gate(sheet.runs(2, 10), 0.4) * level * 4,
            harmonics=(0.4, 0.15, 1.0),
        )


def _posts(sheet: Sheet, gate: np.ndarray) -> None:
    """Positive occipital sharp transients of sleep; not in the truth."""
    times = sheet.poisson(0.4, gate, 0.2)
    size = level_uv(sheet) * 4.0 * sheet.rng.lognormal(0, 0.25, len(times))
    for site in ("O1", "O2"):
        sheet.add_lobes(sheet.source(background.site_patch(sheet.rng, site, 1)), times, 0, size, 0.025, 0.05)
