"""What is uploaded as the dataset: simulated rows alone, small, and faithful to this package's grammar."""

from __future__ import annotations

from pathlib import Path

import pytest
from huggingface_hub import DatasetCard

from neuronarrator_hf.corpus.quality import inspect_rows
from neuronarrator_hf.corpus.shards import iter_rows, shard_paths
from neuronarrator_hf.publishing.corpora import corpus_repository
from neuronarrator_hf.publishing.rows import row_problems

FOLDER = Path(__file__).resolve().parents[2] / "hub" / "dataset"


def test_it_is_simulated_small_and_may_be_passed_on() -> None:
    assert list(row_problems(corpus_repository(FOLDER, "NeuroCorpus"))) == []
    shards = shard_paths(FOLDER)
    assert {path.parent.name for path in shards} == {"simulated"}
    assert sum(path.stat().st_size for path in shards) <= 3_000_000


def test_its_texts_say_their_claims() -> None:
    quality = inspect_rows(iter_rows(shard_paths(FOLDER)))
    assert sum(quality.rows.values()) == 40 and quality.unfaithful == []


def test_its_card_is_one_the_hub_reads() -> None:
    card = DatasetCard.load(FOLDER / "README.md", ignore_metadata_errors=False)
    assert card.data.license == "apache-2.0" and {"eeg"} <= set(card.data.tags)
    for section in ("Sources", "Columns", "Statistics", "Credit"):
        assert f"## {section}" in card.text
    assert "Not a medical device" in card.text


def test_it_loads(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    rows = datasets.load_dataset(str(FOLDER), cache_dir=str(tmp_path))
    assert {split: part.num_rows for split, part in rows.items()} == {"train": 32, "validation": 4, "test": 4}
    assert rows["test"].with_format("numpy")[0]["eeg_uv"].shape == (19, 2000)
