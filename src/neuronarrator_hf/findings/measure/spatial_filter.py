"""Spatial filters that pass the field of one place of the head and suppress the background of the window.

A spike under a posterior rhythm is small beside it in every derivation, but its field is another one. Of all
weights that pass a field unchanged, those of minimum variance leave the least of everything else (Van Veen et
al., "Localization of brain electrical activity via linearly constrained minimum variance spatial filtering",
IEEE Trans Biomed Eng 1997). The fields are those of patches, not of a head model: which one fits is decided
by what stands out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...signal.montage import SITES_1020, electrode_positions

LEAST_UV2 = 0.02
_POSITIONS = electrode_positions(SITES_1020)


def patch_field(*sites: str, width_deg: float) -> np.ndarray:
    """`(19,)` field of patches under some sites against the robust average, largest about 1.

    Args:
        sites: Centres of the patches.
        width_deg: Standard deviation of a patch over the angle from its centre, in degrees.
    """
    centres = _POSITIONS[[SITES_1020.index(site) for site in sites]]
    angle = np.rad2deg(np.arccos(np.clip(_POSITIONS @ centres.T, -1.0, 1.0)))
    field = np.exp(-0.5 * (angle / width_deg) ** 2).sum(axis=1)
    field /= field.max()
    return np.asarray(field - np.median(field))


@dataclass(frozen=True)
class SpatialFilters:
    """Filters of a batch of windows.

    Attributes:
        weights: `(n_windows, n_fields, 19)`; applied to the sites they give the field's source in microvolts.
        background_uv: `(n_windows, n_fields)` standard deviation of the background behind each filter.
    """

    weights: np.ndarray
    background_uv: np.ndarray


def minimum_variance(
    x: np.ndarray, mask: np.ndarray, fields: np.ndarray, *, ordinary: float, loading: float
) -> SpatialFilters:
    """The minimum-variance filter of every field, by the background of each window.

    Args:
        x: `(n_windows, 19, n_times)` band-limited signals in microvolts, zero at sites that do not count.
        mask: `(n_windows, 19)` bool: sites that count.
        fields: `(n_fields, 19)`, largest about 1.
        ordinary: Samples up to that many times the median power over the head are background.
        loading: Share of the mean variance that is added to every site, so that what fits a field roughly
            passes too.
    """
    power = np.einsum("wst,wst->wt", x, x)
    usual = np.median(power[:, ::2], axis=-1, keepdims=True)
    quiet = (power <= ordinary * usual).astype(x.dtype)
    covariance = np.matmul(x * quiet[:, None], x.swapaxes(1, 2))
    covariance /= np.maximum(quiet.sum(axis=-1), 1.0)[:, None, None]
    variance = np.einsum("wss->w", covariance) / np.maximum(mask.sum(axis=1), 1)
    added = (loading * variance + LEAST_UV2).astype(x.dtype)
    inverse = np.linalg.inv(covariance + added[:, None, None] * np.eye(x.shape[1], dtype=x.dtype))
    seen = fields[None].astype(x.dtype) * mask[:, None]
    weights = np.matmul(seen, inverse)
    weights /= np.maximum(np.einsum("wfs,wfs->wf", weights, seen), 1e-9)[..., None]
    background = np.einsum("wfs,wfs->wf", np.matmul(weights, covariance), weights)
    return SpatialFilters(weights, np.sqrt(np.maximum(background, LEAST_UV2)))
