"""EDF to feature tensors: this package against the same chain written with MNE calls, in one run.

    python benchmarks/bench_reading.py [--hours 1] [--repeats 3] [--durations]

A recording of 21 channels (19 sites, an ear, ECG) at 256 Hz with 50 Hz mains is simulated once. Each chain
runs in a process of its own: band-pass 0.5-75 Hz, notch, average reference, 200 Hz, windows of 10 s, Welch
spectra, maps of band power by spherical splines. Told are time and processor time without imports, the peak
of memory above the imports, and how far the outputs agree. `--durations` adds the peak of memory of this
package alone, features given away block by block, for 10 min, 1 h, 6 h and 24 h.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

SFREQ = 256
MAINS_HZ = 50.0
BANDS_HZ = {"delta": (0.5, 4.0), "theta": (4.0, 8.0), "alpha": (8.0, 13.0), "beta": (13.0, 30.0)}
MINUTE_S = 600


def write_recording(path: Path, hours: float) -> None:
    """Ten minutes of noise with a rhythm and mains, again and again."""
    from neuronarrator_hf.recording.writing import write_edf
    from neuronarrator_hf.signal.montage import SITES_1020

    rng = np.random.default_rng(0)
    n_times = MINUTE_S * SFREQ
    freqs = np.fft.rfftfreq(n_times, 1 / SFREQ)
    spectrum = rng.standard_normal((21, len(freqs))) + 1j * rng.standard_normal((21, len(freqs)))
    eeg_uv = np.fft.irfft(spectrum / np.maximum(freqs, 0.5), n_times)
    times = np.arange(n_times) / SFREQ
    eeg_uv *= rng.uniform(10, 40, (21, 1)) / eeg_uv.std(axis=1, keepdims=True)
    eeg_uv += rng.uniform(2, 20, (21, 1)) * np.sin(2 * np.pi * 10 * times) + 5 * np.sin(
        2 * np.pi * MAINS_HZ * times
    )
    page = path.with_name("page.edf")
    page.unlink(missing_ok=True)
    write_edf(page, eeg_uv, [*SITES_1020, "A1", "ECG-X"], SFREQ)
    content = page.read_bytes()
    n_header = int(content[184:192])
    n_times_more = max(1, round(hours * 3600 / MINUTE_S))
    with open(path, "wb") as file:
        file.write(content[:236] + str(MINUTE_S * n_times_more).encode().ljust(8) + content[244:n_header])
        for _ in range(n_times_more):
            file.write(content[n_header:])
    page.unlink()


def stream(path: str) -> Iterator[dict[str, np.ndarray]]:
    """This package, block by block."""
    from neuronarrator_hf.recording.reading import read_recording
    from neuronarrator_hf.recording.windows import iter_windows
    from neuronarrator_hf.signal.spectral import power_spectrum
    from neuronarrator_hf.signal.topomap import topographic_maps

    for windows in iter_windows(read_recording(path)):
        freqs, psd = power_spectrum(windows.eeg_uv, windows.sfreq)
        maps = topographic_maps(_bands(freqs, psd))
        yield {"windows": windows.eeg_uv[:3].copy(), "spectra": psd[..., freqs <= 45.0].copy(), "maps": maps}


def ours(path: str) -> dict[str, np.ndarray]:
    """This package, the features of the whole recording."""
    blocks = list(stream(path))
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def ours_given_away(path: str) -> dict[str, np.ndarray]:
    """This package, the features counted and forgotten."""
    return {"n_windows": np.array(sum(len(block["maps"]) for block in stream(path)))}


def mne_chain(path: str) -> dict[str, np.ndarray]:
    """The same with MNE calls alone."""
    import mne
    from mne.channels.interpolation import _make_interpolation_matrix

    from neuronarrator_hf.signal.montage import SITES_1020, electrode_positions
    from neuronarrator_hf.signal.topomap import MAP_SIZE, _pixels, topomap_matrix

    raw = mne.io.read_raw_edf(path, preload=True, verbose="ERROR")
    raw.rename_channels({name: name.removeprefix("EEG ") for name in raw.ch_names}).pick(list(SITES_1020))
    raw.filter(0.5, 75.0, verbose="ERROR").notch_filter(MAINS_HZ, verbose="ERROR")
    raw.set_eeg_reference("average", verbose="ERROR").resample(200.0, verbose="ERROR")
    epochs = mne.make_fixed_length_epochs(raw, 10.0, preload=True, verbose="ERROR")
    welch = {"n_fft": 800, "n_overlap": 400, "window": "hann"}
    spectrum = epochs.compute_psd("welch", fmax=100, verbose="ERROR", **welch)
    psd, freqs = spectrum.get_data(return_freqs=True)
    psd = psd * 1e12
    points, inside = _pixels(MAP_SIZE)
    to_pixels = _make_interpolation_matrix(electrode_positions(SITES_1020), points)
    values = np.log10(np.maximum(_bands(freqs, psd), 1e-3))
    values = (values - values.mean(axis=1, keepdims=True)).transpose(0, 2, 1)
    maps = np.zeros((*values.shape[:2], MAP_SIZE, MAP_SIZE), np.float32)
    maps[:, :, inside] = values @ to_pixels.T
    maps[:, :, ~(topomap_matrix() != 0).any(axis=1).reshape(MAP_SIZE, MAP_SIZE)] = 0
    eeg_uv = epochs.get_data() * 1e6
    chosen = np.concatenate([np.arange(at, min(at + 3, len(eeg_uv))) for at in range(0, len(eeg_uv), 60)])
    return {"windows": eeg_uv[chosen], "spectra": psd[..., freqs <= 45.0], "maps": maps}


def _bands(freqs: np.ndarray, psd: np.ndarray) -> np.ndarray:
    step = freqs[1] - freqs[0]
    bands = [psd[..., (freqs >= low) & (freqs < high)].sum(axis=-1) * step for low, high in BANDS_HZ.values()]
    return np.stack(bands, axis=-1)


def _child(chain: str, path: str, out: str) -> None:
    import mne
    import scipy.signal  # noqa: F401

    import neuronarrator_hf.recording.windows
    import neuronarrator_hf.signal.topomap  # noqa: F401

    mne.io.read_raw_edf  # noqa: B018  the lazy import
    before = _peak_kb()
    started, worked = time.perf_counter(), time.process_time()
    features = {"ours": ours, "mne": mne_chain, "stream": ours_given_away}[chain](path)
    seconds, cpu_s = time.perf_counter() - started, time.process_time() - worked
    peak = _peak_kb() - before
    if out:
        np.savez(out, **features)
    print(json.dumps({"seconds": seconds, "cpu_s": cpu_s, "peak_mb": peak / 1024}))


def _peak_kb() -> int:
    """High-water mark of this process (what `getrusage` tells may be that of the process that began it)."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))


