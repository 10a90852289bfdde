"""What was made faster gives what the plain way of computing it gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.narration.result import plain
from neuronarrator_hf.recording.reading import read_recording
from neuronarrator_hf.recording.writing import write_edf
from neuronarrator_hf.report.figures import PAGE_WIDTH, _path
from neuronarrator_hf.signal import quality
from neuronarrator_hf.signal.filtering import FilterChain, _fine_kernel, _low_pass
from neuronarrator_hf.signal.interpolation import to_sites
from neuronarrator_hf.signal.montage import SITES_1020, electrode_positions
from neuronarrator_hf.signal.spectral import power_spectrum
from neuronarrator_hf.signal.windows import EEGWindows

RNG_SEED = 7


def _noise(*shape: int) -> np.ndarray:
    return (30 * np.random.default_rng(RNG_SEED).standard_normal(shape)).astype(np.float32)


def test_clipped_share_is_what_a_loop_counts() -> None:
    rows = np.clip(_noise(12, 2000), -45, 40)
    rows[3] = 1.0
    rows[4, 700:760] = rows[4].max() + 5
    for row, told in zip(rows, quality.clipped_share(rows), strict=True):
        low, high = row.min(), row.max()
        tolerance = 1e-4 * (high - low)
        n = sum(
            all(row[i + k] <= low + tolerance for k in range(3))
            or all(row[i + k] >= high - tolerance for k in range(3))
            for i in range(len(row) - 2)
        )
        assert told == pytest.approx(0.0 if high == low else n / (len(row) - 2))


@pytest.mark.parametrize("n_times", [2000, 1873, 450])
def test_spreads_are_standard_deviations(n_times: int) -> None:
    block = _noise(3, 5, n_times) + 200.0
    spread, seconds = quality._spreads(block, 200)
    np.testing.assert_allclose(spread, block.std(axis=-1, dtype=float), rtol=1e-5)
    for k in range(n_times // 200):
        part = block[..., 200 * k : 200 * (k + 1)]
        np.testing.assert_allclose(seconds[..., k], part.std(axis=-1, dtype=float), rtol=1e-4)


def test_spectra_are_those_of_frames_one_by_one() -> None:
    rows = _noise(40, 2000) + np.arange(40, dtype=np.float32)[:, None]
    freqs, psd = power_spectrum(rows)
    taper = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(800) / 800)
    wanted = np.zeros((40, 401))
    for start in range(0, 1201, 400):
        frame = rows[:, start : start + 800].astype(float)
        spectrum = np.fft.rfft((frame - frame.mean(axis=1, keepdims=True)) * taper)
        wanted += np.abs(spectrum) ** 2 / (200 * (taper**2).sum()) / 4
    wanted[:, 1:-1] *= 2
    np.testing.assert_allclose(psd, wanted, rtol=2e-4, atol=1e-4)
    assert freqs[-1] == 100.0


@pytest.mark.parametrize("sfreq", [256.0, 250.0, 500.0, 200.0, 128.0])
def test_the_chain_is_its_two_kernels_sample_by_sample(sfreq: float) -> None:
    chain = FilterChain(sfreq, 50.0)
    n_times = int(20 * sfreq)
    eeg_uv = _noise(2, n_times) + np.array([[0.0], [250.0]], np.float32)
    out = chain.apply_windows(eeg_uv)
    n_pad = 4 * int(sfreq)
    centred = (eeg_uv - np.median(eeg_uv[:, :: max(n_times // 64, 1)], axis=-1, keepdims=True)).astype(float)
    padded = np.pad(centred, ((0, 0), (n_pad, n_pad)), mode="reflect", reflect_type="odd")
    at = np.arange(padded.shape[1]) - n_pad
    fine = _fine_kernel(200.0, 0.5, chain._notches())
    half = len(fine) // 2
    for k in (0, 333, 1200, out.shape[1] - 1):  # near both edges and inside
        coarse = []
        for j in range(k - half, k + half + 1):
            kernel = _low_pass((at - j * sfreq / 200.0) / sfreq, chain._cutoff_hz, chain._half_s, chain._beta)
            coarse.append(padded @ (kernel / kernel.sum()))
        # The kernel's stop band (80 dB) lets images of the noise through; the product of spectra does not.
        np.testing.assert_allclose(out[:, k], np.array(coarse).T @ fine, atol=3e-3)


@pytest.mark.parametrize(("unit", "factor"), [("uV", 1.0), ("mV", 1000.0)])
def test_microvolts_are_the_stored_numbers_in_double_precision(
    tmp_path: Path, unit: str, factor: float
) -> None:
    path = tmp_path / "x.edf"
    names = [*SITES_1020, "A1", "A2"]
    write_edf(path, _noise(21, 256 * 30) + 5000.0, names, 256)
    recording = read_recording(path, units=unit if unit != "uV" else None)
    source, rows = recording.source, recording.plan.rows
    wanted = (source.read(rows, 100, 5000) * source.uv_per_value[list(rows)][:, None]).astype(np.float32)
    np.testing.assert_array_equal(recording.read_raw_uv(100, 5000), wanted)
    assert source.uv_per_value[rows[0]] == factor


def test_sites_that_are_the_channels_are_a_view_that_cannot_be_written() -> None:
    names = (*SITES_1020, "A1")
    windows = EEGWindows(
        eeg_uv=_noise(2, 20, 400),
        ch_names=names,
        positions=electrode_positions(names),
        start_s=np.array([0.0, 10.0]),
        channel_mask=np.ones((2, 20), dtype=bool),
        time_mask=np.ones((2, 400), dtype=bool),
    )
    site_uv, site_mask = to_sites(windows)
    assert site_mask.all() and np.shares_memory(site_uv, windows.eeg_uv)
    np.testing.assert_array_equal(site_uv, windows.eeg_uv[:, :19])
    with pytest.raises(ValueError, match="read-only"):
        site_uv[0, 0, 0] = 1.0
    windows.eeg_uv[0, 0, 0] = 2.0  # the samples themselves stay as they were


def test_one_masked_channel_is_filled_in_its_windows_alone() -> None:
    mask = np.ones((3, 19), dtype=bool)
    mask[1, 4] = False
    windows = EEGWindows(
        eeg_uv=_noise(3, 19, 400),
        ch_names=tuple(SITES_1020),
        positions=electrode_positions(SITES_1020),
        start_s=np.arange(3) * 10.0,
        channel_mask=mask,
        time_mask=np.ones((3, 400), dtype=bool),
    )
    site_uv, site_mask = to_sites(windows)
    alone = [to_sites(windows.select(slice(i, i + 1))) for i in range(3)]
    np.testing.assert_array_equal(site_uv, np.concatenate([uv for uv, _ in alone]))
    np.testing.assert_array_equal(site_mask, np.concatenate([m for _, m in alone]))


@pytest.mark.parametrize("n_times", [2000, 1999, 1203, 900, 3])
def test_a_trace_keeps_the_extremes_of_its_bins_in_their_order(n_times: int) -> None:
    y = _noise(n_times).astype(float)
    points = y
    if n_times > 1000:
        bins = np.array_split(y, 500)
        points = np.array(
            [(b.min(), b.max()) if b.argmin() < b.argmax() else (b.max(), b.min()) for b in bins]
        ).ravel()
    path = _path(y, 64, PAGE_WIDTH)
    start, steps = path[1:].split("l")
    numbers = [float(v) for v in steps.replace("-", " -").split()]
    rebuilt = float(start.split()[1]) + np.concatenate([[0.0], np.cumsum(numbers[1::2])])
    np.testing.assert_allclose(rebuilt, points, atol=0.06)


def test_values_as_json_knows_them() -> None:
    value = {
        1: (np.float32(0.5), float("nan"), float("inf"), True, None, "x"),
        "set": {"b", "a"},
        "array": np.arange(3),
        "deep": {"a": [{"b": (1, 2)}]},
    }
    assert plain(value) == {
        "1": [0.5, None, None, True, None, "x"],
        "set": ["a", "b"],
        "array": [0, 1, 2],
        "deep": {"a": [{"b": [1, 2]}]},
    }


def test_a_changed_copy_of_a_claim_is_checked_like_a_new_one() -> None:
    claim = Claim("spikes", regions=("temporal", "frontal"), side="left")
    assert claim.regions == Claim("spikes", regions=("frontal", "temporal"), side="left").regions
    assert claim.with_(confidence=0.5).confidence == 0.5 and claim.confidence is None
    assert claim.with_(regions=[]).regions == ()
    with pytest.raises(ValueError, match="side must be one of"):
        claim.with_(side="above")
    with pytest.raises(ValueError, match="unknown keys of a claim: colour"):
        Claim.from_dict({"finding": "spikes", "colour": "red"})
    assert Claim.from_dict(claim.to_dict()) == claim
