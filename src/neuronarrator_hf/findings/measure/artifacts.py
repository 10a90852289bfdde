"""Artifacts: muscle, mains, heart, movement, flat channels (eyes and electrodes: `eyes`, `electrode`)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import fft
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from ...signal.montage import SITES_1020, site_region, site_side
from ...signal.quality import FLAT_UV
from .block import (
    LEFT_BIPOLAR,
    RIGHT_BIPOLAR,
    SLOW_SFREQ_HZ,
    SiteBlock,
    masked_median,
    masked_quantile,
)
from .electrode import NEIGHBOURS, judge_electrode
from .eyes import judge_blinks, judge_lateral
from .result import Judgement

MUSCLE_UV = 20.0
MUSCLE_FLATNESS = -1.1
"""log2 of the density in 30-70 Hz over that in 15-30 Hz: the brain's falls to -1.4, muscle reaches 0."""
MOVEMENT_UV = 60.0
MOVEMENT_RISE = 1.3
"""log2 of the largest seconds over the calm quarter of the window."""
ONE_FIELD = 0.86
"""Share of one field in the largest second: waves of the brain and the eyes reach 0.9, loose cables 0.8."""
ROUGH = 0.6
"""Power of electrodes against the mean of their neighbours over their own, all together: electrodes that each
move by themselves reach 0.8; the brain, the eyes and the drift of a whole head stay below 0.6."""
ROUGH_UV, ROUGH_RISE, ROUGH_TENSION = 50.0, 0.75, -0.08
"""What is asked of so rough a moment: it need not be as large, as much larger than the calm, or as tense."""
SMOOTH_EXTRA = 1.0
"""Margin that a movement of a smooth field has to have more: slow waves and the eyes have one too."""
MIN_NEIGHBOURS = 2
MAINS_RATIO = 10.0
MAINS_STANDS_OUT = 2.0
"""Power within 1.5 Hz of the mains over that beside it from which it is taken off the muscle."""
ECG_SAMPLES = 40
ECG_REPEATED = 0.38
"""Autocorrelation one beat on."""
ECG_WIDE = 0.42
"""Autocorrelation 0.12 s on, which a QRS complex does not reach."""
ECG_RATIO = 4.8
"""98th percentile over the median."""
ECG_APART_S = 0.4
ECG_UNEVEN = 0.24
"""Standard deviation of the heights of the beats over their mean: those of a heart reach 0.15, what repeats
by chance in a rhythm or among discharges has 0.25 and more."""


def judge_artifacts(
    block: SiteBlock,
    flat: Sequence[tuple[str, ...]],
    quality: Sequence[dict],
) -> tuple[list[Judgement], dict[str, np.ndarray]]:
    """All artifact findings. `flat` names the flat channels of each window."""
    muscle, muscle_uv = _judge_muscle(block)
    return [
        judge_blinks(block),
        judge_lateral(block),
        muscle,
        judge_electrode(block),
        _judge_mains(block, quality),
        _judge_ecg(block),
        _judge_movement(block),
        judge_flat(flat),
    ], {"muscle_uv": muscle_uv}


