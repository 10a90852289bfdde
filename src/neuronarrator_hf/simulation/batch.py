"""Batches of simulated recordings for training, with the truth of every window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..findings.schema import Claim
from ..signal.montage import SITES_1020
from .config import SimulationConfig
from .device import through_device
from .render import Backend, render
from .script import compose
from .sheet import Sheet
from .truth import window_claims


@dataclass(frozen=True)
class SimulatedWindows:
    """Recordings of contiguous windows whose truth is known.

    Attributes:
        eeg_uv: `(n_recordings, n_windows, 19, 2000)` float32 at 200 Hz, microvolts, as it leaves the
            filter chain; numpy or the array of the library asked for.
        ch_names: `SITES_1020`.
        claims: `claims[recording][window]`, the truth, unquantised, `confidence=1.0`.
        masks: `(n_recordings, n_windows, 19)` bool, False where an electrode records nothing.
        kinds: Kind of each recording: normal, artifact, sleep, routine or icu.
    """

    eeg_uv: Any
    ch_names: tuple[str, ...]
    claims: list[list[list[Claim]]]
    masks: np.ndarray
    kinds: tuple[str, ...]


def simulate_windows(
    n_recordings: int,
    n_windows: int,
    seed: int,
    *,
    xp: Any = np,
    config: SimulationConfig | None = None,
    device: Any = None,
) -> SimulatedWindows:
    """Simulate recordings of contiguous 10 s windows.

    What is scripted (and so the truth) depends on the seed alone and is the same for every backend;
    samples are reproducible for a seed and a backend. Recording `i` has the same script whatever the
    number of recordings asked for.

    Args:
        n_recordings: Recordings in the batch.
        n_windows: Windows of each.
        seed: Seed of everything.
        xp: `numpy`, `torch` or `array_api_compat.torch`.
        config: Mixture and options.
        device: Device of a torch batch.
    """
    if n_recordings < 1 or n_windows < 1:
        raise ValueError(f"need at least one recording and one window, got {n_recordings} and {n_windows}")
    config = config or SimulationConfig()
    sheets = [
        compose(np.random.default_rng([seed, index]), n_windows, config) for index in range(n_recordings)
    ]
    return render_sheets(sheets, seed, xp=xp, config=config, device=device)


def render_sheets(
    sheets: list[Sheet],
    seed: int,
    *,
    xp: Any = np,
    config: SimulationConfig | None = None,
    device: Any = None,
) -> SimulatedWindows:
    """Samples and claims of composed sheets, all of the same number of windows."""
    config = config or SimulationConfig()
    xp = _compatible(xp)
    backend = Backend(xp, seed, device)
    eeg_uv = through_device(render(sheets, backend), sheets, backend)
    masks = np.ones((len(sheets), sheets[0].n_windows, len(SITES_1020)), dtype=bool)
    for index, sheet in enumerate(sheets):
        masks[index, :, list(sheet.device["dead"])] = False
    return SimulatedWindows(
        eeg_uv=eeg_uv,
        ch_names=SITES_1020,
        claims=[window_claims(sheet, gone_claims=config.gone_claims) for sheet in sheets],
        masks=masks,
        kinds=tuple(sheet.kind for sheet in sheets),
    )


def _compatible(xp: Any) -> Any:
    if xp is np or xp.__name__.startswith("array_api_compat"):
        return xp
    import importlib

    return importlib.import_module(f"array_api_compat.{xp.__name__.split('.')[-1]}")
