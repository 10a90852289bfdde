"""Words of many segments: one greedy loop against `generate`, segment by segment and in batches; int8.

The embedded default and 48 windows of simulated recordings. Every side must give the same texts: the error
is the share of texts that differ from ours. The limit counts the products with the language model's weights.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from neuronarrator_hf.narration.decoding import greedy
from neuronarrator_hf.narration.loading import load_model
from neuronarrator_hf.narration.voice import ModelVoice
from neuronarrator_hf.signal.montage import SITES_1020, electrode_positions
from neuronarrator_hf.signal.windows import EEGWindows
from neuronarrator_hf.simulation.batch import simulate_windows

from .contest import Contest

N_WINDOWS, BATCH = 48, 32
MAX_NEW_TOKENS = 256


def contests(quick: bool) -> Iterator[Contest]:
    model, processor = load_model()
    voice = ModelVoice(model, processor, batch_size=N_WINDOWS)
    heard = voice.listen(simulated_windows(12 if quick else N_WINDOWS), voice.begin())[0]
    n = len(heard.payload)
    texts = voice.speak(heard, range(n))
    n_tokens = sum(len(processor.tokenizer(text)["input_ids"]) + 1 for text in texts)
    prompt = processor(text=processor.prompt(), return_tensors="pt")
    language_model = model.language_model
    n_weights = sum(p.numel() for p in language_model.parameters())
    n_in = prompt["input_ids"].shape[1]
    flops = 2.0 * n_weights * (n * n_in + n_tokens)

    def ours() -> list[str]:
        return voice.speak(heard, range(n))

    def generate(batch_size: int) -> Callable[[], list[str]]:
        def run() -> list[str]:
            made = []
            for first in range(0, n, batch_size):
                part = heard.payload[first : first + batch_size]
                repeated = {k: prompt[k].expand(len(part), -1) for k in ("input_ids", "attention_mask")}
                with torch.inference_mode():
                    ids = model.generate(
                        **repeated, window_tokens=part, do_sample=False, max_new_tokens=MAX_NEW_TOKENS
                    )
                made += processor.tokenizer.batch_decode(ids[:, n_in:], skip_special_tokens=True)
            return [text.strip() for text in made]

        return run

    common: dict[str, Any] = dict(
        n_items=n_tokens, item="tokens", error=share_that_differs, error_limit=0.0, flops=flops
    )
    steps_alone = 4.0 * n_weights * n_tokens
    yield Contest(
        name=f"generation/{n} segments",
        ours=ours,
        peers={"generate, one by one": generate(1)},
        aim=6.0,
        rounds=5,
        note=f"{n_tokens} tokens; one by one reads the weights for each: {steps_alone / 1e9:.1f} GB",
        **common,
    )
    yield Contest(
        name=f"generation/{n} segments batched",
        ours=ours,
        peers={f"generate, batches of {BATCH}": generate(BATCH)},
        **common,
    )
    quantised = int8(model)

    def with_int8() -> list[str]:
        with torch.inference_mode():
            made = greedy(quantised, prompt["input_ids"], heard.payload, MAX_NEW_TOKENS)
        return [text.strip() for text in processor.tokenizer.batch_decode(made, skip_special_tokens=True)]

    exact, coarse = ours(), with_int8()
    yield Contest(
        name=f"generation/{n} segments against int8",
        ours=ours,
        peers={"dynamic int8": with_int8},
        n_items=n_tokens,
        item="tokens",
        note=f"above 1: int8 is slower; {share_that_differs(exact, coarse):.0%} of its texts differ, "
        f"their claim F1 against those of float32 is {claim_f1(exact, coarse):.3f}",
    )


def simulated_windows(n_windows: int) -> EEGWindows:
    """Windows of simulated recordings of six windows each, one after the other."""
    eeg_uv = simulate_windows(n_windows // 6, 6, 11).eeg_uv.reshape(-1, 19, 2000)
    return EEGWindows(
        eeg_uv=eeg_uv,
        ch_names=SITES_1020,
        positions=electrode_positions(SITES_1020),
        start_s=10.0 * np.arange(len(eeg_uv)),
        channel_mask=np.ones(eeg_uv.shape[:2], dtype=bool),
        time_mask=np.ones((len(eeg_uv), 2000), dtype=bool),
    )


def int8(model: Any) -> Any:
    """The model with the linear layers of its language model in int8, activations quantised as they come."""
    quantised = copy.deepcopy(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.ao.quantization.quantize_dynamic(
            quantised.language_model, {torch.nn.Linear}, dtype=torch.qint8, inplace=True
        )
    return quantised


def share_that_differs(ours: list[str], theirs: list[str]) -> float:
    return float(np.mean([a != b for a, b in zip(ours, theirs, strict=True)]))


def claim_f1(wanted: list[str], made: list[str]) -> float:
    """Micro-F1 of what is asserted."""
    from neuronarrator_hf.findings.parse import parse

    n_both = n_wanted = n_made = 0
    for a, b in zip(wanted, made, strict=True):
        first, second = ({c.content() for c in parse(text)} for text in (a, b))
        n_both, n_wanted, n_made = n_both + len(first & second), n_wanted + len(first), n_made + len(second)
    return 2 * n_both / max(n_wanted + n_made, 1)
