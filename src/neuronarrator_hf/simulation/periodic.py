"""Periodic discharges and rhythmic delta of critical care."""

from __future__ import annotations

import numpy as np

from .discharges import spike_lobes
from .maps import describe, generalized, lateralized, site_patch, widespread
from .places import focus, level_uv, side_of
from .sheet import PAD_S, Episode, Sheet
from .slowing import cover

_WIDTHS_S = {
    "sharp": (0.05, 0.11),
    "biphasic": (0.07, 0.16),
    "triphasic": (0.1, 0.17),
    "blunt": (0.14, 0.26),
    "complex": (0.06, 0.12),
}
"""Builds of periodic discharges with the range of the width of their main lobe."""
_PEAKS = {"sharp": 0.8, "biphasic": 0.65, "triphasic": 0.75, "blunt": 0.85, "complex": 0.5}
"""Height of the main lobe of each build, relative to the size of the discharge."""
_RHYTHM_CLEAR = 2.0
"""RMS of rhythmic delta over that of the rest of its band from which a reader sees it."""
_DISCHARGE_CLEAR = 5.5
"""Peak over the RMS of the rest from which a reader sees a periodic discharge."""


def train(
    sheet: Sheet, gate: np.ndarray, frequency: np.ndarray | float, *, jitter: float, missing: float
) -> np.ndarray:
    """Times of periodic discharges: jittered intervals, some beats missing, where the gate is open."""
    rng = sheet.rng
    times, now = [], -PAD_S + rng.uniform(0, 1)
    while now < sheet.duration_s + PAD_S:
        times.append(now)
        now += max(0.15, (1 + jitter * rng.standard_normal())) / float(sheet.at(frequency, now))
    times = np.array(times)
    times = times[rng.random(len(times)) >= missing]
    return times[sheet.at(gate, times) > 0.5]


def discharges(
    sheet: Sheet, maps: list[np.ndarray], times: np.ndarray, size_uv: np.ndarray, kind: str
) -> tuple[list[int], float]:
    """Periodic discharges of a given build at given times, over one or more sources with delays.

    Kinds: sharp (spike or sharp wave), biphasic, triphasic, blunt, complex (poly-sharp).

    Returns:
        The sources, and the peak of a discharge of the first one relative to `size_uv`.
    """
    rng = sheet.rng
    n = len(times)
    width = rng.uniform(*_WIDTHS_S[kind])
    first, third = rng.uniform(0.1, 0.45), rng.uniform(0.35, 0.85)
    sources, first_share = [], 1.0
    for k, scalp_map in enumerate(maps):
        source = sheet.source(scalp_map)
        sources.append(source)
        delay = 0.0 if k == 0 else rng.uniform(0.0, 0.06)
        share = rng.uniform(0.6, 1.0) if k == 0 else rng.uniform(0.35, 0.9)
        first_share = share * _PEAKS[kind] if k == 0 else first_share
        at = times + delay + rng.uniform(0.006, 0.025) * rng.standard_normal(n)
        size = share * size_uv * rng.lognormal(0, rng.uniform(0.1, 0.3), n)
        w = width * rng.lognormal(0, 0.12, n)
        vary = rng.uniform(0.65, 1.35, (4, n))
        if kind == "triphasic":
            sheet.add_lobes(source, at, -0.9 * w, -first * vary[0] * size, 0.3 * w, 0.3 * w)
            sheet.add_lobes(source, at, 0.0, 0.75 * size, 0.35 * w, 0.4 * w)
            sheet.add_lobes(source, at, 1.5 * w, -0.7 * third * vary[1] * size, 0.6 * w, 0.9 * w)
        elif kind == "biphasic":
            sheet.add_lobes(source, at, 0.0, -0.65 * size, 0.3 * w, 0.35 * w)
            sheet.add_lobes(source, at, 1.1 * w, third * 0.6 * vary[1] * size, 0.4 * w, 0.7 * w)
        elif kind == "blunt":
            sheet.add_lobes(source, at, 0.0, -0.85 * size, 0.35 * w, 0.45 * w)
            sheet.add_lobes(source, at, 1.3 * w, 0.3 * vary[1] * size, 0.5 * w, 0.8 * w)
        elif kind == "complex":
            for j in range(int(rng.integers(2, 5))):
                lag = 0.75 * j * w + 0.01 * rng.standard_normal(n)
                sheet.add_lobes(
                    source,
                    at,
                    lag,
                    (-1.0) ** (j + 1) * 0.6 * size * rng.uniform(0.4, 1.2, n),
                    0.25 * w,
                    0.3 * w,
                )
        else:
            spike_lobes(sheet, source, at, size, width_s=width, wave=rng.uniform(0.1, 0.6))
    return sources, first_share


