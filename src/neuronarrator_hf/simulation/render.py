"""Sheets to samples: all recordings of a batch at once, on any array library."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import fft as scipy_fft

from ..signal.windows import SFREQ_HZ, WINDOW_N_TIMES
from .sheet import CTRL_HZ, PAD_S, Sheet, spectral_power

STEP = round(SFREQ_HZ / CTRL_HZ)
PAD_N_TIMES = round(PAD_S * SFREQ_HZ)


class Backend:
    """What differs between array libraries: randomness, Fourier transforms, scattered addition."""

    def __init__(self, xp: Any, seed: int, device: Any = None) -> None:
        self.xp = xp
        self.device = device
        self.is_numpy = xp is np or xp.__name__.endswith("numpy")
        if self.is_numpy:
            self._rng = np.random.Generator(np.random.SFC64(seed))
        else:
            import torch

            self._torch = torch
            self._rng = torch.Generator(device=device or "cpu").manual_seed(seed)

    def normal(self, *shape: int):
        """Standard normal float32."""
        if self.is_numpy:
            return self._rng.standard_normal(shape, dtype=np.float32)
        return self._torch.randn(*shape, generator=self._rng, device=self.device, dtype=self._torch.float32)

    def array(self, values: np.ndarray):
        """A numpy array as an array of this library."""
        return (
            values
            if self.is_numpy
            else self._torch.as_tensor(np.ascontiguousarray(values), device=self.device)
        )

    def irfft(self, values, n: int):
        """Inverse real transform along the last axis."""
        return (
            scipy_fft.irfft(values, n, axis=-1, overwrite_x=True)
            if self.is_numpy
            else self.xp.fft.irfft(values, n=n)
        )

    def rfft(self, values):
        """Real transform along the last axis."""
        return scipy_fft.rfft(values, axis=-1) if self.is_numpy else self.xp.fft.rfft(values)

    def scatter_add(self, flat, index: np.ndarray, values):
        """Add `values` to a flat array at `index`, repeated places summing up."""
        if self.is_numpy:
            np.add.at(flat, index, values)
            return flat
        return flat.index_add_(0, self.array(index), values)


def render(sheets: list[Sheet], backend: Backend):
    """Source activity of all sheets mixed to the scalp: `(n_recordings, 19, n_padded)` microvolts.

    The samples are the potential against infinity, without reference and amplifier.
    """
    xp = backend.xp
    n_recordings = len(sheets)
    n_times = sheets[0].n_windows * WINDOW_N_TIMES + 2 * PAD_N_TIMES
    n_sources = max(len(s.maps) for s in sheets)
    sources = backend.array(np.zeros((n_recordings * n_sources, n_times), dtype=np.float32))
    sources = _add_noise(sources, sheets, backend, n_sources, n_times)
    sources = _add_rhythms(sources, sheets, backend, n_sources, n_times)
    sources = _add_lobes(sources, sheets, backend, n_sources, n_times)
    mixing = np.zeros((n_recordings, 19, n_sources), dtype=np.float32)
    for i, sheet in enumerate(sheets):
        maps = np.stack(sheet.maps, axis=1)
        hemispheres = sheet.device.get("hemispheres")
        if hemispheres is not None:
            brain = np.array(sheet.brain)
            maps[:, brain] *= hemispheres[:, None]
        mixing[i, :, : maps.shape[1]] = maps
    return xp.matmul(backend.array(mixing), xp.reshape(sources, (n_recordings, n_sources, n_times)))


def interpolate(values, xp, n_times: int):
    """Scripted curves `(n, n_ctrl)` to samples `(n, n_times)`, linearly."""
    dtype = values.real.dtype if "complex" in str(values.dtype) else values.dtype
    ramp = (
        xp.arange(STEP, dtype=dtype, **({} if isinstance(values, np.ndarray) else {"device": values.device}))
        / STEP
    )
    steps = values[:, 1:] - values[:, :-1]
    fine = values[:, :-1, None] + steps[:, :, None] * ramp
    return xp.reshape(fine, (values.shape[0], -1))[:, :n_times]


def _places(sheets, n_sources, attribute) -> np.ndarray:
    return np.array(
        [i * n_sources + item[0] for i, s in enumerate(sheets) for item in getattr(s, attribute)],
        dtype=np.int64,
    )


def _add_noise(sources, sheets, backend, n_sources, n_times):
    xp = backend.xp
    items = [item for s in sheets for item in s.noise]
    places = _places(sheets, n_sources, "noise")
    spectra: dict[tuple, int] = {}
    which = np.array([spectra.setdefault(item[1].row(), len(spectra)) for item in items])
    n_freqs = n_times // 2 + 1
    freqs = np.arange(n_freqs, dtype=np.float32) * (SFREQ_HZ / n_times)
    freqs[0] = freqs[1]
    power = spectral_power(xp, backend.array(freqs), backend.array(np.array(list(spectra), dtype=np.float32)))
    scale = xp.sqrt(power) * np.float32(0.5 * n_times)
    scale[:, 0] = 0.0
    scale = xp.reshape(xp.stack([scale, scale], -1), (len(spectra), -1))
    envelopes = np.stack([item[2] for item in items])
    chunk = max(1, 2_000_000 // n_times)
    for first in range(0, len(items), chunk):
        rows = slice(first, first + chunk)
        n_rows = len(places[rows])
        random = backend.normal(n_rows, 2 * n_freqs) * scale[backend.array(which[rows])]
        coefficients = (
            random.view(np.complex64)
            if backend.is_numpy
            else backend._torch.view_as_complex(xp.reshape(random, (n_rows, n_freqs, 2)))
        )
        activity = backend.irfft(coefficients, n_times)
        activity = activity * interpolate(backend.array(envelopes[rows]), xp, n_times)
        _add_rows(sources, places[rows], activity, backend)
    return sources


def _add_rhythms(sources, sheets, backend, n_sources, n_times):
    xp = backend.xp
    items = [item for s in sheets for item in s.rhythms]
    if not items:
        return sources
    phase = np.stack([item[1] for item in items])
    phase = np.cumsum(phase, axis=1) * (2 * np.pi / CTRL_HZ)
    weights = np.stack([item[2] for item in items])
    second, third, turn = np.array([item[3] for item in items], dtype=np.float32).T[:, :, None]
    chunk = max(1, 1_000_000 // n_times)
    places = _places(sheets, n_sources, "rhythms")
    for first in range(0, len(items), chunk):
        rows = slice(first, first + chunk)
        theta = interpolate(backend.array(phase[rows]), xp, n_times) % (2 * np.pi)
        theta = (
            backend.array(theta.astype(np.float32)) if backend.is_numpy else theta.to(backend._torch.float32)
        )
        curve = interpolate(backend.array(weights[rows]), xp, n_times)
        cosine, sine = xp.cos(theta), xp.sin(theta)
        real = curve.real * cosine - curve.imag * sine
        imag = curve.real * sine + curve.imag * cosine
        size2 = real * real + imag * imag + 1e-12
        size = xp.sqrt(size2)
        double = (real * real - imag * imag) / size
        double_imag = 2 * real * imag / size
        triple = (double * real - double_imag * imag) / size
        turns = turn[rows]
        activity = real + backend.array(second[rows]) * (
            double * backend.array(np.cos(turns)) - double_imag * backend.array(np.sin(turns))
        )
        activity = activity + backend.array(third[rows]) * triple
        _add_rows(sources, places[rows], activity, backend)
    return sources


def _add_rows(sources, places, activity, backend) -> None:
    """Add rows of activity to their sources; several rows may have the same source."""
    if backend.is_numpy:
        for place, row in zip(places, activity, strict=True):
            sources[place] += row
    else:
        sources.index_add_(0, backend.array(places), activity)


def _add_lobes(sources, sheets, backend, n_sources, n_times):
    blocks = []
    for i, sheet in enumerate(sheets):
        for block in sheet.lobes:
            block = block.copy()
            block[:, 0] += i * n_sources
            blocks.append(block)
    if not blocks:
        return sources
    lobes = np.concatenate(blocks)
    centre = (lobes[:, 1] + PAD_S) * SFREQ_HZ
    rise, fall = lobes[:, 3] * SFREQ_HZ, lobes[:, 4] * SFREQ_HZ
    flat = sources.reshape(-1)
    reach = np.ceil(3.5 * np.maximum(rise, fall)).astype(int)
    for limit_low, limit in ((0, 8), (8, 24), (24, 72), (72, 216), (216, 700)):
        chosen = (reach > limit_low) & (reach <= limit)
        chosen &= (centre > limit + 1) & (centre < n_times - limit - 2)
        if not chosen.any():
            continue
        offsets = np.arange(-limit, limit + 1)
        base = np.round(centre[chosen]).astype(np.int64)
        delta = (offsets[None, :] + (base - centre[chosen])[:, None]).astype(np.float32)
        width = np.where(delta < 0, rise[chosen, None], fall[chosen, None]).astype(np.float32)
        values = lobes[chosen, 2, None].astype(np.float32) * np.exp(-0.5 * (delta / width) ** 2)
        index = lobes[chosen, 0, None].astype(np.int64) * n_times + base[:, None] + offsets[None, :]
        flat = backend.scatter_add(flat, index.reshape(-1), backend.array(values.reshape(-1)))
    return flat.reshape(sources.shape)
