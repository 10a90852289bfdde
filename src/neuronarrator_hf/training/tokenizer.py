"""The compact decoder's own tokenizer: whole phrases of the report grammar are single tokens."""

from __future__ import annotations

from collections.abc import Iterable

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

PAD, START, END, EEG, PRECEDING_EEG, IMAGE = "<pad>", "<s>", "</s>", "<eeg>", "<preceding_eeg>", "<image>"
SPECIAL_TOKENS = (PAD, START, END, EEG, PRECEDING_EEG, IMAGE)

_DIGIT = r"[0-9]"
_PUNCTUATION = r"[.,;:!?()\n]"


def train_tokenizer(
    texts: Iterable[str], *, vocab_size: int = 2048, max_phrase_chars: int = 96
) -> PreTrainedTokenizerFast:
    """A byte-level BPE over texts cut at digits and punctuation only, so that merges span words.

    Digits stand alone, so that numbers are spelled and never memorised. Any text comes back as it
    went in: what was never seen falls back to bytes.

    Args:
        texts: Grammar text and instructions.
        vocab_size: Tokens at most, the 256 bytes and the special tokens included.
        max_phrase_chars: Longest phrase that may become one token.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_DIGIT), "isolated"),
            pre_tokenizers.Split(Regex(_PUNCTUATION), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        max_token_length=max_phrase_chars,
        min_frequency=2,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    start, end = tokenizer.token_to_id(START), tokenizer.token_to_id(END)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{START} $A", pair=f"{START} $A $B", special_tokens=[(START, start), (END, end)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        bos_token=START,
        eos_token=END,
        extra_special_tokens={"eeg_token": EEG, "preceding_eeg_token": PRECEDING_EEG, "image_token": IMAGE},
        padding_side="left",
        clean_up_tokenization_spaces=False,
        model_max_length=1024,
    )
