"""EDF+ out: what is written is what is read back, by us and by MNE, and nobody is named."""

from __future__ import annotations

import mne
import numpy as np
import pytest
from edf_files import NAMES_1020, eeg_like
from hypothesis import given, settings
from hypothesis import strategies as st

from neuronarrator_hf.recording.reading import read_recording
from neuronarrator_hf.recording.writing import write_edf


@given(st.sampled_from([200.0, 256.0, 500.0, 199.5, 128.0]), st.floats(2.0, 12.5), st.integers(1, 19))
@settings(max_examples=15, deadline=None)
def test_round_trip(tmp_path_factory, sfreq: float, seconds: float, n_channels: int) -> None:
    path = tmp_path_factory.mktemp("edf") / "x.edf"
    eeg_uv = eeg_like(n_channels, round(seconds * sfreq), sfreq)
    write_edf(path, eeg_uv, NAMES_1020[:n_channels], sfreq)
    recording = read_recording(path)
    assert recording.ch_names == NAMES_1020[:n_channels]
    assert recording.sfreq == sfreq
    step = np.ptp(eeg_uv, axis=1).max() / 60000
    assert np.abs(recording.read_uv(0, eeg_uv.shape[1]) - eeg_uv).max() < step + 0.01


def test_annotations_and_header(tmp_path) -> None:
    path = tmp_path / "x.edf"
    write_edf(
        path, eeg_like(2, 1000, 200.0), ["O1", "O2"], 200.0, [(1.0, 2.0, "seizure"), (3.0, 0.0, "spikes")]
    )
    raw = mne.io.read_raw_edf(path, verbose="ERROR")
    assert list(raw.annotations.description) == ["seizure", "spikes"]
    assert list(raw.annotations.duration) == [2.0, 0.0]
    assert raw.ch_names == ["EEG O1", "EEG O2"]
    assert path.read_bytes()[8:168].split() == [b"X"] * 4 + [b"Startdate"] + [b"X"] * 4


def test_never_overwrites(tmp_path) -> None:
    path = tmp_path / "x.edf"
    path.write_text("mine")
    with pytest.raises(FileExistsError):
        write_edf(path, eeg_like(1, 400, 200.0), ["O1"], 200.0)
    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    "values", [np.zeros((2, 400)), np.zeros((1, 0)), np.full((1, 400), np.nan), np.zeros(400)]
)
def test_refuses_what_edf_cannot_hold(tmp_path, values: np.ndarray) -> None:
    with pytest.raises(ValueError, match="eeg_uv"):
        write_edf(tmp_path / "x.edf", values, ["O1"], 200.0)
    assert not (tmp_path / "x.edf").exists()
