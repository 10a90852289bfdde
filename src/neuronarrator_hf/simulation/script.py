"""What happens in a recording: findings that belong together, as critical care and outpatients show them."""

from __future__ import annotations

import numpy as np

from . import artifacts, background, patterns, seizures
from .config import SimulationConfig
from .device import draw_device
from .sheet import Episode, Sheet


def compose(
    rng: np.random.Generator, n_windows: int, config: SimulationConfig, kind: str | None = None
) -> Sheet:
    """The sheet of one recording of a kind drawn from the mixture (or given)."""
    sheet = Sheet(rng, n_windows)
    shares = config.mixture()
    kind = kind or str(rng.choice(list(shares), p=list(shares.values())))
    sheet.tags.add(kind)
    {"normal": _normal, "artifact": _artifact, "sleep": _sleep, "routine": _routine, "icu": _icu}[kind](sheet)
    draw_device(sheet, config, focal="focal" in sheet.tags or kind in ("routine", "icu"))
    return sheet


def _everywhere(sheet: Sheet) -> np.ndarray:
    return np.ones(sheet.n_ctrl)


# --- normal ------------------------------------------------------------------------------------


def _awake(sheet: Sheet, *, slow_alpha: bool = False, artifacts_too: bool = True, slim: bool = False) -> None:
    """Background of wakefulness: posterior rhythm with eye opening, and what may come with it."""
    rng = sheet.rng
    level = float(np.exp(rng.normal(np.log(6.2), 0.28)))
    background.aperiodic(
        sheet, np.clip(level, 3.8, 13.0), exponent=rng.uniform(0.9, 1.9), knee_hz=rng.uniform(0.8, 4.0),
        fast_uv=float(np.exp(rng.normal(np.log(1.1), 0.6))), broad=rng.uniform(0.25, 0.6),
    )  # fmt: skip
    closed = _everywhere(sheet)
    draw = rng.random()
    if draw < 0.25:
        closed = np.zeros(sheet.n_ctrl)
    elif draw < 0.55:
        closed = sheet.gate(sheet.runs(25.0, 14.0, min_on_s=6.0), 0.6)
    opened = 1 - closed
    frequency = rng.uniform(6.0, 7.9) if slow_alpha else float(np.clip(rng.normal(9.9, 1.05), 8.0, 13.0))
    present = rng.random() < 0.88
    size = float(np.clip(np.exp(rng.normal(np.log(31), 0.42)), 13, 100)) if present else 0.0
    remains = rng.uniform(0.0, 0.18)
    waxing = np.clip(1.0 + sheet.smooth(rng.uniform(1.0, 4.0), rng.uniform(0.15, 0.45)), 0.15, 2.0)
    if present:
        weak = str(rng.choice(["left", "right"])) if rng.random() < (0.05 if not slim else 0.0) else None
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
        background.mu(sheet, _everywhere(sheet), rng.uniform(8.0, 11.0), max(rng.uniform(18, 45), 3.6 * level),
                      str(rng.choice(["bilateral", "left", "right"], p=[0.6, 0.2, 0.2])))  # fmt: skip
    if rng.random() < 0.12:
        background.beta(sheet, _everywhere(sheet), max(rng.uniform(16, 34), 1.8 * level), rng.uniform(15, 25))
    if rng.random() < 0.2:
        _variant(sheet)
    if artifacts_too:
        _ordinary_artifacts(sheet)


def _ordinary_artifacts(sheet: Sheet, more: float = 1.0) -> None:
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
    size = patterns.level_uv(sheet) * rng.uniform(2, 4)
    for site in ("O1", "O2"):
        source = sheet.source(background.site_patch(rng, site, 1))
        sheet.add_lobes(source, times, 0, size, 0.035, 0.06)


def _variant(sheet: Sheet) -> None:
    """Normal variants that look sharp: wicket, small sharp spikes, 14-and-6, RMTD; not in the truth."""
    rng = sheet.rng
    level = patterns.level_uv(sheet)
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
        patterns.spike_lobes(sheet, source, sheet.poisson(0.08), level * 3.5, width_s=0.03, wave=0.12)
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
        patterns.irregular_transients(sheet, rate_hz=0.06)


def _normal(sheet: Sheet) -> None:
    _awake(sheet)


def _artifact(sheet: Sheet) -> None:
    """Normal brain activity under heavy artifacts, several at once."""
    rng = sheet.rng
    _awake(sheet, artifacts_too=False)
    kinds = ["muscle", "electrode", "mains", "ecg", "movement", "saccades", "blinks", "chewing", "sweat"]
    chances = np.array([0.16, 0.17, 0.13, 0.14, 0.15, 0.11, 0.06, 0.04, 0.04])
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


