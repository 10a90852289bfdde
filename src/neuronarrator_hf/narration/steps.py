"""One step of decoding: the tokens that are new, for every row, after all that the rows already hold.

Two kinds of the same. `LlamaSteps` works on plain tensors; of a step of a small model the modules of
transformers take more time than the products with the weights. `ModuleSteps` calls any language model that
keeps keys and values. Both give the logits of the last token and can repeat, reorder and drop rows.
"""

from __future__ import annotations

import math
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer
from transformers.models.llama import modeling_llama as llama

from ..models.modeling_neuronarrator import CACHE

ROOM = 64
"""Tokens for which a cache is made larger at a time."""


class Steps(Protocol):
    """A language model with what its rows have said so far."""

    def __call__(self, embedded: Tensor) -> Tensor:
        """Logits `(n_rows, vocab_size)` after the new tokens `(n_rows, n_new, hidden_size)`."""

    def repeat(self, n_rows: int) -> None:
        """Go on with `n_rows` rows in place of the only one."""

    def keep(self, rows: Tensor) -> None:
        """Go on with these rows, in this order, fewer than before.

        A row that comes from a later place must come from behind the places kept.
        """


def steps_of(language_model: nn.Module, n_rows: int, n_tokens: int) -> Steps:
    """The leanest steps that are exactly those of the language model.

    Args:
        language_model: Any that keeps keys and values.
        n_rows: Most rows.
        n_tokens: Most tokens of a row, its prompt among them.
    """
    if is_plain_llama(language_model):
        return LlamaSteps(language_model, n_rows, n_tokens)
    return ModuleSteps(language_model)


_PLAIN_MODULES = frozenset(
    (
        llama.LlamaForCausalLM, llama.LlamaModel, llama.LlamaDecoderLayer, llama.LlamaAttention,
        llama.LlamaMLP, llama.LlamaRMSNorm, llama.LlamaRotaryEmbedding, nn.ModuleList, nn.Linear,
        nn.Embedding, type(llama.ACT2FN["silu"]),
    )
)  # fmt: skip


def is_plain_llama(language_model: nn.Module) -> bool:
    """Whether `LlamaSteps` compute what this language model does.

    Nothing may be put in the place of a module or hooked to one (adapters, quantised layers), and the
    weights must be float32 on the processor, where the steps were compared and are worth it.
    """
    modules = list(language_model.modules())
    if type(language_model) is not llama.LlamaForCausalLM or language_model.training:
        return False
    config: Any = language_model.config
    return (
        {type(module) for module in modules} <= _PLAIN_MODULES
        and not any(m._forward_hooks or m._forward_pre_hooks or "forward" in vars(m) for m in modules)
        and all(p.dtype == torch.float32 and p.device.type == "cpu" for p in language_model.parameters())
        and config.hidden_act == "silu"
        and config.rope_parameters["rope_type"] == "default"
        and not (config.attention_bias or config.mlp_bias)
    )


