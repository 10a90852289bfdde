"""Abnormal background: slowing, asymmetry, attenuation, suppression."""

from __future__ import annotations

import numpy as np

from .background import slow_layer
from .head import site_positions
from .maps import describe, generalized, lateralized, normalise, site_patch
from .places import focus, level_uv
from .sheet import Episode, Sheet, Spectrum

_SLOW_CLEAR = 1.4
"""Slow activity is told from where it has twice the power of everything else in its band."""
_LEAST_SHARE = 0.05
"""Of the whole power of a derivation: below it, slow activity is lost in what is larger."""
_FOCAL_CLEAR = 2.5
"""A focus is told from where it is this many times the other activity of its band."""


def generalized_slowing(
    sheet: Sheet, gate: np.ndarray, rms_uv: np.ndarray | float, *, theta: float, delta: float
) -> None:
    """Theta and delta over the whole head; `theta` and `delta` are RMS relative to `rms_uv`."""
    rng = sheet.rng
    if theta > 0:
        centre = rng.uniform(4.8, 7.0)
        edges = (max(4.0, centre / 1.25), min(8.0, centre * 1.25))
        sources = slow_layer(sheet, gate * rms_uv * theta, *edges, n_sources=6)
        tell_generalized(sheet, "generalized_theta_slowing", gate, edges, sources)
    if delta > 0:
        centre = float(np.exp(rng.uniform(np.log(0.75), np.log(2.5))))
        edges = (max(0.5, centre / 1.45), min(4.0, centre * 1.45))
        sources = slow_layer(sheet, gate * rms_uv * delta, *edges, n_sources=7, frontal=rng.random() < 0.4)
        tell_generalized(sheet, "generalized_delta_slowing", gate, edges, sources)


def tell_generalized(
    sheet: Sheet, finding: str, gate: np.ndarray, edges: tuple[float, float], sources: list[int]
) -> None:
    """Write slow activity of the whole head into the truth."""
    sheet.truth.append(
        Episode(
            finding,
            gate,
            min_share=0.4,
            frequency=edges,
            made_of=(tuple(sources),),
            band_hz=edges,
            clear=_SLOW_CLEAR,
            least_share=_LEAST_SHARE,
            widespread=True,
        )
    )


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
    sources = (sheet.source(peak), sheet.source(normalise(site_patch(rng, site, 1, tilt=0.6, spread=0.7))))
    sheet.add_noise(sources[0], spectrum, gate * wax * rms)
    sheet.add_noise(sources[1], spectrum, gate * wax * rms * rng.uniform(0.3, 0.7))
    side, regions = describe(peak)
    sheet.truth.append(
        Episode(
            "focal_slowing",
            gate,
            min_share=0.2,
            side=side,
            regions=regions,
            frequency=edges,
            amplitude=4 * rms * gate,
            made_of=(sources,),
            band_hz=edges,
            clear=_FOCAL_CLEAR,
            least_share=_LEAST_SHARE,
        )
    )


def asymmetry(sheet: Sheet, side: str, ratio: float) -> None:
    """The hemisphere of `side` weaker by `ratio` in all its activity."""
    sign = -1.0 if side == "left" else 1.0

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


_ONGOING = (
    "generalized_theta_slowing",
    "generalized_delta_slowing",
    "focal_slowing",
    "beta_activity",
    "posterior_dominant_rhythm",
    "mu_rhythm",
)


def damp(sheet: Sheet, factor: np.ndarray) -> None:
    """Multiply everything scripted so far by a curve over time; what it hides is not in the truth."""
    scale = factor.astype(np.float32)
    sheet.noise = [(s, spectrum, rms * scale) for s, spectrum, rms in sheet.noise]
    sheet.rhythms = [(s, f, w * scale, h) for s, f, w, h in sheet.rhythms]
    sheet.background_uv = np.asarray(sheet.background_uv) * factor
    for episode in sheet.truth:
        if episode.finding in _ONGOING and episode.gate is not None:
            episode.gate = episode.gate * (factor > 0.5)


_STATES = ("eyes_open", "eyes_closed", "drowsy", "n1_sleep", "n2_sleep", "n3_sleep", "rem_sleep")
_INTERRUPTIONS = ("brief_attenuation", "discontinuity", "burst_suppression")


def cover(sheet: Sheet, gate: np.ndarray, *, states: bool = False) -> None:
    """Something large goes on while the gate is open: interruptions, and states, cannot be seen there."""
    hidden = (*_INTERRUPTIONS, *_STATES) if states else _INTERRUPTIONS
    for episode in sheet.truth:
        if episode.finding in hidden and episode.gate is not None:
            episode.gate = episode.gate * (gate < 0.5)


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
    size = float(np.exp(rng.uniform(np.log(4.5), np.log(24))))
    edges = np.flatnonzero(np.diff((active > 0.5).astype(int)) > 0)
    gain = np.ones(sheet.n_ctrl)
    for first in edges:
        gain[first:] = rng.lognormal(0, 0.35)
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
