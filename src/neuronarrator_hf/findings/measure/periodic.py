"""Periodic discharges: LPDs, GPDs and BIPDs from trains of similar sharp events.

A discharge is a maximum of the smoothed slope below 15 Hz. A train is judged by how far its
discharges stand out, how alike they are over all derivations of the side, and how regular their
intervals are (ACNS 2021: near-uniform shape, nearly regular intervals, at most 2.5 Hz). The side
comes from the discharge averaged in time with the train, in which everything else cancels.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from ...signal.montage import LONGITUDINAL_BIPOLAR, site_region
from ..vocabulary import REGIONS
from .block import LEFT_BIPOLAR, RIGHT_BIPOLAR, SLOW_SFREQ_HZ, SiteBlock, median
from .result import Judgement

SIDES = {"left": LEFT_BIPOLAR, "right": RIGHT_BIPOLAR, "both": np.arange(18)}
MIN_INTERVAL_S = 0.24
HALF_WIDTH_S = 0.15
MAX_LAG_S = 0.06
MIN_CONTRAST = 1.6
SIMILARITY = 0.45
CONTRAST = 2.2
PROMINENCE = 1.2
IRREGULARITY = 0.3
"""Standard deviation of the intervals over their mean."""
MAX_IRREGULARITY = 0.55
MIN_SIMILARITY = 0.25
FEW_CONTRAST = 8.0
"""Contrast at which even two discharges in ten seconds are a candidate."""
MIN_CONTRAST_MARGIN = 1.8
MIN_AMPLITUDE_UV = 12.0
LATERALITY = 0.7
"""log2 of the amplitude of the averaged discharge, left over right: a factor of 1.6, clearly lateralized."""
GENERALIZED_EXTRA = 0.3
"""Eyes, heart, movement and swings of the background are on both sides too; discharges have to fit better,
unless they are six or more at intervals as regular as `CLEAR_IRREGULARITY`."""
CLEAR_IRREGULARITY = 0.15
ALPHA_CONTRAST = 2.8
"""Contrast that discharges need beside a posterior or mu rhythm, which waxes, is alike and regular itself."""
OWN_SIDE = 0.8
"""Slope of a discharge of one side over that of the other side at the same time, at least."""
LEAST_FIRST, LEAST_ASIDE = -0.3, 0.4
"""Margin and laterality of a train from which a second one is looked for on the other side."""
SECOND_FIELD = 0.35
"""Size of the second field of an average discharge over its first from which both are taken out."""
SECOND_TRAIN = -0.9
"""Margin from which what is left of the other side is a train: that of LPDs leaves less than -1.6 in nine of
ten windows, since a train that was cut out of another one has lost its regularity and part of its size."""
SECOND_SIZE = 0.42
"""Size of the second train over that of the first: what the variation of one train leaves is smaller."""
SHARED = 0.75
"""Share of the discharges of either train at the times of the other; unrelated ones of 2 Hz meet as often."""
MIN_CYCLES = 6
MIN_DERIVATIONS = 3
POSTERIOR_ROWS = np.array([2, 3, 6, 7, 12, 13, 16, 17])
FRONTOPOLAR_ROWS = np.array([0, 4, 10, 14])
MIN_POSTERIOR = 0.3
"""Size behind the central electrodes over the frontopolar size that discharges reach; blinks do not."""
_SITE_REGIONS = [(site_region(a), site_region(b)) for a, b in LONGITUDINAL_BIPOLAR]


@dataclass
class Train:
    """Discharges found in one window on one side.

    Attributes:
        times_s: Times within the window.
        similarity: Median correlation of a discharge with the others, over derivations and time.
        contrast: Slope at the discharges over its median.
        irregularity: Standard deviation of the intervals over their mean.
        prominence: Height of the discharges in the projection on their average over its spread.
        rate_hz: One over the median interval.
        laterality: log2 amplitude of the averaged discharge, left over right.
        amplitude_uv: Its peak to peak in the largest derivation.
        regions: Where it is largest.
        posterior: Its median size behind the central electrodes over that of the frontopolar ones.
        margin: How well it fits a train of periodic discharges.
    """

    times_s: np.ndarray = field(default_factory=lambda: np.zeros(0))
    similarity: float = np.nan
    contrast: float = np.nan
    irregularity: float = np.nan
    prominence: float = np.nan
    rate_hz: float = np.nan
    laterality: float = 0.0
    amplitude_uv: float = np.nan
    regions: tuple[str, ...] = ()
    posterior: float = 1.0
    margin: float = -8.0


def slope_envelope(block: SiteBlock) -> dict[str, np.ndarray]:
    """Smoothed slope in uV/s per side, `(n_windows, n_times at 100 Hz)`."""
    x = block.band(0.5, 15.0)
    envelope = _smoothed_slope(x)
    envelopes = {}
    for side, rows in SIDES.items():
        weight = block.bipolar_mask[:, rows].astype(np.float32)
        weight /= np.maximum(weight.sum(axis=1, keepdims=True), 1)
        envelopes[side] = np.matmul(weight[:, None], envelope[:, rows])[:, 0]
    return envelopes


def _smoothed_slope(x: np.ndarray) -> np.ndarray:
    slope = np.diff(x, axis=-1, prepend=x[..., :1]) * SLOW_SFREQ_HZ
    return np.sqrt(np.maximum(uniform_filter1d(slope * slope, 8, axis=-1), 0))


def _is_maximum(envelope: np.ndarray) -> np.ndarray:
    size = round(MIN_INTERVAL_S * SLOW_SFREQ_HZ) | 1
    return np.asarray(envelope == maximum_filter1d(envelope, size, axis=-1))


def _threshold(height: np.ndarray) -> float:
    """Height above the median from which a maximum is a discharge."""
    return max(MIN_CONTRAST, 1 + 0.45 * (float(np.quantile(height, 0.98)) - 1))


def own_maxima(envelopes: dict[str, np.ndarray], maxima: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Maxima of each side without those larger on the other side, whose discharges are heard here."""
    return maxima | {
        side: maxima[side] & (envelopes[side] > OWN_SIDE * envelopes[other])
        for side, other in (("left", "right"), ("right", "left"))
    }


