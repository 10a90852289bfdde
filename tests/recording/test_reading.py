"""Every kind of recording in, and one clear line for what is none."""

from __future__ import annotations

import io
import json
from pathlib import Path

import mne
import numpy as np
import pytest
from edf_files import NAMES_1020, SECRETS, Signal, edf_bytes, eeg_like, write_1020

from neuronarrator_hf.recording.reading import RecordingError, read_recording

STEP_UV = 0.1  # 16 bit over 6553.5 uV


def line(error: pytest.ExceptionInfo) -> str:
    text = str(error.value)
    assert "\n" not in text
    assert len(text) < 300
    assert not any(secret in text for secret in SECRETS)
    return text


def array(eeg_uv: np.ndarray, **changes) -> dict:
    return {"array": eeg_uv, "sampling_rate": 200.0, "ch_names": list(NAMES_1020), "units": "uV"} | changes


@pytest.fixture
def edf(tmp_path: Path) -> tuple[Path, np.ndarray]:
    path = tmp_path / "page.edf"
    return path, write_1020(path)


def test_edf_gives_microvolts_in_blocks_as_in_whole(edf) -> None:
    path, eeg_uv = edf
    recording = read_recording(path)
    assert recording.ch_names == NAMES_1020
    assert (recording.sfreq, recording.n_times, recording.duration_s) == (200.0, 4000, 20.0)
    whole = recording.read_uv(0, 4000)
    assert whole.dtype == np.float32
    assert np.abs(whole - eeg_uv).max() <= STEP_UV
    pieces = [recording.read_uv(a, min(a + 333, 4000)) for a in range(0, 4000, 333)]
    assert np.array_equal(np.concatenate(pieces, axis=1), whole)


def test_agrees_with_mne(edf) -> None:
    path, _ = edf
    raw = mne.io.read_raw_edf(path, verbose="ERROR")
    recording = read_recording(path)
    assert np.abs(recording.read_uv(0, 4000) - raw.get_data(list(recording.ch_names)) * 1e6).max() < 1e-3


@pytest.mark.parametrize("kind", ["EDF", "EDF+C", "BDF", "BDF+C"])
def test_formats_of_the_family(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"x.{kind[:3].lower()}"
    eeg_uv = write_1020(path, kind=kind)
    recording = read_recording(path)
    assert np.abs(recording.read_uv(0, recording.n_times) - eeg_uv).max() <= STEP_UV
    assert recording.report["format"] == kind


def test_all_kinds_of_sources_agree(edf, tmp_path: Path) -> None:
    path, _ = edf
    expected = read_recording(path)
    eeg_uv = expected.read_uv(0, 4000)
    raw = mne.io.read_raw_edf(path, verbose="ERROR")
    raw.save(tmp_path / "page_raw.fif", verbose="ERROR")
    epochs = mne.EpochsArray(
        raw.get_data().reshape(19, 2, 2000).transpose(1, 0, 2), raw.info, verbose="ERROR"
    )
    with open(path, "rb") as upload:
        sources = [raw, path.read_bytes(), io.BytesIO(path.read_bytes()), upload,
                   tmp_path / "page_raw.fif", epochs,
                   str(path), array(eeg_uv)]  # fmt: skip
        for source in sources:
            recording = read_recording(source)
            assert recording.ch_names == expected.ch_names
            assert np.abs(recording.read_uv(0, 4000) - eeg_uv).max() < 1e-3, recording.report["format"]
    assert read_recording(epochs).spans == ((0, 2000), (2000, 4000))


def test_upload_leaves_no_file_behind(edf, monkeypatch, tmp_path: Path) -> None:
    folder = tmp_path / "uploads"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    recording = read_recording(edf[0].read_bytes())
    recording.read_uv(0, 100)
    del recording
    assert list(folder.iterdir()) == []
    with pytest.raises(RecordingError):
        read_recording(b"no recording at all")
    assert list(folder.iterdir()) == []


def test_a_raw_object_is_not_changed(edf) -> None:
    raw = mne.io.read_raw_edf(edf[0], verbose="ERROR")
    names = list(raw.ch_names)
    read_recording(raw).read_uv(0, 100)
    assert raw.ch_names == names
    assert not raw.preload


def test_digest_is_of_the_signal_alone(edf, tmp_path: Path) -> None:
    path, eeg_uv = edf
    digest = read_recording(path).digest
    order = list(reversed(range(19)))
    other = tmp_path / "other.edf"
    other.write_bytes(edf_bytes([Signal(f"EEG {NAMES_1020[i]}-REF", eeg_uv[i]) for i in order], kind="EDF+C"))
    assert read_recording(other).digest == digest
    write_1020(tmp_path / "third.edf", seed=1)
    assert read_recording(tmp_path / "third.edf").digest != digest


# What cannot be used


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(RecordingError) as error:
        read_recording(tmp_path / "absent.edf")
    assert line(error) == "absent.edf: there is no such file; check the path"


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"Dear colleague, please find attached", "not an EDF"),
        (b"", "empty"),
        (b"0       ", "ends inside its header"),
        (b"0       " + b" " * 248, "number of signals"),
    ],
)
def test_no_edf_at_all(tmp_path: Path, content: bytes, word: str) -> None:
    path = tmp_path / "letter.edf"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=word) as error:
        read_recording(path)
    assert line(error).startswith("letter.edf: ")


