"""Numbers of texts against cases counted by hand."""

from __future__ import annotations

import pytest

from neuronarrator_hf.evaluation.numeric_fidelity import count_unlinked, score_numbers
from neuronarrator_hf.findings.parse import parse
from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.findings.write import write_segment

PDR = Claim("posterior_dominant_rhythm", frequency_hz=(9.7, 9.7), amplitude_uv=(62, 62))


def test_by_hand():
    text = "The posterior dominant rhythm is 9.5 Hz with an amplitude of 40 µV. There are LPDs at 2 Hz."
    scores = score_numbers([text], [[PDR]], n_bootstrap=0)
    # 9.5 is 9.7 as clinicians round it; 40 is not within a quarter of 62; LPDs are not there
    assert (scores["n_stated"], scores["n_within_tolerance"], scores["n_exact"]) == (3, 1, 1)
    assert scores["n_unsupported"] == 1 and scores["n_omitted"] == 0
    assert scores["fidelity"] == pytest.approx(1 / 3) and scores["coverage"] == 1.0
    assert scores["per_quantity"]["frequency_hz"]["mean_absolute_error"] == pytest.approx(0.2)
    assert scores["per_quantity"]["amplitude_uv"]["mean_absolute_error"] == pytest.approx(22)


def test_what_is_not_stated_is_omitted():
    scores = score_numbers(["Posterior dominant rhythm is present."], [[PDR]], n_bootstrap=0)
    assert scores["fidelity"] is None and scores["coverage"] == 0.0 and scores["n_omitted"] == 2


def test_the_writer_states_true_numbers_alone():
    texts = [write_segment([PDR], seed=seed) for seed in range(40)]
    scores = score_numbers(texts, [[PDR]] * 40, n_bootstrap=50, seed=1)
    assert scores["fidelity"] == scores["exact"] == 1.0 and scores["unlinked"] == 0
    assert scores["interval_95"]["fidelity"] == [1.0, 1.0]


def test_numbers_that_belong_to_no_claim():
    text = "The patient weighs 12 Hz. The posterior dominant rhythm is 10 Hz."
    assert count_unlinked(text, parse(text)) == (1, 2)


def test_unequal_lengths():
    with pytest.raises(ValueError, match="2 texts for 1 references"):
        score_numbers(["", ""], [[PDR]])
