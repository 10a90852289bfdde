"""What a few fixed stretches of a recording tell (dead, clipped, offset), and the report of a reading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from neuronarrator_hf.recording.channels import ChannelPlan
from neuronarrator_hf.recording.labels import named_reference
from neuronarrator_hf.recording.source import SignalSource, Span
from neuronarrator_hf.recording.units import CHANNEL_UV, UnitDecision, outside_range
from neuronarrator_hf.signal.montage import SITES_1020
from neuronarrator_hf.signal.quality import CLIP_SHARE, clipped_share

MIN_DURATION_S = 2.0
"""Shortest stretch without a gap that is read."""
NUM_STRETCHES = 8
STRETCH_S = 10.0
MIN_FILL_S = 0.25
"""Shortest constant on all channels at once that is no EEG but a fill."""
FILL_BLOCK_S = 10.0
_EEG_ROLES = ("eeg", "derivation", "dropped")
MIN_CHANNELS_BESIDE_REFERENCE = 8
NOISE_UV = 2.0
NOISE_SHARE = 0.1
"""No signal is less than both: microvolts (standard deviation), and share of the median channel."""
REFERENCE_LAG_S = 0.1
NUM_BESIDE = 4
SWINGS_TOGETHER = 0.5
"""Correlation with the nearest electrodes, against the average, of what is a place of the head."""
ZERO_UV = 0.5
"""A constant this small is zero, up to the steps in which a file stores it."""
LARGE_OFFSET_UV = 1e5
"""Offsets are no fault, the filter chain removes them; beyond 100 mV they are told."""


def stretches(
    spans: Sequence[Span], sfreq: float, n: int = NUM_STRETCHES, seconds: float = STRETCH_S
) -> list[Span]:
    """A few fixed stretches spread over a recording, from which unit, mains and dead channels are judged."""
    total = sum(stop - start for start, stop in spans)
    length = min(round(seconds * sfreq), max(stop - start for start, stop in spans))
    found: list[Span] = []
    for k in range(n):
        at = round(total * (k + 0.5) / n)
        for start, stop in spans:
            if at < stop - start:
                size = min(length, stop - start)
                low = min(start + max(at - size // 2, 0), stop - size)
                if (low, low + size) not in found and size >= min(length, round(MIN_DURATION_S * sfreq)):
                    found.append((low, low + size))
                break
            at -= stop - start
    if not found:
        start, stop = max(spans, key=lambda span: span[1] - span[0])
        found.append((start, min(start + length, stop)))
    return found


def without_fill(source: SignalSource, rows: Sequence[int]) -> tuple[Span, ...]:
    """The spans of a source without the constants that fill its end, where every channel holds one.

    Recorders fill the last data record, and a stopped amplifier goes on writing its last value, with a step
    from one value to the next where it stopped twice.
    """
    if not source.spans:
        return source.spans
    first, stop = source.spans[-1]
    end = stop
    while end > first:
        start = _start_of_constant(source, rows, first, end)
        if end - start < MIN_FILL_S * source.sfreq:
            break
        end = start
    if end in (first, stop):
        return source.spans
    return (*source.spans[:-1], (first, end + 1))  # the first of the equal samples was recorded


def _start_of_constant(source: SignalSource, rows: Sequence[int], first: int, end: int) -> int:
    """First sample of the run of equal samples that ends before `end`."""
    block = max(round(FILL_BLOCK_S * source.sfreq), 1)
    last = source.read(rows, end - 1, end)
    while end > first:
        start = max(end - block, first)
        moves = (source.read(rows, start, end) != last).any(axis=0)
        if moves.any():
            return start + int(np.flatnonzero(moves)[-1]) + 1
        end = start
    return first


def is_dead(values: Sequence[np.ndarray], row: int) -> bool:
    """Whether a row is constant in all stretches."""
    return all(bool(np.ptp(np.nan_to_num(stretch[row])) == 0) for stretch in values)


def is_clipped(values: Sequence[np.ndarray], row: int) -> bool:
    """Whether a row of more than a few steps stays at its extremes."""
    joined = np.nan_to_num(np.concatenate([stretch[row] for stretch in values]))
    return float(clipped_share(joined)) > CLIP_SHARE and len(np.unique(joined)) > 50


def _has_large_offset(values_uv: Sequence[np.ndarray], row: int) -> bool:
    """Whether a row lies beyond `LARGE_OFFSET_UV`, by the median of its stretches' medians."""
    rows = [stretch[row][np.isfinite(stretch[row])] for stretch in values_uv]
    return abs(float(np.median([np.median(part) for part in rows if len(part)]))) > LARGE_OFFSET_UV


