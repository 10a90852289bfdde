"""A visit: one visitor's recording, opened within limits, kept in memory, and gone when the visit ends."""

from __future__ import annotations

import re
import shutil
import threading
import time
import uuid
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy.signal import butter, sosfiltfilt

from ..findings.schema import Claim
from ..narration.result import Narration, WindowNarration
from ..recording.reading import Recording, RecordingError, read_recording
from ..recording.windows import iter_windows
from ..report.overview import SignalSummary
from ..signal.windows import WINDOW_S, EEGWindows
from ..simulation.scenario import Scenario, example_scenario, render
from .views import BANDS_HZ, View

MAX_BYTES = 50 * 1024**2
MAX_DURATION_S = 30 * 60
MAX_CHANNELS = 128
MAX_VISIT_S = 3600
_EXPIRE_EVERY_S = 60
STALLED_S = 120
"""An upload that has not grown for so long was broken off."""
FILE_TYPES = (".edf", ".bdf", ".gdf", ".fif", ".set", ".fdt", ".vhdr", ".vmrk", ".eeg", ".cnt")
"""What an upload may end with: no archive and no `.fif.gz`, whose size does not tell what it unpacks to."""
_HEADERS = (".vhdr", ".set")
"""Files that name the others of their recording."""
_ELSEWHERE = "The header names files in another folder; upload all files of the recording together."
_PARTS = (".vmrk", ".fdt")
"""Files that only accompany another."""
EXAMPLES: dict[str, Scenario] = {
    "Temporal focus and a seizure, 2 min": example_scenario(0),
    "Routine recording, 3 min": Scenario.draw(11, 3, setting="routine"),
    "Critical care, 4 min": Scenario.draw(5, 4, setting="icu"),
    "Sleep, 4 min": Scenario.draw(2, 4, setting="sleep"),
}


class RefusedError(Exception):
    """What was asked for cannot be done; the message is for the visitor."""


class StoppedError(Exception):
    """The visitor stopped the run, or left."""


@dataclass
class Visit:
    """What is kept of a visitor: a folder, the windows to look at, and the narrative so far.

    Attributes:
        folder: The visit's own folder: the upload while it is read, the reports afterwards.
        blocks: Windows of the recording in half precision, to browse after the upload is deleted.
        windows: Finished windows of the narrative.
        summary: Numbers of every window, for the overview and the reports.
        narration: The narration, once it is complete.
        truth: Of a simulated example, what each window shows.
        uploads: Uploaded files, in the folder.
        shown: Index of the window on the screen.
        view: How it is drawn.
        stopped: Set when the visitor stops the run or leaves.
        started: When the visit began, on the monotonic clock.
    """

    folder: Path
    blocks: list[EEGWindows] = field(default_factory=list)
    windows: list[WindowNarration] = field(default_factory=list)
    summary: SignalSummary = field(default_factory=SignalSummary)
    narration: Narration | None = None
    truth: tuple[tuple[Claim, ...], ...] = ()
    uploads: list[Path] = field(default_factory=list)
    shown: int = 0
    view: View = field(default_factory=View)
    stopped: threading.Event = field(default_factory=threading.Event)
    started: float = field(default_factory=time.monotonic)

    def __len__(self) -> int:
        return sum(map(len, self.blocks))

    def check(self) -> None:
        """Raise `StoppedError` if the visitor wants no more."""
        if self.stopped.is_set():
            raise StoppedError

    def look(self, recording: Recording) -> None:
        """Keep the windows of a recording: half precision resolves 0.06 uV at 100 uV, finer than a screen."""
        for block in iter_windows(recording):
            self.check()
            self.summary.add(block)
            self.blocks.append(replace(block, eeg_uv=np.clip(block.eeg_uv, -6e4, 6e4).astype(np.float16)))

    def window(self, index: int) -> EEGWindows:
        """One window as a block of its own."""
        for block in self.blocks:
            if index < len(block):
                one = block.select(slice(index, index + 1))
                return replace(one, eeg_uv=one.eeg_uv.astype(np.float32))
            index -= len(block)
        raise IndexError(f"window {index} is beyond the {len(self)} of the recording")

    def page(self, index: int) -> EEGWindows:
        """One window, filtered to the band of the view with its neighbours for context."""
        one, band_hz = self.window(index), BANDS_HZ[self.view.band]
        if band_hz is None:
            return one
        around = [one]
        if index and np.isclose(one.start_s[0] - (before := self.window(index - 1)).start_s[0], WINDOW_S):
            around.insert(0, before)
        if index + 1 < len(self):
            after = self.window(index + 1)
            if np.isclose(after.start_s[0] - one.start_s[0], WINDOW_S):
                around.append(after)
        signal = np.concatenate([window.eeg_uv[0] for window in around], axis=-1)
        second_order = butter(2, band_hz, "bandpass", fs=one.sfreq, output="sos")
        first = one.eeg_uv.shape[2] if around[0] is not one else 0
        kept = slice(first, first + one.eeg_uv.shape[2])
        return replace(one, eeg_uv=sosfiltfilt(second_order, signal)[None, :, kept].astype(np.float32))

    @cached_property
    def density(self) -> str:
        """Spectrogram of the recording as a data URI."""
        return self.summary.density()

    def window_at(self, seconds: float) -> int:
        """Index of the window that shows a time."""
        starts = np.concatenate([block.start_s for block in self.blocks])
        return max(int(np.searchsorted(starts, seconds + 1e-6, side="right")) - 1, 0)

    def forget_upload(self) -> None:
        """Delete what was uploaded; the reports stay."""
        for path in self.uploads:
            path.unlink(missing_ok=True)
        self.uploads.clear()

    def end(self) -> None:
        """Stop whatever runs and delete every file."""
        self.stopped.set()
        shutil.rmtree(self.folder, ignore_errors=True)


