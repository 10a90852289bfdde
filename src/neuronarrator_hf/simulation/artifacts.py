"""Artifacts, each with its own field and time course."""

from __future__ import annotations

import numpy as np

from ..signal.montage import SITES_1020, site_region, site_side
from .maps import BLINK, SACCADE, electrode, heart, muscle, normalise
from .sheet import Episode, Sheet, Spectrum


def _level(sheet: Sheet) -> float:
    return float(np.mean(sheet.background_uv))


def blinks(sheet: Sheet, rate_hz: float, gate: np.ndarray | None = None) -> np.ndarray:
    """Blinks: positive frontopolar deflections of 0.2-0.4 s; returns their times."""
    rng = sheet.rng
    gate = np.ones(sheet.n_ctrl) if gate is None else gate
    times = sheet.poisson(rate_hz, gate, 0.35)
    source = sheet.source(BLINK * np.exp(0.1 * rng.standard_normal(19)), brain=False)
    size = max(rng.uniform(70, 260), 9 * _level(sheet)) * rng.uniform(0.65, 1.3, len(times))
    sheet.add_lobes(source, times, 0.0, size, rng.uniform(0.045, 0.07), rng.uniform(0.06, 0.11))
    sheet.add_lobes(source, times, rng.uniform(0.25, 0.35), -0.13 * size, 0.09, 0.16)
    sheet.truth.append(Episode("eye_blinks", times=times))
    return times


def saccades(sheet: Sheet, rate_hz: float, gate: np.ndarray | None = None, *, slow: bool = False) -> None:
    """Lateral eye movements: steps that decay with the amplifier's time constant, or slow rolling."""
    rng = sheet.rng
    gate = np.ones(sheet.n_ctrl) if gate is None else gate
    source = sheet.source(SACCADE * np.exp(0.1 * rng.standard_normal(19)), brain=False)
    size = max(rng.uniform(45, 130), 6 * _level(sheet))
    if slow:
        gate = gate * np.clip(sheet.smooth(2.0) + 1.0, 0, 1)
        sheet.add_rhythm(source, rng.uniform(0.25, 0.5), gate * size * 1.8, bandwidth_hz=0.08, steadiness=0.5)
        sheet.truth.append(Episode("lateral_eye_movements", gate, min_share=0.35))
        return
    times = sheet.poisson(rate_hz, gate, 0.4)
    signs = rng.choice([-1.0, 1.0], len(times)) * rng.uniform(0.6, 1.3, len(times))
    sheet.add_lobes(source, times, 0.0, signs * size, 0.02, rng.uniform(0.15, 0.4))
    sheet.truth.append(Episode("lateral_eye_movements", times=times))


def muscles(
    sheet: Sheet, rms_uv: float, gate: np.ndarray, *, group: str = "temporal", side: str = "bilateral"
) -> None:
    """Muscle artifact: broadband activity above 20 Hz from nearly independent motor units."""
    rng = sheet.rng
    spectrum = Spectrum(low_hz=rng.uniform(18, 28), high_hz=rng.uniform(60, 110), steepness=1.5)
    for scalp_map in muscle(rng, group, side):
        flicker = np.exp(sheet.smooth(0.25, 0.4) + sheet.smooth(3.0, 0.25))
        sheet.add_noise(sheet.source(scalp_map, brain=False), spectrum, gate * flicker * rms_uv)
    regions = {"temporal": ("frontal", "temporal"), "frontal": ("frontal",), "occipital": ("occipital",)}[
        group
    ]
    sheet.truth.append(
        Episode(
            "muscle_artifact",
            gate,
            min_share=0.2,
            min_s=2.0,
            side=side,
            regions=regions,
            amplitude=4.0 * rms_uv,
            floor=max(8.0, 1.2 * _level(sheet)),
        )
    )


def chewing(sheet: Sheet, gate: np.ndarray) -> None:
    """Chewing: bursts of temporal muscle about once a second, with slow tongue potentials."""
    rng = sheet.rng
    rate = rng.uniform(0.8, 1.8)
    beat = np.clip(np.sin(2 * np.pi * rate * sheet.t + rng.uniform(0, 6.3)) * 3 - 0.8, 0, 1)
    muscles(sheet, rng.uniform(15, 50), gate * beat)
    sheet.truth[-1] = Episode(
        "muscle_artifact", gate, min_share=0.2, min_s=2.0, side="bilateral", regions=("frontal", "temporal")
    )
    source = sheet.source(normalise(np.exp(0.3 * rng.standard_normal(19)) * (0.4 + BLINK)), brain=False)
    sheet.add_rhythm(source, rate, gate * rng.uniform(20, 60), bandwidth_hz=0.2)


