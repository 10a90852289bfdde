"""A shard of a corpus, as small as a release needs it."""

from __future__ import annotations

from pathlib import Path

CARD = """---
license: cc0-1.0
configs:
  - config_name: default
    data_files:
      - split: train
        path: data/train-*.parquet
---

# NeuroCorpus
"""


def write_rows(folder: Path, *, redistributable: bool = True, n_rows: int = 3) -> Path:
    """A folder as the corpus makes them: a card and a shard, its texts and permissions alone."""
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    rows = [
        {"source": "simulated", "redistributable": redistributable, "text": f"Segment {i}."}
        for i in range(n_rows)
    ]
    shard = folder / "data" / "train-00000.parquet"
    shard.parent.mkdir(parents=True)
    (folder / "README.md").write_text(CARD)
    parquet.write_table(arrow.Table.from_pylist(rows), shard)
    return folder
