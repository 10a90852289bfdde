"""A reader that crashes, hangs or refuses is one line, not a dead process."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from neuronarrator_hf.recording.errors import RecordingError
from neuronarrator_hf.recording.probe import probe
from neuronarrator_hf.recording.reading import read_recording


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "crashed"),
        ("import time; time.sleep(30)", "did not finish"),
        ("import sys; sys.exit(3)", "without an answer"),
        ('print(\'{"ok": false, "error": "ValueError"}\')', "refuses it \\(ValueError\\)"),
    ],
)
def test_one_line_for_every_end(code: str, word: str) -> None:
    with pytest.raises(RecordingError, match=word) as error:
        probe(Path("x.cnt"), "x.cnt", timeout_s=2.0, command=[sys.executable, "-c", code])
    assert str(error.value).startswith("x.cnt: ")
    assert "\n" not in str(error.value)


def test_a_good_answer_passes() -> None:
    probe(Path("x.cnt"), "x.cnt", command=[sys.executable, "-c", "print('{\"ok\": true}')"])


@pytest.mark.parametrize("suffix", [".cnt", ".lay", ".eeg", ".raw"])
def test_garbage_in_vendor_formats(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    path.write_bytes(bytes(range(256)) * 40)
    with pytest.raises(RecordingError) as error:
        read_recording(path)
    assert "\n" not in str(error.value)
