"""Small folders to build from."""

from __future__ import annotations

from pathlib import Path

import native_layouts as layouts


def small_root(folder: Path, n: int = 6) -> Path:
    """A folder of recordings, one of which is broken."""
    for number in range(n):
        layouts.write_signal(folder / f"p{number}/r{number}.edf", seconds=20.0, seed=number)
    (folder / "p0/broken.edf").write_bytes(b"no recording")
    return folder
