"""What stands beside the shards of a corpus: statistics, card, page to browse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .build import read_counts
from .card import write_card
from .quality import INSPECTED, inspect_rows
from .sample_page import sample_page
from .shards import atomic, iter_rows, shard_paths

CARD, STATISTICS, PAGE = "README.md", "statistics.json", "sample.html"


def write_side_files(folder: Path, *, skipped: int = 0) -> dict[str, Any]:
    """Write them; the statistics."""
    shards = shard_paths(folder)
    statistics = inspect_rows(iter_rows(shards, INSPECTED)).to_dict(read_counts(folder))
    texts = {
        STATISTICS: json.dumps(statistics, indent=1, sort_keys=True) + "\n",
        CARD: write_card(statistics, shards, skipped=skipped),
        PAGE: sample_page(shards),
    }
    for name, text in texts.items():
        with atomic(folder / name) as unfinished:
            unfinished.write_text(text, "utf-8")
    return statistics
