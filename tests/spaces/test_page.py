"""The page as Gradio builds and serves it: its parts, what its file field takes, what is sent as it comes."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk_runs import files, merged, run
from served import PATIENCE_S

pytest.importorskip("gradio")

import gradio as gr
import httpx
from gradio import processing_utils

from neuronarrator_hf.app import narrators as narrators_module
from neuronarrator_hf.app import page as page_module
from neuronarrator_hf.app.desk import EXAMPLE, UPLOAD, Desk
from neuronarrator_hf.app.narrators import DEFAULT, MEASURED
from neuronarrator_hf.app.uploads import uploads_only
from neuronarrator_hf.app.views import View


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
