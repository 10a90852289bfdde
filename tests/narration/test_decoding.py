"""Our greedy decoding gives the tokens of `generate`, and the voice leaves the model as it was."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from tiny_model import make_tiny

from neuronarrator_hf.models.default import default_model_dir
from neuronarrator_hf.narration import decoding, steps
from neuronarrator_hf.narration.decoding import greedy, is_plain_greedy
from neuronarrator_hf.narration.loading import load_model
from neuronarrator_hf.narration.voice import ModelVoice
from neuronarrator_hf.signal.montage import SITES_1020, electrode_positions
from neuronarrator_hf.signal.windows import EEGWindows
from neuronarrator_hf.simulation.batch import simulate_windows

PLAIN = {"do_sample": False, "max_new_tokens": 40}


@pytest.fixture(scope="module")
def tiny():
    return make_tiny()


@pytest.fixture(scope="module")
def embedded():
    try:
        default_model_dir()
    except FileNotFoundError:
        pytest.skip("no embedded default here")
    return load_model()


def soft_tokens(model, n: int) -> torch.Tensor:
    config = model.config
    n_tokens = config.num_history_tokens + config.num_current_tokens + config.num_image_tokens
    size = config.text_config.hidden_size
    return torch.randn(n, n_tokens, size, generator=torch.Generator().manual_seed(n))


@pytest.fixture(scope="module")
def heard_tokens(embedded) -> torch.Tensor:
    return tokens_heard(*embedded, n_recordings=5, n_windows=2)


def tokens_heard(model, processor, n_recordings: int, n_windows: int) -> torch.Tensor:
    """Soft tokens of windows of simulated recordings."""
    eeg_uv = simulate_windows(n_recordings, n_windows, seed=3).eeg_uv.reshape(-1, 19, 2000)
    windows = EEGWindows(
        eeg_uv=eeg_uv,
        ch_names=SITES_1020,
        positions=electrode_positions(SITES_1020),
        start_s=10.0 * np.arange(len(eeg_uv)),
        channel_mask=np.ones(eeg_uv.shape[:2], dtype=bool),
        time_mask=np.ones((len(eeg_uv), 2000), dtype=bool),
    )
    voice = ModelVoice(model, processor)
    return voice.listen(windows, voice.begin())[0].payload


@pytest.fixture(scope="module")
def wanted(embedded, heard_tokens) -> list[list[int]]:
    """What `generate` says of each of these windows by itself."""
    return by_generate(*embedded, heard_tokens, one_by_one=True)


def by_generate(model, processor, window_tokens, one_by_one: bool) -> list[list[int]]:
    prompt = processor(text=processor.prompt(), return_tensors="pt")
    texts = []
    for part in window_tokens.split(1 if one_by_one else len(window_tokens)):
        repeated = {k: prompt[k].expand(len(part), -1) for k in ("input_ids", "attention_mask")}
        with torch.inference_mode():
            ids = model.generate(**repeated, window_tokens=part, **PLAIN)
        for row in ids[:, prompt["input_ids"].shape[1] :].tolist():
            end = (
                row.index(model.generation_config.eos_token_id)
                if model.generation_config.eos_token_id in row
                else None
            )
            texts.append(row[:end])
    return texts


@pytest.mark.parametrize("lean", [True, False])
@pytest.mark.parametrize("share", [0.0, 0.2, 2.0])
def test_tokens_are_those_of_generate(
    embedded, heard_tokens, wanted, monkeypatch, share: float, lean: bool
) -> None:
    """Rows end at different times; whenever they are dropped, the others say the same."""
    model, processor = embedded
    monkeypatch.setattr(decoding, "MIN_FINISHED_SHARE", share)
    monkeypatch.setattr(steps, "ROOM", 5)
    assert steps.is_plain_llama(model.language_model)
    if not lean:
        monkeypatch.setattr(steps, "is_plain_llama", lambda language_model: False)
    ids = processor(text=processor.prompt(), return_tensors="pt")["input_ids"]
    assert greedy(model, ids, heard_tokens, PLAIN["max_new_tokens"]) == wanted
    assert len({len(text) for text in wanted}) > 1


@pytest.mark.slow
def test_hundreds_of_texts_are_those_of_generate(embedded) -> None:
    model, processor = embedded
    tokens = tokens_heard(model, processor, n_recordings=50, n_windows=6)
    ids = processor(text=processor.prompt(), return_tensors="pt")["input_ids"]
    for part in tokens.split(50):
        made = greedy(model, ids, part, PLAIN["max_new_tokens"])
        assert made == by_generate(model, processor, part, one_by_one=False)


def test_a_text_that_never_ends_is_cut_as_by_generate(tiny) -> None:
    model, processor = copy.deepcopy(tiny[0]), tiny[1]
    with torch.no_grad():  # a logit of 0 is never the largest of hundreds
        model.language_model.get_output_embeddings().weight[processor.tokenizer.eos_token_id] = 0.0
    window_tokens = soft_tokens(model, 3)
    ids = processor(text=processor.prompt(), return_tensors="pt")["input_ids"]
    made = greedy(model, ids, window_tokens, PLAIN["max_new_tokens"])
    assert made == by_generate(model, processor, window_tokens, one_by_one=False)
    assert set(map(len, made)) == {PLAIN["max_new_tokens"]}


def test_only_plain_greedy_is_taken_over(tiny) -> None:
    model, _ = tiny
    assert is_plain_greedy(model, PLAIN)
    assert not is_plain_greedy(model, {**PLAIN, "do_sample": True})
    assert not is_plain_greedy(model, {**PLAIN, "num_beams": 2})
    assert not is_plain_greedy(model, {**PLAIN, "repetition_penalty": 1.2})
    other = copy.deepcopy(model)
    other.generation_config.no_repeat_ngram_size = 3
    assert not is_plain_greedy(other, PLAIN)
    other = copy.deepcopy(model)
    other.generation_config.eos_token_id = None
    assert not is_plain_greedy(other, PLAIN)


@pytest.mark.parametrize("history", ["none", "prompt", "ssm"])
def test_a_voice_in_another_mode_leaves_the_model_as_it_was(tiny, history: str) -> None:
    model, processor = tiny
    before, told = model.config.to_dict(), vars(processor).copy()
    voice = ModelVoice(model, processor, history=history, max_new_tokens=5)
    voice.processor.check(voice.model)
    assert voice.model.config.history == voice.model.model.config.history == history
    assert model.config.to_dict() == before and vars(processor) == told
    assert model.model.config is model.config or model.model.config.history == "ssm"
    shared = {id(p) for p in model.parameters()}
    assert {id(p) for p in voice.model.parameters()} == shared
    assert (voice.model is model) == (history == "ssm")


def test_voices_of_different_modes_on_one_model_do_not_meet(tiny) -> None:
    """One voice speaks while another, of another mode, has listened in between."""
    from eeg_samples import as_array, awake_uv

    from neuronarrator_hf.recording.reading import read_recording
    from neuronarrator_hf.recording.windows import iter_windows

    model, processor = tiny
    (block,) = iter_windows(read_recording(as_array(awake_uv(30.0))))
    texts = {}
    for history in ("ssm", "prompt", "none"):
        voice = ModelVoice(model, processor, history=history, max_new_tokens=8)
        texts[history] = voice.speak(voice.listen(block, voice.begin())[0], [0, 1, 2])
    voices = {h: ModelVoice(model, processor, history=h, max_new_tokens=8) for h in texts}
    heard = {h: voice.listen(block, voice.begin())[0] for h, voice in voices.items()}
    assert {h: voice.speak(heard[h], [0, 1, 2]) for h, voice in voices.items()} == texts
