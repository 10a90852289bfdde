"""From any montage to reference-free rows, inside the model: nothing here is learned."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from transformers import initialization as init

from ..signal.interpolation import COVER_MAX_GAIN, COVER_MIN_ELECTRODES, COVER_RADIUS_DEG
from ..signal.kernels import low_pass_kernel
from ..signal.montage import LONGITUDINAL_BIPOLAR, SITES_1020, bipolar_matrix, electrode_positions, site_side

NUM_ROWS = len(LONGITUDINAL_BIPOLAR) + len(SITES_1020)
"""18 bipolar derivations, then the 19 sites against their average."""
DECIMATION = 2
QUALITY_BANDS_HZ = ((40.0, 48.0), (49.0, 51.0), (52.0, 58.0), (59.0, 61.0), (62.0, 75.0))
"""Above the rows' low-pass: muscle, and both mains frequencies (or what a notch has left of them)."""
MAINS_NEIGHBOURS = ((1, (0, 2)), (3, (2, 4)))
"""A mains band of `QUALITY_BANDS_HZ` and the bands beside it."""
DEVIATION_BANDS_HZ = ((0.5, 4.0), (4.0, 13.0), (13.0, 40.0))
"""In which a site is compared with its neighbours: drifts and pops, rhythms, noise of an electrode."""
NEIGHBOUR_DEG = 60.0
"""Neighbours of a site lie within this angle: the next electrodes of the 10-20 system (36 to 52 degrees)."""
QUALITY_SIZE = len(QUALITY_BANDS_HZ) + 1 + len(MAINS_NEIGHBOURS) + len(DEVIATION_BANDS_HZ)
SILENT = len(QUALITY_BANDS_HZ)
"""Place of `silent` among the features of a site's quality."""
_NUM_LEGENDRE = 20  # the terms of a spline of order 4 fall with n**-7
_SAME_PLACE = 1.0 - 1e-5  # cosine


class Float32Buffers(nn.Module):
    """A module whose buffers are constants that follow the device but stay float32 when the model is cast.

    Filters and lead matrices lose their meaning in bfloat16.

    Attributes:
        constants: Buffer name to its float32 values.
    """

    def __init__(self) -> None:
        super().__init__()
        self.constants: dict[str, np.ndarray] = {}

    def _apply(self, fn, recurse: bool = True):
        kept = dict(self._buffers)
        super()._apply(fn, recurse)
        for name, before in kept.items():
            after = self._buffers[name]
            if after is not None and after.dtype != before.dtype:
                self._buffers[name] = before.to(after.device)
        return self

    def add_constant(self, name: str, values: np.ndarray) -> None:
        """A persistent buffer, whose values are also kept for `init_constants`."""
        self.constants[name] = np.asarray(values, dtype=np.float32)
        self.register_buffer(name, torch.tensor(self.constants[name]), persistent=True)

    def init_constants(self) -> None:
        """Fill what a checkpoint did not hold: `from_pretrained` leaves it uninitialised."""
        for name, values in self.constants.items():
            init.copy_(getattr(self, name), torch.from_numpy(values))