def test_truncated_file_is_read_as_far_as_it_goes(edf, tmp_path: Path) -> None:
    path, eeg_uv = edf
    short = tmp_path / "short.edf"
    short.write_bytes(path.read_bytes()[: 256 * 20 + int(7.5 * 200 * 19 * 2)])
    recording = read_recording(short)
    assert recording.duration_s == 7.0
    assert np.abs(recording.read_uv(0, 1400) - eeg_uv[:, :1400]).max() <= STEP_UV
    assert any("7 of 20 data records" in warning for warning in recording.report["warnings"])


@pytest.mark.parametrize("n_bytes", [256 * 20, 256 * 20 + 100, 256 * 20 + 200 * 19 * 2 + 7])
def test_truncated_too_far(edf, tmp_path: Path, n_bytes: int) -> None:
    short = tmp_path / "short.edf"
    short.write_bytes(edf[0].read_bytes()[:n_bytes])
    with pytest.raises(RecordingError) as error:
        read_recording(short)
    line(error)


def test_a_file_that_shrinks_after_opening(edf) -> None:
    recording = read_recording(edf[0])
    edf[0].write_bytes(edf[0].read_bytes()[:20_000])
    with pytest.raises(RecordingError, match="shorter") as error:
        recording.read_uv(0, 4000)
    line(error)


def test_ranges_that_are_not_symmetric(tmp_path: Path) -> None:
    eeg_uv = eeg_like(2, 4000, 200.0) + 300.0
    signals = [
        Signal("O1", eeg_uv[0], physical=(-100.0, 1000.0)),
        Signal("O2", eeg_uv[1], physical=(900.0, -200.0)),
    ]
    (tmp_path / "x.edf").write_bytes(edf_bytes(signals))
    assert np.abs(read_recording(tmp_path / "x.edf").read_uv(0, 4000) - eeg_uv).max() < 0.05


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (lambda body: body.replace(b"\n", b"\r\n"), "text mode"),
        (lambda body: body.decode("utf-8", "replace").encode(), "re-encoded as text"),
        (lambda body: bytes(b & 0x7F for b in body), "7-bit"),
    ],
)
def test_damage_of_a_transfer(edf, tmp_path: Path, damage, word: str) -> None:
    content = edf[0].read_bytes()
    broken = tmp_path / "broken.edf"
    broken.write_bytes(content[: 256 * 20] + damage(content[256 * 20 :]))
    with pytest.raises(RecordingError, match=word) as error:
        read_recording(broken)
    line(error)


def test_unknown_length_comes_from_the_size(tmp_path: Path) -> None:
    write_1020(tmp_path / "x.edf", n_records_told=-1)
    assert read_recording(tmp_path / "x.edf").duration_s == 20.0


def test_without_eeg(tmp_path: Path) -> None:
    path = tmp_path / "ecg.edf"
    path.write_bytes(edf_bytes([Signal("ECG", eeg_like(1, 4000, 200.0)[0]), Signal("Resp", np.zeros(4000))]))
    with pytest.raises(RecordingError, match="none of its 2 channels is a usable EEG electrode") as error:
        read_recording(path)
    line(error)


