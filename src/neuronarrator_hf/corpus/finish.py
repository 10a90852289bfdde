"""What stands beside the shards of a corpus: statistics, card, page to browse."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .build import read_counts
from .card import write_card
from .engines import Engine, InProcess, Job
from .quality import Quality, inspect_shard, joined
from .sample_page import draw_rows, read_rows, sample_page
from .shards import atomic, shard_paths

CARD, STATISTICS, PAGE = "README.md", "statistics.json", "sample.html"

Row = dict[str, Any]


def write_side_files(folder: Path, *, skipped: int = 0, engine: Engine | None = None) -> dict[str, Any]:
    """Write them; the statistics. Shards are read by the engine, else in this process."""
    shards = shard_paths(folder)
    drawn = draw_rows(shards)
    jobs: list[Job] = [(_looked_at, (path.resolve(), drawn.get(path, []))) for path in shards]
    shown: list[Row] = []

    def inspected() -> Iterator[Quality]:
        for quality, rows in (engine or InProcess()).run(jobs):
            shown.extend(rows)
            yield quality

    statistics = joined(inspected()).to_dict(read_counts(folder))
    texts = {
        STATISTICS: json.dumps(statistics, indent=1, sort_keys=True) + "\n",
        CARD: write_card(statistics, shards, skipped=skipped),
        PAGE: sample_page(sorted(shown, key=lambda row: str(row["id"]))),
    }
    for name, text in texts.items():
        with atomic(folder / name) as unfinished:
            unfinished.write_text(text, "utf-8")
    return statistics


def _looked_at(path: Path, drawn: Sequence[int]) -> tuple[Quality, list[Row]]:
    return inspect_shard(path), read_rows(path, drawn)
