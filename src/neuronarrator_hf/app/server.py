"""The server of the demo: on Hugging Face Spaces for the world, anywhere else for this machine alone."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
from pathlib import Path

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when Gradio is imported

import gradio as gr

from .desk import Desk
from .narrators import Narrators, models_of_server
from .page import HERE, build
from .visit import MAX_BYTES, Visits

THEME = gr.themes.Base(
    primary_hue="blue", neutral_hue="slate", radius_size="md",
    font=["system-ui", "-apple-system", "Segoe UI", "Roboto", "DejaVu Sans", "sans-serif"],
    font_mono=["ui-monospace", "DejaVu Sans Mono", "monospace"],
).set(body_text_color_subdued="*neutral_600", body_text_color_subdued_dark="*neutral_400")  # fmt: skip


def serve(
    *, port: int | None = None, host: str | None = None, models: str | None = None, mcp: bool = False
) -> None:
    """Serve the demo until it is stopped; its temporary files go with it.

    Args:
        port: Port; by default `GRADIO_SERVER_PORT`, else the first free one from 7860.
        host: Address to listen on; by default `GRADIO_SERVER_NAME`, else this machine alone.
        models: Models to choose among, see `models_of_server`.
        mcp: Offer the programming interface to language models too; needs `gradio[mcp]`.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    public = "SPACE_ID" in os.environ
    host = host or os.environ.get("GRADIO_SERVER_NAME") or ("0.0.0.0" if public else "127.0.0.1")
    with tempfile.TemporaryDirectory(prefix="neuronarrator-", ignore_cleanup_errors=True) as root:
        os.environ["GRADIO_TEMP_DIR"] = root  # uploads and reports in one place of our own
        visits = Visits(Path(root))
        threading.Thread(target=visits.keep_expiring, daemon=True).start()
        narrators = Narrators(models_of_server(models))
        build(Desk(visits, narrators), narrators.choices).launch(
            server_name=host,
            server_port=port,
            share=False,
            ssr_mode=False,
            run_history=False,
            mcp_server=mcp,
            max_file_size=MAX_BYTES,
            footer_links=["settings"],
            theme=THEME,
            css_paths=HERE / "app.css",
        )
