"""The cards of what is uploaded: metadata the Hub reads, and code that loads what it says."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

from huggingface_hub import ModelCard, RepoCard

ROOT = Path(__file__).resolve().parents[2]
MODEL_CARD = ROOT / "hub" / "model" / "README.md"
SPACE = ROOT / "spaces" / "narrate"


def test_the_model_card_says_what_the_hub_asks_for() -> None:
    card = ModelCard.load(MODEL_CARD)
    assert card.data.license == "apache-2.0"
    assert card.data.library_name == "transformers"
    assert {"eeg", "medical"} <= set(card.data.tags)
    headings = re.findall(r"^## (.+)$", card.text, re.MULTILINE)
    assert {"How to load it", "Intended use", "Limits", "Training", "Figures", "Citation"} <= set(headings)
    assert "Not a medical device" in card.text


def test_the_python_of_the_model_card_is_python() -> None:
    blocks = re.findall(r"```python\n(.*?)```", MODEL_CARD.read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    for block in blocks:
        ast.parse(block)


def test_the_space_starts_what_it_holds_with_a_gradio_we_test() -> None:
    data = RepoCard.load(SPACE / "README.md", repo_type="space", ignore_metadata_errors=False).data.to_dict()
    assert data["sdk"] == "gradio" and data["license"] == "apache-2.0"
    assert (SPACE / data["app_file"]).is_file()
    assert len(data["short_description"]) <= 60
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (wanted,) = project["optional-dependencies"]["space"]
    low, high = re.fullmatch(r"gradio>=([\d.]+),<([\d.]+)", wanted).groups()
    version = tuple(map(int, data["sdk_version"].split(".")))
    assert tuple(map(int, low.split("."))) <= version < tuple(map(int, high.split(".")))
    requirement = (SPACE / "requirements.txt").read_text(encoding="utf-8").strip()
    assert requirement.startswith(f"{project['name']}[space]")
