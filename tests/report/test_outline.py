"""The outline of hours: rows tell the whole recording, however few segments are written out."""

from __future__ import annotations

from typing import Any

from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.report.outline import MAX_BARS, outline_of


def chunk(i: int, *findings: str, lost: int = 0, assessable: bool = True) -> dict[str, Any]:
    return {
        "timestamp": (10.0 * i, 10.0 * i + 10),
        "claims": [Claim(f, status="supported").to_dict() for f in findings],
        "quality": {"assessable": assessable, "channels": {f"C{n}": ["flat"] for n in range(lost)}},
    }


def document(chunks: list[dict[str, Any]], events: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {"recording": {"ch_names": list("abcdefgh")}, "chunks": chunks, "events": list(events)}


def event(onset_s: float, confidence: float = 0.9) -> dict[str, Any]:
    return {
        "finding": "lpd",
        "onset_s": onset_s,
        "duration_s": 10.0,
        "candidate": False,
        "confidence": confidence,
    }


def test_a_finding_that_is_sure_as_an_episode_only_is_not_called_possible() -> None:
    """A seizure is possible in each segment of ten seconds and certain by its course."""
    hedged = chunk(0)
    hedged["claims"] = [Claim("lpd", hedged=True, status="supported").to_dict()]
    (row,) = outline_of(document([hedged])).lanes
    assert row["name"] == "possible LPDs"
    (row,) = outline_of(document([hedged], (event(0.0),))).lanes
    assert row["name"] == "LPDs"


def test_a_finding_is_one_bar_as_long_as_it_lasts_even_where_segments_are_left_out() -> None:
    told = outline_of(document([chunk(i, "drowsy") for i in range(1000)]), max_segments=10)
    assert told.lanes == [{"name": "drowsiness", "group": "state", "bars": [(0.0, 10000.0, "s0")]}]
    assert (told.n_windows, len(told.kept), told.end_s) == (1000, 10, 10000.0)


def test_events_are_kept_first_and_the_number_never_passes_the_limit() -> None:
    chunks = [chunk(i, "lpd" if i % 2 else "drowsy") for i in range(1000)]
    told = outline_of(document(chunks, (event(7000.0, 0.5), event(9000.0, 0.9))), max_segments=2)
    assert told.kept == {700, 900}
    many = outline_of(document(chunks, tuple(event(10.0 * i) for i in range(1000))), max_segments=50)
    assert len(many.kept) == 50


def test_what_cannot_be_told_apart_becomes_one_bar() -> None:
    chunks = [chunk(i, *(["lpd"] if i % 2 else [])) for i in range(20000)]
    told = outline_of(document(chunks), max_segments=1)
    assert len(told.lanes[0]["bars"]) <= MAX_BARS


def test_lost_channels_and_unusable_segments_have_their_rows() -> None:
    chunks = [chunk(0), chunk(1, lost=2), chunk(2, lost=1), chunk(3, assessable=False)]
    lanes = {lane["name"]: lane["bars"] for lane in outline_of(document(chunks)).lanes}
    assert lanes == {"channels lost": [(10.0, 20.0, "s100")], "not assessable": [(30.0, 40.0, "s300")]}