def test_too_short(tmp_path: Path) -> None:
    write_1020(tmp_path / "x.edf", seconds=1.5, record_s=0.5)
    with pytest.raises(RecordingError, match=r"lasts 1\.5 s") as error:
        read_recording(tmp_path / "x.edf")
    line(error)
    write_1020(tmp_path / "y.edf", seconds=2.0)
    assert read_recording(tmp_path / "y.edf").duration_s == 2.0


def test_all_zeros(tmp_path: Path) -> None:
    path = tmp_path / "zeros.edf"
    path.write_bytes(edf_bytes([Signal(name, np.zeros(4000)) for name in NAMES_1020]))
    with pytest.raises(RecordingError, match="flat") as error:
        read_recording(path)
    line(error)
    with pytest.raises(RecordingError, match="flat"):
        read_recording(array(np.zeros((19, 4000))))


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"units": None}, "does not say its unit"),
        ({"units": "volts"}, "no unit of EEG"),
        ({"sampling_rate": None}, "sampling rate"),
        ({"sampling_rate": -1}, "cannot be"),
        ({"sampling_rate": 10.0}, "cannot carry EEG"),
        ({"ch_names": ["Fp1"]}, "channel names"),
        ({"ch_names": None}, "channel names"),
        ({"array": [[1, 2], [3]]}, "numbers"),
        ({"array": np.full((19, 4000), np.nan)}, "NaN"),
        ({"array": np.zeros((19, 0))}, "lasts 0 s"),
        ({"color": "red"}, "unknown key"),
    ],
)
def test_arrays_that_do_not_say_what_they_are(changes: dict, word: str) -> None:
    with pytest.raises(RecordingError, match=word) as error:
        read_recording(array(eeg_like(19, 4000, 200.0), **changes))
    line(error)


def test_nan_in_an_array_is_refused_and_in_a_raw_is_masked() -> None:
    eeg_uv = eeg_like(19, 4000, 200.0)
    eeg_uv[3, 100] = np.nan
    with pytest.raises(RecordingError, match="NaN"):
        read_recording(array(eeg_uv))
    info = mne.create_info(list(NAMES_1020), 200.0, "eeg")
    recording = read_recording(mne.io.RawArray(eeg_uv * 1e-6, info, verbose="ERROR"))
    assert np.isfinite(recording.read_uv(0, 4000)).all()
    eeg_uv[5] = np.nan
    recording = read_recording(mne.io.RawArray(eeg_uv * 1e-6, info, verbose="ERROR"))
    assert NAMES_1020[5] not in recording.ch_names
    assert {"channel": "F4", "reason": "it holds NaN"} in recording.report["dropped"]


@pytest.mark.parametrize("source", [3, None, [1, 2], object()])
def test_no_source_at_all(source: object) -> None:
    with pytest.raises(RecordingError, match="no recording"):
        read_recording(source)


@pytest.mark.parametrize("suffix", [".mat", ".txt", ".csv", ".xdf", ".docx", ".vmrk", ""])
def test_formats_that_are_not_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    path.write_text("1 2 3")
    with pytest.raises(RecordingError) as error:
        read_recording(path)
    line(error)


