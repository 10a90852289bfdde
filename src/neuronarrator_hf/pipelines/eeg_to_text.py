"""The pipeline `eeg-to-text`: recordings to verified narrations."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from typing import Any

from transformers import GenerationConfig

from ..narration.engine import HISTORY_MODES, VERIFY_MODES, Narrator
from ..narration.relay import stream
from ..narration.result import Narration, WindowNarration
from ..recording.reading import Recording
from .eeg_pipeline import EEGPipeline, check_parameters, one_of

_NARRATOR_PARAMETERS = ("history", "verify", "age_years", "seed", "block_windows")
_KNOWN = ("return_claims", "stream", "generate_kwargs", *_NARRATOR_PARAMETERS)
_GENERATE_PARAMETERS = frozenset(vars(GenerationConfig())) - {"transformers_version"} | {"streamer"}
STREAM_WINDOWS = 6
"""Windows worded at a time where chunks are handed on as they come: a minute."""


class EEGToTextPipeline(EEGPipeline):
    """Narrates EEG: `pipeline("eeg-to-text")(recording)`.

    The result follows the speech-recognition pipelines: `text`, `chunks` with `timestamp`, and beside
    them `claims`, `events`, `sections`, `severity`, `quality`, `recording` and `model`. A recording of
    any length is read in blocks of `block_windows` windows, with the history carried over.

    Parameters of a call or of the constructor: `history` (ssm, prompt, none), `verify` (repair,
    annotate, off), `age_years`, `batch_size` (windows worded at a time), `seed`, `block_windows`,
    `return_claims`, `stream` (True gives a generator of verified chunks as they come), and what
    `generate` takes, by name or as `generate_kwargs`.
    """

    _pipeline_calls_generate = True
    _default_generation_config = GenerationConfig(do_sample=False)

    def _sanitize_parameters(
        self,
        generate_kwargs: Mapping[str, Any] | None = None,
        window_batch_size: int | None = None,
        **kwargs: Any,
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        generate = {name: kwargs.pop(name) for name in list(kwargs) if name in _GENERATE_PARAMETERS}
        if not isinstance(generate_kwargs, Mapping | None):
            raise ValueError(f"generate_kwargs must be a dict, got {generate_kwargs!r}")
        generate = {**(generate_kwargs or {}), **generate}
        check_parameters("eeg-to-text", kwargs, _KNOWN, _GENERATE_PARAMETERS)
        one_of("history", kwargs.get("history", "ssm"), HISTORY_MODES)
        one_of("verify", kwargs.get("verify", "repair"), VERIFY_MODES)
        narrator = {name: kwargs[name] for name in _NARRATOR_PARAMETERS if name in kwargs}
        if window_batch_size is not None:
            narrator["batch_size"] = window_batch_size
        forward: dict[str, Any] = {}
        if narrator:
            forward["narrator"] = narrator
        if generate:
            forward["generate_kwargs"] = generate
        if "stream" in kwargs:
            forward["as_stream"] = kwargs["stream"]
        return {}, forward, {name: kwargs[name] for name in ("return_claims",) if name in kwargs}

    def _forward(
        self,
        model_inputs: Mapping[str, Recording],
        narrator: Mapping[str, Any] | None = None,
        generate_kwargs: Mapping[str, Any] | None = None,
        as_stream: bool = False,
    ) -> Narration | Iterator[dict[str, Any]]:
        options = {**({"block_windows": STREAM_WINDOWS} if as_stream else {}), **(narrator or {})}
        engine = Narrator(self.model, self.processor, **options, **(generate_kwargs or {}))
        recording = model_inputs["recording"]
        if as_stream:
            return _chunks(stream(engine, recording))
        return engine.narrate(recording)

    def postprocess(self, model_outputs: Any, return_claims: bool = True) -> Any:
        """The narration as a dict, or its chunks as they come."""
        if not isinstance(model_outputs, Narration):
            return model_outputs if return_claims else map(_without_claims, model_outputs)
        result = model_outputs.to_dict()
        if not return_claims:
            del result["claims"]
            result["chunks"] = [_without_claims(chunk) for chunk in result["chunks"]]
        return result


def _chunks(finished: Generator[list[WindowNarration], None, Narration]) -> Iterator[dict[str, Any]]:
    """Chunks one by one; a reader who leaves ends the work."""
    with closing(finished):
        for windows in finished:
            yield from (window.to_dict() for window in windows)


def _without_claims(chunk: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in chunk.items() if name != "claims"}
