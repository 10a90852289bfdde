from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuronarrator_hf.findings.judging import PROPOSAL
from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.findings.track import WindowFindings, changes, prevalence, track


def windows(
    per_window: list[list[Claim]], not_assessed: frozenset[str] = frozenset()
) -> list[WindowFindings]:
    return [WindowFindings(10.0 * i, 10.0 * i + 10, tuple(c), not_assessed) for i, c in enumerate(per_window)]


def lpd(hz: float = 1.0, side: str = "left", **more) -> Claim:
    return Claim("lpd", side=side, regions=("temporal",), frequency_hz=(hz, hz), status="supported", **more)


def test_runs_become_episodes_and_one_quiet_window_does_not_break_them() -> None:
    folded = track(windows([[], [lpd()], [], [lpd()], [], [], [lpd()]]))
    assert [(e.start_s, e.end_s, e.n_windows) for e in folded.episodes] == [(10.0, 40.0, 2), (60.0, 70.0, 1)]
    assert folded.share("lpd") == pytest.approx(3 / 7)
    assert folded.episodes[0].n_cycles == pytest.approx(20.0)
    assert folded.episodes[0].duration_class == "brief"


def test_sides_are_followed_apart_where_the_side_matters() -> None:
    folded = track(windows([[lpd(), lpd(side="right")], [lpd()]]))
    assert {(e.side, e.n_windows) for e in folded.episodes} == {("left", 2), ("right", 1)}


def test_contradicted_and_unassessable_claims_make_no_episode() -> None:
    wrong = [lpd().with_(status="contradicted"), lpd().with_(status="unassessable")]
    assert track(windows([wrong])).episodes == ()
    assert track(windows([[lpd().with_(status="unchecked")]])).episodes != ()


def test_fewer_than_six_cycles_are_a_candidate() -> None:
    assert track(windows([[lpd(0.5)]])).episodes[0].is_candidate
    assert not track(windows([[lpd(0.5)], [lpd(0.5)]])).episodes[0].is_candidate
    assert not track(windows([[lpd(1.0)]])).episodes[0].is_candidate


def seizure(hz: float, hedged: bool = True) -> Claim:
    return Claim(
        "electrographic_seizure", hedged=hedged, side="left", frequency_hz=(hz, hz), status="supported"
    )


def test_a_single_window_is_never_more_than_a_candidate_seizure() -> None:
    assert track(windows([[seizure(4.0, hedged=False)]])).episodes[0].is_candidate


def test_evolution_over_windows_makes_the_candidate_a_seizure() -> None:
    slowing_down = track(windows([[seizure(5.0)], [seizure(4.0)], [seizure(3.0)]])).episodes[0]
    assert slowing_down.evolution == "frequency"
    assert not slowing_down.is_candidate
    assert [hz for _, hz in slowing_down.frequency_course] == [5.0, 4.0, 3.0]
    steady = track(windows([[seizure(2.0)], [seizure(2.0)], [seizure(2.0)]])).episodes[0]
    assert steady.evolution is None
    assert steady.is_candidate


def test_what_was_only_proposed_is_a_candidate_and_makes_nothing_firm() -> None:
    proposed = Claim("electrographic_seizure", hedged=True, status="unassessable",
                     evidence={PROPOSAL: 0.9})  # fmt: skip
    (alone,) = track(windows([[proposed], [proposed]])).episodes
    assert alone.is_candidate and alone.n_windows == 2
    firm = seizure(4.0, hedged=False).with_(side=None)
    (one,) = track(windows([[firm], [proposed]])).episodes
    assert one.is_candidate and one.n_windows == 2
    (two,) = track(windows([[firm], [firm], [proposed]])).episodes
    assert not two.is_candidate


def test_a_possible_seizure_within_a_certain_one_is_part_of_it() -> None:
    course = [[seizure(hz)] for hz in (5.0, 4.0, 3.0, 3.0)]
    course[1].append(seizure(4.0).with_(side=None))
    (one,) = track(windows(course)).episodes
    assert one.side == "left" and not one.is_candidate
    after = track(windows([*course, [], [], [seizure(4.0).with_(side="right")]])).episodes
    assert [(e.side, e.is_candidate) for e in after] == [("left", False), ("right", True)]


def test_changes_to_and_fro_are_no_evolution() -> None:
    assert track(windows([[seizure(hz)] for hz in (3.0, 4.0, 3.0, 4.0)])).episodes[0].evolution is None


def test_the_overlap_of_the_last_window_is_counted_once() -> None:
    overlapping = [WindowFindings(0, 10, (lpd(),)), WindowFindings(4, 14, (lpd(),))]
    folded = track(overlapping)
    assert folded.recorded_s == 14
    assert folded.present_s["lpd"] == 14
    assert folded.episodes[0].n_cycles == pytest.approx(14)


def test_what_was_not_assessed_counts_neither_way() -> None:
    folded = track([*windows([[lpd()]]), WindowFindings(10, 20, (), frozenset({"lpd"}))])
    assert folded.share("lpd") == 1.0
    assert folded.share("gpd") == 0.0
    assert track(windows([[]], frozenset({"gpd"}))).share("gpd") is None


@pytest.mark.parametrize(
    ("share", "word"),
    [(0.0, None), (0.005, "rare"), (0.01, "occasional"), (0.099, "occasional"), (0.1, "frequent"),
     (0.5, "abundant"),
     (0.9, "continuous"), (1.0, "continuous")],
)  # fmt: skip
def test_prevalence_bins_of_acns(share: float, word: str | None) -> None:
    assert prevalence(share) == word


@given(st.lists(st.tuples(st.booleans(), st.floats(0.5, 2.5)), max_size=30))
def test_tracking_a_generator_equals_tracking_a_list(pattern: list[tuple[bool, float]]) -> None:
    given_windows = windows([[lpd(hz)] if seen else [] for seen, hz in pattern])
    folded = track(given_windows)
    assert folded == track(iter(given_windows))
    assert sum(e.n_windows for e in folded.episodes) == sum(seen for seen, _ in pattern)
    assert list(folded.episodes) == sorted(folded.episodes, key=lambda e: e.start_s)


def rhythm(hz: float, uv: float = 40.0) -> Claim:
    return Claim("posterior_dominant_rhythm", frequency_hz=(hz, hz), amplitude_uv=(uv, uv))


@pytest.mark.parametrize(
    ("before", "now", "direction"),
    [
        (rhythm(10), rhythm(9), "slower"),
        (rhythm(9), rhythm(10), "faster"),
        (rhythm(10), rhythm(10.2), None),
        (rhythm(10, 40), rhythm(10, 80), "increased"),
        (rhythm(10, 80), rhythm(10, 40), "decreased"),
        (Claim("lpd", "absent"), lpd(), "new"),
        (lpd(), Claim("lpd", "absent"), "gone"),
        (Claim("lpd", "not_assessed"), lpd(), None),
        (lpd(), Claim("lpd", "not_assessed"), None),
        (Claim("lpd", prevalence="rare"), Claim("lpd", prevalence="frequent"), "increased"),
        (Claim("spikes", "absent"), Claim("spikes"), None),
    ],
)
def test_changes_since_the_preceding_window(before: Claim, now: Claim, direction: str | None) -> None:
    found = changes([before], [now], since_s=10.0)
    assert {f: c.direction for f, c in found.items()} == ({now.finding: direction} if direction else {})
    assert all(c.since_s == 10.0 for c in found.values())


def test_silence_of_the_preceding_window_is_no_absence() -> None:
    assert changes([], [lpd()]) == {}
