"""Abnormal activity: slowing, attenuation, discharges, periodic and rhythmic patterns."""

from __future__ import annotations

import numpy as np

from ..signal.montage import SITES_1020
from .background import slow_layer
from .maps import describe, generalized, lateralized, mirrored, normalise, site_patch
from .sheet import PAD_S, Episode, Sheet, Spectrum

FOCAL_SITES = (
    "F7",
    "F8",
    "T7",
    "T8",
    "P7",
    "P8",
    "F3",
    "F4",
    "C3",
    "C4",
    "P3",
    "P4",
    "O1",
    "O2",
    "Fp1",
    "Fp2",
)
_FOCAL_WEIGHTS = np.array([2.0, 2.0, 3.0, 3.0, 2.0, 2.0, 1.3, 1.3, 1.3, 1.3, 1.2, 1.2, 0.8, 0.8, 0.6, 0.6])
_FOCAL_WEIGHTS /= _FOCAL_WEIGHTS.sum()


def focus(rng: np.random.Generator, side: str | None = None) -> str:
    """A site of a focus, temporal ones oftenest."""
    while True:
        site = str(rng.choice(FOCAL_SITES, p=_FOCAL_WEIGHTS))
        if side is None or (int(site[-1]) % 2 == 1) == (side == "left"):
            return site


def level_uv(sheet: Sheet) -> float:
    """Median background over the recording."""
    return float(np.median(np.asarray(sheet.background_uv)))


# --- background --------------------------------------------------------------------------------


def generalized_slowing(
    sheet: Sheet, gate: np.ndarray, rms_uv: np.ndarray | float, *, theta: float, delta: float
) -> None:
    """Theta and delta over the whole head; `theta` and `delta` are RMS relative to `rms_uv`."""
    rng = sheet.rng
    low = np.asarray(sheet.background_uv, float)
    if theta > 0:
        centre = rng.uniform(4.8, 7.0)
        edges = (max(4.0, centre / 1.25), min(8.0, centre * 1.25))
        slow_layer(sheet, gate * rms_uv * theta, edges[0], edges[1], n_sources=6)
        sheet.truth.append(
            Episode(
                "generalized_theta_slowing", gate, min_share=0.4, frequency=edges,
                amplitude=gate * rms_uv * theta, floor=0.42 * low,
            )
        )  # fmt: skip
        sheet.truth[-1].derivation = "RMS, median longitudinal bipolar derivation"
    if delta > 0:
        centre = rng.uniform(1.1, 2.7)
        edges = (max(0.5, centre / 1.45), min(4.0, centre * 1.45))
        slow_layer(sheet, gate * rms_uv * delta, edges[0], edges[1], n_sources=7, frontal=rng.random() < 0.4)
        sheet.truth.append(
            Episode(
                "generalized_delta_slowing", gate, min_share=0.4, frequency=edges,
                amplitude=gate * rms_uv * delta, floor=0.6 * low,
            )
        )  # fmt: skip
        sheet.truth[-1].derivation = "RMS, median longitudinal bipolar derivation"


def focal_slowing(
    sheet: Sheet, gate: np.ndarray, *, site: str | None = None, size: float | None = None
) -> None:
    """Polymorphic theta or delta confined to one region."""
    rng = sheet.rng
    site = site or focus(rng)
    if rng.random() < 0.6:
        centre, spread = rng.uniform(1.0, 3.0), 1.5
    else:
        centre, spread = rng.uniform(4.5, 6.5), 1.25
    edges = (max(0.5, centre / spread), min(8.0, centre * spread))
    peak = lateralized(rng, site, int(rng.integers(1, 3)))
    rms = level_uv(sheet) * (rng.uniform(1.8, 4.0) if size is None else size)
    wax = np.exp(sheet.smooth(1.5, 0.35))
    spectrum = Spectrum(low_hz=edges[0], high_hz=edges[1], steepness=2.5)
    sheet.add_noise(sheet.source(peak), spectrum, gate * wax * rms)
    near = normalise(site_patch(rng, site, 1, tilt=0.6, spread=0.7))
    sheet.add_noise(sheet.source(near), spectrum, gate * wax * rms * rng.uniform(0.3, 0.7))
    side, regions = describe(peak)
    sheet.truth.append(
        Episode("focal_slowing", gate, min_share=0.2, side=side, regions=regions, frequency=edges,
                amplitude=4 * rms * gate, floor=5.5 * np.asarray(sheet.background_uv))
    )  # fmt: skip


