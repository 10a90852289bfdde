from __future__ import annotations

import pytest

from neuronarrator_hf.findings.facts import Facts
from neuronarrator_hf.findings.parse import parse
from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.findings.summarise import SECTIONS, summarise
from neuronarrator_hf.findings.track import WindowFindings, track
from neuronarrator_hf.findings.vocabulary import FINDING_IDS

RHYTHM = Claim(
    "posterior_dominant_rhythm",
    frequency_hz=(10, 10),
    amplitude_uv=(40, 40),
    status="supported",
    confidence=0.9,
)
SLOW = Claim(
    "focal_slowing",
    side="left",
    regions=("temporal",),
    frequency_hz=(2, 4),
    status="supported",
    confidence=0.8,
)


def summary_of(per_window: list[list[Claim]], not_assessed: frozenset[str] = frozenset(), **facts):
    folded = track(
        WindowFindings(10.0 * i, 10.0 * i + 10, tuple(c), not_assessed) for i, c in enumerate(per_window)
    )
    n = len(per_window)
    return summarise(
        folded, Facts(**{"duration_s": 10.0 * n, "n_channels": 19, "n_windows": n, "n_assessable": n} | facts)
    )


def findings_of(text: str) -> set[tuple[str, str]]:
    return {(c.finding, c.polarity) for c in parse(text)}


def test_sections_stand_in_the_order_of_the_design() -> None:
    assert tuple(summary_of([[RHYTHM]]).sections) == SECTIONS


def test_a_quiet_recording_is_normal_and_says_what_was_looked_for() -> None:
    summary = summary_of([[RHYTHM]] * 6)
    assert summary.grade == "normal"
    assert findings_of(summary.sections["impression"]) == {("normal", "present")}
    assert ("spikes", "absent") in findings_of(summary.sections["epileptiform"])
    assert ("posterior_dominant_rhythm", "present") in findings_of(summary.sections["background"])


def test_nothing_assessed_is_never_normal() -> None:
    summary = summary_of([[]] * 3, frozenset(FINDING_IDS), n_assessable=0)
    assert summary.grade is None
    assert summary.sections["impression"].startswith("Not assessed")
    for name in ("state", "background", "epileptiform", "rhythmic_periodic", "events"):
        assert summary.sections[name] == "Not assessed."
    assert not any(c.is_present or c.polarity == "absent" for c in summary.claims)


def test_spikes_are_not_denied_where_they_could_not_be_assessed() -> None:
    summary = summary_of([[RHYTHM]] * 4, frozenset({"spikes", "spike_and_wave", "polyspikes"}))
    assert summary.sections["epileptiform"] == "Not assessed."
    assert summary.grade is None
    assert ("normal", "present") not in findings_of(summary.sections["impression"])


@pytest.mark.parametrize("age", [0.1, 7, 15.9])
def test_adult_norms_do_not_make_a_child_normal(age: float) -> None:
    summary = summary_of([[RHYTHM]] * 4, age_years=age)
    assert summary.grade is None
    assert "adults" in summary.sections["limits"]


def test_an_unverified_text_does_not_make_a_recording_normal() -> None:
    assert summary_of([[RHYTHM]] * 4, is_verified=False).grade is None


def test_a_lasting_abnormality_is_named_with_side_and_prevalence() -> None:
    summary = summary_of([[RHYTHM, SLOW]] * 5 + [[RHYTHM]] * 5)
    assert summary.grade == "mild"
    claim = next(c for c in summary.claims if c.finding == "focal_slowing")
    assert (claim.polarity, claim.side, claim.prevalence, claim.hedged) == (
        "present",
        "left",
        "abundant",
        False,
    )
    assert claim.evidence["windows"] == [0.0, 10.0, 20.0, 30.0, 40.0]
    said = {(c.finding, c.side) for c in parse(summary.sections["background"]) if c.is_present}
    assert ("focal_slowing", "left") in said


