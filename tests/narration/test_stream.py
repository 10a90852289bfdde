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
        sizes.append(live._live.n_kept)
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


GAP = (int(14.2 * 256), int(23.0 * 256))
"""Samples that never came, in the middle of the recording."""


def with_gap(eeg_uv: np.ndarray) -> Any:
    """The recording with a gap, as a file of two stretches is read."""
    recording = read_recording(as_array(eeg_uv, 256.0))
    recording.spans = ((0, GAP[0]), (GAP[1], eeg_uv.shape[1]))
    return recording


@pytest.mark.parametrize("size", [37, 5000, 100_000])
@pytest.mark.parametrize("stamped", ["every sample", "chunk", "told"])
def test_a_gap_is_kept_out_of_the_windows_whatever_the_chunks(
    eeg_uv: np.ndarray, size: int, stamped: str
) -> None:
    live = LiveRecording(SITES_1020, 256.0, units="uV", mains_hz=50.0)
    engine = EEGStream(Narrator(MeasuredVoice()), SITES_1020, 256.0, units="uV", mains_hz=50.0)
    engine.recording = live
    kept = np.r_[0 : GAP[0], GAP[1] : eeg_uv.shape[1]]
    blocks = []
    engine._narrate = lambda *, is_over: blocks.extend(live.windows(is_over=is_over)) or []
    cuts = [GAP[0]] if stamped != "every sample" else []
    for part in np.split(kept, cuts):
        if stamped == "told" and part[0] == GAP[1]:
            engine.gap((GAP[1] - GAP[0]) / 256.0)
        for at in range(0, len(part), size):
            which = part[at : at + size]
            times = {"every sample": 100.0 + which / 256.0, "chunk": 100.0 + which[0] / 256.0, "told": None}
            engine.push(eeg_uv[:, which], at_s=times[stamped])
    engine._narrate(is_over=True)
    recorded = list(iter_windows(with_gap(eeg_uv), block_windows=1, mains_hz=50.0))
    assert [b.start_s[0] for b in blocks] == [b.start_s[0] for b in recorded]
    for ours, theirs in zip(blocks, recorded, strict=True):
        assert np.abs(ours.eeg_uv - theirs.eeg_uv).max() < 1e-2
        assert (ours.channel_mask == theirs.channel_mask).all()


def test_the_window_after_a_gap_says_so_and_the_report_too(eeg_uv: np.ndarray) -> None:
    live = stream(mains_hz=0.0)
    came = live.push(eeg_uv[:, : GAP[0]], at_s=0.0)
    came += live.push(eeg_uv[:, GAP[1] :], at_s=GAP[1] / 256.0)
    assert [(w.start_s, w.end_s) for w in came[:2]] == [(0.0, 10.0), (4.2, 14.2)]
    narration = live.close()
    windows = list(narration.windows)
    gaps = {w.start_s: w.quality["gap_before_s"] for w in windows if "gap_before_s" in w.quality}
    assert gaps == {23.0: pytest.approx(8.8, abs=0.01)}
    assert narration.recording["gaps"] == 1
    assert "The stream has 1 gap; no window crosses one." in narration.sections["quality"]
    offline = Narrator(MeasuredVoice()).narrate(with_gap(eeg_uv))
    assert [w.text for w in windows] == [w.text for w in offline.windows]
    assert [w.quality for w in windows] == [w.quality for w in offline.windows]


@pytest.mark.slow
def test_the_history_decays_over_a_gap(eeg_uv: np.ndarray, tmp_path: Path) -> None:
    narrator = Narrator.from_pretrained(save_tiny(tmp_path / "model"), verify="off", max_new_tokens=2)
    first, then = eeg_uv[:, : 256 * 10], eeg_uv[:, 256 * 20 : 256 * 37]

    def heard(*parts: np.ndarray, gap_s: float) -> list[float]:
        live = EEGStream(narrator, SITES_1020, 256.0, units="uV", mains_hz=0.0)
        for number, part in enumerate(parts):
            if number:
                live.gap(gap_s)
            live.push(part)
        tokens = live._past.voice.bridge
        assert tokens is not None
        return [float(value) for value in tokens.scan.flatten()[:200]]

    alone = np.array(heard(then, gap_s=0.0))
    short, long, reset = (np.array(heard(first, then, gap_s=g)) for g in (0.5, 60.0, 1e6))
    assert np.abs(reset - alone).max() < 1e-5
    assert np.abs(short - alone).max() > np.abs(long - alone).max() > 1e-5


def test_jitter_of_the_clock_and_a_clock_set_back_are_no_gaps(eeg_uv: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    live = stream(mains_hz=0.0)
    for number, at in enumerate(range(0, eeg_uv.shape[1], 128)):
        back_s = 3600.0 if number > 40 else 0.0
        live.push(eeg_uv[:, at : at + 128], at_s=at / 256.0 + rng.uniform(-0.01, 0.01) - back_s)
    assert live.close().recording["gaps"] == 0


def test_a_gap_before_the_first_sample_is_none_and_short_pieces_are_left_out(eeg_uv: np.ndarray) -> None:
    live = stream(mains_hz=0.0)
    live.gap(5.0)
    live.push(eeg_uv[:, :256])  # one second
    live.gap(1.0)
    live.push(eeg_uv[:, : 256 * 12])
    narration = live.close()
    assert [w.start_s for w in narration.windows] == [2.0, 4.0]
    with pytest.raises(ValueError, match="0 or more"):
        stream().gap(-1.0)
    with pytest.raises(ValueError, match="one finite time or 10"):
        stream().push(eeg_uv[:, :10], at_s=[0.0, 1.0])


def test_missing_values_spoil_their_own_windows_only(eeg_uv: np.ndarray) -> None:
    spoiled = eeg_uv.copy()
    spoiled[:, 256 * 14 : 256 * 15] = np.nan
    live = stream(mains_hz=0.0)
    for chunk in chunks(spoiled, [500] * 12):
        live.push(chunk)
    assert [w.is_assessable for w in live.close().windows] == [True, False, True, True, True]
