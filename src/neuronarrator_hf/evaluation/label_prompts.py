"""How classes are said in findings and in sentences, read from `label_prompts.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from ..findings.vocabulary import FINDING_IDS


@dataclass(frozen=True)
class LabelPrompt:
    """How one class is said.

    Attributes:
        label: The class.
        findings: Findings any of which means it.
        sentences: Sentences that say it.
        rest: It is what remains where no other class is found.
    """

    label: str
    findings: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()
    rest: bool = False


def read_label_prompts(name: str, path: str | Path | None = None) -> tuple[LabelPrompt, ...]:
    """The classes of a benchmark in their order of precedence.

    Args:
        name: Benchmark in the file.
        path: Another file of the same form.

    Raises:
        ValueError: The file has no such benchmark, or a prompt cannot be used.
    """
    import yaml

    source = files(__package__).joinpath("label_prompts.yaml") if path is None else Path(path)
    try:
        content = yaml.safe_load(source.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: no YAML ({error}); give a file like label_prompts.yaml") from error
    if not isinstance(content, dict) or not isinstance(content.get(name, {}), dict):
        raise ValueError(f"{path}: expected a mapping of benchmarks to classes, as in label_prompts.yaml")
    if name not in content:
        raise ValueError(f"no label prompts for {name!r}; there are {', '.join(content)}")
    return make_label_prompts(content[name])


def make_label_prompts(classes: Mapping[str, Mapping[str, Any]]) -> tuple[LabelPrompt, ...]:
    """Prompts of a mapping as the file holds it."""
    prompts = tuple(
        LabelPrompt(
            str(label),
            tuple(said.get("findings", ())),
            tuple(said.get("sentences", ())),
            bool(said.get("rest", False)),
        )
        for label, said in classes.items()
    )
    unknown = sorted({f for p in prompts for f in p.findings} - set(FINDING_IDS))
    if unknown:
        raise ValueError(f"findings outside the vocabulary: {', '.join(unknown)}")
    if sum(p.rest for p in prompts) > 1:
        raise ValueError("two classes say rest: true; only one can be what remains")
    return prompts
