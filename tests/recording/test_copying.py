"""Every channel in the copy: other rates, units, triggers, derivations; compared through other readers."""

from __future__ import annotations

from pathlib import Path

import mne
import numpy as np
import pytest
from edf_files import NAMES_1020, eeg_like

from neuronarrator_hf.recording.copying import write_edf_copy
from neuronarrator_hf.recording.reading import read_recording

edfio = pytest.importorskip("edfio")
pyedflib = pytest.importorskip("pyedflib")
SECONDS = 12


def polygraph(path: Path, record_s: float = 1.0) -> dict[str, tuple[np.ndarray, float, str]]:
    """A file of nineteen electrodes with ECG, eyes, muscles and breathing at rates of their own."""
    rng = np.random.default_rng(0)
    others = {
        "ECG": (500.0, "mV", 0.8),
        "EOG left": (200.0, "uV", 120.0),
        "EMG chin": (1000.0, "uV", 40.0),
        "SpO2": (2.0, "%", 3.0),
    }
    stored = {
        f"EEG {name}": (row, 200.0, "uV")
        for name, row in zip(NAMES_1020, eeg_like(19, 200 * SECONDS, 200.0), strict=True)
    }
    for name, (rate, unit, size) in others.items():
        stored[name] = (rng.normal(90.0 if unit == "%" else 0.0, size, round(rate * SECONDS)), rate, unit)
    signals = [
        edfio.EdfSignal(values, rate, label=label, physical_dimension=unit)
        for label, (values, rate, unit) in stored.items()
    ]
    patient = edfio.Patient(code="4711", name="Jane_Doe")
    edfio.Edf(signals, patient=patient, data_record_duration=record_s).write(path)
    return stored


@pytest.mark.parametrize("record_s", [1.0, 2.0, 0.5])
def test_every_channel_comes_with_its_rate_its_unit_and_its_samples(tmp_path: Path, record_s: float) -> None:
    stored = polygraph(tmp_path / "in.edf", record_s)
    before = (tmp_path / "in.edf").read_bytes()
    with read_recording(tmp_path / "in.edf") as recording:
        write_edf_copy(tmp_path / "out.edf", recording, [(3.0, 2.0, "LPDs")])
    assert (tmp_path / "in.edf").read_bytes() == before
    assert (
        b"Doe" not in (tmp_path / "out.edf").read_bytes()
        and b"4711" not in (tmp_path / "out.edf").read_bytes()
    )
    with pyedflib.EdfReader(str(tmp_path / "out.edf")) as file:
        assert [a.tolist() for a in file.readAnnotations()] == [[3.0], [2.0], ["LPDs"]]
        labels = file.getSignalLabels()
        assert set(labels[:19]) == {f"EEG {name}" for name in NAMES_1020} and len(labels) == len(stored)
        for i, label in enumerate(labels):
            values, rate, unit = stored["EOG left" if label == "EOG 21" else label]
            assert file.getSampleFrequency(i) == rate
            assert file.getPhysicalDimension(i) == ("other" if unit == "%" else unit)
            step = (file.getPhysicalMaximum(i) - file.getPhysicalMinimum(i)) / 65535
            source_step = np.ptp(values) / 65535 + 1e-9
            assert step <= 1.5 * source_step or step < 1e-3 * values.std()
            assert np.abs(file.readSignal(i) - values).max() <= step + source_step


def test_mne_opens_the_copy_of_channels_of_several_rates(tmp_path: Path) -> None:
    polygraph(tmp_path / "in.edf")
    with read_recording(tmp_path / "in.edf") as recording:
        write_edf_copy(tmp_path / "out.edf", recording)
        again = read_recording(tmp_path / "out.edf")
        assert again.ch_names == recording.ch_names and again.sfreq == recording.sfreq
        kinds = [sorted(c["kind"] for c in r.report["other"]) for r in (recording, again)]
        assert kinds[0] == kinds[1] == ["ecg", "emg", "eog", "pulse"]
        assert np.abs(again.read_uv(0, again.n_times) - recording.read_uv(0, again.n_times)).max() < 0.01
    raw = mne.io.read_raw_edf(tmp_path / "out.edf", verbose="ERROR")
    assert len(raw.ch_names) == 23
    assert raw.info["subject_info"]["last_name"] == "X" and "birthday" not in raw.info["subject_info"]


def test_triggers_keep_their_numbers_and_volts_become_microvolts(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    data = np.concatenate(
        [eeg_like(3, 2400, 200.0) * 1e-6, rng.normal(0, 3e-4, (1, 2400)), np.zeros((1, 2400))]
    )
    data[4, [100, 500, 900]] = [1, 255, 65535]
    info = mne.create_info(["O1", "O2", "Cz", "ECG", "STI 014"], 200.0, ["eeg"] * 3 + ["ecg", "stim"])
    recording = read_recording(mne.io.RawArray(data, info, verbose="ERROR"))
    write_edf_copy(tmp_path / "out.edf", recording)
    with pyedflib.EdfReader(str(tmp_path / "out.edf")) as file:
        labels = file.getSignalLabels()
        ecg, trigger = file.readSignal(labels.index("ECG")), file.readSignal(labels.index("STI 014"))
        assert file.getPhysicalDimension(labels.index("ECG")) == "uV"
    assert np.abs(ecg - data[3] * 1e6).max() < 0.1
    assert trigger[[100, 500, 900]].round().tolist() == [1, 255, 65535] and np.abs(trigger[:100]).max() < 0.5


def test_derivations_are_copied_as_they_were_recorded(tmp_path: Path) -> None:
    eeg_uv = eeg_like(4, 2400, 200.0)
    names = ["Fp1-F7", "F7-T3", "T3-T5", "T5-O1"]
    source = {"array": eeg_uv, "sampling_rate": 200.0, "ch_names": names, "units": "uV"}
    write_edf_copy(tmp_path / "out.edf", read_recording(source))
    with pyedflib.EdfReader(str(tmp_path / "out.edf")) as file:
        found = {label: file.readSignal(i) for i, label in enumerate(file.getSignalLabels())}
    assert set(found) == set(names)
    assert all(np.abs(found[name] - row).max() < 0.01 for name, row in zip(names, eeg_uv, strict=True))


def test_labels_that_are_free_text_stay_behind(tmp_path: Path) -> None:
    source = {
        "array": eeg_like(3, 2400, 200.0), "sampling_rate": 200.0,
        "ch_names": ["O1", "O2", "Mrs Doe's toe"], "units": "uV",
    }  # fmt: skip
    write_edf_copy(tmp_path / "out.edf", read_recording(source))
    with pyedflib.EdfReader(str(tmp_path / "out.edf")) as file:
        assert file.getSignalLabels() == ["EEG O1", "EEG O2", "channel 3"]
