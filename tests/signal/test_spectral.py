from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from neuronarrator_hf.signal.spectral import (
    BANDS_HZ,
    SPECTRUM_FLOOR,
    SPECTRUM_FREQS_HZ,
    aperiodic_fit,
    band_power,
    log_spectrum,
    log_spectrum_from_psd,
    power_spectrum,
)

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(("sfreq", "n_times"), [(200.0, 2000), (256.0, 2560), (200.0, 1001), (128.0, 1280)])
@pytest.mark.parametrize("window_s", [2.0, 3.0, 4.0])
def test_welch_is_scipys(sfreq: float, n_times: int, window_s: float) -> None:
    eeg_uv = (RNG.normal(size=(3, 5, n_times)) * 30 + 5).astype(np.float32)
    freqs, psd = power_spectrum(eeg_uv, sfreq, window_s=window_s)
    n = round(window_s * sfreq)
    theirs_freqs, theirs = signal.welch(eeg_uv.astype(float), sfreq, nperseg=n, noverlap=n - n // 2)
    np.testing.assert_allclose(freqs, theirs_freqs)
    np.testing.assert_allclose(psd[..., 1:], theirs[..., 1:], rtol=2e-4, atol=1e-6)
    assert psd.dtype == np.float32


def test_multitaper_resolves_tenths_of_a_hertz_and_keeps_power() -> None:
    times = np.arange(2000) / 200
    eeg_uv = 20 * np.sin(2 * np.pi * 9.3 * times) + 20 * np.sin(2 * np.pi * 10.1 * times)
    freqs, psd = power_spectrum(eeg_uv, method="multitaper")
    assert freqs[1] == pytest.approx(0.1)
    between = psd[np.abs(freqs - 9.7) < 0.06].max()
    assert psd[np.abs(freqs - 9.3) < 0.06].max() > 20 * between
    assert psd.sum() * 0.1 == pytest.approx(eeg_uv.var(), rel=0.05)
    noise = RNG.normal(size=(200, 2000)) * 10
    freqs, psd = power_spectrum(noise, method="multitaper")
    assert psd[:, 20:-20].mean() == pytest.approx(1.0, rel=0.02)  # 100 uV^2 over 100 Hz


def test_multitaper_is_mnes() -> None:
    mne = pytest.importorskip("mne")
    eeg_uv = RNG.normal(size=(2, 2000)) * 10
    freqs, psd = power_spectrum(eeg_uv, method="multitaper")
    theirs, theirs_freqs = mne.time_frequency.psd_array_multitaper(
        eeg_uv, 200.0, bandwidth=0.4, adaptive=False, low_bias=False, normalization="full", verbose="error"
    )
    np.testing.assert_allclose(freqs, theirs_freqs)
    assert np.corrcoef(np.log(psd[:, 5:-5].ravel()), np.log(theirs[:, 5:-5].ravel()))[0, 1] > 0.9


def test_unknown_method_is_refused() -> None:
    with pytest.raises(ValueError, match="multitaper"):
        power_spectrum(np.zeros(100), method="fft")


def test_band_power_of_sines_and_additivity() -> None:
    times = np.arange(2000) / 200
    eeg_uv = np.stack([a * np.sin(2 * np.pi * f * times) for a, f in ((40, 2.0), (20, 10.0), (10, 20.0))])
    freqs, psd = power_spectrum(eeg_uv)
    power = band_power(freqs, psd)
    assert power.shape == (3, len(BANDS_HZ))
    for row, band, amplitude in ((0, 0, 40), (1, 2, 20), (2, 3, 10)):
        assert power[row, band] == pytest.approx(amplitude**2 / 2, rel=0.01)
        assert power[row].sum() - power[row, band] < 0.02 * power[row, band]
    split = band_power(freqs, psd, [(1.0, 6.1), (6.1, 17.33), (17.33, 40.0)]).sum(axis=-1)
    np.testing.assert_allclose(split, band_power(freqs, psd, [(1.0, 40.0)])[:, 0], rtol=1e-5)


@pytest.mark.parametrize("method", ["welch", "multitaper"])
@pytest.mark.parametrize("n_recorded", [400, 799, 800, 1500])
def test_padding_does_not_enter(method: str, n_recorded: int) -> None:
    eeg_uv = np.zeros((3, 2, 2000), dtype=np.float32)
    eeg_uv[..., :n_recorded] = RNG.normal(size=(3, 2, n_recorded)) * 10
    eeg_uv[1] = RNG.normal(size=(2, 2000)) * 10
    mask = np.zeros((3, 2000), dtype=bool)
    mask[0, :n_recorded] = mask[1] = True  # the third window holds nothing
    freqs, psd = power_spectrum(eeg_uv, method=method, time_mask=mask)
    assert psd[0].mean() == pytest.approx(1.0, rel=0.3)
    np.testing.assert_allclose(psd[1], power_spectrum(eeg_uv[1], method=method)[1], rtol=1e-5)
    assert not psd[2].any()
    assert len(freqs) == psd.shape[-1]


def test_log_spectrum_is_log_power_on_the_stated_grid() -> None:
    eeg_uv = (RNG.normal(size=(40, 19, 2000)) * 10).astype(np.float32)
    mask = np.ones((40, 19), dtype=bool)
    mask[:, 3] = False
    values = log_spectrum(eeg_uv, mask)
    assert values.shape == (40, 19, len(SPECTRUM_FREQS_HZ)) and values.dtype == np.float32
    assert (values[:, 3] == SPECTRUM_FLOOR).all()
    np.testing.assert_allclose((10.0 ** values[:, 4:]).mean(axis=(0, 1)), 1.0, atol=0.1)
    times = np.arange(2000) / 200
    for freq_hz in (0.5, 1.25, 10.0, 29.75, 30.0, 37.0, 45.0):
        peak = log_spectrum(50 * np.sin(2 * np.pi * freq_hz * times)[None]).argmax()
        assert SPECTRUM_FREQS_HZ[peak] == freq_hz
    assert (log_spectrum(np.zeros((1, 2000))) == SPECTRUM_FLOOR).all()
    freqs, psd = power_spectrum(eeg_uv)
    np.testing.assert_array_equal(log_spectrum_from_psd(freqs, psd, mask), values)
    with pytest.raises(ValueError, match="bins"):
        log_spectrum_from_psd(*power_spectrum(eeg_uv, window_s=2.0))
    with pytest.raises(ValueError, match="shorter"):
        log_spectrum(np.zeros((1, 400)))


def _simulated_spectrum(rng: np.random.Generator, freqs: np.ndarray) -> tuple[np.ndarray, float]:
    exponent = rng.uniform(0.3, 2.6)
    log_psd = rng.uniform(0.5, 2.5) - exponent * np.log10(freqs)
    for _ in range(rng.integers(0, 3)):
        width = rng.uniform(0.6, 2.0)
        log_psd += rng.uniform(0.3, 1.2) * np.exp(-0.5 * ((freqs - rng.uniform(6, 25)) / width) ** 2)
    return 10 ** (log_psd + rng.normal(size=len(freqs)) * 0.06), exponent


def test_aperiodic_fit_of_pure_slopes_is_exact_and_batched() -> None:
    freqs = np.arange(1, 240) * 0.25
    exponents = np.array([[0.0, 0.5, 1.0], [1.5, 2.0, 3.0]])
    psd = 10 ** (1.5 - exponents[..., None] * np.log10(freqs))
    offset, exponent = aperiodic_fit(freqs, psd)
    np.testing.assert_allclose(exponent, exponents, atol=1e-4)
    np.testing.assert_allclose(offset, 1.5, atol=1e-4)


def test_aperiodic_fit_finds_the_truth_under_peaks() -> None:
    rng = np.random.default_rng(3)
    freqs = np.arange(1, 240) * 0.25
    spectra, truth = zip(*(_simulated_spectrum(rng, freqs) for _ in range(200)), strict=True)
    _, exponent = aperiodic_fit(freqs, np.stack(spectra))
    error = np.abs(exponent - np.array(truth))
    assert np.quantile(error, 0.95) < 0.1
    assert np.median(error) < 0.03


def test_aperiodic_fit_agrees_with_specparam() -> None:
    specparam = pytest.importorskip("specparam")
    rng = np.random.default_rng(4)
    freqs = np.arange(1, 240) * 0.25
    ours, theirs, truth = [], [], []
    for _ in range(60):
        psd, exponent = _simulated_spectrum(rng, freqs)
        model = specparam.SpectralModel(
            peak_width_limits=(1, 8), max_n_peaks=6, min_peak_height=0.1, verbose=False
        )
        model.fit(freqs, psd, [1, 40])
        try:
            theirs.append(model.get_params("aperiodic", "exponent"))
        except AttributeError:
            theirs.append(model.results.get_params("aperiodic", "exponent"))
        ours.append(float(aperiodic_fit(freqs, psd)[1]))
        truth.append(exponent)
    difference = np.abs(np.array(ours) - np.array(theirs, dtype=float))
    assert np.quantile(difference, 0.95) < 0.1
    # where the two part, ours is on the whole the one nearer the truth
    assert np.std(np.array(ours) - truth) < 1.1 * np.std(np.array(theirs, dtype=float) - truth)


@pytest.mark.parametrize("method", ["welch", "multitaper"])
def test_a_spectrum_is_the_same_alone_and_among_many(method: str) -> None:
    eeg_uv = np.random.default_rng(0).standard_normal((5, 19, 2000)).astype(np.float32)
    _, together = power_spectrum(eeg_uv, method=method)
    for window in range(5):
        for site in (0, 7, 18):
            _, alone = power_spectrum(eeg_uv[window, site], method=method)
            np.testing.assert_array_equal(together[window, site], alone)
