"""Whether a card says what the Hub and its readers need: licence, tags, files that exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatch
from typing import Any

from .metadata import metadata_problems
from .repositories import Repository

OPEN_LICENCES = {
    "apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-4.0",
    "odc-by", "pddl",
}  # fmt: skip
"""Licences, by the Hub's identifiers, under which anybody may pass files on."""
MODEL_HEADINGS = ("How to load it", "Intended use", "Limits", "Training", "Figures", "Citation")
_LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)\s]+)\)")


def card_problems(repository: Repository) -> Iterator[str]:
    """What is missing or wrong in a repository's README.md, one line each."""
    from huggingface_hub import RepoCard

    where = f"{repository.label}/README.md"
    if not repository.card().is_file():
        yield f"{where}: absent; a repository needs a card"
        return
    try:
        card = RepoCard.load(repository.card(), repo_type=repository.kind)
    except ValueError as error:
        yield f"{where}: its metadata cannot be read ({str(error).splitlines()[0]})"
        return
    data = card.data.to_dict()
    licences = data.get("license")
    for licence in licences if isinstance(licences, list) else [licences]:
        if licence not in OPEN_LICENCES:
            yield f"{where}: license is {licence!r}; expected one of {', '.join(sorted(OPEN_LICENCES))}"
    checks = {"model": _model_card, "dataset": _dataset_card, "space": _space_card}
    for problem in checks[repository.kind](repository, data, card.text):
        yield f"{where}: {problem}"
    for target in _LINK.findall(card.text):
        if not (repository.folder / target.split("#")[0]).exists():
            yield f"{where}: links to {target}, which is not in the repository"


def _model_card(repository: Repository, data: dict[str, Any], text: str) -> Iterator[str]:
    if data.get("library_name") != "transformers":
        yield f"library_name is {data.get('library_name')!r}; expected 'transformers'"
    if "eeg" not in (data.get("tags") or []):
        yield "tags lack 'eeg'"
    yield from metadata_problems(data, repository.folder)
    headings = re.findall(r"^## (.+?)\s*$", text, re.MULTILINE)
    for heading in MODEL_HEADINGS:
        if heading not in headings:
            yield f"has no section {heading!r}"
    if "not a medical device" not in text.lower():
        yield "does not say that this is not a medical device"


def _dataset_card(repository: Repository, data: dict[str, Any], text: str) -> Iterator[str]:
    configs = data.get("configs")
    if not configs:
        yield "has no `configs:`, from which load_dataset knows the files of a split"
        return
    names = [str(path.relative_to(repository.folder)) for path in repository.files()]
    for config in configs:
        for pattern in _patterns(config.get("data_files")):
            if not any(fnmatch(name, pattern) for name in names):
                yield f"config {config.get('config_name')!r} names {pattern}, which matches no file"


def _patterns(data_files: Any) -> Iterator[str]:
    if isinstance(data_files, str):
        yield data_files
    for entry in data_files if isinstance(data_files, list) else ():
        yield from _patterns(entry["path"] if isinstance(entry, dict) else entry)


def _space_card(repository: Repository, data: dict[str, Any], text: str) -> Iterator[str]:
    if data.get("sdk") not in ("gradio", "docker", "static"):
        yield f"sdk is {data.get('sdk')!r}; expected gradio, docker or static"
    if data.get("sdk") == "gradio" and not (repository.folder / str(data.get("app_file"))).is_file():
        yield f"app_file is {data.get('app_file')!r}, which is not in the repository"
    if len(str(data.get("short_description", ""))) > 60:
        yield "short_description is longer than the 60 characters the Hub takes"
