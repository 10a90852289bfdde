"""The exact plan of a file: which channels are EEG, what they are called, how they become potentials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from neuronarrator_hf.recording.derivations import EARS, common_reference, electrode_pair, invert
from neuronarrator_hf.recording.labels import (
    cap_electrodes,
    format_kind,
    is_device_grid,
    named_reference,
    net_labels,
    other_kind,
    shown_label,
)
from neuronarrator_hf.signal.montage import SITES_1020, canonical_name, electrode_positions


@dataclass(frozen=True)
class ChannelEntry:
    """What became of one channel of the file.

    Attributes:
        number: Place in the file, from 1.
        label: Label as in the file where it is a known word; `channel N` where it is free text.
        role: `eeg`, `derivation`, `reference`, `dropped`, or another kind (`ecg`, `eog`, `emg`, ...).
        name: The electrode it became, None where it became none.
        reason: Why it was renamed or left out.
    """

    number: int
    label: str
    role: str
    name: str | None
    reason: str = ""


@dataclass(frozen=True)
class ChannelPlan:
    """The exact way from the channels of a file to EEG channels.

    Attributes:
        ch_names: Names of the EEG channels; canonical 10-05 names wherever there is one.
        positions: `(n_channels, 3)` float32 on the unit sphere.
        rows: Rows of the file that are read.
        matrix: `(n_channels, n_rows)`; None: the rows are the channels.
        kind: `referential`, `bipolar` (inverted exactly) or `bipolar_groups` (the level between groups of
            electrodes is not recorded).
        reference: Reference of the channels after the matrix, as far as it is known.
        groups: Electrodes connected by derivations (bipolar only).
        entries: What became of every channel.
        notes: Sentences for the report.
    """

    ch_names: tuple[str, ...]
    positions: np.ndarray
    rows: tuple[int, ...]
    matrix: np.ndarray | None
    kind: str
    reference: str
    groups: tuple[tuple[str, ...], ...]
    entries: tuple[ChannelEntry, ...]
    notes: tuple[str, ...] = ()

    def apply(self, values: np.ndarray) -> np.ndarray:
        """`(n_channels, n)` from the `(n_rows, n)` values that were read."""
        return values if self.matrix is None else self.matrix @ values


def plan_channels(
    labels: Sequence[str],
    *,
    kinds: Sequence[str | None] | None = None,
    units: Sequence[str | None] | None = None,
    positions: Mapping[str, np.ndarray] | None = None,
    unusable: Mapping[int, str] | None = None,
) -> ChannelPlan:
    """Decide what every channel is. The order of the channels in the file makes no difference.

    Args:
        labels: Labels as in the file.
        kinds: What the format says a channel is, where it says so.
        units: Parsed units; `other` marks a channel that is no voltage.
        positions: Positions of electrodes by label, in head coordinates.
        unusable: Channels that cannot be used, with the reason (dead, no scale, marked bad).
    """
    kinds = kinds or [None] * len(labels)
    units = units or [None] * len(labels)
    positions, unusable = positions or {}, unusable or {}
    caps, net, grid = cap_electrodes(labels), net_labels(labels), is_device_grid(labels)
    ledger = _Ledger(labels)
    single: list[tuple[int, str]] = []
    placed: list[tuple[int, str]] = []
    pairs: list[tuple[int, tuple[str, str]]] = []
    for row, label in enumerate(map(str.strip, labels)):
        pair = None if grid or label in caps else electrode_pair(label)
        name = caps.get(label) or (None if grid else canonical_name(label))
        other = None if label in net else other_kind(label, kinds[row])
        if row in unusable:
            ledger.settle(row, "dropped", None, unusable[row])
        elif other is not None and name is None and pair is None:
            ledger.settle(row, other, None, "not EEG")
        elif units[row] == "other":
            ledger.settle(row, "dropped", None, "its unit is no voltage")
        elif (told := format_kind(kinds[row])) is not None:
            ledger.settle(row, told, None, "not EEG")
        elif pair is not None and set(pair) <= set(EARS):
            ledger.settle(row, "reference", None, "ear against ear")
        elif pair is not None:
            pairs.append((row, pair))
        elif name in EARS:
            ledger.settle(row, "reference", name, "a reference electrode, no EEG site")
        elif name is not None:
            single.append((row, name))
        elif _is_place(positions.get(label)):
            placed.append((row, label))
        else:
            why = "its place is unknown" if grid else "it names no electrode and the file gives no position"
            ledger.settle(row, "dropped", None, why)

    reference = named_reference([labels[row] for row, _ in single])
    shared = common_reference([pair for _, pair in pairs]) if pairs else None
    if shared is not None:
        single += [(row, pair[0]) for row, pair in pairs]
        reference, pairs = shared, []
    if pairs and len({electrode for _, pair in pairs for electrode in pair}) > len(single):
        for row, name in single:
            ledger.settle(row, "dropped", None, f"one electrode ({name}) among derivations of two")
        return _bipolar_plan(pairs, ledger)
    for row, pair in pairs:
        ledger.settle(row, "dropped", None, f"a derivation ({pair[0]}-{pair[1]}) among single electrodes")
    return _referential_plan(single, placed, positions, reference, ledger)


class _Ledger:
    """What became of every channel, filled while the plan is made."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = labels
        self._entries: dict[int, ChannelEntry] = {}

    def settle(self, row: int, role: str, name: str | None, reason: str = "") -> None:
        self._entries[row] = ChannelEntry(row + 1, shown_label(self.labels[row], row + 1), role, name, reason)

    def entries(self) -> tuple[ChannelEntry, ...]:
        return tuple(self._entries[row] for row in sorted(self._entries))


