"""What stands beside the shards of a corpus: statistics, card, page to browse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .build import read_counts
from .card import write_card
from .engines import Engine, InProcess, Job
from .quality import Quality, inspect_shard, joined
from .sample_page import sample_page
from .shards import atomic, shard_paths

CARD, STATISTICS, PAGE = "README.md", "statistics.json", "sample.html"


def write_side_files(folder: Path, *, skipped: int = 0, engine: Engine | None = None) -> dict[str, Any]:
    """Write them; the statistics. Shards are inspected by the engine, else in this process."""
    shards = shard_paths(folder)
    jobs: list[Job] = [(_inspected, (path.resolve(),)) for path in shards]
    found = dict((engine or InProcess()).run(jobs))
    quality = joined(found[path.resolve()] for path in shards)
    statistics = quality.to_dict(read_counts(folder))
    texts = {
        STATISTICS: json.dumps(statistics, indent=1, sort_keys=True) + "\n",
        CARD: write_card(statistics, shards, skipped=skipped),
        PAGE: sample_page(shards),
    }
    for name, text in texts.items():
        with atomic(folder / name) as unfinished:
            unfinished.write_text(text, "utf-8")
    return statistics


def _inspected(path: Path) -> tuple[Path, Quality]:
    return path, inspect_shard(path)
