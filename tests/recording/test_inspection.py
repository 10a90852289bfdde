"""What is told of a recording, and the page that shows it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from edf_files import NAMES_1020, eeg_like, write_1020

from neuronarrator_hf.recording.inspection import inspect, inspection_table, plot_page
from neuronarrator_hf.recording.page import choose_sensitivity, derive_page, page_figure
from neuronarrator_hf.recording.reading import read_recording
from neuronarrator_hf.recording.windows import iter_windows


@pytest.fixture
def recording():
    eeg_uv = eeg_like(19, 5000, 200.0)
    eeg_uv[18] = 0
    return read_recording(
        {"array": eeg_uv, "sampling_rate": 200.0, "ch_names": list(NAMES_1020), "units": "uV"}
    )


def test_dict_is_json_and_says_what_is_masked(recording) -> None:
    told = json.loads(json.dumps(inspect(recording)))
    assert told["n_windows"] == 3
    assert told["evaluable"]["O2"] == 0.0
    assert told["evaluable"]["O1"] == 1.0
    assert any("O2" in channels for channels in told["not_evaluable"].values())


def test_table_has_a_line_per_fact(recording) -> None:
    table = inspection_table(inspect(recording))
    assert "EEG channels   19 of 19" in table
    assert all(len(line.split("  ")) >= 2 for line in table.splitlines())


def test_page_is_longitudinal_bipolar_with_negative_up(recording) -> None:
    windows = next(iter_windows(recording))
    labels, traces, evaluable, _ = derive_page(windows, 0)
    assert labels[:4] == ["Fp1-F7", "F7-T7", "T7-P7", "P7-O1"]
    assert len(labels) == 18
    assert np.allclose(traces[0], windows.eeg_uv[0, 0] - windows.eeg_uv[0, 2])
    assert [label for label, live in zip(labels, evaluable, strict=True) if not live] == ["P8-O2", "P4-O2"]
    axes = page_figure(windows, 0, events=[(2.0, 4.0, "spikes")]).axes[0]
    line = next(line for line in axes.lines if len(line.get_xdata()) == 2000)
    drawn = np.asarray(line.get_ydata())
    assert np.corrcoef(drawn, traces[0])[0, 1] < -0.99
    assert any("µV" in text.get_text() for text in axes.texts)


def test_few_channels_are_shown_singly() -> None:
    values = {
        "array": eeg_like(2, 1000, 200.0),
        "sampling_rate": 200.0,
        "ch_names": ["C3", "C4"],
        "units": "uV",
    }
    labels, traces, _, _ = derive_page(next(iter_windows(read_recording(values))), 0)
    assert labels == ["C3", "C4"]
    assert traces.shape == (2, 2000)


@pytest.mark.parametrize(("scale", "low", "high"), [(1.0, 10, 10), (20.0, 30, 100), (5000.0, 1000, 1000)])
def test_sensitivity_follows_the_signal(scale: float, low: float, high: float) -> None:
    traces = eeg_like(18, 2000, 200.0, scale_uv=scale)
    assert low <= choose_sensitivity(traces, np.ones(18, bool)) <= high


def test_picture_is_written(tmp_path) -> None:
    write_1020(tmp_path / "x.edf")
    out = plot_page(read_recording(tmp_path / "x.edf"), tmp_path / "x.png", at_s=10.0)
    assert out.read_bytes()[:4] == b"\x89PNG"
