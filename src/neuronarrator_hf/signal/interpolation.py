"""From any montage to the 19 sites: spherical splines, and a reference one bad electrode cannot spoil."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from .montage import SITES_1020, electrode_positions
from .windows import EEGWindows

COVER_RADIUS_DEG = 55.0
"""Angle within which an electrode counts as a neighbour of a site. In the 10-20 system the ring around a
site lies at 33 to 50 degrees and the next ring begins at 58."""
COVER_MIN_ELECTRODES = 3
"""Evaluable neighbours without which a site is not interpolated: fewer do not surround it."""
COVER_MAX_GAIN = 2.0
"""Largest norm of the interpolation weights. One site missing from the 19 gives 1.0 to 1.6, a site
outside the electrodes (a right-sided one from the left) 2.4 and more: that is extrapolation."""
TRIM_RATIO = 3.0
"""Sites farther than this many times the typical distance from the others are left out of the reference."""


def spherical_spline_matrix(
    positions_from: np.ndarray,
    positions_to: np.ndarray,
    *,
    stiffness: int = 4,
    num_legendre: int = 50,
    smoothing: float = 1e-5,
) -> np.ndarray:
    """Spherical spline interpolation (Perrin et al. 1989), `(n_to, n_from)` float32, read-only, cached.

    Every row sums to 1, so that the reference of the input is the reference of the output.

    Args:
        positions_from: `(n_from, 3)` electrodes; scaled to the unit sphere.
        positions_to: `(n_to, 3)` points wanted.
        stiffness: Order m of the spline.
        num_legendre: Terms of the Legendre series.
        smoothing: Added to the diagonal (lambda of Perrin).
    """
    source = np.ascontiguousarray(positions_from, dtype=np.float64).reshape(-1, 3)
    target = np.ascontiguousarray(positions_to, dtype=np.float64).reshape(-1, 3)
    if len(source) == 0 or not (np.isfinite(source).all() and np.isfinite(target).all()):
        raise ValueError(f"expected finite positions of at least one electrode, got {positions_from!r}")
    return _spline_matrix(source.tobytes(), target.tobytes(), stiffness, num_legendre, smoothing)


@lru_cache(maxsize=512)
def _spline_matrix(
    source_bytes: bytes, target_bytes: bytes, stiffness: int, num_legendre: int, smoothing: float
) -> np.ndarray:
    source = _unit(np.frombuffer(source_bytes).reshape(-1, 3))
    target = _unit(np.frombuffer(target_bytes).reshape(-1, 3))
    n_from = len(source)
    system = np.ones((n_from + 1, n_from + 1))
    system[:n_from, :n_from] = _spline_kernel(source @ source.T, stiffness, num_legendre)
    system[:n_from, :n_from] += smoothing * np.eye(n_from)
    system[n_from, n_from] = 0.0
    kernel = np.ones((len(target), n_from + 1))
    kernel[:, :n_from] = _spline_kernel(target @ source.T, stiffness, num_legendre)
    matrix = np.linalg.solve(system, kernel.T)[:n_from].T.astype(np.float32)
    matrix.setflags(write=False)
    return matrix


def _spline_kernel(cosines: np.ndarray, stiffness: int, num_legendre: int) -> np.ndarray:
    order = np.arange(1, num_legendre + 1)
    factors = (2 * order + 1) / (order**stiffness * (order + 1.0) ** stiffness * 4 * np.pi)
    return np.polynomial.legendre.legval(np.clip(cosines, -1.0, 1.0), np.concatenate([[0.0], factors]))


def _unit(positions: np.ndarray) -> np.ndarray:
    return positions / np.maximum(np.linalg.norm(positions, axis=-1, keepdims=True), 1e-12)


def site_matrix(
    ch_names: tuple[str, ...], positions: np.ndarray, channel_mask: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Matrix from the channels of one montage to the 19 sites, and the sites it covers.

    Args:
        ch_names: Canonical names.
        positions: `(n_channels, 3)`; a channel without a position (NaN or zero) serves its own site only.
        channel_mask: `(n_channels,)` bool, the channels that can be evaluated.

    Returns:
        `matrix` `(19, n_channels)` float32 and `site_mask` `(19,)` bool. A site is covered if the channel
        of that name can be evaluated, or if at least `COVER_MIN_ELECTRODES` evaluable electrodes lie
        within `COVER_RADIUS_DEG` and surround it (`COVER_MAX_GAIN`). Other rows are zero.
    """
    positions = np.ascontiguousarray(positions, dtype=np.float32)
    channel_mask = np.ascontiguousarray(channel_mask, dtype=bool)
    return _site_matrix(tuple(ch_names), positions.tobytes(), channel_mask.tobytes())


