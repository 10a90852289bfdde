"""The pipeline `zero-shot-eeg-classification`: recordings to scores of labels given in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ..findings.measure import measure_windows
from ..findings.parse import parse
from ..findings.schema import Claim
from ..narration.confidence import combined_probabilities, confidence_of, logit
from ..narration.engine import HISTORY_MODES
from ..narration.likelihood import text_log_likelihoods
from ..narration.voice import ModelVoice
from ..recording.reading import Recording, read_recording
from ..recording.windows import iter_windows
from ..simulation.batch import simulate_windows
from .eeg_pipeline import EEGPipeline, check_parameters, one_of

METHODS = ("findings", "likelihood")
TEMPLATE = "There is {}."
_FORWARD = ("candidate_labels", "hypothesis_template", "method", "multi_label", "history", "age_years")
N_REFERENCE, REFERENCE_SEED = 24, 20
"""Simulated windows whose mean likelihood is what a text is worth before anything is seen."""


class ZeroShotEEGClassificationPipeline(EEGPipeline):
    """Scores labels that nobody trained on: `pipeline("zero-shot-eeg-classification")`.

    Called with a recording and `candidate_labels`; the result is a list of `{"label", "score"}`, best
    first, as of the image pipeline of that name. With `return_chunks=True` it is a dict of `labels` (that
    list) and `chunks`, each with `timestamp` and the `labels` of that window.

    Two methods:

    * `findings` (default): the label, put into `hypothesis_template`, is read as claims of the closed
      vocabulary, and scored by the calibrated probability that network and measurement give them
      together. A window in which a claim cannot be judged does not count; a label that can be judged in
      none scores None. Labels that are no finding, or that name a side, place or rate, are refused.
    * `likelihood`: by how much the model finds the text likelier for these windows than for EEG at large
      (simulated, of every kind). Takes any words; far weaker.

    Parameters of a call or of the constructor: `candidate_labels` (a list, or one text with commas),
    `hypothesis_template` (with `{}` for the label), `method`, `multi_label` (each label by itself, its
    probability for score, in place of shares that sum to one; `findings` only), `return_chunks`,
    `history`, `age_years`, `batch_size` (windows taken at a time).
    """

    def _sanitize_parameters(
        self, window_batch_size: int | None = None, **kwargs: Any
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        check_parameters("zero-shot-eeg-classification", kwargs, (*_FORWARD, "return_chunks"))
        one_of("method", kwargs.get("method", METHODS[0]), METHODS)
        one_of("history", kwargs.get("history", "ssm"), HISTORY_MODES)
        if "{}" not in str(kwargs.get("hypothesis_template", TEMPLATE)):
            raise ValueError(f"hypothesis_template must hold {{}}, got {kwargs['hypothesis_template']!r}")
        forward = {name: value for name, value in kwargs.items() if name in _FORWARD}
        if "candidate_labels" in forward:
            forward["candidate_labels"] = _labels(forward["candidate_labels"])
        if window_batch_size is not None:
            forward["batch_size"] = window_batch_size
        return {}, forward, {name: value for name, value in kwargs.items() if name == "return_chunks"}

    def _forward(
        self,
        model_inputs: Mapping[str, Recording],
        candidate_labels: Sequence[str] = (),
        hypothesis_template: str = TEMPLATE,
        method: str = METHODS[0],
        multi_label: bool = False,
        history: str = "ssm",
        age_years: float | None = None,
        batch_size: int = 32,
    ) -> dict[str, Any]:
        if not candidate_labels:
            raise ValueError("candidate_labels is missing: name the labels to choose among")
        if multi_label and method == "likelihood":
            raise ValueError("multi_label needs method='findings': a likelihood is no probability of a label")
        texts = [hypothesis_template.format(label) for label in candidate_labels]
        claims = [_claims(text) for text in texts] if method == "findings" else []
        voice = ModelVoice(self.model, self.processor, history=history, batch_size=batch_size)
        state, logits, timestamps = voice.begin(), [], []
        for block in iter_windows(model_inputs["recording"]):
            heard, state = voice.listen(block, state)
            if method == "likelihood":
                logits.append(self._gain(heard.payload, texts, voice))
            else:
                measured = measure_windows(block, age_years=age_years)
                both = [
                    combined_probabilities(network, one.claims)
                    for network, one in zip(heard.probabilities, measured, strict=True)
                ]
                logits.append(np.array([[_log_odds(label, known) for label in claims] for known in both]))
            timestamps += list(zip(block.start_s.tolist(), block.end_s.tolist(), strict=True))
        return {
            "multi_label": multi_label,
            "labels": list(candidate_labels),
            "logits": np.concatenate(logits),
            "timestamps": timestamps,
        }

    def _gain(self, window_tokens: Any, texts: Sequence[str], voice: ModelVoice) -> np.ndarray:
        """Mean nats per token by which each text is likelier for the windows than for EEG at large."""
        scores = [
            text_log_likelihoods(self.model, self.processor, tokens, texts, batch_size=voice.batch_size)
            for tokens in (window_tokens, self._reference_tokens(voice))
        ]
        return scores[0] - scores[1].mean(axis=0)

    def _reference_tokens(self, voice: ModelVoice) -> Any:
        import torch

        blocks = (next(iter_windows(recording)) for recording in _reference_recordings())
        return torch.cat([voice.listen(block, voice.begin())[0].payload for block in blocks])

    def postprocess(
        self, model_outputs: dict[str, Any], return_chunks: bool = False
    ) -> list[dict[str, Any]] | dict[str, Any]:
        """Scores of the recording, and of its windows where asked for."""
        labels, logits, multi_label = (model_outputs[k] for k in ("labels", "logits", "multi_label"))
        judged = np.isfinite(logits).any(axis=0)
        mean = np.full(len(labels), np.nan)
        mean[judged] = np.nanmean(logits[:, judged], axis=0)
        told = _ranked(labels, mean, multi_label)
        if not return_chunks:
            return told
        chunks = [
            {"timestamp": when, "labels": _ranked(labels, row, multi_label)}
            for when, row in zip(model_outputs["timestamps"], logits, strict=True)
        ]
        return {"labels": told, "chunks": chunks}


def _labels(labels: str | Sequence[str]) -> list[str]:
    """Labels of a list, or of one text with commas."""
    if not isinstance(labels, Sequence) or not all(isinstance(label, str) for label in labels):
        raise ValueError(f"candidate_labels must be texts, got {labels!r}")
    told = [label.strip() for label in (labels.split(",") if isinstance(labels, str) else labels)]
    if not told or not all(told) or len(set(told)) < len(told):
        raise ValueError(f"candidate_labels must be different texts that are not empty, got {labels!r}")
    return told


def _claims(text: str) -> tuple[Claim, ...]:
    """What a hypothesis claims.

    Raises:
        ValueError: Nothing of the vocabulary, or more than that a finding is there or is not.
    """
    claims = tuple(claim.with_(span=None) for claim in parse(text))
    if not claims:
        raise ValueError(
            f"{text!r} names no finding of the vocabulary; word it otherwise, or choose method='likelihood'"
        )
    for claim in claims:
        bare = Claim(claim.finding, claim.polarity)
        if claim.polarity == "not_assessed" or claim.content() != bare.content():
            raise ValueError(
                f"{text!r} says more than whether {claim.finding} is there; name the finding alone, "
                "or choose method='likelihood'"
            )
    return claims


def _log_odds(claims: Sequence[Claim], probabilities: Mapping[str, float]) -> float:
    """Log-odds of the least likely of the claims; not-a-number where one of them cannot be judged."""
    each = [confidence_of(claim, probabilities) for claim in claims]
    known = [p for p in each if p is not None]
    if len(known) < len(each):
        return float("nan")
    return logit(min(known))


def _ranked(labels: Sequence[str], logits: np.ndarray, multi_label: bool) -> list[dict[str, Any]]:
    """Labels with their scores, best first; those that could not be judged last, without a score."""
    judged = [i for i in range(len(labels)) if np.isfinite(logits[i])]
    values = logits[judged]
    if multi_label:
        scores = 1.0 / (1.0 + np.exp(-values))
    else:
        odds = np.exp(values - values.max()) if len(values) else values
        scores = odds / odds.sum() if len(values) else values
    order = sorted(range(len(judged)), key=lambda i: -scores[i])
    told = [{"label": labels[judged[i]], "score": float(scores[i])} for i in order]
    return told + [{"label": labels[i], "score": None} for i in range(len(labels)) if i not in judged]


@lru_cache(maxsize=1)
def _reference_recordings() -> tuple[Recording, ...]:
    """Windows of every kind the simulator knows, the same at every call."""
    simulated = simulate_windows(N_REFERENCE, 1, REFERENCE_SEED)
    return tuple(
        read_recording(
            {"array": eeg_uv[0], "sampling_rate": 200.0, "ch_names": list(simulated.ch_names), "units": "uV"}
        )
        for eeg_uv in simulated.eeg_uv
    )
