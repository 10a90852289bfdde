"""What the renderings show of the signal: a summary gathered while windows go by, and ten-second pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..recording.reading import Recording
from ..recording.windows import iter_windows
from ..signal.interpolation import average_reference, to_sites
from ..signal.montage import region_sites, site_indices
from ..signal.spectral import BANDS_HZ, SPECTRUM_FREQS_HZ, band_power, log_spectrum, power_spectrum
from ..signal.windows import EEGWindows
from .figures import band_maps, density_image, eeg_page, spectrum

FMAX_HZ = 20.0
"""Upper edge of the overview: where clinicians look."""
MAX_COLUMNS = 1200
"""Columns of the overview; neighbouring windows of longer recordings are averaged."""
REGIONS = ("frontal", "central", "temporal", "occipital")
_SHOWN = SPECTRUM_FREQS_HZ <= FMAX_HZ


class SignalSummary:
    """Numbers of every window, gathered block by block: about 1 kB a window, so that days fit in memory.

    Pass `add` to the engine as `on_block`, so that the signal is read and filtered once.
    """

    def __init__(self) -> None:
        self.ch_names: tuple[str, ...] = ()
        self._starts: list[np.ndarray] = []
        self._levels: list[np.ndarray] = []
        self._valid: list[np.ndarray] = []
        self._powers: list[np.ndarray] = []

    @classmethod
    def of(cls, recording: Recording) -> SignalSummary:
        """The summary of a recording that nobody has read yet."""
        summary = cls()
        for block in iter_windows(recording):
            summary.add(block)
        return summary

    def add(self, block: EEGWindows) -> None:
        """Take in the next block."""
        self.ch_names = tuple(block.ch_names)
        site_uv, site_mask = to_sites(block)
        spectra = _spectra(block, site_uv, site_mask)
        n_sites = np.maximum(site_mask.sum(axis=1), 1)[:, None]
        mean = (spectra * site_mask[..., None]).sum(axis=1) / n_sites
        freqs, psd = power_spectrum(block.eeg_uv, block.sfreq, time_mask=block.time_mask)
        power = band_power(freqs, psd)
        power[~block.channel_mask] = np.nan
        self._starts.append(np.asarray(block.start_s, dtype=float))
        self._levels.append((10 * mean[:, _SHOWN]).astype(np.float32))
        self._valid.append(np.asarray(site_mask.any(axis=1)))
        self._powers.append(power.astype(np.float32))

    @property
    def start_s(self) -> np.ndarray:
        """`(n_windows,)` starts in seconds."""
        return np.concatenate(self._starts) if self._starts else np.zeros(0)

    @property
    def band_power_uv2(self) -> np.ndarray:
        """`(n_windows, n_channels, n_bands)` in the order of `BANDS_HZ`; NaN where a channel was unusable."""
        empty = np.zeros((0, len(self.ch_names), len(BANDS_HZ)), np.float32)
        return np.concatenate(self._powers) if self._powers else empty

    def density(self) -> str:
        """Spectrogram of the whole recording as a data URI; empty where nothing could be judged."""
        if not self._levels:
            return ""
        return density_image(*_columns(np.concatenate(self._levels), np.concatenate(self._valid)))


@dataclass
class SignalView:
    """Pictures of a recording.

    Attributes:
        density: Spectrogram of the whole recording as a data URI.
        fmax_hz: Its upper edge.
        pages: Start of a window to its pictures: `page`, `maps`, `spectrum` with `regions`.
    """

    density: str = ""
    fmax_hz: float = FMAX_HZ
    pages: dict[float, dict[str, Any]] = field(default_factory=dict)


def view_signal(
    recording: Recording,
    marks: Mapping[float, Sequence[tuple[float, float]]],
    summary: SignalSummary | None = None,
) -> SignalView:
    """Draw the overview of a recording and the pages asked for, reading the windows of the pages alone.

    Args:
        recording: What to draw.
        marks: Start of each window that gets a page, with the spans to highlight on it.
        summary: Gathered while the recording was narrated; made here without it.
    """
    view = SignalView(density=(summary or SignalSummary.of(recording)).density())
    mains_hz = recording.report.get("mains_hz")
    for start_s, spans in sorted(marks.items()):
        for block in iter_windows(
            recording, mains_hz=mains_hz, start_s=start_s - 0.01, stop_s=start_s + 0.01
        ):
            for index, block_start_s in enumerate(block.start_s):
                view.pages[round(float(block_start_s), 3)] = _page(block, index, spans)
    return view


def _page(block: EEGWindows, index: int, marks: Sequence[tuple[float, float]]) -> dict[str, Any]:
    site_uv, site_mask = to_sites(block.select(slice(index, index + 1)))
    spectra = _spectra(block.select(slice(index, index + 1)), site_uv, site_mask)[0]
    mask, power = site_mask[0], 10.0**spectra
    width = np.gradient(SPECTRUM_FREQS_HZ)
    bands = np.stack(
        [
            (power * width)[:, (low <= SPECTRUM_FREQS_HZ) & (high > SPECTRUM_FREQS_HZ)].sum(axis=1)
            for low, high in BANDS_HZ.values()
        ],
        axis=1,
    )
    by_region = {}
    for region in REGIONS:
        rows = site_indices(region_sites(region))
        rows = rows[mask[rows]]
        if len(rows):
            by_region[region] = power[rows].mean(axis=0)
    return {
        "page": eeg_page(block, index, marks=marks),
        "maps": band_maps(bands, mask),
        "spectrum": spectrum(SPECTRUM_FREQS_HZ, by_region),
        "regions": list(by_region),
    }


def _spectra(block: EEGWindows, site_uv: np.ndarray, site_mask: np.ndarray) -> np.ndarray:
    """`(n_windows, 19, n_freqs)` log10 uV^2/Hz at the sites, against their average."""
    referenced = average_reference(site_uv, site_mask)
    return log_spectrum(referenced, site_mask, block.time_mask, block.sfreq)


def _columns(levels: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """At most `MAX_COLUMNS` rows: means over neighbouring windows that can be judged."""
    n_columns = min(len(levels), MAX_COLUMNS)
    groups = np.array_split(np.arange(len(levels)), n_columns)
    means = np.stack(
        [levels[g][valid[g]].mean(axis=0) if valid[g].any() else levels[g].mean(axis=0) for g in groups]
    )
    return means, np.array([valid[g].any() for g in groups])