class SiteResampler(Float32Buffers):
    """Channels at given positions to the 19 sites, by spherical splines (Perrin et al. 1989).

    A site that has a valid channel of its own is that channel, exactly. Others are interpolated if
    enough valid channels surround them (the rule of `signal.interpolation.site_matrix`), else masked.
    Rows sum to 1, so the reference of the input is the reference of the output.
    """

    def __init__(self, regularization: float = 1e-5):
        super().__init__()
        self.regularization = regularization
        self.add_constant("site_positions", electrode_positions(SITES_1020))
        order = np.arange(1, _NUM_LEGENDRE + 1)
        factors = (2 * order + 1) / (order**4.0 * (order + 1.0) ** 4 * 4 * np.pi)
        self.add_constant("legendre_factors", factors)

    def forward(self, channel_positions: Tensor, channel_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Matrices to the sites.

        Args:
            channel_positions: `(batch, n_channels, 3)`; zeros where padded.
            channel_mask: `(batch, n_windows, n_channels)` bool.

        Returns:
            `(batch, n_windows, 19, n_channels)` matrix, zero for masked sites and channels, and
            `(batch, n_windows, 19)` site mask.
        """
        positions = torch.nn.functional.normalize(channel_positions.float(), dim=-1)
        to_sites = (self.site_positions @ positions.transpose(-1, -2))[:, None]  # b 1 19 c
        own = (to_sites > _SAME_PLACE) & channel_mask[:, :, None]
        is_own = own.any(-1)
        own = torch.nn.functional.one_hot(own.float().argmax(-1), own.shape[-1]).float()

        spline = self._spline(positions, to_sites, channel_mask)
        near = (to_sites >= np.cos(np.deg2rad(COVER_RADIUS_DEG))) & channel_mask[:, :, None]
        covered = (near.sum(-1) >= COVER_MIN_ELECTRODES) & (spline.norm(dim=-1) <= COVER_MAX_GAIN)
        matrix = torch.where(is_own[..., None], own, spline)
        site_mask = is_own | covered
        return matrix * site_mask[..., None], site_mask

    def silent(self, channel_positions: Tensor, channel_mask: Tensor) -> Tensor:
        """Sites whose own electrode is there but cannot be evaluated, `(batch, n_windows, 19)` bool."""
        positions = torch.nn.functional.normalize(channel_positions.float(), dim=-1)
        own = (self.site_positions @ positions.transpose(-1, -2))[:, None] > _SAME_PLACE
        return own.any(-1) & ~(own & channel_mask[:, :, None]).any(-1)

    def _spline(self, positions: Tensor, to_sites: Tensor, channel_mask: Tensor) -> Tensor:
        n_channels = positions.shape[1]
        valid = channel_mask.float()
        both = valid[..., :, None] * valid[..., None, :]
        among = self._kernel(positions @ positions.transpose(-1, -2))[:, None] * both
        # A masked channel becomes an equation of its own: its weight is zero.
        diagonal = torch.where(channel_mask, self.regularization, 1.0)
        scale = self.legendre_factors[0]  # keeps the system near one in float32
        system = torch.cat([among / scale + torch.diag_embed(diagonal / scale), valid[..., None]], -1)
        border = torch.cat([valid, valid.new_zeros(*valid.shape[:-1], 1)], -1)
        border[..., -1] = (valid.sum(-1) == 0).float()  # no valid channel at all: still solvable
        system = torch.cat([system, border[..., None, :]], -2)
        target = self._kernel(to_sites) / scale * valid[..., None, :]
        target = torch.cat([target, torch.ones_like(target[..., :1])], -1)
        weights = torch.linalg.solve(system, target.transpose(-1, -2))
        return weights[..., :n_channels, :].transpose(-1, -2) * valid[..., None, :]

    def _kernel(self, cosines: Tensor) -> Tensor:
        """Sum of Legendre polynomials by Bonnet's recurrence."""
        x = cosines.clamp(-1.0, 1.0)
        before, current = torch.ones_like(x), x
        total = self.legendre_factors[0] * x
        for n in range(1, _NUM_LEGENDRE):
            before, current = current, ((2 * n + 1) * x * current - n * before) / (n + 1)
            total = total + self.legendre_factors[n] * current
        return total


class SiteQuality(Float32Buffers):
    """What the rows leave out: muscle, mains, and electrodes that record nothing or are unlike the others."""

    def __init__(self, sfreq: float):
        super().__init__()
        self.sfreq = sfreq
        self.add_constant("quality_bands_hz", np.array(QUALITY_BANDS_HZ))
        self.add_constant("deviation_bands_hz", np.array(DEVIATION_BANDS_HZ))
        positions = electrode_positions(SITES_1020)
        positions = positions / np.linalg.norm(positions, axis=1, keepdims=True)
        near = positions @ positions.T >= np.cos(np.deg2rad(NEIGHBOUR_DEG))
        self.add_constant("neighbours", near & ~np.eye(len(SITES_1020), dtype=bool))

    def forward(self, site_uv: Tensor, site_mask: Tensor, silent: Tensor) -> Tensor:
        """Features of every site, `(n, 19, QUALITY_SIZE)`, 0 where masked but for `silent`.

        In this order: log10 uV^2/Hz in `QUALITY_BANDS_HZ`; `silent`; how far either mains frequency
        stands out of the bands beside it, log10; and how far the difference from the mean of the
        neighbours exceeds the same of the median site in `DEVIATION_BANDS_HZ`, log10.

        Args:
            site_uv: `(n, 19, n_times)` microvolts before any further filter.
            site_mask: `(n, 19)` bool.
            silent: `(n, 19)` bool, see `SiteResampler.silent`.
        """
        weights = site_mask.float()[..., None]
        average = (site_uv * weights).sum(1, keepdim=True) / weights.sum(1, keepdim=True).clamp_min(1.0)
        n_times = site_uv.shape[-1]
        taper = torch.hann_window(n_times, device=site_uv.device)
        taper = taper * (2 / (self.sfreq * taper.square().sum())).sqrt()
        spectrum = torch.fft.rfft((site_uv - average) * taper)
        spectrum = torch.stack([spectrum.real, spectrum.imag], dim=1)  # n 2 19 f
        near = self.neighbours * site_mask[:, None]
        near = (near / near.sum(-1, keepdim=True).clamp_min(1.0))[:, None]
        freqs = torch.arange(spectrum.shape[-1], device=site_uv.device) * (self.sfreq / n_times)
        power = _log_power(spectrum, freqs, self.quality_bands_hz) + 1.0
        apart = _log_power(spectrum - near @ spectrum, freqs, self.deviation_bands_hz)
        apart = apart - masked_median(apart.transpose(1, 2), site_mask[:, None])[:, None]
        mains = [power[..., i] - power[..., beside].mean(-1) for i, beside in MAINS_NEIGHBOURS]
        silent = silent.float()[..., None]
        return torch.cat([power * weights, silent, torch.stack(mains, -1) * weights, apart * weights], -1)


def _log_power(spectrum: Tensor, freqs: Tensor, bands_hz: Tensor) -> Tensor:
    """`(n, 19, n_bands)` log10 of the mean power in each band, of `(n, 2, 19, n_freqs)` complex parts."""
    low, high = bands_hz.T[..., None]
    bands = ((freqs >= low) & (freqs <= high)).float()
    power = spectrum.square().sum(1) @ (bands / bands.sum(1, keepdim=True).clamp_min(1.0)).T
    return (power + 1e-4).log10()


def masked_median(values: Tensor, mask: Tensor, empty: float = 0.0) -> Tensor:
    """Lower median of the valid entries of the last axis; `empty` where there is none."""
    ordered = values.masked_fill(~mask, float("inf")).sort(-1).values
    middle = ((mask.sum(-1, keepdim=True) - 1) // 2).clamp_min(0).expand(*values.shape[:-1], 1)
    return torch.where(mask.any(-1), ordered.gather(-1, middle)[..., 0], empty)


class ReferenceFreeRows(Float32Buffers):
    """Sites to 18 bipolar and 19 average-reference rows, low-passed and at `sfreq / 2`.

    Re-referencing adds one signal to all channels, which every row cancels.
    """

    def __init__(self, sfreq: float = 200.0, regularization: float = 1e-5, with_quality: bool = True):
        super().__init__()
        self.resampler = SiteResampler(regularization)
        self.add_constant("bipolar", bipolar_matrix())
        self.add_constant("lowpass", _band(low_pass_kernel(63, 40.0, sfreq), 50, DECIMATION))
        self.add_constant("slow_lowpass", _band(low_pass_kernel(31, 20.0, sfreq / DECIMATION), 50))
        self.add_constant("row_sides", row_sides())
        self.quality = SiteQuality(sfreq) if with_quality else None

    def forward(
        self, eeg_values: Tensor, channel_positions: Tensor, channel_mask: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        """Rows of every window.

        Args:
            eeg_values: `(batch, n_windows, n_channels, n_times)` microvolts.
            channel_positions: `(batch, n_channels, 3)`.
            channel_mask: `(batch, n_windows, n_channels)` bool.

        Returns:
            Rows `(batch * n_windows, 37, n_times / 2)` below 40 Hz, the same below 20 Hz (muscle lifts
            amplitudes above), the row mask `(batch * n_windows, 37)`, and the quality of the sites
            `(batch * n_windows, 19, QUALITY_SIZE)`, see `SiteQuality`; None without it.
        """
        channel_mask = channel_mask.bool()
        matrix, site_mask = self.resampler(channel_positions, channel_mask)
        # A masked channel may hold anything, NaN included.
        eeg_uv = eeg_values.float().masked_fill(~channel_mask[..., None], 0.0)
        # The spread of what all channels share can exceed the EEG: take it off before rounding matters.
        shared = eeg_uv.sum(2, keepdim=True) / channel_mask.sum(2).clamp_min(1)[..., None, None]
        eeg_uv = (eeg_uv - shared).masked_fill(~channel_mask[..., None], 0.0)
        site_uv = (matrix @ eeg_uv).flatten(0, 1)
        site_mask = site_mask.flatten(0, 1)
        quality = None
        if self.quality is not None:
            silent = self.resampler.silent(channel_positions, channel_mask)
            quality = self.quality(site_uv, site_mask, silent.flatten(0, 1))

        site_uv = _filter(site_uv, self.lowpass, stride=DECIMATION)
        weights = site_mask.float()
        to_average = weights / weights.sum(1, keepdim=True).clamp_min(1.0)
        to_average = torch.diag_embed(weights) - weights[:, :, None] * to_average[:, None]
        to_rows = torch.cat([self.bipolar.expand(len(weights), -1, -1), to_average], dim=1)
        row_mask = torch.cat(
            [weights @ self.bipolar.abs().T > 1.5, site_mask & (weights.sum(1) > 2)[:, None]], 1
        )
        to_rows = to_rows * row_mask[..., None]
        return to_rows @ site_uv, to_rows @ _filter(site_uv, self.slow_lowpass), row_mask, quality


def _filter(values: Tensor, band: Tensor, stride: int = 1) -> Tensor:
    """Zero-phase FIR on the last axis by blocks; edges are mirrored so that an offset leaves no step.

    Args:
        values: `(..., n_times)`.
        band: `(n_in, n_out)` banded matrix of one block, see `_band`.
        stride: Samples from one output to the next.
    """
    n_in, n_out = band.shape
    n_taps = n_in - (n_out - 1) * stride
    n_times = values.shape[-1]
    n_blocks = -(-n_times // (n_out * stride))
    missing = n_blocks * n_out * stride - n_times
    half = n_taps // 2
    left, right = values[..., 1 : half + 1].flip(-1), values[..., -half - 1 : -1].flip(-1)
    padded = torch.cat([left, values, right, values.new_zeros(*values.shape[:-1], missing)], dim=-1)
    blocks = padded.unfold(-1, n_in, n_out * stride)[..., :n_blocks, :]
    return (blocks @ band).flatten(-2)[..., : -(-n_times // stride)]


def _band(taps: np.ndarray, n_out: int, stride: int = 1) -> np.ndarray:
    """A FIR filter as `(n_in, n_out)` matrix of one block: several times faster than `conv1d` on a CPU."""
    band = np.zeros((len(taps) + (n_out - 1) * stride, n_out))
    for i in range(n_out):
        band[i * stride : i * stride + len(taps), i] = taps
    return band


def row_sides() -> np.ndarray:
    """`(2, 37)` float: rows of the left and of the right hemisphere."""
    sides = [site_side(anode) for anode, _ in LONGITUDINAL_BIPOLAR] + [site_side(site) for site in SITES_1020]
    return np.array([[side == wanted for side in sides] for wanted in ("left", "right")], dtype=np.float32)


__all__ = [
    "NUM_ROWS",
    "QUALITY_SIZE",
    "SILENT",
    "Float32Buffers",
    "ReferenceFreeRows",
    "SiteResampler",
    "masked_median",
]
