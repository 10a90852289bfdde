"""Evaluation by several workers: each opens the voice for itself and hears whole blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..corpus.engines import Engine
from ..signal.windows import EEGWindows

if TYPE_CHECKING:
    from .listening import Heard

PRELOADED = ("neuronarrator_hf.narration.engine", "neuronarrator_hf.models.modeling_neuronarrator")
"""What workers need, for `corpus.engines.Processes`."""
_AT_ONCE = 4
"""Blocks of a job: small enough to be shared out evenly."""


@lru_cache(maxsize=1)
def open_voice(model: str | None, history: str) -> Any:
    """The voice that an evaluation hears, opened once in a process.

    Args:
        model: Repository name or folder; `measured` for the measurements alone; None is the embedded default.
        history: History mode of the narration.
    """
    if model == "measured":
        from ..narration.voice import MeasuredVoice

        return MeasuredVoice()
    from ..narration.loading import load_model
    from .listening import make_voice

    return make_voice(*load_model(model), history=history)


@dataclass(frozen=True)
class SharedVoice:
    """A voice whose blocks `listening.listen` shares out among the workers of an engine.

    What is heard of a block does not depend on the worker, so that any number of them gives the same result
    where each does its arithmetic in one thread. Used as any other `Voice`, it speaks in this process.
    """

    model: str | None
    history: str
    engine: Engine

    def hear(self, blocks: Sequence[EEGWindows], *, measured: bool, worded: bool) -> list[list[Heard]]:
        """The windows of every block, as of `listening.listen`."""
        heard: dict[int, list[list[Heard]]] = dict(
            self.engine.run(
                (_hear, (self.model, self.history, first, blocks[first : first + _AT_ONCE], measured, worded))
                for first in range(0, len(blocks), _AT_ONCE)
            )
        )
        return [block for first in sorted(heard) for block in heard[first]]

    @property
    def identity(self) -> dict[str, Any]:
        """Name, revision and version."""
        return self._here.identity

    def begin(self) -> Any:
        """See `Voice`."""
        return self._here.begin()

    def listen(self, windows: EEGWindows, state: Any) -> tuple[Any, Any]:
        """See `Voice`."""
        return self._here.listen(windows, state)

    def speak(self, heard: Any, indices: Sequence[int]) -> list[str]:
        """See `Voice`."""
        return self._here.speak(heard, indices)

    @property
    def _here(self) -> Any:
        return open_voice(self.model, self.history)


def _hear(
    model: str | None, history: str, first: int, blocks: Sequence[EEGWindows], measured: bool, worded: bool
) -> tuple[int, list[list[Heard]]]:
    """Body of a job: some blocks heard and checked, with the number of the first."""
    from ..narration.checking import VERIFY_MODES
    from .listening import hear_block

    voice = open_voice(model, history)
    heard = [hear_block(voice, block, measured=measured, worded=worded) for block in blocks]
    if measured and worded:
        for window in (window for block in heard for window in block):
            for mode in VERIFY_MODES:
                window.verdicts(mode)  # kept by the window
    return first, heard
