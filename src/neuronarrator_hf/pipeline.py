"""The transformers pipeline `eeg-to-text`: thin over the one engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from torch.utils.data import Dataset
from transformers import GenerationConfig, Pipeline

from .narration.engine import HISTORY_MODES, VERIFY_MODES, Narrator
from .narration.result import Narration
from .recording.reading import Recording, read_recording

_NARRATOR_PARAMETERS = ("history", "verify", "age_years", "batch_size", "seed")
_GENERATE_PARAMETERS = frozenset(vars(GenerationConfig())) - {"transformers_version"} | {"streamer"}


class EEGToTextPipeline(Pipeline):
    """Narrates EEG: `pipeline("eeg-to-text")(recording)`.

    A recording is a path, an `mne.io.BaseRaw`, or a dict with `array` `(n_channels, n_times)`,
    `sampling_rate` (Hz), `ch_names` and `units` (`uV` or `V`). A list gives a list; a generator or a
    dataset gives a generator.

    The result follows the speech-recognition pipelines: `text`, `chunks` with `timestamp`, and beside
    them `claims`, `events`, `sections`, `severity`, `quality`, `recording` and `model`.

    Parameters of a call or of the constructor: `history` (ssm, prompt, none), `verify` (repair,
    annotate, off), `age_years`, `batch_size` (windows worded at a time), `seed`, `return_claims`, and
    what `generate` takes, by name or as `generate_kwargs`.
    """

    _load_processor = True
    _load_tokenizer = False
    _load_feature_extractor = False
    _load_image_processor = False
    _load_video_processor = False
    _pipeline_calls_generate = True
    _default_generation_config = GenerationConfig(do_sample=False)

    def __init__(self, *args: Any, batch_size: int | None = None, **kwargs: Any) -> None:
        if batch_size is not None:
            kwargs["window_batch_size"] = batch_size
        super().__init__(*args, **kwargs)

    def __call__(self, inputs: Any, *, batch_size: int | None = None, **kwargs: Any) -> Any:
        """Narrate one recording, a list of them, or a stream of them."""
        if batch_size is not None:
            kwargs["window_batch_size"] = batch_size
        if isinstance(inputs, (list, tuple)):
            return [self(one, **kwargs) for one in inputs]
        if isinstance(inputs, (Iterator, Dataset)):
            return (self(one, **kwargs) for one in inputs)
        return super().__call__(inputs, **kwargs)

    def _sanitize_parameters(
        self,
        return_claims: bool | None = None,
        generate_kwargs: Mapping[str, Any] | None = None,
        window_batch_size: int | None = None,
        **kwargs: Any,
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        generate = {**(generate_kwargs or {})}
        narrator: dict[str, Any] = {} if window_batch_size is None else {"batch_size": window_batch_size}
        for name, value in kwargs.items():
            if name in _NARRATOR_PARAMETERS:
                narrator[name] = value
            elif name in _GENERATE_PARAMETERS:
                generate[name] = value
            else:
                raise TypeError(
                    f"unknown parameter {name!r} of eeg-to-text; known are return_claims, generate_kwargs, "
                    f"{', '.join(_NARRATOR_PARAMETERS)}, and what generate takes"
                )
        for name, allowed in (("history", HISTORY_MODES), ("verify", VERIFY_MODES)):
            if name in narrator and narrator[name] not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {narrator[name]!r}")
        forward: dict[str, Any] = {}
        if narrator:
            forward["narrator"] = narrator
        if generate:
            forward["generate_kwargs"] = generate
        return {}, forward, {} if return_claims is None else {"return_claims": return_claims}

    def preprocess(self, inputs: Any) -> dict[str, Recording]:
        """Open a recording."""
        return {"recording": read_recording(inputs)}

    def _forward(
        self,
        model_inputs: Mapping[str, Recording],
        narrator: Mapping[str, Any] | None = None,
        generate_kwargs: Mapping[str, Any] | None = None,
    ) -> Narration:
        engine = Narrator(self.model, self.processor, **(narrator or {}), **(generate_kwargs or {}))
        return engine.narrate(model_inputs["recording"])

    def postprocess(self, narration: Narration, return_claims: bool = True) -> dict[str, Any]:
        """The narration as a dict."""
        result = narration.to_dict()
        if not return_claims:
            del result["claims"]
            for chunk in result["chunks"]:
                del chunk["claims"]
        return result
