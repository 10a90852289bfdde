"""Uploads that mean harm: names of other files, headers that lie, archives, halves, and too much."""

from __future__ import annotations

import os
import shutil
import socket
import time
import tracemalloc
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from neuronarrator_hf.signal.montage import SITES_1020

pytest.importorskip("gradio")
pytest.importorskip("httpx")

import httpx
from served import PATIENCE_S, Server, wait_until

from neuronarrator_hf.app.visit import STALLED_S, RefusedError, Visits, open_upload

SFREQ_HZ, SECONDS = 200, 30
VALUES = np.random.default_rng(0).normal(0.0, 200.0, (SFREQ_HZ * SECONDS, len(SITES_1020)))


def upload(tmp_path: Path, **files: bytes | str) -> str:
    """What a visitor is told of an upload; `opened` where it is taken."""
    folder = tmp_path / "uploads"
    folder.mkdir(exist_ok=True)
    paths = []
    for name, content in files.items():
        paths.append(folder / name.replace("__", "."))
        paths[-1].write_bytes(content.encode() if isinstance(content, str) else content)
    visits = Visits(tmp_path / "server")
    try:
        open_upload(paths, visits.begin("visitor")).close()
        return "opened"
    except RefusedError as refused:
        return str(refused)
    finally:
        visits.end("visitor")
        assert [path for path in (tmp_path / "server").rglob("*") if path.is_file()] == []


def brainvision(data: str, markers: str = "a.vmrk") -> str:
    channels = "\n".join(f"Ch{i + 1}={name},,0.1,µV" for i, name in enumerate(SITES_1020))
    return (
        "Brain Vision Data Exchange Header File Version 1.0\n[Common Infos]\nCodepage=UTF-8\n"
        f"DataFile={data}\nMarkerFile={markers}\nDataFormat=BINARY\nDataOrientation=MULTIPLEXED\n"
        f"NumberOfChannels={len(SITES_1020)}\nSamplingInterval={1e6 / SFREQ_HZ:g}\n"
        f"[Binary Infos]\nBinaryFormat=INT_16\n[Channel Infos]\n{channels}\n"
    )


MARKERS = (
    "Brain Vision Data Exchange Marker File, Version 1.0\n[Common Infos]\nCodepage=UTF-8\nDataFile=a.eeg\n"
    "[Marker Infos]\nMk1=New Segment,,1,1,0,20200101000000000000\n"
)


def test_all_parts_of_a_recording_are_taken(tmp_path: Path) -> None:
    told = upload(
        tmp_path, a__vhdr=brainvision("a.eeg"), a__vmrk=MARKERS, a__eeg=VALUES.astype("<i2").tobytes()
    )
    assert told == "opened"


@pytest.mark.parametrize("how", ["absolute", "relative", "markers"])
def test_a_header_reads_no_file_of_the_server(tmp_path: Path, how: str) -> None:
    secret = tmp_path / "secret.eeg"
    VALUES.astype("<i2").tofile(secret)
    names = {"absolute": (str(secret), "a.vmrk"), "relative": ("../../secret.eeg", "a.vmrk")}
    data, markers = names.get(how, ("a.eeg", "/etc/passwd"))
    told = upload(
        tmp_path,
        a__vhdr=brainvision(data, markers),
        a__vmrk=MARKERS,
        a__eeg=VALUES.astype("<i2").tobytes(),
    )
    assert "names files in another folder" in told


@pytest.mark.parametrize("outside", [False, True])
def test_eeglab_reads_no_file_of_the_server(tmp_path: Path, outside: bool) -> None:
    io = pytest.importorskip("scipy.io")
    samples = VALUES.astype("<f4").tobytes()
    (tmp_path / "secret.fdt").write_bytes(samples)
    data = str(tmp_path / "secret.fdt") if outside else "a.fdt"
    places = np.array([(name,) for name in SITES_1020], dtype=[("labels", object)])
    eeg = {
        "data": data, "nbchan": 19, "srate": float(SFREQ_HZ), "trials": 1, "pnts": SFREQ_HZ * SECONDS,
        "xmin": 0.0, "xmax": SECONDS - 0.005, "chanlocs": places, "event": [], "epoch": [], "setname": "a",
    }  # fmt: skip
    io.savemat(tmp_path / "a.set", {"EEG": eeg}, appendmat=False)
    told = upload(tmp_path, a__set=(tmp_path / "a.set").read_bytes(), a__fdt=samples)
    assert told == "opened" if not outside else "names files in another folder" in told


