from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator
from signal_fields import SITE_POSITIONS, patch

from neuronarrator_hf.signal.montage import SITES_1020
from neuronarrator_hf.signal.topomap import (
    HEAD_ANGLE_DEG,
    POWER_FLOOR_UV2,
    topographic_maps,
    topomap_matrix,
)


def _plane(positions: np.ndarray) -> np.ndarray:
    """Map coordinates in [-1, 1]: x to the right, y to the front."""
    angle = np.rad2deg(np.arccos(positions[:, 2])) / HEAD_ANGLE_DEG
    turn = np.arctan2(positions[:, 1], positions[:, 0])
    return angle[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)


def test_shape_head_and_constant() -> None:
    matrix = topomap_matrix(32)
    assert matrix.shape == (1024, 19) and matrix.dtype == np.float32
    total = matrix.sum(axis=1).reshape(32, 32)
    axis = (np.arange(32) + 0.5) / 16 - 1
    inside = np.hypot(axis[None], axis[:, None]) <= 1
    np.testing.assert_allclose(total[inside], 1.0, atol=1e-4)
    assert not total[~inside].any()


@pytest.mark.parametrize("site", SITES_1020)
def test_power_at_a_site_shows_where_the_site_is(site: str) -> None:
    power = np.full((19, 1), 10.0)
    power[SITES_1020.index(site)] = 1000.0
    image = topographic_maps(power)[0]
    row, column = np.unravel_index(image.argmax(), image.shape)
    x, y = (column + 0.5) / 16 - 1, 1 - (row + 0.5) / 16
    assert np.hypot(*(_plane(SITE_POSITIONS)[SITES_1020.index(site)] - (x, y))) < 0.22


def test_maps_are_log_power_relative_to_the_mean_and_blind_to_gain() -> None:
    rng = np.random.default_rng(0)
    power = rng.uniform(1, 100, size=(3, 2, 19, 5)).astype(np.float32)
    maps = topographic_maps(power)
    assert maps.shape == (3, 2, 5, 32, 32) and maps.dtype == np.float32
    np.testing.assert_allclose(topographic_maps(power * 7.0), maps, atol=1e-4)
    np.testing.assert_allclose(topographic_maps(np.full((19, 5), 3.0)), 0.0, atol=1e-5)
    assert np.isfinite(topographic_maps(np.zeros((19, 5)))).all()
    assert POWER_FLOOR_UV2 > 0


def test_masked_sites_do_not_enter_and_what_is_far_from_any_site_is_zero() -> None:
    rng = np.random.default_rng(0)
    power = rng.uniform(1, 100, size=(6, 19, 5)).astype(np.float32)
    mask = np.ones((6, 19), dtype=bool)
    mask[1, 3] = False
    mask[2] = False
    mask[3] = False
    mask[3, [SITES_1020.index("O1"), SITES_1020.index("P3"), SITES_1020.index("P7")]] = True
    other = np.where(mask[..., None], power, np.float32(np.nan))
    maps = topographic_maps(other, mask)
    np.testing.assert_allclose(maps, topographic_maps(power, mask), atol=1e-5)
    np.testing.assert_allclose(maps[0], topographic_maps(power[0]), atol=1e-5)
    assert not maps[2].any()
    assert maps[3, :, 16:, :16].any() and not maps[3, :, :12, :].any()


def test_wrong_number_of_sites_is_refused() -> None:
    with pytest.raises(ValueError, match="19 sites"):
        topographic_maps(np.ones((2, 18, 5)))


@pytest.mark.filterwarnings("ignore:Montage name:FutureWarning")
def test_maps_are_mnes() -> None:
    """The drawn picture of `mne.viz.plot_topomap`, with MNE's own sensor places and orientation."""
    mne = pytest.importorskip("mne")
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    info = mne.create_info(list(SITES_1020), 200.0, "eeg").set_montage("standard_1005")
    rng = np.random.default_rng(0)
    axis = (np.arange(32) + 0.5) / 16 - 1
    x, y = np.meshgrid(axis, -axis)
    for _ in range(5):
        centres = rng.normal(size=(2, 3))
        centres[:, 2] = np.abs(centres[:, 2])
        values = sum(rng.uniform(0.3, 1) * patch(SITE_POSITIONS, c, rng.uniform(35, 60)) for c in centres)
        ours = topographic_maps(10.0 ** values[:, None])[0]
        figure, axes = plt.subplots()
        image, _ = mne.viz.plot_topomap(values, info, axes=axes, show=False, contours=0, extrapolate="head")
        drawn = next(c.get_offsets() for c in axes.collections if len(c.get_offsets()) == 19)
        left, right, bottom, top = image.get_extent()
        theirs = np.ma.filled(image.get_array(), np.nan)
        plt.close(figure)
        design = np.c_[_plane(SITE_POSITIONS), np.ones(19)]
        to_theirs = np.linalg.lstsq(design, np.asarray(drawn), rcond=None)[0]
        grid = np.linspace(bottom, top, theirs.shape[0]), np.linspace(left, right, theirs.shape[1])
        at = np.c_[x.ravel(), y.ravel(), np.ones(1024)] @ to_theirs
        theirs = RegularGridInterpolator(grid, theirs, bounds_error=False)(at[:, ::-1]).reshape(32, 32)
        both = (np.hypot(x, y) <= 0.9) & np.isfinite(theirs)
        assert both.sum() > 500
        assert np.corrcoef(ours[both], theirs[both])[0, 1] > 0.95
