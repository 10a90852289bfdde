"""What commands say when something is wrong: one line on standard error, and the exit status."""

from __future__ import annotations

import json
import math
import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

USAGE_ERROR, OUR_FAULT = 2, 1
UNITS = (None, "uV", "mV", "V", "nV")
EXTRA_OF = {
    "accelerate": "train", "peft": "train", "tensorboard": "train", "datasets": "corpus", "pyarrow": "corpus",
    "requests": "corpus", "evaluate": "eval", "sacrebleu": "eval", "rouge_score": "eval",
    "timescoring": "eval", "sklearn": "eval", "h5py": "eval", "httpx": "eval", "gradio": "space",
    "pandas": "report",
}  # fmt: skip
"""Module that a plain installation lacks, to the extra that brings it."""


@contextmanager
def usage_errors() -> Iterator[None]:
    """Arguments that cannot be used: one line, exit status 2."""
    try:
        yield
    except (ValueError, FileNotFoundError, NotADirectoryError, FileExistsError, PermissionError) as error:
        refuse(str(error))


def refuse(message: str) -> None:
    """Say why the arguments cannot be used, and stop with exit status 2."""
    say(message)
    raise typer.Exit(USAGE_ERROR)


def say(message: str) -> None:
    """One line on standard error, whatever line breaks the message carries."""
    typer.echo("neuronarrator: " + " ".join(message.split()), err=True)


def one_of(name: str, value: str | None, allowed: tuple[str | None, ...]) -> None:
    """Raise ValueError where `value` is none of `allowed`."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(filter(None, allowed))}, got {value!r}")


def seconds_of(name: str, text: str | None) -> float | None:
    """`90`, `1:30` or `1:02:03` as seconds; ValueError where it is none of these."""
    if text is None:
        return None
    parts = text.strip().split(":")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = []
    if not 1 <= len(numbers) <= 3 or any(not 0 <= n < math.inf for n in numbers):
        raise ValueError(f"{name} must be a time as 90, 1:30 or 1:02:03, got {text!r}")
    return sum(n * 60**power for power, n in enumerate(reversed(numbers)))


def make_folder(out: Path) -> None:
    """Make the folder of the outputs; NotADirectoryError where a file has that name."""
    if out.exists() and not out.is_dir():
        raise NotADirectoryError(f"{out}: is a file; choose another --out")
    out.mkdir(parents=True, exist_ok=True)


def say_fault(error: Exception, path: Path | None = None) -> None:
    """A fault of ours, in one line; with NEURONARRATOR_DEBUG set, its traceback too."""
    where = f"{path.name}: " if path else ""
    say(f"{where}internal error, please report it: {type(error).__name__}: {error}")
    if os.environ.get("NEURONARRATOR_DEBUG"):
        traceback.print_exception(error)


def tell_missing(error: ModuleNotFoundError) -> bool:
    """Say which extra brings a module that is not installed; False where none does: a fault of ours."""
    module = (error.name or "").partition(".")[0]
    if module in EXTRA_OF:
        say(f"this needs {module}: pip install 'neuronarrator_hf[{EXTRA_OF[module]}]'")
    return module in EXTRA_OF


def read_narration(path: Path) -> dict[str, Any]:
    """The JSON of a narration; FileNotFoundError or ValueError where it is none."""
    from ..narration.result import SCHEMA

    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such file; give the JSON of a narration")
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        document = None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise ValueError(f"{path}: is no narration ({SCHEMA}); give the JSON that `narrate` wrote")
    return document
