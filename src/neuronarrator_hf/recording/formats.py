"""Every format that MNE reads beside EDF and BDF, and MNE's own objects, as sources of signals."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neuronarrator_hf.recording.annotations import code_annotations
from neuronarrator_hf.recording.errors import RecordingError
from neuronarrator_hf.recording.probe import probe
from neuronarrator_hf.recording.source import ArraySource, SignalSource, Span
from neuronarrator_hf.recording.units import parse_unit

if TYPE_CHECKING:
    import mne

FORMATS: dict[str, str] = {
    ".vhdr": "BrainVision", ".ahdr": "BrainVision", ".set": "EEGLAB", ".fif": "FIF", ".fif.gz": "FIF",
    ".gdf": "GDF", ".mff": "EGI MFF", ".raw": "EGI", ".egi": "EGI", ".cnt": "CNT", ".lay": "Persyst",
    ".eeg": "Nihon Kohden", ".data": "Nicolet", ".cdt": "Curry", ".dap": "Curry", ".rs3": "Curry",
    ".cef": "Curry", ".nxe": "eXimia", ".nedf": "NEDF", ".mefd": "MEF", ".ns3": "Blackrock",
}  # fmt: skip
"""Suffix to format, for what goes through MNE."""
_IN_PROCESS = {"FIF", "BrainVision", "EEGLAB"}
"""Formats whose reader is proven in daily use; the others are probed in a subprocess first."""
_COMPANION = {".vmrk": ".vhdr", ".fdt": ".set", ".dat": ".vhdr or .lay", ".avg": ".vhdr", ".amrk": ".ahdr"}
_GAP = re.compile(r"\s*(?:bad[ _]acq[ _]skip|edge boundary|bad boundary|boundary)\s*", re.IGNORECASE)


def suffix_of(path: Path) -> str:
    """Suffix in lower case; `.fif.gz` as one."""
    lower = path.name.lower()
    return ".fif.gz" if lower.endswith(".fif.gz") else path.suffix.lower()


def open_raw(path: Path) -> mne.io.BaseRaw:
    """MNE's object for a file, without loading it, silently."""
    import mne

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with mne.utils.use_log_level("CRITICAL"):
            if suffix_of(path) in (".raw", ".egi"):
                return mne.io.read_raw_egi(path, preload=False)
            return mne.io.read_raw(path, preload=False)


def open_file(path: Path, name: str) -> SignalSource:
    """Source of a file that MNE reads.

    Raises:
        RecordingError: The format is unknown, or its reader refuses the file.
    """
    suffix = suffix_of(path)
    if suffix in _COMPANION:
        reason = f"a {suffix} file is only a part of a recording"
        raise RecordingError(name, reason, f"pass the {_COMPANION[suffix]} file beside it")
    if suffix == ".eeg" and path.with_suffix(".vhdr").exists():
        raise RecordingError(
            name, "a .eeg file is only a part of a recording", "pass the .vhdr file beside it"
        )
    if suffix not in FORMATS:
        reason = f"{suffix or 'a name without suffix'} is no format of EEG files that can be read"
        remedy = "convert it to EDF, or pass {'array', 'sampling_rate', 'ch_names', 'units'}"
        raise RecordingError(name, reason, remedy)
    kind = FORMATS[suffix]
    if kind not in _IN_PROCESS:
        probe(path, name)
    try:
        raw = open_raw(path)
    except Exception as error:
        fdt = isinstance(error, FileNotFoundError)
        reason = (
            f"a part of the {kind} recording is missing"
            if fdt
            else f"the {kind} reader refuses it ({type(error).__name__})"
        )
        remedy = "put all its files side by side" if fdt else "check the copy, or export the recording as EDF"
        raise RecordingError(name, reason, remedy) from None
    return RawSource(raw, name, kind)


