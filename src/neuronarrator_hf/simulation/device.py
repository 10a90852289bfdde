"""The amplifier: reference, gains, filters, quantisation, noise floor, dead and swapped electrodes."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..signal.filtering import FilterChain
from ..signal.montage import SITES_1020, site_region, site_side
from ..signal.windows import SFREQ_HZ, WINDOW_N_TIMES
from .config import SimulationConfig
from .head import site_positions
from .render import PAD_N_TIMES, Backend
from .sheet import Episode, Sheet

REFERENCES = ("infinity", "ears", "average", "Cz", "left mastoid", "Fz", "Pz")


def draw_device(sheet: Sheet, config: SimulationConfig) -> None:
    """Draw the amplifier of a recording and write what is visible of it into the truth."""
    rng = sheet.rng
    device = sheet.device
    focal = any(e.side in ("left", "right") for e in sheet.truth)
    n_dead = int(rng.integers(1, 3)) if rng.random() < config.dead_channels else 0
    device["dead"] = tuple(int(d) for d in rng.choice(19, n_dead, replace=False))
    tell_dead(sheet)
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


def tell_dead(sheet: Sheet) -> None:
    """Write the flat channels of the device into the truth."""
    sites = [SITES_1020[d] for d in sheet.device["dead"]]
    if sites:
        sides = {site_side(s) for s in sites}
        regions = tuple(dict.fromkeys(site_region(s) for s in sites))
        side = sides.pop() if len(sides) == 1 else "bilateral"
        sheet.truth.append(Episode("flat_channel", sheet.always(), side=side, regions=regions))


def _neighbour(index: int) -> int:
    distance = np.linalg.norm(site_positions() - site_positions()[index], axis=1)
    return int(np.argsort(distance)[1])


def through_device(eeg_uv, sheets: list[Sheet], backend: Backend):
    """Potentials to what leaves the filter chain: `(n_recordings, n_windows, 19, 2000)` float32.

    The chain is the one the reader applies; its kernel is shorter than the pad, so that the samples are
    those of the chain itself.
    """
    xp = backend.xp
    out = record(eeg_uv, [sheet.device for sheet in sheets], backend, chain=True)
    out = out[:, :, PAD_N_TIMES : out.shape[2] - PAD_N_TIMES]
    out = xp.reshape(out, (len(sheets), 19, -1, WINDOW_N_TIMES))
    out = xp.moveaxis(out, 1, 2)
    return np.ascontiguousarray(out) if backend.is_numpy else out.contiguous()


def record(eeg_uv, devices: list[dict], backend: Backend, *, chain: bool):
    """Potentials `(n_recordings, n_channels, n_times)` as amplifiers record them.

    `chain` adds the filter chain of the reader. Channels are the 19 sites, or those of `for_montage`.

    Quantisation comes after the filters here, so that one pair of Fourier transforms serves both; its
    steps are far below the noise of a scalp recording.
    """
    xp = backend.xp
    n_recordings, n_channels, n_times = eeg_uv.shape
    mix = np.stack([_channel_matrix(d) for d in devices]).astype(np.float32)
    floor = np.array([d["floor_uv"] for d in devices], dtype=np.float32)[:, None, None]
    gains = np.stack([_response(n_times, *d["filters"], chain) for d in devices]).astype(np.float32)
    alive = np.ones((n_recordings, n_channels, 1), dtype=np.float32)
    for i, device in enumerate(devices):
        alive[i, list(device["dead"])] = 0.0
    eeg_uv = xp.matmul(backend.array(mix), eeg_uv)
    eeg_uv += backend.normal(n_recordings, n_channels, n_times) * backend.array(floor)
    out = backend.irfft(backend.rfft(eeg_uv) * backend.array(gains[:, None, :]), n_times)
    out = out * backend.array(alive)
    for i, device in enumerate(devices):
        if device["lsb_uv"] > 0:
            out[i] = xp.round(out[i] / device["lsb_uv"]) * device["lsb_uv"]
    return out


def _channel_matrix(device: dict) -> np.ndarray:
    """`(n_channels, n_channels)`: reference, gains, swapped and bridged electrodes."""
    n_channels = len(device["order"])
    matrix = np.eye(n_channels)[device["order"]]
    if "bridge" in device:
        a, b = device["bridge"]
        matrix[[a, b]] = 0.5 * (matrix[a] + matrix[b])
    return device["gains"][:, None] * (matrix - _reference(device)[None, :])


def _reference(device: dict) -> np.ndarray:
    """Weights of the channels in the reference; one whose electrodes are not recorded is distant."""
    names = device.get("ch_names", SITES_1020)
    kind = device["reference"]
    if kind == "average":
        return np.full(len(names), 1 / len(names))
    weights = {
        "ears": {"T7": 0.35, "T8": 0.35, "P7": 0.1, "P8": 0.1},
        "left mastoid": {"T7": 0.4, "P7": 0.4},
    }.get(kind, {kind: 0.97})
    if not set(weights) <= set(names):
        return np.zeros(len(names))
    return np.array([weights.get(name, 0.0) for name in names])


def for_montage(device: dict, ch_names: tuple[str, ...]) -> dict:
    """The amplifier with other electrodes: its reference, filters and noise, its dead sites by name."""
    dead = {SITES_1020[d] for d in device["dead"]}
    gains = dict(zip(SITES_1020, device["gains"], strict=True))
    return {
        **{key: device[key] for key in ("reference", "filters", "lsb_uv", "floor_uv")},
        "ch_names": ch_names,
        "dead": tuple(i for i, name in enumerate(ch_names) if name in dead),
        "gains": np.array([gains.get(name, 1.0) for name in ch_names]),
        "order": np.arange(len(ch_names)),
    }


@lru_cache(maxsize=8)
def _chain(n_times: int) -> np.ndarray:
    """Frequency response of the reader's filter chain, `(n_times // 2 + 1,)`; it is zero-phase."""
    n = 2 * WINDOW_N_TIMES
    impulse = np.zeros((1, 2 * n + 1), dtype=np.float64)
    impulse[0, n] = 1.0
    kernel = FilterChain(SFREQ_HZ).apply(impulse, 0, 0, 2 * n + 1)[0].astype(float)
    freqs = np.arange(n_times // 2 + 1) / n_times
    half = kernel[n : n + PAD_N_TIMES]
    phases = np.cos(2 * np.pi * np.outer(freqs, np.arange(1, len(half)))) @ half[1:]
    return half[0] + 2 * phases


def _response(n_times: int, high_pass: float, low_pass: float, chain: bool) -> np.ndarray:
    """What the amplifier's own filters leave, times the chain of the reader if asked for."""
    f = np.maximum(np.arange(n_times // 2 + 1) * (SFREQ_HZ / n_times), 1e-3)
    response = (_chain(n_times) if chain else 1.0) / np.sqrt(1 + (f / low_pass) ** 8)
    return response / np.sqrt(1 + (high_pass / f) ** 2) if high_pass > 0 else response
