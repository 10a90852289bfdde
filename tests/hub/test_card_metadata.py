"""Figures and example in a card's metadata: from a result, as the Hub's own library reads them, checked."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard, metadata_load
from typer.testing import CliRunner

from neuronarrator_hf.narration.loading import weights_hash
from neuronarrator_hf.publishing.metadata import metadata_problems, model_index, write_metadata

CARD = "---\nlicense: apache-2.0\nlibrary_name: transformers\ntags: [eeg]\n---\n\n# A model\n\nWords.\n"
EXAMPLE = [{"example_title": "one", "text": "a recording", "output": {"text": "Technique: 2 minutes."}}]


def result(weights: str | None) -> dict[str, Any]:
    scores = {"f1": 0.82412, "macro_f1": 0.7, "precision": 0.8, "recall": 0.85}
    run = {"model": {"name": "tiny", "revision": weights}}
    told = {"benchmark": "simulated", "recordings": 200, "windows": 1200, "seed": 0, "run": run}
    return {**told, "model": scores, "verification": {"off": {"contradicted_share": 0.076}}}


@pytest.fixture
def folder(tmp_path: Path, tiny_dir: Path) -> Path:
    shutil.copytree(tiny_dir, tmp_path / "model")
    (tmp_path / "model" / "README.md").write_text(CARD, encoding="utf-8")
    return tmp_path / "model"


def test_what_is_written_is_what_the_hub_reads(folder: Path) -> None:
    weights = weights_hash(folder)
    for _ in range(2):  # written again, it takes the place of what was there
        write_metadata(folder / "README.md", model_index("Tiny", result(weights)), EXAMPLE)
    card = ModelCard.load(folder / "README.md")
    read = {r.metric_name: (r.metric_type, r.metric_value) for r in card.data.eval_results}
    assert read["claims, micro-F1"] == ("f1", 0.8241) and len(read) == 5
    assert read["claims contradicted by the signal before repair"] == ("contradicted", 0.076)
    assert card.data.model_name == "Tiny" and card.data.widget == EXAMPLE
    assert card.data.license == "apache-2.0" and card.text.strip() == "# A model\n\nWords."
    assert list(metadata_problems(metadata_load(folder / "README.md"), folder)) == []


def test_figures_of_other_weights_and_broken_ones_are_told(folder: Path) -> None:
    write_metadata(folder / "README.md", model_index("Tiny", result("0123456789ab")), EXAMPLE)
    data = metadata_load(folder / "README.md")
    assert all("0123456789ab" in problem for problem in metadata_problems(data, folder))
    assert list(metadata_problems(data, folder))
    good = {"widget": EXAMPLE, "model-index": model_index("Tiny", result(weights_hash(folder)))}
    broken = json.loads(json.dumps(good))
    broken["model-index"][0]["results"][0]["metrics"][0]["value"] = "high"
    broken["widget"][0]["output"] = {}
    assert list(metadata_problems(good, folder)) == [] and len(list(metadata_problems(broken, folder))) == 2
    assert list(metadata_problems({"model-index": [{"name": "Tiny"}]}, folder))


@pytest.mark.parametrize("change", [{"benchmark": "tuab"}, {"run": {}}])
def test_another_result_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="evaluate --benchmark simulated"):
        model_index("Tiny", {**result("0123456789ab"), **change})


@pytest.mark.slow
def test_the_command_writes_both(folder: Path, tmp_path: Path) -> None:
    from neuronarrator_hf.cli import app

    told = tmp_path / "simulated.json"
    told.write_text(json.dumps(result(weights_hash(folder))), encoding="utf-8")
    done = CliRunner().invoke(app, ["hub", "card", str(folder), "--result", str(told)])
    assert done.exit_code == 0, done.output
    data = metadata_load(folder / "README.md")
    assert data["widget"][0]["output"]["text"].startswith("Technique: 2 minutes of scalp EEG")
    assert list(metadata_problems(data, folder)) == []
