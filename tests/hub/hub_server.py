"""A stand-in for the Hub on 127.0.0.1: commits, tags, large files, ranges, private repositories.

It speaks the routes that huggingface_hub, transformers, datasets and evaluate use, keeps every commit,
and can be told to break uploads off. It takes any token, and knows nothing of pull requests or Xet.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import yaml

LARGE = (".safetensors", ".parquet", ".arrow", ".png")
WHEN = "2026-01-01T00:00:00.000Z"


def git_oid(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@dataclass(frozen=True)
class Blob:
    content: bytes
    is_large: bool

    @property
    def oid(self) -> str:
        return hashlib.sha256(self.content).hexdigest() if self.is_large else git_oid(self.content)


@dataclass
class HubRepository:
    private: bool = False
    commits: list[tuple[str, dict[str, Blob]]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)

    def commit(self, tree: dict[str, Blob]) -> str:
        told = "".join(f"{name} {blob.oid}\n" for name, blob in sorted(tree.items()))
        sha = hashlib.sha1(f"{len(self.commits)}\n{told}".encode()).hexdigest()
        self.commits.append((sha, tree))
        return sha

    def at(self, revision: str) -> tuple[str, dict[str, Blob]] | None:
        if revision in ("main", "refs/heads/main"):
            return self.commits[-1]
        revision = self.tags.get(revision, revision)
        return next((c for c in self.commits if c[0] == revision), None)


@dataclass
class HubServer:
    """What the server holds, and what it was asked."""

    endpoint: str = ""
    repositories: dict[tuple[str, str], HubRepository] = field(default_factory=dict)
    large: dict[str, bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    break_uploads: int = 0
    """So many uploads of large files are broken off."""

    def environment(self, home: Any) -> dict[str, str]:
        """Environment in which a process takes this server for the Hub, with a cache of its own."""
        return {
            "HF_ENDPOINT": self.endpoint, "HF_TOKEN": "hf_test", "HF_HOME": str(home), "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        }  # fmt: skip


@contextmanager
def serve_hub() -> Iterator[HubServer]:
    state = HubServer()
    methods = {f"do_{name}": _Handler.answer for name in ("GET", "HEAD", "POST", "PUT", "DELETE")}
    handler = type("Handler", (_Handler,), {"hub": state, **methods})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    state.endpoint = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


_REPO = r"(?P<id>[^/]+/[^/]+)"
_API = rf"/api/(?P<kind>models|datasets|spaces)/{_REPO}"
_FILES = rf"/(?:(?P<kind>datasets|spaces)/)?{_REPO}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: HubServer

    def log_message(self, *_: Any) -> None:
        pass

    def answer(self) -> None:
        address = urlsplit(self.path)
        path, self.query = unquote(address.path), parse_qs(address.query)
        self.sent = self._body() if self.command in ("POST", "PUT") else b""
        self.hub.requests.append(f"{self.command} {path}")
        for method, pattern, act in _ROUTES:
            if method == self.command.replace("HEAD", "GET") and (found := re.fullmatch(pattern, path)):
                return act(self, **{k: v or "" for k, v in found.groupdict().items()})
        self.hub.unknown.append(f"{self.command} {path}")
        return self._missing("EntryNotFound")

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while n := int(self.rfile.readline().strip() or b"0", 16):
            chunks.append(self.rfile.read(n))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _send(self, content: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _json(self, value: Any, status: int = 200, **headers: str) -> None:
        self._send(json.dumps(value).encode(), status, Content_Type="application/json", **headers)

    def _missing(self, what: str, **headers: str) -> None:
        self._json({"error": what}, 404, X_Error_Code=what, X_Error_Message=what, **headers)

    def _repository(self, kind: str, id: str) -> HubRepository | None:
        found = self.hub.repositories.get((kind or "models", id))
        if found is None or (found.private and "Authorization" not in self.headers):
            self._json({"error": "Repository not found"}, 401, X_Error_Code="RepoNotFound")
            return None
        return found

    def _tree(self, kind: str, id: str, revision: str) -> tuple[str, dict[str, Blob]] | None:
        repository = self._repository(kind, id)
        found = repository and repository.at(revision or "main")
        if repository and not found:
            self._missing("RevisionNotFound")
        return found or None

    def whoami(self) -> None:
        token = {"displayName": "test", "role": "write"}
        self._json(
            {
                "type": "user", "name": "me", "fullname": "me", "isPro": False, "orgs": [{"name": "org"}],
                "auth": {"type": "access_token", "accessToken": token},
            }
        )  # fmt: skip

    def create(self) -> None:
        asked = json.loads(self.sent)
        kind, id = f"{asked.get('type') or 'model'}s", f"{asked.get('organization') or 'me'}/{asked['name']}"
        url = f"{self.hub.endpoint}/{'' if kind == 'models' else kind + '/'}{id}"
        if (kind, id) in self.hub.repositories:
            return self._json({"error": "You already created this repo", "url": url}, 409)
        made = self.hub.repositories[kind, id] = HubRepository(asked.get("visibility") == "private")
        made.commit({".gitattributes": Blob(b"*.safetensors filter=lfs\n", False)})
        return self._json({"url": url, "id": id, "name": id})

    def validate(self) -> None:
        self._json({"errors": [], "warnings": []})

    def info(self, kind: str, id: str, revision: str = "") -> None:
        if (found := self._tree(kind, id, revision)) is None:
            return
        sha, tree = found
        self._json({
            "_id": "0" * 24, "id": id, "modelId": id, "author": id.split("/")[0], "sha": sha, "gated": False,
            "private": self.hub.repositories[kind, id].private, "disabled": False, "downloads": 0, "likes": 0,
            "tags": [], "cardData": _metadata(tree), "lastModified": WHEN, "createdAt": WHEN,
            "siblings": [{"rfilename": name} for name in sorted(tree)],
        })  # fmt: skip

    def tree(self, kind: str, id: str, revision: str, under: str = "") -> None:
        if (found := self._tree(kind, id, revision)) is None:
            return
        under = under.strip("/")
        inside = {n: b for n, b in found[1].items() if not under or n.startswith(under + "/")}
        if under and not inside:
            self._missing("EntryNotFound")
            return
        recursive = self.query.get("recursive", ["false"])[0].lower() in ("true", "1")
        entries, folders = [], set()
        for name, blob in sorted(inside.items()):
            parts = name[len(under) + 1 if under else 0 :].split("/")
            for n in range(1, len(parts) if recursive else min(len(parts), 2)):
                folders.add("/".join([*filter(None, [under]), *parts[:n]]))
            if recursive or len(parts) == 1:
                entries.append(_entry(name, blob))
        entries += [{"type": "directory", "path": p, "size": 0, "oid": "0" * 40} for p in sorted(folders)]
        self._json(entries)

    def paths_info(self, kind: str, id: str, revision: str) -> None:
        if (found := self._tree(kind, id, revision)) is None:
            return
        try:
            paths = json.loads(self.sent)["paths"]
        except ValueError:
            paths = parse_qs(self.sent.decode()).get("paths", [])
        self._json(
            [_entry(p, found[1][p]) for p in ([paths] if isinstance(paths, str) else paths) if p in found[1]]
        )

    def refs(self, kind: str, id: str) -> None:
        if repository := self._repository(kind, id):
            branch = {"name": "main", "ref": "refs/heads/main", "targetCommit": repository.commits[-1][0]}
            tags = [
                {"name": t, "ref": f"refs/tags/{t}", "targetCommit": sha}
                for t, sha in repository.tags.items()
            ]
            self._json({"branches": [branch], "tags": tags, "converts": []})

    def tag(self, kind: str, id: str, revision: str) -> None:
        if repository := self._repository(kind, id):
            name, found = json.loads(self.sent)["tag"], repository.at(revision)
            if name in repository.tags:
                return self._json({"error": "Tag reference exists already"}, 409)
            assert found is not None
            repository.tags[name] = found[0]
            self._json({})
        return None

    def preupload(self, kind: str, id: str, revision: str) -> None:
        if (found := self._tree(kind, id, revision)) is None:
            return
        told = [
            {
                "path": f["path"], "uploadMode": "lfs" if f["path"].endswith(LARGE) else "regular",
                "shouldIgnore": False, "oid": found[1][f["path"]].oid if f["path"] in found[1] else None,
            }
            for f in json.loads(self.sent)["files"]
        ]  # fmt: skip
        self._json({"files": told})

    def batch(self, kind: str, id: str) -> None:
        objects = []
        for asked in json.loads(self.sent)["objects"]:
            upload = {"upload": {"href": f"{self.hub.endpoint}/large/{asked['oid']}"}}
            actions = {} if asked["oid"] in self.hub.large else {"actions": upload}
            objects.append({"oid": asked["oid"], "size": asked["size"], "authenticated": True, **actions})
        self._json({"transfer": "basic", "objects": objects})

    def put_large(self, oid: str) -> None:
        if self.hub.break_uploads:
            self.hub.break_uploads -= 1
            return self._json({"error": "broken off"}, 400)
        if hashlib.sha256(self.sent).hexdigest() != oid:
            return self._json({"error": "not what was announced"}, 422)
        self.hub.large[oid] = self.sent
        return self._json({})

    def commit(self, kind: str, id: str, revision: str) -> None:
        if (repository := self._repository(kind, id)) is None:
            return
        tree = dict(repository.commits[-1][1])
        for line in filter(None, self.sent.decode().splitlines()):
            told = json.loads(line)
            value = told["value"]
            if told["key"] == "file":
                tree[value["path"]] = Blob(base64.b64decode(value["content"]), False)
            elif told["key"] == "lfsFile":
                tree[value["path"]] = Blob(self.hub.large[value["oid"]], True)
            elif told["key"] == "deletedFile":
                del tree[value["path"]]
        sha = repository.commit(tree)
        prefix = "" if kind == "models" else f"{kind}/"
        self._json(
            {"success": True, "commitOid": sha, "commitUrl": f"{self.hub.endpoint}/{prefix}{id}/commit/{sha}"}
        )

    def resolve(self, kind: str, id: str, revision: str, name: str) -> None:
        if (found := self._tree(kind, id, revision)) is None:
            return
        sha, tree = found
        if name not in tree:
            self._missing("EntryNotFound", X_Repo_Commit=sha)
            return
        content, status, headers = tree[name].content, 200, {}
        if wanted := re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or ""):
            first, last = int(wanted[1]), int(wanted[2] or len(content) - 1)
            headers["Content_Range"] = f"bytes {first}-{last}/{len(content)}"
            content, status = content[first : last + 1], 206
        self._send(
            content, status, ETag=f'"{tree[name].oid}"', X_Repo_Commit=sha, Accept_Ranges="bytes",
            Content_Type="application/octet-stream", **headers,
        )  # fmt: skip


def _entry(name: str, blob: Blob) -> dict[str, Any]:
    entry = {"type": "file", "path": name, "size": len(blob.content), "oid": git_oid(blob.content)}
    if blob.is_large:
        entry["lfs"] = {"oid": blob.oid, "size": len(blob.content), "pointerSize": 130}
    return entry


def _metadata(tree: dict[str, Blob]) -> dict[str, Any]:
    text = tree["README.md"].content.decode() if "README.md" in tree else ""
    return yaml.safe_load(text.split("---")[1]) if text.startswith("---") else {}


_REVISION = r"(?P<revision>[^/]+)"
_ROUTES: list[tuple[str, str, Any]] = [
    ("GET", "/api/whoami-v2", _Handler.whoami),
    ("POST", "/api/repos/create", _Handler.create),
    ("POST", "/api/validate-yaml", _Handler.validate),
    ("GET", _API, _Handler.info),
    ("GET", rf"{_API}/revision/{_REVISION}", _Handler.info),
    ("GET", rf"{_API}/tree/{_REVISION}(?P<under>/.*)?", _Handler.tree),
    ("POST", rf"{_API}/paths-info/{_REVISION}", _Handler.paths_info),
    ("GET", rf"{_API}/refs", _Handler.refs),
    ("POST", rf"{_API}/tag/{_REVISION}", _Handler.tag),
    ("POST", rf"{_API}/preupload/{_REVISION}", _Handler.preupload),
    ("POST", rf"{_API}/commit/{_REVISION}", _Handler.commit),
    ("POST", rf"{_FILES}\.git/info/lfs/objects/batch", _Handler.batch),
    ("PUT", r"/large/(?P<oid>[0-9a-f]{64})", _Handler.put_large),
    ("GET", rf"{_FILES}/resolve/{_REVISION}/(?P<name>.+)", _Handler.resolve),
]
