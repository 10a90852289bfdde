"""Greedy decoding of many windows at once: the shared beginning computed once, finished rows dropped.

The same tokens as `generate` gives, by the steps of `steps.py`. Where more than plain greedy decoding is
asked for, or the language model keeps something else than keys and values, `decode` calls `generate` (see
`is_plain_greedy`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

from .steps import steps_of

MIN_FINISHED_SHARE = 0.2
"""Share of the rows that must have ended before the others are copied together."""
_WITHOUT_EFFECT = frozenset(
    (
        "bos_token_id", "cache_implementation", "do_sample", "eos_token_id", "max_length", "max_new_tokens",
        "output_attentions", "output_hidden_states", "output_scores", "pad_token_id",
        "return_dict_in_generate", "temperature", "top_k", "top_p", "transformers_version", "use_cache",
        "_from_model_config", "_commit_hash",
    )
)  # fmt: skip
"""Settings of a generation config that change no token of a greedy decoding, or that are read here."""


def is_plain_greedy(model: Any, generate_kwargs: Mapping[str, Any]) -> bool:
    """Whether `greedy` gives what `generate` would with these settings."""
    config = model.generation_config
    set_there = {name for name, value in config.to_diff_dict().items() if value is not None}
    return (
        set(generate_kwargs) == {"do_sample", "max_new_tokens"}
        and not generate_kwargs["do_sample"]
        and config.use_cache is not False
        and config.eos_token_id is not None
        and set_there <= _WITHOUT_EFFECT
        and all(type(layer) is DynamicLayer for layer in _layers(model))
    )


def decode(
    model: Any, prompt_ids: Tensor, window_tokens: Tensor, generate_kwargs: Mapping[str, Any]
) -> list[list[int]]:
    """New tokens of every window as `generate` gives them, by `greedy` where that gives the same.

    Args:
        model: A `NeuroNarratorForConditionalGeneration`, in evaluation mode.
        prompt_ids: `(1, n_prompt)`, the prompt that all windows share.
        window_tokens: `(n, num_window_tokens, text_size)` soft tokens of the windows.
        generate_kwargs: As for `generate`; `max_new_tokens` is among them.
    """
    if is_plain_greedy(model, generate_kwargs):
        return greedy(model, prompt_ids, window_tokens, generate_kwargs["max_new_tokens"])
    ids = prompt_ids.expand(len(window_tokens), -1)
    made = model.generate(
        input_ids=ids, attention_mask=torch.ones_like(ids), window_tokens=window_tokens, **generate_kwargs
    )
    return made[:, prompt_ids.shape[1] :].tolist()


@torch.no_grad()
def greedy(model: Any, prompt_ids: Tensor, window_tokens: Tensor, max_new_tokens: int) -> list[list[int]]:
    """Tokens of every window, without the end token.

    Args:
        model: A `NeuroNarratorForConditionalGeneration`.
        prompt_ids: `(1, n_prompt)`, the prompt that all windows share.
        window_tokens: `(n, num_window_tokens, text_size)` soft tokens of the windows.
        max_new_tokens: Longest text.
    """
    n, n_prompt = len(window_tokens), prompt_ids.shape[1]
    ends = set(torch.as_tensor(model.generation_config.eos_token_id).reshape(-1).tolist())
    embed = model.get_input_embeddings()
    ids = prompt_ids.expand(n, -1)
    embedded = model.insert_window_tokens(ids, embed(ids), window_tokens)
    step = steps_of(model.language_model, n, n_prompt + max_new_tokens)
    n_shared = _n_before_placeholders(model.config, prompt_ids[0])
    if n_shared and n > 1:
        step(embedded[:1, :n_shared])
        step.repeat(n)
        embedded = embedded[:, n_shared:]

    texts: list[list[int]] = [[] for _ in range(n)]
    rows: list[int | None] = list(range(n))  # which window each row of the batch is; None where it ended
    for i in range(max_new_tokens):
        chosen = step(embedded).argmax(-1)
        for place, (window, token) in enumerate(zip(rows, chosen.tolist(), strict=True)):
            if window is not None and token not in ends:
                texts[window].append(token)
            else:
                rows[place] = None
        n_open = len(rows) - rows.count(None)
        if n_open == 0 or i + 1 == max_new_tokens:
            break
        if len(rows) - n_open >= MIN_FINISHED_SHARE * len(rows):
            kept = _moved_together([window is not None for window in rows])
            rows = [rows[place] for place in kept]
            places = torch.tensor(kept, device=chosen.device)
            step.keep(places)
            chosen = chosen[places]
        embedded = embed(chosen[:, None])
    return texts


def _moved_together(is_open: list[bool]) -> list[int]:
    """Places of the open rows, the last of them in the places of those that ended, so that few move."""
    n_open = sum(is_open)
    behind = (place for place in range(n_open, len(is_open)) if is_open[place])
    return [place if is_open[place] else next(behind) for place in range(n_open)]


def _layers(model: Any) -> list[Any]:
    try:
        return DynamicCache(config=model.language_model.config).layers
    except Exception:  # a model that no such cache can be made for
        return [None]


def _n_before_placeholders(config: Any, prompt_ids: Tensor) -> int:
    """Number of tokens before the first that differs between windows, at most all but the last."""
    soft = (config.preceding_eeg_token_id, config.eeg_token_id, config.image_token_id)
    is_soft = torch.isin(prompt_ids, prompt_ids.new_tensor([i for i in soft if i is not None]))
    first = int(is_soft.nonzero()[0]) if bool(is_soft.any()) else len(prompt_ids)
    return min(first, len(prompt_ids) - 1)


__all__ = ["decode", "greedy", "is_plain_greedy"]
