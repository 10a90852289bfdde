"""Seizures that evolve in frequency, shape and field, and what they leave behind."""

from __future__ import annotations

import numpy as np

from .background import slow_layer
from .discharges import spike_lobes, spike_wave
from .maps import describe, generalized, lateralized, mirrored, normalise
from .places import focus, level_uv, side_of
from .sheet import Episode, Sheet
from .slowing import cover, damp, focal_slowing, tell_generalized


def seizure_times(sheet: Sheet) -> tuple[float, float]:
    """When it starts and stops: at least 12 s, as much of it as possible inside the recording."""
    rng = sheet.rng
    length = rng.uniform(14, 70)
    start = rng.uniform(-0.6 * length, max(0.0, sheet.duration_s - 9))
    return start, start + length


def seizure(sheet: Sheet) -> None:
    """A focal or a generalized seizure."""
    (focal_seizure if sheet.rng.random() < 0.63 else generalized_seizure)(sheet)


def focal_seizure(sheet: Sheet, *, site: str | None = None, times: tuple[float, float] | None = None) -> None:
    """A rhythm that starts in one place, changes in frequency and sharpness, and spreads."""
    rng = sheet.rng
    start, stop = times or seizure_times(sheet)
    site = site or focus(rng)
    onset_map = lateralized(rng, site, int(rng.integers(1, 3)))
    wide = normalise(onset_map + 0.8 * lateralized(rng, focus(rng, side_of(site)), 3))
    spread = normalise(wide + rng.uniform(0.2, 0.7) * mirrored(wide))
    along = np.clip((sheet.t - start) / (stop - start), 0, 1)
    first, last = _frequencies(rng)
    bend = rng.uniform(0.6, 1.6)
    frequency = first * (last / first) ** (along**bend) * np.exp(sheet.smooth(1.5, 0.06))
    peak = float(np.clip(level_uv(sheet) * np.exp(rng.uniform(np.log(10), np.log(34))), 50, 450))
    size = peak * np.clip(0.3 + 1.2 * along, 0, 1) * np.exp(sheet.smooth(1.0, 0.18))
    gate = sheet.gate([(start, stop)], 0.6)
    damp(sheet, 1 - rng.uniform(0.25, 0.75) * gate)
    cover(sheet, gate, states=True)
    envelope = sheet.wandering(0.25, rng.uniform(0.55, 0.9))
    sharp = (rng.uniform(0.15, 0.5), rng.uniform(0.05, 0.25), rng.uniform(1.0, 2.2))
    later = np.clip((along - rng.uniform(0.15, 0.5)) * 4, 0, 1)
    for scalp_map, share in (
        (onset_map, 1 - 0.5 * later),
        (wide, 0.8 * later),
        (spread, 0.5 * later**2 * (rng.random() < 0.7)),
    ):
        turned = envelope * np.exp(1j * rng.uniform(-0.8, 0.8))
        sheet.add_rhythm(
            sheet.source(scalp_map), frequency, gate * size * share, envelope=turned, harmonics=sharp
        )
    if rng.random() < 0.6:
        times, now = [], start
        while now < stop:
            times.append(now)
            now += rng.uniform(0.85, 1.15) / float(sheet.at(np.clip(frequency, 1.0, 5.0), now))
        times = np.array(times)
        times = times[sheet.at(along, times) > rng.uniform(0.2, 0.6)]
        spike_lobes(
            sheet,
            sheet.source(wide),
            times,
            0.6 * sheet.at(size, times),
            width_s=rng.uniform(0.04, 0.09),
            wave=0.2,
        )
    side, regions = describe(onset_map)
    sheet.truth.append(
        Episode(
            "electrographic_seizure",
            gate,
            min_share=0.3,
            side=side,
            regions=regions,
            frequency=frequency,
            single=False,
            amplitude=size,
            floor=4.0 * level_uv(sheet),
        )
    )
    _afterwards(sheet, stop, site)


def _frequencies(rng: np.random.Generator) -> tuple[float, float]:
    draw = rng.random()
    if draw < 0.6:
        return rng.uniform(5, 10), rng.uniform(1.5, 4)
    if draw < 0.85:
        return rng.uniform(2.0, 3.5), rng.uniform(4.5, 8)
    return rng.uniform(12, 18), rng.uniform(3, 6)


def generalized_seizure(sheet: Sheet) -> None:
    """Runs of spike-and-wave above 2.5 Hz, or a recruiting rhythm that slows and ends in clonic bursts."""
    rng = sheet.rng
    start, stop = seizure_times(sheet)
    gate = sheet.gate([(start, stop)], 0.5)
    damp(sheet, 1 - rng.uniform(0.4, 0.85) * gate)
    cover(sheet, gate, states=True)
    along = np.clip((sheet.t - start) / (stop - start), 0, 1)
    size = float(np.clip(level_uv(sheet) * np.exp(rng.uniform(np.log(11), np.log(36))), 70, 450))
    if rng.random() < 0.6:
        first = rng.uniform(2.9, 4.2)
        frequency = np.maximum(2.55, first - rng.uniform(0.1, 1.2) * along)
        spike_wave(sheet, [(start, stop)], frequency, size=size)
    else:
        frequency = rng.uniform(9, 13) * (rng.uniform(2.5, 4) / 11.0) ** along
        sharp = (rng.uniform(0.2, 0.5), rng.uniform(0.1, 0.3), rng.uniform(1.0, 2.2))
        envelope = sheet.wandering(0.3, 0.7)
        for frontal in (0.7, 0.4):
            weights = gate * size * (0.35 + 0.65 * along)
            sheet.add_rhythm(
                sheet.source(generalized(rng, frontal)),
                frequency,
                weights,
                envelope=envelope,
                harmonics=sharp,
            )
    sheet.truth.append(
        Episode(
            "electrographic_seizure",
            gate,
            min_share=0.3,
            side="bilateral",
            regions=("generalized",),
            frequency=frequency,
            single=False,
        )
    )
    _afterwards(sheet, stop, None)


def _afterwards(sheet: Sheet, stop: float, site: str | None) -> None:
    """Postictal attenuation of what was there before, and slowing."""
    rng = sheet.rng
    if stop >= sheet.duration_s - 3:
        return
    after = sheet.gate([(stop + 0.3, stop + rng.uniform(15, 60))], 1.5)
    level = np.asarray(sheet.background_uv, float)
    if site is not None and rng.random() < 0.6:
        focal_slowing(sheet, after, site=site, size=rng.uniform(2.0, 4.5))
        return
    rms = level * rng.uniform(1.0, 2.0)
    edges = (rng.uniform(0.7, 1.2), rng.uniform(2.0, 3.2))
    sources = slow_layer(sheet, after * rms, *edges)
    tell_generalized(sheet, "generalized_delta_slowing", after, edges, sources)
