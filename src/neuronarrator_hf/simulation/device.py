"""The amplifier: reference, gains, filters, quantisation, noise floor, dead and swapped electrodes."""

from __future__ import annotations

import numpy as np

from ..signal.montage import SITES_1020, site_region, site_side
from ..signal.windows import SFREQ_HZ, WINDOW_N_TIMES
from .config import SimulationConfig
from .render import PAD_N_TIMES, Backend
from .sheet import Episode, Sheet

REFERENCES = ("infinity", "ears", "average", "Cz", "left mastoid", "Fz", "Pz")
BAND_HZ = (0.5, 75.0)


def draw_device(sheet: Sheet, config: SimulationConfig, *, focal: bool) -> None:
    """Draw the amplifier of a recording and write what is visible of it into the truth."""
    rng = sheet.rng
    device = sheet.device
    device["dead"] = ()
    if rng.random() < config.dead_channels:
        dead = rng.choice(19, int(rng.integers(1, 3)), replace=False)
        device["dead"] = tuple(int(d) for d in dead)
        sites = [SITES_1020[d] for d in dead]
        sides = {site_side(s) for s in sites}
        regions = tuple(dict.fromkeys(site_region(s) for s in sites))
        side = sides.pop() if len(sides) == 1 else "bilateral"
        sheet.truth.append(Episode("flat_channel", np.ones(sheet.n_ctrl), side=side, regions=regions))
    if not config.realistic_device:
        device.update(
            reference="infinity",
            gains=np.ones(19),
            filters=(0.0, 1e4),
            lsb_uv=0.0,
            floor_uv=0.0,
            order=np.arange(19),
        )
        return
    weights = np.array([0.2, 0.25, 0.15, 0.15, 0.15, 0.05, 0.05])
    device["reference"] = str(rng.choice(REFERENCES, p=weights))
    device["gains"] = np.exp(0.02 * rng.standard_normal(19))
    high_pass = float(rng.choice([0.0, 0.0, 0.16, 0.3, 0.5, 1.0], p=[0.35, 0.15, 0.2, 0.15, 0.1, 0.05]))
    low_pass = float(rng.choice([1e4, 70.0, 45.0, 30.0], p=[0.6, 0.2, 0.1, 0.1]))
    device["filters"] = (high_pass, low_pass)
    device["lsb_uv"] = float(rng.choice([0.0, 0.02, 0.1, 0.25, 0.5]))
    device["floor_uv"] = float(np.exp(rng.uniform(np.log(0.1), np.log(0.8))))
    order = np.arange(19)
    if not focal and rng.random() < 0.01:
        a, b = rng.choice(19, 2, replace=False)
        order[[a, b]] = order[[b, a]]
    device["order"] = order
    if rng.random() < 0.01 and not focal:
        a = int(rng.integers(19))
        device["bridge"] = (a, _neighbour(a))


def _neighbour(index: int) -> int:
    from .head import site_positions

    distance = np.linalg.norm(site_positions() - site_positions()[index], axis=1)
    return int(np.argsort(distance)[1])


def through_device(eeg_uv, sheets: list[Sheet], backend: Backend):
    """Potentials to what leaves the filter chain: `(n_recordings, n_windows, 19, 2000)` float32.

    The chain is the reader's: zero-phase 0.5-75 Hz. Edges of the Fourier transform fall into the pad.
    """
    xp = backend.xp
    n_recordings, _, n_times = eeg_uv.shape
    mix = np.stack([_channel_matrix(s) for s in sheets]).astype(np.float32)
    floor = np.array([s.device["floor_uv"] for s in sheets], dtype=np.float32)
    lsb = np.array([s.device["lsb_uv"] for s in sheets], dtype=np.float32)
    eeg_uv = xp.matmul(backend.array(mix), eeg_uv)
    eeg_uv += backend.normal(n_recordings, 19, n_times) * backend.array(floor[:, None, None])
    spectrum = backend.rfft(eeg_uv)
    freqs = np.arange(n_times // 2 + 1) * (SFREQ_HZ / n_times)
    gains = np.stack([_response(freqs, *s.device["filters"]) for s in sheets]).astype(np.float32)
    spectrum *= backend.array(gains[:, None, :])
    out = backend.irfft(spectrum, n_times)[:, :, PAD_N_TIMES : n_times - PAD_N_TIMES]
    step = np.where(lsb > 0, lsb, 1e-4)[:, None, None].astype(np.float32)
    out = xp.round(out / backend.array(step)) * backend.array(step)
    alive = np.ones((n_recordings, 19, 1), dtype=np.float32)
    for i, sheet in enumerate(sheets):
        alive[i, list(sheet.device["dead"])] = 0.0
    out = out * backend.array(alive)
    out = xp.reshape(out, (n_recordings, 19, -1, WINDOW_N_TIMES))
    return xp.permute_dims(out, (0, 2, 1, 3)) if backend.is_numpy else out.permute(0, 2, 1, 3).contiguous()


def _channel_matrix(sheet: Sheet) -> np.ndarray:
    """`(19, 19)`: reference, gains, swapped and bridged electrodes."""
    device = sheet.device
    matrix = np.eye(19)[device["order"]]
    if "bridge" in device:
        a, b = device["bridge"]
        matrix[[a, b]] = 0.5 * (matrix[a] + matrix[b])
    index = {name: i for i, name in enumerate(SITES_1020)}
    reference = np.zeros(19)
    kind = device["reference"]
    if kind == "ears":
        reference[[index["T7"], index["T8"]]] = 0.35
        reference[[index["P7"], index["P8"]]] = 0.1
    elif kind == "left mastoid":
        reference[index["T7"]], reference[index["P7"]] = 0.4, 0.4
    elif kind == "average":
        reference[:] = 1 / 19
    elif kind in index:
        reference[index[kind]] = 0.97
    return device["gains"][:, None] * (matrix - reference[None, :])


def _response(freqs: np.ndarray, high_pass: float, low_pass: float) -> np.ndarray:
    low, high = BAND_HZ
    chain = np.clip(freqs / low, 0, 1)
    chain = 0.5 - 0.5 * np.cos(np.pi * chain)
    top = np.clip((freqs - high) / (0.94 * SFREQ_HZ / 2 - high), 0, 1)
    chain = chain * (0.5 + 0.5 * np.cos(np.pi * top))
    f = np.maximum(freqs, 1e-3)
    if high_pass > 0:
        chain = chain / np.sqrt(1 + (high_pass / f) ** 2)
    return chain / np.sqrt(1 + (f / low_pass) ** 8)
