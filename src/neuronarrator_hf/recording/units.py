"""Units: what the file told, what the amplitudes speak for, and when one overrules the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import fft

from neuronarrator_hf.recording.errors import RecordingError
from neuronarrator_hf.signal.kernels import band_kernel

UNITS: tuple[str, ...] = ("V", "mV", "uV", "nV")
_UV_PER = {"V": 1e6, "mV": 1e3, "uV": 1.0, "nV": 1e-3}
_SPELLINGS = {
    "v": "V", "volt": "V", "volts": "V", "mv": "mV", "millivolt": "mV", "millivolts": "mV",
    "uv": "uV", "µv": "uV", "μv": "uV", "microv": "uV", "microvolt": "uV", "microvolts": "uV",
    "nv": "nV", "nanovolt": "nV", "nanovolts": "nV",
}  # fmt: skip
_NOT_VOLTAGE = {
    "%", "bpm", "c", "degc", "deg", "mmhg", "hz", "kohm", "ohm", "ma", "a", "m", "cm", "s", "ms", "l", "l/s",
    "l/min", "ml", "boolean", "bool", "g", "°c", "cmh2o", "db", "lux", "us", "ns", "pa", "kpa", "t", "ft",
}  # fmt: skip

PLAUSIBLE_UV = (0.05, 3000.0)
"""Median over channels of the robust amplitude (1-40 Hz) outside which a unit cannot be right.

