"""Held-out figures during training, free-running: what decides which checkpoint is best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from ..evaluation.claims import score_claims
from ..evaluation.classification import macro_scores
from ..evaluation.held_out import SimulatedRecordings, held_out
from ..findings.vocabulary import FINDING_IDS
from .texts import speak
from .trends import with_trends

VALIDATION_SET, CALIBRATION_SET = 900, 901
"""Held-out sets of the training itself; the evaluation uses others."""


class Validation:
    """Simulated recordings on which checkpoints are compared.

    Args:
        n_recordings: How many.
        n_windows: Windows of each.
        trend_windows: As in the training, see `trends.with_trends`.
    """

    def __init__(self, n_recordings: int, n_windows: int, trend_windows: int = 0) -> None:
        self.n_recordings, self.n_windows, self.trend_windows = n_recordings, n_windows, trend_windows
        self.samples: list[str] = []
        self._recordings: dict[int, SimulatedRecordings] = {}
        self._inputs: dict[int, dict[str, torch.Tensor]] = {}

    def recordings(self, number: int, factor: int = 1) -> SimulatedRecordings:
        """A held-out set, simulated at its first use."""
        if number not in self._recordings:
            made = held_out(self.n_recordings * factor, self.n_windows, number)
            claims = [with_trends(recording, self.trend_windows) for recording in made.claims]
            self._recordings[number] = replace(made, claims=claims)
        return self._recordings[number]

    def language(self, parts: Any) -> dict[str, float]:
        """Texts from true findings against these findings: what the wording alone loses."""
        from ..models.finding_targets import encode_claims, stack_targets

        truth = self.recordings(VALIDATION_SET).flat_claims()
        device = next(parts.model.parameters()).device
        targets = {
            k: v.to(device) for k, v in stack_targets([encode_claims(claims) for claims in truth]).items()
        }
        tokens = parts.model.model.tokens_of_findings(targets)
        return self._score_texts(parts, tokens, truth)

    def eeg(self, parts: Any, *, worded: bool) -> dict[str, float]:
        """Heads, retrieval and narratives of every window."""
        recordings = self.recordings(VALIDATION_SET)
        logits, tokens, embedded = self._listen(parts, VALIDATION_SET, recordings)
        label = _labels(recordings)
        heads = macro_scores(1 / (1 + np.exp(-logits)), label, FINDING_IDS, min_positives=5)
        figures = {
            "head_macro_f1": heads["macro_f1"] or 0.0,
            "head_macro_auroc": heads["macro_auroc"] or 0.0,
            "retrieval_at_1": _retrieval(*embedded),
        }
        if not worded:
            return {**figures, "score": (figures["head_macro_f1"] + figures["head_macro_auroc"]) / 2}
        figures |= self._score_texts(parts, tokens, recordings.flat_claims())
        return figures

    def presence(self, parts: Any) -> tuple[np.ndarray, np.ndarray]:
        """Logits and labels `(n, n_findings)` of presence on recordings that no checkpoint was chosen by."""
        recordings = self.recordings(CALIBRATION_SET, factor=2)
        parts.model.eval()
        with torch.no_grad():
            logits, _, _ = self._listen(parts, CALIBRATION_SET, recordings)
        return logits, _labels(recordings)

    def _listen(
        self, parts: Any, number: int, recordings: SimulatedRecordings
    ) -> tuple[np.ndarray, torch.Tensor, tuple]:
        """Presence logits, soft tokens, and both embeddings of all windows."""
        device = next(parts.model.parameters()).device
        if number not in self._inputs:
            mask = np.ones(recordings.eeg_uv.shape[:3], bool)
            self._inputs[number] = parts.encode(recordings.eeg_uv, mask)
        inputs, logits, tokens, waveform, topomap = self._inputs[number], [], [], [], []
        for start in range(0, len(recordings.eeg_uv), 16):
            part = {name: value[start : start + 16].to(device) for name, value in inputs.items()}
            features = parts.model.get_window_features(**part)
            logits.append(features.finding_logits["presence"].flatten(0, 1).float().cpu())
            tokens.append(features.window_tokens.flatten(0, 1))
            maps = part["topomap_values"].flatten(0, 1)
            a, b, _ = parts.alignment(features.embeddings.flatten(0, 1), maps)
            waveform.append(a.float().cpu())
            topomap.append(b.float().cpu())
        return torch.cat(logits).numpy(), torch.cat(tokens), (torch.cat(waveform), torch.cat(topomap))

    def _score_texts(self, parts: Any, tokens: torch.Tensor, truth: list) -> dict[str, float]:
        from ..findings.parse import parse

        texts = speak(parts.model, tokens, parts.prompt_ids, parts.processor.tokenizer)
        self.samples = [texts[i] for i in range(0, len(texts), max(1, len(texts) // 12))]
        scores = score_claims([parse(text) for text in texts], truth, n_bootstrap=0)
        rhythm = scores["pdr_frequency"]["within_0.5_hz"]
        return {
            "claim_f1": scores["f1"],
            "claim_macro_f1": scores["macro_f1"],
            "claim_precision": scores["precision"],
            "claim_recall": scores["recall"],
            "pdr_within_0.5_hz": -1.0 if rhythm is None else rhythm,
            "side_accuracy": scores["attributes"]["side"]["accuracy"] or 0.0,
            "score": (scores["f1"] + _weighed_f1(scores["per_finding"])) / 2,
        }


def _weighed_f1(per_finding: Mapping[str, Mapping[str, float]]) -> float:
    """Mean F1 of the findings, each weighed by the root of how often it is true.

    Of few recordings the plain mean is mostly chance: a finding that occurs once is 0 or 1, one that does not
    occur is 0 for a single false claim.
    """
    weights = {finding: scores["support"] ** 0.5 for finding, scores in per_finding.items()}
    total = sum(scores["f1"] * weights[finding] for finding, scores in per_finding.items())
    return total / max(sum(weights.values()), 1e-9)


def _labels(recordings: SimulatedRecordings) -> np.ndarray:
    present = [{c.finding for c in claims if c.is_present} for claims in recordings.flat_claims()]
    return np.array([[finding in found for finding in FINDING_IDS] for found in present])


def _retrieval(waveform: torch.Tensor, topomap: torch.Tensor, among: int = 256) -> float:
    """Share of windows whose own map is nearest among 256."""
    a = torch.nn.functional.normalize(waveform[:among], dim=-1)
    b = torch.nn.functional.normalize(topomap[:among], dim=-1)
    return float(((a @ b.T).argmax(-1) == torch.arange(len(a))).float().mean())
