"""What a model's card tells the Hub in its metadata: figures as a `model-index`, an example as a `widget`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..narration.loading import weights_hash

TASK: dict[str, Any] = {"task_type": "eeg-to-text", "task_name": "EEG to clinical language"}
_FIGURES = {
    "claims, micro-F1": ("f1", ("model", "f1")),
    "claims, macro-F1 over findings": ("f1", ("model", "macro_f1")),
    "claims, precision": ("precision", ("model", "precision")),
    "claims, recall": ("recall", ("model", "recall")),
    "claims contradicted by the signal before repair": (
        "contradicted", ("verification", "off", "contradicted_share"),
    ),
}  # fmt: skip
"""Name of a figure to its kind and its place in a result of `neuronarrator evaluate`."""


def model_index(name: str, result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Figures of an evaluation as the Hub's `model-index`.

    Args:
        name: What the model is called.
        result: What `neuronarrator evaluate --benchmark simulated` wrote.

    Raises:
        ValueError: The result is of another benchmark, or does not tell which weights it is of.
    """
    from huggingface_hub.repocard_data import EvalResult, eval_results_to_model_index

    run = result.get("run", {})
    revision = run.get("model", {}).get("revision")
    if result.get("benchmark") != "simulated" or not revision:
        raise ValueError(
            "the result is not one of `neuronarrator evaluate --benchmark simulated --out DIR` with a model"
        )
    dataset: dict[str, Any] = {
        "dataset_type": "simulated",
        "dataset_name": f"{result['recordings']} held-out simulated recordings, {result['windows']} segments",
        "dataset_args": {"seed": result["seed"], "weights": revision},
    }
    figures = []
    for told, (kind, place) in _FIGURES.items():
        value: Any = result
        for part in place:
            value = value[part]
        figures.append(
            EvalResult(
                **TASK, **dataset, metric_type=kind, metric_name=told, metric_value=round(float(value), 4)
            )
        )
    return eval_results_to_model_index(name, figures)


def widget(folder: Path, seed: int = 0) -> list[dict[str, Any]]:
    """An example as the Hub's `widget`: what the model says of a simulated recording."""
    from ..narration.engine import Narrator
    from ..simulation.scenario import example_scenario, render

    simulated = render(example_scenario(seed))
    recording = {
        "array": simulated.eeg_uv, "sampling_rate": simulated.sfreq, "ch_names": list(simulated.ch_names),
        "units": "uV",
    }  # fmt: skip
    narrator = Narrator.from_pretrained(folder, age_years=simulated.scenario.age_years)
    narration = narrator.narrate(recording, name="simulated example")
    minutes = round(simulated.eeg_uv.shape[1] / simulated.sfreq / 60)
    channels = len(simulated.ch_names)
    told = f"Simulated EEG with a temporal focus and a seizure, {minutes} min, {channels} channels"
    return [{"example_title": told, "text": told, "output": {"text": narration.text}}]


def write_metadata(card: Path, index: list[dict[str, Any]], example: list[dict[str, Any]]) -> None:
    """Put both into the metadata of a card, in place of what it had of them; its text stays.

    Raises:
        ValueError: The card has no metadata to add to.
    """
    from huggingface_hub import metadata_load, metadata_save

    data = metadata_load(card)
    if not data:
        raise ValueError(f"{card}: has no metadata; begin it with a block of YAML between two lines of ---")
    data.pop("model-index", None)
    metadata_save(card, {**data, "widget": example, "model-index": index})


def metadata_problems(data: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """What is wrong with the `widget` and the `model-index` of a model's card, where it has them.

    Args:
        data: Metadata of the card.
        folder: Where the weights lie that the figures have to be of.
    """
    for example in _list(data.get("widget")):
        output = example.get("output") if isinstance(example, Mapping) else None
        if not isinstance(output, Mapping) or not (example.get("text") and output.get("text")):
            yield "widget: every example needs a text and an output with a text"
    weights = weights_hash(folder)
    for model in _list(data.get("model-index")):
        results = model.get("results") if isinstance(model, Mapping) else None
        if not results or not model.get("name"):
            yield "model-index: every model needs a name and results"
            continue
        for result in results:
            told = (result.get("dataset", {}).get("args") or {}).get("weights")
            if told != weights:
                yield (
                    f"model-index: its figures are of the weights {told}, the folder holds {weights}; "
                    "evaluate again, then `neuronarrator hub card`"
                )
            for metric in result.get("metrics") or [{}]:
                if not _is_figure(metric.get("value")) or not metric.get("type"):
                    yield f"model-index: {metric.get('name')!r} has the value {metric.get('value')!r}"


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _is_figure(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
