"""Prompts and narratives as token batches."""

from __future__ import annotations

from typing import Any

import torch

from ..narration.decoding import decode

IGNORED = -100


class TextEncoder:
    """Narratives behind their prompt: `input_ids`, `attention_mask` and `labels`, padded on the right.

    Args:
        prompt_ids: Tokens of the prompt with its placeholders, the same for every window.
        tokenizer: Tokenizer of the language model.
        max_tokens: Longest prompt and text; longer texts are cut.
    """

    def __init__(self, prompt_ids: list[int], tokenizer: Any, max_tokens: int) -> None:
        self.prompt_ids, self.tokenizer, self.max_tokens = list(prompt_ids), tokenizer, max_tokens

    def __call__(self, texts: list[str]) -> dict[str, torch.Tensor]:
        """Tokens of the narratives, each behind the prompt."""
        room = self.max_tokens - len(self.prompt_ids) - 1
        if room < 8:
            raise ValueError(f"max_text_tokens={self.max_tokens} leaves {room} tokens after the prompt")
        encoded = self.tokenizer(texts, add_special_tokens=False)["input_ids"] if texts else []
        targets = [[*ids[:room], self.tokenizer.eos_token_id] for ids in encoded]
        longest = max((len(t) for t in targets), default=1)
        n_prompt, pad = len(self.prompt_ids), self.tokenizer.pad_token_id
        input_ids = torch.full((len(targets), n_prompt + longest), pad)
        labels = torch.full_like(input_ids, IGNORED)
        mask = torch.zeros_like(input_ids)
        for row, target in enumerate(targets):
            stop = n_prompt + len(target)
            input_ids[row, :stop] = torch.tensor(self.prompt_ids + target)
            labels[row, n_prompt:stop] = torch.tensor(target)
            mask[row, :stop] = 1
        return {"input_ids": input_ids, "attention_mask": mask, "labels": labels}


@torch.no_grad()
def speak(
    model: Any, window_tokens: torch.Tensor, prompt_ids: list[int], tokenizer: Any,
    *, max_new_tokens: int = 128, batch_size: int = 128,
) -> list[str]:  # fmt: skip
    """Free-running texts, greedy, of soft tokens `(n, num_window_tokens, text_size)`.

    They end at the token that the training puts behind its texts, whatever the model's own settings say.
    """
    texts: list[str] = []
    prompt = torch.tensor([prompt_ids], device=window_tokens.device)
    how = {"do_sample": False, "max_new_tokens": max_new_tokens}
    ends = {name: getattr(tokenizer, name) for name in ("eos_token_id", "pad_token_id")}
    if any(getattr(model.generation_config, name) != token for name, token in ends.items()):
        how |= ends
    for tokens in window_tokens.split(batch_size):
        texts += tokenizer.batch_decode(decode(model, prompt, tokens, how), skip_special_tokens=True)
    return texts
