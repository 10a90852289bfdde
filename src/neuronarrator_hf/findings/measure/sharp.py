"""Sharp transients: candidates in the wave of their own field, and the IFCN criteria that they meet.

IFCN 2017 and Kural et al. 2020: (1) sharp or spiky, (2) duration unlike the background's waves,
(3) asymmetric slopes, (4) a slow after-wave, (5) background disrupted, (6) a plausible field. All but the
last are looked at behind the filter of a patch (`spatial_filter`), where the rhythms of other places are
gone.
(5) cannot be seen by a rule and is measured as standing out of what went before.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from scipy.ndimage import maximum_filter1d

from ...signal.montage import SITES_1020, electrode_positions
from .block import SLOW_SFREQ_HZ, SiteBlock
from .spatial_filter import minimum_variance, patch_field

MIN_HEIGHT_UV = 25.0
MIN_Z = 5.0
MIN_CRITERIA = 4
MIN_DURATION_S = 0.035
"""Width of the whole wave; what is narrower is as narrow as the filter lets through: a motor unit."""
MAX_EVENTS = 60
SAME_S = 0.1
"""Time within which a spike and a sharp wave are the same transient."""
MIRROR = -0.35
"""Least share of it on the mirrored site: a larger opposite pole there is the dipole of the eyes."""
FRONTOPOLAR = 0.78
"""Largest share of it at the frontal poles: the field of blinks falls behind them."""
SECOND_SITE = 0.22
"""Least share of it on a second site; less is one electrode or one muscle."""
MAX_SITES = 10.0
"""Sites that may follow it: heart and movement are wider."""
POLARITY = 1.0
"""What a positive transient loses: epileptiform discharges of the convexity are negative at the surface."""
FOREHEAD = 0.5
"""What one loses that is largest at a frontal pole, where the eyes and loose electrodes are sharp too."""
AT_VERTEX, AT_VERTEX_S = -0.5, 0.06
"""Clarity to which what is largest at Cz is held, and the width up to which it is not: vertex waves,
K-complexes and spindles are sharp there."""
MEMBER = 0.35
"""Height of the spikes of a group, as a share of the clear one: they differ in size."""
MEMBER_Z = 4.0
MEMBER_INTERVAL_S = (0.03, 0.15)
UNLIKE = 0.75
"""Duration over the mean period of the second before, or its inverse, up to which it is unlike it."""
ASYMMETRY = 0.1
"""Difference of the slopes' widths over their sum from which they are asymmetric."""
DISRUPTED = 4.0
"""Rise over the RMS of what went before from which it disrupts the background."""
FROM_S, TO_S = 0.25, 2.0
"""From where to where the seconds around it reach that it has to stand out of."""
PATCHES = np.stack(
    [patch_field(site, width_deg=width) for width in (28.0, 45.0) for site in SITES_1020]
    + [
        patch_field(left, right, width_deg=30.0)
        for left, right in (("Fp1", "Fp2"), ("F3", "F4"), ("C3", "C4"), ("P3", "P4"), ("O1", "O2"))
    ]
)
"""`(43, 19)` fields that a transient may have: under every site, or the same on both sides."""
_FIRST, _LAST = 40, 60
"""Hundredths of a second at the ends of a window in which what goes before or follows is not seen."""
_BEFORE, _AFTER = 100, 50
"""Hundredths of a second before and behind it that are looked at."""
_QUIET = slice(_BEFORE - 30, _BEFORE - 10)
"""What went before it."""
_SLOPE = 15
_POSITIONS = electrode_positions(SITES_1020)
_VERTEX = SITES_1020.index("Cz")
_POLES = [SITES_1020.index("Fp1"), SITES_1020.index("Fp2")]
_NEAR = (np.cos(np.deg2rad(55)) < _POSITIONS @ _POSITIONS.T) & ~np.eye(19, dtype=bool)
_MIRRORED = np.argmax((_POSITIONS * [-1.0, 1.0, 1.0]) @ _POSITIONS.T, axis=1)