def edf_header(n_records: str, n_samples: str, n_signals: int = 19) -> bytes:
    fields = [("0", 8), ("X X X X", 80), ("Startdate X X X X", 80), ("01.01.20", 8), ("00.00.00", 8)]
    fields += [(str(256 * (n_signals + 1)), 8), ("", 44), (n_records, 8), ("1", 8), (str(n_signals), 4)]
    names = [*SITES_1020, *(f"X{i}" for i in range(n_signals))][:n_signals]
    for values, size in (
        (names, 16), ([""] * n_signals, 80), (["uV"] * n_signals, 8), (["-3276"] * n_signals, 8),
        (["3276"] * n_signals, 8), (["-32768"] * n_signals, 8), (["32767"] * n_signals, 8),
        ([""] * n_signals, 80), ([n_samples] * n_signals, 8), ([""] * n_signals, 32),
    ):  # fmt: skip
        fields += [(value, size) for value in values]
    return b"".join(value.encode().ljust(size)[:size] for value, size in fields)


@pytest.mark.parametrize(
    ("n_records", "n_samples"),
    [("99999999", "256"), ("1", "99999999"), ("-1", "99999999"), ("99999999", "0")],
)
def test_a_header_that_promises_more_than_the_file_holds(
    tmp_path: Path, n_records: str, n_samples: str
) -> None:
    tracemalloc.start()
    try:
        told = upload(tmp_path, bomb__edf=edf_header(n_records, n_samples) + b"\0" * 20_000)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "cannot be used" in told or "lasts" in told
    assert peak_bytes < 50 * 1024**2  # what is promised would take gigabytes


@pytest.mark.parametrize("name", ["a__zip", "a__fif__gz", "a__tar", "a__npz", "a__pkl", "a__mat", "a"])
def test_archives_and_pickles_are_not_opened(tmp_path: Path, name: str) -> None:
    assert "not taken here" in upload(tmp_path, **{name: b"PK\x03\x04" + b"\0" * 100})


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["../../../escaped.edf", "/tmp/escaped.edf", "..\\..\\escaped.edf", "a\x00b.edf"]
)
def test_the_name_of_an_upload_is_no_path(server: Server, name: str) -> None:
    files = {"files": (name, b"0" * 100)}
    answer = httpx.post(f"{server.url}/gradio_api/upload", files=files, timeout=PATIENCE_S)
    if answer.status_code == 200:
        (place,) = answer.json()
        assert Path(place).resolve().is_relative_to(server.root.resolve())
        Path(place).unlink()
        shutil.rmtree(Path(place).parent)
    assert not (server.root / "escaped.edf").exists() and not Path("/tmp/escaped.edf").exists()


@pytest.mark.slow
def test_too_much_is_refused_and_not_kept(server: Server) -> None:
    before = server.files()  # of other visits to this server
    answer = httpx.post(
        f"{server.url}/gradio_api/upload", files={"files": ("a.edf", b"0" * 52 * 1024**2)}, timeout=PATIENCE_S
    )
    assert answer.status_code == 413
    wait_until(lambda: server.files() <= before, "the end of what was refused")


@pytest.mark.slow
def test_half_an_upload_lies_where_it_is_swept_up(server: Server) -> None:
    before = server.files()  # of other visits
    host, port = server.url.removeprefix("http://").split(":")
    half = b"0" * 3_000_000
    part = b'--x\r\nContent-Disposition: form-data; name="files"; filename="half.edf"\r\n\r\n' + half
    head = (
        "POST /gradio_api/upload HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        f"Content-Length: {len(part) * 2}\r\n\r\n"
    )

    def arrived() -> list[Path]:
        return [path for path in server.files() - before if path.stat().st_size >= 0.9 * len(half)]

    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head.encode() + part)
        wait_until(arrived, "half an upload")
        (left,) = arrived()
    assert left.match("neuronarrator-*/tmp*")
    visits = Visits(left.parent)
    visits.expire()
    assert left.exists()  # it may still be growing

    def swept() -> bool:
        with suppress(FileNotFoundError):
            os.utime(left, (time.time() - STALLED_S - 5,) * 2)
        visits.expire()
        return not left.exists()

    wait_until(swept, "the end of an upload that was broken off")