def asymmetry(sheet: Sheet, side: str, ratio: float) -> None:
    """The hemisphere of `side` weaker by `ratio` in all its activity."""
    sign = -1.0 if side == "left" else 1.0
    from .head import site_positions

    across = np.clip(sign * site_positions()[:, 0] / 0.35, 0.0, 1.0)
    sheet.device["hemispheres"] = (1 - (1 - ratio) * across).astype(np.float32)
    sheet.truth.append(Episode("asymmetry", np.ones(sheet.n_ctrl), side=side))


def interruptions(
    sheet: Sheet,
    gate: np.ndarray,
    *,
    share: float,
    mean_quiet_s: float,
    depth_uv: float,
    burst_min_s: float = 0.5,
) -> tuple[np.ndarray, np.ndarray]:
    """Quiet stretches over a share of the record.

    Returns:
        The gate of quiet, 0 to 1, and the factor by which ongoing sources have to be multiplied so
        that their RMS is `depth_uv` while it is quiet.
    """
    mean_active = max(burst_min_s, mean_quiet_s * (1 - share) / share)
    quiet = sheet.gate(sheet.runs(mean_quiet_s, mean_active, min_on_s=0.7), 0.25) * (gate > 0.5)
    base = np.asarray(sheet.background_uv, float)
    return quiet, 1 - quiet * (1 - np.minimum(1.0, depth_uv / base))


def damp(sheet: Sheet, factor: np.ndarray) -> None:
    """Multiply everything scripted so far (and the background level) by a curve over time."""
    sheet.noise = [(s, spectrum, rms * factor.astype(np.float32)) for s, spectrum, rms in sheet.noise]
    sheet.rhythms = [(s, f, w * factor.astype(np.float32), h) for s, f, w, h in sheet.rhythms]


def suppression(sheet: Sheet, gate: np.ndarray, *, share: float) -> None:
    """Burst suppression or a discontinuous record with suppression below 10 uV."""
    rng = sheet.rng
    depth = rng.uniform(0.5, 1.7)
    mean_quiet = rng.uniform(2.0, 7.0) if share >= 0.5 else rng.uniform(1.2, 3.5)
    quiet, factor = interruptions(sheet, gate, share=share, mean_quiet_s=mean_quiet, depth_uv=depth)
    damp(sheet, factor)
    active = (1 - quiet) * (gate > 0.5)
    if share >= 0.5:
        _bursts(sheet, active)
    for finding, low, high in (
        ("burst_suppression", 0.5, 0.985),
        ("discontinuity", 0.1, 0.499),
        ("extreme_low_voltage", 0.985, 1.0),
    ):
        sheet.truth.append(Episode(finding, quiet, min_share=low, max_share=high))


def _bursts(sheet: Sheet, active: np.ndarray) -> None:
    """Content of bursts: mixed slow activity and irregular sharp waves, each burst of its own size."""
    rng = sheet.rng
    size = rng.uniform(6, 28)
    edges = np.flatnonzero(np.diff((active > 0.5).astype(int)) > 0)
    gain = np.ones(sheet.n_ctrl)
    for first, last in zip(edges, [*edges[1:], sheet.n_ctrl], strict=True):
        gain[first:last] = rng.lognormal(0, 0.35)
    slow_layer(sheet, active * gain * size, 0.8, rng.uniform(3, 6), n_sources=6)
    slow_layer(sheet, active * gain * size * rng.uniform(0.3, 0.8), 4.0, rng.uniform(8, 14), n_sources=4)
    times = sheet.poisson(rng.uniform(0.5, 3.0), active, 0.1)
    source = sheet.source(generalized(rng))
    amplitude = rng.lognormal(0, 0.5, len(times)) * size * 4 * rng.choice([-1, 1], len(times), p=[0.75, 0.25])
    sheet.add_lobes(
        source, times, 0, amplitude, rng.uniform(0.015, 0.04, len(times)), rng.uniform(0.02, 0.06, len(times))
    )


def brief_attenuation(sheet: Sheet, gate: np.ndarray) -> None:
    """Stretches of less than half the amplitude, but not suppressed."""
    rng = sheet.rng
    share = rng.uniform(0.12, 0.4)
    base = level_uv(sheet)
    depth = np.clip(base * rng.uniform(0.22, 0.42), 2.7, max(2.7, 0.45 * base))
    quiet, factor = interruptions(
        sheet, gate, share=share, mean_quiet_s=rng.uniform(0.8, 2.5), depth_uv=depth
    )
    damp(sheet, factor)
    sheet.truth.append(Episode("brief_attenuation", quiet, min_share=0.06, max_share=0.5))
    sheet.truth.append(Episode("discontinuity", quiet, min_share=0.1, max_share=0.499))


