"""Uploads: each in a folder of its own, and taken by no other way than by having been uploaded here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import gradio as gr
from gradio import route_utils
from gradio.utils import get_upload_folder

_OWN_FILE = "/gradio_api/file="
"""In the address that this server gives to an uploaded file, before its path."""


class OwnUpload(route_utils.GradioUploadFile):
    """An upload whose folder is called by chance.

    Gradio calls it by the content: two visitors with the same recording would share one file, and the
    first to be done would delete that of the other.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sha.update(os.urandom(16))


def separate_uploads() -> None:
    """From now on every upload to a server of this process has a folder of its own."""
    route_utils.GradioUploadFile = OwnUpload  # type: ignore[misc]


def uploads_only(field: gr.File) -> gr.File:
    """Make a file field take what was uploaded to this server and nothing else.

    Gradio's own would download an address that a request names in place of a file, and leave an empty
    temporary file at every use. This is done to the instance, since Gradio writes a stub file beside every
    subclass; so the field may be no output of a handler, for which Gradio would make a new instance.
    """

    async def take_file(path: str | Path | None) -> str | None:
        if path is None:
            return None
        # The file itself; nothing is fetched. It may be gone: a run takes it while the page still names it.
        place = Path(str(path).partition(_OWN_FILE)[2] or path).resolve()
        folder = Path(get_upload_folder()).resolve()
        if not place.is_relative_to(folder) or (place.exists() and not place.is_file()):
            raise gr.Error("Upload a file; an address cannot be given in its place.")
        return str(place)

    def paths_of(payload: Any) -> list[str]:
        return [] if payload is None else [file.path for file in getattr(payload, "root", [payload])]

    vars(field).update(async_move_resource_to_block_cache=take_file, preprocess=paths_of)
    return field
