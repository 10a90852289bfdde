"""What rows tell of change is true: the right window, the right direction, nothing where one cannot know."""

from __future__ import annotations

import pytest

from neuronarrator_hf.corpus.history import History
from neuronarrator_hf.findings.schema import Change, Claim

LPD, PDR = "lpd", "posterior_dominant_rhythm"


def told(
    *windows: dict[str, Claim], start: int = 0, measured: bool = True, origins=None
) -> list[dict[str, Claim]]:
    history, out = History(), []
    for number, claims in enumerate(windows, start):
        of = origins[number - start] if origins else "measured" if measured else "label"
        compared = history.compared(claims, dict.fromkeys(claims, of), 10.0 * number, 10.0 * (number + 1))
        out.append({claim.finding: claim for claim in compared})
    return out


def lpd(polarity: str, confidence: float | None = None) -> dict[str, Claim]:
    return {LPD: Claim(LPD, polarity, confidence=confidence)}


def pdr(hz: float) -> dict[str, Claim]:
    return {PDR: Claim(PDR, frequency_hz=(hz, hz), confidence=1.0)}


def test_new_and_gone_since_the_window_before() -> None:
    first, second, third = told(lpd("absent"), lpd("present"), lpd("absent"))
    assert first[LPD].change is None
    assert second[LPD].change == Change("new", 10.0) and third[LPD].change == Change("gone", 10.0)


@pytest.mark.parametrize("before", [0.4, 0.6])
def test_nothing_is_new_where_the_window_before_was_uncertain(before: float) -> None:
    polarity = "present" if before > 0.5 else "absent"
    other = "absent" if polarity == "present" else "present"
    _, second = told(lpd(polarity, before), lpd(other, 0.95 if other == "present" else 0.05))
    assert second[LPD].change is None


def test_nothing_is_told_of_a_label_beside_a_measurement() -> None:
    assert told(lpd("absent"), lpd("present"), origins=["measured", "label"])[1][LPD].change is None
    assert told(lpd("absent"), lpd("present"), origins=["both", "label"])[1][LPD].change == Change(
        "new", 10.0
    )


def test_a_drift_is_told_against_the_minute_before() -> None:
    drift = told(*(pdr(8.0 + 0.3 * number) for number in range(8)))
    assert [window[PDR].change for window in drift[:6]] == [None] * 6
    assert drift[6][PDR].change == Change("faster", 60.0)


def test_a_step_is_told_against_the_window_before_rather() -> None:
    steps = told(*(pdr(8.0) for _ in range(6)), pdr(11.0))
    assert steps[-1][PDR].change == Change("faster", 10.0)


def test_what_measurement_cannot_tell_apart_is_no_change() -> None:
    assert [window[PDR].change for window in told(pdr(10.0), pdr(11.5), pdr(10.2))] == [None] * 3


@pytest.mark.parametrize("start_s", [15.0, 30.0])
def test_nothing_is_told_over_a_pause_or_an_overlap(start_s: float) -> None:
    history = History()
    history.compared(lpd("absent"), {LPD: "measured"}, 10.0, 20.0)
    (claim,) = history.compared(lpd("present"), {LPD: "measured"}, start_s, start_s + 10.0)
    assert claim.change is None
