"""Physics: the head model against MNE's, and the maps made from it."""

import mne
import numpy as np
import pytest

from neuronarrator_hf.signal.montage import SITES_1020
from neuronarrator_hf.simulation import maps
from neuronarrator_hf.simulation.head import (
    CONDUCTIVITIES,
    HEAD_RADIUS_M,
    SHELL_RADII,
    lead_field,
    site_positions,
)


def test_dipole_fields_agree_with_mne():
    positions = site_positions()
    rng = np.random.default_rng(0)
    dipoles = rng.standard_normal((12, 3))
    dipoles *= (rng.uniform(0.1, 0.85, 12) / np.linalg.norm(dipoles, axis=1))[:, None]
    sphere = mne.make_sphere_model(
        r0=(0, 0, 0),
        head_radius=HEAD_RADIUS_M,
        relative_radii=SHELL_RADII,
        sigmas=CONDUCTIVITIES,
        verbose=False,
    )
    info = mne.create_info(list(SITES_1020), 200.0, "eeg")
    montage = mne.channels.make_dig_montage(
        dict(zip(SITES_1020, positions * HEAD_RADIUS_M, strict=True)), coord_frame="head"
    )
    info.set_montage(montage)
    source = mne.setup_volume_source_space(
        pos={"rr": dipoles * HEAD_RADIUS_M, "nn": np.tile([0, 0, 1.0], (12, 1))}, verbose=False
    )
    forward = mne.make_forward_solution(info, trans=None, src=source, bem=sphere, meg=False, verbose=False)
    expected = forward["sol"]["data"].reshape(19, 12, 3).transpose(1, 2, 0)
    got = lead_field(dipoles, positions)
    error = np.linalg.norm(got - expected, axis=(1, 2)) / np.linalg.norm(expected, axis=(1, 2))
    assert error.max() < 0.02


def test_a_dipole_outside_the_brain_is_refused():
    with pytest.raises(ValueError, match="innermost shell"):
        lead_field(np.array([[0, 0, 0.95]]), site_positions())


def test_patch_is_largest_over_itself_and_mirrors():
    rng = np.random.default_rng(1)
    for site in ("T7", "C4", "P8", "F7"):
        scalp_map = maps.site_patch(rng, site, 1, tilt=0.0, spread=0.0)
        assert SITES_1020[int(np.argmax(scalp_map))] == site
        assert maps.bipolar_peak(scalp_map) == pytest.approx(1.0)
        side, regions = maps.describe(scalp_map)
        assert side == ("left" if int(site[-1]) % 2 else "right")
        other, same = maps.describe(maps.mirrored(scalp_map))
        assert {side, other} == {"left", "right"}
        assert regions == same


def test_generalized_maps_have_no_side():
    rng = np.random.default_rng(2)
    left = [i for i, s in enumerate(SITES_1020) if s[-1] in "1357"]
    right = [i for i, s in enumerate(SITES_1020) if s[-1] in "2468"]
    for _ in range(30):
        scalp_map = maps.generalized(rng)
        ratio = scalp_map[left].sum() / scalp_map[right].sum()
        assert 0.5 < ratio < 2.0
