"""How likely the model finds given texts to be of given windows: the text is scored, not generated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def text_log_likelihoods(
    model: Any, processor: Any, window_tokens: Any, texts: Sequence[str], *, batch_size: int = 32
) -> np.ndarray:
    """Log-likelihood of every text after the default prompt, for every window.

    Args:
        model: A `NeuroNarratorForConditionalGeneration`.
        processor: Its processor, in the history mode of the model.
        window_tokens: `(n_windows, num_window_tokens, text_size)`, from `get_window_features`.
        texts: Texts to score; the end of the text is not scored, so that one may go on after it.
        batch_size: Pairs of window and text scored at a time.

    Returns:
        `(n_windows, n_texts)` mean log-probability of a token, in nats: texts of different length compare.

    Raises:
        ValueError: There is no text, or one is empty.
    """
    import torch

    tokenizer = processor.tokenizer
    prompt = tokenizer(processor.expand(processor.prompt()))["input_ids"]
    spoken = [tokenizer(f" {text.strip()}", add_special_tokens=False)["input_ids"] for text in texts]
    if not spoken or not all(spoken):
        raise ValueError(f"expected texts that are not empty, got {list(texts)!r}")
    pairs = [(window, text) for window in range(len(window_tokens)) for text in range(len(texts))]
    scores = np.zeros((len(window_tokens), len(texts)))
    pad = tokenizer.pad_token_id or 0
    with torch.inference_mode():
        for first in range(0, len(pairs), batch_size):
            batch = pairs[first : first + batch_size]
            longest = max(len(spoken[text]) for _, text in batch)
            ids = torch.full((len(batch), len(prompt) + longest), pad)
            for row, (_, text) in enumerate(batch):
                ids[row, : len(prompt) + len(spoken[text])] = torch.tensor(prompt + spoken[text])
            # Padding stands after the text, where no token that is scored looks.
            logits = model(
                input_ids=ids.to(model.device),
                window_tokens=window_tokens[[window for window, _ in batch]],
                logits_to_keep=longest + 1,
            ).logits
            told = logits[:, :-1].float().log_softmax(-1).cpu()
            told = told.gather(2, ids[:, len(prompt) :, None])[..., 0]
            for row, (window, text) in enumerate(batch):
                scores[window, text] = float(told[row, : len(spoken[text])].mean())
    return scores
