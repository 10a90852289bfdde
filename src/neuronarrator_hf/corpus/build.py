"""A corpus on disk: every recording once, resumable after a kill, nothing half written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neuronarrator_hf.recording.errors import RecordingError

from .engines import Engine, Job
from .plan import BuildOptions, Plan, part_name
from .rows import RecordingTask, SimulationTask, Task
from .shards import atomic, join_parts, locked, read_told, remove_unfinished, shard_paths, write_part
from .sources import source_named
from .sources.source import RecordingRef, SourceError
from .splits import assign_splits, check_leakage
from .writers import make_writer

WORK = ".build"
"""Folder of unfinished work and of the plan inside a corpus; nothing in it is uploaded."""


@dataclass
class BuildResult:
    """What a build did.

    Attributes:
        folder: The corpus.
        n_rows: Rows of all its shards.
        n_done: Recordings worked on in this run.
        n_kept: Recordings that were finished before.
        skipped: Key of a recording that could not be used, to the reason.
    """

    folder: Path
    n_rows: int = 0
    n_done: int = 0
    n_kept: int = 0
    skipped: dict[str, str] = field(default_factory=dict)


def recording_tasks(roots: Iterable[tuple[str, Path]]) -> list[RecordingTask]:
    """The recordings of sources with their splits: `(name of the source, its folder)`."""
    refs: list[RecordingRef] = []
    for name, root in roots:
        refs += source_named(name).recordings(root)
    keys: set[str] = set()
    for ref in refs:
        key = f"{ref.source}/{ref.recording_id}"
        if key in keys:
            raise SourceError(f"{key}: is there twice; give recordings of one source names of their own")
        keys.add(key)
    splits = assign_splits(refs)
    return [RecordingTask(ref, splits[ref.person]) for ref in refs]


def build(
    folder: Path,
    tasks: Sequence[Task],
    options: BuildOptions,
    engine: Engine,
    *,
    on_done: Callable[[int, int], None] = lambda done, total: None,
) -> BuildResult:
    """Make or continue a corpus.

    Running it again with the same recordings changes nothing; with further recordings it adds shards.

    Args:
        folder: Where it is, or will be.
        tasks: What to make rows of.
        options: How.
        engine: Who does the work.
        on_done: Called with recordings done and in all.

    Raises:
        LeakageError: A person or a signal is in two splits.
        SourceError: The folder belongs to another build, or one is under way in it.
    """
    work = folder / WORK
    with locked(work / "lock", f"{folder}: another build is under way in it; wait for its end"):
        remove_unfinished(folder)
        plan = Plan.open(work / "plan.json", options)
        plan.add(tasks)
        plan.save()
        by_key = {task.key: task for task in tasks}
        result = BuildResult(folder)
        open_shards = {name: keys for name, keys in plan.shards.items() if not _is_done(folder, name)}
        todo = [
            by_key[k] for keys in open_shards.values() for k in keys if k in by_key and not _has_part(work, k)
        ]
        total = sum(len(keys) for keys in plan.shards.values())
        result.n_kept = total - sum(not _has_part(work, key) for keys in open_shards.values() for key in keys)
        waiting = {name: {k for k in keys if not _has_part(work, k)} for name, keys in open_shards.items()}
        shard_of = {key: name for name, keys in open_shards.items() for key in keys}
        on_done(result.n_kept, total)

        def finished(name: str) -> Job:
            return finish_shard, (folder.resolve(), name, tuple(plan.shards[name]))

        def then(done: Done) -> Iterable[Job]:
            if done.key is None:
                return ()
            name = shard_of[done.key]
            waiting[name].discard(done.key)
            return () if waiting[name] else (finished(name),)

        jobs: list[Job] = [finished(name) for name, keys in waiting.items() if not keys]
        jobs += [(make_part, (task, folder.resolve(), options)) for task in todo]
        for done in engine.run(jobs, then):
            if done.key is not None:
                result.n_done += 1
                on_done(result.n_kept + result.n_done, total)
        missing = sorted(key for keys in waiting.values() for key in keys)
        if missing:
            raise SourceError(
                f"{folder}: {len(missing)} recordings of an earlier build are not among those given, the "
                f"first is {missing[0]}; name their source and root too"
            )
        remove_unfinished(folder)  # of workers that were killed and whose jobs others have done
        shutil.rmtree(work / "parts", ignore_errors=True)  # the same, of shards that were finished
        told = [read_told(path) for path in shard_paths(folder)]
        check_leakage(
            (shard["split"], entry["subject"], entry["signal"], entry["key"])
            for shard in told
            for entry in shard["recordings"]
            if entry["n_rows"]
        )
        result.n_rows = sum(entry["n_rows"] for shard in told for entry in shard["recordings"])
        result.skipped = read_skipped(folder)
        with atomic(folder / "skipped.json") as unfinished:
            unfinished.write_text(json.dumps(result.skipped, indent=1, sort_keys=True) + "\n", "utf-8")
    return result


@dataclass(frozen=True)
class Done:
    """What a job of a build has done.

    Attributes:
        shard: Name of the shard that is finished, or None.
        key: Key of the recording whose part is on disk, or None.
    """

    shard: str | None = None
    key: str | None = None


def make_part(task: Task, folder: Path, options: BuildOptions) -> Done:
    """Make the part of one recording, whole or not at all. Runs anywhere that sees the folder."""
    work = folder / WORK
    name = part_name(task.key)
    if _has_part(work, task.key):
        return Done(key=task.key)  # by a worker that died before it could say so
    writer = make_writer(options.writer)
    try:
        with task.opened(writer) as (signal, blocks):
            entry = {"key": task.key, "signal": signal, "subject": task.subject}
            write_part(work / "parts" / f"{name}.parquet", blocks, entry)
    except RecordingError as error:
        _write_json(work / "skipped" / f"{name}.json", {"key": task.key, "reason": str(error)})
        return Done(key=task.key)
    _write_json(work / "counts" / f"{name}.json", {"key": task.key, **writer.counts})
    return Done(key=task.key)


def finish_shard(folder: Path, name: str, keys: Sequence[str]) -> Done:
    """Join the parts of a shard and delete them; a shard of skipped recordings alone stays away."""
    if _is_done(folder, name):
        return Done(shard=name)  # by a worker that died before it could say so
    work = folder / WORK
    parts = [(key, work / "parts" / f"{part_name(key)}.parquet") for key in keys]
    there = [(key, path) for key, path in parts if path.exists()]
    entries = []
    for key, path in there:
        told = read_told(path)
        entries.append(
            {"key": key, "signal": told["signal"], "subject": told["subject"], "n_rows": _n_rows(path)}
        )
    source, shard = name.split("/")
    if any(entry["n_rows"] for entry in entries):
        told = {
            "source": source,
            "split": shard.rsplit("-", 1)[0],
            "redistributable": _may_be_passed_on(source),
            "recordings": entries,
        }
        join_parts(folder / "data" / f"{name}.parquet", [path for _, path in there], told)
    _write_json(work / "done" / f"{source}-{shard}.json", {"shard": name, "keys": list(keys)})
    for _, path in there:
        path.unlink(missing_ok=True)
    return Done(shard=name)


def read_skipped(folder: Path) -> dict[str, str]:
    """Recordings that could not be used, and why."""
    found = (json.loads(path.read_text("utf-8")) for path in (folder / WORK / "skipped").glob("*.json"))
    return dict(sorted((entry["key"], entry["reason"]) for entry in found))


def read_counts(folder: Path) -> dict[str, int]:
    """Texts of a language model that were accepted and rejected, over all recordings."""
    total: dict[str, int] = {}
    for path in sorted((folder / WORK / "counts").glob("*.json")):
        for name, n in json.loads(path.read_text("utf-8")).items():
            if name != "key":
                total[name] = total.get(name, 0) + n
    return total


def _may_be_passed_on(source: str) -> bool:
    return source == SimulationTask.source or source_named(source).redistributable


def _n_rows(path: Path) -> int:
    import pyarrow.parquet as pq

    return int(pq.read_metadata(path).num_rows)


def _is_done(folder: Path, name: str) -> bool:
    return (folder / WORK / "done" / f"{name.replace('/', '-')}.json").exists()


def _has_part(work: Path, key: str) -> bool:
    name = part_name(key)
    return (work / "parts" / f"{name}.parquet").exists() or (work / "skipped" / f"{name}.json").exists()


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    with atomic(path) as unfinished:
        unfinished.write_text(json.dumps(values, sort_keys=True) + "\n", "utf-8")