def _judge_muscle(block: SiteBlock) -> tuple[Judgement, np.ndarray]:
    """Fast activity whose spectrum does not fall: the share of derivations and the largest amplitude."""
    high = block.band_power(30.0, 70.0) - _mains_power(block)
    lower = block.band_power(15.0, 30.0)
    amplitude = 4.0 * np.sqrt(high)
    flatness = np.log2(np.maximum(high / 40.0, 1e-6) / np.maximum(lower / 15.0, 1e-6))
    strength = np.minimum(
        3 * np.log2(np.maximum(amplitude, 1e-3) / MUSCLE_UV), 2 * (flatness - MUSCLE_FLATNESS)
    )
    mask = block.bipolar_mask
    third = np.sort(np.where(mask, strength, -8.0), axis=1)[:, -3]
    left = masked_quantile(amplitude[:, LEFT_BIPOLAR], mask[:, LEFT_BIPOLAR], 0.75)
    right = masked_quantile(amplitude[:, RIGHT_BIPOLAR], mask[:, RIGHT_BIPOLAR], 0.75)
    sidedness = np.nan_to_num(np.log2(np.maximum(left, 1e-3) / np.maximum(right, 1e-3)))
    temporal = masked_median(amplitude[:, [1, 2, 15, 16]], mask[:, [1, 2, 15, 16]])
    frontal = masked_median(amplitude[:, [0, 4, 10, 14]], mask[:, [0, 4, 10, 14]])
    others = masked_median(amplitude[:, [5, 6, 11, 12]], mask[:, [5, 6, 11, 12]])
    regions = []
    for t, f, o in np.nan_to_num(np.stack([temporal, frontal, others], axis=1)):
        regions.append(
            tuple(name for name, v in (("frontal", f), ("temporal", t)) if v >= 0.7 * max(t, f, o))
            or ("generalized",)
        )
    judgement = Judgement(
        "muscle_artifact",
        third,
        mask.sum(axis=1) >= 3,
        bound="30-70 Hz above 20 uV in three derivations with a spectrum that does not fall",
        where="longitudinal bipolar",
        evidence={"muscle_uv": masked_quantile(amplitude, mask, 0.85)},
        side=["bilateral" if abs(s) < 1 else ("left" if s > 0 else "right") for s in sidedness],
        regions=regions,
    )
    return judgement, masked_median(amplitude, mask)


def _mains_power(block: SiteBlock) -> np.ndarray:
    """Power in uV^2 that mains add to 30-70 Hz, `(n_windows, 18)`: what stands out within 1.5 Hz of them."""
    total = np.zeros(block.bipolar_mask.shape)
    for mains in (50.0, 60.0):
        beside = 0.5 * (
            block.band_power(mains - 4.5, mains - 1.5) + block.band_power(mains + 1.5, mains + 4.5)
        )
        line = block.band_power(mains - 1.5, mains + 1.5)
        total += np.where(line > MAINS_STANDS_OUT * beside, line - beside, 0.0)
    return total


def _judge_mains(block: SiteBlock, quality: Sequence[dict]) -> Judgement:
    """A narrow peak at 50 or 60 Hz, or a channel left out for it."""
    freqs, psd = block.psd_freqs, block.bipolar_psd
    # Leads differ in the mains they catch: a quarter of the derivations show enough of them.
    there = np.broadcast_to(block.bipolar_mask[:, None], (block.n_windows, psd.shape[2], 18))
    most = masked_quantile(psd.swapaxes(1, 2), there, 0.75)
    ratios = []
    for mains in (50.0, 60.0):
        line = most[:, np.abs(freqs - mains) <= 0.5].max(axis=1)
        around = np.median(most[:, (np.abs(freqs - mains) >= 2) & (np.abs(freqs - mains) <= 6)], axis=1)
        ratios.append(line / np.maximum(around, 1e-6))
    ratio = np.stack(ratios, axis=1)
    margin = 3 * np.log2(np.maximum(ratio.max(axis=1), 1e-3) / MAINS_RATIO)
    extreme = [any("extreme mains interference" in reasons for reasons in note.values()) for note in quality]
    told = np.array(extreme or [False] * block.n_windows)
    frequency = np.where(ratio.argmax(axis=1) == 0, 50.0, 60.0)
    return Judgement(
        "line_noise",
        np.where(told, np.maximum(margin, 1.0), margin),
        block.bipolar_mask.sum(axis=1) >= 3,
        bound="ten times the neighbouring frequencies at 50 or 60 Hz",
        where="longitudinal bipolar",
        evidence={"mains_ratio": ratio.max(axis=1)},
        frequency_hz=frequency,
    )


