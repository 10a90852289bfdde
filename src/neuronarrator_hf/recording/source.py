"""What every kind of recording offers to the reader: names, times and numbers, not yet microvolts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from neuronarrator_hf.recording.annotations import Annotation

Span = tuple[int, int]
"""First sample and one past the last sample of a stretch without a gap."""


@dataclass
class SignalSource:
    """Signals of a recording as they are stored. Subclasses implement `read`.

    Attributes:
        name: What to call the recording in messages.
        format: Name of the format.
        labels: Channel labels as stored.
        kinds: Per channel what the format says it is (`eeg`, `eog`, `stim`, ...), None where it does not say.
        told_units: Per channel the unit the format names: `uV`, `mV`, `V`, `nV`, `other`, or None.
        uv_per_value: `(n_labels,)` microvolts per number that `read` returns, if the told unit is right.
        unit_is_field: True where a field of the recording names the unit, False where it is a convention.
        sfreq: Sampling rate in Hz of what `read` returns.
        n_times: Samples from the start to the end of the recording, gaps included.
        spans: Stretches without a gap, in order.
        annotations: Coded annotations.
        n_annotations_dropped: How many were not on the list of codes.
        positions: Label to position in head coordinates (x right, y front, z up), any length unit.
        unusable: Channels that cannot be used, by number from 0, with the reason.
        warnings: What the reader of the format has to say.
        record_s: Seconds of a data record, where the format has such and channels may differ in rate.
        files: Files that the samples come from, where a format may name others than the one opened.
    """

    name: str
    format: str
    labels: tuple[str, ...]
    kinds: tuple[str | None, ...]
    told_units: tuple[str | None, ...]
    uv_per_value: np.ndarray
    unit_is_field: bool
    sfreq: float
    n_times: int
    spans: tuple[Span, ...]
    annotations: tuple[Annotation, ...] = ()
    n_annotations_dropped: int = 0
    positions: dict[str, np.ndarray] = field(default_factory=dict)
    unusable: dict[int, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    files: tuple[Path, ...] = ()
    record_s: float | None = None

    def read(self, rows: Sequence[int], start: int, stop: int) -> np.ndarray:
        """`(len(rows), stop - start)` float64 of the channels `rows`; within one span."""
        raise NotImplementedError

    def read_uv(self, rows: Sequence[int], start: int, stop: int, factor: np.ndarray) -> np.ndarray:
        """`read` times `factor` `(len(rows), 1)`, worked out in double precision and given as float32."""
        values = self.read(rows, start, stop)
        return (values * factor if np.any(factor != 1.0) else values).astype(np.float32)

    def stored_rate(self, row: int) -> float:
        """Rate in Hz at which a channel is stored; `read` may give it resampled."""
        return self.sfreq

    def stored_spans(self, row: int) -> tuple[Span, ...]:
        """Stretches without a gap, in samples of the channel's own rate."""
        return self.spans

    def read_stored(self, rows: Sequence[int], start: int, stop: int) -> np.ndarray:
        """As `read`, for channels of one stored rate, in samples of that rate."""
        return self.read(rows, start, stop)

    def prepare(self, rows: Sequence[int]) -> None:
        """Called once with the rows that will be read, before the sampling rate is relied on."""

    def close(self) -> None:
        """Give back what was opened."""


class ArraySource(SignalSource):
    """Signals that are in memory."""

    def __init__(self, values: np.ndarray, **fields: object) -> None:
        super().__init__(**fields)  # type: ignore[arg-type]
        self._values = values

    def read(self, rows: Sequence[int], start: int, stop: int) -> np.ndarray:
        """`(len(rows), stop - start)` float64."""
        return self._values[list(rows), start:stop].astype(np.float64)
