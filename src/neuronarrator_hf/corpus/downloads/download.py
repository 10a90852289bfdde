"""A source from its publisher to a folder: chosen persons, every file verified, goes on after a break."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..shards import locked
from ..sources.origin import Origin
from ..sources.source import Source, SourceError
from .listings import list_files
from .transport import Connection, DownloadError, Patience, RemoteFile, UnreachableError, fault_of

_NAMED = 12
LOCK = ".download.lock"


@dataclass
class DownloadResult:
    """What a download did.

    Attributes:
        n_files: Files chosen.
        n_fetched: Files fetched in this run.
        n_kept: Files that were there and are as published.
        n_unverified: Files for which the publisher gives no checksum.
        failed: Name of a file to why it is not there.
    """

    n_files: int = 0
    n_fetched: int = 0
    n_kept: int = 0
    n_unverified: int = 0
    failed: dict[str, str] = field(default_factory=dict)


def origin_of(source: Source) -> Origin:
    """Where a source is published.

    Raises:
        SourceError: It is not openly downloadable; says how to get it.
    """
    if source.origin is None:
        raise SourceError(f"{source.name}: is not openly downloadable; {source.access}")
    return source.origin


def download(
    source: Source,
    folder: Path,
    *,
    subjects: Sequence[str] = (),
    limit: int | None = None,
    mirror: str | None = None,
    patience: Patience | None = None,
    on_file: Callable[[int, int, str], Any] = lambda done, total, name: None,
    on_bytes: Callable[[int], Any] = lambda n: None,
) -> DownloadResult:
    """Bring the files of a source that a build reads into a folder, laid out as published.

    A file that is there and as published is kept, anything else is fetched anew. A file whose checksum is
    wrong is left out and listed; a server that does not answer stops the download.

    Args:
        source: The source.
        folder: Where to; made if missing.
        subjects: Persons, in the source's spelling; all without.
        limit: The first persons alone.
        mirror: Address in place of the publisher's.
        patience: Time limits.
        on_file: Called with files done, files in all and the name of the file at hand.
        on_bytes: Called with bytes that came.

    Raises:
        SourceError: The source is not openly downloadable, or has no such person.
        DownloadError: The publisher does not answer, or there is too little space.
    """
    origin = origin_of(source)
    folder.mkdir(parents=True, exist_ok=True)
    busy = f"{folder}: another download is under way in it; wait for its end"
    with locked(folder / LOCK, busy), Connection(patience) as connection:
        files = choose(list_files(connection, origin, mirror), origin, subjects, limit)
        result = DownloadResult(len(files), n_unverified=sum(file.checksum is None for file in files))
        missing = []
        for file in files:
            target = folder / file.name
            if target.is_file() and fault_of(target, file) is None:
                result.n_kept += 1
            else:
                missing.append(file)
        _check_space(folder, missing)
        for file in missing:
            on_file(result.n_kept + result.n_fetched + len(result.failed), len(files), file.name)
            try:
                connection.fetch(file, folder / file.name, on_bytes)
                result.n_fetched += 1
            except UnreachableError:
                raise
            except DownloadError as error:
                result.failed[file.name] = str(error)
            except OSError as error:
                raise DownloadError(f"{folder / file.name}: cannot be written ({error.strerror})") from None
        on_file(len(files), len(files), "")
    return result


def choose(
    files: Sequence[RemoteFile], origin: Origin, subjects: Sequence[str] = (), limit: int | None = None
) -> list[RemoteFile]:
    """The files of some persons, and those of the whole set.

    Raises:
        SourceError: There is no such person.
    """
    people = sorted({s for file in files if (s := origin.subject_of(file.name)) is not None})
    unknown = sorted(set(subjects) - set(people))
    if unknown:
        more = ", ..." if len(people) > _NAMED else ""
        raise SourceError(
            f"there is no person {', '.join(unknown)}; there are {', '.join(people[:_NAMED])}{more}"
        )
    chosen = [person for person in people if not subjects or person in subjects][:limit]
    return [file for file in files if origin.subject_of(file.name) in (None, *chosen)]


def _check_space(folder: Path, missing: Sequence[RemoteFile]) -> None:
    needed = sum(file.n_bytes or 0 for file in missing)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise DownloadError(
            f"{folder}: {needed / 1e9:.1f} GB are to come and {free / 1e9:.1f} GB are free; give another "
            "--out, or fewer persons with --subjects or --limit"
        )
