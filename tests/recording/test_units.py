"""Units: what is told, what the amplitudes speak for, and who wins."""

from __future__ import annotations

import mne
import numpy as np
import pytest
from edf_files import NAMES_1020, Signal, edf_bytes, eeg_like
from hypothesis import given, settings
from hypothesis import strategies as st

from neuronarrator_hf.recording.reading import RecordingError, read_recording
from neuronarrator_hf.recording.units import parse_unit, robust_amplitude, uv_per

EEG_UV = eeg_like(19, 4000, 200.0)


def array(values: np.ndarray, units: str) -> dict:
    return {"array": values, "sampling_rate": 200.0, "ch_names": list(NAMES_1020), "units": units}


@given(st.sampled_from(["V", "mV", "uV", "nV"]), st.floats(0.3, 30), st.integers(0, 50))
@settings(max_examples=40, deadline=None)
def test_the_same_recording_in_any_unit(unit: str, scale: float, seed: int) -> None:
    eeg_uv = scale * eeg_like(19, 800, 200.0, seed)
    recording = read_recording(array(eeg_uv / uv_per(unit), unit))
    assert np.allclose(recording.read_uv(0, 800), eeg_uv, atol=1e-3, rtol=1e-6)
    assert recording.report["unit_told"] == unit
    assert recording.report["unit_factor"] == 1.0


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("uV", "uV"), ("µV", "uV"), ("\u03bcV", "uV"), ("\u00c2\u00b5V", "uV"), ("UV", "uV"),
        ("mV", "mV"), ("MV", "mV"),
        ("V", "V"), ("nV", "nV"), ("Volts", "V"), ("", None), (None, None), (".V", None), ("?V", None),
        ("???", None),
        ("%", "other"), ("BPM", "other"), ("degC", "other"),
    ],
)  # fmt: skip
def test_spellings(text: str | None, unit: str | None) -> None:
    assert parse_unit(text) == unit


def edf(tmp_path, factor: float, dimension: str, name: str = "x.edf"):
    values = EEG_UV * factor
    top = float(f"{np.abs(values).max() * 1.1:.2g}")
    path = tmp_path / name
    path.write_bytes(
        edf_bytes(
            [
                Signal(n, v, dimension=dimension, physical=(-top, top))
                for n, v in zip(NAMES_1020, values, strict=True)
            ]
        )
    )
    return path


@pytest.mark.parametrize(("dimension", "factor"), [("uV", 1.0), ("mV", 1e-3), ("V", 1e-6), ("µV", 1.0)])
def test_units_of_a_file(tmp_path, dimension: str, factor: float) -> None:
    recording = read_recording(edf(tmp_path, factor, dimension))
    assert np.abs(recording.read_uv(0, 4000) - EEG_UV).max() < 0.02
    assert recording.report["unit_factor"] == 1.0


@pytest.mark.parametrize(("factor", "evidence"), [(1.0, "uV"), (1e-3, "mV"), (1e-6, "V")])
def test_a_missing_unit_is_found_by_amplitude(tmp_path, factor: float, evidence: str) -> None:
    recording = read_recording(edf(tmp_path, factor, ".V"))
    assert np.abs(recording.read_uv(0, 4000) - EEG_UV).max() < 0.02
    assert recording.report["unit_told"] is None
    assert recording.report["unit_evidence"] == evidence
    assert recording.report["warnings"]


@pytest.mark.parametrize(
    ("dimension", "factor", "right"), [("V", 1.0, "uV"), ("uV", 1e-6, "V"), ("mV", 1.0, "uV")]
)
def test_a_wrong_unit_field_is_refused_and_obeys_the_caller(tmp_path, dimension, factor, right) -> None:
    path = edf(tmp_path, factor, dimension)
    with pytest.raises(RecordingError, match=f"pass units='{right}'"):
        read_recording(path)
    recording = read_recording(path, units=right)
    assert np.abs(recording.read_uv(0, 4000) - EEG_UV).max() < 0.02
    assert recording.report["unit_told"] == dimension


def test_microvolts_in_an_mne_object_are_corrected_with_a_warning() -> None:
    info = mne.create_info(list(NAMES_1020), 200.0, "eeg")
    recording = read_recording(mne.io.RawArray(EEG_UV, info, verbose="ERROR"))
    assert np.abs(recording.read_uv(0, 4000) - EEG_UV).max() < 1e-3
    assert recording.report["unit_factor"] == 1e-6
    assert any("by convention" in warning for warning in recording.report["warnings"])


@pytest.mark.parametrize("peak_uv", [1.0, 2.0, 5.0])
def test_low_voltage_is_not_corrected(peak_uv: float, tmp_path) -> None:
    quiet = EEG_UV / np.abs(EEG_UV).max() * peak_uv
    assert read_recording(array(quiet, "uV")).report["unit_factor"] == 1.0
    info = mne.create_info(list(NAMES_1020), 200.0, "eeg")
    assert read_recording(mne.io.RawArray(quiet * 1e-6, info, verbose="ERROR")).report["unit_factor"] == 1.0


@pytest.mark.parametrize("offset_uv", [1e3, 1e5, 4e5, -3e5])
def test_offsets_do_not_disturb_the_unit(offset_uv: float) -> None:
    report = read_recording(array(EEG_UV + offset_uv, "uV")).report
    assert report["unit_factor"] == 1.0
    assert report["amplitude_uv"] == pytest.approx(
        read_recording(array(EEG_UV, "uV")).report["amplitude_uv"], rel=1e-3
    )


def test_channels_out_of_range_are_named() -> None:
    values = EEG_UV.copy()
    values[4] *= 1000
    report = read_recording(array(values, "uV")).report
    assert report["outside_range"] == ["Fz"]
    assert any("Fz" in warning for warning in report["warnings"])


def test_an_array_with_a_wrong_unit_is_refused() -> None:
    with pytest.raises(RecordingError, match="pass units='uV'"):
        read_recording(array(EEG_UV, "V"))
    assert read_recording(array(EEG_UV, "V"), units="uV").report["unit_factor"] == 1e-6


def test_several_units_in_one_file(tmp_path) -> None:
    signals = [Signal("Fp1", EEG_UV[0]), Signal("Fp2", EEG_UV[1] / 1e3, dimension="mV", physical=(-1.0, 1.0)),
               Signal("F3", EEG_UV[2], dimension="")]  # fmt: skip
    (tmp_path / "x.edf").write_bytes(edf_bytes(signals))
    recording = read_recording(tmp_path / "x.edf")
    rows = [("Fp1", "Fp2", "F3").index(name) for name in recording.ch_names]
    assert np.abs(recording.read_uv(0, 4000) - EEG_UV[rows]).max() < 0.1
    assert any("1 channel names no unit" in warning for warning in recording.report["warnings"])


def test_robust_amplitude_of_a_known_signal() -> None:
    noise = np.random.default_rng(0).standard_normal((1, 20000))
    noise = eeg_like(1, 20000, 200.0, seed=3) + 0 * noise
    assert robust_amplitude(noise, 200.0)[0] == pytest.approx(noise.std(), rel=0.15)


def test_units_that_do_not_exist() -> None:
    with pytest.raises(ValueError, match="units="):
        read_recording(array(EEG_UV, "uV"), units="volts")
