"""Which channels are EEG, what they are called, and how they become electrode potentials: the exact plan of a file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from neuronarrator_hf.recording.derivations import EARS, common_reference, electrode_pair, invert
from neuronarrator_hf.signal.montage import canonical_name, electrode_positions

_OTHER_KINDS: tuple[tuple[str, str], ...] = (
    ("ecg", r"e[ck]g|ekgl?|ekgr|cardiac|heart"),
    ("eog", r"eog|[hv]eog|loc|roc|[lr]oc|e1|e2|[lr]e?ue|[lr]l?oe|lio|rio|lso|rso|pg1|pg2|eye"),
    ("emg", r"emg|chin|leg|tib|lat|rat|masseter|arm|delt|hl|hr"),
    ("respiration", r"resp|abd|abdomen|abdo|tho|thor|thorax|chest|flow|airflow|nasal|snore|therm|nasalpress|cannula|effort"),
    ("pulse", r"sp?[oa]o?2|spo2|sao2|osat|pulse|pleth|pr|hrate|heartrate|hr rate|etco2|co2|ibp|nibp|icp|temp|temperature"),
    ("trigger", r"sti|stim|status|trig|trigger|event|marker|mark|dig|dtrig|photic|photo|phot|flash|counter|annotations"),
    ("device", r"dc|aux|bio|bat|battery|acc|accel|gyro|pos|position|light|ref|reref|gnd|ground|ibi|bursts?|suppr|suppression|imp|"
               r"sync|osc|mic|audio|video|gsr|eda|galv|body|rate|patient event"),
)  # fmt: skip
_OTHER = tuple(
    (kind, re.compile(rf"(?:eeg|pol|ref_eeg)?[\s_]*(?:{words})(?![a-z])", re.IGNORECASE))
    for kind, words in _OTHER_KINDS
)
_WORDS = "|".join(words for _, words in _OTHER_KINDS)
_KNOWN_WORDS = re.compile(
    rf"(?:(?:eeg|pol|{_WORDS})[\s_\d+-]*){{1,3}}(?:(?:ref|eeg|i{{1,3}})[\s_\d-]*)?", re.IGNORECASE
)
_MNE_KINDS = {
    "ecg": "ecg", "eog": "eog", "emg": "emg", "stim": "trigger", "resp": "respiration", "bio": "device", "misc": "device",
    "syst": "device", "exci": "device", "ias": "device", "temperature": "pulse", "gsr": "device",
}  # fmt: skip
_SAFE_LABEL = re.compile(r"(?:EEG[\s_-]*)?[A-Z]{0,3}[\s_-]?\d{1,4}(?:[\s_-]*REF)?", re.IGNORECASE)
_BIOSEMI = {
    32: "Fp1 AF3 F7 F3 FC1 FC5 T7 C3 CP1 CP5 P7 P3 Pz PO3 O1 Oz O2 PO4 P4 P8 CP6 CP2 C4 T8 FC6 FC2 F4 F8 AF4 Fp2 Fz Cz",
    64: "Fp1 AF7 AF3 F1 F3 F5 F7 FT7 FC5 FC3 FC1 C1 C3 C5 T7 TP7 CP5 CP3 CP1 P1 P3 P5 P7 P9 PO7 PO3 O1 Iz Oz POz Pz CPz "
        "Fpz Fp2 AF8 AF4 AFz Fz F2 F4 F6 F8 FT8 FC6 FC4 FC2 FCz Cz C2 C4 C6 T8 TP8 CP6 CP4 CP2 P2 P4 P6 P8 P10 PO8 PO4 O2",
}  # fmt: skip


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
        kind: `referential`, `bipolar` (inverted exactly) or `bipolar_groups` (levels between groups are not recorded).
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
    """Decide what every channel is.

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
    grid = _device_grid(labels)
    device_names = _device_names(labels)
    net = {label.strip() for label in labels if re.fullmatch(r"E\d{1,3}", label.strip())}
    net = net if len(net) > 8 else set()
    entries: dict[int, ChannelEntry] = {}
    single: list[tuple[int, str]] = []
    placed: list[tuple[int, str]] = []
    pairs: list[tuple[int, tuple[str, str]]] = []

    def settle(row: int, role: str, name: str | None = None, reason: str = "") -> None:
        entries[row] = ChannelEntry(row + 1, _safe_label(labels[row], row, positions), role, name, reason)

    for row, label in enumerate(labels):
        plain = label.strip()
        other = None if plain in net else _other_kind(plain, kinds[row])
        pair = None if grid or plain in device_names else electrode_pair(plain)
        name = device_names.get(plain) or (None if grid else canonical_name(plain))
        if row in unusable:
            settle(row, "dropped", None, unusable[row])
        elif other is not None and name is None and pair is None:
            settle(row, other, None, "not EEG")
        elif units[row] == "other":
            settle(row, "dropped", None, "its unit is no voltage")
        elif kinds[row] in _MNE_KINDS and kinds[row] != "misc":
            settle(row, _MNE_KINDS[kinds[row]], None, "not EEG")  # type: ignore[index]
        elif pair is not None and set(pair) <= set(EARS):
            settle(row, "reference", None, "ear against ear")
        elif pair is not None:
            pairs.append((row, pair))
        elif name in EARS and plain not in device_names:
            settle(row, "reference", name, "a reference electrode, no EEG site")
        elif name is not None:
            single.append((row, name))
        elif plain in positions and np.isfinite(positions[plain]).all() and np.any(positions[plain]):
            placed.append((row, plain))
        else:
            why = (
                "a device label without position"
                if grid
                else "it names no electrode and the file gives no position"
            )
            settle(row, "dropped", None, why)

    reference = _named_reference(labels, [row for row, _ in single])
    shared = common_reference([pair for _, pair in pairs]) if pairs else None
    if shared is not None:
        single = sorted([*single, *((row, pair[0]) for row, pair in pairs)])
        reference, pairs = shared, []
    if pairs and len({e for _, pair in pairs for e in pair}) > len(single):
        for row, name in single:
            settle(row, "dropped", None, f"one electrode ({name}) among derivations of two")
        return _bipolar_plan(labels, pairs, settle, entries)
    for row, pair in pairs:
        settle(row, "dropped", None, f"a derivation ({pair[0]}-{pair[1]}) among single electrodes")
    return _referential_plan(labels, single, placed, reference, positions, settle, entries, device_names)


