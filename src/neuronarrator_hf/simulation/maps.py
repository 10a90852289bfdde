"""Scalp maps: the fields of cortical patches, deep sources and artifacts at the 19 sites."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..signal.montage import SITES_1020, bipolar_matrix, electrode_positions, site_region, site_side
from .head import lead_field, site_positions

PATCH_SIZES_RAD = (0.18, 0.32, 0.5, 0.75)
"""Angular radii of cortical patches: from a few square centimetres to most of a lobe."""
CORTEX_RADIUS = 0.82
N_GRID = 500


@lru_cache(maxsize=1)
def _cortex() -> tuple[np.ndarray, np.ndarray]:
    """Directions of a grid on the cortex `(n, 3)` and its lead fields `(n, 3, 19)`, scaled."""
    i = np.arange(N_GRID) + 0.5
    z = 1 - 1.45 * i / N_GRID
    angle = np.pi * (1 + 5**0.5) * i
    radius = np.sqrt(np.maximum(0.0, 1 - z**2))
    directions = np.stack([radius * np.cos(angle), radius * np.sin(angle), z], axis=1)
    fields = lead_field(directions * CORTEX_RADIUS, site_positions())
    return directions, fields / np.abs(fields).max()


@lru_cache(maxsize=16)
def to_montage(ch_names: tuple[str, ...]) -> np.ndarray:
    """`(n_channels, 19)`: potentials at other electrodes from those at the 19 sites, by the head model.

    The cortical currents of least norm that make the potentials at the sites are found, and their
    lead fields at the other electrodes applied (equivalent sources). Potentials are against infinity.

    Args:
        ch_names: Electrodes with known positions, of the 10-05 system for instance.
    """
    directions, _ = _cortex()
    currents = directions * CORTEX_RADIUS
    known = electrode_positions(ch_names).astype(float)
    at_sites = lead_field(currents, site_positions()).reshape(-1, 19)
    at_montage = lead_field(currents, known).reshape(-1, len(ch_names))
    gram = at_sites.T @ at_sites
    return at_montage.T @ at_sites @ np.linalg.inv(gram + 1e-6 * np.trace(gram) / 19 * np.eye(19))


@lru_cache(maxsize=1)
def bipolar() -> np.ndarray:
    """`(18, 19)` matrix of the longitudinal bipolar montage."""
    return bipolar_matrix().astype(float)


def bipolar_peak(scalp_map: np.ndarray) -> float:
    """Largest magnitude of a map in the longitudinal bipolar derivations."""
    return float(np.abs(bipolar() @ scalp_map).max())


def normalise(scalp_map: np.ndarray) -> np.ndarray:
    """The map scaled to 1 in the longitudinal bipolar derivation where it is largest."""
    return scalp_map / bipolar_peak(scalp_map)


def patch(centre: np.ndarray, size_rad: float, tilt: np.ndarray | None = None) -> np.ndarray:
    """Map of a cortical patch: radial dipoles under a Gaussian of `size_rad`, tilted by a vector.

    Args:
        centre: Direction of the centre from the middle of the head.
        size_rad: Angular radius.
        tilt: `(3,)` tangential moment added to the radial one (fissural cortex).

    Returns:
        `(19,)`, not normalised, positive over the patch.
    """
    directions, fields = _cortex()
    centre = centre / np.linalg.norm(centre)
    weights = np.exp(-(1 - directions @ centre) / size_rad**2)
    moments = directions if tilt is None else directions + tilt
    return np.einsum("i,ij,ijk->k", weights / weights.sum(), moments, fields, optimize=True)


@lru_cache(maxsize=1)
def _grid_patches() -> tuple[np.ndarray, np.ndarray]:
    """Radial and Cartesian patch maps of every site and size: `(19, n_sizes, 4, 19)`."""
    directions, fields = _cortex()
    positions = site_positions()
    out = np.empty((19, len(PATCH_SIZES_RAD), 4, 19))
    for s, size in enumerate(PATCH_SIZES_RAD):
        weights = np.exp(-(1 - positions @ directions.T) / size**2)
        weights /= weights.sum(axis=1, keepdims=True)
        out[:, s, 0] = np.einsum("si,ij,ijk->sk", weights, directions, fields, optimize=True)
        out[:, s, 1:] = np.einsum("si,ijk->sjk", weights, fields, optimize=True)
    return out, positions


def site_patch(
    rng: np.random.Generator, site: str, size: int, *, tilt: float = 0.25, spread: float = 0.35
) -> np.ndarray:
    """Normalised map of a patch under a site, moved and tilted at random.

    Args:
        rng: Source of randomness.
        site: Name from `SITES_1020`.
        size: Index into `PATCH_SIZES_RAD`.
        tilt: Size of the random tangential moment.
        spread: Weight of the neighbouring sites' patches, which moves the centre.
    """
    grid, positions = _grid_patches()
    index = SITES_1020.index(site)
    near = np.exp(-((1 - positions @ positions[index]) / 0.12)) * rng.uniform(0, spread, 19)
    near[index] = 1.0
    scalp_map = near @ grid[:, size, 0] + tilt * rng.standard_normal(3) @ grid[index, size, 1:]
    return normalise(scalp_map)


MIRROR = np.array(
    [
        SITES_1020.index(
            site if site[-1] == "z" else site[:-1] + str(int(site[-1]) + (1 if int(site[-1]) % 2 else -1))
        )
        for site in SITES_1020
    ]
)
"""Index of the site on the other side."""


def mirrored(scalp_map: np.ndarray) -> np.ndarray:
    """The map seen in a mirror."""
    return scalp_map[MIRROR]


def lateralization(scalp_map: np.ndarray) -> float:
    """Log ratio of the largest left to the largest right bipolar derivation: above 0 is left."""
    derived = np.abs(bipolar() @ scalp_map)
    return float(np.log(max(derived[:8].max(), 1e-9) / max(derived[10:].max(), 1e-9)))


def lateralized(rng: np.random.Generator, site: str, size: int) -> np.ndarray:
    """Map of a patch with some leakage to the mirrored place, at least 1.7 times larger on its side."""
    sign = 1.0 if int(site[-1]) % 2 else -1.0
    for attempt in range(8):
        tilt, spread = 0.25 / (1 + attempt), 0.35 / (1 + attempt)
        own = site_patch(rng, site, max(0, size - attempt // 2), tilt=tilt, spread=spread)
        scalp_map = own + rng.uniform(0.0, 0.22 / (1 + attempt)) * mirrored(own)
        if sign * lateralization(scalp_map) > np.log(1.7):
            break
    return normalise(scalp_map)


def generalized(rng: np.random.Generator, frontal: float | None = None) -> np.ndarray:
    """Map of a bilateral field: mirrored frontal, vertex and posterior patches.

    Args:
        rng: Source of randomness.
        frontal: Share of the frontal patches, random if None.
    """
    frontal = rng.uniform(0.25, 0.8) if frontal is None else frontal
    rest = 1 - frontal
    central = rest * rng.uniform(0.2, 0.8)
    size = int(rng.integers(2, 4))
    out = np.zeros(19)
    for sites, weight in (
        (("F3", "F4"), frontal * 0.7),
        (("Fp1", "Fp2"), frontal * 0.3),
        (("C3", "C4"), central),
        (("P3", "P4"), (rest - central) * 0.6),
        (("O1", "O2"), (rest - central) * 0.4),
    ):
        grid, _ = _grid_patches()
        balance = rng.uniform(0.4, 0.6)
        for site, share in zip(sites, (balance, 1 - balance), strict=True):
            out += weight * share * grid[SITES_1020.index(site), size, 0]
    return normalise(out)


def hemisphere(rng: np.random.Generator, side: str) -> np.ndarray:
    """Map of one hemisphere's part of a widespread pattern: several patches of that side."""
    sites = [site for site in SITES_1020 if site_side(site) == side]
    chosen = rng.choice(len(sites), 3, replace=False)
    out = sum(
        rng.uniform(0.4, 1.0) * site_patch(rng, sites[i], int(rng.integers(1, 3)), tilt=0.3) for i in chosen
    )
    return normalise(out)


