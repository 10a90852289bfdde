from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from signal_fields import SITE_POSITIONS, background, patch

from neuronarrator_hf.signal.interpolation import (
    average_reference,
    site_matrix,
    spherical_spline_matrix,
    to_sites,
)
from neuronarrator_hf.signal.montage import SITES_1020, electrode_positions, site_side
from neuronarrator_hf.signal.windows import EEGWindows

RNG = np.random.default_rng(0)


def _sphere(n_points: int) -> np.ndarray:
    """Evenly spread points down to a little below the equator, as a high-density cap."""
    z = 1 - (np.arange(n_points) + 0.5) / n_points * 1.3
    turn = np.arange(n_points) * np.pi * (3 - np.sqrt(5))
    radius = np.sqrt(1 - z**2)
    return np.stack([radius * np.cos(turn), radius * np.sin(turn), z], axis=1)


def _windows(
    eeg_uv: np.ndarray, ch_names: tuple[str, ...], positions: np.ndarray, mask: np.ndarray
) -> EEGWindows:
    n_windows, _, n_times = eeg_uv.shape
    return EEGWindows(
        eeg_uv=eeg_uv.astype(np.float32),
        ch_names=ch_names,
        positions=positions.astype(np.float32),
        start_s=np.arange(n_windows) * 10.0,
        channel_mask=mask,
        time_mask=np.ones((n_windows, n_times), dtype=bool),
    )


def test_spline_reproduces_its_electrodes_a_constant_and_smooth_fields() -> None:
    dense = _sphere(128)
    exact = spherical_spline_matrix(dense, dense, smoothing=0.0)
    np.testing.assert_allclose(exact, np.eye(128), atol=1e-3)
    matrix = spherical_spline_matrix(dense, SITE_POSITIONS)
    np.testing.assert_allclose(matrix.sum(axis=1), 1.0, atol=1e-4)
    assert matrix.dtype == np.float32
    for _ in range(10):
        centre = RNG.normal(size=3)
        centre[2] = abs(centre[2])
        field = patch(dense, centre, 40.0)
        np.testing.assert_allclose(matrix @ field, patch(SITE_POSITIONS, centre, 40.0), atol=0.01)
    first_harmonic = dense @ [0.3, -0.8, 0.5]
    np.testing.assert_allclose(matrix @ first_harmonic, SITE_POSITIONS @ [0.3, -0.8, 0.5], atol=0.003)


def test_spline_is_mnes() -> None:
    mne = pytest.importorskip("mne")
    ch_names = list(SITES_1020)
    info = mne.create_info(ch_names, 200.0, "eeg")
    places = dict(zip(ch_names, SITE_POSITIONS.astype(float) * 0.095, strict=True))
    info.set_montage(mne.channels.make_dig_montage(places, coord_frame="head"))
    eeg_uv = background(RNG, SITE_POSITIONS, 20.0, 400)
    raw = mne.io.RawArray(eeg_uv * 1e-6, info, verbose="error")
    raw.info["bads"] = ["C3", "P8"]
    raw.interpolate_bads(origin=(0.0, 0.0, 0.0), verbose="error")
    good = [i for i, name in enumerate(SITES_1020) if name not in ("C3", "P8")]
    bad = [SITES_1020.index(name) for name in ("C3", "P8")]
    ours = spherical_spline_matrix(SITE_POSITIONS[good], SITE_POSITIONS[bad]) @ eeg_uv[good]
    np.testing.assert_allclose(ours, raw.get_data()[bad] * 1e6, atol=0.5)


def test_spline_refuses_unknown_positions() -> None:
    with pytest.raises(ValueError, match="finite"):
        spherical_spline_matrix(np.full((3, 3), np.nan), SITE_POSITIONS)


def test_the_19_sites_pass_through_in_any_order_and_reference() -> None:
    eeg_uv = RNG.normal(size=(4, 19, 200)).astype(np.float32)
    order = RNG.permutation(19)
    names = tuple(SITES_1020[i] for i in order)
    mask = np.ones((4, 19), dtype=bool)
    site_uv, site_mask = to_sites(_windows(eeg_uv[:, order], names, SITE_POSITIONS[order], mask))
    assert site_mask.all()
    np.testing.assert_array_equal(site_uv, eeg_uv)


def test_a_missing_site_comes_from_its_neighbours_and_a_masked_channel_does_not_enter() -> None:
    eeg_uv = np.stack([background(RNG, SITE_POSITIONS, 20.0) for _ in range(3)])
    truth = eeg_uv.copy()
    mask = np.ones((3, 19), dtype=bool)
    for window, site in enumerate(("C3", "O2", "Fz")):
        channel = SITES_1020.index(site)
        eeg_uv[window, channel] = np.nan
        mask[window, channel] = False
    site_uv, site_mask = to_sites(_windows(eeg_uv, SITES_1020, SITE_POSITIONS, mask))
    assert site_mask.all() and np.isfinite(site_uv).all()
    for window, site in enumerate(("C3", "O2", "Fz")):
        channel = SITES_1020.index(site)
        assert np.corrcoef(site_uv[window, channel], truth[window, channel])[0, 1] > 0.8
    np.testing.assert_allclose(site_uv[mask], truth[mask], rtol=1e-5)


