"""Rows: the segments of a recording, or of simulated recordings, harmonised and worded."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from neuronarrator_hf.findings.measure import measure_windows
from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.findings.select import select_for_text, with_absences
from neuronarrator_hf.recording.reading import Recording
from neuronarrator_hf.recording.windows import iter_windows
from neuronarrator_hf.signal.windows import WINDOW_N_TIMES, WINDOW_S

from .columns import claim_entry, rounded_uv
from .history import History
from .labels import annotations_in_window, claims_in_window
from .merging import merge
from .sources import SOURCES
from .sources.source import Annotation, RecordingRef
from .splits import digest
from .writers import Writer

BLOCK_WINDOWS = 30
SIMULATED = "simulated"
SIMULATED_LICENCE = "Apache-2.0"
RECORDING_WINDOWS = 6
"""Windows of a simulated recording at most."""
MAX_BATCH = 8
"""Recordings simulated at once."""
_SPLITS = ("train",) * 8 + ("validation", "test")


@dataclass(frozen=True)
class RecordingTask:
    """A recording to make rows of.

    Attributes:
        ref: The recording.
        split: Where its person belongs.
    """

    ref: RecordingRef
    split: str

    @property
    def source(self) -> str:
        """Name of the source."""
        return self.ref.source

    @property
    def key(self) -> str:
        """Unique over all sources."""
        return f"{self.ref.source}/{self.ref.recording_id}"

    @property
    def weight(self) -> int:
        """Size in bytes, for shards of like size."""
        return self.ref.path.stat().st_size if self.ref.path.exists() else 0

    @property
    def subject(self) -> str:
        """Hash of the person."""
        return digest(self.ref.person)

    @contextmanager
    def opened(self, writer: Writer) -> Iterator[tuple[str, Iterator[list[dict[str, Any]]]]]:
        """Digest of the signal (two recordings of one digest are one) and rows in blocks, in constant memory.

        Raises:
            RecordingError: The recording cannot be used.
        """
        with self.ref.open() as recording:
            yield recording.digest, self._rows(recording, writer)

    def _rows(self, recording: Recording, writer: Writer) -> Iterator[list[dict[str, Any]]]:
        ref = self.ref
        source = SOURCES[ref.source]
        recording_hash = digest(self.key)
        common = {
            "source": ref.source,
            "recording": recording_hash,
            "subject": self.subject,
            "split": self.split,
            "official_split": ref.split,
            "age_years": ref.age_years,
            "sex": ref.sex,
            "licence": ref.licence or source.licence,
            "redistributable": source.redistributable if ref.redistributable is None else ref.redistributable,
            "facts": json.dumps(dict(ref.facts), sort_keys=True, ensure_ascii=False),
        }
        index, before_s = 0, None
        history = History()
        for block in iter_windows(recording, block_windows=BLOCK_WINDOWS):
            rows = []
            for i, measured in enumerate(measure_windows(block, age_years=ref.age_years)):
                a, b = measured.start_s, measured.end_s
                merged = merge(measured.claims, claims_in_window(ref.assertions, a, b))
                claims = history.compared(merged.claims, merged.origins, a, b)
                rows.append(
                    {
                        **common,
                        **_place(recording_hash, ref.source, index, before_s, a, b),
                        **_signal(block.eeg_uv[i], block.ch_names, block.positions, block.channel_mask[i]),
                        "n_times": int(block.time_mask[i].sum()),
                        "labels": [_label_entry(m) for m in annotations_in_window(ref.annotations, a, b)],
                        "disagreements": list(merged.disagreements),
                        **_worded(claims, merged.origins, writer, recording_hash, index),
                    }
                )
                index, before_s = index + 1, b
            yield rows


@dataclass(frozen=True)
class SimulationTask:
    """A batch of simulated recordings: rows with exact truth.

    Attributes:
        seed: Seed of the batch.
        n_recordings: Recordings in it; each is a person of its own.
        n_windows: Windows of each.
        split: Where all of them go.
    """

    seed: int
    n_recordings: int
    n_windows: int
    split: str

    source = SIMULATED
    subject = ""

    @property
    def key(self) -> str:
        """Unique over all sources."""
        return f"{SIMULATED}/{self.seed}-{self.n_recordings}x{self.n_windows}"

    @property
    def weight(self) -> int:
        """Size in bytes, for shards of like size."""
        return self.n_recordings * self.n_windows * 19 * WINDOW_N_TIMES * 2

    @contextmanager
    def opened(self, writer: Writer) -> Iterator[tuple[str, Iterator[list[dict[str, Any]]]]]:
        """No digest, and rows in one block."""
        yield "", self._rows(writer)

    def _rows(self, writer: Writer) -> Iterator[list[dict[str, Any]]]:
        from neuronarrator_hf.signal.montage import electrode_positions
        from neuronarrator_hf.simulation.batch import simulate_windows

        batch = simulate_windows(self.n_recordings, self.n_windows, self.seed)
        positions = electrode_positions(batch.ch_names)
        rows = []
        for r, kind in enumerate(batch.kinds):
            recording_hash = digest(f"{self.key}/{r}")
            for w in range(self.n_windows):
                truth, mask = with_absences(batch.claims[r][w]), batch.masks[r, w]
                start_s = w * WINDOW_S
                before_s = start_s if w else None
                rows.append(
                    {
                        **_place(recording_hash, SIMULATED, w, before_s, start_s, start_s + WINDOW_S),
                        **_signal(_as_read(batch.eeg_uv[r, w], mask), batch.ch_names, positions, mask),
                        "source": SIMULATED,
                        "recording": recording_hash,
                        "subject": recording_hash,
                        "split": self.split,
                        "official_split": None,
                        "age_years": None,
                        "sex": None,
                        "licence": SIMULATED_LICENCE,
                        "redistributable": True,
                        "facts": json.dumps({"kind": kind}),
                        "n_times": WINDOW_N_TIMES,
                        "labels": [],
                        "disagreements": [],
                        **_worded(truth, dict.fromkeys((c.finding for c in truth), "truth"), writer,
                                  recording_hash, w),
                    }
                )  # fmt: skip
        yield rows


Task = RecordingTask | SimulationTask


def simulation_tasks(n_segments: int, seed: int) -> list[SimulationTask]:
    """Batches of `n_segments` in all; of ten, eight are for training, one each for the others."""
    n_windows = min(max(n_segments // len(_SPLITS), 1), RECORDING_WINDOWS)
    batch = min(max(n_segments // (len(_SPLITS) * n_windows), 1), MAX_BATCH)
    tasks: list[SimulationTask] = []
    left = n_segments
    while left > 0:
        windows = min(n_windows, left)
        recordings = max(1, min(batch, left // windows))
        split = _SPLITS[len(tasks) % len(_SPLITS)]
        tasks.append(SimulationTask(seed * 1_000_003 + len(tasks), recordings, windows, split))
        left -= recordings * windows
    return tasks


def _place(
    recording: str, source: str, index: int, before_s: float | None, start_s: float, end_s: float
) -> dict[str, Any]:
    return {
        "id": f"{source}/{recording}/{index:06d}",
        "index": index,
        "previous": index - 1,
        "gap_s": 0.0 if before_s is None else max(start_s - before_s, 0.0),
        "start_s": start_s,
        "end_s": end_s,
    }


def _signal(
    eeg_uv: np.ndarray, ch_names: Sequence[str], positions: np.ndarray, mask: np.ndarray
) -> dict[str, Any]:
    return {
        "eeg_uv": rounded_uv(eeg_uv),
        "ch_names": list(ch_names),
        "positions": np.asarray(positions, np.float32),
        "channel_mask": [bool(value) for value in mask],
    }


def _as_read(eeg_uv: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Simulated samples as the reader gives recorded ones: average reference, zero where masked."""
    return (eeg_uv - eeg_uv[mask].mean(axis=0)) * mask[:, None]


def _worded(
    claims: Sequence[Claim], origins: Mapping[str, str], writer: Writer, recording: str, index: int
) -> dict[str, Any]:
    """Claims with what the text says of them, and the text."""
    selected = select_for_text(claims)
    worded = {claim.content() for claim in selected}
    seed = int(digest(f"{writer.options.seed}/{recording}/{index}", 8), 16)
    text, author = writer.write(selected, seed)
    entries = [claim_entry(c, origins[c.finding], c.content() in worded) for c in claims]
    return {"claims": entries, "text": text, "writer": author}


def _label_entry(mark: Annotation) -> dict[str, Any]:
    return {
        "label": mark.label,
        "start_s": mark.start_s,
        "end_s": mark.end_s,
        "channels": list(mark.channels),
        "rater": mark.rater,
        "values": json.dumps(dict(mark.values), sort_keys=True) if mark.values else "",
    }
