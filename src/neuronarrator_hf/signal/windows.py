"""The windows of a recording, as every later stage receives them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

SFREQ_HZ = 200.0
"""Sampling rate of every window."""
WINDOW_S = 10.0
"""Length of every window."""
WINDOW_N_TIMES = 2000
"""Samples of every window: `SFREQ_HZ * WINDOW_S`."""


@dataclass(frozen=True)
class EEGWindows:
    """A block of windows of one recording, filtered and resampled.

    Attributes:
        eeg_uv: `(n_windows, n_channels, n_times)` float32, microvolts, band-passed and at `sfreq`;
            referential (any reference), zero where masked.
        ch_names: Canonical names of the channels.
        positions: `(n_channels, 3)` float32, unit sphere, x right, y front, z up.
        start_s: `(n_windows,)` start of each window in seconds from the start of the recording.
        channel_mask: `(n_windows, n_channels)` bool, True where a channel can be evaluated.
        time_mask: `(n_windows, n_times)` bool, True where a sample was recorded, not padded.
        sfreq: Sampling rate in Hz.
        quality: One dict per window: what was found wrong, as written into the report.
    """

    eeg_uv: np.ndarray
    ch_names: tuple[str, ...]
    positions: np.ndarray
    start_s: np.ndarray
    channel_mask: np.ndarray
    time_mask: np.ndarray
    sfreq: float = SFREQ_HZ
    quality: tuple[dict, ...] = field(default=())

    def __post_init__(self) -> None:
        n_windows, n_channels, n_times = self.eeg_uv.shape
        expected = {
            "positions": (n_channels, 3),
            "start_s": (n_windows,),
            "channel_mask": (n_windows, n_channels),
            "time_mask": (n_windows, n_times),
        }
        for name, shape in expected.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} has shape {getattr(self, name).shape}, expected {shape}")
        if len(self.ch_names) != n_channels:
            raise ValueError(f"{len(self.ch_names)} names for {n_channels} channels")

    def __len__(self) -> int:
        return len(self.eeg_uv)

    @property
    def end_s(self) -> np.ndarray:
        """`(n_windows,)` end of the recorded part of each window in seconds."""
        return self.start_s + self.time_mask.sum(axis=1) / self.sfreq

    def select(self, which: slice) -> EEGWindows:
        """Some of the windows, in their order."""
        return replace(
            self,
            eeg_uv=self.eeg_uv[which],
            start_s=self.start_s[which],
            channel_mask=self.channel_mask[which],
            time_mask=self.time_mask[which],
            quality=self.quality[which],
        )