def _referential_plan(
    labels, single, placed, reference, positions, settle, entries, device_names
) -> ChannelPlan:
    rows: list[int] = []
    names: list[str] = []
    vectors: list[np.ndarray] = []
    for row, name in single:
        if name in names:
            settle(row, "dropped", None, f"a second channel of {name}")
            continue
        plain = labels[row].strip()
        why = "" if plain == name else ("place of the device" if plain in device_names else "renamed")
        settle(row, "eeg", name, why)
        rows.append(row)
        names.append(name)
        vectors.append(electrode_positions([name])[0])
    notes = []
    if placed:
        sphere = _on_sphere(positions)
        for row, label in placed:
            if label in names:
                settle(row, "dropped", None, "a second channel of that label")
                continue
            settle(row, "eeg", label, "position given by the file")
            rows.append(row)
            names.append(label)
            vectors.append(sphere[label])
        notes.append(f"{len(placed)} channels are placed by positions that the file gives")
    stacked = np.stack(vectors).astype(np.float32) if vectors else np.zeros((0, 3), np.float32)
    ordered = tuple(entries[row] for row in sorted(entries))
    return ChannelPlan(
        tuple(names), stacked, tuple(rows), None, "referential", reference, (), ordered, tuple(notes)
    )


def _bipolar_plan(labels, pairs, settle, entries) -> ChannelPlan:
    used: dict[frozenset, int] = {}
    for row, pair in pairs:
        key = frozenset(pair)
        if key in used:
            settle(row, "dropped", None, f"a second channel of {pair[0]}-{pair[1]}")
        else:
            used[key] = row
            settle(row, "derivation", f"{pair[0]}-{pair[1]}", "bipolar")
    kept = [(row, pair) for row, pair in pairs if used[frozenset(pair)] == row]
    inversion = invert([pair for _, pair in kept])
    sites = [i for i, name in enumerate(inversion.electrodes) if name not in EARS]
    names = tuple(inversion.electrodes[i] for i in sites)
    exact = len(inversion.groups) == 1
    matrix = inversion.matrix[sites] - inversion.matrix[sites].mean(axis=0)
    if exact:
        note = (
            f"{len(kept)} bipolar derivations were inverted to {len(names)} electrodes against their average"
        )
    else:
        groups = "; ".join(" ".join(group) for group in inversion.groups)
        note = (
            f"{len(kept)} bipolar derivations fall into {len(inversion.groups)} groups of electrodes ({groups}): within "
            "a group potentials are exact, the level between groups was not recorded and is the smoothest one, so that "
            "amplitude, symmetry and spread across groups are approximate"
        )
    ordered = tuple(entries[row] for row in sorted(entries))
    return ChannelPlan(
        names, electrode_positions(names), tuple(row for row, _ in kept), matrix,
        "bipolar" if exact else "bipolar_groups", "average", inversion.groups, ordered, (note,),
    )  # fmt: skip


