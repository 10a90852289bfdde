"""Which channels of a window can be evaluated, and what is wrong with the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import fft

from .interpolation import nan_median, reference_weights
from .windows import SFREQ_HZ

FLAT_UV = 0.2
"""Standard deviation below which a channel is flat. Amplifiers alone give 0.2 to 0.5 uV; suppressed EEG,
below 2 uV peak to peak by definition of electrocerebral inactivity, still has that noise on top."""
FLAT_SHARE = 0.5
"""Share of the seconds of a window that must be flat."""
WEAK_RATIO = 0.05
WEAK_UV = 2.0
"""A channel is without signal, too, at less than both of these: share of the median channel, and uV."""
RANGE_UV = 1000.0
"""More than this for over 1 % of the time comes from no brain (hypsarrhythmia reaches several hundred)."""
CLIP_SHARE = 0.02
"""Share of the samples in runs of at least 3 equal ones at the extremes."""
LINE_UV = 25.0
LINE_SHARE = 0.8
"""Mains interference is extreme at more than both of these: uV (RMS) and share of the power."""
NEIGHBOUR_DEG = 65.0
NUM_NEIGHBOURS = 5
MIN_NEIGHBOURS = 2
"""The nearest electrodes within this angle judge a channel; fewer than the minimum judge nothing."""
DEVIANT_UV = 10.0
DEVIANT_RATIO = 2.5
DEVIANT_CORRELATION = 0.5
"""A single bad electrode is stronger than this (RMS, 1-20 Hz, robust average reference), differs from its
neighbours this many times as much as electrodes of the window typically do, and correlates with none
of them: a field of the brain or the eyes, however focal, falls off over the 33 to 50 degrees to the
next electrode but does not vanish."""
NO_FIELD_RATIO = 6.0
"""Stronger than this many times even the strongest neighbour: whatever the correlation, no field."""
DEVIANT_BAND_HZ = (1.0, 20.0)
"""Neighbours are compared below muscle activity, which is local by nature and no fault of an electrode."""
_AT_ONCE = 8
"""Windows judged at a time: what is made of 20 channels stays in a core's cache."""


def assess_quality(
    eeg_uv: np.ndarray,
    sfreq: float = SFREQ_HZ,
    positions: np.ndarray | None = None,
    time_mask: np.ndarray | None = None,
    *,
    ch_names: Sequence[str] | None = None,
) -> tuple[np.ndarray, tuple[dict[str, list[str]], ...]]:
    """Judges every channel of every window.

    Reasons, each worded as it goes into the report: flat, out of range, clipped, mains interference,
    deviates from its neighbours. Low voltage, muscle activity, blinks and focal patterns are none.

    Args:
        eeg_uv: `(n_windows, n_channels, n_times)` microvolts, band-passed (clipping is seen best before).
        sfreq: Sampling rate in Hz.
        positions: `(n_channels, 3)`; without (or NaN) neighbours are not asked.
        time_mask: `(n_windows, n_times)` bool, recorded samples; all by default.
        ch_names: Names for the notes; numbers by default.

    Returns:
        `channel_mask` `(n_windows, n_channels)` bool, True where the channel can be evaluated, and one
        dict per window from the name of each other channel to its reasons.
    """
    eeg_uv = np.asarray(eeg_uv, dtype=np.float32)
    n_windows, n_channels, n_times = eeg_uv.shape
    names = [str(i) for i in range(n_channels)] if ch_names is None else list(ch_names)
    notes: list[dict[str, list[str]]] = [{} for _ in range(n_windows)]
    mask = np.ones((n_windows, n_channels), dtype=bool)
    if time_mask is None:
        time_mask = np.ones((n_windows, n_times), dtype=bool)
    first = time_mask.argmax(axis=1)
    stop = np.where(time_mask.any(axis=1), n_times - time_mask[:, ::-1].argmax(axis=1), first)
    for begin, end in sorted({(int(a), int(b)) for a, b in zip(first, stop, strict=True)}):
        alike = np.flatnonzero((first == begin) & (stop == end))
        for reason, found in _judge(eeg_uv, alike, slice(begin, end), sfreq, positions).items():
            for window, channel in zip(*np.nonzero(found), strict=True):
                mask[alike[window], channel] = False
                notes[alike[window]].setdefault(names[channel], []).append(reason)
    return mask, tuple(notes)


def evaluable_fraction(channel_mask: np.ndarray) -> np.ndarray:
    """Share of the channels that can be evaluated, `(n_windows,)`."""
    return channel_mask.mean(axis=-1)


