"""The journal of a run: finished windows, one JSON line each, so that a killed run resumes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .result import WindowNarration, plain

JOURNAL = "neuronarrator.segments/1"


class Journal:
    """Windows appended to a file as they are finished, and read back as often as needed.

    The first line names what is being narrated and how; a journal whose first line differs belongs
    to another run and is begun anew. A line cut off by a kill is dropped.

    Args:
        path: The file, `<stem>.segments.jsonl`.
        header: Recording, model and parameters: what must be equal for a run to be the same.
        resume: Continue an unfinished journal of the same run.
    """

    def __init__(self, path: Path, header: Mapping[str, Any], *, resume: bool = True) -> None:
        self.path = path
        self.header = json.loads(json.dumps(plain({"schema": JOURNAL, **header})))
        kept = self._kept() if resume else 0
        if kept == 0:
            path.write_text(self._line(self.header), encoding="utf-8")
            self.n_windows = 0
        else:
            with path.open("r+", encoding="utf-8") as file:
                file.truncate(kept)
            self.n_windows = sum(1 for _ in self)

    def append(self, window: WindowNarration) -> None:
        """Add a finished window; it is on disk when this returns."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(self._line(plain(window.to_dict())))
        self.n_windows += 1

    def close(self) -> None:
        """Mark the run as finished: the next one of the same name begins anew."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(self._line({"end": True}))

    def __iter__(self) -> Iterator[WindowNarration]:
        with self.path.open(encoding="utf-8") as file:
            next(file)
            for line in file:
                values = json.loads(line)
                if "timestamp" in values:
                    yield WindowNarration.from_dict(values)

    def _kept(self) -> int:
        """Bytes of an unfinished journal of this run that can be kept, 0 for none."""
        if not self.path.is_file():
            return 0
        size = 0
        with self.path.open("rb") as file:
            for number, line in enumerate(file):
                try:
                    values = json.loads(line) if line.endswith(b"\n") else None
                except ValueError:
                    values = None
                if values is None:
                    break
                if (number == 0 and values != self.header) or "end" in values:
                    return 0
                size += len(line)
        return size

    @staticmethod
    def _line(values: Mapping[str, Any]) -> str:
        return json.dumps(values, ensure_ascii=False, allow_nan=False) + "\n"
