"""A page to browse: some rows of a corpus with trace, text and claims, in one file."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jinja2 import Environment, PackageLoader

from .sources.source import SPLITS

STEP_UV = 100
"""Microvolts between the lines of two channels."""
_STEP = 18
_POINTS = 1000
"""Points of a line: two samples each."""


def sample_page(rows: Iterable[Mapping[str, Any]]) -> str:
    """HTML of rows with their signal, as `read_rows` gives them, with choices of what is shown."""
    shown = [_shown(row) for row in rows]
    page = Environment(
        loader=PackageLoader(__package__), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    page.filters["interval"] = _interval
    there = {row["split"] for row in shown}
    filters = {
        "source": sorted({row["source"] for row in shown}),
        "split": [split for split in SPLITS if split in there],
        "finding": sorted({claim["finding"] for row in shown for claim in row["present"]}),
    }
    return page.get_template("sample.html.j2").render(
        rows=shown, filters=filters, step=_STEP, step_uv=STEP_UV
    )


def draw_rows(shards: Sequence[Path], n: int = 30, seed: int = 0) -> dict[Path, list[int]]:
    """Shards to numbers of random rows of theirs: a like number of each source, `n` in all."""
    rng = random.Random(seed)
    places: dict[str, list[tuple[Path, int]]] = {}
    for path in shards:
        count = pq.read_metadata(path).num_rows
        places.setdefault(path.parent.name, []).extend((path, i) for i in range(count))
    share = max(1, -(-n // max(len(places), 1)))
    chosen = [place for found in places.values() for place in rng.sample(found, min(share, len(found)))][:n]
    drawn: dict[Path, list[int]] = {}
    for path, index in sorted(chosen):
        drawn.setdefault(path, []).append(index)
    return drawn


def read_rows(path: Path, indices: Sequence[int]) -> list[dict[str, Any]]:
    """Rows of a shard by their numbers, the signal as `(n_channels, 2000)`; other row groups are not read."""
    rows, first = [], 0
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            end = first + file.metadata.row_group(group).num_rows
            wanted = [index - first for index in indices if first <= index < end]
            if wanted:
                table = file.read_row_group(group).take(wanted)
                signals = table.column("eeg_uv").combine_chunks()
                rows += [
                    {**row, "eeg_uv": _matrix(signals[i : i + 1])}
                    for i, row in enumerate(table.drop_columns("eeg_uv").to_pylist())
                ]
            first = end
    return rows


def _matrix(rows: pa.Array) -> np.ndarray:
    """The one matrix of a column of matrices, without going through Python numbers."""
    stored = rows.storage if isinstance(rows, pa.ExtensionArray) else rows
    lines = stored.flatten()
    return lines.flatten().to_numpy().reshape(len(lines), -1)


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    channels = zip(row["ch_names"], row["eeg_uv"], row["channel_mask"], strict=True)
    traces = [(name, _line(eeg_uv) if good else "") for name, eeg_uv, good in channels]
    present = [claim for claim in row["claims"] if claim["polarity"] == "present"]
    return {**row, "traces": traces, "present": present}


def _line(eeg_uv: np.ndarray) -> str:
    """Samples `(2000,)` as an SVG path, a point a step to the right and tenths of a step of the page down."""
    points = np.clip(eeg_uv.reshape(_POINTS, -1).mean(axis=1) / STEP_UV, -3, 3)
    tenths = np.rint(10 * _STEP * points).astype(int)  # negative is up, as electroencephalographers read it
    return f"M0 {tenths[0]}l" + " ".join(f"1 {step}" for step in np.diff(tenths))


def _interval(value: Sequence[float] | None) -> str:
    if not value:
        return ""
    low, high = (f"{number:.3g}" for number in value)
    return low if low == high else f"{low} to {high}"
