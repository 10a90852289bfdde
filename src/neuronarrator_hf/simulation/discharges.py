"""Sporadic epileptiform discharges, and sharp transients that are none."""

from __future__ import annotations

import numpy as np

from ..signal.montage import SITES_1020
from .maps import describe, generalized, lateralized, normalise, site_patch
from .places import focus, striking_uv
from .sheet import Episode, Sheet

_SPIKE_CLEAR = 6.0
"""Peak over the RMS of the rest of the signal at its frequencies from which a reader sees a discharge."""


def spike_lobes(
    sheet: Sheet, source: int, times, size, *, width_s: float, wave: float, delay_s: float = 0.0
) -> None:
    """Surface-negative spikes or sharp waves with an after-going slow wave, no two alike."""
    rng = sheet.rng
    n = len(times)
    width = width_s * rng.uniform(0.8, 1.25, n)
    size = size * np.ones(n)
    at = np.asarray(times) + delay_s
    sheet.add_lobes(source, at, -1.1 * width, rng.uniform(0.0, 0.3, n) * size, 0.3 * width, 0.3 * width)
    sheet.add_lobes(source, at, 0.0, -0.8 * size, 0.28 * width, 0.36 * width)
    sheet.add_lobes(source, at, 0.9 * width, rng.uniform(0.05, 0.35, n) * size, 0.35 * width, 0.5 * width)
    if wave > 0:
        slow = rng.uniform(0.07, 0.12, n)
        sheet.add_lobes(
            source, at, 1.2 * width + 1.9 * slow, -wave * rng.uniform(0.6, 1.3, n) * size, slow, slow * 1.3
        )


def spikes(sheet: Sheet, gate: np.ndarray, *, site: str | None = None, general: bool = False) -> None:
    """Sporadic spikes or sharp waves of one focus, sometimes propagating to the other side."""
    rng = sheet.rng
    site = site or focus(rng)
    scalp_map = generalized(rng) if general else lateralized(rng, site, int(rng.integers(0, 3)))
    times = sheet.poisson(rng.uniform(0.1, 0.5), gate, 0.4)
    size = striking_uv(sheet, 45.0, 8.0, 20.0) * rng.lognormal(0, 0.22, len(times))
    width = rng.uniform(0.03, 0.065) if rng.random() < 0.5 else rng.uniform(0.07, 0.13)
    source = sheet.source(scalp_map)
    spike_lobes(sheet, source, times, size, width_s=width, wave=rng.uniform(0.15, 0.6))
    side, regions = ("bilateral", ("generalized",)) if general else describe(scalp_map)
    sheet.truth.append(
        Episode(
            "spikes",
            times=times,
            side=side,
            regions=regions,
            made_of=((source,),),
            band_hz=(0.4 / width, 70.0),
            event_uv=0.8 * size,
            clear=_SPIKE_CLEAR,
        )
    )


def polyspikes(sheet: Sheet, gate: np.ndarray, *, site: str | None = None) -> None:
    """Groups of three to seven spikes, usually before a slow wave."""
    rng = sheet.rng
    general = site is None and rng.random() < 0.7
    scalp_map = generalized(rng) if general else lateralized(rng, site or focus(rng), 2)
    source = sheet.source(scalp_map)
    times = sheet.poisson(rng.uniform(0.12, 0.4), gate, 1.0)
    size = striking_uv(sheet, 50.0, 9.0, 18.0)
    every = []
    for time in times:
        n = int(rng.integers(3, 8))
        steps = time + np.cumsum(rng.uniform(0.04, 0.1, n))
        spike_lobes(sheet, source, steps[:-1], size * rng.uniform(0.4, 1.15, n - 1), width_s=0.026, wave=0.0)
        spike_lobes(sheet, source, steps[-1:], size, width_s=0.032, wave=rng.uniform(0.4, 1.0))
        every.append(steps[-1])
    side, regions = ("bilateral", ("generalized",)) if general else describe(scalp_map)
    shown = {"side": side, "regions": regions, "made_of": ((source,),), "band_hz": (10.0, 70.0)}
    shown |= {"event_uv": np.full(len(times), 0.8 * size), "clear": _SPIKE_CLEAR}
    sheet.truth.append(Episode("polyspikes", times=times, **shown))
    sheet.truth.append(Episode("spikes", times=np.array(every), **shown))


def spike_wave(
    sheet: Sheet,
    intervals,
    frequency: np.ndarray | float,
    *,
    site: str | None = None,
    size: float | None = None,
) -> np.ndarray:
    """Runs of spike-and-wave complexes; returns their gate."""
    rng = sheet.rng
    scalp_map = generalized(rng, rng.uniform(0.5, 0.85)) if site is None else lateralized(rng, site, 2)
    wave_map = normalise(scalp_map + 0.25 * generalized(rng))
    spike_source, wave_source = sheet.source(scalp_map), sheet.source(wave_map)
    size = size or striking_uv(sheet, 60.0, 9.0, 18.0)
    every = []
    for start, stop in intervals:
        now = start
        while now < stop:
            every.append(now)
            now += rng.uniform(0.94, 1.06) / float(sheet.at(frequency, now))
    times = np.array(every)
    grow = size * rng.lognormal(0, 0.12, len(times))
    if len(times):
        period = 1.0 / sheet.at(frequency, times)
        spike_lobes(
            sheet,
            spike_source,
            times,
            grow * rng.uniform(0.8, 1.4),
            width_s=rng.uniform(0.035, 0.06),
            wave=0.0,
        )
        sheet.add_lobes(wave_source, times, 0.55 * period, -0.7 * grow, 0.16 * period, 0.2 * period)
        sheet.add_lobes(wave_source, times, 0.95 * period, 0.15 * grow, 0.12 * period, 0.1 * period)
    gate = sheet.gate(intervals, 0.2)
    side, regions = ("bilateral", ("generalized",)) if site is None else describe(scalp_map)
    sheet.truth.append(
        Episode(
            "spike_and_wave",
            gate,
            times=times,
            min_share=0.05,
            min_events=2,
            side=side,
            regions=regions,
            frequency=frequency,
            made_of=((spike_source, wave_source),),
            band_hz=(2.0, 70.0),
            event_uv=0.75 * grow,
            clear=_SPIKE_CLEAR,
        )
    )
    return gate


def irregular_transients(sheet: Sheet, *, rate_hz: float | None = None) -> None:
    """Sharply contoured transients without regularity and of changing place: not in the truth."""
    rng = sheet.rng
    for _ in range(int(rng.integers(1, 4))):
        site = SITES_1020[rng.integers(19)]
        source = sheet.source(
            generalized(rng) if rng.random() < 0.25 else site_patch(rng, site, int(rng.integers(0, 4)))
        )
        times = sheet.poisson(rate_hz or rng.uniform(0.05, 0.5))
        size = (
            sheet.at(sheet.background_uv, times)
            * rng.uniform(1.5, 5.0)
            * rng.lognormal(0, 0.25, len(times))
            * rng.choice([-1, 1], len(times))
        )
        sheet.add_lobes(source, times, 0, size, rng.uniform(0.02, 0.09), rng.uniform(0.02, 0.12))
