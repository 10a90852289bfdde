"""Slow changes of the simulated truth: told as corpus rows tell them, and worded and parsed back."""

from __future__ import annotations

import pytest

from neuronarrator_hf.corpus.history import TRENDS, History
from neuronarrator_hf.findings.parse import parse
from neuronarrator_hf.findings.quantise import quantise
from neuronarrator_hf.findings.schema import Change, Claim
from neuronarrator_hf.findings.write import write_segment
from neuronarrator_hf.training.arguments import load_arguments
from neuronarrator_hf.training.data import ScriptedSource
from neuronarrator_hf.training.stages import build_stage
from neuronarrator_hf.training.trends import with_trends

MINUTE = 6


def rhythm(hz: float, **values) -> Claim:
    return Claim("lrda", side="left", frequency_hz=(hz, hz), confidence=1.0, **values)


def test_a_rhythm_that_slows_over_a_minute_is_told_slower_since_a_minute() -> None:
    windows = [[rhythm(2.4 - 0.1 * i)] for i in range(9)]
    told = [window[0].change for window in with_trends(windows, MINUTE)]
    assert told == [None] * MINUTE + [Change("slower", 60.0)] * 3
    assert with_trends(windows, 0) == windows


def test_what_has_just_changed_stays_as_it_was_told() -> None:
    just = Change("faster", 10.0)
    windows = [[rhythm(2.4)], [rhythm(1.2)], [rhythm(1.6, change=just)]]
    assert with_trends(windows, 2)[2][0].change == just


def test_neither_what_is_new_nor_a_class_of_prevalence_is_a_trend() -> None:
    windows = [[rhythm(2.0, prevalence="abundant")], [], [rhythm(2.0, prevalence="continuous")]]
    assert with_trends(windows, 2) == windows
    assert with_trends([[], [], [rhythm(2.0)]], 2)[2] == [rhythm(2.0)]


def test_the_rule_is_that_of_corpus_rows() -> None:
    windows = [[rhythm(2.4 - 0.1 * i)] for i in range(9)]
    history = History()
    rows = [
        history.compared({c.finding: c for c in window}, {"lrda": "label"}, 10.0 * i, 10.0 * i + 10)
        for i, window in enumerate(windows)
    ]
    assert rows == with_trends(windows, MINUTE)


def test_trends_of_scripts_are_worded_and_parsed_back() -> None:
    plain, source = (ScriptedSource(9, seed=4, trend_windows=n) for n in (0, MINUTE))
    n_trends = 0
    for position in range(60):
        for before, window in zip(plain.claims(position), source.claims(position), strict=True):
            assert [c.with_(change=None) for c in before] == [c.with_(change=None) for c in window]
            slow = [c for c in window if c.change and c.change.since_s == 60.0]
            assert all(c.change.direction in TRENDS for c in slow)
            for claim in slow:
                text = write_segment([claim], seed=position, variety=1.0)
                assert [c.content() for c in parse(text)] == [quantise(claim).content()]
            n_trends += len(slow)
    assert n_trends >= 5


def test_more_windows_back_than_there_are_is_refused() -> None:
    run = load_arguments("micro", ["data.n_windows=6", "data.trend_windows=6"])
    with pytest.raises(ValueError, match="trend_windows=6 must be less than n_windows=6"):
        build_stage("align", run, None)