def find_trains(block: SiteBlock) -> list[dict[str, Train]]:
    """The trains of every window: left, right and of all derivations."""
    envelopes = slope_envelope(block)
    x = block.band(0.5, 15.0)
    maxima = {side: _is_maximum(envelope) for side, envelope in envelopes.items()}
    middle = {side: np.maximum(np.median(envelope, axis=-1), 1e-6) for side, envelope in envelopes.items()}
    high = {side: np.quantile(envelope, 0.98, axis=-1) / middle[side] for side, envelope in envelopes.items()}
    maxima = own_maxima(envelopes, maxima)
    return [
        {
            side: _train(
                x[w],
                block.bipolar_mask[w],
                SIDES[side],
                envelopes[side][w] / middle[side][w],
                maxima[side][w],
                max(MIN_CONTRAST, 1 + 0.45 * (float(high[side][w]) - 1)),
            )
            for side in SIDES
        }
        for w in range(block.n_windows)
    ]


def _train(
    x: np.ndarray,
    mask: np.ndarray,
    rows: np.ndarray,
    height: np.ndarray,
    is_maximum: np.ndarray,
    threshold: float,
) -> Train:
    rows = rows[mask[rows]]
    edge = round((HALF_WIDTH_S + MAX_LAG_S) * SLOW_SFREQ_HZ) + 1
    times = np.flatnonzero(is_maximum & (height > threshold))
    times = times[(times >= edge) & (times < x.shape[-1] - edge)]
    if len(rows) < MIN_DERIVATIONS or len(times) < 2:
        return Train()
    similarity, times = _align(x[rows], times)
    contrast = float(np.sort(height[is_maximum & (height > threshold)]).mean())
    half = round(HALF_WIDTH_S * SLOW_SFREQ_HZ)
    average = x[:, times[:, None] + np.arange(-half, half + 1)].mean(axis=1)
    times, prominence = _match(x[rows], average[rows], times)
    intervals = np.diff(times) / SLOW_SFREQ_HZ
    typical = median(intervals) if len(intervals) else np.nan
    irregularity = float(intervals.std() / intervals.mean()) if len(intervals) >= 2 else np.nan
    extent = np.where(mask, np.ptp(average, axis=-1), 0.0)
    size = lambda side: np.sqrt((extent[side[mask[side]]] ** 2).mean()) if mask[side].any() else np.nan  # noqa: E731
    laterality = np.log2(max(size(LEFT_BIPOLAR), 1e-6) / max(size(RIGHT_BIPOLAR), 1e-6))
    train = Train(
        times_s=times / SLOW_SFREQ_HZ,
        similarity=similarity,
        contrast=contrast,
        prominence=prominence,
        irregularity=irregularity,
        rate_hz=1 / typical if np.isfinite(typical) else np.nan,
        laterality=float(np.nan_to_num(laterality)),
        amplitude_uv=float(extent.max()),
        regions=_regions(extent),
        posterior=median(extent[POSTERIOR_ROWS]) / max(median(extent[FRONTOPOLAR_ROWS]), 1e-6),
    )
    train.margin = _train_margin(train)
    return train


