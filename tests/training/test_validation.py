"""The score that chooses a checkpoint: common findings count for more, one false claim for little."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from neuronarrator_hf.evaluation.held_out import SimulatedRecordings
from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.training import validation
from neuronarrator_hf.training.trends import with_trends
from neuronarrator_hf.training.validation import Validation

PARTS = SimpleNamespace(model=None, prompt_ids=None, processor=SimpleNamespace(tokenizer=None))


def scored(monkeypatch, texts: list[str], truth: list[list[Claim]]) -> dict[str, float]:
    monkeypatch.setattr(validation, "speak", lambda *_: texts)
    return Validation(1, len(texts))._score_texts(PARTS, torch.zeros(len(texts)), truth)


def test_findings_weigh_by_the_root_of_how_often_they_are_true(monkeypatch):
    truth = [[Claim("normal")]] * 16 + [[Claim("lpd")]]
    figures = scored(monkeypatch, ["Normal EEG."] * 16 + ["The recording is abnormal."], truth)
    assert figures["claim_f1"] == pytest.approx(2 * 16 / (2 * 16 + 2))
    assert figures["claim_macro_f1"] == pytest.approx(1 / 3)
    assert figures["score"] == pytest.approx((figures["claim_f1"] + 4 / (4 + 1)) / 2)


def test_every_window_is_worded(monkeypatch):
    monkeypatch.setattr(validation, "held_out", lambda n, n_windows, number: held_out(n, n_windows))
    monkeypatch.setattr(validation, "speak", lambda model, tokens, *_: ["Normal EEG."] * len(tokens))
    parts = SimpleNamespace(**vars(PARTS), encode=lambda *_: {"topomap_values": torch.zeros(3, 4, 1)})
    parts.model = SimpleNamespace(get_window_features=lambda **_: features())
    parts.model.parameters = lambda: iter([torch.zeros(1)])
    parts.alignment = lambda embeddings, maps: (embeddings, embeddings, 1.0)
    checked = Validation(3, 4)
    figures = checked.eeg(parts, worded=True)
    assert (figures["claim_precision"], figures["claim_recall"]) == (1.0, 0.5)
    assert len(checked.samples) == 12


def test_trends_are_those_of_the_training(monkeypatch):
    monkeypatch.setattr(validation, "held_out", lambda n, n_windows, number: held_out(n, n_windows))
    assert Validation(3, 4, 2).recordings(0).claims == [with_trends(slowing(4), 2)] * 3
    assert Validation(3, 4).recordings(0).claims == [slowing(4)] * 3


def slowing(n_windows: int) -> list[list[Claim]]:
    return [
        [Claim("normal"), Claim("lrda", frequency_hz=(3.0 - 0.3 * w,) * 2, confidence=1.0)]
        for w in range(n_windows)
    ]


def held_out(n: int, n_windows: int) -> SimulatedRecordings:
    return SimulatedRecordings(torch.zeros(n, n_windows, 19, 4).numpy(), [slowing(n_windows)] * n)


def features() -> SimpleNamespace:
    presence = torch.zeros(3, 4, len(validation.FINDING_IDS))
    return SimpleNamespace(
        finding_logits={"presence": presence},
        window_tokens=torch.zeros(3, 4, 1, 2),
        embeddings=torch.ones(3, 4, 2),
    )
