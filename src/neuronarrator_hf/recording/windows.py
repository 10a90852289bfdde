"""From a recording to windows: filter chain, gaps, quality masks; in constant memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from neuronarrator_hf.recording.checks import stretches
from neuronarrator_hf.recording.reading import Recording
from neuronarrator_hf.signal.filtering import FilterChain, detect_mains
from neuronarrator_hf.signal.quality import assess_quality
from neuronarrator_hf.signal.windowing import WindowPlan, grid_samples, plan_windows
from neuronarrator_hf.signal.windows import SFREQ_HZ, WINDOW_N_TIMES, EEGWindows

_MAX_NATIVE_VALUES = 6_000_000
_AT_ONCE = 10
"""Windows read and filtered at a time: what is made of 20 channels stays in a core's cache."""
MIN_CHANNELS_FOR_AVERAGE = 8


def find_mains(recording: Recording) -> float | None:
    """Mains frequency of a recording: the vote of a few fixed stretches."""
    votes = Counter(
        detect_mains(recording.read_uv(start, stop), recording.sfreq)
        for start, stop in stretches(recording.spans, recording.sfreq)
    )
    found = {mains: n for mains, n in votes.items() if mains is not None}
    best = max(found, key=lambda mains: (found[mains], -mains), default=None)
    return best if best is not None and found[best] * 3 >= sum(votes.values()) else None


def iter_windows(
    recording: Recording,
    *,
    block_windows: int = 60,
    start_s: float | None = None,
    stop_s: float | None = None,
    mains_hz: float | None = None,
    reference: str = "average",
) -> Iterator[EEGWindows]:
    """The windows of a recording, `block_windows` at a time.

    The windows lie on one grid over the whole recording: any block size and any range give the same windows.

    Args:
        recording: What `read_recording` returned.
        block_windows: Windows per block.
        start_s: Only windows that start here or later.
        stop_s: Only windows that start before.
        mains_hz: Mains frequency where it is known; found in the recording otherwise.
        reference: `average` over the evaluable channels of a window (with 8 or more), or `recorded`.
    """
    if block_windows < 1:
        raise ValueError(f"block_windows={block_windows} has to be 1 or more")
    if reference not in ("average", "recorded"):
        raise ValueError(f"reference={reference!r} is neither 'average' nor 'recorded'")
    mains = mains_hz if mains_hz is not None else find_mains(recording)
    recording.report["mains_hz"] = mains
    chain = FilterChain(recording.sfreq, mains)
    low = -np.inf if start_s is None else start_s
    high = np.inf if stop_s is None else stop_s
    plans = [plan for plan in plan_windows(recording.spans_s) if low <= plan.start_s < high]
    for at in range(0, len(plans), block_windows):
        yield read_block(recording, chain, plans[at : at + block_windows], reference)


def read_block(
    recording: Recording, chain: FilterChain, plans: Sequence[WindowPlan], reference: str = "average"
) -> EEGWindows:
    """The windows of some plans: filtered with their context, judged, referenced.

    Args:
        recording: Where the samples are; those that `chain.input_range` asks for must be readable.
        chain: Filters for the rate of the recording.
        plans: Windows in order of time.
        reference: As for `iter_windows`.
    """
    eeg_uv = np.zeros((len(plans), recording.n_channels, WINDOW_N_TIMES), np.float32)
    time_mask = np.zeros((len(plans), WINDOW_N_TIMES), bool)
    incomplete = np.zeros((len(plans), recording.n_channels), bool)
    for first, last, span in _pieces(recording, chain, plans):
        out_start = round(plans[first].start_s * SFREQ_HZ)
        out_stop = max(round(p.start_s * SFREQ_HZ) + p.n_times for p in plans[first:last])
        need = chain.input_range(out_start, out_stop)
        start, stop = max(need[0], span[0]), min(need[1], span[1])
        native_uv = recording.read_raw_uv(start, stop)
        has_all = bool(np.isfinite(native_uv.sum()))  # a sum holds what any of its terms lacks
        finite = None if has_all else np.isfinite(native_uv)
        if finite is not None:
            native_uv[~finite] = 0.0
        filtered = chain.apply(native_uv, start, out_start, out_stop)
        for i in range(first, last):
            at = round(plans[i].start_s * SFREQ_HZ) - out_start
            if finite is not None:
                low, high = chain.input_range(at + out_start, at + out_start + plans[i].n_times)
                incomplete[i] = ~finite[:, max(low - start, 0) : max(high - start, 0)].all(axis=1)
            eeg_uv[i, :, : plans[i].n_times] = filtered[:, at : at + plans[i].n_times]
            time_mask[i, : plans[i].n_times] = True
    channel_mask, notes = assess_quality(
        eeg_uv, SFREQ_HZ, recording.positions, time_mask, ch_names=recording.ch_names
    )
    if reference_name := recording.report.get("reference_probable"):
        _tell_reference(notes, reference_name)
    for i, channel in zip(*np.nonzero(incomplete & channel_mask), strict=True):
        notes[i].setdefault(recording.ch_names[channel], []).append("missing samples")
    channel_mask &= ~incomplete
    if reference == "average":
        _to_average(eeg_uv, channel_mask)
    if not channel_mask.all():
        eeg_uv *= channel_mask[:, :, None]
    if not time_mask.all():
        eeg_uv *= time_mask[:, None, :]
    return EEGWindows(
        eeg_uv=eeg_uv,
        ch_names=recording.ch_names,
        positions=recording.positions,
        start_s=np.array([p.start_s for p in plans]),
        channel_mask=channel_mask,
        time_mask=time_mask,
        quality=tuple(notes),
    )


def _pieces(
    recording: Recording, chain: FilterChain, plans: Sequence[WindowPlan]
) -> Iterator[tuple[int, int, tuple[int, int]]]:
    """Runs of windows `[first, last)` of one span that are filtered at once, small enough for memory."""
    grids = [grid_samples(a, b) for a, b in recording.spans_s]
    per_window = max(1, int(recording.sfreq * 10 * max(len(recording.plan.rows), recording.n_channels)))
    size = min(max(1, _MAX_NATIVE_VALUES // per_window), _AT_ONCE)
    where = [_span_of(grids, round(p.start_s * SFREQ_HZ)) for p in plans]
    first = 0
    for i in range(1, len(plans) + 1):
        if i == len(plans) or where[i] != where[first] or i - first >= size:
            yield first, i, recording.spans[where[first]]
            first = i


def _span_of(grids: Sequence[tuple[int, int]], sample: int) -> int:
    return next(i for i, (a, b) in enumerate(grids) if a <= sample < b)


def _tell_reference(notes: Sequence[dict[str, list[str]]], name: str) -> None:
    """Call the electrode that is the reference so: it is flat by what it is and not by a fault."""
    for note in notes:
        if name in note:
            note[name] = ["reference" if reason == "flat" else reason for reason in note[name]]


def _to_average(eeg_uv: np.ndarray, channel_mask: np.ndarray) -> None:
    """Subtract the mean of the evaluable channels of each window, where there are enough of them."""
    n = channel_mask.sum(axis=1)
    weight = channel_mask / np.maximum(n, 1)[:, None]
    weight[n < MIN_CHANNELS_FOR_AVERAGE] = 0.0
    eeg_uv -= weight.astype(np.float32)[:, None, :] @ eeg_uv