def _sleep(sheet: Sheet) -> None:
    """One stage, or the passage from one to the next."""
    rng = sheet.rng
    stages = ["drowsy", "n1_sleep", "n2_sleep", "n3_sleep", "rem_sleep"]
    first = int(rng.choice(5, p=[0.19, 0.2, 0.25, 0.2, 0.16]))
    plan = [(stages[first], _everywhere(sheet))]
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
        _stage(sheet, stage, gate, level)
    _ordinary_artifacts(sheet, 0.7)


def _stage(sheet: Sheet, stage: str, gate: np.ndarray, level: float) -> None:
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
    size = patterns.level_uv(sheet) * 4.0 * sheet.rng.lognormal(0, 0.25, len(times))
    for site in ("O1", "O2"):
        sheet.add_lobes(sheet.source(background.site_patch(sheet.rng, site, 1)), times, 0, size, 0.025, 0.05)


# --- outpatients -------------------------------------------------------------------------------


def _routine(sheet: Sheet) -> None:
    """Wakefulness or light sleep with one to three abnormalities."""
    rng = sheet.rng
    sheet.tags.add("focal")
    if rng.random() < 0.85:
        _awake(sheet, slow_alpha=rng.random() < 0.2, slim=True)
    else:
        level = rng.uniform(4.5, 9)
        background.aperiodic(sheet, level, exponent=rng.uniform(1.2, 2.0), knee_hz=1.5, fast_uv=0.6)
        _stage(sheet, str(rng.choice(["drowsy", "n2_sleep"])), _everywhere(sheet), level)
    level = patterns.level_uv(sheet)
    kinds = [
        "spikes",
        "spike_wave",
        "polyspikes",
        "focal_slowing",
        "theta",
        "asymmetry",
        "seizure",
        "delta",
        "beta",
    ]
    chances = np.array([0.2, 0.16, 0.13, 0.17, 0.12, 0.1, 0.09, 0.03, 0.0])
    chosen = [
        str(k)
        for k in rng.choice(
            kinds, int(rng.choice([1, 2, 3], p=[0.5, 0.38, 0.12])), replace=False, p=chances / chances.sum()
        )
    ]
    site = patterns.focus(rng)
    gate = sheet.course()
    if "asymmetry" in chosen:
        patterns.asymmetry(sheet, "left" if int(site[-1]) % 2 else "right", rng.uniform(0.22, 0.45))
    if "theta" in chosen or "delta" in chosen:
        delta = rng.uniform(0.9, 1.5) if "delta" in chosen else 0.0
        patterns.generalized_slowing(
            sheet, gate, level, theta=rng.uniform(1.0, 1.8) if "theta" in chosen else 0.0, delta=delta
        )
    if "focal_slowing" in chosen:
        patterns.focal_slowing(sheet, gate * _intermittent(sheet, 0.5), site=site)
    if "spikes" in chosen:
        patterns.spikes(sheet, sheet.course(whole=0.8), site=site, general=rng.random() < 0.1)
    if "polyspikes" in chosen:
        patterns.polyspikes(sheet, sheet.course(whole=0.8), site=site if rng.random() < 0.4 else None)
    if "spike_wave" in chosen:
        one = site if rng.random() < 0.3 else None
        frequency = rng.uniform(2.4, 4.2) if one is None else rng.uniform(1.5, 3.0)
        patterns.spike_wave(
            sheet, sheet.runs(rng.uniform(1.2, 4.0), rng.uniform(3, 10), min_on_s=0.9), frequency, site=one
        )
    if "seizure" in chosen:
        (seizures.focal_seizure if rng.random() < 0.6 else seizures.generalized_seizure)(sheet)


def _intermittent(sheet: Sheet, chance: float) -> np.ndarray:
    if sheet.rng.random() >= chance:
        return _everywhere(sheet)
    return sheet.gate(sheet.runs(sheet.rng.uniform(2, 6), sheet.rng.uniform(1.5, 6), min_on_s=1.2), 0.5)


# --- critical care -----------------------------------------------------------------------------