An isoelectric recording stays above the lower bound, a neonatal or ictal one below the upper.
"""
TYPICAL_UV = (1.0, 500.0)
"""Where another unit has to put that amplitude to be believed."""
NEARLY_ALL = 0.8
"""Share of the channels that a corrected unit has to make plausible."""
CHANNEL_UV = (0.05, 3000.0)
"""A channel outside this range is named in the report."""


def parse_unit(text: str | None) -> str | None:
    """`uV`, `mV`, `V` or `nV`; `other` for what is no voltage; None where the field is missing or unknown."""
    plain = (text or "").strip().lower().replace("\u00c2", "").replace("\u00e2", "").replace("î¼", "µ")
    if plain in _SPELLINGS:
        return _SPELLINGS[plain]
    return "other" if plain in _NOT_VOLTAGE else None


def uv_per(unit: str | None) -> float:
    """Microvolts per unit; a missing unit is taken as microvolts until the amplitudes say otherwise."""
    return _UV_PER.get(unit or "uV", 1.0)


@dataclass(frozen=True)
class UnitDecision:
    """What was decided on units.

    Attributes:
        factor: What the values are multiplied with, on top of the told unit.
        told: Unit named by the file, the array or the convention; None where missing.
        evidence: Unit that the amplitudes speak for; None where they speak for none.
        amplitude_uv: Median over channels of the robust amplitude after the correction.
        warnings: Sentences for the report.
    """

    factor: float
    told: str | None
    evidence: str | None
    amplitude_uv: float
    warnings: tuple[str, ...] = ()


def robust_amplitude(eeg: np.ndarray, sfreq: float) -> np.ndarray:
    """`(n_channels,)` robust standard deviation (1.4826 median absolute deviations) of the 1-40 Hz part.

    Missing samples count as zero.
    """
    if not np.isfinite(eeg).all():
        eeg = np.nan_to_num(eeg, nan=0.0, posinf=0.0, neginf=0.0)
    n_times = eeg.shape[1]
    n_taps = min(int(2 * sfreq) | 1, (n_times // 2) | 1)
    n_fft = fft.next_fast_len(n_times, real=True)
    centred = eeg - eeg.mean(axis=1, keepdims=True)
    product = fft.rfft(centred, n_fft, axis=1)
    product *= _response(n_taps, n_fft, sfreq)
    filtered = fft.irfft(product, n_fft, axis=1)[:, n_taps - 1 : n_times]  # where the kernel overlaps fully
    deviation = np.abs(filtered - _median(filtered)[:, None])
    return 1.4826 * _median(deviation)


def _median(rows: np.ndarray) -> np.ndarray:
    """Median of finite rows; sorting takes a third of the time of `np.median`."""
    ordered = np.sort(rows, axis=1)
    return (ordered[:, (rows.shape[1] - 1) // 2] + ordered[:, rows.shape[1] // 2]) / 2


@lru_cache(maxsize=8)
def _response(n_taps: int, n_fft: int, sfreq: float) -> np.ndarray:
    """Transform of the kernel that passes 1-40 Hz."""
    return fft.rfft(band_kernel(n_taps, 1.0, min(40.0, 0.45 * sfreq), sfreq), n_fft)


def requested_unit(amplitude_uv: np.ndarray, told: str | None, requested: str) -> UnitDecision:
    """The caller's word on the unit, which is obeyed; a warning where the amplitudes speak against it.

    Args:
        amplitude_uv: `(n_channels,)` robust amplitude with the unit as requested.
        told: The unit named for most of the EEG channels.
        requested: The unit that the caller named.
    """
    level = _level(amplitude_uv)
    notes: tuple[str, ...] = ()
    if not _within(level, PLAUSIBLE_UV):
        notes = (f"the unit {requested} as asked gives a median amplitude of {level:.3g} uV",)
    return UnitDecision(
        uv_per(requested) / uv_per(told), told, _evidence(level / uv_per(requested)), level, notes
    )


def decide_unit(name: str, amplitude_uv: np.ndarray, told: str | None, *, is_field: bool) -> UnitDecision:
    """Decide what the values are multiplied with.

    Args:
        name: What to call the recording in messages.
        amplitude_uv: `(n_channels,)` robust amplitude if `told` is right (or microvolts where it is None).
        told: The unit named for most of the EEG channels.
        is_field: True where it was read from a field; False where it is a convention, which users often miss.

    Raises:
        RecordingError: The unit named by a field puts the amplitudes outside what EEG can be.
    """
    level = _level(amplitude_uv)
    evidence = _evidence(level / uv_per(told))
    if level == 0.0 or _within(level, PLAUSIBLE_UV):
        notes = () if told is not None else ("no unit is given; the amplitudes are taken as microvolts",)
        return UnitDecision(1.0, told, evidence, level, notes)
    if evidence is None:
        reason = f"a median amplitude of {level:.3g} uV is not EEG in any unit"
        raise RecordingError(name, reason, "check that the file holds EEG, or name the unit with units=")
    if told is not None and is_field:
        reason = f"its unit field says {told}, but a median amplitude of {level:.3g} uV speaks for {evidence}"
        raise RecordingError(name, reason, f"pass units='{evidence}' (--units {evidence}) if that is right")
    factor = _UV_PER[evidence] / uv_per(told)
    if np.mean(_within(amplitude_uv[amplitude_uv > 0] * factor, PLAUSIBLE_UV)) < NEARLY_ALL:
        reason = (
            f"a median amplitude of {level:.3g} uV is not EEG, and its channels speak for different units"
        )
        raise RecordingError(name, reason, "name the unit with units=, or leave out channels that are no EEG")
    was = "no unit is given" if told is None else f"the unit is {told} by convention"
    note = f"{was}, but a median amplitude of {level:.3g} uV speaks for {evidence}: multiplied by {factor:g}"
    return UnitDecision(factor, told, evidence, level * factor, (note,))


def _level(amplitude: np.ndarray) -> float:
    live = amplitude[amplitude > 0]
    return float(np.median(live)) if len(live) else 0.0


def _within(value: float | np.ndarray, bounds: tuple[float, float]) -> np.ndarray:
    return (np.asarray(value) >= bounds[0]) & (np.asarray(value) <= bounds[1])


def _evidence(value: float) -> str | None:
    """The unit that puts a number at a typical amplitude; microvolts if they make it a possible one."""
    if _within(value, PLAUSIBLE_UV):
        return "uV"
    fitting = [unit for unit in ("mV", "V", "nV") if _within(value * _UV_PER[unit], TYPICAL_UV)]
    return fitting[0] if fitting else None


def outside_range(amplitude_uv: np.ndarray, ch_names: Sequence[str]) -> list[str]:
    """Channels whose amplitude no EEG has."""
    return [ch for ch, value in zip(ch_names, amplitude_uv, strict=True) if not _within(value, CHANNEL_UV)]
