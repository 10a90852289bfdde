"""Parquet files that are whole or absent: parts of one recording each, and shards made of parts."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow.parquet as pq

from .columns import SCHEMA_NAME, features, to_table
from .sources.source import SourceError

_SIGNAL_PATH = "eeg_uv.list.element.list.element"
ROW_GROUP_ROWS = 60
_OF_PARTS = "lz4"
"""Compression of parts, which live only until they are joined: fast rather than small."""


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """A path to write to, which becomes `path` at the end and vanishes on an error.

    What a killed process left is removed by the next build (`remove_unfinished`).
    """
    unfinished = path.with_name(f".{path.name}.{uuid4().hex}.unfinished")  # workers of several hosts share it
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield unfinished
        with unfinished.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        with suppress(FileNotFoundError):
            unfinished.unlink()


@contextmanager
def locked(path: Path, busy: str) -> Iterator[None]:
    """Hold the lock of a file; SourceError with the words of `busy` where another process does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SourceError(busy) from None
        yield


def remove_unfinished(folder: Path) -> None:
    """Delete what killed processes left below a folder; call while nobody else writes there."""
    for path in folder.rglob(".*.unfinished"):
        path.unlink(missing_ok=True)


def write_part(path: Path, blocks: Iterable[Sequence[Mapping[str, Any]]], told: Mapping[str, Any]) -> int:
    """Write rows as they come; the number of rows. `told` goes into the metadata of the file."""
    n_rows = 0
    with atomic(path) as unfinished, _writer(unfinished, told, _OF_PARTS) as writer:
        for rows in blocks:
            if rows:
                writer.write_table(to_table(rows), row_group_size=ROW_GROUP_ROWS)
                n_rows += len(rows)
    return n_rows


def join_parts(path: Path, parts: Sequence[Path], told: Mapping[str, Any]) -> int:
    """One shard of parts, in their order, a row group at a time; the number of rows."""
    n_rows = 0
    with atomic(path) as unfinished, _writer(unfinished, told) as writer:
        for part in parts:
            with pq.ParquetFile(part) as file:
                for group in range(file.num_row_groups):
                    table = file.read_row_group(group)
                    writer.write_table(table.cast(writer.schema), row_group_size=ROW_GROUP_ROWS)
                    n_rows += table.num_rows
    return n_rows


def read_told(path: Path) -> dict[str, Any]:
    """What `write_part` or `join_parts` was told."""
    metadata = pq.read_schema(path).metadata or {}
    return dict(json.loads(metadata.get(b"neuronarrator", b"{}")))


def iter_rows(paths: Iterable[Path], columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    """Rows of shards as dictionaries, in constant memory; without `columns`, all but the signal."""
    wanted = list(columns or (name for name in features() if name not in ("eeg_uv", "positions")))
    for path in paths:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=ROW_GROUP_ROWS, columns=wanted):
                yield from batch.to_pylist()


def shard_paths(folder: Path) -> list[Path]:
    """The shards of a corpus, in a fixed order."""
    return sorted((folder / "data").glob("*/*.parquet"))


@contextmanager
def _writer(path: Path, told: Mapping[str, Any], compression: str = "zstd") -> Iterator[pq.ParquetWriter]:
    schema = features().arrow_schema
    told = {"schema": SCHEMA_NAME, **told}
    metadata = {**(schema.metadata or {}), b"neuronarrator": json.dumps(told, sort_keys=True).encode()}
    columns = [name for name in schema.names if name != "eeg_uv"]
    with pq.ParquetWriter(
        path,
        schema.with_metadata(metadata),
        compression=compression,
        use_dictionary=columns,
        column_encoding={_SIGNAL_PATH: "BYTE_STREAM_SPLIT"},
    ) as writer:
        yield writer
