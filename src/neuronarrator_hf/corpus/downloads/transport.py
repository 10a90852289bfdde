"""One file over HTTP: resumed where it broke off, verified, and there whole or not at all."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import requests

CHUNK_BYTES = 1 << 16
PART_SUFFIX = ".part"
_AGAIN = (408, 425, 429, 500, 502, 503, 504)
"""Status codes after which the same request may succeed."""


_LONGEST_WAIT_S = 30.0
_T = TypeVar("_T")


class DownloadError(ValueError):
    """A download that did not succeed; one line with what, why and the remedy."""


class UnreachableError(DownloadError):
    """The server does not answer: further files need not be tried."""


@dataclass(frozen=True)
class Patience:
    """How long a server may take; nothing waits longer.

    Attributes:
        connect_s: For a connection.
        read_s: For the next bytes of an answer.
        attempts: Requests for one file; each goes on where the last broke off.
        wait_s: Before the second attempt; doubles each time, up to half a minute.
    """

    connect_s: float = 15.0
    read_s: float = 60.0
    attempts: int = 5
    wait_s: float = 1.0


@dataclass(frozen=True)
class RemoteFile:
    """A file that a publisher lists.

    Attributes:
        name: Path below the folder of the set.
        url: Where it is.
        checksum: `sha256:...` or `md5:...` as published, or None.
        n_bytes: Size as published, or None.
    """

    name: str
    url: str
    checksum: str | None = None
    n_bytes: int | None = None


class Connection:
    """Requests to one publisher over a kept connection."""

    def __init__(self, patience: Patience | None = None) -> None:
        self.patience = patience or Patience()
        self._session = requests.Session()
        # bytes as they are: a compressed answer could not be resumed
        self._session.headers["Accept-Encoding"] = "identity"

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *error: object) -> None:
        self._session.close()

    def text(self, url: str, params: dict[str, str] | None = None) -> str | None:
        """The text at an address; None where there is nothing.

        Raises:
            DownloadError: The server refuses, or does not answer.
        """

        def asked() -> str | None:
            with self._asked(url, params=params) as answer:
                if answer.status_code == 404:
                    return None
                _check(answer, url)
                answer.encoding = "utf-8"
                return str(answer.text)

        return self._tried(asked, url)

    def fetch(self, file: RemoteFile, target: Path, on_bytes: Callable[[int], Any] = lambda n: None) -> None:
        """Bring a file to `target`, going on with what an earlier attempt or run left beside it.

        Raises:
            UnreachableError: The server does not answer, or breaks off each time.
            DownloadError: It refuses, or what it sent is not what it published.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}{PART_SUFFIX}")
        went_on = part.exists()
        self._tried(lambda: self._append(file, part, on_bytes), file.name)
        fault = fault_of(part, file)
        if fault and went_on:  # what lay there may belong to another version of the file
            part.unlink()
            self._tried(lambda: self._append(file, part, on_bytes), file.name)
            fault = fault_of(part, file)
        if fault:
            part.unlink()
            raise DownloadError(f"{file.name}: {fault}; nothing was kept of it, repeat the command")
        os.replace(part, target)

    def _tried(self, action: Callable[[], _T], name: str) -> _T:
        """What the action gives; after a fault of the network it is tried again, a few times."""
        for attempt in range(self.patience.attempts):
            if attempt:
                time.sleep(min(self.patience.wait_s * 2 ** (attempt - 1), _LONGEST_WAIT_S))
            try:
                return action()
            except requests.RequestException as error:
                reason = _reason(error)
        raise UnreachableError(
            f"{name}: the server does not answer as it should ({reason}, {self.patience.attempts} attempts); "
            "repeat the command later, it goes on where it was"
        )

    def _append(self, file: RemoteFile, part: Path, on_bytes: Callable[[int], Any]) -> None:
        there = part.stat().st_size if part.exists() else 0
        if file.n_bytes is not None and there == file.n_bytes:
            return
        headers = {"Range": f"bytes={there}-"} if there else {}
        with self._asked(file.url, headers=headers) as answer:
            if there and answer.status_code == 416:  # nothing after what is there: whole, or another file
                return
            _check(answer, file.name)
            goes_on = there > 0 and answer.status_code == 206
            with part.open("ab" if goes_on else "wb") as out:
                for chunk in answer.iter_content(CHUNK_BYTES):
                    out.write(chunk)
                    on_bytes(len(chunk))
                out.flush()
                os.fsync(out.fileno())

    @contextmanager
    def _asked(self, url: str, **more: Any) -> Iterator[requests.Response]:
        timeout = (self.patience.connect_s, self.patience.read_s)
        with self._session.get(url, stream=True, timeout=timeout, **more) as answer:
            if answer.status_code in _AGAIN:
                raise requests.ConnectionError(f"status {answer.status_code}")
            yield answer


def _check(answer: requests.Response, name: str) -> None:
    if answer.status_code in (401, 403):
        raise DownloadError(f"{name}: the server asks for an account (status {answer.status_code})")
    if answer.status_code not in (200, 206):
        raise DownloadError(f"{name}: the server answers with status {answer.status_code}")


def _reason(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout) or "timed out" in str(error):
        return "it took too long"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "it broke off"
    return str(error) if str(error).startswith("status") else "no connection"


def fault_of(path: Path, file: RemoteFile) -> str | None:
    """Why a file is not the published one; None where it is, as far as is published."""
    n_bytes = path.stat().st_size
    if file.n_bytes is not None and n_bytes != file.n_bytes:
        return f"has {n_bytes} bytes, {file.n_bytes} were published"
    if file.checksum is None:
        return None
    algorithm, _, expected = file.checksum.partition(":")
    with path.open("rb") as content:
        found = hashlib.file_digest(content, algorithm).hexdigest()
    return None if found == expected.lower() else f"its {algorithm} is {found}, published is {expected}"