def widespread(rng: np.random.Generator, frontal: float | None = None) -> list[np.ndarray]:
    """Maps of a generalized pattern that is not the same everywhere: shared, left and right."""
    return [generalized(rng, frontal), hemisphere(rng, "left"), hemisphere(rng, "right")]


def deep(rng: np.random.Generator) -> np.ndarray:
    """Map of a deep dipole (thalamus, mesial temporal): a broad field."""
    fields = _deep_fields()
    moment = rng.standard_normal(3) * [0.4, 0.7, 1.0]
    return normalise(moment @ fields[rng.integers(len(fields))])


@lru_cache(maxsize=1)
def _deep_fields() -> np.ndarray:
    """Lead fields `(n, 3, 19)` of a grid of deep places."""
    axes = np.meshgrid(np.linspace(-0.35, 0.35, 5), np.linspace(-0.3, 0.3, 4), np.linspace(-0.1, 0.4, 4))
    return lead_field(np.stack([a.ravel() for a in axes], axis=1), site_positions())


def describe(scalp_map: np.ndarray) -> tuple[str, tuple[str, ...]]:
    """Side and one or two regions of a focal map, from where it is largest.

    Magnitude is taken against the median of the sites, as a reader of a referential montage would; the
    side is that of the larger bipolar derivations, bilateral where they differ by less than 1.3.
    """
    magnitude = np.abs(scalp_map - np.median(scalp_map))
    order = np.argsort(magnitude)[::-1]
    balance = lateralization(scalp_map)
    side = "bilateral" if abs(balance) < np.log(1.3) else "left" if balance > 0 else "right"
    order = [i for i in order if side == "bilateral" or site_side(SITES_1020[i]) in (side, "midline")]
    regions = [site_region(SITES_1020[order[0]])]
    for index in order[1:4]:
        region = site_region(SITES_1020[index])
        if magnitude[index] >= 0.72 * magnitude[order[0]] and region not in regions:
            regions.append(region)
            break
    return side, tuple(regions)


