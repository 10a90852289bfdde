"""What was read, for a person (a table, a picture) and for a program (a dict)."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from neuronarrator_hf.recording.page import page_figure
from neuronarrator_hf.recording.reading import Recording, read_recording
from neuronarrator_hf.recording.windows import iter_windows
from neuronarrator_hf.signal.windows import EEGWindows

_LISTED = 12


def inspect(source: Any, *, units: str | None = None) -> dict[str, Any]:
    """What `read_recording` found, with the quality of every window folded into shares.

    Args:
        source: What `read_recording` takes, or a `Recording`.
        units: The unit of the stored numbers where the recording says it wrongly.
    """
    recording = source if isinstance(source, Recording) else read_recording(source, units=units)
    n_windows, evaluable = 0, np.zeros(recording.n_channels)
    masked: dict[str, dict[str, int]] = {}
    for windows in iter_windows(recording):
        n_windows += len(windows)
        evaluable += windows.channel_mask.sum(axis=0)
        for notes in windows.quality:
            for channel, reasons in notes.items():
                for reason in reasons:
                    masked.setdefault(reason, {}).setdefault(channel, 0)
                    masked[reason][channel] += 1
    share = evaluable / max(n_windows, 1)
    return {
        "name": recording.name,
        **recording.report,
        "n_windows": n_windows,
        "spans_s": [[round(a, 3), round(b, 3)] for a, b in recording.spans_s],
        "evaluable": {name: round(float(s), 3) for name, s in zip(recording.ch_names, share, strict=True)},
        "not_evaluable": {
            r: {c: round(n / max(n_windows, 1), 3) for c, n in v.items()} for r, v in masked.items()
        },
    }


def inspection_table(told: dict[str, Any]) -> str:
    """The dict of `inspect` as a table of text, one line per fact."""
    correction = "" if told["unit_factor"] == 1.0 else f", multiplied by {told['unit_factor']:g}"
    unit = f"{told['unit_told'] or 'not given'} told, {told['unit_evidence'] or 'none'} by amplitude"
    evaluable = list(told["evaluable"].values()) or [0.0]
    left_out, channels = told["annotations_left_out"], told["channels"]
    free_text = f"; {left_out} in free text left out" if left_out else ""
    rows = [
        ("recording", told["name"]),
        ("format", told["format"]),
        ("duration", f"{told['duration_s']:g} s at {told['sfreq']:g} Hz, gaps: {told['gaps']}"),
        ("windows", str(told["n_windows"])),
        ("EEG channels", f"{len(channels)} of {told['n_channels_in_file']}: {_some(channels)}"),
        ("missing sites", _some(told["missing_sites"])),
        ("renamed", _some([f"{e['from']} → {e['to']}" for e in told["renamed"]])),
        ("left out", _some([f"{e['channel']} ({e['reason']})" for e in told["dropped"]])),
        ("not EEG", _some([f"{e['channel']} ({e['kind']})" for e in told["other"]])),
        ("montage", f"{told['montage'].replace('_', ' ')}, reference {told['reference']}"),
        ("unit", f"{unit}; median amplitude {told['amplitude_uv']:g} uV{correction}"),
        ("mains", f"{told['mains_hz']:g} Hz" if told["mains_hz"] else "none found"),
        ("evaluable", f"{100 * float(np.mean(evaluable)):.0f} % of channels and windows"),
        ("masked", _some([f"{', '.join(list(c)[:6])}: {why}" for why, c in told["not_evaluable"].items()])),
        ("annotations", _some([f"{n} {code}" for code, n in told["annotations"].items()]) + free_text),
        *(("warning", warning) for warning in told["warnings"]),
    ]  # fmt: skip
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {text}" for name, text in rows)


def _some(items: list[str]) -> str:
    more = f" and {len(items) - _LISTED} more" if len(items) > _LISTED else ""
    return (", ".join(items[:_LISTED]) + more) if items else "none"


def plot_page(recording: Recording, out: str | PathLike[str], *, at_s: float = 0.0) -> Path:
    """Write the picture of the window at `at_s` as PNG."""
    chosen: EEGWindows | None = None
    for windows in iter_windows(recording, block_windows=1, start_s=at_s):
        chosen = windows
        break
    if chosen is None:
        chosen = list(iter_windows(recording))[-1]
    figure = page_figure(chosen, len(chosen) - 1, title=recording.name)
    figure.savefig(out)
    return Path(out)
