"""Upload of a checked release: what the Hub has already is not sent again, what is gone here goes there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import HTTPError  # of httpx or httpx2, as its version has it

from .repositories import OWNER, Repository

FAILURES = (OSError, RuntimeError, HTTPError)
"""What huggingface_hub raises where the Hub cannot be reached, refuses, or breaks an upload off."""
_KEPT = {".gitattributes"}
"""Made by the Hub itself."""


class _Where(TypedDict):
    repo_id: str
    repo_type: str


@dataclass(frozen=True)
class Upload:
    """What a push does, or would do, with one repository.

    Attributes:
        repo_id: `owner/name`.
        kind: `model`, `dataset` or `space`.
        n_files: Files of the repository.
        n_bytes: Their size; the Hub takes only what has changed.
        commit: Id of the commit, None where nothing was sent.
    """

    repo_id: str
    kind: str
    n_files: int
    n_bytes: int
    commit: str | None = None


def push_repository(
    repository: Repository,
    owner: str,
    *,
    private: bool = False,
    dry_run: bool = False,
    tag: str | None = None,
) -> Upload:
    """Make the repository if it is not there, and bring it to the state of the folder, in one commit.

    Large files are uploaded before the commit, each by its hash: after a failure the same call sends only
    what is missing.

    Args:
        repository: A repository of a release that has passed `check_release`.
        owner: User or organisation.
        private: Make a new repository private; an existing one stays as it is.
        dry_run: Ask nothing of the Hub and send nothing.
        tag: Tag that is put on the commit where it does not exist yet.
    """
    repo_id = f"{owner}/{repository.name}"
    files = repository.files()
    upload = Upload(repo_id, repository.kind, len(files), sum(path.stat().st_size for path in files))
    if dry_run:
        return upload
    api, where = HfApi(), _Where(repo_id=repo_id, repo_type=repository.kind)
    sdk = "gradio" if repository.kind == "space" else None
    api.create_repo(**where, private=private, exist_ok=True, space_sdk=sdk)
    names = {str(path.relative_to(repository.folder)) for path in files}
    gone = sorted(set(api.list_repo_files(**where)) - names - _KEPT)
    operations: list[CommitOperationAdd | CommitOperationDelete] = [
        *_additions(repository, files, owner),
        *(CommitOperationDelete(name) for name in gone),
    ]
    commit = api.create_commit(
        **where,
        operations=operations,
        commit_message=f"{repository.name} {tag or 'update'}",
    )
    if tag is not None:
        api.create_tag(**where, tag=tag, exist_ok=True)
    return Upload(repo_id, repository.kind, upload.n_files, upload.n_bytes, commit.oid)


def _additions(repository: Repository, files: list[Path], owner: str) -> Iterator[CommitOperationAdd]:
    for path in files:
        name = str(path.relative_to(repository.folder))
        content: Path | bytes = path
        if path == repository.card():
            content = path.read_text(encoding="utf-8").replace(f"{OWNER}/", f"{owner}/").encode()
        yield CommitOperationAdd(name, content)
