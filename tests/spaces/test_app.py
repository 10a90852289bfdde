from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eeg_samples import awake_uv
from served import PATIENCE_S

pytest.importorskip("gradio")

import gradio as gr
import httpx
from gradio import processing_utils

import neuronarrator_hf.app.visit as visit_module
from neuronarrator_hf.app import narrators as narrators_module
from neuronarrator_hf.app import page as page_module
from neuronarrator_hf.app import views
from neuronarrator_hf.app.desk import EXAMPLE, UPLOAD, Desk
from neuronarrator_hf.app.narrators import DEFAULT, MEASURED, Narrators, models_of_server
from neuronarrator_hf.app.uploads import uploads_only
from neuronarrator_hf.app.views import View
from neuronarrator_hf.app.visit import EXAMPLES, RefusedError, Visits
from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.narration.result import WindowNarration
from neuronarrator_hf.recording.writing import write_edf
from neuronarrator_hf.signal.montage import SITES_1020
from neuronarrator_hf.simulation.scenario import Act, Scenario

CHOICES: dict[str, Any] = {"source": EXAMPLE, "example": "short", "uploads": None}
CHOICES |= {"words": MEASURED, "history": "ssm", "age": ""}


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EXAMPLES, "focus", Scenario(0, 46.0, "routine", (Act("example", 7),), 200.0))
    monkeypatch.setitem(EXAMPLES, "short", Scenario(0, 46.0, "routine", (Act("example", 3),), 200.0))


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "root"))
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@pytest.fixture
def desk(root: Path) -> Desk:
    return Desk(Visits(root), Narrators({DEFAULT: None}))


def run(desk: Desk, key: str = "a", **changes: Any) -> list[dict[str, Any]]:
    return list(desk.narrate(**{**CHOICES, **changes}, key=key))


def merged(updates: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: value for update in updates for name, value in update.items()}


def files(root: Path) -> list[Path]:
    return sorted(p for p in root.rglob("*") if p.is_file())


@pytest.fixture
def uploaded(root: Path) -> Path:
    """A recording where the server puts uploads, named as a careless visitor would."""
    folder = root / "0123abcd"
    folder.mkdir()
    return write_edf(folder / "Jane_Doe_1970.edf", awake_uv(22.0), SITES_1020, 200.0)


def test_the_page_is_built_and_every_handler_gives_parts_of_it(desk: Desk) -> None:
    page = page_module.build(desk, [DEFAULT, MEASURED])
    config = page.get_config_file()
    assert page.analytics_enabled is False
    public = [d["api_name"] for d in config["dependencies"] if d["api_visibility"] != "private"]
    assert public == ["narrate"]
    parts = {c["props"].get("label") for c in config["components"]}
    assert {"Recording", "Gain", "Montage", "Filter", "Segment of 10 s", "Age in years"} <= parts
    with gr.Blocks():
        names = set(page_module.lay_out([DEFAULT, MEASURED]))
    assert set(merged(run(desk))) <= names
    assert set(desk.show(1, View(), "a")) <= names


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


def test_what_is_contradicted_is_never_folded_away() -> None:
    claims = (Claim("spikes", "absent", status="contradicted"), Claim("lpd", "absent", status="supported"))
    shown, folded = views.segment_details(WindowNarration(0.0, 10.0, "", claims), None).split("<details>")
    assert "Spikes" in shown and "LPDs" in folded and "Spikes" not in folded


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


def test_an_error_of_ours_tells_no_content(root: Path) -> None:
    def fail(*_: Any) -> Any:
        raise RuntimeError("Jane Doe")

    last = merged(run(Desk(Visits(root), fail)))
    assert "RuntimeError" in last["status"] and "Jane" not in repr(last)


def test_texts_are_escaped() -> None:
    claim = Claim("spikes", span=(0, 8), status="supported", evidence={"where": "<script>", "bound": "<b>"})
    window = WindowNarration(0.0, 10.0, "<script>alert(1)</script>", (claim,))
    shown = views.segment_details(window, None) + views.status_line("<i>")
    assert (
        "<script" not in shown and "<b>&" not in shown and "&lt;script&gt;" in shown and "&lt;i&gt;" in shown
    )


def test_pieces_give_the_text_and_the_gravest_status() -> None:
    claims = (
        Claim("spikes", span=(0, 5), status="supported"),
        Claim("eye_blinks", span=(0, 5), status="contradicted"),
        Claim("muscle_artifact", span=(6, 10), status="unassessable"),
    )
    window = WindowNarration(0.0, 10.0, "Aaaa. Bbb. Cc.", claims)
    pieces = list(views.claim_pieces(window))
    assert "".join(text for text, _ in pieces) == window.text
    assert [label for _, label in pieces] == ["contradicted", None, "not checkable", None]


