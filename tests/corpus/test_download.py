"""Downloads bring what is published and nothing else: whole, in part, after a break or a wrong checksum."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import native_layouts as layouts
import pytest
from publisher_server import Publisher, publisher
from typer.testing import CliRunner

from neuronarrator_hf.cli import app
from neuronarrator_hf.corpus.downloads.download import download
from neuronarrator_hf.corpus.downloads.transport import DownloadError, Patience, UnreachableError
from neuronarrator_hf.corpus.sources import SOURCES, SourceError

ONCE = Patience(connect_s=5, read_s=5, attempts=1, wait_s=0)
CHB = "chbmit/1.0.0"
BIG = "chb01/chb01_03.edf"


@pytest.fixture
def served() -> Iterator[Publisher]:
    with publisher() as at:
        yield at


@pytest.fixture(scope="module")
def chb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = layouts.chb_mit(tmp_path_factory.mktemp("chb"))
    (root / "chb01/chb01_03.edf.seizures").write_bytes(b"not needed")
    return root


def contents(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*"))
            if p.is_file() and p.name != ".download.lock"}  # fmt: skip


def fetch(at: Publisher, out: Path, name: str = "chb-mit", **more):
    return download(SOURCES[name], out, mirror=at.address, patience=more.pop("patience", ONCE), **more)


def test_all_that_a_build_reads_comes_and_is_kept(served: Publisher, chb: Path, tmp_path: Path) -> None:
    served.add_physionet(CHB, chb)
    result = fetch(served, tmp_path)
    wanted = {name: data for name, data in contents(chb).items() if not name.endswith(".seizures")}
    assert contents(tmp_path) == wanted
    assert (result.n_files, result.n_fetched, result.n_kept) == (len(wanted), len(wanted), 0)
    theirs, ours = SOURCES["chb-mit"].recordings(chb), SOURCES["chb-mit"].recordings(tmp_path)
    assert [(r.recording_id, r.assertions, r.sex) for r in ours] == [
        (r.recording_id, r.assertions, r.sex) for r in theirs
    ]
    served.asked.clear()
    assert fetch(served, tmp_path).n_kept == len(wanted)
    assert [path for path, _ in served.asked] == [f"/{CHB}/SHA256SUMS.txt"]


def test_some_persons_alone(served: Publisher, chb: Path, tmp_path: Path) -> None:
    served.add_physionet(CHB, chb)
    fetch(served, tmp_path / "one", subjects=["chb21"])
    assert set(contents(tmp_path / "one")) == {"SUBJECT-INFO", "chb21/chb21_01.edf"}
    fetch(served, tmp_path / "first", limit=1)
    assert {name.split("/")[0] for name in contents(tmp_path / "first")} == {"SUBJECT-INFO", "chb01"}
    with pytest.raises(SourceError, match=r"no person chb99; there are chb01, chb21"):
        fetch(served, tmp_path, subjects=["chb99"])


def test_a_wrong_checksum_keeps_nothing_of_the_file(served: Publisher, chb: Path, tmp_path: Path) -> None:
    served.add_physionet(CHB, chb)
    whole = served.files[f"/{CHB}/{BIG}"]
    served.files[f"/{CHB}/{BIG}"] = whole[:-1] + b"?"
    result = fetch(served, tmp_path)
    assert list(result.failed) == [BIG] and "sha256" in result.failed[BIG]
    assert BIG not in contents(tmp_path) and not list(tmp_path.rglob("*.part"))
    served.files[f"/{CHB}/{BIG}"] = whole
    again = fetch(served, tmp_path)
    assert (again.n_fetched, again.failed) == (1, {})
    assert contents(tmp_path)[BIG] == whole


def test_a_damaged_file_is_fetched_again(served: Publisher, chb: Path, tmp_path: Path) -> None:
    served.add_physionet(CHB, chb)
    fetch(served, tmp_path)
    (tmp_path / BIG).write_bytes(b"damaged")
    assert fetch(served, tmp_path).n_fetched == 1
    assert contents(tmp_path)[BIG] == (chb / BIG).read_bytes()


def test_a_broken_download_goes_on_where_it_was(served: Publisher, chb: Path, tmp_path: Path) -> None:
    served.add_physionet(CHB, chb)
    size = (chb / BIG).stat().st_size
    served.breaks[f"/{CHB}/{BIG}"] = size - 1000
    with pytest.raises(UnreachableError, match="goes on where it was"):
        fetch(served, tmp_path, subjects=["chb01"])
    there = (tmp_path / f"chb01/.{Path(BIG).name}.part").stat().st_size
    assert 0 < there < size and not (tmp_path / BIG).exists()
    served.breaks.clear()
    served.asked.clear()
    fetch(served, tmp_path, subjects=["chb01"])
    assert (f"/{CHB}/{BIG}", f"bytes={there}-") in served.asked
    assert contents(tmp_path)[BIG] == (chb / BIG).read_bytes()


def test_attempts_go_on_within_a_run(served: Publisher, chb: Path, tmp_path: Path) -> None:
    served.add_physionet(CHB, chb)
    served.breaks[f"/{CHB}/{BIG}"] = (chb / BIG).stat().st_size - 1000
    seen: list[int] = []

    def mend(n: int) -> None:
        seen.append(n)
        if len(seen) > 2:
            served.breaks.clear()

    fetch(served, tmp_path, subjects=["chb01"], on_bytes=mend, patience=Patience(5, 5, 2, 0))
    assert contents(tmp_path)[BIG] == (chb / BIG).read_bytes()


def test_without_ranges_it_starts_anew(served: Publisher, chb: Path, tmp_path: Path) -> None:
    served.add_physionet(CHB, chb)
    served.ranges = False
    (tmp_path / "chb01").mkdir()
    (tmp_path / "chb01" / f".{Path(BIG).name}.part").write_bytes((chb / BIG).read_bytes()[:70_000])
    fetch(served, tmp_path)
    assert contents(tmp_path)[BIG] == (chb / BIG).read_bytes()


@pytest.mark.parametrize("n_left", [10, 10_000_000])
def test_a_part_of_another_file_is_not_gone_on_with(
    served: Publisher, chb: Path, tmp_path: Path, n_left: int
) -> None:
    served.add_physionet(CHB, chb)
    (tmp_path / "chb01").mkdir()
    (tmp_path / "chb01" / f".{Path(BIG).name}.part").write_bytes(b"x" * n_left)
    fetch(served, tmp_path)
    assert contents(tmp_path)[BIG] == (chb / BIG).read_bytes()


def test_a_killed_download_goes_on(served: Publisher, chb: Path, tmp_path: Path) -> None:
    served.add_physionet(CHB, chb)
    served.stalls[f"/{CHB}/{BIG}"] = (chb / BIG).stat().st_size - 1000
    command = [sys.executable, "-m", "neuronarrator_hf.cli", "corpus", "download", "--source", "chb-mit",
               "--out", str(tmp_path), "--mirror", served.address, "--quiet"]  # fmt: skip
    process = subprocess.Popen(command)
    assert served.stalled.wait(120)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / BIG).exists()
    served.stalls.clear()
    assert subprocess.run(command, capture_output=True).returncode == 0
    assert contents(tmp_path)[BIG] == (chb / BIG).read_bytes() and not list(tmp_path.rglob("*.part"))


def test_nothing_waits_for_a_server_that_stalls(served: Publisher, chb: Path, tmp_path: Path) -> None:
    served.add_physionet(CHB, chb)
    served.stalls[f"/{CHB}/{BIG}"] = 10
    with pytest.raises(UnreachableError, match="it took too long"):
        fetch(served, tmp_path, patience=Patience(5, 0.2, 2, 0))


def test_records_stand_in_for_checksums(served: Publisher, chb: Path, tmp_path: Path) -> None:
    served.add_physionet(CHB, chb, records=True)
    result = fetch(served, tmp_path)
    assert result.n_fetched == result.n_unverified == len(contents(tmp_path)) == 5


def test_a_record_of_zenodo(served: Publisher, tmp_path: Path) -> None:
    root = layouts.helsinki(tmp_path / "published")
    (root / "eeg_grades.txt").write_text("not needed")
    served.add_zenodo("4940267", root)
    fetch(served, tmp_path / "out", "helsinki", limit=1)
    assert set(contents(tmp_path / "out")) == {
        "eeg1.edf", "annotations_2017_A_fixed.csv", "annotations_2017_B_fixed.csv",
        "annotations_2017_C_fixed.csv", "clinical_information.csv",
    }  # fmt: skip
    served.files["/4940267/files/eeg2.edf/content"] += b"?"
    assert "were published" in fetch(served, tmp_path / "out", "helsinki").failed["eeg2.edf"]


def test_a_bucket_of_several_pages(served: Publisher, tmp_path: Path) -> None:
    root = layouts.ds004504(tmp_path / "published")
    served.add_bucket("ds004504", root)
    fetch(served, tmp_path / "out", "ds004504")
    wanted = {n: d for n, d in contents(root).items() if not n.startswith("derivatives")}
    assert contents(tmp_path / "out") == wanted and len(wanted) > 2
    assert len(list(SOURCES["ds004504"].recordings(tmp_path / "out"))) == 1


def test_names_that_lead_elsewhere_are_left_out(served: Publisher, tmp_path: Path) -> None:
    place = "eegmmidb/1.0.0"
    served.files[f"/{place}/SHA256SUMS.txt"] = f"{'0' * 64}  ../S001/S001R01.edf\n".encode()
    with pytest.raises(DownloadError, match="none of the files expected"):
        fetch(served, tmp_path / "out", "eegmmidb")


@pytest.mark.parametrize(
    ("status", "told"), [(403, "asks for an account"), (503, "status 503"), (410, "status 410")]
)
def test_a_refusal_is_told(served: Publisher, tmp_path: Path, status: int, told: str) -> None:
    served.statuses[f"/{CHB}/SHA256SUMS.txt"] = status
    with pytest.raises(DownloadError, match=told):
        fetch(served, tmp_path)


def test_nobody_answers(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="no connection"):
        download(SOURCES["chb-mit"], tmp_path, mirror="http://127.0.0.1:1", patience=ONCE)


def test_a_full_disk_is_told_before(
    served: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served.add_bucket("ds004504", layouts.ds004504(tmp_path / "published"))
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("neuronarrator_hf.corpus.downloads.download.shutil.disk_usage", lambda _: usage)
    with pytest.raises(DownloadError, match="GB are free"):
        fetch(served, tmp_path / "out", "ds004504")


MINIATURES = {
    "chb-mit": layouts.chb_mit, "siena": layouts.siena, "eegmmidb": layouts.eegmmidb,
    "eegmat": layouts.eegmat, "sleep-edf": layouts.sleep_edf, "hmc": layouts.hmc, "icare": layouts.icare,
    "helsinki": layouts.helsinki, "ds004504": layouts.ds004504,
}  # fmt: skip


def test_every_open_source_wants_what_it_reads(tmp_path: Path) -> None:
    assert {name for name, source in SOURCES.items() if source.origin} == set(MINIATURES)
    for name, write in MINIATURES.items():
        source, root = SOURCES[name], write(tmp_path / name)
        read = [ref for ref in source.recordings(root)]
        for ref in read:
            path = ref.path.relative_to(root).as_posix()
            assert source.origin.is_wanted(path), path
            assert re.search(source.origin.subject_of(path) or "?", ref.recording_id + ref.subject)
        assert not source.origin.is_wanted("index.html")


@pytest.mark.parametrize("name", ["tuab", "tusz", "tuep", "hms", "folder"])
def test_closed_sources_say_how_to_get_them(tmp_path: Path, name: str) -> None:
    told = CliRunner().invoke(app, ["corpus", "download", "--source", name, "--out", str(tmp_path)])
    assert told.exit_code == 2 and SOURCES[name].access.split(";")[0][:40] in told.output
    assert len(told.output.strip().splitlines()) == 1


def test_the_command_tells_what_to_do_next(served: Publisher, chb: Path, tmp_path: Path) -> None:
    served.add_physionet(CHB, chb)
    arguments = ["corpus", "download", "--source", "chb-mit", "--mirror", served.address, "--limit", "1"]
    told = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / "o")])
    assert told.exit_code == 0 and "corpus build --source chb-mit --root" in told.output, told.output
    assert "Open Data Commons" in told.output
    served.files[f"/{CHB}/{BIG}"] = b"else"
    told = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / "p"), "--quiet"])
    assert told.exit_code == 2 and "1 of 4 files are not there" in told.output
