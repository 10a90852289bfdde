"""What the pipelines have in common: what a recording may be, one or many, and parameters refused by name."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from torch.utils.data import Dataset
from transformers import Pipeline

from ..recording.reading import Recording, read_recording


class EEGPipeline(Pipeline):
    """A pipeline over recordings.

    A recording is a path, an `mne.io.BaseRaw`, or a dict with `array` `(n_channels, n_times)`,
    `sampling_rate` (Hz), `ch_names` and `units` (`uV` or `V`). A list gives a list; a generator or a
    dataset gives a generator. `batch_size` counts windows taken at a time, not recordings.
    """

    _load_processor = True
    _load_tokenizer = False
    _load_feature_extractor = False
    _load_image_processor = False
    _load_video_processor = False
    _pipeline_calls_generate = False

    def __init__(self, *args: Any, batch_size: int | None = None, **kwargs: Any) -> None:
        if batch_size is not None:
            kwargs["window_batch_size"] = batch_size
        super().__init__(*args, **kwargs)

    def __call__(self, inputs: Any, *, batch_size: int | None = None, **kwargs: Any) -> Any:
        """Treat one recording, a list of them, or a stream of them."""
        if batch_size is not None:
            kwargs["window_batch_size"] = batch_size
        if isinstance(inputs, (list, tuple)):
            return [self(one, **kwargs) for one in inputs]
        if isinstance(inputs, (Iterator, Dataset)):
            return (self(one, **kwargs) for one in inputs)
        return super().__call__(inputs, **kwargs)

    def preprocess(self, inputs: Any) -> dict[str, Recording]:
        """Open a recording."""
        return {"recording": read_recording(inputs)}


def refuse_unknown(task: str, given: Mapping[str, Any], known: Collection[str], more: str = "") -> None:
    """Raise TypeError for the first parameter that is not known.

    Args:
        task: Name of the pipeline.
        given: Parameters of a call.
        known: Names that it takes.
        more: What else it takes, in words.
    """
    for name in given:
        if name not in known:
            raise TypeError(f"unknown parameter {name!r} of {task}; known are {', '.join(known)}{more}")


def one_of(name: str, value: Any, allowed: Collection[Any]) -> None:
    """Raise ValueError where `value` is none of `allowed`."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(str, allowed))}, got {value!r}")
