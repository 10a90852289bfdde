"""Greedy decoding of many windows at once: the shared beginning computed once, finished rows dropped.

The same tokens as `generate` gives. Where it is asked for more than plain greedy decoding, or the language
model keeps something else than keys and values, `generate` is the one to call (see `is_plain_greedy`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

from ..models.modeling_neuronarrator import CACHE

ROOM = 64
"""Tokens for which a cache is made larger at a time."""
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


def greedy(model: Any, prompt_ids: Tensor, window_tokens: Tensor, max_new_tokens: int) -> list[list[int]]:
    """Tokens of every window, without the end token.

    Args:
        model: A `NeuroNarratorForConditionalGeneration`.
        prompt_ids: `(1, n_prompt)`, the prompt that all windows share.
        window_tokens: `(n, num_window_tokens, text_size)` soft tokens of the windows.
        max_new_tokens: Longest text.
    """
    language_model, n = model.language_model, len(window_tokens)
    ends = torch.as_tensor(model.generation_config.eos_token_id, device=prompt_ids.device).reshape(-1)
    embed = model.get_input_embeddings()
    ids = prompt_ids.expand(n, -1)
    embedded = model.insert_window_tokens(ids, embed(ids), window_tokens)
    cache = DynamicCache(config=language_model.config)
    cache.layers = [RoomyLayer() for _ in cache.layers]
    n_shared = _n_before_placeholders(model.config, prompt_ids[0])
    if n_shared and n > 1:
        language_model(
            inputs_embeds=embedded[:1, :n_shared], use_cache=True, logits_to_keep=1, **{CACHE: cache}
        )
        cache.batch_repeat_interleave(n)
        embedded = embedded[:, n_shared:]

    texts: list[list[int]] = [[] for _ in range(n)]
    rows = torch.arange(n)  # which window each row of the batch is
    is_open = torch.ones(n, dtype=torch.bool)
    n_tokens = prompt_ids.shape[1]
    for i in range(max_new_tokens):
        output = language_model(
            inputs_embeds=embedded,
            attention_mask=prompt_ids.new_ones(len(rows), n_tokens + i),
            use_cache=True,
            logits_to_keep=1,
            **{CACHE: cache},
        )
        chosen = output.logits[:, -1].float().argmax(-1)
        is_open &= ~torch.isin(chosen, ends).cpu()
        for row, token in zip(rows[is_open].tolist(), chosen.cpu()[is_open].tolist(), strict=True):
            texts[row].append(token)
        n_open = int(is_open.sum())
        if n_open == 0 or i + 1 == max_new_tokens:
            break
        if len(rows) - n_open >= MIN_FINISHED_SHARE * len(rows):
            kept = is_open.nonzero()[:, 0]
            rows, is_open = rows[kept], is_open[kept]
            kept = kept.to(chosen.device)
            cache.batch_select_indices(kept)
            chosen = chosen[kept]
        embedded = embed(chosen[:, None])
    return texts


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


class RoomyLayer(DynamicLayer):
    """A layer of a cache with room for tokens to come, so that not all of it is copied for each.

    `keys` and `values` are views of what is filled, as the layers of transformers have them.
    """

    def update(
        self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        """Keys and values with those of the new tokens."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
            self.keys, self.values = key_states[:, :, :0], value_states[:, :, :0]
            self.room = [self.keys, self.values]
        filled = [v for v in (self.keys, self.values) if v is not None]
        start, n_new = self.get_seq_length(), key_states.shape[-2]
        if self.room[0].shape[0] != len(filled[0]) or start + n_new > self.room[0].shape[-2]:
            self.room = [_with_room(v, n_new + ROOM) for v in filled]
        for room, new in zip(self.room, (key_states, value_states), strict=True):
            room[:, :, start : start + n_new] = new
        self.keys, self.values = (room[:, :, : start + n_new] for room in self.room)
        return self.keys, self.values


def _with_room(values: Tensor, n: int) -> Tensor:
    """A larger tensor that begins with `values`."""
    larger = values.new_empty(*values.shape[:2], values.shape[2] + n, values.shape[3])
    larger[:, :, : values.shape[2]] = values
    return larger


__all__ = ["greedy", "is_plain_greedy"]
