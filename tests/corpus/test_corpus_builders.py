"""The builders of `datasets`: as classes, in streaming, with processes, and by name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import native_layouts as layouts
import pytest

datasets = pytest.importorskip("datasets")

from neuronarrator_hf.corpus.builders import EEGFolder, NeuroCorpus  # noqa: E402
from neuronarrator_hf.corpus.sources import SOURCES, SourceError  # noqa: E402


def test_there_is_a_configuration_for_every_source() -> None:
    assert set(NeuroCorpus.builder_configs) == {"mini", "full", *SOURCES}


def test_a_source_as_dataset_and_as_stream(tmp_path: Path) -> None:
    root = layouts.sleep_edf(tmp_path / "sleep-edf")
    options = {"config_name": "sleep-edf", "root": str(root), "cache_dir": str(tmp_path / "cache")}
    builder = NeuroCorpus(**options)
    builder.download_and_prepare()
    (split,) = builder.info.splits
    rows = builder.as_dataset(split=split)
    assert rows.num_rows == 9 and rows.with_format("numpy")[0]["eeg_uv"].shape[1] == 2000
    polarity = {c["finding"]: c["polarity"] for c in rows[4]["claims"]}
    assert polarity["n3_sleep"] == "present"
    stream = NeuroCorpus(**options).as_streaming_dataset(split=split)
    assert [row["id"] for row in stream] == rows["id"][:]


def test_mini_with_two_processes_gives_the_rows_of_one(tmp_path: Path) -> None:
    ids = []
    for num_proc in (None, 2):
        builder = NeuroCorpus(cache_dir=str(tmp_path / f"{num_proc}"), segments=96)
        builder.download_and_prepare(num_proc=num_proc)
        ids.append({name: rows["id"][:] for name, rows in builder.as_dataset().items()})
    assert ids[0] == ids[1] and sum(map(len, ids[0].values())) == 96
    assert set(ids[0]) == {"train", "validation", "test"}


def test_full_takes_the_sources_that_are_there(tmp_path: Path) -> None:
    layouts.eegmat(tmp_path / "eegmat")
    layouts.sleep_edf(tmp_path / "sleep-edf")
    splits = NeuroCorpus(
        config_name="full", root=str(tmp_path), cache_dir=str(tmp_path / "c")
    ).as_streaming_dataset()
    assert {row["source"] for split in splits.values() for row in split} == {"eegmat", "sleep-edf"}


def test_eegfolder_reads_metadata(tmp_path: Path) -> None:
    root = layouts.folder(tmp_path / "data")
    (root / "metadata.csv").write_text("file_name,subject,split,findings\nward/a.edf,p,test,grda\n")
    splits = EEGFolder(data_dir=str(root), cache_dir=str(tmp_path / "c")).as_streaming_dataset()
    rows = list(splits["test"])
    assert list(splits) == ["test"] and len(rows) == 3
    assert all(next(c for c in r["claims"] if c["finding"] == "grda")["polarity"] == "present" for r in rows)


def test_recordings_that_are_new_are_read(tmp_path: Path) -> None:
    layouts.write_signal(tmp_path / "data/p/a.edf", seconds=20.0, seed=1)
    options = {"root": str(tmp_path / "data"), "cache_dir": str(tmp_path / "cache")}

    def made() -> tuple[str, int]:
        builder = EEGFolder(**options)
        builder.download_and_prepare()
        return builder.cache_dir, sum(rows.num_rows for rows in builder.as_dataset().values())

    first = made()
    assert made() == first and first[1] == 2
    layouts.write_signal(tmp_path / "data/p/b.edf", seconds=20.0, seed=2)
    assert made()[1] == 4


def test_a_configuration_tells_licence_and_citation(tmp_path: Path) -> None:
    info = NeuroCorpus(config_name="siena", root=str(tmp_path), cache_dir=str(tmp_path / "c")).info
    assert (info.license, info.citation) == (SOURCES["siena"].licence, SOURCES["siena"].citation)


def test_a_missing_root_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="needs root"):
        NeuroCorpus(config_name="chb-mit", cache_dir=str(tmp_path)).as_streaming_dataset()


def test_load_dataset_finds_them_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "neurocorpus" in datasets.packaged_modules._PACKAGED_DATASETS_MODULES  # by the hook
    monkeypatch.chdir(tmp_path)
    root = layouts.folder(tmp_path / "data")
    (tmp_path / "a.txt").write_text("a folder that holds something else")
    rows = datasets.load_dataset(
        "eegfolder", data_dir=str(root), cache_dir=str(tmp_path / "c"), streaming=True
    )
    assert {row["source"] for split in rows.values() for row in split} == {"folder"}
    rows = datasets.load_dataset("neurocorpus", "mini", segments=12, cache_dir=str(tmp_path / "c"))
    assert sum(part.num_rows for part in rows.values()) == 12


def test_the_hook_imports_nothing_and_bears_a_table_that_is_gone() -> None:
    code = (
        "import sys, types, neuronarrator_hf\n"
        "from neuronarrator_hf.corpus.registration import register_builders\n"
        "register_builders(types.ModuleType('without_a_table'))\n"
        "assert not {'datasets', 'pyarrow', 'neuronarrator_hf.corpus.builders'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
