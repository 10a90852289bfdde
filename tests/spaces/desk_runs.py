"""A run at the desk of the demo, without a page: what is asked for, and what comes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neuronarrator_hf.app.desk import EXAMPLE, Desk
from neuronarrator_hf.app.narrators import MEASURED

CHOICES: dict[str, Any] = {"source": EXAMPLE, "example": "short", "uploads": None}
CHOICES |= {"words": MEASURED, "history": "ssm", "age": ""}


def run(desk: Desk, key: str = "a", **changes: Any) -> list[dict[str, Any]]:
    return list(desk.narrate(**{**CHOICES, **changes}, key=key))


def merged(updates: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: value for update in updates for name, value in update.items()}


def files(root: Path) -> list[Path]:
    return sorted(p for p in root.rglob("*") if p.is_file())
