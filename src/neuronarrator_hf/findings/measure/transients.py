"""Sharp transients: spikes and sharp waves, spike-and-wave, polyspikes, by counting IFCN criteria.

IFCN 2017 and Kural et al. 2020: (1) sharp or spiky, (2) duration unlike the background's waves,
(3) asymmetric slopes, (4) a slow after-wave, (5) background disrupted, (6) a plausible field.
At least four of six. (5) cannot be seen by a rule and is measured as standing out of its second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from scipy.ndimage import maximum_filter1d

from ...signal.montage import SITES_1020, electrode_positions, site_region, site_side
from .block import SLOW_SFREQ_HZ, SiteBlock, masked_median, median
from .periodic import Train
from .result import Judgement
from .rhythmic import measure_rhythmicity, phase_locking

MIN_HEIGHT_UV = 25.0
MIN_Z = 6.0
MIN_CRITERIA = 4
MIN_DURATION_S, MAX_DURATION_S = 0.02, 0.2
MAX_EVENTS = 60
SAME_S = 0.1
"""Time within which a spike and a sharp wave are the same transient."""
SPIKE_UV = 65.0
"""Height at which a transient is clear; the criteria name none, but smaller ones are where alpha, muscle and
wickets meet four criteria by chance."""
SHARP_WAVE_UV = 80.0
"""The same for a sharp wave, whose feet are farther away."""
SPIKE_Z = 8.5
SPIKE_USUAL = 3.0
"""Height over the 95th percentile of its site: not one of many."""
SPIKE_SITES = 5.5
"""Sites that may follow it: eyes, heart and movement are wider."""
SPIKE_OPPOSITE = 0.6
"""Largest opposite pole against the average; more is a dipole of the eyes or the heart."""
SPIKE_POLARITY = 0.4
"""Epileptiform discharges of the convexity are negative at the surface."""
AT_VERTEX = -0.5
"""Clarity to which a sharp wave that is largest at Cz is held."""
POLYSPIKE_UV = 60.0
POLYSPIKE_Z = 7.0
MEMBER_UV, MEMBER_CRITERIA = 45.0, 2
"""What the spike beside a clear one has to reach: those of a group differ in size and run into each other."""
POLYSPIKE_INTERVAL_S = (0.03, 0.15)
HEARTBEAT_SCATTER = 0.12
"""Upper quartile of how far intervals are from multiples of one interval; less scatter is heart or train."""
MAX_MISSED = 2
LOCKING = 0.16
RUN_UV = 14.0
_POSITIONS = electrode_positions(SITES_1020)
_VERTEX = SITES_1020.index("Cz")
_NEAR = (np.cos(np.deg2rad(55)) < _POSITIONS @ _POSITIONS.T) & ~np.eye(19, dtype=bool)


@dataclass
class Transients:
    """Sharp events of one window, one entry per event (its largest site).

    Attributes:
        times_s: Times within the window.
        sites: Index of the largest site.
        criteria: Number of criteria met; 0 for what is too long or has no field.
        clarity: How clearly it stands out as a small sharp field of its own; 0 is the bound.
        z: Sharpness over that of the site.
        height_uv: Sharpness: the value over that 30 ms before and after.
        after_wave: Whether a slow wave follows.
        is_wave: Whether it is found, or clearer, with the feet of a sharp wave, 70 ms away.
    """

    times_s: np.ndarray
    sites: np.ndarray
    criteria: np.ndarray
    clarity: np.ndarray
    z: np.ndarray
    height_uv: np.ndarray
    after_wave: np.ndarray
    is_wave: np.ndarray

    def score(self) -> np.ndarray:
        """Clarity of each, as far as it meets the criteria."""
        return np.asarray(np.minimum(self.clarity, 0.4 * (self.criteria - MIN_CRITERIA + 2.0)))

    def only(self, which: np.ndarray) -> Transients:
        """Some of them."""
        return Transients(*(getattr(self, f.name)[which] for f in fields(self)))


def find_transients(block: SiteBlock) -> tuple[list[Transients], list[Transients]]:
    """Candidates of every window with the criteria they meet: spikes and sharp waves, and spikes alone."""
    x = block.band(1.0, 40.0, "average")
    spiky = _candidates(block, x, 4.0, 3, is_wave=False)
    waves = _candidates(block, x, 2.0, 7, is_wave=True)
    return [_joined(a, b) for a, b in zip(spiky, waves, strict=True)], spiky


def _candidates(
    block: SiteBlock, x: np.ndarray, low_hz: float, reach: int, *, is_wave: bool
) -> list[Transients]:
    """Transients whose value is far from that `reach` hundredths of a second before and after."""
    fine = block.band(low_hz, 40.0, "average")
    sharp = np.zeros_like(x)
    sharp[..., reach:-reach] = fine[..., reach:-reach] - 0.5 * (
        fine[..., : -2 * reach] + fine[..., 2 * reach :]
    )
    scale = np.median(np.abs(sharp[..., ::2]), axis=-1, keepdims=True) / 0.6745
    z = np.abs(sharp) / np.maximum(scale, 0.5) * block.site_mask[..., None]
    overall = z.max(axis=1)
    peak = (overall == maximum_filter1d(overall, 9, axis=-1)) & (overall > MIN_Z)
    peak[:, :40] = False
    peak[:, -60:] = False
    return [
        _judge_candidates(x[w], sharp[w], z[w], np.flatnonzero(peak[w]), is_wave=is_wave)
        for w in range(block.n_windows)
    ]


def _joined(spiky: Transients, waves: Transients) -> Transients:
    """Both kinds in order of time; of a spike and a sharp wave within 0.1 s the clearer one."""
    near = np.abs(spiky.times_s[:, None] - waves.times_s[None]) <= SAME_S
    beaten = (near & (spiky.score()[:, None] >= waves.score()[None])).any(axis=0)
    first, second = spiky.only(~(near & ~beaten).any(axis=1)), waves.only(~beaten)
    parts = [np.concatenate([getattr(first, f.name), getattr(second, f.name)]) for f in fields(Transients)]
    return Transients(*parts).only(np.argsort(parts[0], kind="stable"))


def _judge_candidates(
    x: np.ndarray, sharp: np.ndarray, z: np.ndarray, times: np.ndarray, *, is_wave: bool
) -> Transients:
    clear_uv = SHARP_WAVE_UV if is_wave else SPIKE_UV
    if len(times) > MAX_EVENTS:
        times = times[np.argsort(z[:, times].max(axis=0))[-MAX_EVENTS:]]
        times.sort()
    sites = z[:, times].argmax(axis=0)
    height = np.abs(sharp[sites, times])
    keep = height >= MIN_HEIGHT_UV
    times, sites, height = times[keep], sites[keep], height[keep]
    if not len(times):
        empty = np.zeros(0)
        return Transients(
            empty, empty.astype(int), empty, empty, empty, empty, empty.astype(bool), empty.astype(bool)
        )
    sign = np.sign(sharp[sites, times])
    wave = x[sites[:, None], times[:, None] + np.arange(-30, 51)] * sign[:, None]
    centre = 30
    base = np.median(wave[:, centre - 30 : centre - 10], axis=1)
    rise = wave[:, centre] - wave[:, centre - 10 : centre].min(axis=1)
    fall = wave[:, centre] - wave[:, centre + 1 : centre + 11].min(axis=1)
    half = wave[:, centre] - 0.5 * np.minimum(rise, fall)
    left = (wave[:, centre - 12 : centre + 1][:, ::-1] < half[:, None]).argmax(axis=1)
    right = (wave[:, centre : centre + 13] < half[:, None]).argmax(axis=1)
    duration_s = 2.0 * (left + right) / SLOW_SFREQ_HZ * ((left > 0) & (right > 0))
    is_brief = (duration_s >= MIN_DURATION_S) & (duration_s <= MAX_DURATION_S)
    around = np.abs(wave[:, : centre - 10] - base[:, None])
    background = np.sqrt((around**2).mean(axis=1)) + 1.0
    asymmetric = np.abs(left - right) >= np.maximum(0.25 * (left + right), 1)
    after = wave[:, centre + 12 : centre + 45]
    after_wave = np.abs(after - base[:, None]).max(axis=1) > np.maximum(0.4 * height, 2.0 * background)
    stands_out = np.minimum(rise, fall) > 4.0 * background
    neighbours = _NEAR[sites]
    followed = (sharp[:, times].T * sign[:, None]) / height[:, None]
    graded = (neighbours & (followed > 0.3)).sum(axis=1)
    # Against a robust average a small field has no opposite pole, but it does end.
    ends = (followed < 0.05).any(axis=1)
    field = (graded >= 1) & (graded <= 8) & ends
    unlike = duration_s < 0.5 * _background_period_s(wave[:, : centre - 10])
    criteria = np.stack(
        [(z[sites, times] > MIN_Z) & is_brief, unlike, asymmetric, after_wave, stands_out, field]
    )
    counted = np.where(is_brief & field, criteria.sum(axis=0), 0)
    usual = np.quantile(np.abs(sharp[sites]), 0.95, axis=-1)
    clarity = np.min(
        [
            2.0 * np.log2(z[sites, times] / SPIKE_Z),
            3.0 * np.log2(height / clear_uv),
            3.0 * np.log2(height / np.maximum(usual, 1e-3) / SPIKE_USUAL),
            0.6 * (SPIKE_SITES - (followed > 0.3).sum(axis=1)),
            6.0 * (followed.min(axis=1) + SPIKE_OPPOSITE),
        ],
        axis=0,
    )
    clarity = clarity - SPIKE_POLARITY * sign
    if is_wave:  # at the vertex a sharp wave is a vertex wave until it is seen elsewhere
        clarity = np.where(sites == _VERTEX, np.minimum(clarity, AT_VERTEX), clarity)
    return Transients(
        times / SLOW_SFREQ_HZ,
        sites,
        counted,
        clarity,
        z[sites, times],
        height,
        after_wave,
        np.full(len(times), is_wave),
    )


def _background_period_s(x: np.ndarray) -> np.ndarray:
    """Mean period of the waves before an event, from crossings of their mean."""
    crossings = (np.diff(np.sign(x - x.mean(axis=1, keepdims=True)), axis=1) != 0).sum(axis=1)
    return 2.0 * x.shape[1] / SLOW_SFREQ_HZ / np.maximum(crossings, 1)


def judge_transients(
    block: SiteBlock,
    transients: list[Transients],
    spiky: list[Transients],
    trains: list[dict[str, Train]],
    muscle_uv: np.ndarray,
) -> tuple[list[Judgement], dict[str, np.ndarray]]:
    """Spikes or sharp waves, spike-and-wave complexes and polyspikes; both lists are of `find_transients`."""
    n_met = np.array([(t.criteria >= MIN_CRITERIA).sum() for t in transients], float)
    best = np.array([_strength(t) for t in transients])
    sharpest = np.array([_sharpness(t) for t in spiky])
    muscle = 3.0 * np.log2(25.0 / np.maximum(muscle_uv, 1.0))
    # Regular trains are periodic discharges, not single spikes.
    periodic = np.array([max(t.margin for t in train.values()) for train in trains])
    margin = np.minimum(best, muscle)
    regular = np.array([_is_regular(t) for t in transients])
    margin = np.where((periodic > 0) | regular, np.minimum(margin, -0.3), margin)
    waves, wave_rate = _complexes(spiky)
    run, locking, run_hz = _spike_wave_runs(block)
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
    multiple = np.array([_polyspikes(t) for t in spiky], float)
    poly_margin = np.minimum(
        np.minimum(sharpest, muscle + 0.5), np.where(multiple >= 1, 0.8 * multiple, -2.0)
    )
    poly_margin = np.where(regular, np.minimum(poly_margin, -0.3), poly_margin)
    margin = np.maximum(margin, poly_margin)  # a polyspike is made of spikes
    side, regions = [], []
    for t in transients:
        met = t.criteria >= MIN_CRITERIA
        sites = [SITES_1020[i] for i in (t.sites[met] if met.any() else t.sites)]
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
        "where": "average reference, 1-40 Hz",
        "side": side,
        "regions": regions,
    }
    return [
        Judgement(
            "spikes",
            margin,
            alternatives=[_other_places(t, s, r) for t, s, r in zip(transients, side, regions, strict=True)],
            bound="IFCN criteria, 20-200 ms, 65 uV, clear of what its site makes else, a field that ends",
            evidence=evidence,
            **common,
        ),
        Judgement(
            "spike_and_wave",
            complex_margin,
            bound="three spikes with a slow wave each, or a run of 2-5 Hz with spikes locked to it (0.16)",
            evidence={"spike_wave_complexes": waves},
            frequency_hz=wave_rate,
            **common,
        ),
        Judgement(
            "polyspikes",
            poly_margin,
            bound="a spike of 60 uV and another of 45 uV or more within 30-150 ms",
            evidence={"polyspike_groups": multiple},
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
    multiple = np.clip(np.round(intervals / typical), 1, MAX_MISSED + 1)
    return bool(np.quantile(np.abs(intervals / typical - multiple), 0.75) < HEARTBEAT_SCATTER)


def _spike_wave_runs(block: SiteBlock) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Runs of 2-5 Hz waves with a spike at the same phase of each: margin, locking and rate in Hz."""
    slow = block.band(2.0, 5.0)
    mask = block.bipolar_mask
    locking = masked_median(phase_locking(slow, block.band(10.0, 40.0), 0.08), mask)
    rhythm = measure_rhythmicity(block.band(1.5, 12.0), mask, (1.5, 12.0), (2.2, 5.0))
    amplitude = 2.83 * np.sqrt(masked_median((slow**2).mean(axis=-1), mask))
    margin = np.minimum(12.0 * (locking - LOCKING), 3.0 * np.log2(np.maximum(amplitude, 1e-3) / RUN_UV))
    return margin, locking, rhythm.frequency_hz


def _complexes(transients: list[Transients]) -> tuple[np.ndarray, np.ndarray]:
    """Number of spikes followed by a slow wave and by the next within a second, and their rate."""
    counts, rates = [], []
    for t in transients:
        intervals = np.diff(t.times_s[(t.criteria >= MIN_CRITERIA) & t.after_wave])
        intervals = intervals[(intervals > 0.18) & (intervals < 1.0)]
        counts.append(float(len(intervals) + 1 if len(intervals) else 0))
        rates.append(1 / median(intervals) if len(intervals) else np.nan)
    return np.array(counts), np.array(rates)


def _polyspikes(t: Transients) -> int:
    if len(t.times_s) < 2:
        return 0
    clear = (t.criteria >= MIN_CRITERIA) & (t.height_uv >= POLYSPIKE_UV) & (t.z >= POLYSPIKE_Z)
    member = (t.criteria >= MEMBER_CRITERIA) & (t.height_uv >= MEMBER_UV)
    low, high = POLYSPIKE_INTERVAL_S
    gaps = np.diff(t.times_s)
    beside = (clear[:-1] & member[1:]) | (member[:-1] & clear[1:])
    return int(((gaps > low) & (gaps < high) & beside).sum())