def _icu(sheet: Sheet) -> None:
    """An encephalopathic background, and what critical care adds to it."""
    rng = sheet.rng
    sheet.tags.add("focal")
    kinds = {
        "slowing": 0.13, "low": 0.075, "extreme_low": 0.085, "attenuation": 0.1, "suppression": 0.1, "discontinuous": 0.03,
        "lpd": 0.1, "gpd": 0.1, "bipd": 0.11, "lrda": 0.085, "grda": 0.085, "brush": 0.075, "seizure": 0.06,
    }  # fmt: skip
    kind = str(rng.choice(list(kinds), p=np.array(list(kinds.values())) / sum(kinds.values())))
    base = float(np.clip(np.exp(rng.normal(np.log(7.5), 0.45)), 4.8, 24.0))
    if kind == "low" or (kind in ("lpd", "gpd", "bipd") and rng.random() < 0.2):
        base = rng.uniform(2.75, 4.4)
        kind_low = "low_voltage"
    elif kind == "extreme_low" or (kind in ("gpd", "lpd") and rng.random() < 0.05):
        base = rng.uniform(0.5, 1.9)
        kind_low = "extreme_low_voltage"
    else:
        kind_low = None
    if kind in ("attenuation", "suppression", "discontinuous"):
        base = max(base, 8.0)
    periodic = kind in ("lpd", "gpd", "bipd")
    rhythmic = kind in ("lrda", "grda", "brush")
    whole = _everywhere(sheet)
    slowing = kind_low != "extreme_low_voltage" and rng.random() < 0.93
    theta = rng.uniform(0.75, 1.3) if slowing and rng.random() < (0.72 if kind == "slowing" else 0.6) else 0.0
    delta = rng.uniform(0.9, 2.0) if slowing and (theta == 0.0 or rng.random() < 0.75) else 0.0
    if theta == 0 and not slowing:
        theta = delta = 0.0
    quiet = 1.0 / np.sqrt(1 + theta**2 + delta**2)
    exponent = rng.uniform(1.2, 2.4)
    fast = float(np.exp(rng.normal(np.log(0.55), 0.7)))
    background.aperiodic(
        sheet,
        base * quiet,
        exponent=exponent,
        knee_hz=rng.uniform(0.8, 3.0),
        fast_uv=min(fast, 2.2),
        broad=rng.uniform(0.3, 0.8),
    )
    slow_gate = whole if kind != "slowing" or rng.random() < 0.6 else sheet.course(whole=0.3)
    if theta or delta:
        patterns.generalized_slowing(sheet, slow_gate, base * quiet, theta=theta, delta=delta)
        sheet.background_uv = base * np.sqrt(quiet**2 + (1 - quiet**2) * slow_gate)
    if kind_low:
        amplitude = 4.0 * base
        sheet.truth.append(
            Episode(
                kind_low,
                whole,
                min_share=0.5,
                amplitude=amplitude,
                derivation="median longitudinal bipolar derivation, below 20 Hz",
            )
        )
    elif rng.random() < 0.12 and kind in ("slowing", "lpd", "lrda", "grda"):
        size = max(rng.uniform(14, 35), 2.4 * base)
        background.posterior_rhythm(sheet, rng.uniform(6.5, 9.0), size, sheet.course(whole=0.8))
    if rng.random() < 0.1 and kind_low is None:
        background.beta(sheet, whole, max(rng.uniform(16, 35), 1.7 * base), rng.uniform(14, 22))
    site = patterns.focus(rng)
    course = sheet.course(whole=0.62)
    if kind in ("lrda", "lpd", "slowing") and rng.random() < 0.3 and kind_low is None:
        patterns.focal_slowing(sheet, _intermittent(sheet, 0.4), site=site, size=rng.uniform(1.6, 2.8))
    if kind == "attenuation" or (periodic and kind_low is None and base > 7 and rng.random() < 0.12):
        patterns.brief_attenuation(sheet, course)
    elif kind == "suppression":
        patterns.suppression(sheet, sheet.course(whole=0.8), share=rng.uniform(0.55, 0.93))
    elif kind == "discontinuous":
        patterns.suppression(sheet, sheet.course(whole=0.8), share=rng.uniform(0.15, 0.45))
    if kind == "suppression" and rng.random() < 0.2:
        patterns.periodic(sheet, course, "gpd")
    if periodic:
        patterns.periodic(sheet, course, kind, site=site if kind == "lpd" else None)
        if kind == "gpd" and rng.random() < 0.15:
            patterns.rhythmic_delta(sheet, sheet.course(whole=0.3), "grda")
        if kind == "lpd" and rng.random() < 0.12:
            patterns.rhythmic_delta(sheet, sheet.course(whole=0.3), "lrda", site=site)
    if kind in ("lrda", "grda"):
        patterns.rhythmic_delta(sheet, course, kind, site=site)
    if kind == "brush":
        patterns.delta_brush(sheet, course)
    if kind == "seizure" or (periodic and rng.random() < 0.05):
        (seizures.focal_seizure if rng.random() < 0.65 else seizures.generalized_seizure)(sheet)
    if rng.random() < 0.05 and kind_low is None:
        patterns.asymmetry(sheet, "left" if rng.random() < 0.5 else "right", rng.uniform(0.25, 0.45))
    if rng.random() < 0.45:
        patterns.irregular_transients(sheet)
    if kind_low is None and rng.random() < 0.06:
        patterns.spikes(sheet, sheet.course(), site=site)
    _ordinary_artifacts(sheet, 0.8)
    if rng.random() < 0.08:
        artifacts.blinks(sheet, rng.uniform(0.1, 0.4))
