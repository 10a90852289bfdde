"""The metric modules load by `evaluate.load`, offline, and give what the package gives."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import RepoCard

from neuronarrator_hf.evaluation.claims import score_texts
from neuronarrator_hf.findings.schema import Claim

evaluate = pytest.importorskip("evaluate")

FOLDER = Path(__file__).resolve().parents[2] / "hub" / "metrics"
NAMES = ("clinical_claims", "eeg_text_overlap", "numeric_fidelity", "retrieval", "seizure_events")
TRUE = "The posterior dominant rhythm is 9.5 Hz with eyes closed. Right temporal slowing is seen."
SAID = "The posterior dominant rhythm is 10 Hz. Left temporal slowing is seen. No epileptiform discharges."


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    monkeypatch.setattr(evaluate.config, "HF_EVALUATE_OFFLINE", True)


def test_all_are_there():
    assert sorted(p.name for p in FOLDER.iterdir() if p.is_dir()) == sorted(NAMES)


def test_clinical_claims_by_text_and_by_claims():
    metric = evaluate.load(str(FOLDER / "clinical_claims"))
    by_text = metric.compute(predictions=[SAID], references=[TRUE], groups=["p"], n_bootstrap=0)
    assert (by_text["tp"], by_text["fp"], by_text["fn"]) == (2, 0, 1)
    assert by_text["attributes"]["side"]["accuracy"] == 0.0 and by_text["contradicted"] == 1
    claims = [Claim("posterior_dominant_rhythm", frequency_hz=(9.5, 9.5)), Claim("eyes_closed")]
    as_json = json.dumps([c.to_dict() for c in claims])
    given = metric.compute(predictions=[SAID], references=[as_json], n_bootstrap=0)
    assert given == score_texts([SAID], [claims], n_bootstrap=0)
    with pytest.raises(ValueError, match="no JSON list of claims"):
        metric.compute(predictions=["[1, 2]"], references=[TRUE])


def test_batches_add_up():
    metric = evaluate.load(str(FOLDER / "clinical_claims"))
    metric.add(prediction=SAID, reference=TRUE)
    metric.add_batch(predictions=[TRUE], references=[TRUE])
    assert metric.compute(n_bootstrap=0)["n_narratives"] == 2


def test_the_others():
    numbers = evaluate.load(str(FOLDER / "numeric_fidelity"))
    assert numbers.compute(predictions=[SAID], references=[TRUE])["fidelity"] == 1.0
    overlap = evaluate.load(str(FOLDER / "eeg_text_overlap"))
    scores = overlap.compute(
        predictions=[TRUE, SAID], references=[TRUE, TRUE], prior_texts=[SAID], n_bootstrap=10
    )
    assert scores["scores"]["bleu"] > scores["prior"]["bleu"] and scores["prior_text"] == SAID
    seizures = evaluate.load(str(FOLDER / "seizure_events"))
    found = seizures.compute(
        predictions=[[[80, 90]], []], references=[[[100, 200]], []], durations_s=[3600, 3600], n_bootstrap=10
    )
    assert found["event"]["pooled"]["f1"] == 1.0
    retrieval = evaluate.load(str(FOLDER / "retrieval"))
    eye = np.eye(4)
    assert retrieval.compute(predictions=eye, references=eye, ks=[1])["forward"]["recall_at_1"] == 1.0


@pytest.mark.parametrize("name", NAMES)
def test_card_and_page(name):
    folder = FOLDER / name
    card = RepoCard.load(folder / "README.md", repo_type="space", ignore_metadata_errors=False)
    data = card.data.to_dict()
    assert data["sdk"] == "gradio" and {"evaluate", "metric"} <= set(data["tags"])
    assert data["license"] == "apache-2.0" and len(data["short_description"]) <= 60
    assert (folder / data["app_file"]).is_file() and f"{name}.py" in {p.name for p in folder.iterdir()}
    (block,) = re.findall(r"```python\n(.*?)```", card.text, re.DOTALL)
    code = block.replace(f'evaluate.load("{name}")', f"evaluate.load({str(folder)!r})")
    ast.parse(code)
    names: dict = {}
    exec(code, names)
    assert names["scores"]


@pytest.mark.slow
def test_the_page_computes():
    gradio = pytest.importorskip("gradio")
    spec = importlib.util.spec_from_file_location("metric_page", FOLDER / "clinical_claims" / "app.py")
    page = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(page)
    (function,) = [f.fn for f in page.demo.fns.values() if f.api_name == "compute"]
    scores = function(*(json.dumps(v) for v in page.EXAMPLES.values()))
    assert scores["attributes"]["side"]["accuracy"] == 0.0
    with pytest.raises(gradio.Error, match="no JSON list of claims"):
        function('["[1]"]', '["x"]')
