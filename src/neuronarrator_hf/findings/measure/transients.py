"""Epileptiform findings made of sharp transients: spikes and sharp waves, spike-and-wave, polyspikes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...signal.montage import SITES_1020, site_region, site_side
from .block import SiteBlock, masked_median, median
from .component import main_component
from .result import Judgement
from .rhythmic import measure_rhythmicity, phase_locking
from .sharp import MIN_CRITERIA, SharpEvents, Transients

SPIKE_Z = 8.5
"""Times the background behind its filter from which a member of a run is sharp."""
POLYSPIKE = 3
"""Spikes of a group: alpha and muscle make two beside each other by chance."""
IN_GROUP = 0.3
"""What a spike among others may lack of clarity."""
HEARTBEAT_SCATTER = 0.12
"""Upper quartile of how far intervals are from multiples of one interval; less scatter is heart or train."""
MAX_MISSED = 2
SHORTEST_BEAT_S = 0.25
"""Shorter intervals are those within a group of spikes."""
LOCKING = 0.16
RUN_UV = 14.0
FOLLOWED, ONE_FIELD, FIELD_UV = 0.3, 0.62, 10.0
"""Locking of what is sharp to the slow waves, share of their power in one field, and its mean amplitude."""


def judge_transients(
    block: SiteBlock,
    events: SharpEvents,
    periodic_margin: np.ndarray,
    muscle_uv: np.ndarray,
) -> tuple[list[Judgement], dict[str, np.ndarray]]:
    """Spikes or sharp waves, spike-and-wave complexes and polyspikes.

    Args:
        block: The windows.
        events: What `find_transients` found in them.
        periodic_margin: `(n_windows,)` margin of periodic discharges: a train is no series of single spikes.
        muscle_uv: `(n_windows,)` amplitude of muscle.
    """
    transients, spiky = events.all, events.spikes
    n_met = np.array([(t.criteria >= MIN_CRITERIA).sum() for t in transients], float)
    best = np.array([_strength(t) for t in transients])
    sharpest = np.array([_sharpness(t) for t in spiky])
    muscle = 3.0 * np.log2(25.0 / np.maximum(muscle_uv, 1.0))
    margin = np.minimum(best, muscle)
    regular = np.array([_is_regular(t) for t in transients])
    margin = np.where((periodic_margin > 0) | regular, np.minimum(margin, -0.3), margin)
    waves, wave_rate = _complexes(spiky)
    run, locking, run_hz = _spike_wave_runs(block, events.spikiness)
    counted = np.min(
        [
            sharpest,
            muscle,
            np.where(waves >= 3, 0.5 * (waves - 2.5), -2.0),
            12.0 * (locking - LOCKING + 0.04),
        ],
        axis=0,
    )
    counted = np.where(regular, np.minimum(counted, -0.3), counted)
    complex_margin = np.maximum(counted, np.minimum(run, muscle + 1.0))
    wave_rate = np.where(run > counted, run_hz, wave_rate)
    groups = np.array([_polyspikes(t) for t in spiky])
    poly_margin = np.minimum(groups[:, 0], muscle + 0.5)
    poly_margin = np.where(regular, np.minimum(poly_margin, -0.3), poly_margin)
    margin = np.maximum(margin, poly_margin)  # a polyspike is made of spikes
    side, regions = [], []
    for t in transients:
        sites = [SITES_1020[i] for i in t.sites[_clearest(t)]]
        names = [site_side(s) for s in sites]
        leading = commonest(names)
        if leading in ("left", "right") and min(names.count("left"), names.count("right")) > 0.4 * len(names):
            leading = "bilateral"
        side.append(leading)
        region = commonest([site_region(s) for s in sites])
        regions.append(() if region is None else (region,))
    assessed = (block.site_mask.sum(axis=1) >= 10) & (block.duration_s >= 2.0)
    evidence = {"transients_meeting_4_criteria": n_met, "spike_margin": best}
    common: dict[str, Any] = {
        "assessed": assessed,
        "where": "average reference, 1-40 Hz, behind minimum-variance filters",
        "side": side,
        "regions": regions,
    }
    return [
        Judgement(
            "spikes",
            margin,
            alternatives=[_other_places(t, s, r) for t, s, r in zip(transients, side, regions, strict=True)],
            bound="IFCN criteria, 50 uV (65 uV if it is brief), clear of the background behind the filter of"
            " its field, on two sites and more, not the field of eyes or vertex",
            evidence=evidence,
            **common,
        ),
        Judgement(
            "spike_and_wave",
            complex_margin,
            bound="three spikes with a slow wave each, or a run of 2-5 Hz with spikes locked to it (0.16, or"
            " 0.3 behind the filters where the waves have one field)",
            evidence={"spike_wave_complexes": waves},
            frequency_hz=wave_rate,
            **common,
        ),
        Judgement(
            "polyspikes",
            poly_margin,
            bound="three spikes or more, each within 30-150 ms of the next, one of them clear",
            evidence={"polyspike_members": groups[:, 1]},
            **common,
        ),
    ], {**evidence, "spike_wave_complexes": waves}


def commonest(names: Sequence[str]) -> str | None:
    """The name that occurs most often, of equals the first in the alphabet: the same in every process."""
    return max(sorted(set(names)), key=list(names).count) if names else None


def _other_places(t: Transients, side: str | None, regions: tuple[str, ...]) -> tuple[dict[str, Any], ...]:
    """Where else a clear transient is largest."""
    clear = (t.criteria >= MIN_CRITERIA) & (t.clarity > 0)
    sites = {SITES_1020[i] for i in t.sites[clear]}
    places = {(site_side(s), site_region(s)) for s in sites} - {(side, region) for region in regions}
    return tuple({"side": own, "regions": (region,)} for own, region in sorted(places))


def _clearest(t: Transients) -> np.ndarray:
    """`(n_events,)` bool: those that are told, or the nearest to it where none is; others say no place."""
    score = t.score()
    return np.asarray(score >= min(0.0, score.max(initial=-np.inf)))


def _strength(t: Transients) -> float:
    """The clearest transient, as far as it meets the criteria."""
    if not len(t.z):
        return -2.0
    return float(np.clip(t.score().max(), -2.0, None))


def _sharpness(t: Transients) -> float:
    """The sharpest transient that meets the criteria, alone or one of many."""
    met = t.criteria >= MIN_CRITERIA
    return float(1.5 * np.log2(t.z[met].max() / SPIKE_Z)) if met.any() else -2.0


def _is_regular(t: Transients) -> bool:
    """Whether five or more transients come at multiples of one interval."""
    times = t.times_s[t.criteria >= MIN_CRITERIA - 1]
    if len(times) < 5:
        return False
    intervals = np.diff(times)
    typical = median(intervals)
    if typical < SHORTEST_BEAT_S:
        return False
    multiple = np.clip(np.round(intervals / typical), 1, MAX_MISSED + 1)
    return bool(np.quantile(np.abs(intervals / typical - multiple), 0.75) < HEARTBEAT_SCATTER)


def _spike_wave_runs(block: SiteBlock, spikiness: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Runs of 2-5 Hz waves with a spike at the same phase of each: margin, locking and rate in Hz.

    Fast activity follows the waves in most derivations; or, where a posterior rhythm is most of the fast
    activity there, what is sharp behind the filters of patches does, and the waves are one field.
    """
    slow, slow_sites = block.band(2.0, 5.0), block.band(2.0, 5.0, "average")
    mask = block.bipolar_mask
    locking = masked_median(phase_locking(slow, block.band(10.0, 40.0), 0.08), mask)
    rhythm = measure_rhythmicity(block.band(1.5, 12.0), mask, (1.5, 12.0), (2.2, 5.0))
    amplitude = 2.83 * np.sqrt(masked_median((slow**2).mean(axis=-1), mask))
    margin = np.minimum(12.0 * (locking - LOCKING), 3.0 * np.log2(np.maximum(amplitude, 1e-3) / RUN_UV))
    followed = masked_median(phase_locking(slow_sites, spikiness[:, None], 0.08), block.site_mask)
    wave, share = main_component(slow_sites, block.site_mask)
    height = 2.83 * np.sqrt((wave**2).mean(axis=-1) / np.maximum(block.site_mask.sum(axis=1), 1))
    of_one_field = np.min(
        [
            12.0 * (followed - FOLLOWED),
            12.0 * (share - ONE_FIELD),
            3.0 * np.log2(np.maximum(height, 1e-3) / FIELD_UV),
        ],
        axis=0,
    )
    return np.maximum(margin, of_one_field), locking, rhythm.frequency_hz


def _complexes(transients: list[Transients]) -> tuple[np.ndarray, np.ndarray]:
    """Number of spikes followed by a slow wave and by the next within a second, and their rate."""
    counts, rates = [], []
    for t in transients:
        intervals = np.diff(t.times_s[(t.criteria >= MIN_CRITERIA) & t.after_wave])
        intervals = intervals[(intervals > 0.18) & (intervals < 1.0)]
        counts.append(float(len(intervals) + 1 if len(intervals) else 0))
        rates.append(1 / median(intervals) if len(intervals) else np.nan)
    return np.array(counts), np.array(rates)


def _polyspikes(t: Transients) -> tuple[float, float]:
    """Margin of the clearest group of spikes, and the number of its members."""
    group = (t.members >= POLYSPIKE) & (t.criteria >= MIN_CRITERIA)
    if not group.any():
        return -2.0, 0.0
    best = np.where(group, t.clarity, -np.inf).argmax()
    return max(float(t.clarity[best]) + IN_GROUP, -2.0), float(t.members[best])
