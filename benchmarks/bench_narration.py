"""End to end: hours of 21 channels to a report, with what each part takes, and its growth with the length.

    python -m benchmarks narration           # in the table
    python -m benchmarks.bench_narration --hours 0.17 1 3

The recordings are ten minutes of a simulated scenario, again and again, written as EDF. Each runs in a
process of its own with one thread; memory is the peak above the loaded model.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .contest import Contest, Timed, in_process, peak_memory, told

SETTING_SEED = 500


def contests(quick: bool) -> Iterator[Contest]:
    with tempfile.TemporaryDirectory() as folder:
        lengths = (1 / 6,) if quick else (1 / 6, 1.0, 3.0)
        for hours in lengths:
            path = write_recording(Path(folder) / f"{hours:.2f}.edf", hours)
            parts: dict[str, Any] = {}
            yield Contest(
                name=f"narration/{hours:.2g} h to report",
                ours=_child(path, parts),
                n_items=hours * 360,
                item="windows",
                rounds=5 if hours <= 1 else 3,
                note=lambda parts=parts: _line(parts),
            )


def write_recording(path: Path, hours: float) -> Path:
    """Ten minutes of a simulated patient, again and again; two further channels make 21."""
    import numpy as np

    from neuronarrator_hf.recording.writing import write_edf
    from neuronarrator_hf.simulation.scenario import Scenario, render

    simulated = render(Scenario.draw(SETTING_SEED, 10))
    names = [*simulated.ch_names]
    eeg_uv = np.asarray(simulated.eeg_uv, dtype=np.float32)
    more = [name for name in ("T1", "T2", "A1", "A2") if name not in names][: max(21 - len(names), 0)]
    beside = [eeg_uv[i] * 0.8 + eeg_uv[i + 1] * 0.2 for i in range(len(more))]
    eeg_uv = np.concatenate([eeg_uv, np.stack(beside)]) if more else eeg_uv
    n_times = max(1, round(hours * 6))
    write_edf(path, np.tile(eeg_uv, n_times), [*names, *more], simulated.sfreq)
    return path


def _child(path: Path, parts: dict[str, Any]) -> Callable[[], Timed]:
    def run() -> Timed:
        done = told(in_process(["-m", "benchmarks.bench_narration", "--child", str(path)]))
        parts.clear()
        parts.update(done["parts"])
        return Timed(done["cpu_s"], done["peak_mb"])

    return run


def narrate(path: Path) -> dict[str, Any]:
    """Time and memory of one recording to JSON, Markdown and HTML, and the time of the parts."""
    import torch

    from neuronarrator_hf.models.feature_extraction_neuronarrator import NeuroNarratorFeatureExtractor
    from neuronarrator_hf.models.modeling_neuronarrator import NeuroNarratorForConditionalGeneration
    from neuronarrator_hf.narration import engine
    from neuronarrator_hf.narration.voice import ModelVoice
    from neuronarrator_hf.recording.reading import read_recording
    from neuronarrator_hf.report.files import output_paths, write_reports
    from neuronarrator_hf.report.overview import SignalSummary

    torch.set_num_threads(1)
    narrator = engine.Narrator.from_pretrained()
    parts: dict[str, float] = {}
    _told(parts, "reading and filtering", engine, "iter_windows", is_iterator=True)
    _told(parts, "measuring", engine, "measure_windows")
    _told(parts, "features", NeuroNarratorFeatureExtractor, "__call__")
    _told(parts, "encoding", NeuroNarratorForConditionalGeneration, "get_window_features")
    _told(parts, "wording", ModelVoice, "speak")
    _told(parts, "checking", engine, "check_text")
    _told(parts, "assembling", engine, "assemble")
    _told(parts, "overview", SignalSummary, "add")
    took: dict[str, float] = {}

    def run() -> None:
        began = time.process_time()
        with tempfile.TemporaryDirectory() as folder, read_recording(path) as recording:
            paths = output_paths(Path(folder), "x", ("json", "md", "html"))
            summary = SignalSummary()  # gathered on the way, as the command does
            narration = narrator.narrate(recording, journal_path=paths.pop("journal"), on_block=summary.add)
            at = time.process_time()
            write_reports(narration, paths, recording, summary)
            parts["writing reports"] = time.process_time() - at
        took["cpu_s"] = time.process_time() - began

    _, peak_mb = peak_memory(run)
    parts["the rest"] = took["cpu_s"] - sum(parts.values())
    return {"cpu_s": took["cpu_s"], "peak_mb": peak_mb, "parts": parts}


def _line(parts: dict[str, float]) -> str:
    return "processor seconds: " + ", ".join(f"{name} {value:.1f}" for name, value in parts.items())


def _told(parts: dict[str, float], part: str, place: Any, name: str, *, is_iterator: bool = False) -> None:
    """Have a function of the program add what it takes to `parts`."""
    function = getattr(place, name)
    parts[part] = 0.0

    def timed(*args: Any, **kwargs: Any) -> Any:
        began = time.process_time()
        made = function(*args, **kwargs)
        parts[part] += time.process_time() - began
        return made

    def timed_iterator(*args: Any, **kwargs: Any) -> Iterator[Any]:
        inner = function(*args, **kwargs)
        while True:
            began = time.process_time()
            item = next(inner, None)
            parts[part] += time.process_time() - began
            if item is None:
                return
            yield item

    setattr(place, name, timed_iterator if is_iterator else timed)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hours", type=float, nargs="+", default=[1 / 6, 1.0])
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(narrate(arguments.child)))
        return
    with tempfile.TemporaryDirectory() as folder:
        for hours in arguments.hours:
            path = write_recording(Path(folder) / f"{hours:.2f}.edf", hours)
            done = told(in_process(["-m", "benchmarks.bench_narration", "--child", str(path)]))
            parts = ", ".join(f"{name} {value:.1f}" for name, value in done["parts"].items())
            print(
                f"{hours:.2f} h: {done['cpu_s']:.1f} s of processor time, {done['peak_mb']:.0f} MB; {parts}"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