def periodic(
    sheet: Sheet, gate: np.ndarray, kind: str, *, site: str | None = None, size: float | None = None
) -> str | None:
    """LPD, GPD or BIPD; returns the site of a lateralized one."""
    rng = sheet.rng
    rate = float(np.clip(rng.lognormal(np.log(0.95), 0.42), 0.3, 2.5))
    drift = rate * np.exp(sheet.smooth(12.0, rng.uniform(0.03, 0.18)))
    frequency = np.clip(drift, 0.25, 2.5)
    jitter, missing = rng.uniform(0.04, 0.2), rng.uniform(0, 0.15)
    level = level_uv(sheet)
    relative = np.exp(rng.uniform(np.log(8.0), np.log(30.0))) if size is None else size
    size_uv = np.clip(relative * level, 28.0, 320.0)
    spread = rng.uniform(0.1, 0.3)
    shapes = ["sharp", "biphasic", "triphasic", "blunt", "complex"]
    build = str(
        rng.choice(shapes, p=[0.3, 0.25, 0.05, 0.2, 0.2] if kind != "gpd" else [0.2, 0.2, 0.3, 0.2, 0.1])
    )
    slow_size = np.exp(sheet.smooth(10.0, 0.12))

    def one(maps, freq):
        times = train(sheet, gate, freq, jitter=jitter, missing=missing)
        sizes = size_uv * rng.lognormal(0, spread, len(times)) * sheet.at(slow_size, times)
        sources, share = discharges(sheet, maps, times, sizes, build)
        return times, share * sizes, tuple(sources)

    visible = {
        "min_share": 0.4,
        "min_events": 3,
        "amplitude": size_uv * slow_size,
        "band_hz": (1.5, 70.0),
        "clear": _DISCHARGE_CLEAR,
    }
    if kind == "gpd":
        maps = widespread(rng)
        times, seen_uv, sources = one(maps, frequency)
        visible |= {"event_uv": seen_uv, "made_of": (sources[:1],)}
        sheet.truth.append(
            Episode(
                "gpd",
                gate,
                times=times,
                frequency=frequency,
                side="bilateral",
                regions=("generalized",),
                **visible,
            )
        )
        return None
    if kind == "lpd":
        site = site or focus(rng)
        maps = [lateralized(rng, site, int(rng.integers(1, 4)))]
        side, regions = describe(maps[0])
        if rng.random() < 0.6:
            maps.append(lateralized(rng, focus(rng, side_of(site)), 2))
        times, seen_uv, sources = one(maps, frequency)
        visible |= {"event_uv": seen_uv, "made_of": (sources[:1],)}
        sheet.truth.append(
            Episode("lpd", gate, times=times, frequency=frequency, side=side, regions=regions, **visible)
        )
        return site
    other = np.clip(frequency * rng.choice([rng.uniform(0.6, 0.85), rng.uniform(1.15, 1.5)]), 0.25, 2.5)
    left = one([lateralized(rng, focus(rng, "left"), int(rng.integers(1, 3)))], frequency)
    build = str(rng.choice(shapes[:2] + shapes[3:]))
    right = one([lateralized(rng, focus(rng, "right"), int(rng.integers(1, 3)))], other)
    slower, faster = np.minimum(frequency, other), np.maximum(frequency, other)
    times, seen_uv, _ = left if len(left[0]) < len(right[0]) else right
    visible |= {"event_uv": seen_uv, "made_of": (left[2][:1], right[2][:1])}
    span = (float(np.median(slower)), float(np.median(faster)))
    sheet.truth.append(Episode("bipd", gate, times=times, frequency=span, side="bilateral", **visible))
    return None


