from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuronarrator_hf.signal.windowing import WindowPlan, grid_samples, plan_windows


def test_whole_windows_then_one_taken_backward() -> None:
    assert plan_windows([(0.0, 30.0)]) == [
        WindowPlan(0.0, 2000),
        WindowPlan(10.0, 2000),
        WindowPlan(20.0, 2000),
    ]
    assert plan_windows([(0.0, 23.5)]) == [
        WindowPlan(0.0, 2000),
        WindowPlan(10.0, 2000),
        WindowPlan(13.5, 2000),
    ]


@pytest.mark.parametrize(("length_s", "n_times"), [(2.0, 400), (5.0, 1000), (9.995, 1999), (10.0, 2000)])
def test_short_stretches_are_padded(length_s: float, n_times: int) -> None:
    assert plan_windows([(100.0, 100.0 + length_s)]) == [WindowPlan(100.0, n_times)]


def test_too_short_is_nothing() -> None:
    assert plan_windows([(0.0, 1.99), (5.0, 5.0)]) == []


def test_no_window_crosses_a_gap_and_order_does_not_matter() -> None:
    spans = [(40.0, 55.0), (0.0, 12.0), (13.0, 14.0)]
    plans = plan_windows(spans)
    assert [p.start_s for p in plans] == [0.0, 2.0, 40.0, 45.0]
    assert plans == plan_windows(sorted(spans))


def test_wrong_spans_are_refused() -> None:
    with pytest.raises(ValueError, match="overlaps"):
        plan_windows([(0.0, 20.0), (10.0, 30.0)])
    with pytest.raises(ValueError, match="before it starts"):
        plan_windows([(5.0, 3.0)])


@given(
    st.lists(st.tuples(st.floats(0.01, 30.0), st.floats(0.0, 60.0)), min_size=1, max_size=6),
    st.floats(0, 1e6),
)
def test_every_window_lies_in_one_span_and_every_long_span_is_covered(
    pieces: list[tuple[float, float]], begin_s: float
) -> None:
    spans = []
    for gap_s, length_s in pieces:
        spans.append((begin_s + gap_s, begin_s + gap_s + length_s))
        begin_s = spans[-1][1]
    plans = plan_windows(spans)
    ranges = [grid_samples(*span) for span in spans]
    read: list[set[int]] = [set() for _ in spans]
    for plan in plans:
        start = round(plan.start_s * 200)
        homes = [i for i, (a, b) in enumerate(ranges) if a <= start and start + plan.n_times <= b]
        assert len(homes) == 1
        read[homes[0]].update(range(start, start + plan.n_times))
    for (first, stop), samples in zip(ranges, read, strict=True):
        if stop - first >= 400:
            assert samples == set(range(first, stop))
    assert [p.start_s for p in plans] == sorted(p.start_s for p in plans)
