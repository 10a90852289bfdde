"""From any montage to reference-free rows."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from neuronarrator_hf.models.modeling_sites import (
    DEVIATION_BANDS_HZ,
    NUM_ROWS,
    QUALITY_BANDS_HZ,
    QUALITY_SIZE,
    SILENT,
    Float32Buffers,
    ReferenceFreeRows,
    SiteResampler,
)
from neuronarrator_hf.signal.interpolation import site_matrix
from neuronarrator_hf.signal.montage import SITES_1020, electrode_positions

_OTHER_MONTAGE = (
    "Fp1 Fpz Fp2 AF3 AF4 F7 F5 F1 Fz F2 F6 F8 FC5 FC1 FC2 FC6 T7 C5 C1 C2 C6 T8 CP5 CP1 CP2 CP6 P7 P5 P1 P2 "
    "P6 P8 PO3 PO4 O1 Oz O2"
)

DEVIATION = slice(QUALITY_SIZE - len(DEVIATION_BANDS_HZ), None)
MAINS = slice(SILENT + 1, DEVIATION.start)


@pytest.fixture(scope="module")
def resampler() -> SiteResampler:
    return SiteResampler()


def test_the_sites_themselves_are_the_identity(resampler, site_positions) -> None:
    matrix, mask = resampler(site_positions[None], torch.ones(1, 1, 19, dtype=torch.bool))
    assert torch.equal(matrix[0, 0], torch.eye(19)) and mask.all()


def test_order_of_channels_does_not_matter(resampler, site_positions) -> None:
    order = torch.randperm(19, generator=torch.Generator().manual_seed(0))
    matrix, _ = resampler(site_positions[order][None], torch.ones(1, 1, 19, dtype=torch.bool))
    assert torch.equal(matrix[0, 0], torch.eye(19)[:, order])


@pytest.mark.parametrize("dropped", [("Cz",), ("T7", "P4"), ("Fp1", "Fp2"), SITES_1020[:9], SITES_1020])
def test_missing_sites_are_interpolated_as_in_the_signal_layer(resampler, site_positions, dropped) -> None:
    mask = np.array([site not in dropped for site in SITES_1020])
    wanted, covered = site_matrix(SITES_1020, electrode_positions(SITES_1020), mask)
    matrix, site_mask = resampler(site_positions[None], torch.from_numpy(mask)[None, None])
    assert np.array_equal(site_mask[0, 0].numpy(), covered)
    np.testing.assert_allclose(matrix[0, 0].numpy(), wanted, atol=2e-2)


def test_other_montages_reach_the_sites(resampler) -> None:
    names = _OTHER_MONTAGE.split()
    positions = torch.from_numpy(electrode_positions(names))
    matrix, mask = resampler(positions[None], torch.ones(1, 1, len(names), dtype=torch.bool))
    assert mask.all()
    torch.testing.assert_close(matrix.sum(-1), torch.ones(1, 1, 19), atol=1e-3, rtol=0)
    field = positions @ torch.tensor([0.3, -0.5, 0.8])  # a dipole-like field is smooth: it comes out right
    wanted = torch.from_numpy(electrode_positions(SITES_1020)) @ torch.tensor([0.3, -0.5, 0.8])
    torch.testing.assert_close(matrix[0, 0] @ field, wanted, atol=0.03, rtol=0)


def rows_of(eeg, positions, mask=None):
    mask = torch.ones(eeg.shape[:3], dtype=torch.bool) if mask is None else mask
    return ReferenceFreeRows()(eeg, positions.expand(len(eeg), -1, -1), mask)


def test_rereferencing_changes_no_row(site_positions) -> None:
    eeg = torch.randn(1, 2, 19, 2000) * 30
    reference = torch.randn(1, 2, 1, 2000).cumsum(-1) * 20
    for a, b in zip(
        rows_of(eeg, site_positions)[:2], rows_of(eeg + reference, site_positions)[:2], strict=True
    ):
        torch.testing.assert_close(a, b, atol=1e-3, rtol=1e-4)


def test_rows_keep_ten_hertz_and_lose_sixty(site_positions) -> None:
    time = torch.arange(2000) / 200.0
    amplitudes = torch.linspace(10, 60, 19)[:, None]
    ten, sixty = (amplitudes * torch.sin(2 * torch.pi * f * time) for f in (10.0, 60.0))
    kept, *_ = rows_of(ten[None, None], site_positions)
    lost, *_ = rows_of(sixty[None, None], site_positions)
    average = ten - ten.mean(0)
    torch.testing.assert_close(kept[0, 18:, 50:-50], average[:, ::2][:, 50:-50], atol=0.5, rtol=0)
    assert lost[..., 50:-50].abs().max() < 0.5


def test_masked_channels_may_hold_anything(site_positions) -> None:
    eeg = torch.randn(1, 1, 19, 2000) * 30
    mask = torch.ones(1, 1, 19, dtype=torch.bool)
    mask[..., 4] = mask[..., 11] = False
    spoiled = eeg.clone()
    spoiled[:, :, 4], spoiled[:, :, 11] = float("nan"), 1e9
    for a, b in zip(rows_of(eeg, site_positions, mask), rows_of(spoiled, site_positions, mask), strict=True):
        assert torch.equal(a, b)


def test_no_valid_channel_gives_masked_zero_rows(site_positions) -> None:
    rows, slow, mask, _ = rows_of(
        torch.randn(1, 1, 19, 2000), site_positions, torch.zeros(1, 1, 19, dtype=torch.bool)
    )
    assert rows.shape == (1, NUM_ROWS, 1000) and not rows.any() and not slow.any() and not mask.any()


def test_constants_stay_float32_when_the_model_is_cast() -> None:
    module = ReferenceFreeRows().to(torch.bfloat16)
    assert {b.dtype for b in module.buffers()} == {torch.float32}
    assert torch.equal(module.lowpass, ReferenceFreeRows().lowpass)
    assert set(module.state_dict()) == {name for name, _ in module.named_buffers()}  # all persistent


def test_the_embedded_weights_hold_the_constants_of_the_code() -> None:
    """Filters and bands are no weights: a checkpoint must not bring others."""
    from neuronarrator_hf.models.default import default_model_dir
    from neuronarrator_hf.models.modeling_neuronarrator import NeuroNarratorForConditionalGeneration

    model = NeuroNarratorForConditionalGeneration.from_pretrained(default_model_dir())
    checked = 0
    for module in model.modules():
        if isinstance(module, Float32Buffers):
            for name, values in module.constants.items():
                np.testing.assert_allclose(module.get_buffer(name).numpy(), values, rtol=1e-5, atol=1e-6)
                checked += 1
    assert checked >= 10


def quality_of(eeg, positions, mask=None):
    return rows_of(eeg, positions, mask)[3]


def test_quality_tells_mains_from_muscle(site_positions) -> None:
    """A line stands in its own band, by its power; noise in all of them, by its density."""
    times = torch.arange(2000) / 200.0
    base = torch.randn(1, 1, 19, 2000, generator=torch.Generator().manual_seed(0))
    line = base.clone()
    line[0, 0, 3] += 20 * torch.sin(2 * torch.pi * 60.0 * times)
    bands = [low for low, _ in QUALITY_BANDS_HZ]
    change = quality_of(line, site_positions) - quality_of(base, site_positions)
    assert change[0, 3, bands.index(59.0)] > 2
    assert change[0, 3, [bands.index(low) for low in (40.0, 49.0, 52.0, 62.0)]].abs().max() < 0.2
    # White noise of 10 uV at 200 Hz: 100 uV^2 over 100 Hz, less what the average takes.
    noise = quality_of(10 * base, site_positions)[..., : len(bands)]
    torch.testing.assert_close(noise.mean((0, 1)), torch.full((5,), 1.0), atol=0.15, rtol=0)


def test_quality_compares_mains_with_the_bands_beside_it(site_positions) -> None:
    times = torch.arange(2000) / 200.0
    eeg = 10 * torch.randn(1, 1, 19, 2000, generator=torch.Generator().manual_seed(3))
    assert quality_of(eeg, site_positions)[..., MAINS].abs().max() < 0.6
    eeg[0, 0, 5] += 20 * torch.sin(2 * torch.pi * 50.0 * times)
    mains = quality_of(eeg, site_positions)[0][:, MAINS]
    assert mains[5, 0] > 1 and mains[5, 1].abs() < 0.5 and mains[:, 0].argmax() == 5


def test_quality_compares_a_site_with_its_neighbours(site_positions) -> None:
    """What the whole head shares is no deviation; what one electrode has alone is, in its own band."""
    generator = torch.Generator().manual_seed(4)
    times = torch.arange(2000) / 200.0
    eeg = 5 * torch.randn(1, 1, 19, 2000, generator=generator)
    eeg = eeg + 80 * torch.sin(2 * torch.pi * 2.0 * times)
    assert quality_of(eeg, site_positions)[..., DEVIATION].abs().max() < 0.5
    eeg[0, 0, 8] += 100 * torch.sin(2 * torch.pi * 1.0 * times)
    deviation = quality_of(eeg, site_positions)[0][:, DEVIATION]
    assert deviation[:, 0].argmax() == 8 and deviation[8, 0] > 1.5
    assert deviation[8, 1:].abs().max() < 0.5
    mask = torch.ones(1, 1, 19, dtype=torch.bool)
    mask[0, 0, 8] = False  # masked, it spoils none of its neighbours
    assert quality_of(eeg, site_positions, mask)[..., DEVIATION].abs().max() < 0.5


def test_quality_does_not_depend_on_the_reference(site_positions) -> None:
    eeg = torch.randn(1, 1, 19, 2000, generator=torch.Generator().manual_seed(1)) * 20
    torch.testing.assert_close(
        quality_of(eeg, site_positions), quality_of(eeg + eeg[:, :, :1], site_positions), atol=1e-3, rtol=1e-3
    )


def test_an_electrode_that_records_nothing_is_not_a_missing_one(site_positions) -> None:
    eeg = torch.randn(1, 1, 19, 2000, generator=torch.Generator().manual_seed(2)) * 20
    mask = torch.ones(1, 1, 19, dtype=torch.bool)
    mask[0, 0, 4] = False
    silent = quality_of(eeg, site_positions, mask)[0, :, SILENT]
    assert silent[4] == 1 and silent.sum() == 1
    without = site_positions.clone()
    without[..., 4, :] = 0.0
    assert not quality_of(eeg, without, mask)[..., SILENT].any()
