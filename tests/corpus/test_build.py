"""A build is whole, resumable, idempotent, atomic; what is in it says what it should."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import corpus_builds as builds
import native_layouts as layouts
import numpy as np
import pyarrow.parquet as pq
import pytest
from benchmarks import corpus_kills

from neuronarrator_hf.corpus.build import build, recording_tasks
from neuronarrator_hf.corpus.columns import COLUMNS, FIELDS, STEP_UV, claim_of, features
from neuronarrator_hf.corpus.engines import InProcess, Processes
from neuronarrator_hf.corpus.finish import write_side_files
from neuronarrator_hf.corpus.plan import BuildOptions
from neuronarrator_hf.corpus.rows import simulation_tasks
from neuronarrator_hf.corpus.shards import iter_rows, read_told, shard_paths, write_part
from neuronarrator_hf.corpus.sources import SourceError
from neuronarrator_hf.corpus.splits import LeakageError
from neuronarrator_hf.corpus.writers import WriterOptions, contents
from neuronarrator_hf.findings.parse import parse
from neuronarrator_hf.publishing.corpora import corpus_repository
from neuronarrator_hf.publishing.rows import row_problems

OPTIONS = BuildOptions()


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = builds.small_root(tmp_path_factory.mktemp("root"))
    folder = tmp_path_factory.mktemp("corpus")
    result = build(
        folder, [*recording_tasks([("folder", root)]), *simulation_tasks(12, 0)], OPTIONS, InProcess()
    )
    assert result.n_rows == 6 * 2 + 12 and len(result.skipped) == 1
    write_side_files(folder, skipped=len(result.skipped))
    return folder


def test_rows_have_every_column_and_say_what_they_claim(corpus: Path) -> None:
    assert set(features()) == set(COLUMNS)
    for name, fields in FIELDS.items():
        assert set(features()[name].feature) == set(fields)
    rows = list(iter_rows(shard_paths(corpus), list(COLUMNS)))
    assert len({row["id"] for row in rows}) == len(rows) == 24
    for row in rows:
        worded = [claim_of(entry) for entry in row["claims"] if entry["worded"]]
        assert contents(parse(row["text"])) == contents(worded)
        eeg_uv = np.array(row["eeg_uv"])
        assert eeg_uv.shape == (len(row["ch_names"]), 2000) and len(row["positions"]) == len(row["ch_names"])
        assert np.array_equal(eeg_uv / STEP_UV, np.rint(eeg_uv / STEP_UV))
        assert row["previous"] == row["index"] - 1
        good = np.array(row["channel_mask"])
        assert not eeg_uv[~good].any() and np.abs(eeg_uv[good].mean(axis=0)).max() < 2 * STEP_UV
        assert row["writer"] == "grammar"
    simulated = [row for row in rows if row["source"] == "simulated"]
    assert {entry["origin"] for row in simulated for entry in row["claims"]} == {"truth"}


def test_history_links_lead_to_rows(corpus: Path) -> None:
    rows = {(r["recording"], r["index"]): r for r in iter_rows(shard_paths(corpus))}
    for row in rows.values():
        if row["previous"] >= 0:
            before = rows[row["recording"], row["previous"]]
            assert row["gap_s"] == max(row["start_s"] - before["end_s"], 0.0)
            assert (before["subject"], before["split"]) == (row["subject"], row["split"])


def test_nothing_names_a_file_or_a_person(corpus: Path) -> None:
    for path in (*shard_paths(corpus), corpus / "README.md", corpus / "sample.html"):
        content = path.read_bytes()
        for name in (b"/p1/", b"p1/r1", b"r1.edf"):
            assert name not in content or path.suffix == ".parquet"
    for row in iter_rows(shard_paths(corpus)):
        assert "p1" not in row["id"] + row["subject"] + row["recording"]


def test_load_dataset_needs_no_code(corpus: Path, tmp_path: Path) -> None:
    code = (
        "import sys, datasets\n"
        f"rows = datasets.load_dataset({str(corpus)!r}, split='train', cache_dir={str(tmp_path)!r})\n"
        "row = rows.with_format('numpy')[0]\n"
        "assert row['eeg_uv'].shape[1] == 2000, row['eeg_uv'].shape\n"
        f"names = datasets.get_dataset_config_names({str(corpus)!r})\n"
        "assert names == ['all', 'folder', 'simulated'], names\n"
        f"stream = datasets.load_dataset({str(corpus)!r}, 'simulated', split='train', streaming=True)\n"
        "assert {row['source'] for row in stream} == {'simulated'}\n"
        "assert not [m for m in sys.modules if m.startswith('neuronarrator')]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "HF_HUB_OFFLINE": "1"})


def test_the_same_command_again_changes_nothing(corpus: Path, tmp_path: Path) -> None:
    root = builds.small_root(tmp_path / "root", 3)
    tasks = recording_tasks([("folder", root)])
    build(tmp_path / "c", tasks, OPTIONS, InProcess())
    before = corpus_kills.files_of(tmp_path / "c")
    times = [path.stat().st_mtime_ns for path in shard_paths(tmp_path / "c")]
    result = build(tmp_path / "c", tasks, OPTIONS, InProcess())
    assert (result.n_done, result.n_kept, len(result.skipped)) == (0, 4, 1)
    assert corpus_kills.files_of(tmp_path / "c") == before
    assert [path.stat().st_mtime_ns for path in shard_paths(tmp_path / "c")] == times


def test_new_recordings_make_new_shards(tmp_path: Path) -> None:
    root = builds.small_root(tmp_path / "root", 2)
    build(tmp_path / "c", recording_tasks([("folder", root)]), OPTIONS, InProcess())
    before = corpus_kills.files_of(tmp_path / "c")
    layouts.write_signal(root / "p1/later.edf", seconds=20.0, seed=77)
    result = build(tmp_path / "c", recording_tasks([("folder", root)]), OPTIONS, InProcess())
    after = corpus_kills.files_of(tmp_path / "c")
    assert result.n_done == 1 and result.n_rows == 6
    assert {name: after[name] for name in before} == before


def test_other_options_are_refused(tmp_path: Path) -> None:
    tasks = simulation_tasks(6, 0)
    build(tmp_path, tasks, OPTIONS, InProcess())
    with pytest.raises(SourceError, match=r"writer.seed 0 and now 3"):
        build(tmp_path, tasks, BuildOptions(WriterOptions(seed=3)), InProcess())


def test_a_second_build_in_the_folder_is_refused(tmp_path: Path) -> None:
    class Nested(InProcess):
        def run(self, jobs, then=None):
            build(tmp_path, simulation_tasks(6, 0), OPTIONS, InProcess())
            yield from ()

    with pytest.raises(SourceError, match="under way"):
        build(tmp_path, simulation_tasks(6, 0), OPTIONS, Nested())


def test_the_same_signal_under_two_names_in_two_splits_stops_the_build(tmp_path: Path) -> None:
    layouts.write_signal(tmp_path / "root/a.edf", seed=1, seconds=20.0)
    layouts.write_signal(tmp_path / "root/b.edf", seed=1, seconds=20.0)
    (tmp_path / "root/metadata.csv").write_text("file_name,subject,split\na.edf,x,train\nb.edf,y,test\n")
    with pytest.raises(LeakageError, match="signal"):
        build(tmp_path / "c", recording_tasks([("folder", tmp_path / "root")]), OPTIONS, InProcess())


def test_rows_for_their_holder_alone_are_marked(corpus: Path) -> None:
    told = {path.parent.name: read_told(path)["redistributable"] for path in shard_paths(corpus)}
    assert told == {"folder": False, "simulated": True}
    problems = list(row_problems(corpus_repository(corpus, "x")))
    assert problems and all("rows of folder may not be passed on" in problem for problem in problems)


def test_a_fault_while_writing_leaves_no_file(tmp_path: Path) -> None:
    def blocks():
        yield []
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        write_part(tmp_path / "x.parquet", blocks(), {})
    assert list(tmp_path.iterdir()) == []


def test_labels_reach_rows(tmp_path: Path) -> None:
    tasks = recording_tasks([("chb-mit", layouts.chb_mit(tmp_path / "root"))])
    build(tmp_path / "c", tasks, OPTIONS, InProcess())
    rows = {
        (row["start_s"], row["end_s"]): row
        for row in iter_rows(shard_paths(tmp_path / "c"))
        if any(mark["label"] == "seizure" for mark in row["labels"])
    }
    assert set(rows) == {(0.0, 10.0), (10.0, 20.0), (20.0, 30.0), (30.0, 40.0)}
    seizure = {when[0]: next(c for c in row["claims"] if c["finding"] == "electrographic_seizure")
               for when, row in rows.items()}  # fmt: skip
    assert (seizure[0.0]["polarity"], seizure[30.0]["polarity"]) == ("present", "present")
    assert seizure[0.0]["origin"] in ("label", "both")
    assert seizure[20.0]["origin"] == "measured"  # 1 of 10 s: the label does not say
    worded = {claim.finding for claim in parse(rows[30.0, 40.0]["text"]) if claim.is_present}
    assert {"electrographic_seizure", "abnormal"} <= worded


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_killed_builds_end_as_undisturbed_ones(tmp_path: Path) -> None:
    kills = list(corpus_kills.local_kills(builds.small_root(tmp_path / "root", 12), tmp_path, 4))
    assert any(kill.killed for kill in kills)
    for kill in kills:
        assert kill.equal and kill.leftovers == 0
        assert kill.n_ids == kill.n_rows == 12 * 2 + corpus_kills.SIMULATED


@pytest.mark.slow
def test_processes_give_the_bytes_of_one(tmp_path: Path) -> None:
    tasks = simulation_tasks(96, 1)
    build(tmp_path / "one", tasks, OPTIONS, InProcess())
    with Processes(2) as engine:
        build(tmp_path / "two", tasks, OPTIONS, engine)
        write_side_files(tmp_path / "two", engine=engine)
    write_side_files(tmp_path / "one")
    assert corpus_kills.files_of(tmp_path / "one") == corpus_kills.files_of(tmp_path / "two")


def test_shards_are_read_in_row_groups(corpus: Path) -> None:
    for path in shard_paths(corpus):
        metadata = pq.read_metadata(path)
        assert all(metadata.row_group(i).num_rows <= 60 for i in range(metadata.num_row_groups))
