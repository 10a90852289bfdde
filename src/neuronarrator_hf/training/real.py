"""Real recordings in the training: what experts labelled trains the finding heads, nothing else."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..evaluation.expert_labels import LabelledRecording, read_labels
from ..findings.schema import Claim
from .augment import augment
from .data import Recordings


class RealSource:
    """Windows of expert-labelled recordings, at the 19 sites.

    Args:
        root: Folder with `manifest.json`.
        n_windows: Windows of a sequence; a shorter recording repeats its last one.
        seed: Seed of the order.
        leave_out: Sources that are not read.
        augmented: Whether signals are changed at random.
    """

    def __init__(
        self,
        root: str | Path,
        n_windows: int,
        seed: int,
        leave_out: Sequence[str] = (),
        augmented: bool = True,
    ) -> None:
        self.n_windows, self.seed, self.augmented = n_windows, seed, augmented
        self._items: list[tuple[LabelledRecording, np.ndarray, np.ndarray]] = []
        for labelled in read_labels(root):
            if labelled.source in leave_out or not labelled.presence:
                continue
            windows = read_windows(labelled)
            if windows is not None:
                self._items.append((labelled, *windows))
        if not self._items:
            raise ValueError(f"no labelled recording is left under {root} without {', '.join(leave_out)}")

    def __len__(self) -> int:
        return len(self._items)

    def take(self, number: int, count: int, rng: np.random.Generator) -> Recordings:
        """`count` sequences drawn at random; their truth is the presence that the label tells."""
        eeg, masks, claims, known = [], [], [], []
        for index in rng.integers(0, len(self._items), count):
            labelled, eeg_uv, mask = self._items[index]
            start = int(rng.integers(0, max(len(eeg_uv) - self.n_windows, 0) + 1))
            places = np.minimum(np.arange(start, start + self.n_windows), len(eeg_uv) - 1)
            said = [Claim(f, "present" if yes else "absent") for f, yes in labelled.presence.items()]
            signal, channel_mask, truth = eeg_uv[places], mask[places], [list(said)] * self.n_windows
            if self.augmented:
                signal, kept, truth = augment(signal, truth, rng)
                channel_mask = channel_mask & kept
            eeg.append(signal * channel_mask[..., None])
            masks.append(channel_mask)
            claims.append(truth)
            known.append(frozenset(labelled.presence))
        return Recordings(np.stack(eeg).astype(np.float32), np.stack(masks), claims, known)


def read_windows(labelled: LabelledRecording) -> tuple[np.ndarray, np.ndarray] | None:
    """Labelled windows at the sites `(n_windows, 19, n_times)` float16 and mask; None if unreadable."""
    from ..recording.reading import RecordingError, read_recording
    from ..recording.windows import iter_windows
    from ..signal.interpolation import to_sites

    start_s, stop_s = labelled.span_s
    try:
        recording = read_recording(labelled.path)
        bounds = {} if not np.isfinite(stop_s) else {"start_s": start_s, "stop_s": stop_s}
        blocks = [to_sites(block) for block in iter_windows(recording, **bounds)]
    except RecordingError as error:
        warnings.warn(f"left out of the training: {error}", stacklevel=2)
        return None
    return np.concatenate([b[0] for b in blocks]).astype(np.float16), np.concatenate([b[1] for b in blocks])
