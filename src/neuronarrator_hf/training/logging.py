"""The record of a run: JSONL for machines, TensorBoard for eyes, one progress line for the terminal."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any


class RunLog:
    """Writes `log.jsonl` and TensorBoard events into a folder; silent on all but the main process.

    Args:
        folder: Folder of the run.
        active: Whether this process writes.
        every_s: Seconds between two progress lines.
    """

    def __init__(self, folder: Path, *, active: bool = True, every_s: float = 10.0) -> None:
        self.active, self.every_s = active, every_s
        self._shown = time.monotonic()
        self._writer = None
        if not active:
            return
        folder.mkdir(parents=True, exist_ok=True)
        self._file = (folder / "log.jsonl").open("a", encoding="utf-8")
        try:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(str(folder / "tensorboard"))
        except ImportError:
            print("tensorboard is not installed: only log.jsonl is written", file=sys.stderr)

    def write(self, step: int, kind: str, values: dict[str, Any]) -> None:
        """One record; numbers also go to TensorBoard."""
        if not self.active:
            return
        self._file.write(json.dumps({"step": step, "kind": kind, **values}) + "\n")
        self._file.flush()
        for name, value in values.items():
            if self._writer is None:
                break
            if isinstance(value, int | float):
                self._writer.add_scalar(f"{kind}/{name}", value, step)
            elif isinstance(value, str):
                self._writer.add_text(f"{kind}/{name}", value, step)

    def due(self) -> bool:
        """Whether a progress line is due."""
        return time.monotonic() - self._shown >= self.every_s

    def progress(self, step: int, share: float, elapsed_s: float, values: dict[str, float]) -> None:
        """A progress line with the time still to go, on standard error."""
        self._shown = time.monotonic()
        if not self.active:
            return
        left_s = elapsed_s * (1 - share) / max(share, 1e-6)
        figures = "  ".join(f"{name} {value:.4g}" for name, value in values.items())
        print(f"step {step}  {share:6.1%}  left {_clock(left_s)}  {figures}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Flush and close the files."""
        if self.active:
            self._file.close()
            if self._writer is not None:
                self._writer.close()


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(int(min(seconds, 359_999)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:d}:{minutes:02d}:{seconds:02d}"
