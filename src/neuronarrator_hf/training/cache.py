"""Simulated recordings on disk, made once and read many times as memory-mapped arrays."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from functools import partial
from importlib import resources
from pathlib import Path

import numpy as np

from ..evaluation.held_out import HELD_OUT_SEED, simulate
from ..findings.schema import Claim
from ..signal.montage import SITES_1020
from ..signal.windows import WINDOW_N_TIMES
from .arguments import RunArguments

_SHARD = 64


class SimulatedCache:
    """A folder of simulated recordings: `eeg.f16`, `claims.jsonl` and `meta.json`.

    Attributes:
        eeg_uv: `(n_recordings, n_windows, 19, n_times)` float16, microvolts, memory-mapped.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        meta = json.loads((self.folder / "meta.json").read_text())
        self.n_recordings, self.n_windows, self.seed = meta["n_recordings"], meta["n_windows"], meta["seed"]
        shape = (self.n_recordings, self.n_windows, len(SITES_1020), WINDOW_N_TIMES)
        self.eeg_uv = np.memmap(self.folder / "eeg.f16", np.float16, "r", shape=shape)
        with (self.folder / "claims.jsonl").open(encoding="utf-8") as file:
            self._lines = file.readlines()

    def __len__(self) -> int:
        return self.n_recordings

    def claims(self, recording: int) -> list[list[Claim]]:
        """The truth of each window of a recording."""
        return [[Claim.from_dict(c) for c in window] for window in json.loads(self._lines[recording])]

    @classmethod
    def make(
        cls, folder: str | Path, n_recordings: int, n_windows: int, seed: int, processes: int = 1
    ) -> SimulatedCache:
        """Open the cache of `folder`; simulate it first where it is absent or was asked for differently."""
        folder = Path(folder)
        wanted = {
            "n_recordings": n_recordings,
            "n_windows": n_windows,
            "seed": seed,
            "simulator": simulator_digest(),
        }
        meta = folder / "meta.json"
        if meta.is_file() and json.loads(meta.read_text()) == wanted:
            return cls(folder)
        if seed >= HELD_OUT_SEED:
            raise ValueError(f"seed {seed} belongs to the held-out recordings; training uses smaller ones")
        folder.mkdir(parents=True, exist_ok=True)
        meta.unlink(missing_ok=True)
        shape = (n_recordings, n_windows, len(SITES_1020), WINDOW_N_TIMES)
        np.memmap(folder / "eeg.f16", np.float16, "w+", shape=shape).flush()
        fill = partial(_fill_shard, folder, shape, seed)
        starts = range(0, n_recordings, _SHARD)
        with (folder / "claims.jsonl").open("w", encoding="utf-8") as file:
            if processes > 1:
                with multiprocessing.get_context("spawn").Pool(processes) as pool:
                    for lines in _progress(pool.imap(fill, starts), len(starts)):
                        file.writelines(lines)
            else:
                for lines in _progress(map(fill, starts), len(starts)):
                    file.writelines(lines)
        meta.write_text(json.dumps(wanted))
        return cls(folder)


def recordings_of(run: RunArguments) -> SimulatedCache | None:
    """The cache that a run asks for, made where it is absent; None where every batch is simulated anew."""
    data = run.data
    if data.cache_dir is None:
        return None
    return SimulatedCache.make(
        data.cache_dir, data.cache_recordings, data.n_windows, run.seed + 1, data.cache_processes
    )


def simulator_digest() -> str:
    """Digest of the simulator's source: a cache made by another simulator is made anew."""
    folder = resources.files("neuronarrator_hf").joinpath("simulation")
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir(), key=lambda p: p.name):
        if path.name.endswith(".py"):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _fill_shard(folder: Path, shape: tuple[int, ...], seed: int, start: int) -> list[str]:
    """Simulate one shard into its place; the lines of its claims."""
    stop = min(start + _SHARD, shape[0])
    simulated = simulate(stop - start, shape[1], _shard_seed(seed, start))
    array = np.memmap(folder / "eeg.f16", np.float16, "r+", shape=shape)
    array[start:stop] = np.clip(simulated.eeg_uv, -6e4, 6e4)
    array.flush()
    return [
        json.dumps([[_compact(c) for c in window] for window in recording]) + "\n"
        for recording in simulated.claims
    ]


def _shard_seed(seed: int, start: int) -> int:
    return int(np.random.SeedSequence([seed, start]).generate_state(1)[0]) % HELD_OUT_SEED


def _compact(claim: Claim) -> dict:
    """The claim as JSON without what is empty."""
    values = claim.to_dict()
    values.pop("evidence")
    return {name: value for name, value in values.items() if value not in (None, [], "unchecked")}


def _progress(iterable, total: int):
    from tqdm import tqdm

    return tqdm(iterable, total=total, desc="simulating", unit="shard", mininterval=2.0)