def test_sporadic_discharges_are_abundant_at_most() -> None:
    spikes = Claim("spikes", side="left", regions=("frontal",), status="supported", confidence=0.9)
    told = {c.finding: c.prevalence for c in summary_of([[spikes, SLOW]] * 6).claims if c.is_present}
    assert told["spikes"] == "abundant" and told["focal_slowing"] == "continuous"


def test_one_window_of_a_hundred_is_a_candidate_only() -> None:
    spikes = Claim("spikes", side="left", status="supported", confidence=0.9)
    summary = summary_of([[RHYTHM, spikes]] + [[RHYTHM]] * 99)
    assert summary.grade == "uncertain"
    assert next(c for c in summary.claims if c.finding == "spikes").hedged


def test_slowing_seen_in_passing_stays_in_its_segment() -> None:
    summary = summary_of([[RHYTHM, SLOW]] + [[RHYTHM]] * 99)
    assert summary.grade == "normal"
    assert "slowing" not in summary.sections["background"].replace("No generalized slowing", "")
    assert next(c for c in summary.claims if c.finding == "focal_slowing").hedged


def test_the_impression_names_the_most_telling_first_and_no_part_of_another() -> None:
    found = [
        Claim(name, status="supported", confidence=0.9, side="left" if name != "gpd" else None)
        for name in ("generalized_theta_slowing", "generalized_delta_slowing", "gpd", "spikes", "polyspikes")
    ]
    said = [c.finding for c in parse(summary_of([found] * 4).sections["impression"])]
    assert said == ["abnormal", "gpd", "generalized_delta_slowing"]


def test_burst_suppression_leaves_no_room_for_a_rhythm() -> None:
    suppressed = Claim("burst_suppression", status="supported", confidence=0.9)
    text = summary_of([[RHYTHM, suppressed]] * 4).sections["background"]
    assert "posterior dominant rhythm" not in text
    assert ("burst_suppression", "present") in findings_of(text)


def test_a_seizure_is_told_with_its_time() -> None:
    course = [
        Claim("electrographic_seizure", hedged=True, side="left", frequency_hz=(hz, hz), status="supported")
        for hz in (5, 4, 3)
    ]
    summary = summary_of([[RHYTHM], [RHYTHM], *([c] for c in course), [RHYTHM]])
    assert "From 0:00:20 to 0:00:50, there is" in summary.sections["events"]
    assert summary.grade == "severe"


def test_grades_follow_the_worst_firm_finding() -> None:
    lpd = Claim("lpd", side="left", frequency_hz=(1, 1), status="supported", confidence=0.9)
    suppressed = Claim("burst_suppression", status="supported", confidence=0.9)
    assert summary_of([[lpd]] * 4).grade == "moderate"
    assert summary_of([[lpd, suppressed]] * 4).grade == "severe"


def test_limits_tell_age_and_length() -> None:
    limits = summary_of([[RHYTHM]] * 4).sections["limits"]
    assert "age is unknown" in limits
    assert "20 minutes" in limits
    assert "20 minutes" not in summary_of([[RHYTHM]] * 130, age_years=40).sections["limits"]


def test_the_summary_is_deterministic() -> None:
    assert summary_of([[RHYTHM, SLOW]] * 3) == summary_of([[RHYTHM, SLOW]] * 3)


def test_the_background_of_a_seizure_is_the_seizure() -> None:
    slow = Claim("generalized_delta_slowing", frequency_hz=(2, 3), status="supported", confidence=0.9)
    course = [
        Claim("electrographic_seizure", hedged=True, side="left", frequency_hz=(hz, hz), status="supported")
        for hz in (5, 4, 3)
    ]
    summary = summary_of([[RHYTHM], [RHYTHM], *([c, slow] for c in course), [RHYTHM]])
    assert "delta" not in summary.sections["background"].replace("No generalized", "")
    assert "from 5 to 3 Hz" in summary.sections["events"]
    lasting = summary_of([[RHYTHM, slow], [RHYTHM, slow], *([c, slow] for c in course), [RHYTHM, slow]])
    assert ("generalized_delta_slowing", "present") in findings_of(lasting.sections["background"])


