"""All stages end to end on a miniature: they learn, hand on their weights and resume exactly."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from neuronarrator_hf.training.run import run


def losses(folder):
    records = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [r["loss"] for r in records if r["kind"] == "train"]


@pytest.mark.slow
def test_stages_hand_on_their_weights(miniature, tmp_path):
    run("language", runs=tmp_path, max_steps=6, overrides=miniature)
    run("align", runs=tmp_path, max_steps=3, overrides=miniature)
    out = tmp_path / "model"
    result = run("narrate", runs=tmp_path, max_steps=3, overrides=miniature, out=out)
    assert result["steps"] == 3 and {"claim_f1", "head_macro_auroc", "retrieval_at_1"} <= set(result)
    files = {path.name for path in out.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "training.json"} <= files
    assert json.loads((out / "config.json").read_text())["presence_calibration"]
    stages = json.loads((out / "training.json").read_text())["stages"]
    assert [s["stage"] for s in stages] == ["language", "align", "narrate"]

    from neuronarrator_hf.models.modeling_alignment import NeuroNarratorForContrastiveAlignment
    from neuronarrator_hf.training.parts import load_parts

    aligned = NeuroNarratorForContrastiveAlignment.from_pretrained(tmp_path / "align/final/alignment")
    parts = load_parts(tmp_path / "align/final")
    name = "model.waveform_encoder.convolutions.stem.weight"
    assert torch.equal(aligned.state_dict()[name], parts.model.state_dict()[name])
    assert torch.equal(aligned.eeg_projection.weight, parts.alignment.aligned.eeg_projection.weight)


def test_a_miniature_overfits(miniature, tmp_path):
    run("language", runs=tmp_path, max_steps=5, overrides=miniature)
    overrides = [
        *miniature,
        "data.cache_recordings=8",
        "stages.narrate.learning_rate=5e-3",
        "label_smoothing=0",
    ]
    run("narrate", runs=tmp_path, max_steps=40, overrides=overrides)
    course = losses(tmp_path / "narrate")
    assert sum(course[-5:]) < 0.6 * sum(course[:5])


@pytest.mark.slow
def test_a_stopped_run_resumes_with_the_same_losses(miniature, tmp_path, monkeypatch):
    overrides = [*miniature, "stages.narrate.checkpoint_minutes=0", "stages.narrate.evaluate_minutes=60"]
    run("narrate", runs=tmp_path / "whole", max_steps=6, overrides=overrides)

    from neuronarrator_hf.training.data import SequenceDataset

    original = SequenceDataset.__getitem__

    def stop(self, number):
        if number == 3:
            raise KeyboardInterrupt
        return original(self, number)

    monkeypatch.setattr(SequenceDataset, "__getitem__", stop)
    with pytest.raises(KeyboardInterrupt):
        run("narrate", runs=tmp_path / "killed", max_steps=6, overrides=overrides)
    monkeypatch.undo()
    run("narrate", runs=tmp_path / "killed", max_steps=6, overrides=overrides, resume=True)
    assert losses(tmp_path / "killed/narrate") == pytest.approx(losses(tmp_path / "whole/narrate"), rel=1e-5)


def test_the_finished_model_is_pushed_as_it_lies_on_disk(miniature, tmp_path, monkeypatch):
    pushed = {}

    class Hub:
        def create_repo(self, name, exist_ok):
            assert exist_ok
            return SimpleNamespace(repo_id=name)

        def upload_folder(self, repo_id, folder_path, commit_message):
            pushed[repo_id] = {path.name: path.read_bytes() for path in Path(folder_path).iterdir()}

    monkeypatch.setattr("huggingface_hub.HfApi", Hub)
    result = run("language", runs=tmp_path, max_steps=1, overrides=miniature, push_to_hub="someone/model")
    final = tmp_path / "language/final"
    assert pushed == {"someone/model": {path.name: path.read_bytes() for path in final.iterdir()}}
    assert {"model.safetensors", "training.json"} <= set(pushed["someone/model"])
    assert "someone/model" in result["pushed_to"]


def test_recordings_made_beforehand_are_those_a_stage_reads(miniature, tmp_path):
    overrides = [*miniature, "data.cache_recordings=2", f"data.cache_dir={tmp_path / 'cache'}"]
    run("recordings", seed=5, overrides=overrides)
    made = (tmp_path / "cache/eeg.f16").stat().st_mtime_ns
    run("align", seed=5, runs=tmp_path, max_steps=1, overrides=overrides)
    assert (tmp_path / "cache/eeg.f16").stat().st_mtime_ns == made


def test_unknown_stage_and_init(tmp_path):
    with pytest.raises(ValueError, match="no stage 'pretrain'"):
        run("pretrain")
    with pytest.raises(ValueError, match=r"holds no model \(config.json is missing\)"):
        run("narrate", init=tmp_path, runs=tmp_path)
