"""Corpus shards in the training: sequences of Parquet rows, mixed with simulation by weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ..findings.schema import Claim
from ..findings.vocabulary import FINDING_IDS
from .augment import augment
from .data import Recordings, Source, join_recordings

_KEPT_ROW_GROUPS = 32
_PLACE = ["recording", "index", "gap_s", "split"]
_CONTENT = ["eeg_uv", "ch_names", "positions", "channel_mask", "n_times", "start_s", "claims"]


class CorpusSource:
    """Training rows of a corpus built by `neuronarrator corpus build`, as contiguous sequences.

    Findings of which a row says nothing count as not assessed.

    Args:
        folder: Folder with Parquet files, searched to its depth.
        n_windows: Windows of a sequence; a shorter stretch repeats its last one.
        augmented: Whether signals are changed at random.

    Raises:
        ValueError: There is no training row below the folder.
    """

    def __init__(self, folder: str | Path, n_windows: int, augmented: bool = True) -> None:
        self.folder, self.n_windows, self.augmented = Path(folder), n_windows, augmented
        self._stretches: list[list[tuple[str, int, int]]] = []  # rows: file, row group, row in it
        for path in sorted(self.folder.rglob("*.parquet")):
            self._stretches += _stretches(path)
        if not self._stretches:
            raise ValueError(f"no Parquet file below {folder} holds a row of split 'train'")
        self._weights = np.array([len(stretch) for stretch in self._stretches], float)
        self._weights /= self._weights.sum()

    def __len__(self) -> int:
        """Rows."""
        return sum(len(stretch) for stretch in self._stretches)

    def take(self, number: int, count: int, rng: np.random.Generator) -> Recordings:
        """`count` sequences, each row as likely as any other to be in one."""
        eeg, masks, claims = [], [], []
        for i in rng.choice(len(self._stretches), count, p=self._weights):
            stretch = self._stretches[i]
            start = int(rng.integers(0, max(len(stretch) - self.n_windows, 0) + 1))
            places = np.minimum(np.arange(start, start + self.n_windows), len(stretch) - 1)
            windows = [_window(*stretch[place]) for place in places]
            signal, mask = (np.stack([window[k] for window in windows]) for k in (0, 1))
            truth = [window[2] for window in windows]
            if self.augmented:
                signal, kept, truth = augment(signal, truth, rng)
                mask = mask & kept
            eeg.append(signal.astype(np.float32) * mask[..., None])
            masks.append(mask)
            claims.append([_with_unspoken(window) for window in truth])
        return Recordings(np.stack(eeg), np.stack(masks), claims, [None] * count)


class MixedSource:
    """Sequences of several sources, drawn by weights.

    Args:
        sources: Sources with their weights; they need not sum to 1.
    """

    def __init__(self, sources: Sequence[tuple[Source, float]]) -> None:
        weights = np.array([weight for _, weight in sources], float)
        if (weights < 0).any() or weights.sum() <= 0:
            raise ValueError(f"weights of sources must be non-negative with a positive sum, got {weights}")
        self.sources, self.weights = [source for source, _ in sources], weights / weights.sum()
        self.n_windows = self.sources[0].n_windows

    def take(self, number: int, count: int, rng: np.random.Generator) -> Recordings:
        """See `data.Source`; the sequences stand source by source."""
        counts = rng.multinomial(count, self.weights)
        taken = [s.take(number, int(n), rng) for s, n in zip(self.sources, counts, strict=True) if n]
        return join_recordings(taken)


def mix(simulated: Source, corpora: Mapping[str, float], n_windows: int, augmented: bool) -> Source:
    """Simulated sequences (weight 1) and those of corpus folders with their weights."""
    if not corpora:
        return simulated
    shards = [(CorpusSource(folder, n_windows, augmented), w) for folder, w in corpora.items()]
    return MixedSource([(simulated, 1.0), *shards])


def _stretches(path: Path) -> list[list[tuple[str, int, int]]]:
    """Training rows of a file without gaps between them, stretch by stretch."""
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path)
    stretches: list[list[tuple[str, int, int]]] = []
    before: tuple[str, int] | None = None
    for group in range(file.num_row_groups):
        rows = file.read_row_group(group, columns=_PLACE).to_pylist()
        for i, row in enumerate(rows):
            if row["split"] != "train":
                before = None
                continue
            follows = before == (row["recording"], row["index"] - 1) and row["gap_s"] <= 0
            if not follows:
                stretches.append([])
            stretches[-1].append((str(path), group, i))
            before = row["recording"], row["index"]
    return stretches


@lru_cache(maxsize=_KEPT_ROW_GROUPS)
def _row_group(path: str, group: int) -> Any:
    import pyarrow.parquet as pq

    return pq.ParquetFile(path).read_row_group(group, columns=_CONTENT).combine_chunks()


def _window(path: str, group: int, i: int) -> tuple[np.ndarray, np.ndarray, list[Claim]]:
    """Microvolts at the sites, their mask and the claims of a row."""
    from ..corpus.columns import claim_of
    from ..signal.interpolation import to_sites
    from ..signal.windows import WINDOW_N_TIMES, EEGWindows

    table = _row_group(path, group)
    row = {name: table[name][i] for name in _CONTENT}
    told = {name: row[name].as_py() for name in _CONTENT if name not in ("eeg_uv", "positions")}
    windows = EEGWindows(
        eeg_uv=_matrix(table["eeg_uv"], i)[None],
        ch_names=tuple(told["ch_names"]),
        positions=_matrix(table["positions"], i),
        start_s=np.array([told["start_s"]]),
        channel_mask=np.array([told["channel_mask"]], bool),
        time_mask=(np.arange(WINDOW_N_TIMES) < told["n_times"])[None],
        quality=({},),
    )
    site_uv, site_mask = to_sites(windows)
    return site_uv[0], site_mask[0], [claim_of(entry) for entry in told["claims"]]


def _matrix(column: Any, i: int) -> np.ndarray:
    """A matrix of a column of lists of lists, without going through Python numbers."""
    value = column.chunk(0)[i]
    rows = value.value.values if hasattr(value, "value") and not hasattr(value, "values") else value.values
    return np.stack([row.values.to_numpy(zero_copy_only=False) for row in rows]).astype(np.float32)


def _with_unspoken(claims: Sequence[Claim]) -> list[Claim]:
    spoken = {claim.finding for claim in claims}
    return [*claims, *(Claim(f, "not_assessed") for f in FINDING_IDS if f not in spoken)]


__all__ = ["CorpusSource", "MixedSource", "mix"]
