"""What a publisher lists of a set: its files with address, checksum and size."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from urllib.parse import quote
from xml.etree import ElementTree

from ..sources.origin import PUBLISHERS, Origin
from .transport import Connection, DownloadError, RemoteFile

_SUM = re.compile(r"^([0-9a-fA-F]{64})\s+\*?(\S.*)$")
_MD5 = re.compile(r"^[0-9a-f]{32}$")
MAX_PAGES = 10_000


def list_files(connection: Connection, origin: Origin, mirror: str | None = None) -> list[RemoteFile]:
    """The files of a set that a build reads, in order of their names.

    Args:
        connection: To the publisher.
        origin: The set.
        mirror: Address in place of the publisher's, laid out alike.

    Raises:
        DownloadError: The publisher does not answer, or lists no such file.
    """
    base = (mirror or PUBLISHERS[origin.publisher]).rstrip("/")
    found = {
        file.name: file
        for file in _LISTINGS[origin.publisher](connection, base, origin.place)
        if origin.is_wanted(file.name) and _stays_inside(file.name)
    }
    if not found:
        raise DownloadError(
            f"{base}/{origin.place}: lists none of the files expected; is it the right mirror?"
        )
    return [found[name] for name in sorted(found)]


def physionet(connection: Connection, base: str, place: str) -> Iterator[RemoteFile]:
    """Files of `SHA256SUMS.txt`; where there is none, those of `RECORDS`, without checksums."""
    root = f"{base}/{place}"
    sums = connection.text(f"{root}/SHA256SUMS.txt")
    if sums is not None:
        for line in sums.splitlines():
            if match := _SUM.match(line.strip()):
                name = match.group(2).removeprefix("./")
                yield RemoteFile(name, f"{root}/{quote(name)}", f"sha256:{match.group(1).lower()}")
        return
    records = connection.text(f"{root}/RECORDS")
    if records is None:
        raise DownloadError(f"{root}: holds neither SHA256SUMS.txt nor RECORDS; is it the right mirror?")
    for name in filter(None, map(str.strip, records.splitlines())):
        yield RemoteFile(name, f"{root}/{quote(name)}")


def zenodo(connection: Connection, base: str, place: str) -> Iterator[RemoteFile]:
    """Files of a record, as its API tells them."""
    told = connection.text(f"{base}/{place}")
    try:
        files = json.loads(told or "{}")["files"]
        for entry in files:
            yield RemoteFile(entry["key"], entry["links"]["self"], entry.get("checksum"), entry.get("size"))
    except (ValueError, KeyError, TypeError):
        raise DownloadError(f"{base}/{place}: does not list the files of a record") from None


def openneuro(connection: Connection, base: str, place: str) -> Iterator[RemoteFile]:
    """Objects below a folder of a bucket (ListObjectsV2); the ETag of an object sent whole is its MD5."""
    asked = {"list-type": "2", "prefix": f"{place}/"}
    for _ in range(MAX_PAGES):
        told = connection.text(base, asked)
        try:
            page = ElementTree.fromstring(told or "")
        except ElementTree.ParseError:
            raise DownloadError(f"{base}: does not list a bucket") from None
        for item in page.iterfind("{*}Contents"):
            key, etag = item.findtext("{*}Key", ""), item.findtext("{*}ETag", "").strip('"')
            checksum = f"md5:{etag}" if _MD5.match(etag) else None
            name = key.removeprefix(f"{place}/")
            yield RemoteFile(name, f"{base}/{quote(key)}", checksum, int(item.findtext("{*}Size", "0")))
        token = page.findtext("{*}NextContinuationToken")
        if page.findtext("{*}IsTruncated") != "true" or not token:
            return
        asked["continuation-token"] = token
    raise DownloadError(f"{base}: the list of {place} does not end")


_LISTINGS = {"physionet": physionet, "zenodo": zenodo, "openneuro": openneuro}


def _stays_inside(name: str) -> bool:
    """Whether a name from a list leads nowhere else."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name
