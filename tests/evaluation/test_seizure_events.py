"""SzCORE: cases by hand, and the same counts as its own library."""

from __future__ import annotations

import numpy as np
import pytest
from timescoring.annotations import Annotation
from timescoring.scoring import EventScoring, SampleScoring

from neuronarrator_hf.evaluation.seizure_events import events_of, merge_events, score_events


def test_by_hand():
    """Found 20 s early (allowed), one false event, one missed seizure in another subject; a day in all."""
    scores = score_events(
        [[(80, 90), (400, 420)], []],
        [[(100, 200)], [(1000, 1060)]],
        [43200, 43200],
        groups=["a", "b"],
        n_bootstrap=0,
    )
    event = scores["event"]
    assert (event["true_events"], event["tp"], event["fp"]) == (2, 1, 1)
    assert event["pooled"] == {
        "sensitivity": 0.5,
        "precision": 0.5,
        "f1": 0.5,
        "false_positives_per_day": 1.0,
    }
    assert event["per_subject"]["sensitivity"] == 0.5  # (1 + 0) / 2
    assert event["per_subject"]["precision"] == 0.5  # subject b claims nothing: undefined there
    assert event["per_subject"]["f1"] == pytest.approx((2 / 3 + 0) / 2)
    assert event["per_subject"]["false_positives_per_day"] == pytest.approx((2 + 0) / 2)
    # seconds: nothing of 100-200 or 1000-1060 is said, 30 said seconds are false
    assert (scores["sample"]["tp"], scores["sample"]["fp"], scores["sample"]["true_events"]) == (0, 30, 160)


def test_same_counts_as_timescoring():
    rng = np.random.default_rng(3)
    for _ in range(20):
        events = []
        for _ in range(2):
            edges = np.sort(rng.choice(np.arange(1, 3600), 12, replace=False)).astype(float)
            events.append([(a, b) for a, b in edges.reshape(-1, 2).tolist()])
        ours = score_events([events[1]], [events[0]], [3600], n_bootstrap=0)
        annotations = [Annotation(e, 1, 3600) for e in events]
        for level, theirs in (("event", EventScoring), ("sample", SampleScoring)):
            theirs = theirs(*annotations)
            assert ours[level]["pooled"]["sensitivity"] == pytest.approx(theirs.sensitivity)
            assert ours[level]["pooled"]["precision"] == pytest.approx(theirs.precision)
            assert ours[level]["pooled"]["f1"] == pytest.approx(theirs.f1)
            assert ours[level]["pooled"]["false_positives_per_day"] == pytest.approx(theirs.fpRate)


def test_nothing_to_find_is_undefined_not_zero():
    pooled = score_events([[]], [[]], [3600], n_bootstrap=0)["event"]["pooled"]
    assert pooled["sensitivity"] is pooled["precision"] is pooled["f1"] is None
    assert pooled["false_positives_per_day"] == 0.0


def test_nested_and_unordered_events():
    assert merge_events([(50, 60), (0, 100), (200, 210), (205, 220)]) == [(0, 100), (200, 220)]
    nested = score_events([[(0, 100), (10, 20)]], [[(0, 100)]], [3600], n_bootstrap=0)
    assert nested["sample"]["tp"] == 100 and nested["sample"]["fp"] == 0
    with pytest.raises(ValueError, match="ends before it starts"):
        merge_events([(5, 4)])


def test_intervals_resample_subjects():
    scores = score_events(
        [[(100, 200)], [], [(100, 200)]],
        [[(100, 200)]] * 3,
        [3600] * 3,
        groups=["a", "b", "c"],
        n_bootstrap=200,
    )
    low, high = scores["event"]["interval_95"]["sensitivity"]
    assert scores["event"]["per_subject"]["sensitivity"] == pytest.approx(2 / 3)
    assert low < 2 / 3 < high


def test_events_of_a_narration():
    events = [
        {"onset_s": 10.0, "duration_s": 30.0, "finding": "electrographic_seizure"},
        {"onset_s": 50.0, "duration_s": 1.0, "finding": "spikes"},
    ]
    assert events_of({"events": events}) == [(10.0, 40.0)]