# --- sporadic discharges -----------------------------------------------------------------------


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
    size = max(45.0, level_uv(sheet) * rng.uniform(8.0, 20.0)) * rng.lognormal(0, 0.22, len(times))
    width = rng.uniform(0.03, 0.065) if rng.random() < 0.5 else rng.uniform(0.07, 0.13)
    source = sheet.source(scalp_map)
    spike_lobes(sheet, source, times, size, width_s=width, wave=rng.uniform(0.15, 0.6))
    side, regions = ("bilateral", ("generalized",)) if general else describe(scalp_map)
    sheet.truth.append(Episode("spikes", times=times, side=side, regions=regions))


def polyspikes(sheet: Sheet, gate: np.ndarray, *, site: str | None = None) -> None:
    """Groups of three to seven spikes, usually before a slow wave."""
    rng = sheet.rng
    general = site is None and rng.random() < 0.7
    scalp_map = generalized(rng) if general else lateralized(rng, site or focus(rng), 2)
    source = sheet.source(scalp_map)
    times = sheet.poisson(rng.uniform(0.12, 0.4), gate, 1.0)
    size = max(50.0, level_uv(sheet) * rng.uniform(8, 18))
    for time in times:
        n = int(rng.integers(3, 8))
        steps = time + np.cumsum(rng.uniform(0.05, 0.09, n))
        spike_lobes(sheet, source, steps[:-1], size * rng.uniform(0.6, 1.15, n - 1), width_s=0.03, wave=0.0)
        spike_lobes(sheet, source, steps[-1:], size, width_s=0.04, wave=rng.uniform(0.3, 0.9))
    side, regions = ("bilateral", ("generalized",)) if general else describe(scalp_map)
    sheet.truth.append(Episode("polyspikes", times=times, side=side, regions=regions))


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
    size = size or max(60.0, level_uv(sheet) * rng.uniform(7, 16))
    every = []
    for start, stop in intervals:
        now = start
        while now < stop:
            every.append(now)
            now += rng.uniform(0.94, 1.06) / float(sheet.at(frequency, now))
    times = np.array(every)
    if len(times):
        period = 1.0 / sheet.at(frequency, times)
        grow = size * rng.lognormal(0, 0.12, len(times))
        spike_lobes(
            sheet,
            spike_source,
            times,
            grow * rng.uniform(0.5, 0.9),
            width_s=rng.uniform(0.035, 0.06),
            wave=0.0,
        )
        sheet.add_lobes(wave_source, times, 0.5 * period, -0.75 * grow, 0.17 * period, 0.2 * period)
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
        )
    )
    return gate


# --- periodic ----------------------------------------------------------------------------------


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
) -> None:
    """Periodic discharges of a given build at given times, over one or more sources with delays.

    Kinds: sharp (spike or sharp wave), biphasic, triphasic, blunt, complex (poly-sharp).
    """
    rng = sheet.rng
    n = len(times)
    width = {"sharp": rng.uniform(0.05, 0.11), "biphasic": rng.uniform(0.07, 0.16), "triphasic": rng.uniform(0.1, 0.17),
             "blunt": rng.uniform(0.14, 0.26), "complex": rng.uniform(0.06, 0.12)}[kind]  # fmt: skip
    first, third = rng.uniform(0.1, 0.45), rng.uniform(0.35, 0.85)
    for k, scalp_map in enumerate(maps):
        source = sheet.source(scalp_map)
        delay = 0.0 if k == 0 else rng.uniform(0.0, 0.06)
        share = 1.0 if k == 0 else rng.uniform(0.3, 0.8)
        at = times + delay + 0.012 * rng.standard_normal(n)
        size = share * size_uv * rng.lognormal(0, 0.12, n)
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
    relative = np.exp(rng.uniform(np.log(6.0), np.log(26.0))) if size is None else size
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
        discharges(sheet, maps, times, sizes, build)
        return times

    visible = {"min_share": 0.4, "min_events": 3, "amplitude": size_uv * slow_size, "floor": 4.5 * level}
    if kind == "gpd":
        maps = [generalized(rng), generalized(rng)]
        times = one(maps, frequency)
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
            maps.append(lateralized(rng, focus(rng, "left" if int(site[-1]) % 2 else "right"), 2))
        times = one(maps, frequency)
        sheet.truth.append(
            Episode("lpd", gate, times=times, frequency=frequency, side=side, regions=regions, **visible)
        )
        return site
    other = np.clip(frequency * rng.choice([rng.uniform(0.6, 0.85), rng.uniform(1.15, 1.5)]), 0.25, 2.5)
    left = one([lateralized(rng, focus(rng, "left"), int(rng.integers(1, 3)))], frequency)
    build = str(rng.choice(shapes[:2] + shapes[3:]))
    right = one([lateralized(rng, focus(rng, "right"), int(rng.integers(1, 3)))], other)
    slower, faster = np.minimum(frequency, other), np.maximum(frequency, other)
    times = left if len(left) < len(right) else right
    span = (float(np.median(slower)), float(np.median(faster)))
    sheet.truth.append(Episode("bipd", gate, times=times, frequency=span, side="bilateral", **visible))
    return None


