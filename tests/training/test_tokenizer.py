"""The tokenizer gives back what it was given, in few tokens."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from neuronarrator_hf.training.tokenizer import SPECIAL_TOKENS, train_tokenizer

SENTENCES = [
    f"A posterior dominant rhythm of {i / 2} Hz is seen. No epileptiform discharges are present."
    for i in range(12, 28)
]
TOKENIZER = train_tokenizer(SENTENCES * 4, vocab_size=600)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=60))
def test_lossless(text):
    if any(token in text for token in SPECIAL_TOKENS):
        return
    ids = TOKENIZER(text, add_special_tokens=False)["input_ids"]
    assert TOKENIZER.decode(ids) == text


def test_phrases_are_single_tokens():
    tokens = TOKENIZER.tokenize(SENTENCES[0], add_special_tokens=False)
    assert len(tokens) < 14, tokens
    assert TOKENIZER.tokenize("10.5", add_special_tokens=False) == ["1", "0", ".", "5"]


def test_special_tokens_survive_a_reload(tmp_path):
    from transformers import AutoTokenizer

    TOKENIZER.save_pretrained(tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    assert loaded.eeg_token_id == TOKENIZER.convert_tokens_to_ids("<eeg>")
    assert loaded.padding_side == "left" and loaded.pad_token == "<pad>"
    assert loaded(SENTENCES[0])["input_ids"] == TOKENIZER(SENTENCES[0])["input_ids"]
