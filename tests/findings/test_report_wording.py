"""What a neurologist would strike out of a report: contradictions between sections, litanies, forms."""

from __future__ import annotations

import pytest
from english import faults

from neuronarrator_hf.findings.by_state import track_by_state
from neuronarrator_hf.findings.facts import Facts
from neuronarrator_hf.findings.parse import parse
from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.findings.summarise import Summary, summarise
from neuronarrator_hf.findings.track import WindowFindings


def claim(finding: str, **values) -> Claim:
    return Claim(finding, status="supported", confidence=0.9, **values)


RHYTHM = claim("posterior_dominant_rhythm", frequency_hz=(10, 10), amplitude_uv=(40, 40))
DELTA = claim("generalized_delta_slowing", frequency_hz=(1, 2))
LPD = claim("lpd", side="left", regions=("temporal",), frequency_hz=(1, 1))
SUPPRESSED = claim("extreme_low_voltage", amplitude_uv=(5, 5))
OPEN, CLOSED, DEEP = claim("eyes_open"), claim("eyes_closed"), claim("n3_sleep")


def report(windows: list[list[Claim]], **facts) -> Summary:
    folded = track_by_state(
        WindowFindings(10.0 * i, 10.0 * i + 10, tuple(claims)) for i, claims in enumerate(windows)
    )
    n = len(windows)
    known = {"duration_s": 10.0 * n, "n_channels": 19, "n_windows": n, "n_assessable": n, "age_years": 40.0}
    return summarise(folded, Facts(**known | facts))


REPORTS = {
    "normal": [[CLOSED, RHYTHM]] * 40,
    "periodic": [[LPD, DELTA]] * 40,
    "suppressed": [[SUPPRESSED]] * 40,
    "asleep": [[DEEP, claim("slow_wave_sleep")]] * 40,
    "two states": [[OPEN]] * 20 + [[CLOSED, RHYTHM]] * 20,
    "partly told": [[OPEN]] * 3 + [[DELTA]] * 60,
}


@pytest.mark.parametrize("name", REPORTS)
def test_sections_are_english(name):
    sections = report(REPORTS[name]).sections
    for section in ("state", "background", "sleep", "epileptiform", "rhythmic_periodic", "impression"):
        assert not [f for f in faults(sections[section]) if "not a sentence" not in f]


def test_an_impression_gives_its_reasons_in_one_sentence():
    impression = report(REPORTS["periodic"]).sections["impression"]
    assert impression == (
        "The recording is moderately abnormal because of continuous left temporal lateralized periodic "
        "discharges at 1 Hz and continuous generalized delta slowing at 1 to 2 Hz."
    )
    assert [c.finding for c in parse(impression)] == ["abnormal", "lpd", "generalized_delta_slowing"]


def test_a_background_can_be_a_reason():
    impression = report([[SUPPRESSED, claim("discontinuity"), DELTA]] * 40).sections["impression"]
    assert impression == (
        "The recording is severely abnormal because of a suppressed background of 5 µV, a discontinuous "
        "background and continuous generalized delta slowing at 1 to 2 Hz."
    )
    assert [(c.finding, c.amplitude_uv) for c in parse(impression)] == [
        ("abnormal", None),
        ("extreme_low_voltage", (5, 5)),
        ("discontinuity", None),
        ("generalized_delta_slowing", None),
    ]


def test_beside_periodic_discharges_only_sporadic_ones_are_denied():
    assert report(REPORTS["periodic"]).sections["epileptiform"] == (
        "No sporadic epileptiform discharges are seen."
    )
    assert report(REPORTS["normal"]).sections["epileptiform"] == "No epileptiform discharges are seen."


def test_patterns_are_told_as_acns_style_only_where_there_are_any():
    assert "ACNS-style" in report(REPORTS["periodic"]).sections["limits"]
    assert "ACNS" not in report(REPORTS["normal"]).sections["limits"]


def test_a_suppressed_background_is_not_said_to_be_not_low():
    background = report(REPORTS["suppressed"]).sections["background"]
    assert "low-voltage" not in background and "continuous" not in background


def test_a_healthy_background_is_told_by_its_properties():
    background = report(REPORTS["normal"]).sections["background"]
    assert "The background is continuous, symmetric and of normal voltage." in background
    assert "No generalized slowing or focal slowing is seen." in background


def test_a_rhythm_of_wakefulness_is_not_denied_where_nobody_woke():
    asleep = report(REPORTS["asleep"])
    rhythm = next(c for c in asleep.claims if c.finding == "posterior_dominant_rhythm")
    assert rhythm.polarity == "not_assessed"
    assert "No posterior" not in asleep.sections["background"]


def test_states_share_a_sentence_and_tell_their_share():
    state = report(REPORTS["two states"]).sections["state"]
    assert state.startswith("The recording shows wakefulness with the eyes open (50 % of the time) and wake")