class Visits:
    """The visits of a server, each known by the hash of its browser session.

    Args:
        root: Folder under which every visit has its own.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._visits: dict[str, Visit] = {}
        self._uploads: dict[str, list[Path]] = {}
        self._lock = threading.Lock()

    def begin(self, key: str) -> Visit:
        """A new visit in place of an earlier one."""
        folder = self.root / f"visit-{uuid.uuid4().hex}"
        folder.mkdir(parents=True, mode=0o700)
        with self._lock:
            before, visit = self._visits.get(key), Visit(folder)
            self._visits[key] = visit
        if before is not None:
            before.end()
        return visit

    def get(self, key: str) -> Visit | None:
        """The visit of a session, if it has one."""
        return self._visits.get(key)

    def note_uploads(self, key: str, paths: Sequence[str | Path]) -> None:
        """Remember what a visitor uploaded, so that it goes with the visitor; earlier uploads go at once."""
        noted = [Path(path) for path in paths]
        with self._lock:
            before, self._uploads[key] = self._uploads.get(key, []), noted
        _delete((path for path in before if path not in noted), self.root)

    def expire(self) -> None:
        """End the visits that began more than an hour ago; delete uploads that were broken off."""
        limit = time.monotonic() - MAX_VISIT_S
        for key, visit in list(self._visits.items()):
            if visit.started < limit:
                self.end(key)
        for path in self.root.glob("tmp*"):  # where the server writes what is being sent
            with suppress(OSError):
                if path.is_file() and time.time() - path.stat().st_mtime > STALLED_S:
                    path.unlink()

    def keep_expiring(self) -> None:
        """Expire for as long as the server runs."""
        while True:
            time.sleep(_EXPIRE_EVERY_S)
            self.expire()

    def end(self, key: str) -> None:
        """The visitor left."""
        self.note_uploads(key, ())
        with self._lock:
            self._uploads.pop(key, None)
            visit = self._visits.pop(key, None)
        if visit is not None:
            visit.end()


def _delete(paths: Iterable[Path], root: Path) -> None:
    """Delete uploads and the folders of their own that the server gave them under its root."""
    for path in paths:
        path.unlink(missing_ok=True)
        if path.parent.resolve() != root.resolve():
            with suppress(OSError):
                path.parent.rmdir()


def open_example(name: str, visit: Visit) -> tuple[Recording, float]:
    """A simulated recording, whose truth the visit keeps, and its age.

    Raises:
        RefusedError: There is no such example.
    """
    if name not in EXAMPLES:
        raise RefusedError(f"There is no example of that name; choose one of: {'; '.join(EXAMPLES)}.")
    simulated = render(EXAMPLES[name])
    visit.truth = simulated.window_claims
    source = {
        "array": simulated.eeg_uv,
        "sampling_rate": simulated.sfreq,
        "ch_names": list(simulated.ch_names),
        "units": "uV",
        "name": "simulated example",
    }
    return read_recording(source), simulated.scenario.age_years


def open_upload(paths: Sequence[str | Path], visit: Visit) -> Recording:
    """An uploaded recording, moved into the folder of the visit.

    Args:
        paths: The uploaded file, or the files of one recording.
        visit: Whose it is.

    Raises:
        RefusedError: It is too large, too long, or no recording that can be read.
    """
    if not paths:
        raise RefusedError("Upload a recording first, or choose an example.")
    moved = visit.uploads = [
        Path(shutil.move(path, visit.folder / Path(path).name)) for path in paths if Path(path).is_file()
    ]
    _delete(map(Path, paths), visit.folder.parent)
    if not moved:
        raise RefusedError("The upload is gone; please upload the recording again.")
    n_bytes = sum(path.stat().st_size for path in moved)
    if n_bytes > MAX_BYTES:
        raise RefusedError(
            f"The upload has {n_bytes / 1024**2:.0f} MB; this demo takes up to {MAX_BYTES // 1024**2} MB. "
            "Cut a shorter stretch, or run the package on your own machine, where there is no limit."
        )
    try:
        leading = _leading(moved)
        _check_header(leading)
        recording = read_recording(leading)
    except RecordingError as error:
        # Not its whole message, which begins with the name of the file: file names can name patients.
        raise RefusedError(f"This file cannot be used: {error.reason}. Remedy: {error.remedy}.") from error
    try:
        if any(file.resolve().parent != visit.folder.resolve() for file in recording.files):
            raise RefusedError(_ELSEWHERE)
        _check_size(recording)
    except RefusedError:
        recording.close()
        raise
    return recording


def _leading(paths: Sequence[Path]) -> Path:
    """Of the files of one recording, the one to open: a header before its data."""
    unknown = sorted({p.suffix.lower() for p in paths if not p.name.lower().endswith(FILE_TYPES)})
    if unknown:
        raise RefusedError(
            f"Files ending in {', '.join(unknown) or 'nothing'} are not taken here; EDF or BDF always is."
        )
    headers = [p for p in paths if p.suffix.lower() in _HEADERS]
    wholes = [p for p in paths if p.suffix.lower() not in _PARTS]
    leading = headers or wholes or list(paths)
    if len(leading) > 1:
        raise RefusedError("One recording at a time, please: these files are several.")
    return leading[0]


def _check_header(path: Path) -> None:
    """Refuse a BrainVision header whose parts lie elsewhere, before anything is read from there."""
    if path.suffix.lower() != ".vhdr":
        return
    named = re.findall(r"(?im)^\s*(?:Data|Marker)File\s*=\s*(.*?)\s*$", path.read_text("latin-1"))
    if any(re.search(r"[/\\]|^\.\.?$", name) for name in named):
        raise RefusedError(_ELSEWHERE)


def _check_size(recording: Recording) -> None:
    if recording.duration_s > MAX_DURATION_S:
        raise RefusedError(
            f"The recording lasts {recording.duration_s / 60:.0f} min; this demo takes up to "
            f"{MAX_DURATION_S // 60} min. Cut a shorter stretch, or run the package on your own machine, "
            "where there is no limit."
        )
    if recording.n_channels > MAX_CHANNELS:
        raise RefusedError(
            f"The recording has {recording.n_channels} EEG channels; this demo takes up to {MAX_CHANNELS}."
        )
