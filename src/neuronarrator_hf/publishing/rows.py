"""Whether every row of a data set may be passed on, by what the row itself says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from .repositories import Repository

PERMISSION, SOURCE = "redistributable", "source"
"""Columns of every row of the corpus."""


def row_problems(repository: Repository) -> Iterator[str]:
    """Shards with rows that may not be published, one line each."""
    import pyarrow.parquet as parquet
    from pyarrow import ArrowInvalid

    for path in repository.files():
        if path.suffix != ".parquet":
            continue
        told = f"{repository.label}/{path.relative_to(repository.folder)}"
        try:
            names = parquet.read_schema(path).names
            if PERMISSION not in names:
                yield f"{told}: has no column {PERMISSION!r}, so nothing says that its rows may be passed on"
                continue
            rows = parquet.read_table(path, columns=[c for c in (PERMISSION, SOURCE) if c in names])
        except (ArrowInvalid, OSError) as error:
            yield f"{told}: cannot be read as Parquet ({str(error).splitlines()[0]})"
            continue
        kept_back = Counter(
            str(row.get(SOURCE, "unknown source")) for row in rows.to_pylist() if row[PERMISSION] is not True
        )
        for source, n_rows in sorted(kept_back.items()):
            yield f"{told}: {n_rows} rows of {source} may not be passed on; build the corpus without them"
