"""What a repository may hold: kinds of files, sizes, no pickle, no secret, no path of a person's machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from .repositories import Repository

ALLOWED_SUFFIXES = {
    "model": {".md", ".json", ".safetensors", ".jinja", ".py", ".txt", ".cff"},
    "dataset": {".md", ".json", ".jsonl", ".csv", ".parquet", ".txt", ".cff"},
    "space": {".md", ".json", ".py", ".css", ".html", ".js", ".yaml", ".txt", ".svg", ".png"},
}
ALLOWED_NAMES = {"LICENSE", "Dockerfile"}
MAX_BYTES = {".safetensors": 5 * 10**9, ".parquet": 5 * 10**9}
"""Shards: what the Hub's viewers and a download that breaks off still handle well."""
MAX_OTHER_BYTES = 10**7
"""From here on the Hub keeps a file in large-file storage, where no diff is seen."""
_BINARY = {".safetensors", ".parquet", ".png"}
_PICKLES = {".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".npy", ".npz", ".h5"}
_SECRETS = {
    "a token of the Hub": re.compile(r"\bhf_[A-Za-z0-9]{20,}"),
    "a token of GitHub": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,})"),
    "a token of PyPI": re.compile(r"\bpypi-[A-Za-z0-9_-]{40,}"),
    "a key of AWS": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    "a key of OpenAI": re.compile(r"\bsk-[A-Za-z0-9_-]{20,}"),
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    "a password": re.compile(
        r"""(?i)\b(?:password|passwd|api_key|secret)\b["']?\s*[:=]\s*["'][^"'\s]{6,}["']"""
    ),
    "a path of somebody's machine": re.compile(
        r"(?:/home/(?!user/)[\w.-]+/|/Users/[\w.-]+/|/root/|[A-Z]:\\Users\\)"
    ),
}


def content_problems(repository: Repository) -> Iterator[str]:
    """What must not be published, one line each."""
    for path in repository.files():
        told = f"{repository.label}/{path.relative_to(repository.folder)}"
        if path.is_symlink() or not path.resolve().is_relative_to(repository.folder.resolve()):
            yield f"{told}: is a link; publish the file itself"
            continue
        if any(part.startswith(".") for part in path.relative_to(repository.folder).parts):
            yield f"{told}: hidden files are not published; remove it"
            continue
        if not _is_allowed(path, repository.kind):
            kind = (
                "may run code when it is loaded" if path.suffix in _PICKLES else "is no kind published here"
            )
            allowed = ", ".join(sorted(ALLOWED_SUFFIXES[repository.kind]))
            yield f"{told}: {path.suffix or 'no suffix'} {kind}; published are {allowed}"
            continue
        limit, n_bytes = MAX_BYTES.get(path.suffix, MAX_OTHER_BYTES), path.stat().st_size
        if n_bytes > limit:
            yield f"{told}: {n_bytes / 1e6:.0f} MB, the limit is {limit / 1e6:.0f} MB; save it in shards"
            continue
        yield from (f"{told}: {problem}" for problem in _inside(path))


def _is_allowed(path: Path, kind: str) -> bool:
    return path.name in ALLOWED_NAMES or path.suffix in ALLOWED_SUFFIXES[kind]


def _inside(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        head = file.read(4)
    if re.match(rb"\x80[\x02-\x05]", head) or head == b"PK\x03\x04":
        yield "is a pickle or an archive, whatever its name says; publish safetensors"
    elif path.suffix == ".safetensors":
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, "np") as tensors:
                list(tensors.keys())
        except (SafetensorError, OSError) as error:
            yield f"is no safetensors file ({error}); save it again"
    elif path.suffix not in _BINARY:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            yield f"is no UTF-8 text ({error.reason} at byte {error.start}); save it as UTF-8"
            return
        for name, pattern in _SECRETS.items():
            if found := pattern.search(text):
                yield f"line {text.count(chr(10), 0, found.start()) + 1} holds {name}; remove it"
