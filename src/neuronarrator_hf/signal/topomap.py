"""Maps of band power over the head, seen from above, from one precomputed matrix."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from .interpolation import COVER_RADIUS_DEG, spherical_spline_matrix
from .montage import SITES_1020, electrode_positions

MAP_SIZE = 32
"""Pixels of a map in each direction."""
HEAD_ANGLE_DEG = 100.0
"""Angle from the vertex to the rim of a map; the lowest of the 19 sites, F7 and F8, lie at 97 degrees."""
POWER_FLOOR_UV2 = 1e-3
"""Band power below which a site counts as having this much."""


@lru_cache(maxsize=8)
def _pixels(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors of the pixels inside the head `(n_inside, 3)` and where these are `(size, size)`.

    Azimuthal equidistant: the distance from the centre is the angle from the vertex, as in MNE's maps.
    Row 0 is the front, column 0 the left.
    """
    axis = (np.arange(size) + 0.5) / size * 2 - 1
    x, y = axis[None, :], -axis[:, None]
    radius = np.hypot(x, y)
    angle = radius * np.deg2rad(HEAD_ANGLE_DEG)
    scale = np.sin(angle) / np.maximum(radius, 1e-12)
    points = np.stack([x * scale, y * scale, np.cos(angle)], axis=-1)
    inside = radius <= 1.0
    return points[inside], inside


def topomap_matrix(size: int = MAP_SIZE, site_mask: np.ndarray | None = None) -> np.ndarray:
    """`(size * size, 19)` float32 from values at the sites to pixels, read-only and cached.

    Pixels outside the head, and those farther than `COVER_RADIUS_DEG` from every site used, are zero.

    Args:
        size: Pixels in each direction.
        site_mask: `(19,)` bool, the sites used; all by default.
    """
    mask = np.ones(len(SITES_1020), dtype=bool) if site_mask is None else np.asarray(site_mask, dtype=bool)
    return _matrix(size, mask.tobytes())


@lru_cache(maxsize=512)
def _matrix(size: int, mask_bytes: bytes) -> np.ndarray:
    used = np.flatnonzero(np.frombuffer(mask_bytes, dtype=bool))
    points, inside = _pixels(size)
    matrix = np.zeros((size * size, len(SITES_1020)), dtype=np.float32)
    if len(used):
        sites = electrode_positions([SITES_1020[i] for i in used])
        near = (points @ sites.T).max(axis=1) >= np.cos(np.deg2rad(COVER_RADIUS_DEG))
        rows = np.flatnonzero(inside)[near]
        matrix[np.ix_(rows, used)] = spherical_spline_matrix(sites, points[near])
    matrix.setflags(write=False)
    return matrix


def topographic_maps(
    site_power: np.ndarray, site_mask: np.ndarray | None = None, size: int = MAP_SIZE
) -> np.ndarray:
    """Maps of log10 band power, `(..., n_bands, size, size)` float32.

    Each map is relative to the mean over its sites, so that it holds where power lies and not how much
    (that is in the spectrum): 0 is the mean, 0.3 twice the power. 0 also where there is no head or no
    site near; a window without any site gives 0 throughout.

    Args:
        site_power: `(..., 19, n_bands)` power in uV^2, best against `average_reference`.
        site_mask: `(..., 19)` bool, the sites that are covered; all by default.
        size: Pixels in each direction.
    """
    *leading, n_sites, n_bands = site_power.shape
    if n_sites != len(SITES_1020):
        raise ValueError(f"expected power at {len(SITES_1020)} sites, got shape {site_power.shape}")
    values = np.log10(np.maximum(site_power, POWER_FLOOR_UV2), dtype=np.float32, casting="same_kind")
    values = np.swapaxes(values.reshape(-1, n_sites, n_bands), 1, 2)  # (n, n_bands, 19)
    if site_mask is None or np.all(site_mask):
        maps = (values - values.mean(axis=-1, keepdims=True)) @ topomap_matrix(size).T
        return maps.reshape(*leading, n_bands, size, size)
    mask = np.broadcast_to(site_mask, (*leading, n_sites)).reshape(-1, n_sites)
    maps = np.zeros((len(values), n_bands, size * size), dtype=np.float32)
    masks, group = np.unique(mask, axis=0, return_inverse=True)
    for i, used in enumerate(masks):
        if used.any():
            which = group.reshape(-1) == i
            mean = values[which][..., used].mean(axis=-1, keepdims=True)
            relative = np.where(used, values[which] - mean, np.float32(0.0))
            maps[which] = relative @ topomap_matrix(size, used).T
    return maps.reshape(*leading, n_bands, size, size)
