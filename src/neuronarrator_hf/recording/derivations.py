"""Bipolar chains: recognised from the names, and taken back to electrode potentials.

A derivation is the difference of two electrodes. Where the derivations connect all their electrodes, the
potentials follow from them exactly, up to the reference, which is then the average. Where they fall into
groups (the double banana: left, right and midline), potentials inside a group are exact and the level between
groups is not recorded: it is chosen so that neighbouring electrodes differ least.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neuronarrator_hf.signal.montage import canonical_name, electrode_positions

EARS = ("A1", "A2", "M1", "M2")
_PREFIX = re.compile(r"^(?:EEG|POL|SEEG)[\s_:.-]+", re.IGNORECASE)
_SEPARATOR = re.compile(r"\s*[-–—/_:>]\s*")
_SUFFIX = re.compile(r"[\s_-]*(?:BIP|BIPOLAR|DERIVED|\d{1,2})$", re.IGNORECASE)


def electrode_pair(label: str) -> tuple[str, str] | None:
    """Anode and cathode of a label such as `EEG F3-C3`, or None where it does not name two electrodes."""
    parts = [part.strip(" .") for part in _SEPARATOR.split(_PREFIX.sub("", label.strip()).strip(" ."))]
    if len(parts) == 3 and re.fullmatch(r"\d{1,2}|REF|BIP", parts[2], re.IGNORECASE):
        parts = parts[:2]
    if len(parts) != 2:
        return None
    names = [canonical_name(part) for part in parts]
    if names[0] is None or names[1] is None or names[0] == names[1]:
        return None
    return names[0], names[1]


def common_reference(pairs: Sequence[tuple[str, str]]) -> str | None:
    """The one reference (or the ears) that every pair has in common, else None."""
    cathodes = {cathode for _, cathode in pairs}
    anodes = {anode for anode, _ in pairs}
    if cathodes & anodes:
        return None
    if cathodes <= set(EARS) and not anodes & set(EARS):
        return "+".join(sorted(cathodes))
    if len(cathodes) == 1 and len(pairs) >= 2:
        return next(iter(cathodes))
    return None


@dataclass(frozen=True)
class Inversion:
    """How derivations become electrode potentials.

    Attributes:
        electrodes: Electrodes, in the order in which the derivations name them.
        matrix: `(n_electrodes, n_derivations)`, average reference.
        groups: Electrodes connected by derivations; one group: the inversion is exact.
    """

    electrodes: tuple[str, ...]
    matrix: np.ndarray
    groups: tuple[tuple[str, ...], ...]


def invert(pairs: Sequence[tuple[str, str]]) -> Inversion:
    """Electrode potentials of least squares from derivations, as one matrix."""
    electrodes = tuple(dict.fromkeys(electrode for pair in pairs for electrode in pair))
    index = {name: i for i, name in enumerate(electrodes)}
    difference = np.zeros((len(pairs), len(electrodes)))
    for row, (anode, cathode) in enumerate(pairs):
        difference[row, index[anode]] = 1.0
        difference[row, index[cathode]] = -1.0
    groups = _groups(difference)
    matrix = np.linalg.pinv(difference)
    if len(groups) > 1:
        member = np.zeros((len(electrodes), len(groups)))
        for column, group in enumerate(groups):
            member[list(group), column] = 1.0
        roughness = _laplacian(electrodes)
        level = -np.linalg.pinv(member.T @ roughness @ member) @ member.T @ roughness @ matrix
        matrix = matrix + member @ level
    matrix = matrix - matrix.mean(axis=0, keepdims=True)
    named = tuple(tuple(electrodes[i] for i in group) for group in groups)
    return Inversion(electrodes, matrix, named)


def _groups(difference: np.ndarray) -> list[list[int]]:
    """Connected electrodes of a derivation matrix."""
    linked = (np.abs(difference).T @ np.abs(difference)) > 0
    left, groups = set(range(len(linked))), []
    while left:
        seen, edge = set(), {min(left)}
        while edge:
            seen |= edge
            edge = {j for i in edge for j in np.flatnonzero(linked[i]).tolist()} - seen
        groups.append(sorted(seen))
        left -= seen
    return groups


def _laplacian(electrodes: Sequence[str], width: float = 0.5) -> np.ndarray:
    """Graph Laplacian whose quadratic form is the roughness of a map over the electrodes."""
    positions = electrode_positions(electrodes).astype(float)
    distance = np.linalg.norm(positions[:, None] - positions[None], axis=2)
    weight = np.exp(-((distance / width) ** 2))
    np.fill_diagonal(weight, 0.0)
    return np.diag(weight.sum(axis=1)) - weight