class RawSource(SignalSource):
    """An `mne.io.Raw` object; it is never changed and need not be loaded."""

    def __init__(self, raw: mne.io.BaseRaw, name: str, format_name: str = "mne.io.Raw") -> None:
        sfreq = float(raw.info["sfreq"])
        original = getattr(raw, "_orig_units", None) or {}
        told = tuple(_told_unit(channel, original.get(channel["ch_name"])) for channel in raw.info["chs"])
        annotations, n_dropped = code_annotations(_events(raw))
        super().__init__(
            name=name,
            format=format_name,
            labels=tuple(raw.ch_names),
            kinds=tuple(raw.get_channel_types()),
            told_units=told,
            uv_per_value=np.full(len(told), 1e6),
            unit_is_field=any(original.values()) or format_name == "FIF",
            sfreq=sfreq,
            n_times=int(raw.n_times),
            spans=_spans(raw),
            annotations=annotations,
            n_annotations_dropped=n_dropped,
            positions=_positions(raw.info, raw.ch_names),
            unusable=_marked_bad(raw.info, raw.ch_names),
            files=tuple(Path(name) for name in raw.filenames if name is not None),
        )
        self._raw = raw

    def read(self, rows: Sequence[int], start: int, stop: int) -> np.ndarray:
        """`(len(rows), stop - start)` float64 in volts, as MNE has it."""
        order = np.argsort(rows, kind="stable")
        picks = np.asarray(rows)[order]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                values = self._raw[picks, start:stop][0]
        except Exception as error:
            reason = f"its samples cannot be read ({type(error).__name__})"
            raise RecordingError(
                self.name, reason, "check the copy, or export the recording as EDF"
            ) from None
        out = np.empty_like(values)
        out[order] = values
        return out


def epochs_source(epochs: mne.BaseEpochs, name: str) -> SignalSource:
    """Epochs laid end to end, each a span of its own: no window crosses from one to the next."""
    values = epochs.get_data(copy=True)
    n_epochs, n_channels, n_times = values.shape
    return ArraySource(
        values.transpose(1, 0, 2).reshape(n_channels, -1),
        name=name,
        format="mne.Epochs",
        labels=tuple(epochs.ch_names),
        kinds=tuple(epochs.get_channel_types()),
        told_units=("V",) * n_channels,
        uv_per_value=np.full(n_channels, 1e6),
        unit_is_field=False,
        sfreq=float(epochs.info["sfreq"]),
        n_times=n_epochs * n_times,
        spans=tuple((i * n_times, (i + 1) * n_times) for i in range(n_epochs)),
        positions=_positions(epochs.info, epochs.ch_names),
        unusable=_marked_bad(epochs.info, epochs.ch_names),
        warnings=[f"{n_epochs} epochs are read one after the other; no window crosses from one to the next"],
    )


def _told_unit(channel: dict[str, Any], original: str | None) -> str | None:
    """Unit of a channel: the field of the file where MNE kept it, else MNE's convention of volts."""
    if original and original.strip().lower() not in ("", "n/a", "na"):
        return parse_unit(original)
    if original:
        return "other"
    return "V" if int(channel["unit"]) in (107, 0, -1) else "other"


def _events(raw: mne.io.BaseRaw) -> list[tuple[float, float, str]]:
    onset_s = raw.annotations.onset - (raw.first_time if raw.annotations.orig_time is not None else 0.0)
    return list(
        zip(
            onset_s.tolist(),
            raw.annotations.duration.tolist(),
            raw.annotations.description.tolist(),
            strict=True,
        )
    )


def _spans(raw: mne.io.BaseRaw) -> tuple[Span, ...]:
    """Stretches between the gaps that MNE marks."""
    sfreq, n_times = float(raw.info["sfreq"]), int(raw.n_times)
    edges: list[tuple[int, int]] = []
    for onset_s, duration_s, text in _events(raw):
        if _GAP.fullmatch(text):
            at = min(max(round(onset_s * sfreq), 0), n_times)
            edges.append((at, min(max(round((onset_s + duration_s) * sfreq), at), n_times)))
    spans, at = [], 0
    for start, stop in sorted(edges):
        if start > at:
            spans.append((at, start))
        at = max(at, stop)
    if at < n_times:
        spans.append((at, n_times))
    return tuple(spans)


def _positions(info: mne.Info, ch_names: Sequence[str]) -> dict[str, np.ndarray]:
    """Positions that the recording gives, or those of a net whose labels tell which net it is."""
    import mne

    found = {ch["ch_name"]: np.array(ch["loc"][:3], float) for ch in info["chs"] if _is_placed(ch["loc"][:3])}
    net = [name for name in ch_names if re.fullmatch(r"E\d{1,3}", name)]
    size = next((n for n in (32, 64, 128, 256) if len(net) in (n, n + 1)), None)
    if not found and size is not None:
        montage = mne.channels.make_standard_montage(f"GSN-HydroCel-{size}")
        table = montage.get_positions()["ch_pos"]
        found = {name: np.asarray(table[name]) for name in net if name in table}
    return found


def _marked_bad(info: mne.Info, ch_names: Sequence[str]) -> dict[int, str]:
    return {i: "marked as bad by the recording" for i, name in enumerate(ch_names) if name in info["bads"]}


def _is_placed(location: np.ndarray) -> bool:
    return bool(np.isfinite(location).all() and np.any(location))
