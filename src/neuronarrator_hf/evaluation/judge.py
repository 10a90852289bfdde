"""An optional judge: another language model reads the narratives, and its agreement with the parser is told.

No score of a benchmark rests on it. What it is for: to see whether the parsed claims are what another reader
takes from the text.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..findings.parse import parse
from ..findings.vocabulary import FINDING_IDS, VOCABULARY

Judge = Callable[[str], str]
"""A prompt to an answer."""
KEY_VARIABLE = "NEURONARRATOR_JUDGE_KEY"
_LIST = re.compile(r"\[[^\[\]]*\]")
_PROMPT = """Below is a paragraph of an EEG report and a list of findings with their ids.
Which of the findings does the paragraph say are present? Leave out what it says is absent or not assessed.
Answer with a JSON list of ids and nothing else, such as ["normal"].

Findings:
{findings}

Paragraph:
{text}

Answer:"""


def load_judge(name: str) -> Judge:
    """A judge by name.

    Args:
        name: Hub name or folder of a causal language model of transformers, or `URL#MODEL` of a server
            that speaks the chat completions of OpenAI; its key is read from the variable
            `NEURONARRATOR_JUDGE_KEY`.
    """
    return _server(*name.split("#", 1)) if name.startswith(("http://", "https://")) else _transformers(name)


def judge_agreement(judge: Judge, texts: Sequence[str]) -> dict[str, Any]:
    """Agreement of a judge with the parsed claims, over all pairs of text and finding.

    Args:
        judge: Answers prompts.
        texts: Narratives.

    Returns:
        `kappa`, `f1` (of the judge's findings against the parsed ones), `texts`, `unreadable` (answers that
        were no list; left out of the figures), `unknown_ids`, and `disagreements` by finding: `judge_only`,
        `parser_only`.
    """
    rows: list[tuple[np.ndarray, np.ndarray]] = []
    unreadable = unknown = 0
    listed = "\n".join(f"{f}: {VOCABULARY[f].name}" for f in FINDING_IDS)
    for text in texts:
        answer = _LIST.search(judge(_PROMPT.format(findings=listed, text=text)))
        try:
            ids = json.loads(answer.group()) if answer else None
        except json.JSONDecodeError:
            ids = None
        if ids is None:
            unreadable += 1
            continue
        unknown += sum(i not in FINDING_IDS for i in ids)
        parsed = {c.finding for c in parse(text) if c.is_present}
        rows.append((np.isin(FINDING_IDS, list(map(str, ids))), np.isin(FINDING_IDS, list(parsed))))
    result: dict[str, Any] = {"texts": len(texts), "unreadable": unreadable, "unknown_ids": unknown}
    if not rows:
        return {**result, "kappa": None, "f1": None, "disagreements": {}}
    said, parsed_too = (np.stack(side) for side in zip(*rows, strict=True))
    both = float((said & parsed_too).sum())
    observed = float((said == parsed_too).mean())
    chance = said.mean() * parsed_too.mean() + (1 - said.mean()) * (1 - parsed_too.mean())
    only_judge, only_parser = (said & ~parsed_too).sum(0), (parsed_too & ~said).sum(0)
    return {
        **result,
        "kappa": float((observed - chance) / (1 - chance)) if chance < 1 else 1.0,
        "f1": 2 * both / max(float(said.sum() + parsed_too.sum()), 1.0),
        "disagreements": {
            f: {"judge_only": int(a), "parser_only": int(b)}
            for f, a, b in zip(FINDING_IDS, only_judge, only_parser, strict=True)
            if a or b
        },
    }


def _server(url: str, model: str | None = None) -> Judge:
    import httpx

    address = f"{url.rstrip('/')}/chat/completions"
    headers = {"Authorization": f"Bearer {key}"} if (key := os.environ.get(KEY_VARIABLE)) else {}

    def ask(prompt: str) -> str:
        asked: dict[str, Any] = {
            "messages": [{"role": "user", "content": prompt}],
            "max_tokens": 256,
            "temperature": 0.0,
        }
        if model:
            asked["model"] = model
        try:
            answer = httpx.post(address, json=asked, headers=headers, timeout=120.0).raise_for_status()
            return str(answer.json()["choices"][0]["message"]["content"] or "")
        except (httpx.HTTPError, json.JSONDecodeError, KeyError, IndexError, TypeError) as error:
            raise ValueError(
                f"the judge at {address} gave no chat completion ({type(error).__name__}: {error}); "
                "check the address, the model after # and the key"
            ) from error

    return ask


def _transformers(name: str) -> Judge:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    try:
        tokenizer, model = (
            AutoTokenizer.from_pretrained(name),
            AutoModelForCausalLM.from_pretrained(name).eval(),
        )
    except OSError as error:
        raise ValueError(f"judge {name!r} cannot be loaded ({str(error).splitlines()[0]})") from error

    def ask(prompt: str) -> str:
        inputs: Any
        if tokenizer.chat_template:
            messages = [{"role": "user", "content": prompt}]
            inputs = tokenizer.apply_chat_template(
                messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
            )
        else:
            inputs = tokenizer(prompt, return_tensors="pt")
        inputs = {k: v.to(model.device) for k, v in inputs.items() if k in ("input_ids", "attention_mask")}
        with torch.inference_mode():
            ids = model.generate(**inputs, max_new_tokens=256, do_sample=False)
        return str(tokenizer.decode(ids[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True))

    return ask
