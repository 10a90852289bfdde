"""The published manifest holds labels and no EEG, and the recordings can be rebuilt from their sources."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.io import savemat

from neuronarrator_hf.evaluation import rebuild_pages
from neuronarrator_hf.evaluation.expert_labels import read_labels
from neuronarrator_hf.recording.reading import read_recording


def small_manifest(monkeypatch):
    """Two entries of the published manifest, with signals of this test in their place."""
    manifest = rebuild_pages.read_manifest()
    chosen = [
        next(f for f in manifest["files"] if f["kind"] == kind) for kind in ("icu_vecams", "icu_sparcnet")
    ]
    signals = {}
    for i, entry in enumerate(chosen):
        n_times = round(entry["sfreq"] * entry["duration_s"])
        eeg_uv = np.random.default_rng(i).standard_normal((20, n_times)) * np.linspace(5, 40, 20)[:, None]
        signals[entry["file"]] = eeg_uv
        entry["std_uv"] = [round(float(v), 2) for v in eeg_uv.std(axis=1)]
    manifest["files"] = chosen
    monkeypatch.setattr(rebuild_pages, "read_manifest", lambda: manifest)
    return manifest, signals


def place(root, entry):
    path = root / entry["source"]["repo"].rsplit("/", 1)[1] / entry["source"]["path"]
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def test_published_manifest():
    manifest = rebuild_pages.read_manifest()
    kinds = [f["kind"] for f in manifest["files"]]
    assert [kinds.count(k) for k in ("icu_vecams", "icu_sparcnet", "icu_iiic_irr")] == [24, 12, 10]
    for entry in manifest["files"]:
        assert entry["licence"] in ("MIT", "ODC-By 1.0") and len(entry["source"]["commit"]) == 40
        assert len(entry["std_uv"]) == len(manifest["ch_names"]) == 20
    assert "/work" not in json.dumps(manifest)


@pytest.mark.real_data
def test_published_manifest_is_that_of_the_data(real_data_root, monkeypatch, tmp_path):
    theirs = {
        r.path.name: r for r in read_labels(real_data_root, ("icu_vecams", "icu_sparcnet", "icu_iiic_irr"))
    }
    (tmp_path / "manifest.json").write_text(json.dumps(rebuild_pages.read_manifest()))
    ours = {r.path.name: r for r in read_labels(tmp_path, ("icu_vecams", "icu_sparcnet", "icu_iiic_irr"))}
    assert ours.keys() == theirs.keys()
    for name, one in ours.items():
        assert (one.presence, one.votes, one.span_s) == (
            theirs[name].presence,
            theirs[name].votes,
            theirs[name].span_s,
        )
    # an original beside the converted file: the same signal, by the published check
    entry = next(
        f for f in rebuild_pages.read_manifest()["files"] if f["file"] == "icu_sparcnet/sparcnet_13.edf"
    )
    original = real_data_root / "icu_sparcnet" / "GPD_sample1.mat"
    rebuild_pages.check_signal(original, rebuild_pages.read_signal(original, 20, 10000), entry["std_uv"])


def test_rebuild_from_matlab(tmp_path, monkeypatch):
    manifest, signals = small_manifest(monkeypatch)
    h5py = pytest.importorskip("h5py")
    page, clip = manifest["files"]
    with h5py.File(place(tmp_path / "sources", page), "w", userblock_size=512) as file:
        file["data"] = signals[page["file"]].T
    raw = bytearray(place(tmp_path / "sources", page).read_bytes())
    raw[:128] = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"
    place(tmp_path / "sources", page).write_bytes(raw)
    savemat(place(tmp_path / "sources", clip), {"seg": signals[clip["file"]], "vv": np.ones((1, 6))})
    out = tmp_path / "out"
    assert rebuild_pages.main([str(tmp_path / "sources"), str(out)]) == 0
    for entry in manifest["files"]:
        with read_recording(out / entry["file"]) as recording:
            assert recording.sfreq == entry["sfreq"]
            row = recording.ch_names.index("F3")
            found = recording.read_uv(0, recording.n_times)[row]
            assert np.abs(found - signals[entry["file"]][1]).max() < 0.01
    assert len(read_labels(out, ("icu_vecams", "icu_sparcnet"))) == 2


def test_sources_that_cannot_be_used(tmp_path, monkeypatch, capsys):
    manifest, signals = small_manifest(monkeypatch)
    assert rebuild_pages.main([str(tmp_path), str(tmp_path / "out")]) == 2
    assert "clone https://github.com/bdsp-core/VE-CAM-S there" in capsys.readouterr().err
    entry = manifest["files"][0]
    savemat(place(tmp_path, entry), {"data": 2 * signals[entry["file"]]})
    assert rebuild_pages.main([str(tmp_path), str(tmp_path / "out")]) == 2
    assert "has a standard deviation of" in capsys.readouterr().err
    savemat(place(tmp_path, entry), {"data": np.zeros((3, 4))})
    assert rebuild_pages.main([str(tmp_path), str(tmp_path / "out")]) == 2
    assert "0 arrays of 20 x" in capsys.readouterr().err