@lru_cache(maxsize=512)
def _site_matrix(
    ch_names: tuple[str, ...], position_bytes: bytes, mask_bytes: bytes
) -> tuple[np.ndarray, np.ndarray]:
    positions = np.frombuffer(position_bytes, dtype=np.float32).reshape(-1, 3)
    evaluable = np.frombuffer(mask_bytes, dtype=bool)
    matrix = np.zeros((len(SITES_1020), len(ch_names)), dtype=np.float32)
    site_mask = np.zeros(len(SITES_1020), dtype=bool)
    for row, site in enumerate(SITES_1020):
        if site in ch_names and evaluable[ch_names.index(site)]:
            matrix[row, ch_names.index(site)] = 1.0
            site_mask[row] = True
    located = np.flatnonzero(evaluable & (np.linalg.norm(positions, axis=1) > 1e-6))  # NaN: False
    missing = np.flatnonzero(~site_mask)
    if len(missing) and len(located) >= COVER_MIN_ELECTRODES:
        sites = electrode_positions([SITES_1020[i] for i in missing])
        cosines = sites @ _unit(positions[located]).T
        n_near = (cosines >= np.cos(np.deg2rad(COVER_RADIUS_DEG))).sum(axis=1)
        rows = spherical_spline_matrix(positions[located], sites)
        covered = (n_near >= COVER_MIN_ELECTRODES) & (np.linalg.norm(rows, axis=1) <= COVER_MAX_GAIN)
        matrix[np.ix_(missing[covered], located)] = rows[covered]
        site_mask[missing[covered]] = True
    matrix.setflags(write=False)
    site_mask.setflags(write=False)
    return matrix, site_mask


def to_sites(windows: EEGWindows) -> tuple[np.ndarray, np.ndarray]:
    """The windows at the 19 sites of `SITES_1020`, in the reference of the recording.

    Returns:
        `site_uv` `(n_windows, 19, n_times)` float32, zero where masked, and `site_mask`
        `(n_windows, 19)` bool; see `site_matrix` for what is covered. Where the channels are the sites
        already, `site_uv` is a read-only view of the samples.
    """
    n_windows, _, n_times = windows.eeg_uv.shape
    site_mask = np.zeros((n_windows, len(SITES_1020)), dtype=bool)
    masks, group = np.unique(windows.channel_mask, axis=0, return_inverse=True)
    if len(masks) == 1:
        matrix, covered = site_matrix(windows.ch_names, windows.positions, masks[0])
        site_mask[:] = covered
        return _at_sites(windows.eeg_uv, matrix, covered), site_mask
    site_uv = np.empty((n_windows, len(SITES_1020), n_times), dtype=np.float32)
    for i, mask in enumerate(masks):
        which = np.flatnonzero(group.reshape(-1) == i)
        matrix, covered = site_matrix(windows.ch_names, windows.positions, mask)
        site_mask[which] = covered
        site_uv[which] = _at_sites(windows.eeg_uv[which], matrix, covered)
    return site_uv, site_mask