def test_bilateral_and_one_side_are_one_finding_left_and_right_are_two() -> None:
    def spikes(side: str) -> Claim:
        return Claim("spikes", side=side, regions=("frontal",), status="supported", confidence=0.9)

    def sides(*said: str) -> list[str | None]:
        summary = summary_of([[spikes(side)] for side in said])
        return [c.side for c in summary.claims if c.finding == "spikes"]

    assert sides("left", "left", "bilateral") == ["left"]
    assert sides("bilateral", "bilateral", "left") == ["bilateral"]
    assert sorted(map(str, sides("left", "right"))) == ["left", "right"]


def test_a_stage_of_sleep_needs_more_than_one_window() -> None:
    stage = Claim("n2_sleep", status="supported", confidence=0.9)
    spindles = Claim("sleep_spindles", frequency_hz=(12, 12), status="supported", confidence=0.9)
    brief = summary_of([[RHYTHM], [stage, spindles], [RHYTHM], [RHYTHM]])
    assert ("n2_sleep", "present") not in findings_of(brief.sections["state"])
    assert next(c for c in brief.claims if c.finding == "sleep_spindles").hedged
    lasting = summary_of([[RHYTHM], [stage, spindles], [stage, spindles], [stage, spindles]])
    assert ("n2_sleep", "present") in findings_of(lasting.sections["state"])
    assert not next(c for c in lasting.claims if c.finding == "sleep_spindles").hedged


def test_an_evolution_is_worded_by_its_widest_change() -> None:
    course = [
        [Claim("electrographic_seizure", hedged=True, side="left", frequency_hz=(hz, hz), status="supported")]
        for hz in (9.5, 3.5, 4.0, 9.5)
    ]
    assert "from 3.5 to 9.5 Hz" in summary_of(course).sections["events"]


def test_a_slow_posterior_rhythm_is_abnormal_in_an_adult_who_is_awake() -> None:
    slow = RHYTHM.with_(frequency_hz=(6.5, 7.0))
    summary = summary_of([[slow]] * 6)
    assert summary.grade == "mild"
    assert ("posterior_dominant_rhythm", "present") in findings_of(summary.sections["impression"])
    drowsy = Claim("drowsy", status="supported", confidence=0.9)
    assert summary_of([[slow, drowsy]] * 6).grade == "normal"
    assert summary_of([[slow]] * 6, age_years=5.0).grade is None


def test_an_unchecked_claim_where_nothing_could_be_judged_enters_the_summary() -> None:
    """Without verification the text is all there is, whatever the measurement could assess."""
    unchecked = Claim("eyes_open", status="unchecked")
    summary = summary_of([[unchecked], [unchecked], []], frozenset({"eyes_open"}))
    said = next(c for c in summary.claims if c.finding == "eyes_open")
    assert said.is_present and said.evidence["present_s"] == 20.0 and said.evidence["assessed_s"] == 20.0


def test_a_possible_seizure_is_named_beside_what_is_certain() -> None:
    seizure = Claim(
        "electrographic_seizure", hedged=True, side="left", frequency_hz=(4, 4), status="supported",
        confidence=0.9,
    )  # fmt: skip
    summary = summary_of([[SLOW], [SLOW, seizure], [SLOW]])
    said = parse(summary.sections["impression"])
    assert [c.finding for c in said] == ["abnormal", "focal_slowing", "electrographic_seizure"]
    assert [c.hedged for c in said] == [False, False, True]
    assert summary.sections["impression"].startswith("The recording is mildly abnormal because of ")

    summary = summary_of([[seizure], [seizure, SLOW.with_(hedged=True)], [SLOW.with_(hedged=True)]])
    assert {"electrographic_seizure", "focal_slowing"} <= {
        c.finding for c in parse(summary.sections["impression"])
    }
