"""The endpoint as a tool of language models: its description, an upload, and what it does not take.

Needs `gradio[mcp]`, whose pydantic is older than the one of `constraints.txt`: an environment of its own.
"""

from __future__ import annotations

import ast
import asyncio
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from served import PATIENCE_S, Server, running
from typer.testing import CliRunner

pytest.importorskip("gradio")
needs_mcp = pytest.mark.skipif(find_spec("mcp") is None, reason="gradio[mcp] is not installed")


@pytest.mark.skipif(find_spec("mcp") is not None, reason="gradio[mcp] is installed")
def test_without_the_extra_the_remedy_is_told() -> None:
    from neuronarrator_hf.cli import app

    refused = CliRunner().invoke(app, ["app", "--mcp"])
    assert refused.exit_code == 2 and "pip install 'gradio[mcp]'" in refused.output


@pytest.mark.slow
@pytest.mark.timeout(2 * PATIENCE_S)
@needs_mcp
def test_a_tool_narrates_an_upload_and_fetches_no_address(tmp_path: Path, recording: Path) -> None:
    with running(tmp_path, "--mcp") as server:
        tool, narrated, refused = asyncio.run(_talk(server, recording))
        assert not any(path.suffix == ".edf" for path in server.files())
    assert tool.name == "narrate" and "not a medical device" in tool.description
    assert set(tool.inputSchema["properties"]) == {"recording", "words", "history", "age"}
    assert not narrated.isError
    narration = ast.literal_eval(narrated.content[0].text)
    assert narration["schema"] == "neuronarrator.narration/1" and len(narration["chunks"]) == 4
    assert "Jane" not in narrated.content[0].text
    for answer in refused:
        assert answer.isError and "root:" not in answer.content[0].text


async def _talk(server: Server, recording: Path) -> tuple[Any, Any, list[Any]]:
    """The tool, its answer to an upload, and its answers to places that are none."""
    import httpx
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    files = {"files": (recording.name, recording.read_bytes())}
    (path,) = httpx.post(f"{server.url}/gradio_api/upload", files=files, timeout=PATIENCE_S).json()
    own = f"{server.url}/gradio_api/file="
    async with (
        streamablehttp_client(f"{server.url}/gradio_api/mcp/", timeout=PATIENCE_S) as (reading, writing, _),
        ClientSession(reading, writing) as session,
    ):
        await session.initialize()
        (tool,) = (await session.list_tools()).tools

        async def narrate(place: str) -> Any:
            told = {"recording": place, "words": "Measurements only", "history": "ssm", "age": ""}
            return await session.call_tool(tool.name, told)

        narrated = await narrate(own + path)
        places = ("/etc/passwd", f"{server.url}/config", f"{own}/etc/passwd", "http://127.0.0.1:1/a.edf")
        return tool, narrated, [await narrate(place) for place in places]