# --- rhythmic ----------------------------------------------------------------------------------


def rhythmic_delta(sheet: Sheet, gate: np.ndarray, kind: str, *, site: str | None = None) -> None:
    """LRDA or GRDA: unstable rhythmic delta in runs of at least six cycles."""
    rng = sheet.rng
    rate = rng.uniform(0.8, 3.0)
    frequency = np.clip(rate * np.exp(sheet.smooth(4.0, rng.uniform(0.04, 0.12))), 0.5, 3.9)
    size = float(np.clip(level_uv(sheet) * rng.uniform(8.0, 18.0), 28, 220))
    if rng.random() < 0.55:
        runs = sheet.gate(
            sheet.runs(max(8 / rate, rng.uniform(4, 12)), rng.uniform(1.5, 6), min_on_s=6.5 / rate), 0.6
        )
        gate = gate * runs
    harmonics = (rng.uniform(0.0, 0.4), rng.uniform(0, 0.12), rng.uniform(0, 6.3))
    if kind == "grda":
        maps, side, regions = (
            [generalized(rng, rng.uniform(0.5, 0.85)), generalized(rng)],
            "bilateral",
            ("generalized",),
        )
    else:
        maps = [lateralized(rng, site or focus(rng), int(rng.integers(1, 4)))]
        side, regions = describe(maps[0])
    shared = sheet.wandering(rng.uniform(0.08, 0.2), rng.uniform(0.45, 0.85))
    modulation = np.clip(np.abs(shared), 0.35, 1.9) / np.maximum(np.abs(shared), 1e-6)
    shared = shared * modulation
    for k, scalp_map in enumerate(maps):
        own = shared if k == 0 else shared * np.exp(1j * rng.uniform(-0.7, 0.7)) * rng.uniform(0.3, 0.8)
        sheet.add_rhythm(sheet.source(scalp_map), frequency, gate * size, envelope=own, harmonics=harmonics)
    sheet.truth.append(
        Episode(kind, gate, min_share=0.35, side=side, regions=regions, frequency=frequency,
                amplitude=size * gate * np.abs(shared), floor=5.0 * np.asarray(sheet.background_uv))
    )  # fmt: skip


def delta_brush(sheet: Sheet, gate: np.ndarray) -> None:
    """Extreme delta brush: nearly continuous delta waves with beta riding on each."""
    rng = sheet.rng
    frequency = np.clip(rng.uniform(0.9, 2.6) * np.exp(sheet.smooth(3.0, 0.15)), 0.6, 3.5)
    envelope = sheet.wandering(0.3, rng.uniform(0.2, 0.7))
    size = float(np.clip(level_uv(sheet) * rng.uniform(9, 18), 45, 200))
    phase = np.cumsum(frequency) * (2 * np.pi / 10.0) + np.angle(envelope)
    riding = (0.15 + 0.85 * (0.5 + 0.5 * np.cos(phase + rng.uniform(-0.6, 0.6)))) ** 1.5 * np.exp(
        sheet.smooth(0.5, 0.35)
    )
    fast_hz = rng.uniform(17, 27)
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
        ride = gate * riding * size * rng.uniform(0.16, 0.32)
        sheet.add_rhythm(source, fast_hz * rng.uniform(0.93, 1.07), ride, bandwidth_hz=2.0, steadiness=0.0)
    sheet.truth.append(Episode("extreme_delta_brush", gate, min_share=0.4))


# --- hard negatives ----------------------------------------------------------------------------


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
            level_uv(sheet)
            * rng.uniform(1.5, 5.0)
            * rng.lognormal(0, 0.25, len(times))
            * rng.choice([-1, 1], len(times))
        )
        sheet.add_lobes(source, times, 0, size, rng.uniform(0.02, 0.09), rng.uniform(0.02, 0.12))


def mirrored_focus(site: str) -> str:
    """The site on the other side."""
    values = np.zeros(19)
    values[SITES_1020.index(site)] = 1.0
    return SITES_1020[int(np.argmax(mirrored(values)))]
