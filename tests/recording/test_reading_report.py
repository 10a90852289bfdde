"""What a reading tells of itself, and the constant at the end of a file that is no EEG."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from edf_files import NAMES_1020, eeg_like

from neuronarrator_hf.recording.reading import Recording, read_recording
from neuronarrator_hf.recording.windows import iter_windows
from neuronarrator_hf.recording.writing import write_edf


def read(eeg_uv: np.ndarray, sfreq: float = 200.0) -> Recording:
    source: dict[str, Any] = {
        "array": eeg_uv, "sampling_rate": sfreq, "ch_names": NAMES_1020[: len(eeg_uv)], "units": "uV",
    }  # fmt: skip
    return read_recording(source)


@pytest.mark.parametrize("fill_s", [0.3, 4.0, 13.0, 25.0])
def test_a_constant_that_fills_the_end_is_not_read(fill_s: float) -> None:
    eeg_uv = eeg_like(19, 5000, 200.0)
    n_fill = round(fill_s * 200)
    filled = np.concatenate([eeg_uv, np.repeat(eeg_uv[:, -1:], n_fill, axis=1)], axis=1)
    recording = read(filled)
    assert recording.spans == ((0, 5000),)
    assert recording.duration_s == pytest.approx(25.0 + fill_s)
    assert any(f"the last {fill_s:.3g} s" in w for w in recording.report["warnings"]) == (fill_s >= 1)
    ours = next(iter_windows(recording, mains_hz=50.0))
    plain = next(iter_windows(read(eeg_uv), mains_hz=50.0))
    np.testing.assert_allclose(ours.eeg_uv, plain.eeg_uv, atol=1e-3)
    assert list(ours.start_s) == [0.0, 10.0, 15.0]


def test_another_value_at_the_end_is_a_fill_too() -> None:
    eeg_uv = eeg_like(19, 5000, 200.0)
    eeg_uv[:, 4000:] = -300.0
    assert read(eeg_uv).spans == ((0, 4001),)  # which of the equal samples were recorded cannot be known


def test_two_constants_with_a_step_between_them_are_one_fill() -> None:
    eeg_uv = eeg_like(19, 5000, 200.0)
    eeg_uv[:, 4500:4800] = 0.0
    eeg_uv[:, 4800:] = 0.002
    assert read(eeg_uv).spans == ((0, 4501),)
    eeg_uv[:, 4400:4420] = 0.0  # a short constant before it is not the end
    assert read(eeg_uv).spans == ((0, 4501),)


def test_what_some_channels_do_is_no_fill() -> None:
    eeg_uv = eeg_like(19, 5000, 200.0)
    eeg_uv[:18, 3000:] = 0.0
    assert read(eeg_uv).spans == ((0, 5000),)
    assert read(eeg_like(19, 5000, 200.0)).report["warnings"] == []


def test_the_records_that_our_own_files_fill_up_are_left_out(tmp_path) -> None:
    path = write_edf(tmp_path / "x.edf", eeg_like(19, 2090, 200.0), NAMES_1020, 200.0)
    recording = read_recording(path)
    assert recording.n_times == 2200
    assert recording.spans[0][1] == pytest.approx(2090, abs=2)


def test_report_is_json_and_names_what_is_missing() -> None:
    recording = read(eeg_like(15, 4000, 200.0))
    report = json.loads(json.dumps(recording.report))
    assert report["missing_sites"] == list(NAMES_1020[-4:])
    assert isinstance(recording, Recording)


def test_large_offsets_clipping_and_flat_channels_are_told() -> None:
    eeg_uv = eeg_like(19, 4000, 200.0)
    eeg_uv[0] += 3e5
    eeg_uv[1] = np.clip(eeg_uv[1], -15, 15)
    eeg_uv[2] = 7.0
    eeg_uv[3, :2000] = 0.0
    report = read(eeg_uv).report
    assert report["large_offset"] == ["Fp1"]
    assert report["clipped"] == ["Fp2"]
    assert report["flat"] == ["F7"]
    assert report["outside_range"] == []
