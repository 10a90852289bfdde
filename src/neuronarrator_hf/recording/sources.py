"""Which kind of recording was handed in, and the source of signals that it becomes."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neuronarrator_hf.recording.edf_source import EDFSource
from neuronarrator_hf.recording.errors import RecordingError
from neuronarrator_hf.recording.formats import RawSource, epochs_source, open_file, suffix_of
from neuronarrator_hf.recording.source import ArraySource, SignalSource
from neuronarrator_hf.recording.units import UNITS, uv_per

ACCEPTED = (
    "a path of an EEG file or of a BIDS-EEG dataset, mne.io.Raw, mne.Epochs, bytes or a binary file object, "
    "or {'array': (n_channels, n_times), 'sampling_rate': Hz, 'ch_names': [...], 'units': 'uV'|'mV'|'V'|'nV'}"
)
"""What `read_recording` takes; also the text of its error."""

_ONLY_ARRAYS = {".mat", ".txt", ".csv", ".tsv", ".npy", ".npz", ".asc", ".h5", ".hdf5", ".parquet"}
_ARRAY_KEYS = {"array", "sampling_rate", "ch_names", "units", "name"}


def open_source(source: Any, *, ch_names: Sequence[str] | None = None, sfreq: float | None = None,
                units: str | None = None) -> SignalSource:  # fmt: skip
    """The source of signals behind anything that is accepted.

    Raises:
        RecordingError: It is missing, no recording, or damaged.
    """
    if isinstance(source, Mapping):
        return _from_mapping(source, ch_names, sfreq, units)
    if isinstance(source, np.ndarray):
        return _from_array(source, "array", sfreq, ch_names, units)
    if isinstance(source, (str, os.PathLike)):
        return _from_path(Path(source))
    if isinstance(source, (bytes, bytearray, memoryview)) or hasattr(source, "read"):
        return _from_upload(source)
    kinds = {cls.__module__.split(".")[0] + "." + cls.__name__ for cls in type(source).__mro__}
    if "mne.BaseRaw" in kinds:
        return RawSource(source, "mne.io.Raw")
    if "mne.BaseEpochs" in kinds:
        return epochs_source(source, "mne.Epochs")
    if "mne_bids.BIDSPath" in kinds:
        return _from_bids(source, Path(source.fpath).name if source.fpath else "BIDS entity")
    raise RecordingError(type(source).__name__, "this is no recording", f"pass {ACCEPTED}")


def _from_path(path: Path) -> SignalSource:
    name = path.name or str(path)
    if not path.exists():
        raise RecordingError(name, "there is no such file", "check the path")
    suffix = suffix_of(path)
    if path.is_dir() and suffix not in (".mff", ".mefd"):
        return _from_dataset(path)
    if path.is_file() and path.stat().st_size == 0:
        raise RecordingError(name, "the file is empty", "copy the original file again")
    if path.is_file() and not os.access(path, os.R_OK):
        raise RecordingError(name, "the file may not be read", "ask for permission to read it")
    if suffix in (".edf", ".bdf", ".rec"):
        return EDFSource(path, name)
    if suffix in _ONLY_ARRAYS:
        reason = f"a {suffix} file does not say what its numbers are"
        remedy = "load it yourself and pass {'array', 'sampling_rate', 'ch_names', 'units'}"
        raise RecordingError(name, reason, remedy)
    return open_file(path, name)


def list_recordings(path: Path) -> list[Path]:
    """The EEG recordings of a BIDS dataset, or of any folder, in order of their names."""
    known = (".edf", ".bdf", ".vhdr", ".set", ".fif")
    if (path / "dataset_description.json").exists():
        found = (p for p in path.rglob("*_eeg.*") if "derivatives" not in p.relative_to(path).parts)
    else:
        found = (p for p in path.iterdir())
    return sorted(p for p in found if suffix_of(p) in known)


def _from_dataset(path: Path) -> SignalSource:
    """The one recording of a folder."""
    recordings = list_recordings(path)
    if not recordings:
        raise RecordingError(path.name, "the folder holds no EEG recording", "pass the file itself")
    if len(recordings) > 1:
        reason = f"the folder holds {len(recordings)} recordings"
        raise RecordingError(path.name, reason, "pass one of them, or a list of them")
    if not (path / "dataset_description.json").exists():
        return _from_path(recordings[0])
    try:
        import mne_bids
    except ImportError:
        raise RecordingError(path.name, "BIDS datasets need mne-bids", "run: pip install mne-bids") from None
    return _from_bids(mne_bids.get_bids_path_from_fname(recordings[0]), recordings[0].name)


def _from_bids(entity: Any, name: str) -> SignalSource:
    """A BIDS entity with what its sidecars say: kinds, bad channels, events, electrodes."""
    import warnings

    import mne
    import mne_bids

    if entity.fpath is None or not Path(entity.fpath).exists():
        raise RecordingError(
            name, "the BIDS entity names no file that exists", "check subject, session, task and root"
        )
    plain = _from_path(Path(entity.fpath))
    try:
        with warnings.catch_warnings(), mne.utils.use_log_level("CRITICAL"):
            warnings.simplefilter("ignore")
            raw = mne_bids.read_raw_bids(entity)
    except Exception as error:
        plain.warnings.append(
            f"its BIDS sidecars do not fit ({type(error).__name__}); the file was read without them"
        )
        return plain
    told = RawSource(raw, name, plain.format)
    if isinstance(plain, EDFSource) and len(plain.labels) == len(told.labels):
        plain.kinds, plain.positions = told.kinds, told.positions
        plain.unusable = told.unusable | plain.unusable
        plain.annotations, plain.n_annotations_dropped = told.annotations, told.n_annotations_dropped
        return plain
    plain.close()
    return told


def _from_mapping(
    source: Mapping, ch_names: Sequence[str] | None, sfreq: float | None, units: str | None
) -> SignalSource:
    name = str(source.get("name", "array"))
    unknown = set(map(str, source)) - _ARRAY_KEYS
    if "array" not in source or unknown:
        reason = f"unknown key {sorted(unknown)[0]!r}" if unknown else "'array' is missing"
        raise RecordingError(name, reason, f"pass {ACCEPTED}")
    given = source.get("units", units)
    rate = source.get("sampling_rate", sfreq)
    names = source.get("ch_names", ch_names)
    return _from_array(source["array"], name, rate, names, given)


def _from_array(
    array: Any, name: str, sfreq: Any, ch_names: Sequence[str] | None, units: str | None
) -> SignalSource:
    remedy = f"pass {ACCEPTED.split(', or ')[-1]}"
    if units not in UNITS:
        missing = "an array does not say its unit" if units is None else f"{units!r} is no unit of EEG"
        raise RecordingError(name, missing, f"name it: units='uV' (one of {', '.join(UNITS)})")
    try:
        rate = float(sfreq)
    except (TypeError, ValueError):
        raise RecordingError(name, "an array does not say its sampling rate", remedy) from None
    if not (np.isfinite(rate) and rate > 0):
        raise RecordingError(name, f"a sampling rate of {rate:g} Hz cannot be", remedy)
    if ch_names is None:
        raise RecordingError(name, "an array does not say its channel names", remedy)
    try:
        values = np.asarray(array)
        values = values if values.dtype.kind in "fiu" else values.astype(np.float64)
    except (TypeError, ValueError):
        raise RecordingError(name, "the array does not hold numbers", remedy) from None
    labels = tuple(map(str, ch_names))
    if values.ndim != 2 or values.shape[0] != len(labels):
        reason = f"the array has shape {values.shape} and {len(labels)} channel names were given"
        raise RecordingError(name, reason, "the shape has to be (n_channels, n_times)")
    if not _all_finite(values):
        raise RecordingError(
            name, "the array holds NaN or infinity", "cut them out or mark them as a gap in an mne.io.Raw"
        )
    return ArraySource(
        values, name=name, format="array", labels=labels, kinds=(None,) * len(labels),
        told_units=(units,) * len(labels), uv_per_value=np.full(len(labels), uv_per(units)),
        unit_is_field=True,
        sfreq=rate, n_times=values.shape[1], spans=((0, values.shape[1]),) if values.shape[1] else (),
    )  # fmt: skip


def _all_finite(values: np.ndarray) -> bool:
    return values.dtype.kind != "f" or bool(
        np.isfinite(values.sum(axis=1)).all() or np.isfinite(values).all()
    )


def _from_upload(source: Any) -> SignalSource:
    """Bytes are put into a temporary file that goes away with the source."""
    named = getattr(source, "name", "")
    named = named if isinstance(named, str) else ""
    folder = Path(tempfile.mkdtemp(prefix="neuronarrator-"))
    try:
        path = folder / "upload"
        with open(path, "wb") as file:
            if hasattr(source, "read"):
                shutil.copyfileobj(source, file, 1 << 20)
            else:
                file.write(source)
        with open(path, "rb") as file:
            head = file.read(256)
        suffix = _sniff(head) or suffix_of(Path(named))
        if not suffix or suffix == ".vhdr":
            reason = "these bytes are no EEG file on their own"
            raise RecordingError(
                "upload", reason, "upload EDF, BDF, GDF, FIF or a .set file with its data inside"
            )
        opened = _from_path(path.rename(path.with_suffix(suffix)))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    opened.name = Path(named).name or "upload"
    weakref.finalize(opened, shutil.rmtree, str(folder), ignore_errors=True)
    return opened


def _sniff(head: bytes) -> str | None:
    """Suffix of a format by the first bytes of a file."""
    if head[:8] == b"0       ":
        return ".edf"
    if head[:8] == b"\xffBIOSEMI":
        return ".bdf"
    if head[:4] == b"GDF ":
        return ".gdf"
    if head[:10] == b"MATLAB 5.0" or head[:8] == b"\x89HDF\r\n\x1a\n":
        return ".set"
    if head[:8] == b"\x00\x00\x00\x64\x00\x00\x00\x1f":
        return ".fif"
    return None
