"""Small builds, and what is compared of them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import native_layouts as layouts

from neuronarrator_hf.corpus.shards import iter_rows, shard_paths


def small_root(folder: Path, n: int = 6) -> Path:
    """A folder of recordings, one of which is broken."""
    for number in range(n):
        layouts.write_signal(folder / f"p{number}/r{number}.edf", seconds=20.0, seed=number)
    (folder / "p0/broken.edf").write_bytes(b"no recording")
    return folder


def files_of(folder: Path) -> dict[str, str]:
    """Every file that belongs to the corpus, with its hash; work in progress is left out."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".build" not in path.parts
    }


def ids_of(folder: Path) -> list[str]:
    return [row["id"] for row in iter_rows(shard_paths(folder), ["id"])]