def _judge_ecg(block: SiteBlock) -> Judgement:
    """A train of narrow transients of one field at 45-130 a minute.

    The field is that of the sharpest moments (first singular vector); the signal seen through it has to
    repeat itself after a beat, stand out, and be gone after a tenth of a second, which a spindle, a burst
    or a slow discharge is not.
    """
    x = block.band(15.0, 40.0, "average") * block.site_mask[..., None]
    n_times = x.shape[-1]
    sharpest = np.argsort((x * x).sum(axis=1), axis=-1)[:, -ECG_SAMPLES:]
    field = np.linalg.svd(np.take_along_axis(x, sharpest[:, None], axis=-1), full_matrices=False)[0][..., 0]
    seen = np.abs(np.einsum("ws,wst->wt", field, x))
    middle = np.maximum(np.median(seen, axis=-1, keepdims=True), 1e-3)
    beats = uniform_filter1d(np.minimum(seen, 6.0 * middle), 5, axis=-1)
    beats -= beats.mean(axis=-1, keepdims=True)
    power = np.abs(fft.rfft(beats, 2 * n_times, axis=-1)) ** 2
    correlation = fft.irfft(power, axis=-1)[:, : n_times // 2]
    correlation = correlation / np.maximum(correlation[:, :1], 1e-6)
    correlation /= 1.0 - np.arange(n_times // 2) / n_times
    lags = np.arange(round(SLOW_SFREQ_HZ * 60 / 130), min(round(SLOW_SFREQ_HZ * 60 / 45), n_times // 2))
    repeated = correlation[:, lags].max(axis=-1)
    margin = np.min(
        [
            12.0 * (repeated - ECG_REPEATED),
            3.0 * np.log2(np.maximum(np.quantile(seen, 0.98, axis=-1), 1e-3) / middle[:, 0] / ECG_RATIO),
            6.0 * (ECG_WIDE - correlation[:, round(0.12 * SLOW_SFREQ_HZ)]),
        ],
        axis=0,
    )
    margin += np.clip(6.0 * (ECG_UNEVEN - _unevenness(seen)), -1.0, 0.6)
    return Judgement(
        "ecg_artifact",
        margin,
        (block.site_mask.sum(axis=1) >= 6) & (block.duration_s >= 6.0),
        bound="narrow transients of one field, alike in height, repeated at 45-130 a minute"
        " (autocorrelation 0.38)",
        where="average reference, 15-40 Hz",
        evidence={"ecg_rate_hz": SLOW_SFREQ_HZ / lags[correlation[:, lags].argmax(axis=-1)]},
    )


def _unevenness(seen: np.ndarray) -> np.ndarray:
    """Coefficient of variation of the heights of what stands out of `(n_windows, n_times)` sizes."""
    width = round(ECG_APART_S * SLOW_SFREQ_HZ) + 1
    highest = np.quantile(seen, 0.985, axis=-1, keepdims=True)
    beat = (seen == maximum_filter1d(seen, width, axis=-1)) & (seen > 0.5 * highest)
    count = np.maximum(beat.sum(axis=-1), 1)
    mean = (seen * beat).sum(axis=-1) / count
    spread = np.sqrt((np.square(seen - mean[:, None]) * beat).sum(axis=-1) / count)
    return np.asarray(spread / np.maximum(mean, 1e-6))


def _judge_movement(block: SiteBlock) -> Judgement:
    """A second or more of large slow deflections in a third of the electrodes, with muscle, out of calm."""
    x = block.band(0.5, 4.0, "average")
    swing = np.quantile(x, 0.99, axis=-1) - np.quantile(x, 0.01, axis=-1)
    amplitude = masked_quantile(swing, block.site_mask, 0.7)
    slow = _by_seconds(np.ptp(_half_seconds(x), axis=-1))
    fast = _by_seconds(_half_seconds(block.band(20.0, 45.0, "average")).std(axis=-1))
    everywhere = np.broadcast_to(block.site_mask[:, None], (block.n_windows, slow.shape[-1], 19))
    level = masked_quantile(slow.swapaxes(1, 2), everywhere, 0.7)
    muscle = masked_quantile(fast.swapaxes(1, 2), everywhere, 0.8)
    log2 = lambda a: np.log2(np.maximum(np.nan_to_num(a), 1e-3))  # noqa: E731
    order = np.argsort(np.nan_to_num(level), axis=-1)[:, -3:]
    largest = log2(np.take_along_axis(level, order, axis=-1).mean(axis=-1))
    calm = log2(np.quantile(level, 0.25, axis=-1))
    tension = log2(np.take_along_axis(muscle, order, axis=-1).mean(axis=-1))
    tension -= log2(np.quantile(muscle, 0.25, axis=-1))
    moment = _seconds_from(x * block.site_mask[..., None], order[:, -1])
    smooth = np.min(
        [
            4.0 * (largest - np.log2(MOVEMENT_UV)),
            4.0 * (largest - calm - MOVEMENT_RISE),
            4.0 * tension,
            12.0 * (ONE_FIELD - _share_of_one_field(moment)),
        ],
        axis=0,
    )
    rough = np.min(
        [
            4.0 * (largest - np.log2(ROUGH_UV)),
            4.0 * (largest - calm - ROUGH_RISE),
            4.0 * (tension - ROUGH_TENSION),
            8.0 * (_roughness(moment, block.site_mask) - ROUGH),
        ],
        axis=0,
    )
    margin = np.maximum(rough, smooth - SMOOTH_EXTRA)
    return Judgement(
        "movement_artifact",
        margin,
        (block.site_mask.sum(axis=1) >= 6) & (block.duration_s >= 4.0),
        bound="0.5-4 Hz above 50 uV in a third of the electrodes, 1.7 times the calm seconds, with muscle,"
        " unlike in neighbouring electrodes, or larger and of no single field",
        where="average reference",
        evidence={"movement_uv": amplitude},
    )


def _seconds_from(x: np.ndarray, first: np.ndarray) -> np.ndarray:
    """The second of each window that begins `first` half seconds in, of mean 0, `(n_windows, 19, 100)`."""
    pieces = _half_seconds(x)
    rows = np.arange(len(x))
    moment = np.concatenate([pieces[rows, :, first], pieces[rows, :, first + 1]], axis=-1)
    return np.asarray(moment - moment.mean(axis=-1, keepdims=True))


def _share_of_one_field(moment: np.ndarray) -> np.ndarray:
    """Share of the power of a moment that has one topography."""
    spread = np.linalg.eigvalsh(np.matmul(moment, moment.swapaxes(1, 2)))
    return np.asarray(spread[:, -1] / np.maximum(spread.sum(axis=-1), 1e-9))


def _roughness(moment: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Power that the neighbours of each electrode do not explain over all power; 0 with few neighbours."""
    near = NEIGHBOURS[None] & mask[:, None]
    count = near.sum(axis=2, keepdims=True)
    used = (mask & (count[..., 0] >= MIN_NEIGHBOURS))[..., None]
    around = np.matmul(near / np.maximum(count, 1), moment)
    power = np.maximum((moment**2 * used).sum(axis=(1, 2)), 1e-9)
    share = ((moment - around) ** 2 * used).sum(axis=(1, 2)) / power
    return np.where(used[..., 0].sum(axis=1) >= 8, share, 0.0)


def _half_seconds(x: np.ndarray) -> np.ndarray:
    """`(..., n_pieces, n_times)` of half a second each."""
    length = round(0.5 * SLOW_SFREQ_HZ)
    return x[..., : x.shape[-1] // length * length].reshape(*x.shape[:-1], -1, length)


def _by_seconds(pieces: np.ndarray) -> np.ndarray:
    """The larger of each two neighbouring half seconds."""
    return np.maximum(pieces[..., 1:], pieces[..., :-1])


def judge_flat(flat: Sequence[tuple[str, ...]]) -> Judgement:
    """Channels without signal, by their names per window."""
    count = np.array([float(len(names)) for names in flat])
    known = [[n for n in names if n in SITES_1020] for names in flat]
    return Judgement(
        "flat_channel",
        np.where(count > 0, 4.0, -4.0),
        np.ones(len(flat), bool),
        bound=f"standard deviation below {FLAT_UV} uV",
        where="each channel",
        evidence={"flat_channels": count},
        side=[site_side(n[0]) if len(n) == 1 else None for n in known],
        regions=[(site_region(n[0]),) if len(n) == 1 else () for n in known],
    )
