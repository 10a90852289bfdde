"""Spatial filters that pass the field of one patch of the head and suppress the background of the window.

A spike under a posterior rhythm is small beside it in every derivation, but its field is another one. Of all
weights that pass a field unchanged, those of minimum variance leave the least of everything else (Van Veen et
al., "Localization of brain electrical activity via linearly constrained minimum variance spatial filtering",
IEEE Trans Biomed Eng 1997). The fields are those of patches, not of a head model: which one fits is decided by
what stands out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...signal.montage import SITES_1020, electrode_positions

PATCH_DEG = (28.0, 45.0)
"""Widths of the patches, as standard deviations over the angle from their centre."""
PAIR_DEG = 30.0
PAIRS = (("Fp1", "Fp2"), ("F3", "F4"), ("C3", "C4"), ("P3", "P4"), ("O1", "O2"))
"""Places at which a bilateral field may be largest."""
LOADING = 0.1
"""Share of the mean variance that is added to every site, so that a field that fits roughly passes too."""
LEAST_UV2 = 0.02
ORDINARY = 4.0
"""Samples up to that many times the median power over the head are background."""


def _patches() -> np.ndarray:
    angle = np.rad2deg(np.arccos(np.clip(_POSITIONS @ _POSITIONS.T, -1.0, 1.0)))
    spread = lambda site, width: np.exp(-0.5 * (angle[SITES_1020.index(site)] / width) ** 2)  # noqa: E731
    fields = [spread(site, width) for width in PATCH_DEG for site in SITES_1020]
    fields += [spread(left, PAIR_DEG) + spread(right, PAIR_DEG) for left, right in PAIRS]
    patches = np.array([field / field.max() for field in fields])
    return patches - np.median(patches, axis=1, keepdims=True)  # as against the robust average


_POSITIONS = electrode_positions(SITES_1020)
PATCHES = _patches()
"""`(43, 19)` fields of patches against the robust average, largest about 1."""


@dataclass(frozen=True)
class PatchFilters:
    """Filters of a batch of windows.

    Attributes:
        weights: `(n_windows, n_patches, 19)`; applied to the sites they give the patch in microvolts.
        background_uv: `(n_windows, n_patches)` standard deviation of the background behind each filter.
        site_uv: `(n_windows, 19)` standard deviation of the background at each site.
    """

    weights: np.ndarray
    background_uv: np.ndarray
    site_uv: np.ndarray


def patch_filters(x: np.ndarray, mask: np.ndarray) -> PatchFilters:
    """The minimum-variance filter of every patch, by the background of each window.

    Args:
        x: `(n_windows, 19, n_times)` band-limited signals in microvolts, zero where they do not count.
        mask: `(n_windows, 19)` bool: sites that count.
    """
    power = np.einsum("wst,wst->wt", x, x)
    usual = np.median(power[:, ::2], axis=-1, keepdims=True)
    ordinary = (power <= ORDINARY * usual).astype(x.dtype)
    covariance = np.matmul(x * ordinary[:, None], x.swapaxes(1, 2))
    covariance /= np.maximum(ordinary.sum(axis=-1), 1.0)[:, None, None]
    variance = np.einsum("wss->ws", covariance)
    loading = LOADING * variance.sum(axis=1) / np.maximum(mask.sum(axis=1), 1) + LEAST_UV2
    inverse = np.linalg.inv(covariance + loading[:, None, None] * np.eye(x.shape[1], dtype=x.dtype))
    fields = PATCHES[None].astype(x.dtype) * mask[:, None]
    weights = np.matmul(fields, inverse)
    weights /= np.maximum(np.einsum("wps,wps->wp", weights, fields), 1e-9)[..., None]
    background = np.einsum("wps,wps->wp", np.matmul(weights, covariance), weights)
    return PatchFilters(weights, np.sqrt(np.maximum(background, LEAST_UV2)), np.sqrt(np.maximum(variance, LEAST_UV2)))
