"""Rebuilds the recordings of the benchmark `icu-pages` from the public repositories that hold them.

    python -m neuronarrator_hf.evaluation.rebuild_pages SOURCES OUT

SOURCES holds a clone of each repository that `icu_pages.json` names, under its own name and at the commit
named there. OUT gets the EDF files and a `manifest.json`, and is what `--root` takes. Every signal is checked
against the standard deviations that the manifest tells.
"""

from __future__ import annotations

import json
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from ..recording.writing import write_edf

_TOLERANCE_UV, _TOLERANCE = 0.02, 0.002


def read_manifest() -> dict[str, Any]:
    """Labels, sources and checks of all pages and clips, as published with the package."""
    return json.loads(files(__package__).joinpath("icu_pages.json").read_text(encoding="utf-8"))


def rebuild(sources: str | Path, out: str | Path) -> int:
    """Write every recording and the manifest into `out`; gives how many.

    Raises:
        FileNotFoundError: A source file is missing; the message names repository and commit.
        ValueError: A source file is not what the manifest describes.
    """
    manifest, out = read_manifest(), Path(out)
    for entry in manifest["files"]:
        source = entry["source"]
        path = Path(sources) / source["repo"].rstrip("/").rsplit("/", 1)[1] / source["path"]
        if not path.is_file():
            raise FileNotFoundError(
                f"{path} is missing; clone {source['repo']} there and check out {source['commit']}"
            )
        n_times = round(entry["sfreq"] * entry["duration_s"])
        eeg_uv = read_signal(path, len(manifest["ch_names"]), n_times)
        check_signal(path, eeg_uv, entry["std_uv"])
        target = out / entry["file"]
        target.parent.mkdir(parents=True, exist_ok=True)
        write_edf(target, eeg_uv, manifest["ch_names"], entry["sfreq"])
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return len(manifest["files"])


def read_signal(path: Path, n_channels: int, n_times: int) -> np.ndarray:
    """`(n_channels, n_times)` microvolts: the one array of that size in a MATLAB file, missing samples zero.

    Raises:
        ValueError: There is none, or more than one.
    """
    wanted = {(n_channels, n_times), (n_times, n_channels)}
    found = [a for a in _arrays(path) if a.shape in wanted]
    if len(found) != 1:
        raise ValueError(
            f"{path}: {len(found)} arrays of {n_channels} x {n_times}, expected one; check the clone's commit"
        )
    eeg_uv = found[0] if found[0].shape[0] == n_channels else found[0].T
    return np.nan_to_num(np.asarray(eeg_uv, float))


def check_signal(path: Path, eeg_uv: np.ndarray, std_uv: list[float]) -> None:
    """Compare the standard deviation of every channel with the manifest's.

    Raises:
        ValueError: They are not the same.
    """
    found, told = eeg_uv.std(axis=1), np.array(std_uv)
    off = np.flatnonzero(np.abs(found - told) > _TOLERANCE_UV + _TOLERANCE * told)
    if len(off):
        raise ValueError(
            f"{path}: channel {off[0]} has a standard deviation of {found[off[0]]:.2f} uV, expected "
            f"{told[off[0]]:.2f}; check the commit of the clone"
        )


def _arrays(path: Path) -> list[np.ndarray]:
    from scipy.io import loadmat

    try:
        return [v for v in loadmat(path).values() if isinstance(v, np.ndarray)]
    except NotImplementedError:  # MATLAB v7.3 is HDF5
        try:
            import h5py
        except ImportError as error:
            raise ValueError(f"{path} is MATLAB v7.3; run: pip install h5py") from error
        with h5py.File(path) as file:
            return [np.asarray(item) for item in file.values() if isinstance(item, h5py.Dataset)]


def main(arguments: list[str]) -> int:
    """Exit status 0 done, 2 the sources cannot be used."""
    if len(arguments) != 2:
        print("usage: python -m neuronarrator_hf.evaluation.rebuild_pages SOURCES OUT", file=sys.stderr)
        return 2
    try:
        n = rebuild(*arguments)
    except (FileNotFoundError, FileExistsError, ValueError) as error:
        print(f"rebuild_pages: {error}", file=sys.stderr)
        return 2
    print(f"{n} recordings in {arguments[1]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
