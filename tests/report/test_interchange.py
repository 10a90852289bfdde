"""EDF+ copies, MNE annotations, SzCORE tables: what other programs read is what was found."""

from __future__ import annotations

import csv
from pathlib import Path

import mne
import numpy as np
import pytest
from eeg_samples import as_array, awake_uv

from neuronarrator_hf.narration.result import Narration
from neuronarrator_hf.recording.copying import write_edf_copy
from neuronarrator_hf.recording.reading import Recording, read_recording
from neuronarrator_hf.recording.writing import write_edf
from neuronarrator_hf.report.edf import write_annotated_edf
from neuronarrator_hf.report.exchange import exchange_events, mne_annotations
from neuronarrator_hf.report.szcore import szcore_rows, write_szcore
from neuronarrator_hf.signal.montage import SITES_1020

LPD = (20.0, 20.0, "LPDs, left, 1 Hz")


@pytest.fixture()
def copy(narration: Narration, recording: Recording, tmp_path: Path) -> Path:
    path = tmp_path / "copy.edf"
    write_annotated_edf(path, narration.document(), recording)
    return path


def test_events_and_states_are_listed_once(narration: Narration) -> None:
    told = [(e.onset_s, e.duration_s, e.label) for e in exchange_events(narration.document())]
    assert told == [LPD]


def test_mne_draws_the_events(narration: Narration, recording: Recording) -> None:
    raw = mne.io.RawArray(
        recording.read_uv(0, recording.n_times) * 1e-6,
        mne.create_info(list(recording.ch_names), recording.sfreq, "eeg"),
        verbose="ERROR",
    )
    raw.set_annotations(mne_annotations(narration.document()))
    assert [(a["onset"], a["duration"], a["description"]) for a in raw.annotations] == [LPD]


def test_mne_reads_the_copy(copy: Path, recording: Recording) -> None:
    raw = mne.io.read_raw_edf(copy, verbose="ERROR")
    assert [name.removeprefix("EEG ") for name in raw.ch_names] == list(recording.ch_names)
    assert (raw.info["sfreq"], raw.n_times) == (recording.sfreq, recording.n_times)
    assert [(a["onset"], a["duration"], a["description"]) for a in raw.annotations] == [LPD]
    eeg_uv = recording.read_uv(0, recording.n_times)
    step = (np.ceil(eeg_uv.max(axis=1)) - np.floor(eeg_uv.min(axis=1))).max() / 65535
    assert np.abs(raw.get_data() * 1e6 - eeg_uv).max() <= 0.51 * step + 1e-4  # float32 beside


def test_pyedflib_reads_the_copy_and_finds_nobody(copy: Path, recording: Recording) -> None:
    pyedflib = pytest.importorskip("pyedflib")
    with pyedflib.EdfReader(str(copy)) as file:
        onsets, durations, texts = file.readAnnotations()
        header = file.getHeader()
        first = file.readSignal(0)
    assert [(o, d, t) for o, d, t in zip(onsets, durations, texts, strict=True)] == [LPD]
    assert {header[k] for k in ("patientname", "patientcode", "birthdate", "technician")} <= {"", "X"}
    assert np.abs(first - recording.read_uv(0, recording.n_times)[0]).max() < 0.01


def test_the_source_is_untouched_and_its_identity_stays_behind(narration: Narration, tmp_path: Path) -> None:
    edfio = pytest.importorskip("edfio")
    source = tmp_path / "Doe_Jane.edf"
    eeg_uv = awake_uv(12.3)
    signals = [
        edfio.EdfSignal(row, 200.0, label=f"EEG {name}", physical_dimension="uV", physical_range=(-500, 500))
        for name, row in zip(SITES_1020, eeg_uv[:, :2400], strict=True)
    ]
    notes = [edfio.EdfAnnotation(3.0, None, "Mrs Doe coughs"), edfio.EdfAnnotation(5.0, None, "eyes open")]
    patient = edfio.Patient(code="4711", name="Jane_Doe")
    edfio.Edf(signals, patient=patient, annotations=notes).write(source)
    before = source.read_bytes()
    with read_recording(source) as recording:
        write_annotated_edf(tmp_path / "out.edf", narration.document(), recording)
    assert source.read_bytes() == before
    written = (tmp_path / "out.edf").read_bytes()
    assert b"Doe" not in written and b"4711" not in written and b"coughs" not in written
    raw = mne.io.read_raw_edf(tmp_path / "out.edf", verbose="ERROR")
    assert "eyes_open" in set(raw.annotations.description)


def test_many_annotations_in_a_short_copy_all_arrive(recording: Recording, tmp_path: Path) -> None:
    marks = [(0.1 * i, 0.05, f"event {i}") for i in range(400)]
    path = write_edf(tmp_path / "x.edf", recording.read_uv(0, 2000), recording.ch_names, 200.0, marks)
    raw = mne.io.read_raw_edf(path, verbose="ERROR")
    kept = [(round(float(a["onset"]), 3), a["description"]) for a in raw.annotations]
    assert kept == [(round(o, 3), t) for o, _, t in marks if o <= 10.0]
    assert len(read_recording(path).annotations) == 0  # free text never comes back as an annotation


def test_a_copy_of_a_recording_with_a_gap_says_where(tmp_path: Path) -> None:
    recording = read_recording(as_array(awake_uv(30.0)))
    recording.spans = ((0, 2000), (3000, 6000))
    write_edf_copy(tmp_path / "g.edf", recording, [(2.0, 1.0, "LPDs")])
    raw = mne.io.read_raw_edf(tmp_path / "g.edf", verbose="ERROR")
    assert [(a["onset"], a["duration"], a["description"]) for a in raw.annotations] == [
        (2.0, 1.0, "LPDs"),
        (10.0, 5.0, "gap"),
    ]
    assert np.abs(raw.get_data()[:, 2000:3000]).max() < 1e-8


def with_seizure(narration: Narration, **changes: object) -> dict:
    event = {**narration.events[0], "finding": "electrographic_seizure", "candidate": False, **changes}
    return {**narration.document(), "events": [event]}


def test_szcore_reads_the_seizures(narration: Narration, tmp_path: Path) -> None:
    annotations = pytest.importorskip("epilepsy2bids.annotations")
    write_szcore(tmp_path / "x.tsv", with_seizure(narration, channels=["T7", "P7"]))
    read = annotations.Annotations.loadTsv(str(tmp_path / "x.tsv"))
    assert read.getEvents() == [(20.0, 40.0)]
    assert read.events[0]["channels"] == ["T7", "P7"]
    mask = read.getMask(10)
    assert len(mask) == 600 and mask[200:400].all() and mask.sum() == 200


def test_szcore_counts_no_candidate_and_says_that_nothing_was_found(
    narration: Narration, tmp_path: Path
) -> None:
    document = with_seizure(narration, candidate=True)
    write_szcore(tmp_path / "x.tsv", document)
    with (tmp_path / "x.tsv").open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert rows == szcore_rows(document)
    assert [(r["eventType"], r["onset"], r["duration"]) for r in rows] == [("bckg", "0.00", "60.00")]
