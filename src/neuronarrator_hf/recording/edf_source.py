"""EDF, EDF+ and BDF files as a source of signals: gaps, channels of several rates, files cut short."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np

from neuronarrator_hf.recording import edf
from neuronarrator_hf.recording.annotations import code_annotations
from neuronarrator_hf.recording.errors import RecordingError
from neuronarrator_hf.recording.source import SignalSource, Span
from neuronarrator_hf.recording.units import parse_unit, uv_per

MAX_DURATION_S = 31 * 86400.0
_MAX_RATIO = 4000


class EDFSource(SignalSource):
    """Signals of an EDF or BDF file, read block by block.

    Raises:
        RecordingError: The file is damaged, or holds no signal.
    """

    def __init__(self, path: Path, name: str) -> None:
        header = edf.read_header(path, name)
        edf.check_damage(header, name)
        warnings: list[str] = []
        onsets = np.arange(header.n_records) * header.record_s
        events: list[tuple[float, float, str]] = []
        if header.is_annotation.any():
            onsets, events = edf.read_annotations(header, name)
        if header.record_s <= 0:
            raise RecordingError(
                name, "its data records have no duration", "export the recording again as EDF"
            )
        self._check_length(header, name, warnings)
        self._header = header
        self._signals = np.flatnonzero(~header.is_annotation & (header.samples_per_record > 0))
        if not len(self._signals):
            raise RecordingError(
                name, "it holds annotations and no signals", "pass the file that holds the EEG"
            )
        self._runs = _runs(header, onsets, name, warnings)
        annotations, n_dropped = code_annotations(events)
        told = tuple(parse_unit(header.dimensions[i]) for i in self._signals)
        super().__init__(
            name=name,
            format=header.kind,
            labels=tuple(header.labels[i] for i in self._signals),
            kinds=(None,) * len(self._signals),
            told_units=told,
            uv_per_value=np.array([uv_per(unit) for unit in told]),
            unit_is_field=True,
            sfreq=1.0,
            n_times=0,
            spans=(),
            annotations=annotations,
            n_annotations_dropped=n_dropped,
            warnings=warnings,
            record_s=header.record_s,
        )
        gains = header.gain[self._signals]
        self.unusable = {row: "the header gives it no range" for row in np.flatnonzero(gains == 0).tolist()}
        self._set_rate(int(header.samples_per_record[self._signals].max()))

    @staticmethod
    def _check_length(header: edf.EDFHeader, name: str, warnings: list[str]) -> None:
        missing = header.n_records_told - header.n_records
        if missing > 0:
            warnings.append(
                f"the file is cut short: {header.n_records} of {header.n_records_told} data records are "
                "complete and were read"
            )
        elif header.n_records_told < 0:
            warnings.append(
                "the header does not say how long the recording is; its length comes from the file size"
            )
        elif header.trailing_bytes >= header.record_bytes:
            warnings.append(
                "the file goes on after the data records that its header counts; that part was not read"
            )
        if header.n_records < 1:
            raise RecordingError(name, "it holds no complete data record", "copy the original file again")

    def prepare(self, rows: Sequence[int]) -> None:
        """Take the highest rate among `rows` as the rate of the recording; the others are resampled to it.

        Raises:
            RecordingError: The rates are in no ratio of small numbers.
        """
        counts = self._header.samples_per_record[self._signals[list(rows)]]
        self._set_rate(int(counts.max()))
        n_rates = len(set(counts.tolist()))
        if n_rates > 1:
            ratios = [Fraction(self._per_record, int(count)) for count in set(counts.tolist())]
            if max(max(r.numerator, r.denominator) for r in ratios) > _MAX_RATIO:
                reason = "its EEG channels have rates in no simple ratio"
                raise RecordingError(self.name, reason, "export it again with one sampling rate")
            note = f"EEG channels have {n_rates} rates; the slower ones were resampled to {self.sfreq:g} Hz"
            if note not in self.warnings:
                self.warnings.append(note)

    def _set_rate(self, per_record: int) -> None:
        self._per_record = per_record
        self.sfreq = per_record / self._header.record_s
        self.spans = self._spans_at(per_record)
        self.n_times = self.spans[-1][1]

    def _spans_at(self, per_record: int) -> tuple[Span, ...]:
        """The runs of records in samples of a rate."""
        spans: list[Span] = []
        for first, last, onset_s in self._runs:
            start = round(onset_s * per_record / self._header.record_s)
            if spans:
                start = max(start, spans[-1][1])
            spans.append((start, start + (last - first) * per_record))
        return tuple(spans)

    def stored_rate(self, row: int) -> float:
        """Rate of a channel in Hz."""
        return self._count(row) / self._header.record_s

    def stored_spans(self, row: int) -> tuple[Span, ...]:
        """The runs of records in samples of the channel's own rate."""
        return self._spans_at(self._count(row))

    def read_stored(self, rows: Sequence[int], start: int, stop: int) -> np.ndarray:
        """Physical values of channels of one rate at that rate, within one run."""
        spans, count = self.stored_spans(rows[0]), self._count(rows[0])
        run = next(i for i, (a, b) in enumerate(spans) if a <= start and stop <= b)
        signals = [int(self._signals[row]) for row in rows]
        return self._native(signals, count, self._runs[run], start - spans[run][0], stop - spans[run][0])

    def _count(self, row: int) -> int:
        return int(self._header.samples_per_record[self._signals[row]])

    def read(self, rows: Sequence[int], start: int, stop: int) -> np.ndarray:
        """`(len(rows), stop - start)` float64 in physical units."""
        run = next(i for i, (a, b) in enumerate(self.spans) if a <= start and stop <= b)
        span: Span = self.spans[run]
        by_rate: dict[int, list[int]] = {}
        for place, row in enumerate(rows):
            by_rate.setdefault(int(self._header.samples_per_record[self._signals[row]]), []).append(place)
        parts = {}
        for count, places in by_rate.items():
            signals = [int(self._signals[rows[place]]) for place in places]
            parts[count] = self._read_rate(signals, count, self._runs[run], start - span[0], stop - span[0])
        if len(parts) == 1:
            return next(iter(parts.values()))
        out = np.empty((len(rows), stop - start))
        for count, places in by_rate.items():
            out[places] = parts[count]
        return out

    def read_uv(self, rows: Sequence[int], start: int, stop: int, factor: np.ndarray) -> np.ndarray:
        """As in `SignalSource`, one channel at a time where all have the rate of the recording."""
        if any(self._count(row) != self._per_record for row in rows):
            return super().read_uv(rows, start, stop, factor)
        run = next(i for i, (a, b) in enumerate(self.spans) if a <= start and stop <= b)
        at = self.spans[run][0]
        signals = [int(self._signals[row]) for row in rows]
        return self._native(signals, self._per_record, self._runs[run], start - at, stop - at, factor)

    def _read_rate(
        self, signals: list[int], count: int, run: tuple[int, int, float], start: int, stop: int
    ) -> np.ndarray:
        """Channels of one rate on the grid of the recording, `[start, stop)` within a run."""
        from scipy.signal import resample_poly  # slow to import, and few files have several rates

        if count == self._per_record:
            return self._native(signals, count, run, start, stop)
        ratio = Fraction(self._per_record, count)
        up, down = ratio.numerator, ratio.denominator
        context = 11 * max(up, down) // up + 2
        first = (start // up) * down - (-(-context // down)) * down
        last = -(-stop * down // up) + context
        n_native = (run[1] - run[0]) * count
        low, high = max(first, 0), min(last, n_native)
        native = self._native(signals, count, run, low, high)
        native = np.pad(native, ((0, 0), (low - first, max(last - high, 0))), mode="edge")
        dense = resample_poly(native, up, down, axis=1)
        at = start - first * up // down
        return dense[:, at : at + stop - start]

    def _native(
        self,
        signals: list[int],
        count: int,
        run: tuple[int, int, float],
        start: int,
        stop: int,
        factor: np.ndarray | None = None,
    ) -> np.ndarray:
        """Physical values at the rate of the channels themselves, `[start, stop)` within a run.

        Float64; with a `factor` `(len(signals), 1)` they are multiplied by it and rounded to float32.
        """
        first, last = start // count, -(-stop // count)
        parts = edf.read_signals(self._header, signals, run[0] + first, run[0] + last)
        values = np.empty((len(signals), last - first, count), np.float64 if factor is None else np.float32)
        physical = np.empty(values.shape[1:])  # of one channel: stays in a core's cache
        for i, (signal, part) in enumerate(zip(signals, parts, strict=True)):
            physical[:] = part
            physical *= self._header.gain[signal]
            physical += self._header.offset[signal]
            if factor is not None and factor[i, 0] != 1.0:
                physical *= factor[i, 0]
            values[i] = physical
        skip = start - first * count
        return values.reshape(len(signals), -1)[:, skip : skip + stop - start]


def _runs(
    header: edf.EDFHeader, onsets: np.ndarray, name: str, warnings: list[str]
) -> list[tuple[int, int, float]]:
    """Runs of records without a gap as (first, last, onset in seconds); one run unless the file is EDF+D."""
    n = header.n_records
    if not header.kind.endswith("+D"):
        if n * header.record_s > MAX_DURATION_S:
            raise RecordingError(
                name, "the header states a duration of over a month", "export the recording again"
            )
        return [(0, n, 0.0)]
    tolerance = max(1e-3, 0.5 * header.record_s / max(int(header.samples_per_record.max()), 1))
    if onsets[-1] > MAX_DURATION_S or (np.diff(onsets) < header.record_s - tolerance).any():
        reason = "its data records are not in the order of time, or more than a month apart"
        raise RecordingError(name, reason, "export the recording again as continuous EDF+")
    breaks = np.flatnonzero(np.diff(onsets) > header.record_s + tolerance) + 1
    edges = [0, *breaks.tolist(), n]
    if len(edges) > 2:
        warnings.append(f"the recording has {len(edges) - 2} gaps; no window crosses one")
    return [(a, b, float(onsets[a])) for a, b in pairwise(edges)]
