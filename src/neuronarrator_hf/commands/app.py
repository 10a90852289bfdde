"""`neuronarrator app`: the demo of the Space, on this machine."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Annotated

import typer

from .messages import refuse, usage_errors


def app(
    port: Annotated[int | None, typer.Option(help="Port; the first free one from 7860 without it.")] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; beyond 127.0.0.1 whoever reaches it can use it.")
    ] = "127.0.0.1",
    model: Annotated[
        str | None,
        typer.Option(help="Hub name or folder, several with commas; the embedded default without it."),
    ] = None,
    mcp: Annotated[
        bool, typer.Option("--mcp", help="Offer the programming interface over MCP too; needs gradio[mcp].")
    ] = False,
) -> None:
    """Serve the demo on this machine: recordings are narrated in a browser and leave it nowhere."""
    if port is not None and not 1 <= port <= 65535:
        refuse(f"port must be between 1 and 65535, got {port}")
    if mcp and find_spec("mcp") is None:
        refuse("--mcp needs more of gradio: pip install 'gradio[mcp]', in an environment of its own")
    from ..app.server import serve

    with usage_errors():
        serve(port=port, host=host, models=model, mcp=mcp)