@dataclass(frozen=True)
class Kind:
    """What one kind of transient is looked for with, and from where on it is clear.

    Attributes:
        low_hz: Lower edge of the band.
        reach: Hundredths of a second to its feet: it is the value over that at both feet.
        z: Times the background behind its filter.
        height_uv: Height over its feet at its largest site.
        local: Times the RMS of the seconds around it behind the same filter.
        rise: Times the RMS of the tenths of a second before it that it rises and falls.
        longest_s: Width of the whole wave.
    """

    low_hz: float
    reach: int
    z: float
    height_uv: float
    local: float
    rise: float
    longest_s: float


SPIKE = Kind(4.0, 3, 7.7, 65.0, 5.2, 2.5, 0.2)
SHARP_WAVE = Kind(2.0, 7, 7.2, 50.0, 6.5, 2.2, 0.24)


@dataclass
class Transients:
    """Sharp events of one window, one entry per event.

    Attributes:
        times_s: Times within the window.
        sites: Index of the largest site.
        criteria: Number of criteria met; 0 for what is too long or has no field.
        clarity: How clearly it stands out as a small sharp field of its own; 0 is the bound.
        z: Sharpness over that of the background behind the filter of its patch.
        height_uv: Sharpness at its largest site: the value over that at its feet.
        after_wave: Whether a slow wave follows.
        is_wave: Whether it is found, or clearer, with the feet of a sharp wave, 70 ms away.
        members: Number of spikes of its group, itself among them: those that follow each other within 0.15 s
            behind the same filter.
    """

    times_s: np.ndarray
    sites: np.ndarray
    criteria: np.ndarray
    clarity: np.ndarray
    z: np.ndarray
    height_uv: np.ndarray
    after_wave: np.ndarray
    is_wave: np.ndarray
    members: np.ndarray

    def score(self) -> np.ndarray:
        """Clarity of each, as far as it meets the criteria."""
        return np.asarray(np.minimum(self.clarity, 0.4 * (self.criteria - MIN_CRITERIA + 1.0)))

    def only(self, which: np.ndarray) -> Transients:
        """Some of them."""
        return Transients(*(getattr(self, f.name)[which] for f in fields(self)))


@dataclass(frozen=True)
class SharpEvents:
    """What is sharp in a batch of windows.

    Attributes:
        all: Spikes and sharp waves of each window.
        spikes: Spikes of each window alone.
        spikiness: `(n_windows, n_times)` how many times the background, in the patch where it is largest.
    """

    all: list[Transients]
    spikes: list[Transients]
    spikiness: np.ndarray


def find_transients(block: SiteBlock) -> SharpEvents:
    """Candidates of every window with the criteria they meet."""
    spikes, spikiness = _candidates(block, SPIKE)
    waves, _ = _candidates(block, SHARP_WAVE)
    return SharpEvents([_joined(a, b) for a, b in zip(spikes, waves, strict=True)], spikes, spikiness)


def _candidates(block: SiteBlock, kind: Kind) -> tuple[list[Transients], np.ndarray]:
    """Transients that stand out behind the filter of a patch, and how much anything does at each moment."""
    reach = kind.reach
    mask = block.site_mask[..., None]
    x = block.band(1.0, 40.0, "average") * mask
    fine = block.band(kind.low_hz, 40.0, "average") * mask
    sharp = np.zeros_like(x)
    sharp[..., reach:-reach] = fine[..., reach:-reach] - 0.5 * (
        fine[..., : -2 * reach] + fine[..., 2 * reach :]
    )
    filters = minimum_variance(sharp, block.site_mask, PATCHES, ordinary=4.0, loading=0.1)
    z = np.matmul(filters.weights / filters.background_uv[..., None], sharp)
    overall = np.maximum(z.max(axis=1), -z.min(axis=1))
    peak = (overall == maximum_filter1d(overall, 9, axis=-1)) & (overall > MIN_Z)
    peak[:, :_FIRST] = False
    peak[:, -_LAST:] = False
    found = [
        _judge_candidates(x[w], sharp[w], z[w], filters.weights[w], np.flatnonzero(peak[w]), kind)
        for w in range(block.n_windows)
    ]
    return found, overall