def _run(chain: str, path: Path, out: Path | None = None) -> dict[str, float]:
    command = [sys.executable, __file__, "--child", chain, str(path), str(out or "")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--durations", action="store_true")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        _child(*arguments.child)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.edf"
        write_recording(path, arguments.hours)
        runs: dict[str, list[dict[str, float]]] = {"ours": [], "mne": []}
        for _ in range(arguments.repeats):
            for chain in runs:
                runs[chain].append(_run(chain, path, Path(folder) / f"{chain}.npz"))
        best = {
            c: {k: float(np.median([r[k] for r in found])) for k in found[0]} for c, found in runs.items()
        }
        for chain, told in best.items():
            print(f"{chain:5s} {told['seconds']:7.2f} s  cpu {told['cpu_s']:7.2f} s", end="")
            print(f"  peak {told['peak_mb']:6.0f} MB")
        for figure, of in (
            ("seconds", "time"),
            ("cpu_s", "processor time"),
            ("peak_mb", "memory above imports"),
        ):
            print(f"MNE needs {best['mne'][figure] / best['ours'][figure]:.1f} times the {of}")
        with np.load(Path(folder) / "ours.npz") as a, np.load(Path(folder) / "mne.npz") as b:
            for name in a:
                x, y = a[name], b[name]
                if name == "spectra":
                    x, y = np.log10(np.maximum(x, 1e-6)), np.log10(np.maximum(y, 1e-6))
                correlation = np.corrcoef(x.ravel(), y[: len(x)].ravel())[0, 1]
                print(f"{name}: shapes {x.shape} and {y.shape}, correlation {correlation:.6f}")
        if arguments.durations:
            for hours in (1 / 6, 1.0, 6.0, 24.0):
                write_recording(path, hours)
                figures = _run("stream", path)
                print(f"{hours:6.2f} h: cpu {figures['cpu_s']:7.1f} s, peak {figures['peak_mb']:6.0f} MB")


if __name__ == "__main__":
    main()
