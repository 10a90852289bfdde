"""Read a vendor's file in a process of its own first: a crash or a hang becomes one line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from neuronarrator_hf.recording.errors import RecordingError

PROBE_S = 120
PROBE_BYTES = 6 * 1024**3
_READ_BYTES = 2_000_000_000
_REMEDY = "export the recording as EDF from the vendor's software"


def probe(path: Path, name: str, *, timeout_s: float = PROBE_S, command: list[str] | None = None) -> None:
    """Open and read `path` in a subprocess with a limit on time and memory.

    Raises:
        RecordingError: The reader crashed, hung, or refused the file.
    """
    command = command or [sys.executable, "-m", "neuronarrator_hf.recording.probe", str(path)]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=timeout_s, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        raise RecordingError(name, f"its reader did not finish within {timeout_s:g} s", _REMEDY) from None
    if done.returncode < 0:
        raise RecordingError(
            name, f"its reader crashed (signal {-done.returncode}): the file is damaged", _REMEDY
        )
    try:
        verdict = json.loads(done.stdout.decode("utf-8", "replace").splitlines()[-1])
    except (ValueError, IndexError):
        raise RecordingError(
            name, "its reader ended without an answer: the file is damaged", _REMEDY
        ) from None
    if not verdict.get("ok"):
        kind = str(verdict.get("error", "error"))
        raise RecordingError(name, f"the reader of its format refuses it ({kind})", _REMEDY)


def _main(path: str) -> None:
    """Body of the subprocess: prints one JSON line."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (PROBE_BYTES, PROBE_BYTES))
    except (ImportError, ValueError, OSError):
        pass
    try:
        from neuronarrator_hf.recording.formats import open_raw

        raw = open_raw(Path(path))
        n_total = len(raw.ch_names) * raw.n_times * 8
        block = max(int(10 * raw.info["sfreq"]), 1)
        step = block * max(1, -(-n_total // _READ_BYTES))
        for start in range(0, raw.n_times, step):
            raw[:, start : min(start + block, raw.n_times)]
        print(json.dumps({"ok": True}))
    except BaseException as error:
        print(json.dumps({"ok": False, "error": type(error).__name__}))


if __name__ == "__main__":
    _main(sys.argv[1])