@pytest.mark.parametrize("n_windows", (2, 119))
def test_a_recording_without_findings_that_is_short_is_called_no_normal_eeg(n_windows):
    short = report([[CLOSED, RHYTHM]] * n_windows)
    impression = short.sections["impression"]
    told = "20 seconds" if n_windows == 2 else "19 minutes 50 seconds"
    assert impression.startswith(f"No abnormality is seen in this excerpt of {told}.")
    assert "at least 20 minutes" in impression and "is normal" not in impression
    assert [(c.finding, c.polarity) for c in parse(impression)] == [("normal", "present")]
    assert short.claims[-1].finding == "normal" and short.grade == "normal"


def test_twenty_minutes_without_findings_are_normal_if_they_could_be_judged():
    assert report([[CLOSED, RHYTHM]] * 120).sections["impression"] == "The recording is normal."
    half = report([[CLOSED, RHYTHM]] * 120, n_assessable=90).sections["impression"]
    assert half.startswith("No abnormality is seen in what could be judged, about 15 minutes.")


def test_backgrounds_that_took_turns_are_told_with_their_times():
    background = report([[SUPPRESSED]] * 20 + [[DELTA]] * 20).sections["background"]
    assert background.startswith(
        "From 0:00:00 to 0:03:20, the background is suppressed, with an amplitude of 5 µV. "
        "From 0:03:20 to 0:06:40, there is generalized delta slowing at 1 to 2 Hz."
    )
    assert not [fault for fault in faults(background) if "not a sentence" not in fault]


def test_backgrounds_that_took_turns_many_times_are_told_with_their_shares():
    background = report(([[SUPPRESSED]] * 6 + [[DELTA]] * 4) * 6).sections["background"]
    assert "For 60 % of the time, the background is suppressed" in background
    assert "For 40 % of the time, there is generalized delta slowing" in background


def test_backgrounds_at_the_same_time_are_told_without_times():
    background = report([[SUPPRESSED, DELTA]] * 40).sections["background"]
    assert "From" not in background and "For" not in background


def test_slowing_after_burst_suppression_is_not_passed_over():
    bursts = claim("burst_suppression")
    background = report([[bursts]] * 20 + [[DELTA]] * 20).sections["background"]
    assert "From 0:03:20 to 0:06:40, there is generalized delta slowing" in background
    assert "delta" not in report([[bursts, DELTA]] * 40).sections["background"]


def test_slow_waves_are_not_told_beside_the_absence_of_all_structures_of_sleep():
    assert report(REPORTS["asleep"]).sections["sleep"] == (
        "There are slow waves of sleep. No sleep transients are seen."
    )


def test_a_background_otherwise_symmetric_is_told_in_the_sentence_of_its_properties():
    rhythm = claim("posterior_dominant_rhythm", frequency_hz=(10, 10), side="right")
    assert (
        report([[CLOSED, rhythm]] * 40)
        .sections["background"]
        .startswith(
            "The posterior dominant rhythm is 10 Hz, better developed on the right. "
            "The background is continuous, of normal voltage and otherwise symmetric."
        )
    )


def test_an_impression_tells_when_backgrounds_took_turns():
    bursts = claim("burst_suppression")
    impression = report([[bursts]] * 20 + [[DELTA]] * 20).sections["impression"]
    assert impression == (
        "The recording is severely abnormal because of burst suppression from 0:00:00 to 0:03:20 and "
        "generalized delta slowing at 1 to 2 Hz from 0:03:20 to 0:06:40."
    )
    said = {c.finding: (c.start_s, c.end_s) for c in parse(impression)}
    assert said["burst_suppression"] == (0.0, 200.0) and said["generalized_delta_slowing"] == (200.0, 400.0)
    together = report([[bursts, DELTA]] * 40).sections["impression"]
    assert together == "The recording is severely abnormal because of burst suppression."


def test_a_slow_posterior_rhythm_is_a_reason_and_not_told_behind_it():
    slow = claim("posterior_dominant_rhythm", frequency_hz=(6.5, 6.5), amplitude_uv=(45, 45))
    impression = report([[CLOSED, slow]] * 40).sections["impression"]
    assert impression == (
        "The recording is mildly abnormal because of a slow posterior dominant rhythm of 6.5 Hz."
    )
    assert [c.finding for c in parse(impression)] == ["abnormal", "posterior_dominant_rhythm"]


def test_the_slowing_of_sleep_is_no_abnormality():
    light = [[claim("n1_sleep"), claim("vertex_waves"), claim("generalized_theta_slowing")]] * 40
    asleep = report(light)
    assert asleep.grade is None
    assert "generalized delta slowing could not be assessed" in asleep.sections["background"]
    awake = report([[OPEN, *claims[2:]] for claims in light])
    assert awake.grade == "mild"


@pytest.mark.parametrize(("confidence", "is_possible"), ((0.4, True), (0.9, False)))
def test_events_and_impression_are_equally_sure_of_a_seizure(confidence, is_possible):
    course = [
        [Claim("electrographic_seizure", hedged=True, side="left", frequency_hz=(hz, hz),
               status="supported", confidence=confidence)]
        for hz in (5.0, 4.0, 3.0)
    ]  # fmt: skip
    sections = report(course + [[RHYTHM]] * 3).sections
    for name in ("events", "impression"):
        (said,) = [c for c in parse(sections[name]) if c.finding == "electrographic_seizure"]
        assert said.hedged == is_possible