def _joined(spiky: Transients, waves: Transients) -> Transients:
    """Both kinds in order of time; of a spike and a sharp wave within 0.1 s the clearer one."""
    near = np.abs(spiky.times_s[:, None] - waves.times_s[None]) <= SAME_S
    beaten = (near & (spiky.score()[:, None] >= waves.score()[None])).any(axis=0)
    first, second = spiky.only(~(near & ~beaten).any(axis=1)), waves.only(~beaten)
    parts = [np.concatenate([getattr(first, f.name), getattr(second, f.name)]) for f in fields(Transients)]
    return Transients(*parts).only(np.argsort(parts[0], kind="stable"))


def _none() -> Transients:
    empty = np.zeros(0)
    return Transients(
        empty, empty.astype(int), empty, empty, empty, empty, empty.astype(bool), empty.astype(bool), empty
    )


def _judge_candidates(
    x: np.ndarray, sharp: np.ndarray, z: np.ndarray, weights: np.ndarray, times: np.ndarray, kind: Kind
) -> Transients:
    if len(times) > MAX_EVENTS:
        times = times[np.argsort(np.abs(z[:, times]).max(axis=0))[-MAX_EVENTS:]]
        times.sort()
    patches = np.abs(z[:, times]).argmax(axis=0)
    sign = np.sign(z[patches, times])
    field = sharp[:, times].T * sign[:, None]
    sites = field.argmax(axis=1) if len(times) else patches
    height = field[np.arange(len(times)), sites]
    keep = height >= MIN_HEIGHT_UV
    if not keep.any():
        return _none()
    times, patches, sign, field, sites, height = (
        a[keep] for a in (times, patches, sign, field, sites, height)
    )
    own = z[patches] * sign[:, None]
    strength = own[np.arange(len(times)), times]
    around = x[:, np.clip(times[:, None] + np.arange(-_BEFORE, _AFTER + 1), 0, x.shape[1] - 1)]
    wave = np.einsum("es,set->et", weights[patches] * sign[:, None], around)
    shape = _shape(wave, times)
    followed = field / height[:, None]
    is_brief = (shape.duration_s >= MIN_DURATION_S) & (shape.duration_s <= kind.longest_s)
    graded = (_NEAR[sites] & (followed > SECOND_SITE)).sum(axis=1)
    # Against a robust average a small field has no opposite pole, but it does end.
    ends = (followed < 0.05).any(axis=1)
    has_field = (graded >= 1) & (graded <= 8) & ends
    relative = shape.duration_s / shape.period_s
    criteria = np.stack(
        [
            is_brief,
            (relative < UNLIKE) | (relative > 1.0 / UNLIKE),
            np.abs(shape.asymmetry) >= ASYMMETRY,
            shape.after_wave,
            shape.rise > DISRUPTED,
            has_field,
        ]
    )
    counted = np.where(is_brief & has_field, criteria.sum(axis=0), 0)
    terms = _stands_out(kind, strength, height, strength / _rms_around(own, times), shape, followed, sites)
    clarity = terms.min(axis=0)
    clarity = clarity - POLARITY * (sign > 0) - FOREHEAD * np.isin(sites, _POLES)
    brief = AT_VERTEX_S - shape.duration_s if kind is SPIKE else np.full(len(times), -1.0)
    at_vertex = np.maximum(brief / 0.01, AT_VERTEX)
    clarity = np.where(sites == _VERTEX, np.minimum(clarity, at_vertex), clarity)
    return Transients(
        times / SLOW_SFREQ_HZ,
        sites,
        counted,
        clarity,
        strength,
        height,
        shape.after_wave,
        np.full(len(times), kind is SHARP_WAVE),
        _members(own, times),
    )


