"""Every real file of the formats and of the damaged ones: a right reading, or one clear line."""

from __future__ import annotations

import warnings
from pathlib import Path

import mne
import numpy as np
import pytest

from neuronarrator_hf.recording.derivations import electrode_pair
from neuronarrator_hf.recording.reading import RecordingError, read_recording
from neuronarrator_hf.recording.windows import iter_windows
from neuronarrator_hf.signal.montage import canonical_name

pytestmark = pytest.mark.real_data

READ = {
    "formats/bv_test.vhdr": 27,
    "formats/sub-01_ses-eeg_task-rest_eeg.vhdr": 64,
    "formats/icalabel_sample-raw.set": 30,
    "formats/mne_duplicate_channel_labels.edf": 2,
    "formats/mne_test_edf_stim_channel.edf": 19,
    "neonatal/neonatal_preterm_demo.edf": 8,
    "awake/eegmat_Subject00_1.edf": 19,
    "awake/eegmat_Subject31_1.edf": 19,
    "awake/eegmmidb_S001R01_eyes_open.edf": 64,
    "awake/yasa_rest_EO_raw.fif": 2,
    "icu_vecams/vecams_25.edf": 19,
    "icu_sparcnet/sparcnet_21.edf": 19,
    "icu_iiic_irr/irr_02.edf": 19,
}
REFUSED = {
    "formats/mne_test.bdf": "lasts 1 s",
    "formats/mne_test_egi.raw": r"lasts 0\.3",
    "formats/mne_test.edf": "none of its 139 channels",
    "formats/mne_test_stim_channel.edf": "none of its 3 channels",
    "formats/pyedflib_test_generator_2rec.bdf": "none of its 5 channels",
    "formats/test_generator_2.edf": "none of its 11 channels",
    "formats/xdf_clock_resets.xdf": "no format of EEG files",
    "corrupt/utf8_mangled_S001R01.edf": "re-encoded as text",
    "corrupt/shifted_S001R01.edf": "text mode",
    "corrupt/shifted_S001R03.edf": "text mode",
    "corrupt/bids_multimodal_header_only.edf": "number of signals",
    "sleep/yasa_N2_spindles_15s.txt": "does not say what its numbers are",
}


@pytest.mark.parametrize("name", READ)
def test_read_and_equal_to_mne(real_data_root: Path, name: str) -> None:
    recording = read_recording(real_data_root / name)
    assert len(recording.ch_names) == READ[name]
    eeg_uv = recording.read_uv(0, recording.n_times)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        raw = mne.io.read_raw(real_data_root / name, verbose="ERROR")
    assert recording.sfreq == raw.info["sfreq"]
    assert recording.n_times == raw.n_times
    end = recording.spans[-1][1]
    values, fill = np.split(raw.get_data() * 1e6, [end], axis=1)
    eeg_uv = eeg_uv[:, :end]
    steps = [np.count_nonzero(np.diff(fill[row])) for row in recording.plan.rows]
    assert max(steps) <= 2  # constants, and the steps between them
    if recording.plan.matrix is not None:
        pairs = [electrode_pair(label) for label in raw.ch_names]
        at = recording.ch_names.index
        found = np.stack([eeg_uv[at(a)] - eeg_uv[at(c)] for a, c in pairs])
        # A loop of derivations closes to a step of the file (0.03 uV), save where one of them is clipped.
        clipped = (np.abs(values) >= 0.999 * np.abs(values).max(axis=1, keepdims=True)).any(axis=0)
        assert clipped.mean() < 0.02
        assert np.abs(found - values)[:, ~clipped].max() < 0.02
        return
    for i, ch_name in enumerate(recording.ch_names):
        row = recording.plan.rows[i]
        assert canonical_name(raw.ch_names[row].removesuffix("-0")) == ch_name
        tolerance = 1e-3 + 1e-6 * np.abs(values[row]).max()  # float32 on large offsets
        assert np.abs(eeg_uv[i] - values[row]).max() < tolerance
    assert sum(len(windows) for windows in iter_windows(recording)) >= 1


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_one_line(real_data_root: Path, name: str) -> None:
    with pytest.raises(RecordingError, match=REFUSED[name]) as error:
        read_recording(real_data_root / name)
    assert str(error.value).startswith(Path(name).name + ": ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("folder", ["formats", "corrupt"])
def test_no_file_gives_another_error(real_data_root: Path, folder: str) -> None:
    for path in sorted((real_data_root / folder).iterdir()):
        try:
            recording = read_recording(path)
            assert np.isfinite(recording.read_uv(0, min(recording.n_times, 5000))).all()
        except RecordingError as error:
            assert "\n" not in str(error)


def test_every_page_of_the_icu_and_awake_folders_is_read(real_data_root: Path) -> None:
    for folder in ("awake", "icu_vecams", "icu_sparcnet", "icu_iiic_irr"):
        for path in sorted((real_data_root / folder).glob("*.edf")):
            recording = read_recording(path)
            assert recording.report["unit_factor"] == 1.0, path.name
            assert not recording.report["missing_sites"], path.name
