"""Statistics, card and page are about the rows they are of."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
import yaml

from neuronarrator_hf.corpus.build import build
from neuronarrator_hf.corpus.engines import InProcess
from neuronarrator_hf.corpus.finish import write_side_files
from neuronarrator_hf.corpus.plan import BuildOptions
from neuronarrator_hf.corpus.quality import inspect_rows, variety
from neuronarrator_hf.corpus.rows import simulation_tasks
from neuronarrator_hf.corpus.shards import iter_rows, shard_paths


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    build(folder, simulation_tasks(24, 0), BuildOptions(), InProcess())
    write_side_files(folder)
    return folder


def test_statistics_count_what_is_there(folder: Path) -> None:
    rows = list(iter_rows(shard_paths(folder)))
    told = json.loads((folder / "statistics.json").read_text())
    train = {row["recording"] for row in rows if row["split"] == "train"}
    assert told["n_rows"] == 24 and told["sources"]["simulated/train"]["recordings"] == len(train)
    assert {place.split("/")[1] for place in told["sources"]} == {"train", "validation", "test"}
    for finding, counts in told["coverage"].items():
        present = sum(
            c["finding"] == finding and c["polarity"] == "present" for r in rows for c in r["claims"]
        )
        assert counts.get("present", 0) == present
    assert told["text"]["faithful_share"] == 1.0 and told["text"]["unfaithful"] == []


def test_a_text_that_says_something_else_is_found(folder: Path) -> None:
    rows = copy.deepcopy(list(iter_rows(shard_paths(folder))))
    rows[3]["text"] += " There are left temporal LPDs at 2 Hz."
    rows[4]["disagreements"] = ["lpd"]
    told = inspect_rows(rows).to_dict({"accepted": 1, "rejected": 3})
    assert told["text"]["unfaithful"] == [rows[3]["id"]]
    assert told["text"]["faithful_share"] == pytest.approx(23 / 24)
    assert told["text"]["model_rejected_share"] == 0.75
    assert told["disagreements"] == {"lpd": 1} and told["rows_with_disagreement"] == [
        (rows[4]["id"], ["lpd"])
    ]


def test_variety_by_hand() -> None:
    told = variety(["a b c d", "a b c d"])
    assert told["distinct_1"] == 0.5 and told["distinct_2"] == 0.5
    assert told["self_bleu"] in (None, pytest.approx(100.0))
    assert variety(["a b c d", "e f g h"])["distinct_1"] == 1.0


def test_the_card_has_a_configuration_for_every_source(folder: Path) -> None:
    text = (folder / "README.md").read_text()
    header = yaml.safe_load(text.split("---")[1])
    assert [c["config_name"] for c in header["configs"]] == ["all", "simulated"]
    assert header["license"] == "apache-2.0" and header["size_categories"] == ["n<1K"]
    for config in header["configs"]:
        for files in config["data_files"]:
            assert list(folder.glob(files["path"]))
    assert "holder alone" not in text


def test_the_page_needs_nothing_else(folder: Path) -> None:
    page = (folder / "sample.html").read_text()
    assert page.count("<article") == 24 and "http" not in page.replace("http-equiv", "")
    assert next(iter(iter_rows(shard_paths(folder))))["text"].split(".")[0] in page