# --- artifacts ---------------------------------------------------------------------------------


def _by_site(**values: float) -> np.ndarray:
    out = np.zeros(19)
    for site, value in values.items():
        out[SITES_1020.index(site)] = value
    return out


BLINK = _by_site(
    Fp1=1.0, Fp2=1.0, F3=0.35, F4=0.35, Fz=0.38, F7=0.38, F8=0.38, C3=0.1, C4=0.1, Cz=0.12, T7=0.06, T8=0.06
)
"""Corneoretinal potential of a blink, in units of Fp1 against a distant reference."""
SACCADE = _by_site(F7=-1.0, F8=1.0, Fp1=-0.45, Fp2=0.45, F3=-0.3, F4=0.3, T7=-0.3, T8=0.3, C3=-0.08, C4=0.08)
"""Horizontal eye movement to the right."""
_EMG = {
    "temporal": ("T7", "T8", "F7", "F8", "P7", "P8"),
    "frontal": ("Fp1", "Fp2", "F7", "F8", "F3", "F4"),
    "occipital": ("O1", "O2", "P7", "P8"),
}


def muscle(rng: np.random.Generator, group: str, side: str) -> tuple[np.ndarray, ...]:
    """Nearly independent fields of the motor units of one muscle group."""
    maps = []
    for site in _EMG[group]:
        if side != "bilateral" and site_side(site) != side:
            continue
        field = np.exp(
            -np.linalg.norm(site_positions() - site_positions()[SITES_1020.index(site)], axis=1) / 0.4
        )
        first = site in _EMG[group][:2]
        maps.append(field * (1.0 if first else 0.6) * rng.lognormal(0, 0.35))
    return tuple(maps)


def electrode(site: str) -> np.ndarray:
    """An electrode by itself, without a field."""
    return _by_site(**{site: 1.0})


def heart(rng: np.random.Generator) -> np.ndarray:
    """Far field of the heart: nearly linear over the head, larger near the left ear."""
    axis = np.array([-1.0, rng.uniform(-0.3, 0.6), -rng.uniform(0.3, 1.2)])
    return normalise(site_positions() @ axis)
