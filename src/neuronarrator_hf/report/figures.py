"""Pictures of the signal as self-contained SVG, in the colours of the page that shows them.

Lines take the colours of the surrounding page (`currentColor` and its CSS variables), so that one
picture serves the light and the dark page and the printer.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ..recording.page import choose_sensitivity, derive_page
from ..signal.spectral import BANDS_HZ
from ..signal.topomap import topographic_maps, topomap_matrix
from ..signal.windows import EEGWindows

PAGE_WIDTH, ROW_HEIGHT, LABEL_WIDTH = 1100, 30, 64
GROUP_GAP = 0.55
_POINTS_PER_PAGE = 1000
MAP_PIXELS = 64
MAP_RANGE = 0.5
"""Maps show this many decades to both sides of the mean: -5 to +5 dB."""
MAP_MIN_SITES = 8


def eeg_page(windows: EEGWindows, index: int, *, marks: Sequence[tuple[float, float]] = ()) -> str:
    """Ten seconds in the longitudinal bipolar montage, or channel by channel where it cannot be derived.

    Args:
        windows: The block that holds the window.
        index: Which window of the block.
        marks: Spans `(start_s, end_s)` of the recording to highlight.
    """
    labels, traces, evaluable, groups = derive_page(windows, index)
    recorded = windows.time_mask[index]
    start_s, seconds = float(windows.start_s[index]), traces.shape[1] / windows.sfreq
    scale_uv = choose_sensitivity(traces[:, recorded], evaluable)
    gaps = np.concatenate([[0.0], np.diff(groups) != 0]) * GROUP_GAP
    middles = ROW_HEIGHT * (1 + np.arange(len(labels)) + np.cumsum(gaps))
    height = int(middles[-1] + ROW_HEIGHT * 1.6 + 34)

    def x_of(second: float) -> float:
        return LABEL_WIDTH + second / seconds * PAGE_WIDTH

    parts = [
        f'<svg class="eeg-page" viewBox="0 0 {LABEL_WIDTH + PAGE_WIDTH + 8} {height}" role="img" '
        f'aria-label="EEG from {start_s:g} to {start_s + seconds:g} s, {len(labels)} derivations">'
    ]
    for mark_start, mark_end in marks:
        low, high = (min(max(t - start_s, 0.0), seconds) for t in (mark_start, mark_end))
        if high > low:
            width = x_of(high) - x_of(low)
            parts.append(
                f'<rect class="mark" x="{x_of(low):.1f}" y="0" width="{width:.1f}" height="{height - 24}"/>'
            )
    for second in range(int(seconds) + 1):
        x = x_of(second)
        parts.append(f'<path class="grid" d="M{x:.1f} 0V{height - 24}"/>')
        parts.append(f'<text class="tick" x="{x:.1f}" y="{height - 8}">{start_s + second:g}</text>')
    for label, trace, usable, middle in zip(labels, traces, evaluable, middles, strict=True):
        state = "" if usable else " off"
        parts.append(
            f'<text class="lead{state}" x="{LABEL_WIDTH - 8}" y="{middle + 4:.0f}">'
            f"{html.escape(label)}</text>"
        )
        if usable:
            y = middle + trace / scale_uv * ROW_HEIGHT  # negative is up, as electroencephalographers read it
            y = np.clip(y, middle - 1.9 * ROW_HEIGHT, middle + 1.9 * ROW_HEIGHT)
            parts.append(
                f'<path class="trace" d="{_path(y[recorded], LABEL_WIDTH, PAGE_WIDTH * recorded.mean())}"/>'
            )
        else:
            parts.append(f'<path class="grid" d="M{LABEL_WIDTH} {middle:.0f}H{LABEL_WIDTH + PAGE_WIDTH}"/>')
    bar_x, bar_y = LABEL_WIDTH + PAGE_WIDTH - 10, height - 26
    parts.append(f'<path class="bar" d="M{bar_x} {bar_y:.0f}v{-ROW_HEIGHT}"/>')
    parts.append(
        f'<text class="scale" x="{bar_x - 7}" y="{bar_y - ROW_HEIGHT / 2 + 4:.0f}">{scale_uv:g} µV</text>'
        "</svg>"
    )
    return "".join(parts)


def band_maps(band_power: np.ndarray, site_mask: np.ndarray) -> list[tuple[str, str]]:
    """Topographic maps, one `(band name, SVG)` each: where the power of a band lies, against its mean.

    Args:
        band_power: `(19, n_bands)` in uV^2 at the sites, bands as in `BANDS_HZ`.
        site_mask: `(19,)` bool.
    """
    if site_mask.sum() < MAP_MIN_SITES:
        return []
    maps = topographic_maps(band_power, site_mask, MAP_PIXELS)
    inside = (topomap_matrix(MAP_PIXELS, site_mask) != 0).any(axis=1).reshape(MAP_PIXELS, MAP_PIXELS)
    pictures = []
    for (name, (low_hz, high_hz)), image in zip(BANDS_HZ.items(), maps, strict=True):
        label = html.escape(f"{name} {low_hz:g}\N{EN DASH}{high_hz:g} Hz")
        picture = (
            f'<svg class="topomap" viewBox="-4 -12 108 116" role="img" aria-label="Map of {label}">'
            '<path class="head" d="M42 1 50 -9 58 1"/>'
            '<image x="0" y="0" width="100" height="100" '
            f'href="{_png(image / MAP_RANGE / 2 + 0.5, inside)}"/>'
            '<circle class="head" cx="50" cy="50" r="50"/></svg>'
        )
        pictures.append((label, picture))
    return pictures


def spectrum(freqs: np.ndarray, psd: dict[str, np.ndarray], fmax: float = 30.0) -> str:
    """Power spectra in decibels over frequency, one labelled line per region.

    Args:
        freqs: `(n_freqs,)` Hz.
        psd: Label to `(n_freqs,)` uV^2/Hz.
    """
    width, height, left, bottom = 370, 206, 40, 34
    keep = (freqs >= 0.5) & (freqs <= fmax)
    level = {name: 10 * np.log10(np.maximum(p[keep], 1e-4)) for name, p in psd.items()}
    if not level:
        return ""
    low = np.floor(min(v.min() for v in level.values()) / 10) * 10
    high = np.ceil(max(v.max() for v in level.values()) / 10) * 10
    xs = left + (freqs[keep] - 0.5) / (fmax - 0.5) * (width - left - 14)

    def y_of(db: Any) -> Any:
        return 6 + (high - db) / max(high - low, 1) * (height - bottom - 6)

    parts = [
        f'<svg class="spectrum" viewBox="0 0 {width} {height}" role="img" '
        'aria-label="Power spectrum by region, in decibels">'
    ]
    for db in np.arange(low, high + 1, 10):
        parts.append(
            f'<path class="grid" d="M{left} {y_of(db):.1f}H{width - 14}"/>'
            f'<text class="tick end" x="{left - 5}" y="{max(y_of(db) + 4, 11):.1f}">{db:g}</text>'
        )
    for hz in (1, 4, 8, 13, 20, 30):
        x = left + (hz - 0.5) / (fmax - 0.5) * (width - left - 14)
        parts.append(
            f'<path class="grid" d="M{x:.1f} 6V{height - bottom}"/>'
            f'<text class="tick" x="{x:.1f}" y="{height - 19}">{hz}</text>'
        )
    parts.append(f'<text class="tick" x="{(left + width) / 2}" y="{height - 4}">Hz (power in dB)</text>')
    for number, values in enumerate(level.values()):
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, y_of(values), strict=True))
        parts.append(f'<polyline class="line line-{number}" points="{points}"/>')
    return "".join(parts) + "</svg>"


def density_image(levels_db: np.ndarray, valid: np.ndarray) -> str:
    """A spectrogram as PNG data URI: `(n_windows, n_freqs)` decibels, low frequencies at the bottom.

    Windows that could not be judged are left transparent.
    """
    if not valid.any():
        return ""
    low, high = np.percentile(levels_db[valid], (5, 99.5))
    level = np.clip((levels_db - low) / max(high - low, 1e-6), 0, 1)
    return _png(level.T[::-1], np.broadcast_to(valid, level.T.shape), "inferno")


def _png(level: np.ndarray, mask: np.ndarray, colours: str = "viridis") -> str:
    from matplotlib import colormaps
    from matplotlib.image import imsave

    rgba = colormaps[colours](np.clip(level, 0, 1), bytes=True)
    rgba[..., 3] = np.where(mask, 255, 0)
    buffer = io.BytesIO()
    imsave(buffer, rgba, format="png")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _path(y: np.ndarray, left: float, width: float) -> str:
    """Relative path of a trace; dense points become minimum and maximum of a bin, so that spikes stay."""
    n_bins = max(int(_POINTS_PER_PAGE / 2 * width / PAGE_WIDTH), 1)
    if len(y) > 2 * n_bins:
        size, n_longer = divmod(len(y), n_bins)  # bins as of `np.array_split`, the longer ones first
        at = n_longer * (size + 1)
        y = np.concatenate([_extremes(y[:at].reshape(-1, size + 1)), _extremes(y[at:].reshape(-1, size))])
    xs = np.round((left + np.arange(len(y)) / max(len(y) - 1, 1) * width) * 10).astype(int)
    ys = np.round(y * 10).astype(int)
    body = "".join(map(_step, np.diff(xs).tolist(), np.diff(ys).tolist()))
    return f"M{xs[0] / 10:g} {ys[0] / 10:g}l{body}".rstrip()


def _extremes(bins: np.ndarray) -> np.ndarray:
    """Least and largest value of each row, in the order in which they come."""
    first, last = np.sort([bins.argmin(axis=1), bins.argmax(axis=1)], axis=0)
    rows = np.arange(len(bins))
    return np.stack([bins[rows, first], bins[rows, last]], axis=1).ravel()


@lru_cache(maxsize=1 << 14)
def _step(dx: int, dy: int) -> str:
    return f"{_tenth(dx)}{_tenth(dy) if dy < 0 else ' ' + _tenth(dy)} "


def _tenth(tenths: int) -> str:
    sign, tenths = ("-", -tenths) if tenths < 0 else ("", tenths)
    whole, rest = divmod(tenths, 10)
    return f"{sign}{whole}.{rest}" if rest else f"{sign}{whole}"