def clipped_share(eeg_uv: np.ndarray) -> np.ndarray:
    """Share of the samples in runs of 3 and more at a row's own extremes, `(...,)`.

    Meant for native samples: filters round off what clipping left. A row that never moves has 0.
    """
    rows = eeg_uv.reshape(-1, eeg_uv.shape[-1])
    return _share_at(rows, rows.min(axis=-1), rows.max(axis=-1)).reshape(eeg_uv.shape[:-1])


def _share_at(rows: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """`clipped_share` of `(n_rows, n_times)` with the extremes `(n_rows,)` known."""
    tolerance = 1e-4 * (high - low)
    share = np.zeros(len(rows))
    for extreme in (rows <= (low + tolerance)[:, None], rows >= (high - tolerance)[:, None]):
        counts = np.bincount(np.flatnonzero(extreme) // rows.shape[-1], minlength=len(rows))
        some = np.flatnonzero(counts >= 3)  # the others have no run of 3
        triple = extreme[some, :-2] & extreme[some, 1:-1] & extreme[some, 2:]
        share[some] += np.count_nonzero(triple, axis=-1) / max(triple.shape[-1], 1)
    return np.where(high > low, share, 0.0)


def _judge(
    eeg_uv: np.ndarray, alike: np.ndarray, recorded: slice, sfreq: float, positions: np.ndarray | None
) -> dict[str, np.ndarray]:
    """Reason to `(len(alike), n_channels)` bool, for the windows `alike`, which are recorded alike."""
    if recorded.stop - recorded.start < 3:
        return {"nothing recorded": np.ones((len(alike), eeg_uv.shape[1]), dtype=bool)}
    parts = [
        _judge_rows(eeg_uv[_as_slice(alike[at : at + _AT_ONCE]), :, recorded], sfreq)
        for at in range(0, len(alike), _AT_ONCE)
    ]
    reasons = {reason: np.concatenate([found[reason] for found, _ in parts]) for reason in parts[0][0]}
    if positions is not None:
        usable = ~np.logical_or.reduce(list(reasons.values()))
        covariance = np.concatenate([covariance for _, covariance in parts])
        reasons["deviates from its neighbours"] = _deviant(covariance, positions, usable)
    return reasons


def _as_slice(indices: np.ndarray) -> np.ndarray | slice:
    """Indices that follow on each other as a slice, which takes no copy."""
    first, last = int(indices[0]), int(indices[-1])
    return slice(first, last + 1) if last - first == len(indices) - 1 else indices


def _judge_rows(block: np.ndarray, sfreq: float) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """What each channel's own samples tell, and the covariance of the channels in `DEVIANT_BAND_HZ`.

    Args:
        block: `(n_windows, n_channels, n_times)` microvolts, recorded over their whole length.
        sfreq: Sampling rate in Hz.

    Returns:
        Reason to `(n_windows, n_channels)` bool, and `(n_windows, n_channels, n_channels)` float64.
    """
    n_times = block.shape[-1]
    low, high = block.min(axis=-1), block.max(axis=-1)
    finite = np.isfinite(low) & np.isfinite(high)  # both are NaN where a sample is
    if not finite.all():
        block = np.where(finite[..., None], block, np.float32(0.0))
        low, high = np.where(finite, low, 0.0), np.where(finite, high, 0.0)
    spread, second_spread = _spreads(block, min(max(round(sfreq), 2), n_times))
    flat = (second_spread < FLAT_UV).mean(axis=-1) >= FLAT_SHARE
    flat |= (spread < WEAK_RATIO * np.median(spread, axis=-1, keepdims=True)) & (spread < WEAK_UV)
    excess = np.maximum(-low, high) > RANGE_UV
    excess[excess] = (np.abs(block[excess]) > RANGE_UV).mean(axis=-1) > 0.01
    clipped = _share_at(block.reshape(-1, n_times), low.reshape(-1), high.reshape(-1)).reshape(low.shape)
    spectrum = fft.rfft(block, axis=-1)
    freqs = fft.rfftfreq(n_times, 1 / sfreq)
    reasons = {
        "missing samples": ~finite,
        "flat": flat & finite,
        "out of range": excess,
        "clipped": ~flat & (clipped > CLIP_SHARE),
        "extreme mains interference": ~flat & _has_extreme_line(spectrum, freqs, n_times),
    }
    usable = ~np.logical_or.reduce(list(reasons.values()))
    return reasons, _covariance(spectrum, freqs, n_times, usable)


def _spreads(block: np.ndarray, n_second: int) -> tuple[np.ndarray, np.ndarray]:
    """Standard deviation of rows, `(...,)`, and of each of their whole seconds, `(..., n_seconds)`."""
    n_whole = block.shape[-1] // n_second * n_second
    seconds = block[..., :n_whole].reshape(*block.shape[:-1], -1, n_second)
    means = seconds.mean(axis=-1)
    variances = np.empty_like(means)
    for window, of_seconds in enumerate(seconds):  # a window at a time stays in a core's cache
        centred = of_seconds - means[window, ..., None]
        variances[window] = np.einsum("...t,...t->...", centred, centred) / n_second
    if n_whole < block.shape[-1]:
        return block.std(axis=-1), np.sqrt(variances)
    return np.sqrt(variances.mean(axis=-1) + means.var(axis=-1)), np.sqrt(variances)


def _has_extreme_line(spectrum: np.ndarray, freqs: np.ndarray, n_times: int) -> np.ndarray:
    def power(rows: np.ndarray) -> np.ndarray:
        return 2.0 * (rows.real**2 + rows.imag**2).sum(axis=-1) / float(n_times) ** 2

    found = np.zeros(spectrum.shape[:-1], dtype=bool)
    for mains_hz in (50.0, 60.0):
        line = power(spectrum[..., np.abs(freqs - mains_hz) <= 1.0])
        strong = np.nonzero(line > LINE_UV**2)
        found[strong] |= line[strong] > LINE_SHARE * power(spectrum[strong][:, freqs >= 0.5])
    return found


def _covariance(spectrum: np.ndarray, freqs: np.ndarray, n_times: int, usable: np.ndarray) -> np.ndarray:
    """Covariance of the usable channels in `DEVIANT_BAND_HZ`, against their mean."""
    first = int(np.searchsorted(freqs, DEVIANT_BAND_HZ[0]))
    stop = int(np.searchsorted(freqs, DEVIANT_BAND_HZ[1], side="right"))
    band = spectrum[..., first:stop]
    parts = np.ascontiguousarray(band).view(band.real.dtype)  # real and imaginary by turns
    parts *= np.sqrt(2.0) / n_times
    parts *= usable[..., None]
    # Any weighted mean may go first, `_deviant` takes it out again; this one keeps the numbers small.
    parts -= parts.sum(axis=1, keepdims=True) / np.maximum(usable.sum(axis=1), 1)[:, None, None]
    return (parts @ np.swapaxes(parts, 1, 2)).astype(np.float64)


def _deviant(covariance: np.ndarray, positions: np.ndarray, usable: np.ndarray) -> np.ndarray:
    """Single bad electrodes: strong, and without a field in their neighbours."""
    weights = reference_weights(covariance, usable)
    shared = covariance @ weights[..., None]
    level = np.swapaxes(weights[..., None], 1, 2) @ shared
    covariance = covariance - shared - np.swapaxes(shared, 1, 2) + level
    amplitude = np.sqrt(np.maximum(np.diagonal(covariance, axis1=1, axis2=2), 1e-12))
    correlation = covariance / (amplitude[:, :, None] * amplitude[:, None, :])

    neighbours, exists = _neighbours(np.asarray(positions, dtype=float))
    channels = np.arange(len(neighbours))[:, None]
    counted = exists & usable[:, neighbours] & usable[:, :, None]  # (n_windows, n_channels, NUM_NEIGHBOURS)
    counted &= counted.sum(axis=-1, keepdims=True) >= MIN_NEIGHBOURS
    theirs = amplitude[:, neighbours]
    squared = amplitude[:, :, None] ** 2 + theirs**2 - 2.0 * covariance[:, channels, neighbours]
    distance = nan_median(np.where(counted, np.sqrt(np.maximum(squared, 0.0)), np.nan))
    typical = nan_median(distance)[:, None]
    alike = np.where(counted, correlation[:, channels, neighbours], -1.0).max(axis=-1)
    strongest = np.where(counted, theirs, 0.0).max(axis=-1)
    found = (distance > DEVIANT_RATIO * typical) & (alike < DEVIANT_CORRELATION)  # NaN, not judged: False
    found |= (amplitude > NO_FIELD_RATIO * strongest) & counted.any(axis=-1)
    return found & usable & (amplitude > DEVIANT_UV)


def _neighbours(positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The nearest electrodes of each, `(n_channels, n)` indices, and which of these are near enough."""
    unit = positions / np.maximum(np.linalg.norm(positions, axis=1, keepdims=True), 1e-12)
    angle = np.rad2deg(np.arccos(np.clip(unit @ unit.T, -1.0, 1.0)))
    np.fill_diagonal(angle, np.inf)
    angle[np.isnan(angle)] = np.inf  # position unknown
    nearest = np.argsort(angle, axis=1, kind="stable")[:, :NUM_NEIGHBOURS]
    return nearest, np.take_along_axis(angle, nearest, axis=1) <= NEIGHBOUR_DEG
