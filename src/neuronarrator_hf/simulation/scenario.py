"""Whole recordings of minutes to hours: a script of acts, rendered as an amplifier would record them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from ..findings.schema import Claim
from ..signal.montage import SITES_1020
from ..signal.windows import SFREQ_HZ, WINDOW_N_TIMES, WINDOW_S
from . import artifacts, background, discharges, seizures, slowing
from .config import SimulationConfig
from .device import draw_device, for_montage, record, tell_dead
from .maps import to_montage
from .render import PAD_N_TIMES, Backend
from .render import render as render_sources
from .script import compose
from .sheet import Sheet
from .truth import episode_claims, see_windows, settle

SETTINGS = ("routine", "icu", "sleep")
CROSS_FADE_S = 2.0
_MAX_ACT_WINDOWS = 30


@dataclass(frozen=True)
class Act:
    """A stretch of a recording in which one script holds.

    Attributes:
        kind: Kind of recording, a key of `script.MAKERS`, or `example`.
        n_windows: Its length in windows of 10 s.
        leading: Leading finding of an act of critical care, or None.
    """

    kind: str
    n_windows: int
    leading: str | None = None


@dataclass(frozen=True)
class Scenario:
    """The seeded script of one recording.

    Attributes:
        seed: Seed of everything.
        age_years: Age of the patient.
        setting: routine, icu or sleep.
        acts: Stretches in order; states, pathologies and events change within and between them.
        sfreq: Sampling rate of the recording in Hz.
    """

    seed: int
    age_years: float
    setting: str
    acts: tuple[Act, ...]
    sfreq: float = 200.0

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return WINDOW_S * sum(act.n_windows for act in self.acts)

    @classmethod
    def draw(
        cls, seed: int, minutes: float, *, setting: str | None = None, sfreq: float | None = None
    ) -> Scenario:
        """A scenario of a length in minutes, its setting drawn if not given."""
        n_windows = round(minutes * 60 / WINDOW_S)
        if n_windows < 1:
            raise ValueError(f"a scenario needs at least {WINDOW_S:g} s, got {minutes * 60:g} s")
        if setting is not None and setting not in SETTINGS:
            raise ValueError(f"setting must be one of {', '.join(SETTINGS)}, got {setting!r}")
        rng = np.random.default_rng([seed, 1])
        setting = setting or str(rng.choice(SETTINGS, p=[0.45, 0.4, 0.15]))
        acts = []
        kind, leading = None, None
        while n_windows > 0:
            length = min(n_windows, int(rng.integers(6, _MAX_ACT_WINDOWS + 1)))
            length = n_windows if n_windows - length < 3 else length
            kind = _next_kind(rng, setting, kind)
            acts.append(Act(kind, length, leading if kind == "icu" and rng.random() < 0.6 else None))
            n_windows -= length
            if kind == "icu" and leading is None:
                leading = str(
                    rng.choice(["slowing", "lpd", "gpd", "lrda", "grda", "suppression", "attenuation"])
                )
        rate = float(rng.choice([200.0, 250.0, 256.0, 500.0, 512.0]))
        return cls(seed, float(round(rng.uniform(18, 88))), setting, tuple(acts), sfreq or rate)


@dataclass(frozen=True)
class SimulatedRecording:
    """A rendered scenario.

    Attributes:
        eeg_uv: `(n_channels, n_times)` float32 microvolts as recorded, before any filter of a reader.
        ch_names: Names of the channels.
        sfreq: Sampling rate in Hz.
        claims: Every episode and event with its start and end, and the changes of state.
        window_claims: What can be seen on each window of 10 s, `window_claims[window]`.
        scenario: The script.
    """

    eeg_uv: np.ndarray
    ch_names: tuple[str, ...]
    sfreq: float
    claims: tuple[Claim, ...]
    window_claims: tuple[tuple[Claim, ...], ...]
    scenario: Scenario


def render(
    scenario: Scenario,
    *,
    config: SimulationConfig | None = None,
    ch_names: tuple[str, ...] = SITES_1020,
) -> SimulatedRecording:
    """Samples and truth of a scenario.

    Args:
        scenario: The script.
        config: Options.
        ch_names: Electrodes of the recording, any with known positions.
    """
    config = config or SimulationConfig()
    backend = Backend(np, scenario.seed)
    n_total = WINDOW_N_TIMES * sum(act.n_windows for act in scenario.acts)
    eeg_uv = np.zeros((1, 19, n_total + 2 * PAD_N_TIMES), dtype=np.float32)
    windows, claims = [], []
    device: dict = {}
    at = 0
    for index, act in enumerate(scenario.acts):
        sheet = _compose_act(scenario, act, index, config)
        if index:
            _same_device(sheet, device)
        device = sheet.device
        last = index == len(scenario.acts) - 1
        samples = render_sources([sheet], backend) * _fade(act.n_windows, first=index == 0, last=last)
        eeg_uv[:, :, at : at + samples.shape[2]] += samples
        claims.extend(episode_claims(sheet, at / SFREQ_HZ))
        windows.extend(see_windows(sheet))
        at += act.n_windows * WINDOW_N_TIMES
    if ch_names != SITES_1020:
        eeg_uv = (to_montage(ch_names) @ eeg_uv).astype(np.float32)
        device = for_montage(device, ch_names)
    recorded = record(eeg_uv, [device], backend, chain=False)[0, :, PAD_N_TIMES:-PAD_N_TIMES]
    ratio = Fraction(scenario.sfreq / SFREQ_HZ).limit_denominator(1000)
    if ratio != 1:
        from scipy.signal import resample_poly  # slow to import

        recorded = resample_poly(recorded, ratio.numerator, ratio.denominator, axis=1).astype(np.float32)
    window_claims = tuple(tuple(w) for w in settle(windows, gone_claims=config.gone_claims))
    return SimulatedRecording(
        np.ascontiguousarray(recorded), ch_names, scenario.sfreq, tuple(claims), window_claims, scenario
    )


def example_scenario(seed: int = 0) -> Scenario:
    """Two minutes of an adult: posterior rhythm, a temporal focus, a focal seizure and what follows it."""
    return Scenario(seed, 46.0, "routine", (Act("example", 12),), 256.0)


def write_scenarios(
    out_dir: str | Path,
    n: int,
    minutes: float,
    seed: int,
    *,
    setting: str | None = None,
    ch_names: tuple[str, ...] = SITES_1020,
) -> list[Path]:
    """Write `n` drawn scenarios as EDF+ with the truth as annotations, and the claims as JSON beside them.

    Args:
        out_dir: Folder, made where absent; nothing in it is overwritten.
        n: Number of recordings.
        minutes: Length of each.
        seed: Seed of the first; recording `i` has seed `seed + i`.
        setting: One of `SETTINGS`, drawn for each if None.
        ch_names: Electrodes of the recordings, any with known positions.

    Returns:
        The EDF files; the truth of `simulated_0007.edf` is in `simulated_0007.truth.json`.
    """
    from ..recording.writing import write_edf

    out = Path(out_dir)
    out.mkdir(parents=True, exist_ok=True)
    paths = []
    for index in range(n):
        simulated = render(Scenario.draw(seed + index, minutes, setting=setting), ch_names=ch_names)
        path = out / f"simulated_{seed + index:04d}.edf"
        marks = [(c.start_s, c.end_s - c.start_s, c.finding) for c in simulated.claims]
        write_edf(path, simulated.eeg_uv, simulated.ch_names, simulated.sfreq, marks)
        truth = {
            "schema": "neuronarrator.simulation/1",
            "seed": seed + index,
            "age_years": simulated.scenario.age_years,
            "setting": simulated.scenario.setting,
            "duration_s": simulated.scenario.duration_s,
            "claims": [claim.to_dict() for claim in simulated.claims],
            "windows": [[claim.to_dict() for claim in window] for window in simulated.window_claims],
        }
        path.with_suffix(".truth.json").write_text(json.dumps(truth, indent=1), encoding="utf-8")
        paths.append(path)
    return paths


def _next_kind(rng: np.random.Generator, setting: str, before: str | None) -> str:
    if setting == "icu":
        return "icu"
    if setting == "sleep":
        return "sleep" if before or rng.random() < 0.7 else "normal"
    if before is None:
        return str(rng.choice(["normal", "routine"], p=[0.4, 0.6]))
    return str(rng.choice(["normal", "artifact", "sleep", "routine"], p=[0.2, 0.15, 0.2, 0.45]))


def _compose_act(scenario: Scenario, act: Act, index: int, config: SimulationConfig) -> Sheet:
    rng = np.random.default_rng([scenario.seed, 2, index])
    if act.kind != "example":
        return compose(
            rng, act.n_windows, config, act.kind, leading=act.leading, age_years=scenario.age_years
        )
    sheet = Sheet(rng, act.n_windows, age_years=scenario.age_years)
    _example(sheet)
    draw_device(sheet, SimulationConfig(dead_channels=0.0))
    return sheet


def _example(sheet: Sheet) -> None:
    background.aperiodic(sheet, 5.5, exponent=1.4, knee_hz=1.5, fast_uv=0.8)
    closed = 1 - sheet.gate([(8.0, 13.0)], 0.5)
    background.posterior_rhythm(sheet, 9.5, 42.0, closed * np.clip(1 + sheet.smooth(3.0, 0.3), 0.3, 1.8))
    artifacts.blinks(sheet, 0.5, 1 - closed)
    before = sheet.gate([(-1e9, 59.0)])
    slowing.focal_slowing(sheet, sheet.gate([(20.0, 1e9)], 1.0), site="T7", size=2.6)
    discharges.spikes(sheet, before, site="T7")
    seizures.focal_seizure(sheet, site="T7", times=(60.5, 95.0))


def _same_device(sheet: Sheet, device: dict) -> None:
    """The amplifier of the act before; what it shows of itself is told anew."""
    hemispheres = sheet.device.get("hemispheres")
    sheet.truth = [e for e in sheet.truth if e.finding != "flat_channel"]
    sheet.device = {k: v for k, v in device.items() if k != "hemispheres"}
    if hemispheres is not None:
        sheet.device["hemispheres"] = hemispheres
    tell_dead(sheet)


def _fade(n_windows: int, *, first: bool, last: bool) -> np.ndarray:
    """Weight of an act over its padded samples: 1 inside, a cross-fade around its inner ends."""
    n_times = n_windows * WINDOW_N_TIMES + 2 * PAD_N_TIMES
    time_s = (np.arange(n_times) - PAD_N_TIMES) / SFREQ_HZ
    weight = np.ones(n_times)
    if not first:
        weight *= np.clip(time_s / CROSS_FADE_S + 0.5, 0.0, 1.0)
    if not last:
        weight *= np.clip((n_windows * WINDOW_S - time_s) / CROSS_FADE_S + 0.5, 0.0, 1.0)
    return np.sin(0.5 * np.pi * weight).astype(np.float32)
