"""Statistics, card and page are about the rows they are of."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path

import numpy as np
import pytest
import yaml

from neuronarrator_hf.corpus.build import build
from neuronarrator_hf.corpus.card import write_card
from neuronarrator_hf.corpus.engines import InProcess
from neuronarrator_hf.corpus.finish import write_side_files
from neuronarrator_hf.corpus.plan import BuildOptions
from neuronarrator_hf.corpus.quality import LISTED, inspect_rows, joined
from neuronarrator_hf.corpus.rows import simulation_tasks
from neuronarrator_hf.corpus.sample_page import draw_rows, read_rows
from neuronarrator_hf.corpus.shards import iter_rows, shard_paths
from neuronarrator_hf.corpus.variety import self_bleu, variety

WORDS = ["the", "a", "posterior", "rhythm", "of", "theta", "spikes", "is", "seen", "left", "no", "at", "Hz"]


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


def test_parts_in_any_order_tell_what_the_whole_does(folder: Path) -> None:
    rows = copy.deepcopy(list(iter_rows(shard_paths(folder)))) * 12  # more than are listed
    for number, row in enumerate(rows):
        row["id"], row["disagreements"] = f"{number:04d}", ["lpd"]
        row["text"] += " There are left temporal LPDs at 2 Hz."
    whole = inspect_rows(rows).to_dict()
    parts = [inspect_rows(rows[start : start + 50]) for start in range(0, len(rows), 50)]
    assert joined(reversed(parts)).to_dict() == joined(parts).to_dict() == whole
    assert whole["n_rows_with_disagreement"] == len(rows) > LISTED == len(whole["rows_with_disagreement"])
    assert whole["text"]["faithful_share"] == 0.0 and len(whole["text"]["unfaithful"]) == LISTED
    assert whole["text"]["duplicate_share"] == round(1 - len({row["text"] for row in rows}) / len(rows), 4)


def test_self_bleu_is_that_of_sacrebleu() -> None:
    bleu = pytest.importorskip("sacrebleu").BLEU(effective_order=True)
    rng = random.Random(3)
    texts = [" ".join(rng.choices(WORDS, k=rng.randint(1, 9))) + "." for _ in range(60)]
    draws = random.Random(0)  # every paragraph, each against the others, in the order of their drawing
    expected = []
    for i in draws.sample(range(60), 60):
        others = [texts[j] for j in draws.sample(range(60), 60) if j != i]
        expected.append(bleu.sentence_score(texts[i], others).score)
    assert self_bleu(texts) == pytest.approx(expected)
    assert min(expected) < 60 < max(expected)


def test_drawn_rows_are_those_of_their_numbers(folder: Path) -> None:
    shards = shard_paths(folder)
    drawn = draw_rows(shards, 9, seed=1)
    assert sum(map(len, drawn.values())) == 9
    for path, numbers in drawn.items():
        there = list(iter_rows([path], ["id", "text", "eeg_uv"]))
        for row, number in zip(read_rows(path, numbers), numbers, strict=True):
            assert (row["id"], row["text"]) == (there[number]["id"], there[number]["text"])
            assert np.array_equal(row["eeg_uv"], np.array(there[number]["eeg_uv"], np.float32))


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


def test_the_card_tells_what_a_model_was_refused(folder: Path) -> None:
    shards = shard_paths(folder)
    rows = list(iter_rows(shards))
    alone = write_card(inspect_rows(rows).to_dict(), shards)
    counted = write_card(inspect_rows(rows).to_dict({"accepted": 1, "rejected": 3, "fallback": 1}), shards)
    assert "language model" not in alone
    assert "were taken: 1. Rejected: 3, 75.0 % of what it wrote" in counted


def test_the_page_needs_nothing_else(folder: Path) -> None:
    page = (folder / "sample.html").read_text()
    assert page.count("<article") == 24 and "http" not in page.replace("http-equiv", "")
    assert next(iter(iter_rows(shard_paths(folder))))["text"].split(".")[0] in page