def _site_order(name: str) -> tuple[int, int, str]:
    """The 19 sites first, in their order, then the others by name."""
    return (0, SITES_1020.index(name), name) if name in SITES_1020 else (1, 0, name)


def _referential_plan(
    single: list[tuple[int, str]],
    placed: list[tuple[int, str]],
    positions: Mapping[str, np.ndarray],
    reference: str,
    ledger: _Ledger,
) -> ChannelPlan:
    """Every channel is one electrode against a common reference."""
    rows: dict[str, int] = {}
    shown = {label: shown_label(label, row + 1) for row, label in placed}
    for row, name in [*sorted(single), *((row, shown[label]) for row, label in sorted(placed))]:
        if name in rows:
            ledger.settle(row, "dropped", None, f"a second channel of {name}")
            continue
        rows[name] = row
        ledger.settle(row, "eeg", name, "" if ledger.labels[row].strip() == name else "renamed")
    names = sorted({name for _, name in single}, key=_site_order)
    label_of = {shown[label]: label for _, label in reversed(placed) if shown[label] not in names}
    given = sorted(label_of, key=lambda name: (len(name), name))
    notes: tuple[str, ...] = ()
    vectors = [electrode_positions(names)] if names else []
    if given:
        sphere = _on_sphere(positions)
        vectors.append(np.stack([sphere[label_of[name]] for name in given]))
        notes = (f"{len(given)} channels are placed by positions that the file gives",)
    return ChannelPlan(
        ch_names=(*names, *given),
        positions=np.concatenate(vectors).astype(np.float32) if vectors else np.zeros((0, 3), np.float32),
        rows=tuple(rows[name] for name in (*names, *given)),
        matrix=None,
        kind="referential",
        reference=reference,
        groups=(),
        entries=ledger.entries(),
        notes=notes,
    )


def _bipolar_plan(pairs: list[tuple[int, tuple[str, str]]], ledger: _Ledger) -> ChannelPlan:
    """Every channel is the difference of two electrodes."""
    rows: dict[frozenset[str], int] = {}
    kept: list[tuple[tuple[str, str], int]] = []
    for row, pair in sorted(pairs):
        if frozenset(pair) in rows:
            ledger.settle(row, "dropped", None, f"a second channel of {pair[0]}-{pair[1]}")
            continue
        rows[frozenset(pair)] = row
        kept.append((pair, row))
        ledger.settle(row, "derivation", f"{pair[0]}-{pair[1]}", "bipolar")
    kept.sort()
    inversion = invert([pair for pair, _ in kept])
    names = sorted((name for name in inversion.electrodes if name not in EARS), key=_site_order)
    matrix = inversion.matrix[[inversion.electrodes.index(name) for name in names]]
    exact = len(inversion.groups) == 1
    if exact:
        note = (
            f"{len(kept)} bipolar derivations were inverted to {len(names)} electrodes, against their average"
        )
    else:
        groups = "; ".join(" ".join(sorted(group, key=_site_order)) for group in inversion.groups)
        note = (
            f"{len(kept)} bipolar derivations fall into {len(inversion.groups)} groups of electrodes "
            f"({groups}): within a group potentials are exact; the level between groups was not recorded and "
            "is the smoothest one, so amplitude, symmetry and spread across groups are approximate"
        )
    return ChannelPlan(
        ch_names=tuple(names),
        positions=electrode_positions(names),
        rows=tuple(row for _, row in kept),
        matrix=matrix - matrix.mean(axis=0),
        kind="bipolar" if exact else "bipolar_groups",
        reference="average",
        groups=inversion.groups,
        entries=ledger.entries(),
        notes=(note,),
    )


def _is_place(position: np.ndarray | None) -> bool:
    return position is not None and bool(np.isfinite(position).all() and np.any(position))


def _on_sphere(positions: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Positions on the unit sphere around the centre of the sphere that fits them best."""
    names = [n for n, p in positions.items() if _is_place(p)]
    points = np.array([positions[n] for n in names], float)
    centre = np.zeros(3)
    if len(points) >= 8:
        design = np.hstack([2 * points, np.ones((len(points), 1))])
        solution, *_ = np.linalg.lstsq(design, (points**2).sum(axis=1), rcond=None)
        if np.linalg.norm(solution[:3]) < np.linalg.norm(points, axis=1).max():
            centre = solution[:3]
    moved = points - centre
    moved /= np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-12)
    return {n: moved[i].astype(np.float32) for i, n in enumerate(names)}