def _at_sites(eeg_uv: np.ndarray, matrix: np.ndarray, covered: np.ndarray) -> np.ndarray:
    """`(n_windows, 19, n_times)` float32 from windows that one matrix serves; a view where that is all."""
    channels = np.flatnonzero(matrix.any(axis=0))  # a masked channel may hold anything
    used = matrix[:, channels]
    if ((used != 0).sum(axis=1) > 1).any():
        return used @ eeg_uv[:, channels]
    selected = np.zeros(len(SITES_1020), dtype=int)
    selected[covered] = channels[used[covered].argmax(axis=1)] if len(channels) else 0
    if covered.all() and (np.diff(selected) == 1).all():
        values = eeg_uv[:, selected[0] : selected[-1] + 1].astype(np.float32, copy=False)
        values.flags.writeable = False
        return values
    values = eeg_uv[:, selected].astype(np.float32, copy=False)
    values[:, ~covered] = 0.0
    return values


def reference_weights(covariance: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Weights of the robust average reference, `(..., n_sites)`, summing to 1 over the sites used.

    The distance of two sites is the spread of their difference, the distance of a site its median
    distance from the others. Sites at more than `TRIM_RATIO` times the median of these are left out; the
    others weigh the same. The reference of the recording cancels in a difference, so it plays no part.

    Args:
        covariance: `(..., n_sites, n_sites)` of the sites.
        mask: `(..., n_sites)` bool.
    """
    power = np.diagonal(covariance, axis1=-2, axis2=-1)
    squared = power[..., :, None] + power[..., None, :] - 2.0 * covariance
    distance = np.sqrt(np.maximum(squared, 0.0))
    distance = np.where(mask[..., :, None] & mask[..., None, :], distance, np.nan)
    n_sites = distance.shape[-1]
    distance[..., np.arange(n_sites), np.arange(n_sites)] = np.nan
    own = nan_median(distance)
    typical = nan_median(own)[..., None]
    kept = mask & ~(own > TRIM_RATIO * typical)
    return kept / np.maximum(kept.sum(axis=-1, keepdims=True), 1)


def nan_median(values: np.ndarray) -> np.ndarray:
    """Median over the last axis without NaN; NaN where all are (without numpy's warning and loop)."""
    ordered = np.sort(values, axis=-1)  # NaN last
    count = np.isfinite(ordered).sum(axis=-1, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum((count - 1) // 2, 0), axis=-1)
    high = np.take_along_axis(ordered, np.minimum(count // 2, values.shape[-1] - 1), axis=-1)
    return np.where(count > 0, (low + high) / 2, np.nan)[..., 0]


def average_reference(site_uv: np.ndarray, site_mask: np.ndarray) -> np.ndarray:
    """The sites against a robust average, `(..., n_sites, n_times)` float32, zero where masked.

    A mean over the covered sites, trimmed per window (see `reference_weights`) and not sample by sample
    as a median would be: the reference stays a linear combination of signals, and one bad electrode
    does not show up, inverted, in all the others. With fewer than 3 sites covered nothing is subtracted.

    Args:
        site_uv: `(..., n_sites, n_times)` microvolts in any reference.
        site_mask: `(..., n_sites)` bool.
    """
    mask = np.asarray(site_mask, dtype=bool)
    n_covered = mask.sum(axis=-1, keepdims=True)
    plain = np.where(n_covered >= 3, mask / np.maximum(n_covered, 1), 0.0).astype(np.float32)
    has_all = bool(mask.all())
    values = site_uv if has_all else np.where(mask[..., None], site_uv, np.float32(0.0))
    values = np.asarray(values, dtype=np.float32)
    values = values - (plain[..., None, :] @ values)
    covariance = values @ np.swapaxes(values, -1, -2) / values.shape[-1]
    trimmed = np.where(plain.any(axis=-1, keepdims=True), reference_weights(covariance, mask), 0.0)
    values -= trimmed[..., None, :].astype(np.float32) @ values
    return values if has_all else np.where(mask[..., None], values, np.float32(0.0))
