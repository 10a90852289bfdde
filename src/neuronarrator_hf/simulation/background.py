"""The background of wakefulness and sleep: 1/f activity, normal rhythms and graphoelements of sleep."""

from __future__ import annotations

import numpy as np

from ..signal.montage import SITES_1020
from .maps import bipolar, deep, electrode, generalized, hemisphere, mirrored, normalise, site_patch
from .sheet import Episode, Sheet, Spectrum


def aperiodic(
    sheet: Sheet,
    rms_uv: np.ndarray | float,
    *,
    exponent: float,
    knee_hz: float,
    fast_uv: float,
    broad: float = 0.45,
    alone: float = 1.6,
) -> None:
    """The 1/f background: one local source under each site and a few broad ones.

    Args:
        sheet: The recording.
        rms_uv: Median RMS of the longitudinal bipolar derivations over time.
        exponent: Slope of the power spectrum.
        knee_hz: Its knee.
        fast_uv: RMS of the tone of scalp muscles above 20 Hz.
        broad: Amplitude of the broad sources relative to the local ones.
        alone: Activity of single electrodes that their neighbours do not share, relative to the local one.
    """
    rng = sheet.rng
    level = np.broadcast_to(np.asarray(rms_uv, float), (sheet.n_ctrl,))
    mean = float(np.mean(level))
    posterior = rng.uniform(-0.35, 0.35)
    local, weights = [], []
    alone *= rng.uniform(0.0, 2.0) ** 1.5 * max(0.15, 1.0 - 1.3 * broad)
    for site in SITES_1020:
        scalp_map = site_patch(rng, site, int(rng.integers(0, 2)), tilt=0.5, spread=0.5)
        local.append(sheet.source(scalp_map + alone * electrode(site)))
        front = 1.0 if site.startswith("F") else -1.0 if site[0] in "PO" else 0.0
        temporal = 0.85 if site[0] == "T" or site in ("F7", "F8", "P7", "P8") else 1.0
        weights.append(temporal * np.exp(posterior * front + 0.22 * rng.standard_normal()))
    wide = [sheet.source(deep(rng) if rng.random() < 0.3 else generalized_or_site(rng)) for _ in range(6)]
    wide_weights = [broad * rng.lognormal(0, 0.3) * 1.4 for _ in wide]
    scale = 1.0 / sheet.bipolar_rms(local + wide, weights + wide_weights)
    spectrum = Spectrum(exponent=exponent, knee_hz=knee_hz, fast=min(1.5, fast_uv / max(mean, 0.3)))
    slower = Spectrum(exponent=exponent + rng.uniform(0.5, 1.5), knee_hz=knee_hz)
    wax = np.exp(sheet.smooth(rng.uniform(0.4, 3.0), rng.uniform(0.05, 0.35)))
    level = level * wax / np.sqrt(np.mean(wax**2))
    for source, weight in zip(local, weights, strict=True):
        sheet.add_noise(source, spectrum, level * (scale * weight))
    for source, weight in zip(wide, wide_weights, strict=True):
        sheet.add_noise(source, slower, level * (scale * weight))
    sheet.background_uv = np.full(sheet.n_ctrl, mean)
    sheet.level_uv = mean


def generalized_or_site(rng: np.random.Generator) -> np.ndarray:
    """A broad map: bilateral or the largest patch somewhere."""
    if rng.random() < 0.12:
        return generalized(rng)
    return site_patch(rng, SITES_1020[rng.integers(19)], 3, tilt=0.6)