def rhythmic_delta(sheet: Sheet, gate: np.ndarray, kind: str, *, site: str | None = None) -> None:
    """LRDA or GRDA: unstable rhythmic delta in runs of at least six cycles."""
    rng = sheet.rng
    rate = rng.uniform(0.8, 3.0)
    frequency = np.clip(rate * np.exp(sheet.smooth(rng.uniform(1.5, 4.0), rng.uniform(0.06, 0.2))), 0.5, 3.9)
    size = float(np.clip(level_uv(sheet) * rng.uniform(6.5, 13.0), 28, 200))
    if rng.random() < 0.55:
        runs = sheet.gate(
            sheet.runs(max(8 / rate, rng.uniform(4, 12)), rng.uniform(1.5, 6), min_on_s=6.5 / rate), 0.6
        )
        gate = gate * runs
    harmonics = (rng.uniform(0.0, 0.4), rng.uniform(0, 0.12), rng.uniform(0, 6.3))
    if kind == "grda":
        maps, side, regions = widespread(rng, rng.uniform(0.4, 0.8)), "bilateral", ("generalized",)
    else:
        maps = [lateralized(rng, site or focus(rng), int(rng.integers(1, 4)))]
        side, regions = describe(maps[0])
    shared = sheet.wandering(rng.uniform(0.15, 0.5), rng.uniform(0.15, 0.7))
    modulation = np.clip(np.abs(shared), 0.35, 1.9) / np.maximum(np.abs(shared), 1e-6)
    shared = shared * modulation
    cover(sheet, gate)
    sources = []
    for k, scalp_map in enumerate(maps):
        own = rng.uniform(0.6, 1.0) * shared
        if k:
            turned = shared * np.exp(1j * rng.uniform(-0.9, 0.9))
            apart = rng.uniform(0.1, 0.5)
            own = rng.uniform(0.4, 0.9) * (
                np.sqrt(1 - apart) * turned + np.sqrt(apart) * sheet.wandering(0.3, 0.0)
            )
        sources.append(sheet.source(scalp_map))
        sheet.add_rhythm(sources[-1], frequency, gate * size, envelope=own, harmonics=harmonics)
    sheet.truth.append(
        Episode(
            kind,
            gate,
            min_share=0.35,
            side=side,
            regions=regions,
            frequency=frequency,
            amplitude=size * gate * np.abs(shared),
            made_of=(tuple(sources),),
            band_hz=(max(0.5, 0.8 * rate), min(4.0, 1.25 * rate)),
            clear=_RHYTHM_CLEAR,
        )
    )


def delta_brush(sheet: Sheet, gate: np.ndarray) -> None:
    """Extreme delta brush: nearly continuous delta waves with beta riding on each."""
    rng = sheet.rng
    frequency = np.clip(rng.uniform(0.8, 2.3) * np.exp(sheet.smooth(3.0, 0.15)), 0.6, 3.5)
    envelope = sheet.wandering(0.45, rng.uniform(0.15, 0.6))
    size = float(np.clip(level_uv(sheet) * rng.uniform(7, 13), 40, 150))
    phase = np.cumsum(frequency) * (2 * np.pi / 10.0) + np.angle(envelope)
    riding = (0.15 + 0.85 * (0.5 + 0.5 * np.cos(phase + rng.uniform(-0.6, 0.6)))) ** 1.5 * np.exp(
        sheet.smooth(0.5, 0.35)
    )
    fast_hz = rng.uniform(17, 32)
    for frontal, share in ((0.8, 1.0), (0.45, 0.6)):
        scalp_map = generalized(rng, frontal)
        source = sheet.source(scalp_map)
        sheet.add_rhythm(
            source,
            frequency,
            gate * size * share,
            envelope=envelope,
            harmonics=(rng.uniform(0, 0.25), 0.0, 1.0),
        )
    for site in ("F3", "F4", "C3", "C4"):
        source = sheet.source(site_patch(rng, site, 2))
        ride = gate * riding * size * rng.uniform(0.22, 0.45)
        sheet.add_rhythm(source, fast_hz * rng.uniform(0.93, 1.07), ride, bandwidth_hz=2.0, steadiness=0.0)
    sheet.truth.append(Episode("extreme_delta_brush", gate, min_share=0.4))
