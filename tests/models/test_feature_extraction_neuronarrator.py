"""Windows, arrays and dictionaries to model inputs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import AutoFeatureExtractor

import neuronarrator_hf.auto  # noqa: F401
from neuronarrator_hf.models.feature_extraction_neuronarrator import NeuroNarratorFeatureExtractor
from neuronarrator_hf.signal.interpolation import average_reference, to_sites
from neuronarrator_hf.signal.montage import SITES_1020, electrode_positions
from neuronarrator_hf.signal.spectral import SPECTRUM_FREQS_HZ, band_power, log_spectrum, power_spectrum
from neuronarrator_hf.signal.topomap import topographic_maps
from neuronarrator_hf.signal.windows import EEGWindows

EXTRACTOR = NeuroNarratorFeatureExtractor()


def make_eeg(*shape: int, seed: int = 0) -> np.ndarray:
    eeg_uv = np.random.default_rng(seed).standard_normal((*shape, 2000)).cumsum(-1).astype(np.float32)
    return eeg_uv - eeg_uv.mean(-1, keepdims=True)


def make_windows(n_windows: int = 2, ch_names: tuple[str, ...] = SITES_1020, **changes) -> EEGWindows:
    n_channels = len(ch_names)
    values = dict(
        eeg_uv=make_eeg(n_windows, n_channels),
        ch_names=ch_names,
        positions=electrode_positions(ch_names),
        start_s=np.arange(n_windows) * 10.0,
        channel_mask=np.ones((n_windows, n_channels), dtype=bool),
        time_mask=np.ones((n_windows, 2000), dtype=bool),
    )
    return EEGWindows(**{**values, **changes})


def test_windows_to_inputs() -> None:
    inputs = EXTRACTOR(make_windows(), return_tensors="pt")
    shapes = {name: tuple(value.shape) for name, value in inputs.items()}
    assert shapes == {
        "eeg_values": (1, 2, 19, 2000),
        "channel_positions": (1, 19, 3),
        "channel_mask": (1, 2, 19),
        "window_mask": (1, 2),
        "spectral_values": (1, 2, 19, len(SPECTRUM_FREQS_HZ)),
        "topomap_values": (1, 2, 5, 32, 32),
        "gap_s": (1, 2),
    }
    assert set(shapes) == set(EXTRACTOR.model_input_names)
    assert inputs["channel_mask"].dtype == torch.bool and inputs["eeg_values"].dtype == torch.float32


def test_a_batch_is_padded_before_the_first_window_and_after_the_last_channel() -> None:
    few = tuple(site for site in SITES_1020 if site not in ("Fz", "Cz"))
    inputs = EXTRACTOR([make_windows(3), make_windows(1, few)])
    assert inputs["eeg_values"].shape == (2, 3, 19, 2000)
    assert inputs["window_mask"].tolist() == [[True] * 3, [False, False, True]]
    assert inputs["channel_mask"][1].sum(-1).tolist() == [0, 0, 17]
    single = EXTRACTOR(make_windows(1, few))
    np.testing.assert_array_equal(inputs["spectral_values"][1, 2], single["spectral_values"][0, 0])


@pytest.mark.parametrize("form", ["dict", "volts", "array", "cut", "labels"])
def test_every_form_gives_the_same_inputs(form) -> None:
    windows = make_windows()
    wanted = EXTRACTOR(windows)
    array, names = windows.eeg_uv, list(SITES_1020)
    whole = np.concatenate(list(array), axis=1)  # (n_channels, n_windows * n_times)
    if form == "dict":
        given = EXTRACTOR({"array": array, "sampling_rate": 200, "ch_names": names, "units": "uV"})
    elif form == "volts":
        volts = array.astype(np.float64) * 1e-6
        given = EXTRACTOR({"array": volts, "sampling_rate": 200, "ch_names": names, "units": "V"})
    elif form == "array":
        given = EXTRACTOR(array, sampling_rate=200.0, ch_names=names)
    elif form == "cut":
        given = EXTRACTOR(whole, sampling_rate=200.0, ch_names=names)
    else:
        given = EXTRACTOR(array, sampling_rate=200.0, ch_names=[f"EEG {name}-REF" for name in names])
    for name in EXTRACTOR.model_input_names:
        np.testing.assert_allclose(given[name], wanted[name], atol=1e-3, err_msg=name)


def test_arrays_at_the_sites_in_batch_equal_windows_one_by_one() -> None:
    eeg_uv = make_eeg(2, 3, 19)
    mask = np.ones((2, 3, 19), dtype=bool)
    mask[1, 2, 4] = False
    batch = EXTRACTOR.from_sites(np.where(mask[..., None], eeg_uv, 0), mask)
    assert batch["channel_positions"].shape == (2, 19, 3)
    for name in ("spectral_values", "topomap_values"):
        one = EXTRACTOR.from_sites(eeg_uv[0, 1:2])[name][0]
        np.testing.assert_allclose(batch[name][0, 1], one, atol=1e-5)
    windows = make_windows(3, eeg_uv=eeg_uv[0])
    np.testing.assert_allclose(
        EXTRACTOR(windows)["spectral_values"][0], batch["spectral_values"][0], atol=1e-5
    )


def test_reference_enters_neither_spectra_nor_maps() -> None:
    eeg_uv = make_eeg(1, 19)
    moved = eeg_uv + make_eeg(1, 1, seed=1) * 5
    a, b = EXTRACTOR.from_sites(eeg_uv), EXTRACTOR.from_sites(moved)
    np.testing.assert_allclose(a["spectral_values"], b["spectral_values"], atol=1e-3)
    np.testing.assert_allclose(a["topomap_values"], b["topomap_values"], atol=1e-3)


def test_ten_hertz_at_the_back_is_seen_in_spectrum_and_map() -> None:
    eeg_uv = make_eeg(1, 19) * 0.1
    back = [SITES_1020.index(site) for site in ("O1", "O2")]
    eeg_uv[:, back] += 60 * np.sin(2 * np.pi * 10 * np.arange(2000) / 200)
    inputs = EXTRACTOR.from_sites(eeg_uv.astype(np.float32))
    assert SPECTRUM_FREQS_HZ[inputs["spectral_values"][0, back[0]].argmax()] == 10.0
    alpha = inputs["topomap_values"][0, 2]
    assert np.unravel_index(alpha.argmax(), alpha.shape)[0] > 24  # row 0 is the front


def test_gaps_between_windows_are_told() -> None:
    windows = make_windows(3, start_s=np.array([0.0, 10.0, 65.0]))
    assert EXTRACTOR(windows)["gap_s"].tolist() == [[0.0, 0.0, 45.0]]


def test_channels_that_cannot_be_evaluated_hold_nothing() -> None:
    windows = make_windows()
    eeg_uv, mask, positions = windows.eeg_uv.copy(), windows.channel_mask.copy(), windows.positions.copy()
    eeg_uv[:, 3], mask[:, 3], positions[5] = np.nan, False, np.nan
    inputs = EXTRACTOR(make_windows(eeg_uv=eeg_uv, channel_mask=mask, positions=positions))
    assert all(np.isfinite(value).all() for value in inputs.values())
    assert not inputs["channel_mask"][..., [3, 5]].any()


AT_200 = dict(sampling_rate=200)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(eeg=make_eeg(1, 19), sampling_rate=256, ch_names=SITES_1020), "=256 Hz; expected 200 Hz"),
        (dict(eeg=make_eeg(1, 19), ch_names=SITES_1020), "sampling_rate is missing; expected 200 Hz"),
        (dict(eeg=make_eeg(1, 19), sampling_rate=200), "ch_names is missing for 19 channels"),
        (dict(AT_200, eeg=make_eeg(1, 2), ch_names=["Fp1"]), "1 ch_names for 2 channels"),
        (dict(AT_200, eeg=make_eeg(1, 2), ch_names=["Fp1", "XY9"]), "'XY9'; expected electrodes"),
        (dict(AT_200, eeg=make_eeg(1, 2)[..., :999], ch_names=["C3", "C4"]), "999 samples; expected 2000"),
        (dict(AT_200, eeg=make_eeg(2)[:, :999], ch_names=["C3", "C4"]), "samples; expected a multiple"),
        (dict(AT_200, eeg=make_eeg(1, 1) * np.nan, ch_names=["C3"]), "2000 samples are NaN"),
        (dict(AT_200, eeg=make_eeg(1, 1), units="mmHg", ch_names=["C3"]), "units='mmHg'"),
        (dict(eeg={"signal": 1}), r"keys \['signal'\] but no 'array'"),
        (dict(eeg="file.edf", sampling_rate=200), "got str of shape"),
        (dict(eeg=[]), "no EEG given"),
    ],
)
def test_errors_tell_value_and_expectation(arguments, message) -> None:
    with pytest.raises(ValueError, match=message):
        EXTRACTOR(**arguments)


def test_saving_and_loading(tmp_path) -> None:
    import json

    NeuroNarratorFeatureExtractor(map_size=16).save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "neuronarrator"}))
    loaded = AutoFeatureExtractor.from_pretrained(tmp_path)
    assert isinstance(loaded, NeuroNarratorFeatureExtractor) and loaded.map_size == 16
    assert loaded(make_windows())["topomap_values"].shape[-1] == 16


def test_spectra_and_maps_are_those_of_one_spectrum() -> None:
    windows = make_windows(3)
    made = EXTRACTOR(windows)
    site_uv, site_mask = to_sites(windows)
    referenced = average_reference(site_uv, site_mask)
    np.testing.assert_array_equal(made["spectral_values"][0], log_spectrum(referenced, site_mask))
    power = band_power(*power_spectrum(referenced))
    np.testing.assert_array_equal(made["topomap_values"][0], topographic_maps(power, site_mask))


def test_samples_are_handed_on_without_a_copy_unless_one_is_needed() -> None:
    windows = make_windows(2)
    assert np.shares_memory(EXTRACTOR(windows)["eeg_values"], windows.eeg_uv)
    masked = np.ones((2, 19), dtype=bool)
    masked[0, 3] = False
    windows = make_windows(2, channel_mask=masked)
    values = EXTRACTOR(windows)["eeg_values"]
    assert not values[0, 0, 3].any() and windows.eeg_uv[0, 3].any()
