"""Zero-shot classification and feature extraction, on planted signals and a tiny model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from eeg_samples import as_array, awake_uv
from tiny_model import save_tiny
from transformers import pipeline
from transformers.pipelines.pt_utils import KeyDataset

from neuronarrator_hf.narration.likelihood import text_log_likelihoods
from neuronarrator_hf.narration.voice import ModelVoice
from neuronarrator_hf.recording.reading import read_recording
from neuronarrator_hf.recording.windows import iter_windows


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(save_tiny(tmp_path_factory.mktemp("model")))


@pytest.fixture(scope="module")
def classify(tiny: str) -> Any:
    return pipeline("zero-shot-eeg-classification", model=tiny)


@pytest.fixture(scope="module")
def extract(tiny: str) -> Any:
    return pipeline("eeg-feature-extraction", model=tiny)


@pytest.fixture(scope="module")
def awake() -> dict[str, Any]:
    return as_array(awake_uv(25.0))


RHYTHM, SEIZURE = "a posterior dominant rhythm", "an electrographic seizure"


def test_labels_are_scored_best_first_and_shares_sum_to_one(classify: Any, awake: dict[str, Any]) -> None:
    scores = classify(awake, candidate_labels=[SEIZURE, RHYTHM])
    assert [one["label"] for one in scores] == [RHYTHM, SEIZURE]
    assert sum(one["score"] for one in scores) == pytest.approx(1.0)
    assert scores == classify(awake, candidate_labels=f"{SEIZURE}, {RHYTHM}")


def test_what_is_denied_scores_the_other_way_round(classify: Any, awake: dict[str, Any]) -> None:
    asked = {"candidate_labels": ["posterior dominant rhythm"], "multi_label": True}
    (yes,) = classify(awake, hypothesis_template="There is a {}.", **asked)
    (no,) = classify(awake, hypothesis_template="There is no {}.", **asked)
    assert yes["score"] > 0.5 and yes["score"] + no["score"] == pytest.approx(1.0, abs=1e-3)


def test_windows_are_told_with_their_times(classify: Any, awake: dict[str, Any]) -> None:
    told = classify(awake, candidate_labels=[SEIZURE, RHYTHM], return_chunks=True)
    assert [chunk["timestamp"] for chunk in told["chunks"]] == [(0.0, 10.0), (10.0, 20.0), (15.0, 25.0)]
    assert all(len(chunk["labels"]) == 2 for chunk in told["chunks"])


def test_not_assessed_has_no_score(classify: Any) -> None:
    """Frontal electrodes alone: of a rhythm over the back of the head nothing can be said."""
    front = as_array(awake_uv(20.0))
    kept = [i for i, name in enumerate(front["ch_names"]) if name.startswith("F")]
    front = {
        **front,
        "array": np.asarray(front["array"])[kept],
        "ch_names": [front["ch_names"][i] for i in kept],
    }
    scores = classify(front, candidate_labels=[RHYTHM, "muscle artifact"])
    assert scores[0]["score"] == 1.0 and scores[1] == {"label": RHYTHM, "score": None}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"candidate_labels": ["happiness"]}, "'There is happiness.' names no finding"),
        ({"candidate_labels": ["left temporal spikes"]}, "says more than whether spikes is there"),
        ({"candidate_labels": []}, "candidate_labels must be different texts"),
        ({"candidate_labels": ["spikes", "spikes"]}, "candidate_labels must be different texts"),
        ({}, "candidate_labels is missing"),
        ({"candidate_labels": ["spikes"], "hypothesis_template": "EEG"}, "hypothesis_template must hold {}"),
        ({"candidate_labels": ["spikes"], "method": "magic"}, "method must be one of findings, likelihood"),
        ({"candidate_labels": ["spikes"], "method": "likelihood", "multi_label": True}, "multi_label needs"),
        ({"candidate_labels": 5}, "candidate_labels must be texts, got 5"),
        ({"candidate_labels": ["spikes"], "multi_label": "yes"}, "multi_label must be True or False"),
        ({"candidate_labels": ["spikes"], "hypothesis_template": 3}, "hypothesis_template must hold {}"),
        ({"candidate_labels": ["spikes"], "age_years": -1}, "age_years must be a number of years"),
        ({"candidate_labels": ["spikes"], "batch_size": 0}, "batch_size must be a whole number"),
    ],
)
def test_what_cannot_be_scored_is_named(
    classify: Any, awake: dict[str, Any], options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        classify(awake, **options)


@pytest.mark.parametrize("task", ["classify", "extract"])
def test_unknown_parameters_are_refused_by_name(
    task: str, awake: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    with pytest.raises(TypeError, match="candidate_lables"):
        request.getfixturevalue(task)(awake, candidate_lables=["spikes"])


def test_a_batch_size_that_cannot_be_is_refused(extract: Any, awake: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="batch_size must be a whole number of at least 1, got 0"):
        extract(awake, batch_size=0)


def test_any_words_by_their_likelihood(classify: Any, awake: dict[str, Any]) -> None:
    scores = classify(awake, candidate_labels=["happiness", "left temporal spikes"], method="likelihood")
    assert sum(one["score"] for one in scores) == pytest.approx(1.0)


def test_a_likelihood_is_what_the_model_says_token_by_token(classify: Any, awake: dict[str, Any]) -> None:
    model, processor = classify.model, classify.processor
    voice = ModelVoice(model, processor)
    tokens = voice.listen(next(iter_windows(read_recording(awake))), voice.begin())[0].payload
    texts = ["There are spikes.", "Eyes closed, with a posterior rhythm of 10 Hz."]
    scores = text_log_likelihoods(model, processor, tokens, texts, batch_size=4)
    assert scores.shape == (3, 2)
    ids = processor(text=f"{processor.prompt()} {texts[1]}", return_tensors="pt")["input_ids"]
    n_prompt = processor(text=processor.prompt(), return_tensors="pt")["input_ids"].shape[1]
    with torch.inference_mode():
        logits = model(input_ids=ids, window_tokens=tokens[2:3]).logits[0].log_softmax(-1)
    each = [float(logits[at - 1, ids[0, at]]) for at in range(n_prompt, ids.shape[1])]
    assert scores[2, 1] == pytest.approx(np.mean(each), abs=1e-4)


@pytest.mark.parametrize(
    ("features", "shape"), [("waveform", (3, 24)), ("history", (3, 16)), ("tokens", (3, 11, 32))]
)
def test_features_of_each_window(
    extract: Any, awake: dict[str, Any], features: str, shape: tuple[int, ...]
) -> None:
    told = extract(awake, features=features)
    assert told["features"].shape == shape and told["features"].dtype == np.float32
    assert told["timestamps"] == [(0.0, 10.0), (10.0, 20.0), (15.0, 25.0)]
    pooled = extract(awake, features=features, pooling="mean", return_tensors="pt")["features"]
    assert torch.allclose(pooled, torch.from_numpy(told["features"]).mean(0))


def test_the_batch_size_changes_no_feature(extract: Any, awake: dict[str, Any]) -> None:
    for features in ("waveform", "history"):
        one, many = (extract(awake, features=features, batch_size=n)["features"] for n in (1, 32))
        assert np.allclose(one, many, atol=1e-5)


def test_lists_generators_and_datasets(extract: Any, awake: dict[str, Any]) -> None:
    alone = extract(awake)["features"]
    assert [one["features"].shape for one in extract([awake, awake])] == [alone.shape] * 2
    streams = (extract(iter([awake])), extract(KeyDataset([{"eeg": awake}], "eeg")))
    for stream in streams:
        assert not isinstance(stream, list)
        assert [np.array_equal(one["features"], alone) for one in stream] == [True]


def test_device_and_dtype_reach_the_model(tiny: str, awake: dict[str, Any]) -> None:
    for task in ("eeg-to-text", "eeg-feature-extraction"):
        made = pipeline(task, model=tiny, dtype=torch.bfloat16, device_map="cpu")
        assert made.model.dtype == torch.bfloat16 and made.device.type == "cpu"
        assert made(awake)
