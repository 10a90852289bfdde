"""What the pipelines have in common: what a recording may be, one or many, and parameters refused by name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from difflib import get_close_matches
from numbers import Integral, Real
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
        super().__init__(*args, **_windows_at_a_time(batch_size), **kwargs)

    def __call__(self, inputs: Any, *, batch_size: int | None = None, **kwargs: Any) -> Any:
        """Treat one recording, a list of them, or a stream of them."""
        kwargs |= _windows_at_a_time(batch_size)
        if isinstance(inputs, (list, tuple)):
            return [self(one, **kwargs) for one in inputs]
        if isinstance(inputs, (Iterator, Dataset)):
            return (self(one, **kwargs) for one in inputs)
        return super().__call__(inputs, **kwargs)

    def preprocess(self, inputs: Any) -> dict[str, Recording]:
        """Open a recording."""
        return {"recording": read_recording(inputs)}


def _windows_at_a_time(batch_size: int | None) -> dict[str, int]:
    """`batch_size` by a name that transformers does not take for its own, which batches recordings."""
    if batch_size is None:
        return {}
    check_value("batch_size", batch_size)
    return {"window_batch_size": batch_size}


def check_parameters(
    task: str, given: Mapping[str, Any], known: Collection[str], of_generate: Collection[str] = ()
) -> None:
    """Refuse what the pipeline does not take, by name.

    Args:
        task: Name of the pipeline.
        given: Parameters of a call.
        known: Names that it takes, beside `batch_size`.
        of_generate: What it hands to `generate`, taken from `given` already.

    Raises:
        TypeError: A parameter that is not known.
        ValueError: A value that the parameter of that name cannot have, whichever pipeline takes it.
    """
    for name, value in given.items():
        if name not in known:
            told = f"{', '.join(known)}, batch_size" + (", and what generate takes" if of_generate else "")
            near = get_close_matches(name, (*known, "batch_size", *of_generate), n=1)
            meant = f"; did you mean {near[0]!r}?" if near else ""
            raise TypeError(f"unknown parameter {name!r} of {task}; known are {told}{meant}")
        check_value(name, value)


def check_value(name: str, value: Any) -> None:
    """Raise ValueError where the parameter of that name cannot have this value."""
    fits, wanted = _VALUES.get(name, (lambda _: True, ""))
    if not fits(value):
        raise ValueError(f"{name} must be {wanted}, got {value!r}")


def one_of(name: str, value: Any, allowed: Collection[Any]) -> None:
    """Raise ValueError where `value` is none of `allowed`."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(str, allowed))}, got {value!r}")


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


_COUNT = (lambda value: _is_whole(value) and value >= 1, "a whole number of at least 1")
_FLAG = (lambda value: isinstance(value, bool), "True or False")
_VALUES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "batch_size": _COUNT,
    "block_windows": _COUNT,
    "seed": (_is_whole, "a whole number"),
    "age_years": (
        lambda value: value is None or (isinstance(value, Real) and 0 <= value <= 130),
        "a number of years from 0 to 130, or None where it is not known",
    ),
    "stream": _FLAG,
    "return_claims": _FLAG,
    "return_chunks": _FLAG,
    "multi_label": _FLAG,
}
"""Parameter to whether a value fits it, and what does, in words."""