def _probable_reference(
    plan: ChannelPlan,
    names: Sequence[str],
    dead: Sequence[int],
    values_uv: Sequence[np.ndarray],
    sfreq: float,
) -> str | None:
    """The one electrode without signal while all others have some: the reference against itself.

    It is zero, or it holds the amplifier's noise and, against the average of all, swings with its neighbours
    as a place of the head does and as a dead input does not.
    """
    usable = len(names) > MIN_CHANNELS_BESIDE_REFERENCE and plan.kind == "referential"
    if not usable or plan.reference != named_reference(()):
        return None
    lag = max(round(REFERENCE_LAG_S * sfreq), 1)  # differences over a tenth of a second: no drift, no offset
    parts = [np.nan_to_num(v[:, lag:] - v[:, :-lag], copy=False) for v in values_uv]
    n_swings = sum(part.shape[1] for part in parts)
    mean = sum(part.sum(axis=1) for part in parts) / n_swings
    squares = sum(np.einsum("ct,ct->c", part, part) for part in parts) / n_swings
    size = np.sqrt(np.maximum(squares - mean**2, 0.0))
    weak = size <= min(NOISE_UV, NOISE_SHARE * float(np.median(size)))
    if weak.sum() != 1:
        return None
    place = int(np.flatnonzero(weak)[0])
    if place in dead:
        level_uv = max(float(np.nanmax(np.abs(v[place]))) for v in values_uv)
        return names[place] if level_uv <= ZERO_UV else None
    nearness = plan.positions @ plan.positions[place]
    nearness[place] = -np.inf
    swings = np.concatenate(parts, axis=1)
    average = swings.mean(axis=0)
    beside = swings[np.argsort(-nearness)[:NUM_BESIDE]].mean(axis=0) - average
    together = float(np.corrcoef(swings[place] - average, beside)[0, 1])
    return names[place] if together >= SWINGS_TOGETHER else None


def reading_report(
    source: SignalSource,
    plan: ChannelPlan,
    decision: UnitDecision,
    amplitude_uv: np.ndarray,
    values: Sequence[np.ndarray],
) -> dict[str, Any]:
    """What was read, renamed, left out and corrected. Holds no identity and no free text.

    Args:
        source: What was read.
        plan: What its channels became.
        decision: What was decided on the unit.
        amplitude_uv: `(n_rows,)` robust amplitude of the rows of the plan.
        values: Stretches of the rows of the plan, as stored.
    """
    entries = {entry.number - 1: entry for entry in plan.entries}
    named = [entries[row].name or entries[row].label for row in plan.rows]
    factor = source.uv_per_value[list(plan.rows)]
    values_uv = [stretch * factor[:, None] for stretch in values]
    largest_uv = np.fmax.reduce([np.fmax.reduce(np.abs(stretch), axis=1) for stretch in values_uv])
    is_large = largest_uv > LARGE_OFFSET_UV  # few rows need the medians
    dead = [i for i in range(len(named)) if is_dead(values, i)]
    reference = _probable_reference(plan, named, dead, values_uv, source.sfreq)
    flat = [named[i] for i in dead if named[i] != reference]
    clipped = [name for i, name in enumerate(named) if is_clipped(values, i)]
    outside = [name for name in outside_range(amplitude_uv, named) if name not in (*flat, reference)]
    warnings = [*source.warnings, *plan.notes, *decision.warnings]
    if flat:
        warnings.append(f"without signal: {', '.join(flat)}")
    if outside:
        warnings.append(f"amplitudes outside {CHANNEL_UV[0]:g} to {CHANNEL_UV[1]:g} uV: {', '.join(outside)}")
    if clipped:
        warnings.append(f"clipped at the limits of the amplifier: {', '.join(clipped)}")
    told = Counter(source.told_units[row] for row in plan.rows)
    if None in told and decision.told is not None:
        n = told[None]
        those = "1 channel names no unit and is" if n == 1 else f"{n} channels name no unit and are"
        warnings.append(f"{those} taken as microvolts")
    by_role: dict[str, list] = {}
    for entry in plan.entries:
        by_role.setdefault(entry.role, []).append(entry)
    others = [entry for role, found in by_role.items() if role not in _EEG_ROLES for entry in found]
    return {
        "format": source.format,
        "duration_s": round(source.n_times / source.sfreq, 3),
        "sfreq": round(float(source.sfreq), 6),
        "n_channels_in_file": len(source.labels),
        "channels": list(plan.ch_names),
        "renamed": [{"from": e.label, "to": e.name} for e in by_role.get("eeg", []) if e.label != e.name],
        "dropped": [{"channel": e.label, "reason": e.reason} for e in by_role.get("dropped", [])],
        "other": [{"channel": e.label, "kind": e.role} for e in others],
        "derivations": [e.name for e in by_role.get("derivation", [])],
        "interpolated": [],
        "montage": plan.kind,
        "reference": plan.reference,
        "reference_probable": reference,
        "unit_told": decision.told,
        "unit_evidence": decision.evidence,
        "unit_factor": decision.factor,
        "amplitude_uv": round(decision.amplitude_uv, 3),
        "flat": flat,
        "clipped": clipped,
        "outside_range": outside,
        "large_offset": [
            name for i, name in enumerate(named) if is_large[i] and _has_large_offset(values_uv, i)
        ],
        "missing_sites": [site for site in SITES_1020 if site not in plan.ch_names],
        "mains_hz": None,
        "gaps": max(len(source.spans) - 1, 0),
        "annotations": dict(Counter(a.code for a in source.annotations)),
        "annotations_left_out": source.n_annotations_dropped,
        "warnings": warnings,
    }
