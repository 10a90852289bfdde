"""The chain against analytic signals, and against itself computed from other blocks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuronarrator_hf.signal.filtering import FilterChain, detect_mains

RATES_HZ = (128.0, 160.0, 199.99, 200.0, 249.9, 250.0, 256.0, 256.41026, 500.0, 512.0, 1000.0, 2048.0, 5000.0)


def _sine(freq_hz: float, n_times: int, sfreq: float, amplitude_uv: float = 100.0) -> np.ndarray:
    return amplitude_uv * np.sin(2 * np.pi * freq_hz * np.arange(n_times) / sfreq + 0.3)


@pytest.mark.parametrize("sfreq", RATES_HZ)
@pytest.mark.parametrize("freq_hz", [1.0, 10.0, 30.0, 55.0])
def test_sine_keeps_amplitude_and_phase_at_every_rate(sfreq: float, freq_hz: float) -> None:
    chain = FilterChain(sfreq)
    filtered = chain.apply(_sine(freq_hz, int(25 * sfreq), sfreq), 0, 1600, 3200)
    expected = _sine(freq_hz, 3200, 200.0)[1600:]
    assert filtered.dtype == np.float32
    assert np.abs(filtered - expected).max() < 0.3  # of 100 uV: the ripple of a Hamming window


@pytest.mark.parametrize("sfreq", [128.0, 160.0, 200.0, 250.0, 256.0, 512.0])
@pytest.mark.parametrize("freq_hz", [3.0, 25.0])
def test_a_sine_of_a_millivolt_leaves_no_image(sfreq: float, freq_hz: float) -> None:
    filtered = FilterChain(sfreq).apply(_sine(freq_hz, int(40 * sfreq), sfreq, 1000.0), 0, 2000, 6000)
    phase = 2 * np.pi * freq_hz * np.arange(2000, 6000) / 200
    basis = np.stack([np.sin(phase), np.cos(phase)], axis=1)
    beside = filtered - basis @ np.linalg.lstsq(basis, filtered, rcond=None)[0]
    assert np.abs(beside).max() < 1e-3


@pytest.mark.parametrize("sfreq", [128.0, 160.0, 200.0, 256.0, 1000.0])
def test_a_jump_of_300_millivolts_is_over_after_the_context(sfreq: float) -> None:
    chain = FilterChain(sfreq)
    n_times = int(40 * sfreq)
    jump = np.zeros(n_times, dtype=np.float32)
    jump[: n_times // 4] = 3e5
    after = 2000 + int(np.ceil(chain.context_s * 200)) + 1
    assert np.abs(chain.apply(jump, 0, after, 7900)).max() < 2e-4


@pytest.mark.parametrize("sfreq", RATES_HZ)
def test_offset_of_300_millivolts_leaves_nothing(sfreq: float) -> None:
    chain = FilterChain(sfreq)
    eeg_uv = np.float32(3e5) + _sine(10.0, int(20 * sfreq), sfreq).astype(np.float32)
    with_offset = chain.apply(eeg_uv, 0, 0, 3900)
    without = chain.apply(eeg_uv.astype(np.float64) - 3e5, 0, 0, 3900)
    assert np.abs(with_offset - without).max() < 1e-3
    constant = chain.apply(np.full(int(20 * sfreq), 3e5, dtype=np.float32), 0, 0, 3900)
    assert np.abs(constant).max() < 1e-6


def test_offset_that_drifts_by_tens_of_millivolts_is_the_same_from_any_block() -> None:
    chain = FilterChain(256.0)
    drift = np.linspace(0.0, 3e4, 256 * 60)[None]
    whole = chain.apply(drift, 0, 0, 12000)
    start, stop = chain.input_range(4000, 6000)
    part = chain.apply(drift[:, start:stop], start, 4000, 6000)
    assert np.abs(part - whole[:, 4000:6000]).max() < 1e-3


@pytest.mark.parametrize("sfreq", RATES_HZ)
def test_impulse_stays_where_it_was(sfreq: float) -> None:
    eeg_uv = np.zeros(int(20 * sfreq))
    sample = round(10 * sfreq)
    eeg_uv[sample] = sfreq  # unit area per second
    response = FilterChain(sfreq).apply(eeg_uv, 0, 0, 3900).astype(float)
    late = np.arange(3900) / 200 - sample / sfreq
    for freq_hz in (5.0, 10.0, 30.0):  # the phase about the impulse is the delay
        transform = (response * np.exp(2j * np.pi * freq_hz * late)).sum() / 200
        assert abs(transform) == pytest.approx(1.0, abs=0.005)
        assert abs(np.angle(transform)) / (2 * np.pi * freq_hz) < 1e-5
    assert abs(late[response.argmax()]) <= 0.0025 + 1e-9


@pytest.mark.parametrize("mains_hz", [50.0, 60.0])
@pytest.mark.parametrize("sfreq", [160.0, 200.0, 250.0, 256.41026, 1000.0])
def test_notch_takes_mains_and_harmonics_and_nothing_else(sfreq: float, mains_hz: float) -> None:
    chain = FilterChain(sfreq, mains_hz)
    n_times = int(25 * sfreq)
    for freq_hz in (mains_hz - 0.3, mains_hz, mains_hz + 0.3):
        assert np.abs(chain.apply(_sine(freq_hz, n_times, sfreq), 0, 1600, 3200)).max() < 0.6
    for harmonic in range(2, int(sfreq / 2 / mains_hz) + 1):
        if harmonic * mains_hz < sfreq / 2:
            assert np.abs(chain.apply(_sine(harmonic * mains_hz, n_times, sfreq), 0, 1600, 3200)).max() < 0.1
    kept = chain.apply(_sine(mains_hz - 3.0, n_times, sfreq), 0, 1600, 3200)
    assert np.abs(kept - _sine(mains_hz - 3.0, 3200, 200.0)[1600:]).max() < 0.7


@pytest.mark.parametrize("sfreq", [250.0, 500.0, 2048.0, 256.41026])
def test_what_lies_above_the_output_nyquist_does_not_fold_back(sfreq: float) -> None:
    chain = FilterChain(sfreq)
    for freq_hz in np.arange(101.0, sfreq / 2, 23.0):
        assert np.abs(chain.apply(_sine(freq_hz, int(25 * sfreq), sfreq), 0, 1600, 3200)).max() < 0.02


@settings(max_examples=60, deadline=None)
@given(
    sfreq=st.sampled_from([128.0, 160.0, 199.99, 200.0, 249.9, 250.0, 256.0, 256.41026, 500.0, 1000.0]),
    mains_hz=st.sampled_from([None, 50.0, 60.0]),
    edges=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    extra=st.tuples(st.integers(0, 700), st.integers(0, 700)),
    shift=st.integers(0, 10**9),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_sample_does_not_depend_on_the_block_it_came_from(
    sfreq: float,
    mains_hz: float | None,
    edges: tuple[float, float],
    extra: tuple[int, int],
    shift: int,
    seed: int,
) -> None:
    """From the whole span and from a part with context; also far into a recording of months."""
    rng = np.random.default_rng(seed)
    chain = FilterChain(sfreq, mains_hz if sfreq > 130 else None)
    n_times = int(20 * sfreq)
    eeg_uv = (rng.normal(size=(2, n_times)) * 50 + rng.normal(size=(2, 1)) * 1e5).astype(np.float32)
    first, last = chain.n_output(shift, shift + n_times)
    whole = chain.apply(eeg_uv, shift, first, last)
    begin, end = sorted(first + round(e * (last - first)) for e in edges)
    low, high = chain.input_range(begin, end)
    low, high = max(low - extra[0], shift), min(high + extra[1], shift + n_times)
    part = chain.apply(eeg_uv[:, low - shift : high - shift], low, begin, end)
    assert part.shape == (2, end - begin)
    assert np.abs(part - whole[:, begin - first : end - first]).max(initial=0.0) < 1e-3


@pytest.mark.parametrize("sfreq", [160.0, 200.0, 256.0, 249.9])
def test_two_seconds_are_enough_and_edges_are_quiet(sfreq: float) -> None:
    chain = FilterChain(sfreq)
    n_times = int(2 * sfreq)
    eeg_uv = _sine(10.0, n_times, sfreq, 50.0) + 2e5 + np.linspace(0, 300, n_times)
    first, last = chain.n_output(0, n_times)
    filtered = chain.apply(eeg_uv, 0, first, last)
    assert last - first == np.ceil(n_times * 200 / sfreq)
    assert np.abs(filtered).max() < 120.0
    middle = filtered[100:-100] - _sine(10.0, last, 200.0, 50.0)[100:-100]
    assert (middle - middle.mean()).std() < 15.0


def test_leading_dimensions_and_single_precision_give_the_same() -> None:
    rng = np.random.default_rng(0)
    eeg_uv = rng.normal(size=(3, 4, 4000)).astype(np.float32) * 40
    chain = FilterChain(200.0)
    together = chain.apply_windows(eeg_uv)
    assert together.shape == eeg_uv.shape
    for record in range(3):
        np.testing.assert_allclose(chain.apply_windows(eeg_uv[record]), together[record], atol=1e-4)
    double = FilterChain(200.0, dtype=np.float64).apply_windows(eeg_uv)
    np.testing.assert_allclose(together, double, atol=1e-4)


@pytest.mark.parametrize("swing_uv", [350.0, 450.0, 3e5])
@pytest.mark.parametrize("sfreq", [200.0, 256.0, 256.41026])
def test_a_jump_of_the_offset_is_precise_at_any_size(sfreq: float, swing_uv: float) -> None:
    """Below and above the bound of single precision, and the same from a part with and without the jump."""
    rng = np.random.default_rng(0)
    n_times = int(40 * sfreq)
    eeg_uv = rng.normal(size=(2, n_times)).astype(np.float32) * 20
    eeg_uv[:, : n_times // 4] += swing_uv
    chain = FilterChain(sfreq)
    whole = chain.apply(eeg_uv, 0, 0, 7900)
    np.testing.assert_allclose(
        whole, FilterChain(sfreq, dtype=np.float64).apply(eeg_uv, 0, 0, 7900), atol=5e-4
    )
    low, high = chain.input_range(4000, 5000)
    part = chain.apply(eeg_uv[:, low:high], low, 4000, 5000)
    np.testing.assert_allclose(part, whole[:, 4000:5000], atol=5e-4)


@pytest.mark.parametrize("out_sfreq", [100.0, 128.0, 256.0])
def test_other_output_rates(out_sfreq: float) -> None:
    chain = FilterChain(250.0, 50.0, out_sfreq=out_sfreq)
    stop = int(16 * out_sfreq)
    filtered = chain.apply(_sine(10.0, 250 * 25, 250.0), 0, 0, stop)
    half = slice(stop // 2, stop)
    assert np.abs(filtered[half] - _sine(10.0, stop, out_sfreq)[half]).max() < 0.3


def test_close_to_the_chain_of_mne() -> None:
    mne = pytest.importorskip("mne")
    rng = np.random.default_rng(1)
    eeg_uv = np.cumsum(rng.normal(size=(3, 256 * 60)), axis=1) + rng.normal(size=(3, 256 * 60)) * 5
    raw = mne.io.RawArray(eeg_uv * 1e-6, mne.create_info(3, 256.0, "eeg"), verbose="error")
    raw.filter(0.5, 75.0, verbose="error").resample(200.0, verbose="error")
    theirs = raw.get_data() * 1e6
    ours = FilterChain(256.0).apply(eeg_uv, 0, 0, theirs.shape[1])
    for a, b in zip(ours[:, 1000:-1000], theirs[:, 1000:-1000], strict=True):
        assert np.corrcoef(a, b)[0, 1] > 0.999


def test_wrong_input_is_refused_by_name() -> None:
    chain = FilterChain(250.0)
    with pytest.raises(ValueError, match="not inside"):
        chain.apply(np.zeros((1, 1000)), 0, 0, 900)
    with pytest.raises(ValueError, match="NaN"):
        chain.apply(np.full((1, 1000), np.nan), 0, 0, 800)
    with pytest.raises(ValueError, match="sfreq"):
        FilterChain(0.0)


@pytest.mark.parametrize("sfreq", [160.0, 250.0, 1000.0])
@pytest.mark.parametrize("mains_hz", [None, 50.0, 60.0])
def test_mains_is_found_where_it_is(sfreq: float, mains_hz: float | None) -> None:
    rng = np.random.default_rng(int(sfreq))
    n_times = int(30 * sfreq)
    eeg_uv = np.cumsum(rng.normal(size=(19, n_times)), axis=1) + rng.normal(size=(19, n_times)) + 2e4
    if mains_hz is not None:
        eeg_uv += _sine(mains_hz + 0.05, n_times, sfreq, 3.0)
    assert detect_mains(eeg_uv, sfreq) == mains_hz


def test_mains_in_a_few_channels_counts_and_a_broad_rhythm_does_not() -> None:
    rng = np.random.default_rng(5)
    eeg_uv = rng.normal(size=(19, 250 * 30)) * 3
    eeg_uv[:4] += _sine(50.0, 250 * 30, 250.0, 20.0)
    assert detect_mains(eeg_uv, 250.0) == 50.0
    assert detect_mains(rng.normal(size=(19, 250 * 2)), 250.0) is None
    assert detect_mains(np.zeros((19, 2000)), 250.0) is None
    assert detect_mains(rng.normal(size=(19, 2000)), 90.0) is None


@pytest.mark.real_data
def test_a_real_recording_in_blocks_is_the_recording_at_once(real_data_root) -> None:
    mne = pytest.importorskip("mne")
    raw = mne.io.read_raw_edf(
        real_data_root / "awake" / "eegmmidb_S001R01_eyes_open.edf", preload=True, verbose="error"
    )
    eeg_uv = raw.get_data() * 1e6
    assert detect_mains(eeg_uv, 160.0) == 60.0
    chain = FilterChain(160.0, 60.0)
    first, last = chain.n_output(0, eeg_uv.shape[1])
    whole = chain.apply(eeg_uv, 0, first, last)
    for begin in range(first, last, 1700):
        end = min(begin + 1700, last)
        low, high = np.clip(chain.input_range(begin, end), 0, eeg_uv.shape[1])
        part = chain.apply(eeg_uv[:, low:high], int(low), begin, end)
        assert np.abs(part - whole[:, begin:end]).max() < 1e-3
