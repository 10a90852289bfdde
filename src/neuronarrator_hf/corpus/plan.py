"""Which recording goes into which shard: decided once, kept on disk, only ever added to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .rows import Task
from .shards import atomic
from .sources.source import SourceError
from .splits import digest
from .writers import WriterOptions

SHARD_BYTES = 64 * 2**20


@dataclass(frozen=True)
class BuildOptions:
    """What the rows of a corpus depend on beside their recordings.

    Attributes:
        writer: How texts are written.
        shard_bytes: Size of the recordings of a shard.
    """

    writer: WriterOptions = field(default_factory=WriterOptions)
    shard_bytes: int = SHARD_BYTES

    def identity(self) -> dict[str, Any]:
        """As plain values; the same for builds whose rows are the same."""
        return asdict(self)


@dataclass
class Plan:
    """Shards by name, each with the keys of its recordings in order.

    Attributes:
        path: Where it is kept.
        identity: Options of the build.
        shards: Name (`chb-mit/train-00000`) to keys.
    """

    path: Path
    identity: dict[str, Any]
    shards: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def open(cls, path: Path, options: BuildOptions) -> Plan:
        """The plan kept at `path`, or an empty one.

        Raises:
            SourceError: It belongs to a build with other options.
        """
        if not path.exists():
            return cls(path, options.identity())
        kept = json.loads(path.read_text("utf-8"))
        if kept["options"] != options.identity():
            raise SourceError(
                f"{path.parent.parent}: was built with other options "
                f"({_difference(kept['options'], options)}); choose another --out, or the same options"
            )
        return cls(path, kept["options"], kept["shards"])

    def add(self, tasks: Iterable[Task]) -> None:
        """Give new recordings a place: in new shards, so that finished ones stay as they are."""
        known = {key for keys in self.shards.values() for key in keys}
        limit = self.identity["shard_bytes"]
        open_shards: dict[tuple[str, str], tuple[str, int]] = {}
        for task in tasks:
            if task.key in known:
                continue
            known.add(task.key)
            place = (task.source, task.split)
            name, size = open_shards.get(place, ("", limit))
            if size + task.weight > limit or not name:
                name, size = self._next_name(*place), 0
                self.shards[name] = []
            self.shards[name].append(task.key)
            open_shards[place] = (name, size + task.weight)

    def save(self) -> None:
        """Keep it."""
        with atomic(self.path) as unfinished:
            kept = {"options": self.identity, "shards": self.shards}
            unfinished.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", "utf-8")

    def _next_name(self, source: str, split: str) -> str:
        number = sum(name.startswith(f"{source}/{split}-") for name in self.shards)
        return f"{source}/{split}-{number:05d}"


def part_name(key: str) -> str:
    """File name of the part of a recording."""
    return digest(key, 32)


def _difference(kept: Mapping[str, Any], options: BuildOptions) -> str:
    told, given = _flat(kept), _flat(options.identity())
    return ", ".join(
        f"{k} {told.get(k)} and now {given.get(k)}" for k in given if told.get(k) != given.get(k)
    )


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat
