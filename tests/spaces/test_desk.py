"""What the controls of the demo do, without a page: runs, refusals, clicks, and what is left of a visit."""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from desk_runs import CHOICES, files, merged, run

import neuronarrator_hf.app.visit as visit_module
from neuronarrator_hf.app import narrators as narrators_module
from neuronarrator_hf.app import views
from neuronarrator_hf.app.desk import UPLOAD, Desk
from neuronarrator_hf.app.narrators import Narrators, models_of_server
from neuronarrator_hf.app.views import View
from neuronarrator_hf.app.visit import RefusedError


def test_an_example_is_narrated_segment_by_segment_beside_its_truth(
    desk: Desk, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(narrators_module, "STREAM_WINDOWS", 1)
    updates = run(desk)
    counts = [sum(text == "\n" for text, _ in u["narrative"]) for u in updates if u.get("narrative")]
    assert counts == [1, 2, 3]
    shares = [re.findall(r"(\d+) of 3 segments", u["status"]) for u in updates if u.get("narrative")]
    assert shares == [["1"], ["2"], ["3"]]
    last = merged(updates)
    assert last["study"] == last["outcome"] == {"visible": True}
    assert "data:image/png;base64," in last["page"] and "<svg" in last["fields"]
    assert "Simulated here" in last["details"] and "supported by the signal" in last["details"]
    assert {label for _, label in last["narrative"]} <= {None, *views.STATUS_COLOURS} - {"contradicted"}
    written = [Path(last[f"file_{kind}"]) for kind in ("html", "json", "md", "edf")]
    assert sorted(written) == files(root)
    assert last["start"] == {"interactive": True} and last["stop"] == {"interactive": False}


def test_nothing_is_left_when_the_visitor_leaves(desk: Desk, root: Path) -> None:
    run(desk)
    desk.visits.end("a")
    assert list(root.iterdir()) == []
    assert desk.show(0, View(), "a") == {}


def test_an_upload_is_narrated_and_deleted_and_its_name_not_told(
    desk: Desk, root: Path, uploaded: Path
) -> None:
    updates = run(desk, source=UPLOAD, uploads=[str(uploaded)])
    last = merged(updates)
    assert last["outcome"] == {"visible": True}, last["status"]
    assert not uploaded.exists() and not uploaded.parent.exists()
    assert sorted(p.suffix for p in files(root)) == [".edf", ".html", ".json", ".md"]
    assert "Jane" not in repr(updates)
    assert all(b"Jane" not in p.read_bytes() for p in files(root))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("Jane_Doe.edf", b"0       " + b"no header" * 50, "cannot be used"),
        ("Jane_Doe.txt", b"hello", "not taken"),
        ("Jane_Doe.vmrk", b"Brain Vision", "part of a recording"),
    ],
)
def test_a_bad_file_is_refused_in_words_and_deleted(
    desk: Desk, root: Path, name: str, content: bytes, words: str
) -> None:
    folder = root / "upload"
    folder.mkdir()
    (folder / name).write_bytes(content)
    last = merged(run(desk, source=UPLOAD, uploads=[str(folder / name)]))
    assert words in last["status"] and 'role="alert"' in last["status"]
    assert "Jane" not in repr(last)
    assert files(root) == []


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [("MAX_BYTES", 1000, "MB"), ("MAX_DURATION_S", 20, "min"), ("MAX_CHANNELS", 10, "channels")],
)
def test_limits_are_told(
    desk: Desk,
    root: Path,
    uploaded: Path,
    monkeypatch: pytest.MonkeyPatch,
    limit: str,
    value: int,
    words: str,
) -> None:
    monkeypatch.setattr(visit_module, limit, value)
    last = merged(run(desk, source=UPLOAD, uploads=[str(uploaded)]))
    assert words in last["status"] and 'role="alert"' in last["status"]
    assert files(root) == []


@pytest.mark.parametrize(("age", "years"), [("", None), ("7", 7.0), ("6,5", 6.5)])
def test_the_age_reaches_the_narrator_and_unknown_is_not_zero(
    desk: Desk, uploaded: Path, age: str, years: float | None
) -> None:
    run(desk, source=UPLOAD, uploads=[str(uploaded)], age=age)
    assert desk.visits.get("a").narration.recording["age_years"] == years


@pytest.mark.parametrize("age", ["old", "-1", "200", "nan"])
def test_an_age_that_is_none_is_refused(desk: Desk, age: str) -> None:
    assert "The age is a number" in merged(run(desk, age=age))["status"]


def test_two_recordings_at_once_are_refused(desk: Desk, root: Path, uploaded: Path) -> None:
    other = Path(shutil.copy(uploaded, root / "other.edf"))
    last = merged(run(desk, source=UPLOAD, uploads=[str(uploaded), str(other)]))
    assert "One recording at a time" in last["status"]
    assert files(root) == []


