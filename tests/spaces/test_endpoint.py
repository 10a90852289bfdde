"""The endpoint for programs: uploads in, the JSON of a narration out, and no address fetched."""

from __future__ import annotations

from pathlib import Path

import pytest
from served import PATIENCE_S, Server, wait_until

gradio_client = pytest.importorskip("gradio_client")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(2 * PATIENCE_S)]
MEASURED = "Measurements only"


@pytest.fixture(scope="module")
def client(server: Server) -> gradio_client.Client:
    return gradio_client.Client(server.url, verbose=False, httpx_kwargs={"timeout": PATIENCE_S})


def sent(server: Server, recording: Path) -> str:
    """Upload without the client; where the server put it."""
    import httpx

    files = {"files": (recording.name, recording.read_bytes())}
    (path,) = httpx.post(f"{server.url}/gradio_api/upload", files=files, timeout=PATIENCE_S).json()
    return path


def test_a_recording_is_narrated_and_nothing_kept(
    client: gradio_client.Client, server: Server, recording: Path
) -> None:
    before = server.files()
    file = gradio_client.handle_file(recording)
    narration = client.predict(file, MEASURED, "ssm", "40", api_name="/narrate")
    assert narration["schema"] == "neuronarrator.narration/1" and len(narration["chunks"]) == 4
    assert narration["recording"]["age_years"] == 40
    assert "Jane" not in repr(narration)
    wait_until(lambda: server.files() <= before, "the end of what was uploaded")


def test_the_model_of_the_server_speaks(client: gradio_client.Client, recording: Path) -> None:
    file = gradio_client.handle_file(recording)
    narration = client.predict(file, "Default model", "none", "", api_name="/narrate")
    assert narration["model"]["name"] == "neuronarrator embedded default"
    assert {c["status"] for chunk in narration["chunks"] for c in chunk["claims"]} <= {
        "supported",
        "unassessable",
    }


@pytest.mark.parametrize(
    ("words", "age", "told"),
    [
        ("org/any-model", "", "no model of that name|not in the list"),
        (MEASURED, "old", "The age is a number"),
    ],
)
def test_what_cannot_be_done_is_told(
    client: gradio_client.Client, recording: Path, words: str, age: str, told: str
) -> None:
    file = gradio_client.handle_file(recording)
    with pytest.raises(Exception, match=told):
        client.predict(file, words, "ssm", age, api_name="/narrate")


def test_no_address_is_fetched(client: gradio_client.Client, server: Server) -> None:
    address = {"path": f"{server.url}/config", "meta": {"_type": "gradio.FileData"}}
    with pytest.raises(Exception, match="Upload a file"):
        client.predict(address, MEASURED, "ssm", "", api_name="/narrate")


def test_an_upload_may_be_named_by_the_address_it_has_here(
    client: gradio_client.Client, server: Server, recording: Path
) -> None:
    path = sent(server, recording)
    address = {"path": f"{server.url}/gradio_api/file={path}", "meta": {"_type": "gradio.FileData"}}
    narration = client.predict(address, MEASURED, "ssm", "", api_name="/narrate")
    assert len(narration["chunks"]) == 4
    for place in ("/etc/passwd", f"{path}/../../../../../../etc/passwd"):
        outside = {**address, "path": f"{server.url}/gradio_api/file={place}"}
        with pytest.raises(Exception, match="Upload a file"):
            client.predict(outside, MEASURED, "ssm", "", api_name="/narrate")


def test_the_same_recording_of_two_visitors_is_two_files(
    client: gradio_client.Client, server: Server, recording: Path
) -> None:
    paths = [sent(server, recording) for _ in range(2)]
    assert paths[0] != paths[1]
    for path in paths:
        file = {"path": path, "meta": {"_type": "gradio.FileData"}}
        assert client.predict(file, MEASURED, "ssm", "", api_name="/narrate")["chunks"]


@pytest.mark.parametrize("path", ["/etc/passwd", "../../../../etc/passwd"])
def test_no_file_of_the_server_is_read(client: gradio_client.Client, path: str) -> None:
    file = {"path": path, "meta": {"_type": "gradio.FileData"}}
    with pytest.raises(Exception) as refused:
        client.predict(file, MEASURED, "ssm", "", api_name="/narrate")
    assert "root:" not in str(refused.value)


def test_the_interface_describes_itself(server: Server) -> None:
    import httpx

    endpoints = httpx.get(f"{server.url}/gradio_api/info", timeout=PATIENCE_S).json()["named_endpoints"]
    assert list(endpoints) == ["/narrate"]