def _other_kind(label: str, kind: str | None) -> str | None:
    for other, pattern in _OTHER:
        if pattern.match(label):
            return other
    return _MNE_KINDS.get(kind or "")


def _named_reference(labels: Sequence[str], rows: Sequence[int]) -> str:
    """The reference that most labels name after a dash, from a short list of words."""
    found = Counter()
    for row in rows:
        match = re.search(
            r"[-_](LE|RE|AR|AVG|AV|CAR|REF|A1\+?A2|A1|A2|M1|M2|CPz|Cz)\d*$",
            labels[row].strip(" ."),
            re.IGNORECASE,
        )
        found[match.group(1).upper() if match else ""] += 1
    word = found.most_common(1)[0][0] if found else ""
    words = {"LE": "linked ears", "AR": "average", "AVG": "average", "AV": "average", "CAR": "average", "": "not named",
             "REF": "not named", "RE": "not named"}  # fmt: skip
    return words.get(word, word)


def _device_grid(labels: Sequence[str]) -> bool:
    """Whether the labels are a lettered grid (A1 ... A16, B1 ...) whose names only look like electrodes."""
    letters: dict[str, set[int]] = {}
    for label in labels:
        match = re.fullmatch(r"([A-Z])(\d{1,2})", label.strip())
        if match:
            letters.setdefault(match.group(1), set()).add(int(match.group(2)))
    runs = [k for k, v in letters.items() if len(v) >= 8 and v >= set(range(1, len(v) + 1))]
    return "A" in runs and ("B" in runs or len(letters["A"]) >= 16) and not _device_names(labels)


def _device_names(labels: Sequence[str]) -> dict[str, str]:
    """Electrodes of a BioSemi cap of 32 or 64, whose channels are called A1 ... A32 (and B1 ... B32)."""
    found = {label.strip() for label in labels if re.fullmatch(r"[A-Z]\d{1,2}", label.strip())}
    bank_a, bank_b = ({f"{bank}{i}" for i in range(1, 33)} for bank in "AB")
    others = {label for label in found if label[0] not in "AB" and int(label[1:]) > 8}
    if others or not bank_a <= found:
        return {}
    size = 64 if bank_b <= found else 32
    order = [f"{bank}{i}" for bank in "AB"[: size // 32] for i in range(1, 33)]
    return dict(zip(order, _BIOSEMI[size].split(), strict=True))


def _safe_label(label: str, row: int, positions: Mapping[str, np.ndarray]) -> str:
    """The label if it is made of known words, else its number: a label is free text and can hold a name."""
    plain = label.strip()
    known = canonical_name(plain) or electrode_pair(plain) or _SAFE_LABEL.fullmatch(plain)
    return plain if known or _KNOWN_WORDS.fullmatch(plain) else f"channel {row + 1}"


def _on_sphere(positions: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Positions on the unit sphere around the centre of the sphere that fits them best."""
    names = [n for n, p in positions.items() if np.isfinite(p).all() and np.any(p)]
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
