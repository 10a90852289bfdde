"""A fluent parody with false claims scores worse than a terse true text, where word overlap is fooled."""

from __future__ import annotations

from itertools import pairwise

from neuronarrator_hf.evaluation.claims import score_texts
from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.findings.write import write_segment

TRUTH = [
    Claim("eyes_closed"),
    Claim("posterior_dominant_rhythm", frequency_hz=(10, 10), amplitude_uv=(40, 40)),
    Claim("focal_slowing", side="left", regions=("temporal",), frequency_hz=(3, 3), prevalence="frequent"),
    Claim("abnormal"),
]


def bigrams(text):
    words = text.split()
    return set(pairwise(words))


def overlap(a, b):
    return len(bigrams(a) & bigrams(b)) / max(len(bigrams(a)), 1)


def test_parody_is_worse_than_terse_truth():
    reference = write_segment(TRUTH, seed=0, variety=0.0)
    parody = write_segment(
        [
            Claim("eyes_open"),
            TRUTH[1].with_(frequency_hz=(7, 7)),
            TRUTH[2].with_(side="right"),
            Claim("generalized_delta_slowing", frequency_hz=(2, 2), prevalence="continuous"),
            Claim("abnormal"),
        ],
        seed=0,
        variety=0.0,
    )
    terse = write_segment(TRUTH, seed=5, variety=1.0)
    fooled = overlap(parody, reference) > overlap(terse, reference)
    assert fooled, (reference, parody, terse)
    false = score_texts([parody], [TRUTH], n_bootstrap=0)
    true = score_texts([terse], [TRUTH], n_bootstrap=0)
    assert true["f1"] == 1.0 and false["f1"] < 0.8
    assert false["contradicted"] > true["contradicted"] == 0
    assert false["pdr_frequency"]["within_0.5_hz"] == 0.0
