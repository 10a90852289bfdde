"""One pass over the signal for everything the page shows of it: overview strip and ten-second pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..recording.reading import Recording
from ..recording.windows import iter_windows
from ..signal.interpolation import average_reference, to_sites
from ..signal.montage import region_sites, site_indices
from ..signal.spectral import BANDS_HZ, SPECTRUM_FREQS_HZ, log_spectrum
from ..signal.windows import EEGWindows
from .figures import band_maps, density_image, eeg_page, spectrum

FMAX_HZ = 20.0
"""Upper edge of the overview: where clinicians look."""
MAX_COLUMNS = 1200
"""Columns of the overview; neighbouring windows of longer recordings are averaged."""
REGIONS = ("frontal", "central", "temporal", "occipital")


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


def view_signal(recording: Recording, marks: Mapping[float, Sequence[tuple[float, float]]]) -> SignalView:
    """Read a recording once and draw its overview and the pages asked for.

    Args:
        recording: What to draw.
        marks: Start of each window that gets a page, with the spans to highlight on it.
    """
    view, levels, valid = SignalView(), [], []
    shown = SPECTRUM_FREQS_HZ <= FMAX_HZ
    wanted = {round(start, 3): spans for start, spans in marks.items()}
    for block in iter_windows(recording):
        site_uv, site_mask = to_sites(block)
        spectra = log_spectrum(
            average_reference(site_uv, site_mask), site_mask, block.time_mask, block.sfreq
        )  # log10 uV^2/Hz
        usable = site_mask.any(axis=1)
        mean = (spectra * site_mask[..., None]).sum(axis=1) / np.maximum(site_mask.sum(axis=1), 1)[:, None]
        levels.append(10 * mean[:, shown])
        valid.append(usable)
        for index, start_s in enumerate(block.start_s):
            if (key := round(float(start_s), 3)) in wanted:
                view.pages[key] = _page(block, index, spectra[index], site_mask[index], wanted[key])
    if levels:
        view.density = density_image(*_columns(np.concatenate(levels), np.concatenate(valid)))
    return view


def _page(
    block: EEGWindows,
    index: int,
    spectra: np.ndarray,
    site_mask: np.ndarray,
    marks: Sequence[tuple[float, float]],
) -> dict[str, Any]:
    power = 10.0**spectra
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
        rows = rows[site_mask[rows]]
        if len(rows):
            by_region[region] = power[rows].mean(axis=0)
    return {
        "page": eeg_page(block, index, marks=marks),
        "maps": band_maps(bands, site_mask),
        "spectrum": spectrum(SPECTRUM_FREQS_HZ, by_region),
        "regions": list(by_region),
    }


def _columns(levels: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """At most `MAX_COLUMNS` rows: means over neighbouring windows that can be judged."""
    n_columns = min(len(levels), MAX_COLUMNS)
    groups = np.array_split(np.arange(len(levels)), n_columns)
    means = np.stack(
        [levels[g][valid[g]].mean(axis=0) if valid[g].any() else levels[g].mean(axis=0) for g in groups]
    )
    return means, np.array([valid[g].any() for g in groups])
