from __future__ import annotations

import numpy as np
import pytest

from neuronarrator_hf.signal.montage import (
    SITES_1020,
    bipolar_matrix,
    canonical_name,
    electrode_positions,
    region_sites,
    site_indices,
    site_region,
    site_side,
)


@pytest.mark.parametrize("site", SITES_1020)
@pytest.mark.parametrize(
    "form", ["{}", "EEG {}-REF", "{}-LE", "{}..", "EEG {}", "{}-AVG", "POL {}", "EEG {}-A1A2"]
)
@pytest.mark.parametrize("case", [str, str.upper, str.lower])
def test_labels_of_one_electrode_give_its_name(site: str, form: str, case: type) -> None:
    assert canonical_name(form.format(case(site))) == site


@pytest.mark.parametrize(("old", "new"), [("T3", "T7"), ("T4", "T8"), ("T5", "P7"), ("T6", "P8")])
def test_old_names(old: str, new: str) -> None:
    assert canonical_name(old) == canonical_name(f"EEG {old}-REF") == new


@pytest.mark.parametrize("label", ["", "F3-C3", "Fp1-F7", "ECG", "EOG left", "EEG 001", "STI 014", "Resp"])
def test_what_names_no_single_electrode_is_none(label: str) -> None:
    assert canonical_name(label) is None


def test_positions_are_a_head_seen_from_inside() -> None:
    positions = electrode_positions(SITES_1020)
    np.testing.assert_allclose(np.linalg.norm(positions, axis=1), 1.0, atol=1e-6)
    assert positions[SITES_1020.index("Fp1"), 1] > 0.9 and positions[SITES_1020.index("O2"), 1] < -0.8
    for site, place in zip(SITES_1020, positions, strict=True):
        side = {"left": -1, "right": 1, "midline": 0}[site_side(site)]
        assert (side == 0 and abs(place[0]) < 0.05) or side * place[0] > 0.2
    with pytest.raises(ValueError, match="'ECG'"):
        electrode_positions(["Cz", "ECG"])


def test_regions_cover_every_site_once() -> None:
    regions = ("frontal", "central", "temporal", "parietal", "occipital")
    together = [site for region in regions for site in region_sites(region)]
    assert sorted(together) == sorted(SITES_1020)
    assert all(site in region_sites(site_region(site)) for site in SITES_1020)
    assert region_sites("generalized", "left") == tuple(s for s in SITES_1020 if site_side(s) == "left")
    assert [SITES_1020[i] for i in site_indices(("O1", "Cz"))] == ["O1", "Cz"]


def test_bipolar_derivations_know_no_reference() -> None:
    matrix = bipolar_matrix()
    assert matrix.shape == (18, 19)
    np.testing.assert_array_equal(matrix.sum(axis=1), 0.0)
    with pytest.raises(ValueError, match="O2"):
        bipolar_matrix(SITES_1020[:-1])
