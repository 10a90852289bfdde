"""A publisher of datasets on this machine: files with ranges, and the faults that networks have."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape


@dataclass
class Publisher:
    """What is served and how.

    Attributes:
        files: Path to content.
        address: Of the server.
        ranges: Whether parts of files can be asked for.
        breaks: Path to the bytes after which an answer breaks off, each time; taken out to mend it.
        stalls: Path to the bytes after which nothing more comes until the server ends.
        statuses: Path to a status in place of the file.
        asked: Paths asked for, each with its `Range` header.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    address: str = ""
    ranges: bool = True
    breaks: dict[str, int] = field(default_factory=dict)
    stalls: dict[str, int] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    stalled: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    def add_physionet(self, place: str, root: Path, *, records: bool = False) -> None:
        """Files of a folder with `SHA256SUMS.txt`, or with `RECORDS` alone."""
        lines = []
        for path in sorted(p for p in root.rglob("*") if p.is_file()):
            name = path.relative_to(root).as_posix()
            self.files[f"/{place}/{name}"] = content = path.read_bytes()
            lines.append(name if records else f"{hashlib.sha256(content).hexdigest()} {name}")
        listing = "RECORDS" if records else "SHA256SUMS.txt"
        self.files[f"/{place}/{listing}"] = ("\n".join(lines) + "\n").encode()

    def add_zenodo(self, place: str, root: Path) -> None:
        """Files of a folder as a record of the Zenodo API."""
        entries = []
        for path in sorted(root.iterdir()):
            url = f"/{place}/files/{path.name}/content"
            self.files[url] = content = path.read_bytes()
            checksum = f"md5:{hashlib.md5(content).hexdigest()}"
            entries.append({"key": path.name, "size": len(content), "checksum": checksum,
                            "links": {"self": self.address + url}})  # fmt: skip
        self.files[f"/{place}"] = json.dumps({"files": entries}).encode()

    def add_bucket(self, place: str, root: Path) -> None:
        """Files of a folder as objects of a bucket."""
        for path in sorted(p for p in root.rglob("*") if p.is_file()):
            self.files[f"/{place}/{path.relative_to(root).as_posix()}"] = path.read_bytes()

    def page(self, asked: dict[str, list[str]], size: int = 2) -> bytes:
        """One page of ListObjectsV2."""
        prefix = asked["prefix"][0]
        names = sorted(name[1:] for name in self.files if name.startswith(f"/{prefix}"))
        first = int(asked.get("continuation-token", ["0"])[0])
        more = first + size < len(names)
        objects = "".join(
            f'<Contents><Key>{escape(n)}</Key><ETag>"{hashlib.md5(self.files["/" + n]).hexdigest()}"</ETag>'
            f"<Size>{len(self.files['/' + n])}</Size></Contents>"
            for n in names[first : first + size]
        )
        token = f"<NextContinuationToken>{first + size}</NextContinuationToken>" if more else ""
        return (
            '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}{objects}</ListBucketResult>"
        ).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    publisher: Publisher

    def do_GET(self) -> None:
        told = urlsplit(self.path)
        path, at = unquote(told.path), self.publisher
        at.asked.append((path, self.headers.get("Range", "")))
        content = at.page(parse_qs(told.query)) if "list-type" in told.query else at.files.get(path)
        status = at.statuses.get(path, 200 if content is not None else 404)
        if status != 200 or content is None:
            return self._answer(status, b"")
        wanted = self.headers.get("Range") if at.ranges else None
        if wanted:
            first = int(wanted.removeprefix("bytes=").rstrip("-"))
            if first >= len(content):
                return self._answer(416, b"")
            return self._answer(206, content[first:], path, first)
        return self._answer(200, content, path)

    def _answer(self, status: int, content: bytes, path: str = "", first: int = 0) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        at = self.publisher
        if path in at.stalls:
            self.wfile.write(content[: max(at.stalls[path] - first, 0)])
            self.wfile.flush()
            at.stalled.set()
            at.ended.wait()
            self.close_connection = True
        elif path in at.breaks:
            self.wfile.write(content[: max(at.breaks[path] - first, 0)])
            self.wfile.flush()
            self.close_connection = True
        else:
            self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Silent."""


@contextmanager
def publisher() -> Iterator[Publisher]:
    """A server on this machine, until the end of the block."""
    told = Publisher()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"publisher": told}))
    server.daemon_threads = True
    told.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        told.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
