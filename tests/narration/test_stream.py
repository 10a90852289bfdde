"""A stream against the recorded file: the same windows, texts and claims, whatever the chunks."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from eeg_samples import as_array, awake_uv
from tiny_model import save_tiny

from neuronarrator_hf.narration.engine import Narrator
from neuronarrator_hf.narration.result import Narration, WindowNarration
from neuronarrator_hf.narration.stream import EEGStream
from neuronarrator_hf.narration.voice import Heard, MeasuredVoice
from neuronarrator_hf.recording.errors import RecordingError
from neuronarrator_hf.recording.live import LiveRecording
from neuronarrator_hf.recording.reading import read_recording
from neuronarrator_hf.recording.windows import iter_windows
from neuronarrator_hf.signal.montage import SITES_1020
from neuronarrator_hf.signal.windows import EEGWindows

SECONDS = 43.7


@pytest.fixture(scope="module")
def eeg_uv() -> np.ndarray:
    return awake_uv(SECONDS, sfreq=256.0)


@pytest.fixture(scope="module")
def offline(eeg_uv: np.ndarray) -> Narration:
    return Narrator(MeasuredVoice()).narrate(as_array(eeg_uv, 256.0))


def chunks(eeg_uv: np.ndarray, sizes: Iterable[int]) -> Iterable[np.ndarray]:
    at = 0
    for size in sizes:
        yield eeg_uv[:, at : at + size]
        at += size
    yield eeg_uv[:, at:]


def stream(**options: Any) -> EEGStream:
    return EEGStream(Narrator(MeasuredVoice()), SITES_1020, 256.0, units="uV", **options)


def close_numbers(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return set(a) == set(b) and all(close_numbers(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(close_numbers, a, b))
    return a == pytest.approx(b, rel=0.02, abs=0.02) if isinstance(a, float) else a == b


@pytest.mark.parametrize("kind", ["samples", "odd", "whole"])
def test_a_stream_says_what_the_file_says(eeg_uv: np.ndarray, offline: Narration, kind: str) -> None:
    rng = np.random.default_rng(0)
    sizes = {"samples": [32] * 300, "odd": rng.integers(0, 900, 20), "whole": []}[kind]
    live = stream()
    told: list[WindowNarration] = []
    for chunk in chunks(eeg_uv, sizes):
        told += live.push(chunk)
    narration = live.close()
    windows, recorded = list(narration.windows), list(offline.windows)
    assert told == windows[: len(told)] and len(windows) - len(told) <= 2
    assert [(w.start_s, w.end_s) for w in windows] == [(w.start_s, w.end_s) for w in recorded]
    assert [w.text for w in windows] == [w.text for w in recorded]
    for ours, theirs in zip(windows, recorded, strict=True):
        assert close_numbers(ours.to_dict()["claims"], theirs.to_dict()["claims"])
    assert narration.sections["background"] == offline.sections["background"]
    assert narration.recording["duration_s"] == pytest.approx(SECONDS, abs=0.01)


def test_chunks_of_any_size_give_the_same_bytes(eeg_uv: np.ndarray) -> None:
    told = []
    for sizes in ([1000] * 10, [7] * 500):
        live = stream()
        for chunk in chunks(eeg_uv, sizes):
            live.push(chunk)
        told.append("".join(live.close().iter_json()))
    assert told[0] == told[1]


def test_windows_of_the_live_recording_are_those_of_the_file(eeg_uv: np.ndarray) -> None:
    live = LiveRecording(SITES_1020, 256.0, units="uV", mains_hz=50.0)
    blocks = []
    for chunk in chunks(eeg_uv, [300] * 30):
        live.push(chunk)
        blocks += list(live.windows())
    blocks += list(live.windows(is_over=True))
    recorded = list(iter_windows(read_recording(as_array(eeg_uv, 256.0)), block_windows=1, mains_hz=50.0))
    assert len(blocks) == len(recorded)
    for ours, theirs in zip(blocks, recorded, strict=True):
        assert np.abs(ours.eeg_uv - theirs.eeg_uv).max() < 1e-2
        assert (ours.channel_mask == theirs.channel_mask).all()


def test_a_window_comes_as_soon_as_its_filters_have_what_they_need(eeg_uv: np.ndarray) -> None:
    live = stream()
    for at in range(0, eeg_uv.shape[1], 16):
        if live.push(eeg_uv[:, at : at + 16]):
            break
    came_s = (at + 16) / 256.0
    assert 10.0 < came_s <= 10.0 + live.recording.context_s + 0.1
    assert live.latency_s == pytest.approx(live.recording.context_s + live.work_s)
    assert live.recording.context_s < 5.0


def test_memory_stays_the_same(eeg_uv: np.ndarray) -> None:
    live = LiveRecording(SITES_1020, 256.0, units="uV")
    sizes = []
    for _ in range(10):
        live.push(eeg_uv)
        for _ in live.windows():
            pass
        sizes.append(sum(part.shape[1] for part in live._live._kept))
    assert max(sizes[1:]) < 256 * 35


def test_the_journal_holds_the_windows(eeg_uv: np.ndarray, offline: Narration, tmp_path: Path) -> None:
    live = stream(journal_path=tmp_path / "s.jsonl")
    live.push(eeg_uv)
    narration = live.close()
    assert [w.text for w in narration.windows] == [w.text for w in offline.windows]
    assert live._done == []
    lines = (tmp_path / "s.jsonl").read_text().splitlines()
    assert json.loads(lines[-1]) == {"end": True}


def test_units_are_believed_as_told(eeg_uv: np.ndarray, offline: Narration) -> None:
    live = EEGStream(Narrator(MeasuredVoice()), SITES_1020, 256.0, units="V")
    live.push(eeg_uv * 1e-6)
    assert [w.text for w in live.close().windows] == [w.text for w in offline.windows]


def test_what_cannot_be_used_is_said(eeg_uv: np.ndarray) -> None:
    with pytest.raises(ValueError, match="units"):
        EEGStream(Narrator(MeasuredVoice()), SITES_1020, 256.0, units="volt")
    with pytest.raises(RecordingError, match="electrode"):
        EEGStream(Narrator(MeasuredVoice()), ["ECG", "Resp"], 256.0, units="uV")
    with pytest.raises(RecordingError, match="Hz"):
        EEGStream(Narrator(MeasuredVoice()), SITES_1020, 1.0, units="uV")
    live = stream()
    with pytest.raises(ValueError, match="expected"):
        live.push(eeg_uv[:3])
    live.push(eeg_uv[:, :100])
    with pytest.raises(ValueError, match="2 s are needed"):
        live.close()
    with pytest.raises(ValueError, match="closed"):
        live.push(eeg_uv)


def test_the_history_of_a_model_is_carried(eeg_uv: np.ndarray, tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "model")
    offline = Narrator.from_pretrained(folder, verify="off").narrate(as_array(eeg_uv, 256.0))
    live = EEGStream(Narrator.from_pretrained(folder, verify="off"), SITES_1020, 256.0, units="uV")
    for chunk in chunks(eeg_uv, [1000] * 10):
        live.push(chunk)
    for ours, theirs in zip(live.close().windows, offline.windows, strict=True):
        assert ours.probabilities == pytest.approx(theirs.probabilities, abs=2e-3)
        assert ours.text == theirs.text


class Counting(MeasuredVoice):
    """A voice whose state is the number of windows heard."""

    def begin(self) -> int:
        return 0

    def listen(self, windows: EEGWindows, state: int) -> tuple[Heard, int]:
        heard, _ = super().listen(windows, None)
        return heard, state + len(windows)


def test_what_one_window_leaves_reaches_the_next(eeg_uv: np.ndarray) -> None:
    live = EEGStream(Narrator(Counting()), SITES_1020, 256.0, units="uV")
    seen = []
    for chunk in chunks(eeg_uv, [500] * 20):
        if live.push(chunk):
            seen.append(live._past.voice)
    narration = live.close()
    assert seen == [1, 2, 3, 4]
    assert live._past.voice == len(list(narration.windows)) == 5
    assert live._past.previous.end_s == pytest.approx(SECONDS, abs=0.01)
