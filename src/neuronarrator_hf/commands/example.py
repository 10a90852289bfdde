"""The simulated example that `narrate --example` and `simulate` share."""

from __future__ import annotations

from typing import Any


def example_recording(seed: int) -> tuple[Any, Any]:
    """The example as a `Recording`, and the simulation with its truth."""
    from ..recording.reading import read_recording

    simulated = example_simulated(seed)
    source = {
        "array": simulated.eeg_uv,
        "sampling_rate": simulated.sfreq,
        "ch_names": list(simulated.ch_names),
        "units": "uV",
        "name": "example",
    }
    return read_recording(source), simulated


def example_simulated(seed: int) -> Any:
    """The rendered example scenario of a seed."""
    from ..simulation.scenario import example_scenario, render

    return render(example_scenario(seed))
