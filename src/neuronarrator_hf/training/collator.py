"""Batches for `transformers.Trainer` and TRL: EEG and texts as they are, to the inputs of the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..findings.schema import Claim
from ..models.finding_targets import encode_claims, stack_targets
from ..models.processing_neuronarrator import TASK_INSTRUCTION
from .texts import TextEncoder


class NarrationCollator:
    """Examples to `input_ids`, `labels`, the EEG inputs and the targets of the finding heads.

    An example is a mapping with `eeg` (what the feature extractor takes, such as `{"array": ...,
    "sampling_rate": 200, "ch_names": [...]}`; its last window is narrated), or with the columns `eeg_uv`
    and `ch_names` of a corpus row; `text`; and, to train the finding heads too, `claims`, a list per window.

    Args:
        processor: `NeuroNarratorProcessor`.
        max_tokens: Longest prompt and text.
        instruction: What the model is asked to do.
    """

    def __init__(self, processor: Any, max_tokens: int = 512, instruction: str = TASK_INSTRUCTION) -> None:
        self.processor = processor
        prompt = processor.tokenizer(processor.expand(processor.prompt(instruction)))["input_ids"]
        self.encode_text = TextEncoder(prompt, processor.tokenizer, max_tokens)

    def __call__(self, examples: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Inputs of the model, padded.

        Raises:
            ValueError: Some examples have claims and others have none, or not one list per window.
        """
        extractor = self.processor.feature_extractor
        batch: dict[str, Any] = dict(extractor([_eeg(e) for e in examples], return_tensors="pt"))
        batch |= self.encode_text([example["text"] for example in examples])
        told = [example.get("claims") for example in examples]
        if all(claims is None for claims in told):
            return batch
        n_windows = batch["window_mask"].shape[1]
        targets = []
        for i, claims in enumerate(told):
            n = int(batch["window_mask"][i].sum())
            if claims is None or len(claims) != n:
                raise ValueError(
                    f"example {i} has {'no' if claims is None else len(claims)} lists of claims for {n} "
                    "windows; give one list per window in every example, or claims in none"
                )
            targets += [encode_claims([])] * (n_windows - n)  # padding stands before the first window
            targets += [encode_claims([_claim(c) for c in window]) for window in claims]
        stacked = stack_targets(targets)
        batch["finding_targets"] = {k: v.unflatten(0, (len(told), n_windows)) for k, v in stacked.items()}
        return batch


def _eeg(example: Mapping[str, Any]) -> Any:
    if "eeg" in example:
        return example["eeg"]
    return {
        "array": np.asarray(example["eeg_uv"], np.float32),
        "sampling_rate": 200.0,
        "ch_names": list(example["ch_names"]),
        "units": "uV",
    }


def _claim(claim: Claim | Mapping[str, Any]) -> Claim:
    return claim if isinstance(claim, Claim) else Claim.from_dict(dict(claim))


__all__ = ["NarrationCollator"]