def _members(own: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Number of spikes in the group of each event `(n_events,)`, in its wave `(n_events, n_times)`."""
    count = np.ones(len(times))
    nearest, farthest = (round(s * SLOW_SFREQ_HZ) for s in MEMBER_INTERVAL_S)
    inside = own[:, 1:-1]
    crest = (inside > own[:, :-2]) & (inside >= own[:, 2:])
    for event, time in enumerate(times):
        least = max(MEMBER * own[event, time], MEMBER_Z)
        crests = np.flatnonzero(crest[event] & (inside[event] > least)) + 1
        for side in (crests[crests < time][::-1], crests[crests > time]):
            last = time
            for at in side:
                if abs(at - last) > farthest:
                    break
                if abs(at - last) >= nearest:
                    count[event] += 1
                    last = at
    return count


def _stands_out(
    kind: Kind,
    strength: np.ndarray,
    height: np.ndarray,
    local: np.ndarray,
    shape: _Shape,
    followed: np.ndarray,
    sites: np.ndarray,
) -> np.ndarray:
    """How far each event is beyond each bound of its kind and of its field, `(n_bounds, n_events)`."""
    rows = np.arange(len(sites))
    return np.stack(
        [
            2.0 * np.log2(strength / kind.z),
            3.0 * np.log2(height / kind.height_uv),
            4.0 * np.log2(local / kind.local),
            3.0 * np.log2(np.maximum(shape.rise, 1e-3) / kind.rise),
            8.0 * (FRONTOPOLAR - followed[:, _POLES].mean(axis=1)),
            6.0 * (followed[rows, _MIRRORED[sites]] - MIRROR),
            8.0 * (np.sort(followed, axis=1)[:, -2] - SECOND_SITE),
            0.6 * (MAX_SITES - (followed > 0.3).sum(axis=1)),
            (kind.longest_s - shape.duration_s) / 0.03 + 0.3,
            (shape.duration_s - MIN_DURATION_S) / 0.01,
        ]
    )


@dataclass(frozen=True)
class _Shape:
    """Form of waves, each `(n_events,)`: their durations, slopes, and what goes before and follows."""

    duration_s: np.ndarray
    asymmetry: np.ndarray
    period_s: np.ndarray
    rise: np.ndarray
    after_wave: np.ndarray


def _shape(wave: np.ndarray, times: np.ndarray) -> _Shape:
    """Form of upright waves `(n_events, n_times)` around their peaks, which lie at `times` of the window."""
    peak = wave[:, _BEFORE]
    quiet = wave[:, _QUIET]
    base = np.median(quiet, axis=1)
    background = np.sqrt(((quiet - base[:, None]) ** 2).mean(axis=1)) + 0.5
    left, right = wave[:, _BEFORE - _SLOPE : _BEFORE + 1][:, ::-1], wave[:, _BEFORE : _BEFORE + _SLOPE + 1]
    rise = np.minimum(peak - left[:, :13].min(axis=1), peak - right[:, :13].min(axis=1))
    half = peak - 0.5 * rise
    before_s, behind_s = _to_half(left, half), _to_half(right, half)
    after = np.abs(wave[:, _BEFORE + 12 : _BEFORE + 45] - base[:, None]).max(axis=1)
    earlier = wave[:, : _BEFORE - _SLOPE]
    crossings = np.diff(np.sign(earlier - earlier.mean(axis=1, keepdims=True)), axis=1) != 0
    recorded_s = (np.minimum(times, _BEFORE) - _SLOPE) / SLOW_SFREQ_HZ
    return _Shape(
        2.0 * (before_s + behind_s),
        (behind_s - before_s) / (before_s + behind_s),
        2.0 * recorded_s / np.maximum(crossings.sum(axis=1), 1),
        rise / background,
        after > np.maximum(0.4 * rise, 2.0 * background),
    )


def _to_half(side: np.ndarray, half: np.ndarray) -> np.ndarray:
    """Seconds from a peak down to half its height; the whole side if it never falls so far."""
    below = side < half[:, None]
    first = np.where(below.any(axis=1), below.argmax(axis=1), side.shape[1] - 1)
    rows = np.arange(len(side))
    high, low = side[rows, np.maximum(first - 1, 0)], side[rows, first]
    part = np.clip((high - half) / np.maximum(high - low, 1e-6), 0.0, 1.0)
    return (first - 1 + part) / SLOW_SFREQ_HZ


def _rms_around(own: np.ndarray, times: np.ndarray) -> np.ndarray:
    """RMS of the seconds around each event without itself, `(n_events,)`."""
    away = np.abs(np.arange(own.shape[-1]) - times[:, None])
    near = (away > FROM_S * SLOW_SFREQ_HZ) & (away < TO_S * SLOW_SFREQ_HZ)
    power = np.einsum("et,et,et->e", near, own, own) / near.sum(axis=1)
    return np.asarray(np.sqrt(np.maximum(power, 1e-3)))
