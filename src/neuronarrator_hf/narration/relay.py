"""Windows of a narration as they are finished, with the narration of the whole at the end."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator
from typing import Any

from ..recording.reading import Recording
from .engine import Narrator
from .result import Narration, WindowNarration


class LeftError(Exception):
    """Nobody takes the windows any more."""


def stream(
    narrator: Narrator,
    recording: Recording,
    *,
    check: Callable[[], None] | None = None,
    **options: Any,
) -> Generator[list[WindowNarration], None, Narration]:
    """Narrate in a thread and yield verified windows, as many as there are; the narration is returned.

    Closing the generator ends the work at its next window.

    Args:
        narrator: The narrator.
        recording: The recording.
        check: Called before each window is handed on, in the thread; what it raises ends the work.
        options: As for `Narrator.narrate`.
    """
    inbox: queue.SimpleQueue[WindowNarration | Narration | BaseException] = queue.SimpleQueue()
    left = threading.Event()

    def hand_on(window: WindowNarration) -> None:
        if left.is_set():
            raise LeftError
        if check is not None:
            check()
        inbox.put(window)

    def work() -> None:
        try:
            inbox.put(narrator.narrate(recording, on_window=hand_on, **options))
        except BaseException as error:
            inbox.put(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    waiting: list[WindowNarration] = []
    try:
        while True:
            got = inbox.get()
            if isinstance(got, BaseException):
                raise got
            if isinstance(got, Narration):
                if waiting:
                    yield waiting
                return got
            waiting.append(got)
            if inbox.empty():
                yield waiting
                waiting = []
    finally:
        left.set()
        thread.join()
