"""From a recording, and from windows, to the inputs of the model, against chains of MNE calls.

`file` is an hour of 21 channels at 256 Hz, each chain in a process of its own (see `bench_reading`, which
also tells how far the outputs agree). `windows` begins with 60 windows in memory: reference, Welch
spectra, maps.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from neuronarrator_hf.models.feature_extraction_neuronarrator import NeuroNarratorFeatureExtractor
from neuronarrator_hf.signal.montage import SITES_1020, electrode_positions
from neuronarrator_hf.signal.spectral import BANDS_HZ, SPECTRUM_FREQS_HZ
from neuronarrator_hf.signal.topomap import MAP_SIZE, _pixels, topomap_matrix
from neuronarrator_hf.signal.windows import EEGWindows

from . import bench_reading
from .contest import Contest, Timed, in_process, told


def contests(quick: bool) -> Iterator[Contest]:
    yield _windows(60)
    with tempfile.TemporaryDirectory() as folder:
        hours = 1 / 6 if quick else 1.0
        path = Path(folder) / "x.edf"
        bench_reading.write_recording(path, hours)
        yield Contest(
            name=f"features/file of {hours:.2g} h",
            ours=_child("ours", path),
            peers={"MNE chain": _child("mne", path)},
            n_items=hours * 360,
            item="windows",
            aim=10.0,
            n_bytes=hours * 3600 * 21 * (2 * 256 + 4 * 200 + 4 * 134),
            note="ours also judges every channel of every window and looks for mains; without imports",
        )


def _child(chain: str, path: Path) -> Callable[[], Timed]:
    def run() -> Timed:
        done = told(in_process([bench_reading.__file__, "--child", chain, str(path), ""]))
        return Timed(done["cpu_s"], done["peak_mb"])

    return run


def _windows(n_windows: int) -> Contest:
    import mne
    from mne.channels.interpolation import _make_interpolation_matrix

    mne.set_log_level("ERROR")
    rng = np.random.default_rng(0)
    freqs = np.fft.rfftfreq(2000, 1 / 200)
    noise = rng.standard_normal((n_windows, 19, 1001)) + 1j * rng.standard_normal((n_windows, 19, 1001))
    eeg_uv = np.fft.irfft(noise / np.maximum(freqs, 0.5), 2000)
    eeg_uv = (20 * eeg_uv / eeg_uv.std(axis=-1, keepdims=True)).astype(np.float32)
    windows = EEGWindows(
        eeg_uv=eeg_uv,
        ch_names=SITES_1020,
        positions=electrode_positions(SITES_1020),
        start_s=10.0 * np.arange(n_windows),
        channel_mask=np.ones((n_windows, 19), dtype=bool),
        time_mask=np.ones((n_windows, 2000), dtype=bool),
    )
    extractor = NeuroNarratorFeatureExtractor()
    info = mne.create_info(list(SITES_1020), 200.0, "eeg")
    volts = eeg_uv.astype(float) * 1e-6
    points, inside = _pixels(MAP_SIZE)
    outside = ~(topomap_matrix() != 0).any(axis=1).reshape(MAP_SIZE, MAP_SIZE)

    def ours() -> dict[str, Any]:
        made = extractor(windows, return_tensors="np")
        return {"spectra": made["spectral_values"][0], "maps": made["topomap_values"][0]}

    def with_mne() -> dict[str, Any]:
        epochs = mne.EpochsArray(volts, info).set_eeg_reference("average")
        spectrum = epochs.compute_psd("welch", fmax=100, n_fft=800, n_overlap=400, window="hann")
        psd, freqs = spectrum.get_data(return_freqs=True)
        psd = psd * 1e12
        fine = (freqs >= 0.5) & (freqs <= 30.0)
        coarse = [psd[..., np.abs(freqs - f) <= 0.5].mean(-1) for f in SPECTRUM_FREQS_HZ if f > 30.5]
        bands = [
            psd[..., (freqs >= low) & (freqs < high)].sum(-1) * (freqs[1] - freqs[0])
            for low, high in BANDS_HZ.values()
        ]
        values = np.log10(np.maximum(np.stack(bands, 1), 1e-3))
        matrix = _make_interpolation_matrix(electrode_positions(SITES_1020), points)
        maps = np.zeros((n_windows, len(bands), MAP_SIZE, MAP_SIZE), np.float32)
        maps[:, :, inside] = (values - values.mean(-1, keepdims=True)) @ matrix.T
        maps[:, :, outside] = 0
        spectra = np.log10(np.concatenate([psd[..., fine], np.stack(coarse, -1)], -1))
        return {"spectra": spectra, "maps": maps}

    def error(a: dict[str, Any], b: dict[str, Any]) -> float:
        return max(1 - float(np.corrcoef(a[k].ravel(), b[k].ravel())[0, 1]) for k in a)

    rows = n_windows * 19
    return Contest(
        name=f"features/{n_windows} windows",
        ours=ours,
        peers={"MNE": with_mne},
        n_items=n_windows,
        item="windows",
        error=error,
        error_limit=1e-2,
        flops=rows * 4 * 2.5 * 800 * np.log2(800),
        n_bytes=4.0 * rows * (2000 + 134),
        aim=10.0,
        note="the error is 1 - correlation of spectra and maps; the bands of the peer end at whole bins",
    )