def posterior_rhythm(
    sheet: Sheet,
    frequency: float,
    peak_to_peak_uv: float,
    gate: np.ndarray,
    *,
    weak_side: str | None = None,
    ratio: float = 0.4,
    stated: bool = True,
) -> None:
    """The posterior dominant rhythm: waxing and waning, one source a side.

    The amplitude stated is the peak to peak (`2 sqrt 2` RMS) in the larger of P3-O1 and P4-O2.
    """
    rng = sheet.rng
    drift = frequency + sheet.smooth(15.0, 0.12)
    steady = rng.uniform(0.15, 0.5)
    bandwidth = rng.uniform(0.25, 0.6)
    shared = sheet.wandering(bandwidth, steady)
    common = rng.uniform(0.3, 0.8)
    size = int(rng.integers(0, 2))
    left = site_patch(rng, "O1", size, tilt=0.2, spread=0.1)
    second = "P3" if rng.random() < 0.6 else "P7"
    left = normalise(left + rng.uniform(0.0, 0.35) * site_patch(rng, second, size, tilt=0.2, spread=0.15))
    maps = {"left": left, "right": mirrored(left)}
    hemispheres = sheet.device.get("hemispheres", np.ones(19))
    gains, envelopes = {}, {}
    for side in maps:
        envelope = np.sqrt(common) * shared + np.sqrt(1 - common) * sheet.wandering(bandwidth, steady)
        envelopes[side] = envelope / np.sqrt(np.mean(np.abs(envelope) ** 2))
        natural = rng.uniform(0.85, 1.15) * (1.08 if side == "right" else 1.0)
        gains[side] = natural * (ratio if side == weak_side else 1.0)
    seen = {
        side: np.abs(sum((bipolar()[row] @ maps[s]) * gains[s] * envelopes[s] for s in maps))
        for side, row in (("left", 7), ("right", 13))
    }
    largest = max(float(np.sqrt(np.mean(v**2))) for v in seen.values())
    size_uv = peak_to_peak_uv / max(largest, 0.5 * max(gains.values()))
    for side in maps:
        sheet.add_rhythm(
            sheet.source(maps[side]),
            drift,
            gains[side] * size_uv * gate,
            envelope=envelopes[side],
            harmonics=(rng.uniform(0, 0.2), 0.0, rng.uniform(0, 6.3)),
        )
    worn = {"left": hemispheres[17], "right": hemispheres[18]}
    peak = {side: size_uv * worn[side] * seen[side] * gate for side in maps}
    if not stated:
        return
    sheet.ongoing_uv = max(sheet.ongoing_uv, peak_to_peak_uv)
    balance = peak["left"].mean() / max(peak["right"].mean(), 1e-9)
    best = "left" if balance > 1 else "right"
    sheet.truth.append(
        Episode(
            "posterior_dominant_rhythm",
            gate,
            min_share=0.25,
            side="bilateral" if 0.55 < balance < 1.8 else best,
            frequency=drift,
            amplitude=peak[best],
            floor=1.2 * np.asarray(sheet.background_uv) * hemispheres[17 if best == "left" else 18],
            derivation="P3-O1 or P4-O2, the larger; 2 sqrt 2 RMS",
        )
    )


def slow_layer(
    sheet: Sheet,
    rms_uv: np.ndarray,
    low_hz: float,
    high_hz: float,
    *,
    n_sources: int = 7,
    frontal: bool = False,
) -> list[int]:
    """Polymorphic slow activity over the whole head: several independent sources of one band.

    Returns:
        The sources.
    """
    rng = sheet.rng
    maps = [
        site_patch(rng, site, int(rng.integers(1, 3)), tilt=0.4)
        for site in rng.permutation(["F3", "F4", "C3", "C4", "P3", "P4", "T7", "T8", "O1", "O2", "Fz"])[
            : n_sources - 2
        ]
    ]
    maps.append(generalized(rng, 0.75 if frontal else None))
    maps.append(hemisphere(rng, "left" if rng.random() < 0.5 else "right"))
    sources = [sheet.source(m) for m in maps]
    weights = [rng.lognormal(0, 0.25) for _ in sources]
    scale = 1.0 / sheet.bipolar_rms(sources, weights)
    spectrum = Spectrum(low_hz=low_hz, high_hz=high_hz, steepness=rng.uniform(1.5, 3.0))
    for source, weight in zip(sources, weights, strict=True):
        wax = np.exp(sheet.smooth(2.5, 0.3))
        sheet.add_noise(source, spectrum, rms_uv * wax * (weight * scale))
    return sources


def beta(sheet: Sheet, gate: np.ndarray, peak_to_peak_uv: float, frequency: float) -> None:
    """Prominent frontal beta activity, as sedatives bring it."""
    rng = sheet.rng
    for site in ("F3", "F4"):
        source = sheet.source(site_patch(rng, site, int(rng.integers(2, 4))))
        sheet.add_rhythm(source, frequency, gate * peak_to_peak_uv, bandwidth_hz=1.8, steadiness=0.0)
    source = sheet.source(generalized(rng, 0.6))
    sheet.add_rhythm(source, frequency + 1.0, gate * peak_to_peak_uv * 0.5, bandwidth_hz=1.8, steadiness=0.0)
    sheet.truth.append(
        Episode(
            "beta_activity",
            gate,
            min_share=0.3,
            regions=("frontal",),
            frequency=float(frequency),
            amplitude=float(peak_to_peak_uv),
            floor=1.2 * np.asarray(sheet.background_uv),
        )
    )


def low_beta(sheet: Sheet, rms_uv: float) -> None:
    """The beta of little amplitude that nearly every adult has, over wide fields: not in the truth."""
    rng = sheet.rng
    edges = rng.uniform(13, 17), rng.uniform(22, 32)
    spectrum = Spectrum(low_hz=edges[0], high_hz=edges[1], steepness=1.5)
    wax = np.exp(sheet.smooth(0.5, 0.35))
    sheet.add_noise(sheet.source(generalized(rng, rng.uniform(0.2, 0.7))), spectrum, rms_uv * wax)


