"""Spherical head model: the scalp potential of current dipoles, by the series for concentric shells."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..signal.montage import SITES_1020, electrode_positions

HEAD_RADIUS_M = 0.09
SHELL_RADII = (0.90, 0.92, 0.97, 1.0)
"""Outer radii of brain, cerebrospinal fluid, skull and scalp, relative to the head."""
CONDUCTIVITIES = (0.33, 1.0, 0.004, 0.33)
"""Conductivities of the shells in S/m (the defaults of MNE's sphere model)."""
N_TERMS = 120


def lead_field(
    dipole_positions: np.ndarray,
    electrodes: np.ndarray,
    *,
    radius_m: float = HEAD_RADIUS_M,
    shell_radii: tuple[float, ...] = SHELL_RADII,
    conductivities: tuple[float, ...] = CONDUCTIVITIES,
) -> np.ndarray:
    """Potential on the scalp of unit dipoles along x, y and z, against infinity.

    The series is that of Zhang (1995), Phys Med Biol 40:335, summed to `N_TERMS`.

    Args:
        dipole_positions: `(n_dipoles, 3)` relative to the head radius, inside the innermost shell.
        electrodes: `(n_electrodes, 3)`, on the unit sphere.
        radius_m: Radius of the head in metres.
        shell_radii: Outer radii of the shells, relative, the last one 1.
        conductivities: Conductivities of the shells in S/m.

    Returns:
        `(n_dipoles, 3, n_electrodes)` in volts for 1 A m.
    """
    dipoles = np.atleast_2d(np.asarray(dipole_positions, dtype=float))
    eccentricity = np.linalg.norm(dipoles, axis=1)
    if np.any(eccentricity >= shell_radii[0]):
        raise ValueError(f"a dipole lies outside the innermost shell (radius {shell_radii[0]})")
    electrodes = np.asarray(electrodes, dtype=float)
    electrodes = electrodes / np.linalg.norm(electrodes, axis=1, keepdims=True)
    away = eccentricity[:, None] > 1e-9
    radial = np.where(away, dipoles / np.maximum(eccentricity, 1e-9)[:, None], [0.0, 0.0, 1.0])
    cosine = np.clip(radial @ electrodes.T, -1.0, 1.0)
    weights = _shell_weights(tuple(shell_radii), tuple(conductivities))
    legendre, before = cosine, np.ones_like(cosine)
    slope, slope_before = np.ones_like(cosine), np.zeros_like(cosine)
    along = np.zeros_like(cosine)
    across = np.zeros_like(cosine)
    for n in range(1, N_TERMS + 1):
        scale = weights[n - 1] * eccentricity[:, None] ** (n - 1)
        along += scale * n * legendre
        across += scale * slope
        legendre, before = ((2 * n + 1) * cosine * legendre - n * before) / (n + 1), legendre
        slope, slope_before = slope_before + (2 * n + 1) * before, slope
    tangential = electrodes[None] - cosine[..., None] * radial[:, None]
    field = along[..., None] * radial[:, None] + across[..., None] * tangential
    return np.swapaxes(field, 1, 2) / (4 * np.pi * conductivities[-1] * radius_m**2)


@lru_cache(maxsize=8)
def _shell_weights(radii: tuple[float, ...], conductivities: tuple[float, ...]) -> np.ndarray:
    """`(N_TERMS,)`: `(2n+1)/n f_n`, the passage of each spherical harmonic through the shells."""
    weights = np.empty(N_TERMS)
    for n in range(1, N_TERMS + 1):
        passage = np.eye(2)
        for k in range(len(radii) - 1):
            ratio = conductivities[k] / conductivities[k + 1]
            power = radii[k] ** (2 * n + 1)
            step = np.array(
                [
                    [n + (n + 1) * ratio, (n + 1) * (ratio - 1) / power],
                    [n * (ratio - 1) * power, (n + 1) + n * ratio],
                ]
            )
            passage = passage @ step / (2 * n + 1)
        weights[n - 1] = (2 * n + 1) / (n * passage[1, 1] + (n + 1) * passage[1, 0])
    return weights


@lru_cache(maxsize=1)
def site_positions() -> np.ndarray:
    """`(19, 3)` unit positions of the 10-20 sites."""
    return electrode_positions(SITES_1020).astype(float)