def test_two_channels_give_their_sites_only() -> None:
    eeg_uv = RNG.normal(size=(2, 2, 200))
    names = ("C3", "O2")
    windows = _windows(eeg_uv, names, electrode_positions(names), np.ones((2, 2), dtype=bool))
    site_uv, site_mask = to_sites(windows)
    covered = {site for site, known in zip(SITES_1020, site_mask[0], strict=True) if known}
    assert covered == {"C3", "O2"}
    assert not site_uv[:, ~site_mask[0]].any()


def test_one_side_is_not_made_up_from_the_other() -> None:
    left = np.array([site_side(site) == "left" for site in SITES_1020])
    _, covered = site_matrix(SITES_1020, SITE_POSITIONS, left)
    np.testing.assert_array_equal(covered, left)


def test_256_unnamed_electrodes_cover_every_site() -> None:
    dense = _sphere(256)
    eeg_uv = np.stack([patch(dense, np.array([0.5, 0.5, 0.7]), 35.0)] * 200, axis=1)[None]
    names = tuple(f"E{i + 1}" for i in range(256))
    site_uv, site_mask = to_sites(_windows(eeg_uv, names, dense, np.ones((1, 256), dtype=bool)))
    assert site_mask.all()
    truth = patch(SITE_POSITIONS, np.array([0.5, 0.5, 0.7]), 35.0)
    np.testing.assert_allclose(site_uv[0, :, 0], truth, atol=0.01)


def test_nothing_evaluable_is_nothing_and_unknown_positions_serve_their_own_site() -> None:
    eeg_uv = RNG.normal(size=(1, 19, 200))
    none = np.zeros((1, 19), dtype=bool)
    site_uv, site_mask = to_sites(_windows(eeg_uv, SITES_1020, SITE_POSITIONS, none))
    assert not site_mask.any() and not site_uv.any()
    for nowhere in (np.nan, 0.0):
        positions = np.full((19, 3), nowhere)
        _, site_mask = to_sites(_windows(eeg_uv, SITES_1020, positions, ~none))
        assert site_mask.all()
        some = ~none
        some[0, 8] = False
        _, site_mask = to_sites(_windows(eeg_uv, SITES_1020, positions, some))
        assert list(np.flatnonzero(~site_mask[0])) == [8]
    empty = _windows(eeg_uv[:0], SITES_1020, SITE_POSITIONS, none[:0])
    assert to_sites(empty)[0].shape == (0, 19, 200)


@settings(max_examples=30, deadline=None)
@given(st.sets(st.integers(0, 18), min_size=1, max_size=4), st.integers(0, 2**31))
def test_any_4_of_19_may_be_missing(missing: set[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask = np.ones((2, 19), dtype=bool)
    mask[0, list(missing)] = False
    eeg_uv = rng.normal(size=(2, 19, 100)) + 50.0
    site_uv, site_mask = to_sites(_windows(eeg_uv, SITES_1020, SITE_POSITIONS, mask))
    assert site_mask[0].sum() >= 15 and site_mask[1].all()
    np.testing.assert_allclose(site_uv[0][mask[0]], eeg_uv[0][mask[0]], rtol=1e-5)
    moved, _ = to_sites(_windows(eeg_uv + 100.0, SITES_1020, SITE_POSITIONS, mask))
    np.testing.assert_allclose(moved[site_mask], site_uv[site_mask] + 100.0, atol=0.05)


def test_average_reference_ignores_the_reference_of_the_recording() -> None:
    eeg_uv = np.stack([background(RNG, SITE_POSITIONS, 20.0) for _ in range(3)])
    mask = np.ones((3, 19), dtype=bool)
    mask[1, 4] = False
    ours = average_reference(eeg_uv, mask)
    for other in (eeg_uv - eeg_uv[:, 9:10], eeg_uv + 500 * RNG.normal(size=(3, 1, 2000))):
        np.testing.assert_allclose(average_reference(other, mask), ours, atol=0.01)
    np.testing.assert_allclose(ours[0], eeg_uv[0] - eeg_uv[0].mean(axis=0), atol=1e-3)
    assert not ours[1, 4].any() and ours.dtype == np.float32


def test_one_bad_electrode_does_not_enter_the_average() -> None:
    eeg_uv = background(RNG, SITE_POSITIONS, 15.0)[None]
    mask = np.ones((1, 19), dtype=bool)
    bad = eeg_uv.copy()
    bad[0, 7] += 150 * RNG.normal(size=2000)
    others = np.arange(19) != 7
    clean = eeg_uv[0, others] - eeg_uv[0, others].mean(axis=0)
    np.testing.assert_allclose(average_reference(bad, mask)[0, others], clean, atol=1e-3)


def test_two_sites_have_no_average() -> None:
    eeg_uv = RNG.normal(size=(1, 19, 100)).astype(np.float32)
    mask = np.zeros((1, 19), dtype=bool)
    mask[0, :2] = True
    np.testing.assert_array_equal(average_reference(eeg_uv, mask)[0, :2], eeg_uv[0, :2])