def _match(x: np.ndarray, average: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, float]:
    """All discharges like the average one, and how far they rise above the rest of the projection."""
    n_lags, n_times = average.shape[1], x.shape[1]
    products = np.zeros((n_lags, n_times + n_lags), dtype=np.float32)
    products[:, :n_times] = average.T @ x
    # The sum over lags runs along the diagonals: skew the array by one and sum down the columns.
    skewed = products.reshape(-1)[: n_lags * (n_times + n_lags - 1) + n_times - n_lags + 1]
    starts = np.lib.stride_tricks.as_strided(
        skewed,
        (n_lags, n_times - n_lags + 1),
        (skewed.strides[0] * (n_times + n_lags + 1), skewed.strides[0]),
    )
    projection = np.zeros(n_times, dtype=np.float32)
    projection[n_lags // 2 : n_lags // 2 + n_times - n_lags + 1] = starts.sum(axis=0)
    projection /= max(float(np.linalg.norm(average)), 1e-9)
    height = median(projection[times])
    size = round(MIN_INTERVAL_S * SLOW_SFREQ_HZ) | 1
    found = np.flatnonzero((projection == maximum_filter1d(projection, size)) & (projection > 0.5 * height))
    found = found[(found > 10) & (found < len(projection) - 10)]
    spread = 1.4826 * median(np.abs(projection))
    return found, height / max(spread, 1e-6)


def _align(x: np.ndarray, times: np.ndarray) -> tuple[float, np.ndarray]:
    """Similarity of events after alignment to their own average, and the aligned times."""
    half, lag = round(HALF_WIDTH_S * SLOW_SFREQ_HZ), round(MAX_LAG_S * SLOW_SFREQ_HZ)
    span = np.arange(-half - lag, half + lag + 1)
    wide = np.ascontiguousarray(x[:, times[:, None] + span].transpose(1, 0, 2))
    views = np.lib.stride_tricks.sliding_window_view(wide, 2 * half + 1, axis=-1)
    views = views.transpose(0, 2, 1, 3).reshape(len(times), 2 * lag + 1, -1)
    views = views / np.maximum(np.linalg.norm(views, axis=-1, keepdims=True), 1e-9)
    events = views[:, lag]
    template = events[(events @ events.T).sum(axis=1).argmax()]
    rows = np.arange(len(times))
    for _ in range(2):
        match = views @ template
        best = match.argmax(axis=1)
        events = views[rows, best]
        template = (events * np.maximum(match[rows, best], 0)[:, None]).sum(axis=0)
        template /= max(float(np.linalg.norm(template)), 1e-9)
    others = (events @ events.sum(axis=0) - 1) / (len(times) - 1)
    return median(others), times + best - lag


def _train_margin(train: Train) -> float:
    n_events = len(train.times_s)
    irregularity = train.irregularity if np.isfinite(train.irregularity) else IRREGULARITY + 0.1
    contrast, prominence = max(train.contrast, 1e-3), max(train.prominence, 1e-3)
    standing_out = min(np.log2(contrast / CONTRAST), np.log2(prominence / PROMINENCE), 2.0)
    shape = (
        4.0 * (train.similarity - SIMILARITY)
        + 1.3 * standing_out
        + 4.0 * (IRREGULARITY - min(irregularity, IRREGULARITY + 0.4))
    )
    # Few discharges can fall at equal intervals by chance; six are what the definition asks.
    shape += 0.5 * np.log2(min(n_events, 2 * MIN_CYCLES) / MIN_CYCLES) - (1.0 if n_events < 3 else 0.0)
    # Above 2.5 Hz the same train is ictal, not periodic.
    fast = 4.0 * np.log2(2.8 / train.rate_hz) if np.isfinite(train.rate_hz) else 8.0
    amplitude = 3.0 * np.log2(max(train.amplitude_uv, 1e-3) / MIN_AMPLITUDE_UV)
    # Two events show no interval; unlike or irregular ones are no train, however large.
    number = 4.0 * np.log2(train.contrast / FEW_CONTRAST) if n_events < 3 else 8.0
    alike = 6.0 * (train.similarity - MIN_SIMILARITY)
    regular = 5.0 * (MAX_IRREGULARITY - irregularity)
    large = 3.0 * np.log2(train.contrast / MIN_CONTRAST_MARGIN)
    return float(min(shape, large, fast, amplitude, number, alike, regular))


def _regions(extent: np.ndarray) -> tuple[str, ...]:
    """Regions of the derivations within 30 % of the largest; generalized if that is most of them."""
    large = np.flatnonzero(extent >= 0.7 * extent.max())
    if len(large) > 9:
        return ("generalized",)
    regions = {region for row in large for region in _SITE_REGIONS[row]}
    if len(regions) > 2:
        regions = set(_SITE_REGIONS[int(extent.argmax())])
    return tuple(sorted(regions, key=REGIONS.index))  # the order of a set differs from process to process


def judge_periodic(
    block: SiteBlock, trains: list[dict[str, Train]], rhythm_margin: np.ndarray
) -> tuple[list[Judgement], dict[str, np.ndarray]]:
    """LPD, GPD and BIPD. Fewer than six discharges in the window are a candidate."""
    best = [max(t.values(), key=lambda train: train.margin) for t in trains]
    quality = np.array([t.margin for t in best])
    contrast = np.array([t.contrast for t in best])
    beside_alpha = np.where(
        np.isfinite(contrast), 3.0 * np.log2(np.nan_to_num(contrast, nan=1.0) / ALPHA_CONTRAST), -8.0
    )
    quality = np.where(rhythm_margin > 0, np.minimum(quality, beside_alpha), quality)
    spread = 4.0 * np.log2(np.array([max(t.posterior, 1e-3) for t in best]) / MIN_POSTERIOR)
    laterality = np.array([t.laterality for t in best])
    lateral = 3.0 * (np.abs(laterality) - LATERALITY)
    independent = np.array([_independence(t) for t in trains])
    sides = np.array([[t["left"].margin, t["right"].margin] for t in trains])
    # Each train is heard on the other side too, so each looks less regular than it is.
    bilateral = np.minimum(sides.mean(axis=1) + 0.3, sides.min(axis=1) + 1.0)
    second = np.array([_second_train(block, w, first) for w, first in enumerate(best)])
    bipd = np.maximum(np.minimum(bilateral, independent), second)
    bipd = np.where(rhythm_margin > 0, np.minimum(bipd, beside_alpha), bipd)
    clear = [len(t.times_s) >= MIN_CYCLES and t.irregularity < CLEAR_IRREGULARITY for t in best]
    extra = np.where(clear, 0.0, GENERALIZED_EXTRA)
    # Two trains are neither one side's nor both sides' at once.
    lpd = np.minimum(np.minimum(quality, lateral), -bipd)
    gpd = np.min([quality - extra, -lateral, spread, -bipd], axis=0)
    mask = block.bipolar_mask
    assessed = (mask[:, LEFT_BIPOLAR].sum(1) >= MIN_DERIVATIONS) & (
        mask[:, RIGHT_BIPOLAR].sum(1) >= MIN_DERIVATIONS
    )
    assessed &= block.duration_s >= 4.0
    rate = np.array([t.rate_hz for t in best])
    few = np.array([len(t.times_s) < MIN_CYCLES for t in best])
    evidence = {
        "discharges": np.array([float(len(t.times_s)) for t in best]),
        "discharge_rate_hz": rate,
        "discharge_similarity": np.array([t.similarity for t in best]),
        "discharge_contrast": contrast,
        "interval_irregularity": np.array([t.irregularity for t in best]),
        "discharge_amplitude_uv": np.array([t.amplitude_uv for t in best]),
        "discharge_laterality_log2": laterality,
    }
    common: dict[str, Any] = {
        "where": "longitudinal bipolar, 0.5-15 Hz",
        "evidence": evidence,
        "hedged": few,
        "frequency_hz": rate,
        "assessed": assessed,
    }
    bound = "discharges alike (correlation 0.45), standing out (slope 2.2 times), intervals within 30 %"
    side = ["left" if v > 0 else "right" for v in laterality]
    judgements = [
        Judgement(
            "lpd",
            lpd,
            bound=bound + ", one side 1.6 times the other",
            side=side,
            regions=[t.regions for t in best],
            **common,
        ),
        Judgement("gpd", gpd, bound=bound + ", both sides alike", **common),
        Judgement(
            "bipd", bipd, bound=bound + ", a train on each side, not in time with each other", **common
        ),
    ]
    return judgements, {**evidence, "periodic_margin": quality, "independence_margin": independent}


def _independence(trains: dict[str, Train]) -> float:
    """Whether the left and right trains are two: each averaged discharge on its own side, few in common."""
    left, right = trains["left"], trains["right"]
    if len(left.times_s) < 3 or len(right.times_s) < 3:
        return -8.0
    shared = _shared(left.times_s, right.times_s)
    return float(min(4 * (left.laterality - 0.3), 4 * (-right.laterality - 0.3), 5 * (0.6 - shared)))


def _second_train(block: SiteBlock, window: int, first: Train) -> float:
    """How well the other side holds a train of its own when the field of the first one is taken out.

    The larger train is heard on the side of the smaller one, whose discharges then look unlike and
    irregular; without its field they do not.
    """
    if first.margin < LEAST_FIRST or abs(first.laterality) < LEAST_ASIDE:
        return -8.0
    x, mask = block.band(0.5, 15.0)[window], block.bipolar_mask[window]
    half = round(HALF_WIDTH_S * SLOW_SFREQ_HZ)
    times = np.round(first.times_s * SLOW_SFREQ_HZ).astype(int)
    times = times[(times >= half) & (times < x.shape[-1] - half)]
    if len(times) < 2:
        return -8.0
    average = x[:, times[:, None] + np.arange(-half, half + 1)].mean(axis=1) * mask[:, None]
    fields, sizes, _ = np.linalg.svd(average, full_matrices=False)
    fields = fields[:, : 1 if sizes[1] < SECOND_FIELD * sizes[0] else 2]
    left_over = x - fields @ (fields.T @ x)
    other = "right" if first.laterality > 0 else "left"
    rows = SIDES[other][mask[SIDES[other]]]
    if len(rows) < MIN_DERIVATIONS:
        return -8.0
    envelope = _smoothed_slope(left_over[rows]).mean(axis=0)
    height = envelope / max(median(envelope), 1e-6)
    second = _train(left_over, mask, rows, height, _is_maximum(envelope), _threshold(height))
    if len(second.times_s) < 2:
        return -8.0
    away = second.laterality if other == "left" else -second.laterality
    return float(
        min(
            second.margin - SECOND_TRAIN,
            4.0 * (away - 0.3),
            5.0 * (SHARED - _shared(first.times_s, second.times_s)),
            4.0 * np.log2(max(second.amplitude_uv, 1e-3) / (SECOND_SIZE * first.amplitude_uv)),
            first.margin - LEAST_FIRST,
        )
    )


def _shared(first_s: np.ndarray, second_s: np.ndarray) -> float:
    """Share of the discharges of either train at the times of the other, the larger of the two."""
    gap = np.abs(first_s[:, None] - second_s[None])
    return float(max((gap.min(axis=1) < 0.12).mean(), (gap.min(axis=0) < 0.12).mean()))
