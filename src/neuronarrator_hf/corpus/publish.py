"""What goes to the Hub, and what never does."""

from __future__ import annotations

from pathlib import Path

from .build import WORK
from .shards import read_told, shard_paths
from .sources.source import SourceError


def check_publishable(folder: Path) -> None:
    """Raise SourceError where a shard may not be passed on, naming the sources."""
    shards = shard_paths(folder)
    if not shards:
        raise SourceError(f"{folder}: holds no shard of a corpus; build one first")
    kept = sorted({path.parent.name for path in shards if not read_told(path).get("redistributable")})
    if kept:
        raise SourceError(
            f"{folder}: holds rows of {', '.join(kept)}, which are for their holder alone; build the "
            "sources that may be passed on into a folder of their own"
        )


def push(folder: Path, repository: str, *, private: bool = True) -> str:
    """Upload a corpus; its address. Rows that may not be passed on are refused, private or not."""
    check_publishable(folder)
    from huggingface_hub import HfApi

    api = HfApi()
    api.create_repo(repository, repo_type="dataset", private=private, exist_ok=True)
    told = api.upload_folder(
        repo_id=repository,
        repo_type="dataset",
        folder_path=folder,
        ignore_patterns=[f"{WORK}/**", "skipped.json"],
    )
    return str(told)
