"""Simulated recordings that no training ever sees: their seeds are reserved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..corpus.engines import Engine, InProcess
from ..findings.schema import Claim
from ..signal.montage import SITES_1020, electrode_positions
from ..signal.windows import WINDOW_S, EEGWindows

HELD_OUT_SEED = 2_000_000_000
"""Seeds from here on are never trained on."""


@dataclass(frozen=True)
class SimulatedRecordings:
    """Recordings with their truth.

    Attributes:
        eeg_uv: `(n_recordings, n_windows, 19, n_times)` float32 microvolts at `SITES_1020`.
        claims: Truth per recording and window.
    """

    eeg_uv: np.ndarray
    claims: list[list[list[Claim]]]

    def flat_claims(self) -> list[list[Claim]]:
        """Truth of all windows, recording by recording."""
        return [window for recording in self.claims for window in recording]


def simulate(n_recordings: int, n_windows: int, seed: int) -> SimulatedRecordings:
    """Recordings of the simulator, channels in the order of `SITES_1020`."""
    from ..simulation.batch import simulate_windows

    simulated = simulate_windows(n_recordings, n_windows, seed)
    names = list(simulated.ch_names)
    eeg_uv = np.asarray(simulated.eeg_uv)
    if names != list(SITES_1020):
        eeg_uv = eeg_uv[:, :, [names.index(site) for site in SITES_1020]]
    return SimulatedRecordings(eeg_uv, [[list(window) for window in r] for r in simulated.claims])


def held_out(
    n_recordings: int, n_windows: int, seed: int = 0, *, shard: int = 50, engine: Engine | None = None
) -> SimulatedRecordings:
    """Held-out recordings number `seed`: the same call gives the same recordings, whatever the engine."""
    jobs = [
        (_shard, (start, min(shard, n_recordings - start), n_windows, HELD_OUT_SEED + 100_000 * seed + start))
        for start in range(0, n_recordings, shard)
    ]
    made: dict[int, SimulatedRecordings] = dict((engine or InProcess()).run(jobs))
    parts = [made[start] for start in sorted(made)]
    return SimulatedRecordings(
        np.concatenate([p.eeg_uv for p in parts]), [claims for p in parts for claims in p.claims]
    )


def _shard(start: int, n_recordings: int, n_windows: int, seed: int) -> tuple[int, SimulatedRecordings]:
    """Body of a job: recordings from number `start` on."""
    return start, simulate(n_recordings, n_windows, seed)


def as_blocks(eeg_uv: np.ndarray) -> list[EEGWindows]:
    """Each recording of `(n_recordings, n_windows, 19, n_times)` as the block every later stage receives.

    A channel that is zero throughout a window is masked, as the reader would.
    """
    n_windows, _, n_times = eeg_uv.shape[1:]
    return [
        EEGWindows(
            eeg_uv=np.ascontiguousarray(recording, dtype=np.float32),
            ch_names=SITES_1020,
            positions=electrode_positions(SITES_1020),
            start_s=np.arange(n_windows) * WINDOW_S,
            channel_mask=np.abs(recording).max(-1) > 0,
            time_mask=np.ones((n_windows, n_times), bool),
            quality=tuple({} for _ in range(n_windows)),
        )
        for recording in eeg_uv
    ]
