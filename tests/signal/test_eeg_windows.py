from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from signal_fields import SITE_POSITIONS, background

from neuronarrator_hf.signal.filtering import FilterChain
from neuronarrator_hf.signal.interpolation import average_reference, to_sites
from neuronarrator_hf.signal.montage import SITES_1020
from neuronarrator_hf.signal.quality import assess_quality
from neuronarrator_hf.signal.spectral import band_power, log_spectrum, power_spectrum
from neuronarrator_hf.signal.topomap import topographic_maps
from neuronarrator_hf.signal.windowing import grid_samples, plan_windows
from neuronarrator_hf.signal.windows import WINDOW_N_TIMES, EEGWindows


def _windows(n_windows: int = 2) -> EEGWindows:
    time_mask = np.ones((n_windows, 2000), dtype=bool)
    time_mask[-1, 500:] = False
    return EEGWindows(
        eeg_uv=np.zeros((n_windows, 19, 2000), dtype=np.float32),
        ch_names=SITES_1020,
        positions=SITE_POSITIONS,
        start_s=np.arange(n_windows) * 10.0,
        channel_mask=np.ones((n_windows, 19), dtype=bool),
        time_mask=time_mask,
    )


def test_shapes_are_checked_and_the_end_is_that_of_the_recorded_part() -> None:
    windows = _windows()
    assert len(windows) == 2
    np.testing.assert_allclose(windows.end_s, [10.0, 12.5])
    with pytest.raises(ValueError, match="channel_mask"):
        replace(windows, channel_mask=np.ones((2, 18), dtype=bool))
    with pytest.raises(ValueError, match="names"):
        replace(windows, ch_names=SITES_1020[:-1])


@pytest.mark.parametrize("sfreq", [128.0, 160.0, 199.99, 249.9, 250.0, 256.0, 256.41026, 512.0, 2048.0])
@pytest.mark.parametrize("span", [(0, 5000), (777, 4001), (123_456_789, 123_466_789)])
def test_the_plan_and_the_chain_agree_on_the_samples_of_a_span(sfreq: float, span: tuple[int, int]) -> None:
    chain = FilterChain(sfreq)
    assert grid_samples(span[0] / sfreq, span[1] / sfreq) == chain.n_output(*span)


@pytest.mark.parametrize("length_s", [2.0, 7.3, 10.0, 34.56])
def test_from_samples_to_the_inputs_of_the_model(length_s: float) -> None:
    """The whole way at 256 Hz with an offset, one bad and one flat electrode."""
    rng = np.random.default_rng(0)
    n_native = int(length_s * 256)
    clean_uv = background(rng, SITE_POSITIONS, 15.0, 40 * 256)[:, :n_native] + 2e4
    eeg_uv = clean_uv.copy()
    eeg_uv[7] += 150 * rng.normal(size=n_native)
    eeg_uv[14] = 5000.0
    chain = FilterChain(256.0, 50.0)
    plans = plan_windows([(0.0, n_native / 256)])
    values = np.zeros((len(plans), 19, WINDOW_N_TIMES), dtype=np.float32)
    time_mask = np.zeros((len(plans), WINDOW_N_TIMES), dtype=bool)
    for i, plan in enumerate(plans):
        start = round(plan.start_s * 200)
        low, high = np.clip(chain.input_range(start, start + plan.n_times), 0, n_native)
        filtered = chain.apply(eeg_uv[:, low:high], int(low), start, start + plan.n_times)
        values[i, :, : plan.n_times] = filtered
        time_mask[i, : plan.n_times] = True
    mask, notes = assess_quality(values, 200.0, SITE_POSITIONS, time_mask, ch_names=SITES_1020)
    assert all(set(note) == {SITES_1020[7], SITES_1020[14]} for note in notes)
    windows = EEGWindows(
        values, SITES_1020, SITE_POSITIONS, np.array([p.start_s for p in plans]), mask, time_mask
    )
    site_uv, site_mask = to_sites(windows)
    site_uv = average_reference(site_uv, site_mask)
    assert site_mask.all()
    spectrum = log_spectrum(site_uv, site_mask, time_mask)
    power = band_power(*power_spectrum(site_uv, time_mask=time_mask))
    maps = topographic_maps(power, site_mask)
    for array in (site_uv, spectrum, maps):
        assert array.dtype == np.float32 and np.isfinite(array).all()
    assert maps.shape == (len(plans), 5, 32, 32)
    assert spectrum.max() < 4.0 and np.abs(maps).max() < 2.0  # neither the noise nor the offset got in