def test_an_upload_never_narrated_goes_with_its_visitor(desk: Desk, root: Path, uploaded: Path) -> None:
    desk.visits.note_uploads("a", [str(uploaded)])
    desk.visits.end("b")
    assert uploaded.exists()
    desk.visits.end("a")
    assert list(root.iterdir()) == []


def test_clicks_move_the_page(desk: Desk) -> None:
    run(desk)
    pieces, owners = views.narrative(desk.visits.get("a").windows)
    piece = next(i for i, (_, label) in enumerate(pieces) if label and owners[i] == 2)
    moved = desk.show_piece(piece, View(), "a")
    assert moved["segment"] == {"value": 3} and "0:20 to 0:30" in moved["page"]
    assert desk.show_piece(len(pieces), View(), "a") == {}
    shown = [
        desk.show_share(share, View(), "a")["segment"]["value"] for share in (0.0, 0.34, 0.66, 0.99, 1.0)
    ]
    assert shown == [1, 2, 2, 3, 3]
    for share in (-0.1, 1.1, float("nan")):
        assert desk.show_share(share, View(), "a") == {}
    assert desk.show(99, View(), "a")["segment"] == {"value": 3}
    assert desk.show(-5, View(70), "a")["segment"] == {"value": 1}


def test_a_click_on_an_event_moves_the_page_to_its_onset(desk: Desk) -> None:
    last = merged(run(desk, example="focus"))
    events = desk.visits.get("a").narration.events
    assert len(events) == len(last["events"]["value"]) > 0
    for row, event in zip(last["events"]["value"], events, strict=True):
        shown = desk.show_event(row, View(), "a")["segment"]["value"]
        assert 10 * (shown - 1) <= event["onset_s"] < 10 * shown
    assert desk.show_event(["no", "such", "row"], View(), "a") == {}


def test_a_visit_ends_after_an_hour(desk: Desk, root: Path) -> None:
    run(desk)
    desk.visits.expire()
    assert len(desk.visits.get("a").windows) == 3
    desk.visits.get("a").started -= visit_module.MAX_VISIT_S
    desk.visits.expire()
    assert desk.visits.get("a") is None and list(root.iterdir()) == []


def test_an_upload_that_was_broken_off_is_deleted(desk: Desk, root: Path) -> None:
    for name, idle_s in (("tmpold", visit_module.STALLED_S + 5), ("tmpnew", 0)):
        (root / name).write_bytes(b"half")
        os.utime(root / name, (time.time() - idle_s,) * 2)
    desk.visits.expire()
    assert [path.name for path in files(root)] == ["tmpnew"]


def test_a_stopped_run_keeps_what_was_said_and_writes_no_report(
    desk: Desk, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(narrators_module, "STREAM_WINDOWS", 1)
    updates: list[dict[str, Any]] = []
    for update in desk.narrate(**CHOICES, key="a"):
        updates.append(update)
        if update.get("narrative"):
            desk.stop("a")
    assert "Stopped after" in merged(updates)["status"]
    assert merged(updates)["start"] == {"interactive": True}
    assert files(root) == []


def test_closing_the_page_ends_the_run(desk: Desk, root: Path) -> None:
    updates = desk.narrate(**CHOICES, key="a")
    while not next(updates).get("study", {}).get("visible"):
        pass
    next(updates)
    updates.close()
    desk.visits.end("a")
    assert list(root.iterdir()) == []


def test_visitors_do_not_see_each_other(desk: Desk) -> None:
    run(desk, key="a")
    run(desk, key="b", source=UPLOAD, uploads=[])
    assert desk.show(0, View(), "b") == {}
    assert desk.visits.get("b").windows == [] and len(desk.visits.get("a").windows) == 3
    assert desk.show(0, View(), "a")["segment"] == {"value": 1}


def test_a_server_without_a_model_says_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NEURONARRATOR_MODEL", str(tmp_path))
    desk.make_narrator = Narrators(models_of_server())
    (name, _) = desk.make_narrator.choices
    last = merged(run(desk, words=name))
    assert "No model can be loaded" in last["status"] and str(tmp_path) not in last["status"]


def test_an_error_of_ours_tells_no_content(desk: Desk) -> None:
    def fail(*_: Any) -> Any:
        raise RuntimeError("Jane Doe")

    last = merged(run(Desk(desk.visits, fail)))
    assert "RuntimeError" in last["status"] and "Jane" not in repr(last)


def test_refusals_are_not_faults() -> None:
    assert not issubclass(RefusedError, (OSError, ValueError))
