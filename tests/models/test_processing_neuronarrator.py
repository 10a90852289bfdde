"""Prompts with one placeholder per soft token."""

from __future__ import annotations

import pytest
from test_feature_extraction_neuronarrator import make_windows
from tiny_parts import make_model, make_tokenizer, tiny_config
from transformers import AutoProcessor, PreTrainedTokenizerFast

import neuronarrator_hf.auto  # noqa: F401
from neuronarrator_hf.models.feature_extraction_neuronarrator import NeuroNarratorFeatureExtractor
from neuronarrator_hf.models.processing_neuronarrator import TASK_INSTRUCTION, NeuroNarratorProcessor


@pytest.mark.parametrize(("history", "n_places"), [("ssm", 1), ("prompt", 3), ("none", 0)])
def test_the_prompt_of_the_paper_by_history_mode(history, n_places) -> None:
    model, processor = make_model(tiny_config(history=history))
    prompt = processor.prompt()
    assert (
        prompt.count("<preceding_eeg>") == n_places and prompt.count("<eeg>") == prompt.count("<image>") == 1
    )
    assert ("Here are the previous EEG signals" in prompt) is (n_places > 0)
    assert prompt.endswith(TASK_INSTRUCTION)
    ids = processor(text=prompt)["input_ids"][0]
    config = model.config
    wanted = (config.num_history_tokens, config.num_current_tokens, config.num_image_tokens)
    ids_of = (config.preceding_eeg_token_id, config.eeg_token_id, config.image_token_id)
    assert tuple(map(ids.count, ids_of)) == wanted
    processor.check(model)


def test_eeg_alone_gets_the_default_prompt() -> None:
    model, processor = make_model(tiny_config())
    inputs = processor(eeg=[make_windows(), make_windows(1)], return_tensors="pt")
    assert inputs["input_ids"].shape[0] == 2
    assert set(inputs) == {
        "input_ids",
        "attention_mask",
        *NeuroNarratorFeatureExtractor.model_input_names,
    } or ("token_type_ids" in inputs)
    assert model.generate(**inputs, max_new_tokens=2, min_new_tokens=2).shape[0] == 2


def test_round_trip(tmp_path) -> None:
    model, processor = make_model(tiny_config(history="prompt"))
    model.config.save_pretrained(tmp_path)
    processor.save_pretrained(tmp_path)
    loaded = AutoProcessor.from_pretrained(tmp_path)
    assert isinstance(loaded, NeuroNarratorProcessor) and loaded.history == "prompt"
    loaded.check(model)
    assert loaded.prompt() == processor.prompt()
    a, b = (p(eeg=make_windows(), return_tensors="np") for p in (processor, loaded))
    assert all((a[name] == b[name]).all() for name in a)


def test_a_processor_of_another_history_mode_is_told() -> None:
    model, processor = make_model(tiny_config())
    model.config.history = "prompt"
    with pytest.raises(ValueError, match=r"\('ssm', 2, 7, 2\), the model expects \('prompt', 9, 7, 2\)"):
        processor.check(model)
    processor.follow(model.config)
    processor.check(model)


def test_a_tokenizer_without_placeholders_is_refused() -> None:
    tokenizer = make_tokenizer()
    bare = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer.backend_tokenizer, unk_token="<unk>", pad_token="<pad>"
    )
    NeuroNarratorProcessor(NeuroNarratorFeatureExtractor(), bare)  # the words are in its vocabulary
    from tokenizers import Tokenizer, models

    empty = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.WordLevel({"<unk>": 0}, "<unk>")), unk_token="<unk>"
    )
    with pytest.raises(ValueError, match="the tokenizer has no <eeg>, <preceding_eeg>, <image>"):
        NeuroNarratorProcessor(NeuroNarratorFeatureExtractor(), empty)


def test_an_unknown_history_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="history='ram'; expected one of ssm, prompt, none"):
        NeuroNarratorProcessor(NeuroNarratorFeatureExtractor(), make_tokenizer(), history="ram")


def test_chat_template() -> None:
    _, processor = make_model(tiny_config())
    processor.chat_template = (
        "{% for m in messages %}{% for c in m['content'] %}"
        "{% if c['type'] == 'eeg' %}<eeg>{% else %}{{ c['text'] }}{% endif %}{% endfor %}{% endfor %}"
    )
    chat = [{"role": "user", "content": [{"type": "eeg"}, {"type": "text", "text": " describe"}]}]
    assert processor.apply_chat_template(chat, tokenize=False) == "<eeg> describe"