class LlamaSteps:
    """Steps of a Llama in plain tensors: joined products, rotation as complex numbers, a cache made once.

    Weights lie as `(in, out)`, for which products with few rows are faster, with the scale of the norm before
    them put in. They are copied for every batch of texts: they may have changed since the last.
    """

    def __init__(self, language_model: Any, n_rows: int, n_tokens: int) -> None:
        config = language_model.config
        self.num_heads, self.num_key_heads = config.num_attention_heads, config.num_key_value_heads
        self.head_size = language_model.model.layers[0].self_attn.head_dim
        self.layers = [_LlamaLayer(layer) for layer in language_model.model.layers]
        self.head = _columns(language_model.lm_head.weight, norm=language_model.model.norm)
        self.floor = torch.tensor(math.sqrt(config.hidden_size * config.rms_norm_eps))
        angles = torch.outer(torch.arange(n_tokens).float(), language_model.model.rotary_emb.inv_freq)
        self.turns = torch.polar(torch.ones_like(angles), angles)[:, None]  # (n_tokens, 1, head_size / 2)
        # Memory of tokens to come is taken by the system as it is written, row by row.
        self.cache = torch.empty(len(self.layers), n_rows, 2, self.num_key_heads, n_tokens, self.head_size)
        self.n_tokens = 0

    def __call__(self, embedded: Tensor) -> Tensor:
        """Logits after the new tokens (see `Steps`)."""
        n_rows, n_new, _ = embedded.shape
        before, self.n_tokens = self.n_tokens, self.n_tokens + n_new
        mask = None if n_new == 1 else torch.ones(n_new, self.n_tokens, dtype=torch.bool).tril(before)
        turns, n_turned = self.turns[before : self.n_tokens], self.num_heads + self.num_key_heads
        hidden = embedded.flatten(0, 1)  # (n_rows * n_new, hidden_size)
        for layer, cache in zip(self.layers, self.cache[:, :n_rows, ..., : self.n_tokens, :], strict=True):
            heads = torch.mm(self._directions(hidden), layer.queries_keys_values)
            heads = heads.view(n_rows, n_new, -1, self.head_size)
            turned = torch.view_as_complex(heads[:, :, :n_turned].unflatten(-1, (-1, 2)))
            turned *= turns
            new = heads[:, :, self.num_heads :].unflatten(2, (2, -1))
            cache[..., before:, :] = new.permute(0, 2, 3, 1, 4)
            queries, (keys, values) = heads[:, :, : self.num_heads].transpose(1, 2), cache.unbind(1)
            if layer is self.layers[-1]:  # of the tokens before the last, only keys and values are needed
                hidden, queries, mask = hidden.unflatten(0, (n_rows, -1))[:, -1], queries[:, :, -1:], None
            mixed = F.scaled_dot_product_attention(queries, keys, values, mask, enable_gqa=self.has_groups)
            hidden = torch.addmm(hidden, mixed.transpose(1, 2).reshape(len(hidden), -1), layer.mix)
            gate, up = torch.mm(self._directions(hidden), layer.gate_up).chunk(2, dim=1)
            hidden = torch.addmm(hidden, F.silu(gate).mul_(up), layer.down)
        return torch.mm(self._directions(hidden), self.head)

    def _directions(self, hidden: Tensor) -> Tensor:
        """Rows by their length, `sqrt(sum of squares + size * eps)`: an RMS norm but for its scale."""
        return hidden / torch.hypot(torch.linalg.vector_norm(hidden, dim=-1, keepdim=True), self.floor)

    @property
    def has_groups(self) -> bool:
        """Whether several heads of queries share one of keys and values."""
        return self.num_heads != self.num_key_heads

    def repeat(self, n_rows: int) -> None:
        """Go on with `n_rows` rows in place of the only one."""
        filled = self.cache[..., : self.n_tokens, :]
        filled[:, 1:n_rows] = filled[:, :1]

    def keep(self, rows: Tensor) -> None:
        """Go on with these rows, in this order; only those that change their place are copied."""
        places = (rows != torch.arange(len(rows))).nonzero()[:, 0]
        filled = self.cache[..., : self.n_tokens, :]
        filled[:, places] = filled[:, rows[places]]


class _LlamaLayer:
    """Weights of a layer as the products want them."""

    def __init__(self, layer: Any) -> None:
        attention, feed = layer.self_attn, layer.mlp
        queries, keys = (
            _in_pairs(p.weight, attention.head_dim) for p in (attention.q_proj, attention.k_proj)
        )
        self.queries_keys_values = _columns(
            queries, keys, attention.v_proj.weight, norm=layer.input_layernorm
        )
        self.mix = _columns(attention.o_proj.weight)
        self.gate_up = _columns(
            feed.gate_proj.weight, feed.up_proj.weight, norm=layer.post_attention_layernorm
        )
        self.down = _columns(feed.down_proj.weight)


def _columns(*weights: Tensor, norm: Any = None) -> Tensor:
    """Weights side by side, `(in, out)`, with the scale of the RMS norm whose directions come in."""
    columns = torch.cat(weights).T
    if norm is None:
        return columns.contiguous()
    return columns.mul(norm.weight[:, None] * math.sqrt(len(columns))).contiguous()


def _in_pairs(weight: Tensor, head_size: int) -> Tensor:
    """Rows of every head so ordered that the two numbers that are rotated together stand together.

    Llama rotates number i with number i + head_size / 2; queries and keys in the same other order have the
    same products.
    """
    return weight.unflatten(0, (-1, 2, head_size // 2)).transpose(1, 2).reshape(weight.shape)


class ModuleSteps:
    """Steps by the modules of any language model that keeps keys and values."""

    def __init__(self, language_model: Any) -> None:
        self.language_model = language_model
        self.cache = DynamicCache(config=language_model.config)
        self.cache.layers = [RoomyLayer() for _ in self.cache.layers]

    def __call__(self, embedded: Tensor) -> Tensor:
        """Logits after the new tokens (see `Steps`)."""
        n_rows, n_new, _ = embedded.shape
        n_tokens = self.cache.get_seq_length() + n_new
        output = self.language_model(
            inputs_embeds=embedded,
            attention_mask=torch.ones(n_rows, n_tokens, dtype=torch.long, device=embedded.device),
            use_cache=True,
            logits_to_keep=1,
            **{CACHE: self.cache},
        )
        return output.logits[:, -1].float()

    def repeat(self, n_rows: int) -> None:
        """Go on with `n_rows` rows in place of the only one."""
        self.cache.batch_repeat_interleave(n_rows)

    def keep(self, rows: Tensor) -> None:
        """Go on with these rows, in this order."""
        self.cache.batch_select_indices(rows)


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


__all__ = ["LlamaSteps", "ModuleSteps", "Steps", "is_plain_llama", "steps_of"]
