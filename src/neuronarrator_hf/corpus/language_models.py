"""Language models that word findings: one of transformers, or one behind an address of the user's own."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from functools import lru_cache
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import Request, urlopen

Generate = Callable[[str, int], str]
"""`(prompt, seed) -> text`."""

KEY = "NEURONARRATOR_WRITER_KEY"
"""Variable of the environment that holds the key of an endpoint."""
MAX_NEW_TOKENS = 256
TRIES = 4
"""How often an endpoint is asked that does not answer, or that is busy."""
_WAIT_S = 1.0
"""Before the second try; doubles each time."""
_TIMEOUT_S = 120.0
_BUSY = (408, 425, 429, 500, 502, 503, 504)


class WriterError(ValueError):
    """A language model cannot be had; one line with what, why and the remedy."""


@lru_cache(maxsize=2)
def from_transformers(model: str) -> Generate:
    """A text-generation model by its name or folder, loaded once a process; a chat template of its is used.

    Raises:
        WriterError: It cannot be loaded.
    """
    from transformers import AutoTokenizer, pipeline, set_seed

    try:
        tokenizer = AutoTokenizer.from_pretrained(model)
        generator = pipeline("text-generation", model=model, tokenizer=tokenizer)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise WriterError(
            f"{model}: is no text-generation model that can be loaded ({reason}); give the name of one, or "
            "its folder"
        ) from None
    longest = getattr(generator.model.config, "max_position_embeddings", None)

    def generate(prompt: str, seed: int) -> str:
        if tokenizer.chat_template:
            messages = [{"role": "user", "content": prompt}]
            asked = str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))
        else:
            asked = f"{prompt}\n\nParagraph: "
        n_tokens = len(tokenizer(asked, add_special_tokens=not tokenizer.chat_template)["input_ids"])
        room = MAX_NEW_TOKENS if longest is None else min(MAX_NEW_TOKENS, longest - n_tokens)
        if room < 1:
            raise WriterError(
                f"{model}: reads {longest} tokens, and the findings need {n_tokens}; give another model"
            )
        set_seed(seed)
        told = generator(asked, max_new_tokens=room, do_sample=True, return_full_text=False,
                         add_special_tokens=not tokenizer.chat_template)  # fmt: skip
        return str(told[0]["generated_text"])

    return generate


def from_endpoint(address: str, model: str) -> Generate:
    """A model behind an OpenAI-compatible address; one that is busy or away is asked again for some seconds.

    Raises:
        WriterError: When asked: it does not answer, or not in that protocol.
    """
    headers = {"Content-Type": "application/json"}
    if key := os.environ.get(KEY):
        headers["Authorization"] = f"Bearer {key}"
    url = address.rstrip("/") + "/chat/completions"

    def generate(prompt: str, seed: int) -> str:
        messages = [{"role": "user", "content": prompt}]
        asked = {"model": model, "messages": messages, "seed": seed, "max_tokens": MAX_NEW_TOKENS}
        answer = _answered(Request(url, json.dumps(asked).encode(), headers))
        try:
            return str(json.loads(answer)["choices"][0]["message"]["content"] or "")
        except (ValueError, LookupError, TypeError):
            raise WriterError(
                f"{url}: the answer has no choices[0].message.content; give the address of an "
                "OpenAI-compatible server, such as http://127.0.0.1:8000/v1"
            ) from None

    return generate


def _answered(request: Request) -> bytes:
    reason = ""
    for attempt in range(TRIES):
        if attempt:
            time.sleep(_WAIT_S * 2 ** (attempt - 1))
        try:
            with urlopen(request, timeout=_TIMEOUT_S) as answer:
                return bytes(answer.read())
        except HTTPError as error:
            reason = f"{error.code} {error.reason}"
            error.close()
            if error.code not in _BUSY:
                raise WriterError(
                    f"{request.full_url}: answers {reason}; check the address, the model's name and {KEY}"
                ) from None
        except (OSError, HTTPException) as error:
            reason = str(getattr(error, "reason", None) or error or type(error).__name__)
    raise WriterError(
        f"{request.full_url}: does not answer ({reason}); start the server and run the same command again, "
        "and it continues"
    )
