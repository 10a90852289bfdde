"""A window as a clinician reads it: ten seconds in a montage of choice, a grid of seconds, a scale bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from neuronarrator_hf.signal.montage import LONGITUDINAL_BIPOLAR
from neuronarrator_hf.signal.windows import EEGWindows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LONGITUDINAL, TRANSVERSE, AVERAGE = "longitudinal bipolar", "transverse bipolar", "average reference"
Lanes = tuple[tuple[tuple[str, str | None], ...], ...]
PAGE_GROUPS: Lanes = (
    LONGITUDINAL_BIPOLAR[0:4], LONGITUDINAL_BIPOLAR[14:18], LONGITUDINAL_BIPOLAR[4:8],
    LONGITUDINAL_BIPOLAR[10:14], LONGITUDINAL_BIPOLAR[8:10],
)  # fmt: skip
"""Left and right temporal, left and right parasagittal, midline: sides beside each other."""
_TRANSVERSE_GROUPS: Lanes = (
    (("F7", "Fp1"), ("Fp1", "Fp2"), ("Fp2", "F8")), (("F7", "F3"), ("F3", "Fz"), ("Fz", "F4"), ("F4", "F8")),
    (("T7", "C3"), ("C3", "Cz"), ("Cz", "C4"), ("C4", "T8")),
    (("P7", "P3"), ("P3", "Pz"), ("Pz", "P4"), ("P4", "P8")), (("P7", "O1"), ("O1", "O2"), ("O2", "P8")),
)  # fmt: skip
"""From left to right, one row of electrodes after the other from front to back."""
_AVERAGE_GROUPS: Lanes = tuple(
    tuple((site, None) for site in group)
    for group in (
        ("Fp1", "F7", "T7", "P7", "O1"), ("Fp2", "F8", "T8", "P8", "O2"), ("F3", "C3", "P3"),
        ("F4", "C4", "P4"), ("Fz", "Cz", "Pz"),
    )
)  # fmt: skip
MONTAGES: dict[str, Lanes] = {
    LONGITUDINAL: PAGE_GROUPS, TRANSVERSE: _TRANSVERSE_GROUPS, AVERAGE: _AVERAGE_GROUPS,
}  # fmt: skip
"""Montage to groups of lanes; a lane is a pair of electrodes, or one against the average."""
SENSITIVITIES_UV: tuple[float, ...] = (10, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000)
_GROUP_GAP = 0.6
_TRACE = "#111111"
_MASKED = "#b9b9b9"
_GRID = "#d9dde3"
_MARK = "#e8a33d"


def derive_page(
    windows: EEGWindows, index: int, montage: str = LONGITUDINAL
) -> tuple[list[str], np.ndarray, np.ndarray, list[int]]:
    """Labels, traces `(n_traces, n_times)` in microvolts, whether each is evaluable, its group.

    The montage asked for where at least half of its lanes can be formed; single channels otherwise. The
    average is that of the evaluable channels.
    """
    eeg_uv, mask = windows.eeg_uv[index], windows.channel_mask[index]
    at = {name: i for i, name in enumerate(windows.ch_names)}
    average = eeg_uv[mask.astype(bool) if mask.any() else slice(None)].mean(axis=0)
    labels, traces, evaluable, groups = [], [], [], []
    for number, group in enumerate(MONTAGES[montage]):
        for anode, cathode in group:
            if anode in at and (cathode is None or cathode in at):
                labels.append(f"{anode}-{cathode or 'avg'}")
                traces.append(eeg_uv[at[anode]] - (average if cathode is None else eeg_uv[at[cathode]]))
                evaluable.append(bool(mask[at[anode]] and (cathode is None or mask[at[cathode]])))
                groups.append(number)
    if len(labels) * 2 < sum(map(len, MONTAGES[montage])):
        shown = [i for i in range(len(windows.ch_names))][:32]
        labels = [windows.ch_names[i] for i in shown]
        traces = [eeg_uv[i] for i in shown]
        evaluable = [bool(mask[i]) for i in shown]
        groups = [0] * len(shown)
    return labels, np.array(traces), np.array(evaluable), groups


def choose_sensitivity(traces: np.ndarray, evaluable: np.ndarray) -> float:
    """Microvolts between two traces, from the usual steps: most of the signal stays within its lane."""
    live = traces[evaluable] if evaluable.any() else traces
    spread = float(np.quantile(np.quantile(np.abs(live), 0.98, axis=1), 0.7)) if live.size else 0.0
    return next((step for step in SENSITIVITIES_UV if step >= 1.3 * spread), SENSITIVITIES_UV[-1])


def draw_page(
    axes: Axes,
    windows: EEGWindows,
    index: int,
    *,
    montage: str = LONGITUDINAL,
    sensitivity_uv: float | None = None,
    events: Sequence[tuple[float, float, str]] = (),
) -> float:
    """Draw a window on axes that exist.

    Args:
        axes: Where to draw.
        windows: A block of windows.
        index: Which of them.
        montage: One of `MONTAGES`.
        sensitivity_uv: Microvolts between two traces; chosen from the signal by default.
        events: `(start_s, end_s, label)` in seconds of the recording, marked above the traces.

    Returns:
        The sensitivity in use.
    """
    labels, traces, evaluable, groups = derive_page(windows, index, montage)
    step = sensitivity_uv or choose_sensitivity(traces, evaluable)
    recorded = windows.time_mask[index]
    start_s, length_s = float(windows.start_s[index]), windows.eeg_uv.shape[2] / windows.sfreq
    times = start_s + np.arange(windows.eeg_uv.shape[2]) / windows.sfreq
    centre = -(np.arange(len(labels)) + _GROUP_GAP * np.array(groups))
    bottom = (centre[-1] if len(labels) else 0.0) - 1.2
    for second in np.arange(0, length_s + 0.01):
        strong = second % 5 == 0
        axes.axvline(start_s + second, color=_GRID, lw=1.1 if strong else 0.7, zorder=0)
    for trace, live, level in zip(traces, evaluable, centre, strict=True):
        shown = np.where(recorded, np.clip(-trace / step, -2.2, 2.2), np.nan)  # negative is up
        axes.plot(
            times,
            shown + level,
            color=_TRACE if live else _MASKED,
            lw=0.65,
            zorder=2,
            solid_joinstyle="round",
        )
    for begin_s, end_s, label in events:
        left, right = max(begin_s, start_s), min(end_s, start_s + length_s)
        if left < right:
            axes.axvspan(left, right, color=_MARK, alpha=0.14, lw=0, zorder=1)
            axes.text(left, 1.25, label, fontsize=7.5, color="#9a5b00", va="bottom", ha="left")
    _draw_scale(axes, start_s + length_s, bottom, step)
    if not recorded.all():
        axes.axvspan(times[recorded.sum() - 1], start_s + length_s, color="#f3f3f3", lw=0, zorder=0)
    axes.set_xlim(start_s, start_s + length_s)
    axes.set_ylim(bottom - 0.4, 1.9)
    axes.set_yticks(
        centre, [f"{label}" if live else f"{label} ×" for label, live in zip(labels, evaluable, strict=True)]
    )
    axes.set_xticks(
        start_s + np.arange(0, length_s + 0.01), [_clock(start_s + s) for s in np.arange(0, length_s + 0.01)]
    )
    axes.tick_params(length=0, labelsize=8, pad=4)
    for tick, live in zip(axes.get_yticklabels(), evaluable, strict=True):
        tick.set_color(_TRACE if live else "#6f6f6f")
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)
    return step


def _draw_scale(axes: Axes, right_s: float, bottom: float, step: float) -> None:
    """A bar of one second and one lane, at the lower right."""
    at = right_s - 1.0
    axes.plot(
        [at, at, at + 1.0], [bottom + 0.95, bottom - 0.05, bottom - 0.05], color=_TRACE, lw=1.4, zorder=3
    )
    axes.text(at - 0.06, bottom + 0.4, f"{step:g} µV", fontsize=8, ha="right", va="center")
    axes.text(at + 0.5, bottom - 0.12, "1 s", fontsize=8, ha="center", va="top")


def _clock(second: float) -> str:
    whole = round(second * 10) / 10
    hours, rest = divmod(whole, 3600)
    minutes, seconds = divmod(rest, 60)
    told = f"{seconds:04.1f}" if abs(seconds - round(seconds)) > 1e-6 else f"{round(seconds):02d}"
    return f"{int(hours)}:{int(minutes):02d}:{told}" if hours else f"{int(minutes)}:{told}"


def page_figure(
    windows: EEGWindows,
    index: int = 0,
    *,
    title: str | None = None,
    montage: str = LONGITUDINAL,
    band: str = "0.5–75 Hz",
    sensitivity_uv: float | None = None,
    events: Sequence[tuple[float, float, str]] = (),
    width_inches: float = 11.0,
) -> Figure:
    """A figure of one window; it belongs to no window system and needs none.

    Args:
        windows: A block of windows.
        index: Which of them.
        title: What stands above it.
        montage: One of `MONTAGES`.
        band: What the signal was filtered to, as it stands above the page.
        sensitivity_uv: Microvolts between two traces; chosen from the signal by default.
        events: `(start_s, end_s, label)` in seconds of the recording, marked on the page.
        width_inches: Width; the height follows from the number of traces.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    labels, _, _, groups = derive_page(windows, index, montage)
    lanes = len(labels) + _GROUP_GAP * (groups[-1] if groups else 0)
    figure = Figure(figsize=(width_inches, 1.3 + 0.3 * max(lanes, 4)), dpi=110, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    step = draw_page(axes, windows, index, montage=montage, sensitivity_uv=sensitivity_uv, events=events)
    told = montage if any("-" in label for label in labels) else "single electrodes"
    head = f"{title}   " if title else ""
    settings = f"{told} · {step:g} µV per lane · {band} · negative up"
    axes.set_title(f"{head}{settings}", fontsize=9, loc="left", pad=6)
    figure.tight_layout(pad=0.8)
    return figure