async def _taken(payload: Any) -> Any:
    """What the field makes of a request, the way Gradio runs it."""
    field = uploads_only(gr.File(file_count="multiple"))
    return await processing_utils.async_move_files_to_cache(payload, field)


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/a.edf", "https://example.org/a.edf", "/no/such.edf"])
def test_an_address_is_not_fetched(address: str, root: Path) -> None:
    with pytest.raises(gr.Error, match="Upload a file"):
        asyncio.run(_taken([{"path": address, "meta": {"_type": "gradio.FileData"}}]))


def test_an_uploaded_file_is_taken_and_leaves_no_other(root: Path, uploaded: Path) -> None:
    (taken,) = asyncio.run(_taken([{"path": str(uploaded), "meta": {"_type": "gradio.FileData"}}]))
    field = uploads_only(gr.File(file_count="multiple"))
    assert field.preprocess(field.data_model([taken])) == [str(uploaded)]
    assert files(root) == [uploaded]


def test_building_writes_nothing_beside_the_source() -> None:
    assert not list(Path(page_module.__file__).parent.glob("*.pyi"))


def test_the_upload_field_is_no_output_of_a_handler(desk: Desk) -> None:
    config = page_module.build(desk, [MEASURED]).get_config_file()
    fields = [c["id"] for c in config["components"] if c["type"] == "file"]
    assert len(fields) == 2
    for field in fields:
        assert all(field not in d["outputs"] or not d["backend_fn"] for d in config["dependencies"])


@pytest.fixture
def served(desk: Desk) -> Iterator[str]:
    page = page_module.build(desk, [MEASURED])
    _, address, _ = page.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, ssr_mode=False)
    yield f"{address}gradio_api"
    page.close()


class Page:
    """What the page sends and gets, without a browser.

    Args:
        api: Address of the interface.
    """

    def __init__(self, api: str) -> None:
        self.http = httpx.Client(base_url=api, timeout=PATIENCE_S)
        config = self.http.get(api.replace("gradio_api", "config")).json()
        self.dependencies = config["dependencies"]
        self.components = {c["id"]: c for c in config["components"]}

    def send(self, name: str, data: list[Any]) -> httpx.Response:
        """Call a handler that needs no queue."""
        (function,) = (d["id"] for d in self.dependencies if d["api_name"] == name)
        sent = {"data": data, "fn_index": function, "session_hash": "visitor"}
        return self.http.post("/run/predict", json=sent)

    def narrate(self, source: str, uploads: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Press Narrate; every message of the run."""
        (function,) = (d["id"] for d in self.dependencies if len(d["inputs"]) == 6)
        data = [source, "short", uploads, MEASURED, "ssm", ""]
        self.http.post("/queue/join", json={"data": data, "fn_index": function, "session_hash": "visitor"})
        messages = []
        with self.http.stream("GET", "/queue/data", params={"session_hash": "visitor"}) as lines:
            for line in lines.iter_lines():
                if line.startswith("data: "):
                    messages.append(json.loads(line[6:]))
                    if messages[-1]["msg"] == "process_completed":
                        break
        return messages


def file_data(path: str) -> dict[str, Any]:
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


@pytest.mark.slow
def test_the_server_narrates_and_fetches_no_address(served: str, root: Path) -> None:
    page = Page(served)
    assert page.narrate(EXAMPLE, [])[-1]["success"]
    for _ in range(2):  # a second time: Gradio makes components anew for a session that has run
        answer = page.narrate(UPLOAD, [file_data(f"{served}/info")])[-1]
        assert not answer["success"] and "Upload a file" in answer["output"]["error"]
    assert sorted(p.suffix for p in files(root)) == [".edf", ".html", ".json", ".md"]


def test_the_server_sends_segments_as_they_come(served: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(narrators_module, "STREAM_WINDOWS", 1)
    messages = Page(served).narrate(EXAMPLE, [])
    coming = [json.dumps(m["output"]["data"]) for m in messages if m["msg"] == "process_generating"]
    told = [re.findall(r"(\d) of 3 segments", step) for step in coming]
    assert [found[0] for found in told if found] == ["1", "2", "3"]
    assert messages[-1]["msg"] == "process_completed" and messages[-1]["success"]


def test_the_page_may_still_name_an_upload_that_a_run_has_taken(
    served: str, root: Path, uploaded: Path
) -> None:
    """The page tells of an upload beside the run that takes it: either may come first."""
    page = Page(served)
    assert page.narrate(UPLOAD, [file_data(str(uploaded))])[-1]["success"]
    assert not uploaded.exists()
    assert page.send("note", [[file_data(str(uploaded))]]).status_code == 200
    assert "The upload is gone" in json.dumps(page.narrate(UPLOAD, [file_data(str(uploaded))]))
    assert page.send("note", [[file_data(str(root))]]).status_code == 500  # no file of an upload
    assert root.is_dir()


def test_a_request_without_a_session_belongs_to_nobody() -> None:
    with pytest.raises(gr.Error, match="browser"):
        page_module.visitor(gr.Request(session_hash=None))


def test_refusals_are_not_faults() -> None:
    assert not issubclass(RefusedError, (OSError, ValueError))