@pytest.mark.parametrize("suffix", [".set", ".fif", ".vhdr"])
def test_broken_files_of_other_formats(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"Jane{suffix}"
    path.write_bytes(b"Jane Doe MRN123456" * 100)
    with pytest.raises(RecordingError) as error:
        read_recording(path)
    assert "Doe" not in str(error.value)
    assert "\n" not in str(error.value)


def test_bids_folder(tmp_path: Path) -> None:
    folder = tmp_path / "dataset"
    eeg = folder / "sub-01" / "eeg"
    eeg.mkdir(parents=True)
    (folder / "dataset_description.json").write_text(json.dumps({"Name": "x", "BIDSVersion": "1.9.0"}))
    eeg_uv = write_1020(eeg / "sub-01_task-rest_eeg.edf")
    pytest.importorskip("mne_bids")
    rows = [
        "name\ttype\tunits\tstatus",
        *(f"{n}\tEEG\tuV\t{'bad' if n == 'O2' else 'good'}" for n in NAMES_1020),
    ]
    (eeg / "sub-01_task-rest_channels.tsv").write_text("\n".join(rows) + "\n")
    recording = read_recording(folder)
    assert recording.ch_names == NAMES_1020[:-1]
    assert np.abs(recording.read_uv(0, 4000) - eeg_uv[:-1]).max() <= STEP_UV
    (eeg / "sub-01_task-move_eeg.edf").write_bytes((eeg / "sub-01_task-rest_eeg.edf").read_bytes())
    with pytest.raises(RecordingError, match="2 recordings"):
        read_recording(folder)


# Gaps, rates, annotations


def test_gaps_of_a_discontinuous_file(tmp_path: Path) -> None:
    onsets = [*range(10), *range(15, 25)]
    eeg_uv = write_1020(tmp_path / "x.edf", kind="EDF+D", onsets_s=onsets)
    recording = read_recording(tmp_path / "x.edf")
    assert recording.spans == ((0, 2000), (3000, 5000))
    assert recording.duration_s == 25.0
    assert np.abs(recording.read_uv(3000, 5000) - eeg_uv[:, 2000:]).max() <= STEP_UV
    assert not recording.read_uv(2000, 3000).any()


def test_records_out_of_order_are_refused(tmp_path: Path) -> None:
    write_1020(tmp_path / "x.edf", kind="EDF+D", onsets_s=[*range(10, 20), *range(10)])
    with pytest.raises(RecordingError, match="order of time"):
        read_recording(tmp_path / "x.edf")


@pytest.mark.parametrize("text", ["BAD_ACQ_SKIP", "boundary", "EDGE boundary"])
def test_gaps_of_mne(text: str) -> None:
    raw = mne.io.RawArray(
        eeg_like(19, 6000, 200.0) * 1e-6, mne.create_info(list(NAMES_1020), 200.0, "eeg"), verbose="ERROR"
    )
    raw.set_annotations(mne.Annotations([10.0], [4.0], [text]))
    assert read_recording(raw).spans == ((0, 2000), (2800, 6000))


def test_channels_of_several_rates(tmp_path: Path) -> None:
    fine, coarse = eeg_like(1, 20 * 256, 256.0)[0], eeg_like(1, 20 * 128, 128.0, seed=1)[0]
    t = np.arange(20 * 128) / 128
    coarse = 30 * np.sin(2 * np.pi * 9 * t)
    path = tmp_path / "x.edf"
    path.write_bytes(
        edf_bytes(
            [
                Signal("Fp1", fine, 256.0),
                Signal("Fp2", coarse, 128.0),
                Signal("ECG", np.tile(fine, 4), 1024.0),
            ]
        )
    )
    recording = read_recording(path)
    assert recording.sfreq == 256.0
    whole = recording.read_uv(0, recording.n_times)
    expected = 30 * np.sin(2 * np.pi * 9 * np.arange(20 * 256) / 256)
    assert np.abs(whole[1] - expected)[256:-256].max() < 0.3
    pieces = np.concatenate([recording.read_uv(a, min(a + 417, 5120)) for a in range(0, 5120, 417)], axis=1)
    assert np.abs(pieces - whole).max() < 1e-3


def test_annotations_become_codes(tmp_path: Path) -> None:
    told = [(2.0, 0.0, "Eyes closed"), (5.0, 3.0, "Seizure onset"), (8.0, 0.0, "Jane Doe called her son Tim")]
    write_1020(tmp_path / "x.edf", kind="EDF+C", annotations=told)
    recording = read_recording(tmp_path / "x.edf")
    assert [(a.onset_s, a.duration_s, a.code) for a in recording.annotations] == [
        (2.0, 0.0, "eyes_closed"), (5.0, 3.0, "seizure_marked"),
    ]  # fmt: skip
    assert recording.report["annotations_left_out"] == 1


def test_no_identity_anywhere(tmp_path: Path) -> None:
    eeg_uv = eeg_like(3, 4000, 200.0)
    labels = ["Fp1", "Jane Doe", "Dr_Smith"]
    content = edf_bytes(
        [Signal(label, v) for label, v in zip(labels, eeg_uv, strict=True)],
        kind="EDF+C",
        annotations=[(1.0, 0.0, "Jane Doe")],
    )
    (tmp_path / "x.edf").write_bytes(content)
    recording = read_recording(tmp_path / "x.edf")
    told = json.dumps(recording.report) + repr(recording) + repr(recording.plan) + repr(recording.annotations)
    assert not [secret for secret in SECRETS if secret in told]
