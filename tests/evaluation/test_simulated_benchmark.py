"""The benchmark on simulated recordings: the truth, spoken back, has full marks in numbers and words."""

from __future__ import annotations

import pytest

from neuronarrator_hf.evaluation import simulated
from neuronarrator_hf.evaluation.held_out import held_out
from neuronarrator_hf.findings.select import select_for_text, with_absences
from neuronarrator_hf.findings.write import write_segment
from neuronarrator_hf.narration.voice import MeasuredVoice


@pytest.fixture(scope="module")
def recordings():
    return held_out(3, 2, 7)


def test_the_true_narrative_scores_full_marks(recordings) -> None:
    truth = recordings.flat_claims()
    texts = [write_segment(select_for_text(with_absences(t)), variety=0.0) for t in truth]
    numbers, overlap = simulated.text_scores(texts, truth, list(range(len(truth))))
    assert numbers["fidelity"] == 1.0 and numbers["n_stated"] > 0
    assert numbers["coverage"] > 0.5  # a paragraph leaves out the waking rhythms of sleep
    if overlap is not None:
        assert overlap["scores"]["bleu"] == pytest.approx(100.0)
        assert overlap["prior"]["bleu"] < 90


def test_a_wrong_number_costs_fidelity(recordings) -> None:
    truth = recordings.flat_claims()
    texts = ["The posterior dominant rhythm is 3 Hz."] * len(truth)
    numbers, _ = simulated.text_scores(texts, truth, list(range(len(truth))))
    assert numbers["fidelity"] == 0.0 and numbers["coverage"] < 0.5


def test_result_and_table(recordings) -> None:
    result = simulated.evaluate_simulated(
        MeasuredVoice(), recordings=recordings, controls=False, n_bootstrap=0
    )
    assert result["windows"] == 6 and len(result["texts"][0]["texts"]) == 6
    table = simulated.to_markdown(result)
    assert "| numbers within tolerance" in table and "| bleu |" in table and "| verify |" in table
