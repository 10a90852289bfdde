"""Segments of a benchmark as the witnesses hear them: network, measurements, text, band powers, embedding."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..corpus.sources import RecordingRef
from ..findings.schema import Claim
from ..recording.reading import Recording, RecordingError, read_recording
from ..recording.windows import find_mains, iter_windows
from ..signal.windows import WINDOW_S, EEGWindows
from .band_power import band_power_features
from .classification import pool_logits
from .listening import Heard, listen_block
from .simulated import combine_arrays
from .task import Segment, Task

WITNESSES = ("network", "measurements", "combined")
MIN_SEGMENT_S = 2.0
_TOUCH_S = 1e-6


@dataclass
class HeardSegment:
    """A labelled segment and all that is known of it; the EEG itself is not kept.

    Attributes:
        ref: Recording it belongs to.
        segment: Its stretch and true class.
        findings: Per witness `(n_findings,)` probabilities; NaN where not assessed.
        claims: What the texts assert, after verification as users get them.
        assessed: Whether any of its windows was.
        texts: One paragraph per window.
        features: `(d,)` band powers.
        extra: Further vectors by name, such as an embedding or scores of sentences.
    """

    ref: RecordingRef
    segment: Segment
    findings: dict[str, np.ndarray]
    claims: list[Claim]
    assessed: bool
    texts: list[str]
    features: np.ndarray
    extra: dict[str, np.ndarray] = field(default_factory=dict)


Extra = Callable[[EEGWindows], dict[str, np.ndarray]]
"""Further vectors of a block: name to `(n_windows, d)`."""


@dataclass
class _Window:
    start_s: float
    heard: Heard
    features: np.ndarray
    extra: dict[str, np.ndarray]


def hear_reference(
    task: Task,
    ref: RecordingRef,
    voice: Any,
    *,
    worded: bool = True,
    witnesses: bool = True,
    extra: Extra | None = None,
    max_segments: int | None = None,
) -> list[HeardSegment]:
    """Every segment of a recording, heard.

    Args:
        task: Says which segments there are, and whether they are heard with their history.
        ref: The recording.
        voice: A `Voice` of the engine.
        worded: Let the voice word the windows.
        witnesses: Ask network and measurements; without them there are band powers and `extra` alone.
        extra: Computes further vectors of a block.
        max_segments: Keep so many, evenly spread.

    Raises:
        RecordingError: The recording cannot be read.
    """
    ear = _Ear(ref, voice, worded, witnesses, extra)
    with ref.open() as recording:
        segments = [s for s in task.labels(ref, recording.duration_s) if s.end_s - s.start_s >= MIN_SEGMENT_S]
        if max_segments is not None and len(segments) > max_segments:
            kept = np.unique(np.linspace(0, len(segments) - 1, max_segments).astype(int))
            segments = [segments[i] for i in kept]
        if not segments:
            return []
        if task.continuous:
            windows = list(_hear_on(recording, segments, ear))
            starts = np.array([w.start_s for w in windows])
            members = [
                [
                    windows[i]
                    for i in np.flatnonzero((starts >= s.start_s - _TOUCH_S) & (starts < s.end_s - _TOUCH_S))
                ]
                for s in segments
            ]
        else:
            mains_hz = find_mains(recording)
            members = []
            for s in segments:
                block = cut_windows(recording, s.start_s, s.end_s, mains_hz=mains_hz)
                members.append(ear.hear(block))
    return [_gather(ref, s, m) for s, m in zip(segments, members, strict=True) if m]


def cut_windows(
    recording: Recording, start_s: float, end_s: float, *, mains_hz: float | None = None
) -> EEGWindows:
    """Windows from any start on, the last one masked from `end_s` on; with filter context if there is any.

    Args:
        recording: What `read_recording` returned.
        start_s: Start of the first window.
        end_s: End of what may be heard.
        mains_hz: Mains frequency where it is known.

    Raises:
        RecordingError: The stretch cannot be used.
    """
    n_windows = max(1, int(np.ceil((end_s - start_s - _TOUCH_S) / WINDOW_S)))
    lead_s = WINDOW_S if start_s >= WINDOW_S else 0.0
    first = round((start_s - lead_s) * recording.sfreq)
    n_wanted = round((lead_s + (n_windows + 1) * WINDOW_S) * recording.sfreq)
    eeg_uv = recording.read_raw_uv(first, min(first + n_wanted, recording.n_times))
    missing = n_wanted - eeg_uv.shape[1]
    if missing:
        eeg_uv = np.pad(
            eeg_uv, ((0, 0), (0, missing)), mode="reflect" if missing < eeg_uv.shape[1] else "edge"
        )
    around = read_recording(
        {
            "array": eeg_uv,
            "sampling_rate": recording.sfreq,
            "ch_names": list(recording.ch_names),
            "units": "uV",
        }
    )
    stop_s = lead_s + (n_windows - 0.5) * WINDOW_S
    (block,) = iter_windows(around, block_windows=n_windows, start_s=lead_s, stop_s=stop_s, mains_hz=mains_hz)
    n_heard = round((end_s - start_s) * block.sfreq) - np.arange(n_windows) * block.eeg_uv.shape[-1]
    time_mask = block.time_mask & (np.arange(block.eeg_uv.shape[-1]) < n_heard[:, None])
    return replace(
        block,
        eeg_uv=block.eeg_uv * time_mask[:, None, :],
        time_mask=time_mask,
        start_s=block.start_s - lead_s + start_s,
    )


def hear_block_as_segment(
    ref: RecordingRef,
    segment: Segment,
    block: EEGWindows,
    voice: Any,
    *,
    worded: bool = True,
    extra: Extra | None = None,
) -> HeardSegment:
    """A block, heard by itself, as what is known of a segment."""
    return _gather(ref, segment, _Ear(ref, voice, worded, True, extra).hear(block))


def _hear_on(recording: Recording, segments: Sequence[Segment], ear: _Ear) -> Iterator[_Window]:
    """The windows from the first to the last segment, with the voice's history carried."""
    low, high = min(s.start_s for s in segments), max(s.end_s for s in segments)
    ear.carry = True
    for block in iter_windows(recording, start_s=low - WINDOW_S + _TOUCH_S, stop_s=high):
        yield from ear.hear(block)


