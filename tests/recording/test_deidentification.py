"""Copies keep every sample and name nobody."""

from __future__ import annotations

import numpy as np
import pytest
from edf_files import SECRETS, Signal, edf_bytes, eeg_like, write_1020

from neuronarrator_hf.recording.deidentification import deidentify
from neuronarrator_hf.recording.errors import RecordingError
from neuronarrator_hf.recording.reading import read_recording

TOLD = [(2.0, 0.0, "Eyes closed"), (5.0, 0.0, "Jane Doe moves"), (8.0, 0.0, "Dr_Smith")]


@pytest.mark.parametrize("kind", ["EDF", "EDF+C", "EDF+D", "BDF", "BDF+C"])
def test_copy_is_clean_and_complete(tmp_path, kind: str) -> None:
    source = tmp_path / f"x.{kind[:3].lower()}"
    onsets = [*range(10), *range(12, 22)] if kind.endswith("D") else None
    write_1020(source, kind=kind, onsets_s=onsets, annotations=TOLD if "+" in kind else ())
    before = source.read_bytes()
    done = deidentify(source, tmp_path / f"clean.{kind[:3].lower()}")
    content = done.path.read_bytes()
    assert source.read_bytes() == before
    assert not [secret for secret in SECRETS if secret.encode() in content]
    a, b = read_recording(source), read_recording(done.path)
    assert (a.digest, a.spans, a.annotations) == (b.digest, b.spans, b.annotations)
    assert {
        "patient identification",
        "recording identification",
        "start date",
        "transducer of signals",
    } <= set(done.removed)
    assert ("annotations in free text" in done.removed) == ("+" in kind)
    assert not [secret for secret in SECRETS if secret in str(done.removed)]


def test_free_text_labels_go(tmp_path) -> None:
    values = eeg_like(2, 4000, 200.0)
    (tmp_path / "x.edf").write_bytes(edf_bytes([Signal("Fp1", values[0]), Signal("Jane Doe", values[1])]))
    done = deidentify(tmp_path / "x.edf", tmp_path / "y.edf")
    assert b"Jane" not in done.path.read_bytes()
    assert "label of signals" in done.removed


def test_other_sources_become_edf(tmp_path) -> None:
    eeg_uv = eeg_like(3, 2000, 200.0)
    source = {"array": eeg_uv, "sampling_rate": 200.0, "ch_names": ["Fp1", "Cz", "O2"], "units": "uV"}
    done = deidentify(source, tmp_path / "y.edf")
    assert np.abs(read_recording(done.path).read_uv(0, 2000) - eeg_uv).max() < 0.05


def test_never_overwrites(tmp_path) -> None:
    write_1020(tmp_path / "x.edf")
    before = (tmp_path / "x.edf").read_bytes()
    with pytest.raises(RecordingError, match="not overwritten"):
        deidentify(tmp_path / "x.edf", tmp_path / "x.edf")
    assert (tmp_path / "x.edf").read_bytes() == before
    with pytest.raises(RecordingError, match="no such file"):
        deidentify(tmp_path / "absent.edf", tmp_path / "y.edf")
