"""A shard of a corpus, as small as a release needs it."""

from __future__ import annotations

from pathlib import Path


def write_rows(folder: Path, *, redistributable: bool = True, n_rows: int = 3) -> Path:
    """A shard as the corpus makes them, its texts and permissions alone."""
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    rows = [
        {"source": "simulated", "redistributable": redistributable, "text": f"Segment {i}."}
        for i in range(n_rows)
    ]
    shard = folder / "data" / "train-00000.parquet"
    shard.parent.mkdir(parents=True)
    parquet.write_table(arrow.Table.from_pylist(rows), shard)
    return folder