def mu(sheet: Sheet, gate: np.ndarray, frequency: float, peak_to_peak_uv: float, side: str) -> None:
    """Arch-shaped central rhythm."""
    rng = sheet.rng
    envelopes = np.clip(sheet.smooth(1.0) + 0.8, 0.0, None)
    gate = gate * np.minimum(envelopes, 1.0)
    for site, name in (("C3", "left"), ("C4", "right")):
        if side in ("bilateral", name):
            source = sheet.source(site_patch(rng, site, 1))
            sheet.add_rhythm(
                source,
                frequency,
                gate * peak_to_peak_uv,
                bandwidth_hz=0.4,
                steadiness=0.4,
                harmonics=(0.35, 0.12, 1.57),
            )
    sheet.truth.append(
        Episode(
            "mu_rhythm",
            gate,
            min_share=0.3,
            side=side,
            frequency=float(frequency),
            amplitude=peak_to_peak_uv * gate,
            floor=1.8 * np.asarray(sheet.background_uv),
        )
    )


def spindles(sheet: Sheet, rate_hz: float, gate: np.ndarray) -> None:
    """Sleep spindles: 0.5-2 s of 11.5-15 Hz over the vertex and both central regions."""
    rng = sheet.rng
    frequency = rng.uniform(12.0, 14.8)
    times = sheet.poisson(rate_hz, gate, 2.0)
    times = times if len(times) else sheet.poisson(rate_hz * 3, gate, 2.0)
    lengths = rng.uniform(0.6, 1.6, len(times))
    size = rng.uniform(2.5, 5.5) * sheet.level_uv + 10
    envelope = np.zeros(sheet.n_ctrl)
    for time, length in zip(times, lengths, strict=True):
        shape = np.exp(-0.5 * ((sheet.t - time) / (length / 2.6)) ** 2)
        envelope = np.maximum(envelope, shape * rng.uniform(0.75, 1.25))
    for pair in (("C3", "C4"), ("F3", "F4")):
        vertex = rng.uniform(0.2, 0.8) * site_patch(rng, "Cz", 2, tilt=0.1)
        scalp_map = normalise(vertex + sum(site_patch(rng, site, 2, tilt=0.1) for site in pair))
        source = sheet.source(scalp_map)
        sheet.add_rhythm(
            source,
            frequency + sheet.smooth(2, 0.2),
            envelope * size * 0.75,
            bandwidth_hz=0.2,
            steadiness=0.85,
        )
    sheet.truth.append(Episode("sleep_spindles", times=times, frequency=float(frequency)))


def k_complexes(sheet: Sheet, rate_hz: float, gate: np.ndarray) -> None:
    """K-complexes: a sharp negative, then a slower positive wave, frontally maximal."""
    rng = sheet.rng
    times = sheet.poisson(rate_hz, gate, 3.0)
    source = sheet.source(generalized(rng, rng.uniform(0.65, 0.85)))
    size = np.maximum(rng.uniform(55, 150), 7.0 * float(np.mean(sheet.background_uv))) * rng.uniform(
        0.7, 1.3, len(times)
    )
    sheet.add_lobes(source, times, -0.04, 0.15 * size, 0.05, 0.04)
    sheet.add_lobes(source, times, 0.1, -0.55 * size, rng.uniform(0.055, 0.085), rng.uniform(0.07, 0.1))
    sheet.add_lobes(source, times, rng.uniform(0.4, 0.52), 0.45 * size, 0.13, 0.2)
    sheet.truth.append(Episode("k_complexes", times=times))


def vertex_waves(sheet: Sheet, rate_hz: float, gate: np.ndarray) -> None:
    """Vertex sharp waves, alone or in short trains."""
    rng = sheet.rng
    times = sheet.poisson(rate_hz, gate, 0.9)
    source = sheet.source(
        normalise(site_patch(rng, "Cz", 1, tilt=0.1, spread=0.1) + 0.2 * site_patch(rng, "Fz", 1, tilt=0.1))
    )
    size = max(rng.uniform(45, 130), 6.5 * float(np.mean(sheet.background_uv))) * rng.uniform(
        0.7, 1.3, len(times)
    )
    sheet.add_lobes(source, times, -0.09, 0.2 * size, 0.03, 0.03)
    sheet.add_lobes(source, times, 0.0, -0.75 * size, 0.035, rng.uniform(0.04, 0.06))
    sheet.add_lobes(source, times, 0.16, 0.3 * size, 0.06, 0.09)
    sheet.truth.append(Episode("vertex_waves", times=times))


def slow_waves(sheet: Sheet, gate: np.ndarray, peak_to_peak_uv: float) -> None:
    """Slow waves of deep sleep: frontally maximal delta of 0.5-2 Hz."""
    rng = sheet.rng
    wax = np.clip(1.0 + sheet.smooth(2.0, 0.3), 0.3, None)
    for frontal, share in ((0.85, 0.8), (0.6, 0.45), (0.3, 0.3)):
        source = sheet.source(generalized(rng, frontal))
        spectrum = Spectrum(low_hz=0.65, high_hz=rng.uniform(1.1, 1.7), steepness=3.0)
        sheet.add_noise(source, spectrum, gate * wax * (peak_to_peak_uv * share / 3.6))
    slow_layer(sheet, gate * peak_to_peak_uv / 12, 0.7, 2.5, n_sources=6)
    for finding in ("slow_wave_sleep", "n3_sleep"):
        sheet.truth.append(Episode(finding, gate, min_share=0.5))
