"""What labels say of a window, and what measurement and labels say together: hand-computed cases."""

from __future__ import annotations

import pytest

from neuronarrator_hf.corpus.labels import annotations_in_window, claims_in_window
from neuronarrator_hf.corpus.merging import merge
from neuronarrator_hf.corpus.sources import Annotation
from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.findings.vocabulary import FINDING_IDS

SEIZURE = "electrographic_seizure"


def told(assertions: list[Claim], start_s: float, end_s: float) -> dict[str, str]:
    return {c.finding: c.polarity for c in claims_in_window(assertions, start_s, end_s)}


@pytest.mark.parametrize(
    ("window", "polarity"),
    [
        ((0.0, 10.0), "absent"),
        ((10.0, 20.0), None),  # 3 of 10 s: touched, not covered
        ((20.0, 30.0), "present"),
        ((30.0, 40.0), "present"),  # exactly half
        ((40.0, 50.0), "absent"),
    ],
)
def test_a_stretch_holds_in_windows_it_covers_by_half(
    window: tuple[float, float], polarity: str | None
) -> None:
    assertions = [Claim(SEIZURE, start_s=17.0, end_s=35.0), Claim(SEIZURE, "absent")]
    assert told(assertions, *window).get(SEIZURE) == polarity


def test_a_short_event_holds_in_the_window_that_holds_it() -> None:
    event = [Claim("spikes", start_s=9.0, end_s=10.4)]
    assert told(event, 0.0, 10.0) == {}  # 1.0 of 1.4 s
    assert told(event, 8.0, 18.0) == {"spikes": "present"}


def test_absence_needs_the_whole_window() -> None:
    scored = [Claim("n2_sleep", "absent", start_s=0.0, end_s=15.0)]
    assert told(scored, 0.0, 10.0) == {"n2_sleep": "absent"}
    assert told(scored, 10.0, 20.0) == {}


def test_events_on_both_sides_are_bilateral() -> None:
    events = [
        Claim("spikes", side="left", regions=("temporal",), start_s=1.0, end_s=2.0),
        Claim("spikes", side="right", regions=("frontal",), start_s=5.0, end_s=6.0),
    ]
    (claim,) = claims_in_window(events, 0.0, 10.0)
    assert (claim.side, claim.regions, claim.start_s) == ("bilateral", ("frontal", "temporal"), 0.0)


def test_annotations_of_a_window() -> None:
    marks = [Annotation("whole"), Annotation("a", 0, 5), Annotation("b", 12, 12), Annotation("c", 20, 30)]
    assert [m.label for m in annotations_in_window(marks, 10.0, 20.0)] == ["whole", "b"]


def measured(**present: Claim) -> dict[str, Claim]:
    claims = {finding: Claim(finding, "absent", start_s=0.0, end_s=10.0) for finding in FINDING_IDS}
    claims["normal"] = Claim("normal")
    return claims | present


def test_without_labels_the_measurement_stands() -> None:
    claims = measured(lpd=Claim("lpd", side="left"))
    merged = merge(claims, [])
    assert merged.claims == claims and set(merged.origins.values()) == {"measured"}
    assert merged.disagreements == ()


def test_a_label_decides_and_leaves_attributes_to_the_measurement() -> None:
    claims = measured(
        lpd=Claim("lpd", side="left", frequency_hz=(1.0, 1.0)), normal=Claim("normal", "absent")
    )
    merged = merge(claims, [Claim("lpd", confidence=0.8), Claim("gpd")])
    assert merged.claims["lpd"].side == "left" and merged.claims["lpd"].frequency_hz == (1.0, 1.0)
    assert merged.origins["lpd"] == "both" and merged.origins["gpd"] == "label"
    assert merged.disagreements == ("gpd",)


def test_the_side_of_a_label_is_kept_and_the_difference_told() -> None:
    merged = merge(measured(lpd=Claim("lpd", side="left")), [Claim("lpd", side="right")])
    assert merged.claims["lpd"].side == "right" and merged.disagreements == ("lpd",)


def test_the_judgement_follows_the_labels() -> None:
    merged = merge(measured(), [Claim(SEIZURE)])
    assert merged.claims["abnormal"].is_present and merged.claims["normal"].polarity == "absent"
    spiky = measured(spikes=Claim("spikes"), abnormal=Claim("abnormal"), normal=Claim("normal", "absent"))
    merged = merge(spiky, [Claim("spikes", "absent")])
    assert merged.claims["abnormal"].polarity == merged.claims["normal"].polarity == "not_assessed"


def test_nothing_abnormal_ends_measured_abnormalities() -> None:
    spiky = measured(spikes=Claim("spikes"), abnormal=Claim("abnormal"))
    merged = merge(spiky, [Claim("abnormal", "absent")])
    assert merged.claims["spikes"].polarity == "absent" and not merged.claims["abnormal"].is_present
    assert set(merged.disagreements) == {"spikes", "abnormal"}


def test_a_scored_stage_ends_other_states_and_slowing_judged_awake() -> None:
    awake = measured(
        eyes_closed=Claim("eyes_closed"), generalized_delta_slowing=Claim("generalized_delta_slowing"),
        abnormal=Claim("abnormal"), normal=Claim("normal", "absent"),
    )  # fmt: skip
    merged = merge(awake, [Claim("n3_sleep")])
    polarity = {finding: claim.polarity for finding, claim in merged.claims.items()}
    assert polarity["n3_sleep"] == "present" and polarity["eyes_closed"] == "absent"
    assert polarity["generalized_delta_slowing"] == "not_assessed"
    assert polarity["abnormal"] == "not_assessed"


def test_degrees_of_one_thing_exclude_each_other() -> None:
    merged = merge(measured(low_voltage=Claim("low_voltage")), [Claim("extreme_low_voltage")])
    assert merged.claims["low_voltage"].polarity == "absent"
