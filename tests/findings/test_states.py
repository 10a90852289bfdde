"""The state over a recording: hand-made courses with the stretches that a reader would draw."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from neuronarrator_hf.findings.by_state import track_by_state
from neuronarrator_hf.findings.facts import Facts
from neuronarrator_hf.findings.parse import parse
from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.findings.states import StateCourse, state_course
from neuronarrator_hf.findings.summarise import Summary, summarise
from neuronarrator_hf.findings.track import WindowFindings

RHYTHM = Claim(
    "posterior_dominant_rhythm",
    frequency_hz=(10, 10),
    amplitude_uv=(40, 40),
    status="supported",
    confidence=0.9,
)
THETA = Claim("generalized_theta_slowing", frequency_hz=(5, 6), status="supported", confidence=0.9)
AWAKE = (Claim("eyes_closed", status="supported"), RHYTHM)
ASLEEP = (Claim("n2_sleep", status="supported"), THETA)


def course(states: Sequence[str | None]) -> StateCourse:
    return state_course(
        [(10.0 * i, 10.0 * i + 10, frozenset({s} if s else ())) for i, s in enumerate(states)]
    )


def told(of: StateCourse) -> list[tuple[str, float, float]]:
    return [(s.state, s.start_s, s.end_s) for s in of.stretches]


def test_a_short_arousal_counts_with_the_sleep_around_it() -> None:
    found = course(["eyes_closed"] * 6 + ["n2_sleep"] * 4 + ["eyes_open"] * 2 + ["n2_sleep"] * 4)
    assert told(found) == [("awake", 0, 60), ("n2_sleep", 60, 160)]
    assert found.time_s == {"awake": 60, "eyes_closed": 60, "n2_sleep": 100, "asleep": 100}


def test_a_window_that_tells_nothing_takes_the_nearest_state_within_two_minutes() -> None:
    found = course(["eyes_closed"] * 4 + [None] * 8 + ["n1_sleep"] * 4)
    assert told(found) == [("awake", 0, 80), ("n1_sleep", 80, 160)]
    long = course(["eyes_closed"] * 4 + [None] * 40 + ["n1_sleep"] * 4)
    assert told(long) == [("awake", 0, 160), ("untold", 160, 320), ("n1_sleep", 320, 480)]
    assert long.time_s["untold"] == 160


def test_open_and_closed_eyes_are_one_wakefulness_with_the_time_of_each() -> None:
    found = course(["eyes_closed", "eyes_open"] * 6)
    assert told(found) == [("awake", 0, 120)]
    assert (found.time_s["eyes_closed"], found.time_s["eyes_open"], found.time_s["awake"]) == (60, 60, 120)


def test_times_add_up_and_an_overlapping_last_window_counts_once() -> None:
    windows = [(10.0 * i, 10.0 * i + 10, frozenset({"drowsy"})) for i in range(5)]
    windows.append((44.0, 54.0, frozenset({"drowsy"})))
    found = state_course(windows)
    assert found.recorded_s == pytest.approx(54.0)
    assert told(found) == [("drowsy", 0, 54)]


def test_states_that_change_with_every_window_end_in_stretches_of_half_a_minute() -> None:
    found = course(["eyes_closed", "n1_sleep", "n2_sleep"] * 40)
    assert all(s.end_s - s.start_s >= 30 for s in found.stretches)
    assert [a.end_s for a in found.stretches[:-1]] == [b.start_s for b in found.stretches[1:]]


def test_nothing_in_nothing_out() -> None:
    assert state_course([]).stretches == ()
    assert told(course([None])) == [("untold", 0, 10)]


def summary_of(per_window: Sequence[Sequence[Claim]]) -> Summary:
    n = len(per_window)
    tracked = track_by_state(
        WindowFindings(10.0 * i, 10.0 * i + 10, tuple(c)) for i, c in enumerate(per_window)
    )
    return summarise(tracked, Facts(duration_s=10.0 * n, n_channels=19, n_windows=n, n_assessable=n))


def test_the_background_is_told_for_wakefulness_and_for_sleep() -> None:
    summary = summary_of([AWAKE] * 30 + [ASLEEP] * 30)
    awake, asleep = (part.text for part in summary.parts if part.text)
    assert awake.startswith("Awake (5 minutes): ") and asleep.startswith("Asleep (5 minutes): ")
    assert summary.sections["background"] == f"{awake} {asleep}"
    assert [c.frequency_hz for c in parse(awake) if c.finding == "posterior_dominant_rhythm"] == [(10, 10)]
    assert not {"posterior_dominant_rhythm", "generalized_theta_slowing"} & {c.finding for c in parse(asleep)}
    assert "State changes: stage N2 sleep from 0:05:00." in summary.sections["state"]
    assert "Awake for 5 minutes, asleep for 5 minutes." in summary.sections["state"]


def test_theta_of_sleep_is_no_slowing() -> None:
    summary = summary_of([AWAKE] * 30 + [ASLEEP] * 30)
    assert summary.grade == "normal"
    slowing = next(c for c in summary.claims if c.finding == "generalized_theta_slowing")
    assert (slowing.polarity, slowing.evidence["assessed_s"]) == ("absent", 300)
    assert summary_of([AWAKE] * 30 + [(*AWAKE, THETA)] * 30).grade == "mild"


def test_one_state_throughout_is_told_as_before() -> None:
    summary = summary_of([AWAKE] * 60)
    assert summary.sections["state"] == "The recording shows wakefulness with the eyes closed."
    assert not any(part.text for part in summary.parts)


def test_changes_without_number_are_counted() -> None:
    summary = summary_of(([AWAKE] * 3 + [ASLEEP] * 3) * 10)
    assert "The state changes 19 times." in summary.sections["state"]


def test_a_brief_candidate_that_is_hardly_likely_makes_no_recording_abnormal() -> None:
    doubtful = Claim("gpd", hedged=True, frequency_hz=(0.25, 0.25), status="supported", confidence=0.07)
    summary = summary_of([AWAKE] * 59 + [(*AWAKE, doubtful)])
    assert summary.grade == "normal"
    assert "There" not in summary.sections["rhythmic_periodic"]
    likelier = doubtful.with_(confidence=0.4)
    assert summary_of([AWAKE] * 59 + [(*AWAKE, likelier)]).grade == "uncertain"
    seizure = Claim("electrographic_seizure", hedged=True, side="left", status="supported", confidence=0.07)
    assert summary_of([AWAKE] * 59 + [(*AWAKE, seizure)]).grade == "uncertain"


def test_a_recording_that_is_awake_throughout_has_no_sleep_to_tell_of() -> None:
    assert summary_of([AWAKE] * 60).sections["sleep"] == "Sleep was not recorded."
    assert "No sleep transients" in summary_of([AWAKE] * 30 + [ASLEEP] * 30).sections["sleep"]
    wave = Claim("vertex_waves", status="supported", confidence=0.9)
    assert "vertex waves" in summary_of([AWAKE] * 59 + [(*AWAKE, wave)]).sections["sleep"]


def test_a_verdict_on_little_says_how_little() -> None:
    slow = [
        *AWAKE,
        Claim("focal_slowing", side="left", regions=("temporal",), status="supported", confidence=0.9),
    ]
    assert "This rests on 1 minute of EEG." in summary_of([slow] * 6).sections["impression"]
    assert "rests on" not in summary_of([slow] * 60).sections["impression"]
    assert "this excerpt of 1 minute." in summary_of([AWAKE] * 6).sections["impression"]
