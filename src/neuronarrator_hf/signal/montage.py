"""Electrodes: canonical names, positions on the unit sphere, regions, sides and derivations."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources

import numpy as np

SITES_1020: tuple[str, ...] = (
    "Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz", "C4", "T8",
    "P7", "P3", "Pz", "P4", "P8", "O1", "O2",
)  # fmt: skip
"""The 19 electrodes of the 10-20 system: the sites on which everything is measured."""

LONGITUDINAL_BIPOLAR: tuple[tuple[str, str], ...] = (
    ("Fp1", "F7"), ("F7", "T7"), ("T7", "P7"), ("P7", "O1"),
    ("Fp1", "F3"), ("F3", "C3"), ("C3", "P3"), ("P3", "O1"),
    ("Fz", "Cz"), ("Cz", "Pz"),
    ("Fp2", "F4"), ("F4", "C4"), ("C4", "P4"), ("P4", "O2"),
    ("Fp2", "F8"), ("F8", "T8"), ("T8", "P8"), ("P8", "O2"),
)  # fmt: skip
"""The double banana: (anode, cathode) pairs, left temporal first."""

_SITE_REGIONS: dict[str, tuple[str, ...]] = {
    "frontal": ("Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8"),
    "central": ("C3", "Cz", "C4"),
    "temporal": ("T7", "T8", "P7", "P8"),
    "parietal": ("P3", "Pz", "P4"),
    "occipital": ("O1", "O2"),
}

_OLD_NAMES = {"T3": "T7", "T4": "T8", "T5": "P7", "T6": "P8"}
_PREFIX = re.compile(r"^(?:EEG|POL|SEEG)[\s_:.-]+", re.IGNORECASE)
_REFERENCE = re.compile(
    r"[\s_:-]+(?:REF\d*|LE|RE|AR|AVG|AV|AVERAGE|CAR|CPZ|A1A2|A1\+A2|\(?A1\+A2\)?/2|A1|A2|M1|M2|LER|G\d?|GND|CZ|ORG|NASION)$",
    re.IGNORECASE,
)


@lru_cache(maxsize=1)
def _position_table() -> dict[str, tuple[str, np.ndarray]]:
    """Lower-case name to (canonical name, unit vector); x right, y front, z up."""
    with resources.files(__package__).joinpath("electrode_positions.csv").open(encoding="ascii") as file:
        _, *rows = csv.reader(file)
    positions = np.array([row[1:] for row in rows], dtype=float)
    positions /= np.linalg.norm(positions, axis=1, keepdims=True)
    return {name.lower(): (name, position) for (name, *_), position in zip(rows, positions, strict=True)}


def canonical_name(label: str) -> str | None:
    """The 10-05 name of an electrode label, or None where the label names no electrode.

    `EEG Fp1-REF`, `FP1-LE`, `Fp1..` and `fp1` become `Fp1`; the old names T3, T4, T5 and T6 become
    T7, T8, P7 and P8. A bipolar label such as `F3-C3` names two electrodes and gives None.
    """
    name = _PREFIX.sub("", label.strip()).strip(" .")
    table = _position_table()
    for candidate in (name, _REFERENCE.sub("", name).strip(" .")):
        candidate = _OLD_NAMES.get(candidate.upper(), candidate)
        if candidate.lower() in table:
            return table[candidate.lower()][0]
    return None


def electrode_positions(ch_names: Sequence[str]) -> np.ndarray:
    """Positions of canonical electrode names, `(n_channels, 3)` float32 on the unit sphere.

    The positions are MNE's `standard_1005` montage, projected on the sphere that fits it best;
    x points right, y to the front, z up.

    Raises:
        ValueError: A name is not an electrode of the 10-05 system.
    """
    table = _position_table()
    unknown = [name for name in ch_names if name.lower() not in table]
    if unknown:
        raise ValueError(
            f"no standard position for {', '.join(map(repr, unknown))}; expected names of the 10-05 "
            "system such as 'Fp1'; pass positions of your own for other electrodes"
        )
    return np.stack([table[name.lower()][1] for name in ch_names]).astype(np.float32)


def site_region(name: str) -> str:
    """Head region of a site of `SITES_1020`: frontal, central, temporal, parietal or occipital."""
    for region, sites in _SITE_REGIONS.items():
        if name in sites:
            return region
    raise ValueError(f"{name!r} is not one of the 19 sites {', '.join(SITES_1020)}")


def site_side(name: str) -> str:
    """Side of an electrode by its number: odd is left, even is right, z is midline."""
    if name[-1] in "zZ":
        return "midline"
    digits = re.search(r"(\d+)", name)
    if digits is None:
        raise ValueError(f"{name!r} carries neither a number nor a z, so its side is unknown")
    return "left" if int(digits.group(1)) % 2 else "right"


def region_sites(region: str, side: str | None = None) -> tuple[str, ...]:
    """Sites of a region (`generalized`: all 19), optionally those of one side only."""
    sites = SITES_1020 if region == "generalized" else _SITE_REGIONS[region]
    return tuple(s for s in sites if side in (None, "bilateral") or site_side(s) == side)


def site_indices(sites: Sequence[str]) -> np.ndarray:
    """Indices into `SITES_1020`, `(n_sites,)` int."""
    return np.array([SITES_1020.index(site) for site in sites], dtype=int)


def bipolar_matrix(ch_names: Sequence[str] = SITES_1020) -> np.ndarray:
    """`(18, n_channels)` matrix taking referential channels to the longitudinal bipolar montage.

    Raises:
        ValueError: An electrode of the montage is missing.
    """
    index = {name: i for i, name in enumerate(ch_names)}
    missing = sorted({e for pair in LONGITUDINAL_BIPOLAR for e in pair} - set(index))
    if missing:
        raise ValueError(f"the longitudinal bipolar montage lacks {', '.join(missing)}")
    matrix = np.zeros((len(LONGITUDINAL_BIPOLAR), len(index)), dtype=np.float32)
    for row, (anode, cathode) in enumerate(LONGITUDINAL_BIPOLAR):
        matrix[row, index[anode]] = 1.0
        matrix[row, index[cathode]] = -1.0
    return matrix