@dataclass
class _Ear:
    """Hears the blocks of one recording; with `carry` each after the one before."""

    ref: RecordingRef
    voice: Any
    worded: bool
    witnesses: bool
    extra: Extra | None
    carry: bool = False
    _state: Any = None
    _previous: Any = None

    def hear(self, block: EEGWindows) -> list[_Window]:
        if not self.witnesses:
            heard = [Heard(self.ref.person, "", {}) for _ in block.start_s]
        else:
            started = self.carry and self._state is not None
            heard, self._state = listen_block(
                self.voice,
                block,
                self._state if started else self.voice.begin(),
                group=self.ref.person,
                previous=self._previous if started else None,
                age_years=self.ref.age_years,
                worded=self.worded,
            )
            self._previous = heard[-1].measurement
        features = band_power_features(block)
        vectors = self.extra(block) if self.extra is not None else {}
        return [
            _Window(float(block.start_s[i]), h, features[i], {name: v[i] for name, v in vectors.items()})
            for i, h in enumerate(heard)
        ]


def _gather(ref: RecordingRef, segment: Segment, windows: Sequence[_Window]) -> HeardSegment:
    findings: dict[str, np.ndarray] = {}
    if all(w.heard.measurement is not None for w in windows):
        network = np.stack([w.heard.network_array() for w in windows])
        measured = np.stack([w.heard.measured_array() for w in windows])
        arrays = (network, measured, combine_arrays(network, measured))
        findings = {name: pool_logits(values) for name, values in zip(WITNESSES, arrays, strict=True)}
    worded = [w for w in windows if w.heard.text]
    assessed = any(w.heard.assessable for w in windows)
    return HeardSegment(
        ref,
        segment,
        findings,
        [c for w in worded for c in w.heard.checked("repair").claims],
        assessed,
        [w.heard.text for w in worded],
        _nanmean([w.features for w in windows]),
        {name: np.mean([w.extra[name] for w in windows], axis=0) for name in windows[0].extra},
    )


def _nanmean(rows: Sequence[np.ndarray]) -> np.ndarray:
    stacked = np.stack(rows)
    seen = ~np.isnan(stacked)
    total = np.where(seen, stacked, 0.0).sum(0)
    return np.divide(total, seen.sum(0), out=np.full(total.shape, np.nan), where=seen.any(0))


__all__ = ["HeardSegment", "RecordingError", "cut_windows", "hear_reference"]