def bad_electrode(sheet: Sheet, kind: str | None = None) -> None:
    """One electrode pops, drifts or is noisy."""
    rng = sheet.rng
    site = SITES_1020[rng.integers(19)]
    source = sheet.source(electrode(site), brain=False)
    kind = kind or str(rng.choice(["pop", "noise", "drift"], p=[0.5, 0.35, 0.15]))
    gate = sheet.course(whole=0.5)
    level = _level(sheet)
    truth = Episode("electrode_artifact", side=site_side(site), regions=(site_region(site),))
    if kind == "pop":
        times = sheet.poisson(rng.uniform(0.12, 0.6), gate, 0.5)
        size = max(60.0, 8 * level) * rng.lognormal(0.3, 0.5, len(times)) * rng.choice([-1, 1])
        sheet.add_lobes(source, times, 0.0, size, 0.004, rng.uniform(0.1, 0.5))
        truth.times = times
    elif kind == "noise":
        spectrum = Spectrum(
            exponent=rng.uniform(0.0, 1.0), low_hz=rng.uniform(0.5, 8), high_hz=rng.uniform(40, 150)
        )
        rms = max(14.0, level * rng.uniform(2.2, 7.0))
        sheet.add_noise(source, spectrum, gate * rms * np.exp(sheet.smooth(1.0, 0.3)))
        truth.gate, truth.min_share = gate, 0.3
    else:
        rms = max(30.0, level * rng.uniform(4, 9))
        sheet.add_noise(source, Spectrum(exponent=2.0, knee_hz=0.3, high_hz=1.2), gate * rms)
        truth.gate, truth.min_share = gate, 0.5
    sheet.truth.append(truth)


def mains(sheet: Sheet) -> None:
    """Interference of 50 or 60 Hz, unequal over the electrodes."""
    rng = sheet.rng
    frequency = float(rng.choice([50.0, 60.0]))
    gains = np.exp(0.9 * rng.standard_normal(19))
    source = sheet.source(normalise(gains * rng.choice([1.0, 1.0, -0.3], 19)), brain=False)
    size = rng.uniform(1.5, 7.0) * max(4.0, _level(sheet)) * sheet.course(whole=0.8)
    sheet.add_rhythm(source, frequency, size, bandwidth_hz=0.02, steadiness=0.97)
    sheet.truth.append(
        Episode(
            "line_noise",
            (size > 0) * 1.0,
            min_share=0.3,
            frequency=frequency,
            amplitude=float(size.max()),
            floor=1.2 * max(4.0, _level(sheet)),
        )
    )


def ecg(sheet: Sheet) -> None:
    """The heart: a train of QRS complexes."""
    rng = sheet.rng
    beat = rng.uniform(0.55, 1.05)
    n_beats = int((sheet.duration_s + 4) / beat * 1.3)
    times = -2 + np.cumsum(beat * (1 + 0.04 * rng.standard_normal(n_beats)))
    times = times[times < sheet.duration_s + 2]
    source = sheet.source(heart(rng), brain=False)
    size = max(12.0, rng.uniform(4.0, 10.0) * _level(sheet))
    sheet.add_lobes(source, times, -0.022, -0.12 * size, 0.008, 0.008)
    sheet.add_lobes(source, times, 0.0, 0.85 * size, 0.01, 0.012)
    sheet.add_lobes(source, times, 0.026, -0.3 * size, 0.01, 0.014)
    sheet.add_lobes(source, times, 0.25, 0.12 * size, 0.05, 0.05)
    sheet.truth.append(Episode("ecg_artifact", times=times, min_events=4))


def movement(sheet: Sheet, intervals=None) -> None:
    """Movement of head and cables: large irregular slow deflections with muscle."""
    rng = sheet.rng
    intervals = intervals or [
        (time, time + rng.uniform(1.0, 5.0)) for time in sheet.poisson(rng.uniform(0.03, 0.1), None, 4.0)
    ]
    gate = sheet.gate(intervals, 0.4)
    rms = max(60.0, rng.uniform(5, 14) * _level(sheet))
    for _ in range(4):
        source = sheet.source(normalise(rng.standard_normal(19) + rng.standard_normal()), brain=False)
        sheet.add_noise(
            source, Spectrum(exponent=2.0, knee_hz=0.6, high_hz=6.0), gate * rms * rng.uniform(0.3, 0.7)
        )
    for scalp_map in muscle(rng, "temporal", "bilateral")[:4]:
        sheet.add_noise(
            sheet.source(scalp_map, brain=False), Spectrum(low_hz=20, high_hz=90), gate * rms * 0.12
        )
    sheet.truth.append(Episode("movement_artifact", gate, min_share=0.1, min_s=1.0))


def sweat(sheet: Sheet) -> None:
    """Sweat and drift: very slow sways, mostly taken out by the high-pass."""
    rng = sheet.rng
    size = min(rng.uniform(3, 12), 2.0 * _level(sheet))
    for _ in range(3):
        source = sheet.source(
            normalise(np.exp(rng.standard_normal(19)) * rng.choice([-1, 1], 19)), brain=False
        )
        sheet.add_noise(source, Spectrum(low_hz=0.1, high_hz=rng.uniform(0.3, 0.6), steepness=3), size)
