from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import mne
import numpy as np
import pytest
from eeg_samples import as_array, awake_uv
from tiny_model import save_tiny
from transformers import pipeline

from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.pipelines.eeg_to_text import EEGToTextPipeline
from neuronarrator_hf.recording.reading import RecordingError
from neuronarrator_hf.recording.writing import write_edf

SHORT = {"max_new_tokens": 8}


@pytest.fixture(scope="module")
def narrate(tmp_path_factory: pytest.TempPathFactory) -> EEGToTextPipeline:
    return pipeline("eeg-to-text", model=str(save_tiny(tmp_path_factory.mktemp("model"))))


@pytest.fixture(scope="module")
def awake() -> dict[str, Any]:
    return as_array(awake_uv(25.0))


@pytest.fixture(scope="module")
def narration(narrate: EEGToTextPipeline, awake: dict[str, Any]) -> dict[str, Any]:
    return narrate(awake, **SHORT)


def test_the_task_gives_our_pipeline(narrate: EEGToTextPipeline) -> None:
    assert isinstance(narrate, EEGToTextPipeline)


def test_output_follows_the_speech_recognition_convention(narration: dict[str, Any]) -> None:
    assert isinstance(narration["text"], str)
    assert [chunk["timestamp"] for chunk in narration["chunks"]] == [(0.0, 10.0), (10.0, 20.0), (15.0, 25.0)]
    for chunk in narration["chunks"]:
        assert isinstance(chunk["text"], str)
        assert all(0.0 <= p <= 1.0 for p in chunk["probabilities"].values())
        for claim in chunk["claims"]:
            assert Claim.from_dict(claim).status != "contradicted"
    for key in ("claims", "events", "sections", "severity", "quality", "recording", "model"):
        assert key in narration


def test_paths_raws_and_arrays_are_one_recording(
    narrate: EEGToTextPipeline, awake: dict[str, Any], narration: dict[str, Any], tmp_path: Path
) -> None:
    info = mne.create_info(awake["ch_names"], awake["sampling_rate"], "eeg")
    raw = mne.io.RawArray(np.asarray(awake["array"]) * 1e-6, info, verbose="error")
    path = write_edf(
        tmp_path / "a.edf", np.asarray(awake["array"]), awake["ch_names"], awake["sampling_rate"]
    )
    volts = {**awake, "array": np.asarray(awake["array"]) * 1e-6, "units": "V"}
    texts = [[c["text"] for c in narrate(source, **SHORT)["chunks"]] for source in (raw, volts)]
    assert texts == [[c["text"] for c in narration["chunks"]]] * 2
    assert len(narrate(str(path), **SHORT)["chunks"]) == len(narrate(path, **SHORT)["chunks"]) == 3


def test_lists_give_lists_and_generators_generators(
    narrate: EEGToTextPipeline, awake: dict[str, Any]
) -> None:
    results = narrate([awake, awake], **SHORT)
    assert isinstance(results, list)
    assert results[0] == results[1]
    stream = narrate((one for one in [awake]), **SHORT)
    assert not isinstance(stream, list)
    assert [r["text"] for r in stream] == [results[0]["text"]]


def test_chunks_come_as_they_are_verified(
    narrate: EEGToTextPipeline, awake: dict[str, Any], narration: dict[str, Any]
) -> None:
    chunks = narrate(awake, stream=True, block_windows=60, **SHORT)
    assert not isinstance(chunks, list)
    assert list(chunks) == narration["chunks"]
    bare = narrate(awake, stream=True, return_claims=False, **SHORT)
    assert all("claims" not in chunk for chunk in bare)


def test_a_stream_that_is_left_ends_the_work(narrate: EEGToTextPipeline, awake: dict[str, Any]) -> None:
    before = threading.active_count()
    chunks = narrate(awake, stream=True, block_windows=1, **SHORT)
    assert next(chunks)["timestamp"] == (0.0, 10.0)
    chunks.close()
    assert threading.active_count() == before


def test_narration_is_deterministic(
    narrate: EEGToTextPipeline, awake: dict[str, Any], narration: dict[str, Any]
) -> None:
    assert narrate(awake, **SHORT) == narration


def test_parameters_reach_the_engine(narrate: EEGToTextPipeline, awake: dict[str, Any]) -> None:
    result = narrate(awake, verify="off", history="none", age_years=40, batch_size=2, generate_kwargs=SHORT)
    assert {c["status"] for chunk in result["chunks"] for c in chunk["claims"]} <= {"unchecked"}
    assert result["recording"]["age_years"] == 40
    assert (result["model"]["verify"], result["model"]["history"]) == ("off", "none")


def test_claims_can_be_left_out(narrate: EEGToTextPipeline, awake: dict[str, Any]) -> None:
    result = narrate(awake, return_claims=False, **SHORT)
    assert "claims" not in result
    assert all("claims" not in chunk for chunk in result["chunks"])


@pytest.mark.parametrize("history", ["ssm", "prompt", "none"])
def test_every_history_mode_speaks_and_leaves_the_model_as_it_was(
    narrate: EEGToTextPipeline, awake: dict[str, Any], history: str
) -> None:
    before = narrate.model.config.history
    assert narrate(awake, history=history, **SHORT)["chunks"]
    assert narrate.model.config.history == before
    narrate.processor.check(narrate.model)


def test_unknown_parameters_are_refused_by_name(narrate: EEGToTextPipeline, awake: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=r"unknown parameter 'verfy' of eeg-to-text.*mean 'verify'"):
        narrate(awake, verfy="off")
    with pytest.raises(TypeError, match="mean 'max_new_tokens'"):
        narrate(awake, max_new_token=8)
    with pytest.raises(TypeError, match="mean 'batch_size'"):
        pipeline("eeg-to-text", model=narrate.model, processor=narrate.processor, bach_size=2)
    with pytest.raises(ValueError, match="verify must be one of repair, annotate, off"):
        narrate(awake, verify="maybe")
    with pytest.raises(ValueError, match="history must be one of"):
        narrate(awake, history="long")


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("batch_size", 0), ("batch_size", "4"), ("block_windows", 0.5), ("seed", "a"), ("age_years", "old"),
        ("age_years", -1), ("age_years", float("nan")), ("stream", "yes"), ("return_claims", None),
        ("generate_kwargs", 5),
    ],
)  # fmt: skip
def test_values_that_cannot_be_are_refused_before_anything_is_read(
    narrate: EEGToTextPipeline, parameter: str, value: Any
) -> None:
    with pytest.raises(ValueError, match=f"{parameter} must be .*, got"):
        narrate("no such file", **{parameter: value})
    with pytest.raises(ValueError, match=f"{parameter} must be .*, got"):
        pipeline("eeg-to-text", model=narrate.model, processor=narrate.processor, **{parameter: value})


def test_a_recording_that_cannot_be_used_says_why(narrate: EEGToTextPipeline, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"absent\.edf"):
        narrate(tmp_path / "absent.edf")
    with pytest.raises(RecordingError):
        narrate(as_array(np.zeros((19, 4000))))
    with pytest.raises(RecordingError, match="NaN"):
        narrate(as_array(np.full((19, 4000), np.nan)))
