"""From native samples to 200 Hz: one linear-phase chain that gives the same samples from any block."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

import numpy as np
from scipy import fft

from .kernels import band_kernel, low_pass_kernel
from .spectral import power_spectrum
from .windows import SFREQ_HZ

HIGH_PASS_TRANSITION_HZ = 0.5
"""From nothing at 0 Hz to everything at 0.5 Hz. A Hamming window needs 3.3 / 0.5 Hz = 6.6 s for it: that
is what sets the context of 3.3 s on both sides, and the latency of a live stream."""
LOW_PASS_TRANSITION_HZ = 15.0
"""From the upper edge to full attenuation (80 dB), or to the Nyquist frequency where that is nearer."""
LOW_PASS_ATTENUATION_DB = 80.0
NOTCH_HALF_WIDTH_HZ = 1.0
"""A notch is 6 dB down at this distance from the mains frequency and 50 dB down within half of it."""
STOP_BAND_HZ = 10.0
"""Beyond full attenuation what is left vanishes within this: a gain that broke off would ring on."""
SINGLE_PRECISION_UV = 400.0
"""A block that stays within this of its median is worked in single precision (error below 3e-4 uV)."""
_MAX_PHASES = 256
"""Output samples per repeat of the resampling pattern up to which a ratio of rates counts as simple."""
_PIECE_S = 53.0
"""Seconds worked on at a time. With the context a minute: a length with small factors at the usual rates,
and 20 channels of it stay in a core's cache."""


class FilterChain:
    """Band-pass, optional notch and resampling as one zero-phase FIR chain with a finite context.

    Sample `k` of the output lies at `k / out_sfreq` seconds from the start of the recording, whatever
    block it was computed from: any block that holds `context_s` on both sides of it (or the true edge of
    the recording) gives the same value. Two kernels: a Kaiser-windowed sinc that low-passes, and one
    Hamming-windowed kernel for the lower edge and the notch, whose gain of 0 at 0 Hz is exact, so that
    an offset of any size leaves nothing behind. Where the rates are in a simple ratio both and the
    resampling are one product of spectra, else the low-pass is evaluated sample by sample.

    Args:
        sfreq: Native sampling rate in Hz, any positive number.
        mains_hz: Frequency of the notch (with its harmonics below the upper edge), or None.
        low_hz: Lower edge of the pass band.
        high_hz: Upper edge; lowered to 0.45 times the lower of the two rates where it is above.
        out_sfreq: Rate of the output.
        dtype: Precision of the work; by default single where `SINGLE_PRECISION_UV` allows, else double.

    Attributes:
        context_s: Seconds needed on both sides of the output.
        high_hz: Upper edge in use.
    """

    def __init__(
        self,
        sfreq: float,
        mains_hz: float | None = None,
        low_hz: float = 0.5,
        high_hz: float = 75.0,
        out_sfreq: float = SFREQ_HZ,
        *,
        dtype: type | None = None,
    ) -> None:
        for name, value in (("sfreq", sfreq), ("out_sfreq", out_sfreq), ("low_hz", low_hz)):
            if not (value > 0 and math.isfinite(value)):
                raise ValueError(f"{name} must be positive and finite, got {value}")
        self.sfreq = float(sfreq)
        self.out_sfreq = float(out_sfreq)
        self.mains_hz = mains_hz
        self.low_hz = float(low_hz)
        self.dtype = None if dtype is None else np.dtype(dtype)
        nyquist = min(self.sfreq, self.out_sfreq) / 2
        self.high_hz = min(float(high_hz), 0.9 * nyquist)
        if self.high_hz <= self.low_hz:
            raise ValueError(f"{sfreq} Hz is too slow for a pass band from {low_hz} Hz")
        stop_hz = min(self.high_hz + LOW_PASS_TRANSITION_HZ, nyquist)
        self._cutoff_hz = (self.high_hz + stop_hz) / 2
        width = stop_hz - self.high_hz
        self._beta = 0.1102 * (LOW_PASS_ATTENUATION_DB - 8.7)
        self._half_s = (LOW_PASS_ATTENUATION_DB - 7.95) / (14.36 * width) / 2
        self._fine = _fine_kernel(self.out_sfreq, self.low_hz, self._notches())
        self._n_fine = len(self._fine) // 2
        self._half = math.ceil(self._half_s * self.sfreq)
        self._ratio = _rational(self.sfreq / self.out_sfreq)  # native samples per output sample
        self.context_s = self._n_fine / self.out_sfreq + (self._half + 1) / self.sfreq

    def _notches(self) -> tuple[float, ...]:
        if self.mains_hz is None:
            return ()
        if not self.mains_hz > 2 * NOTCH_HALF_WIDTH_HZ:
            raise ValueError(f"mains_hz must be a mains frequency such as 50 or 60, got {self.mains_hz}")
        end = self._cutoff_hz + LOW_PASS_TRANSITION_HZ  # beyond, the low-pass leaves nothing
        end = min(end, self.sfreq / 2, self.out_sfreq / 2 - NOTCH_HALF_WIDTH_HZ - 0.5)
        return tuple(float(f) for f in np.arange(1, int(end / self.mains_hz) + 1) * self.mains_hz)

    def input_range(self, out_start: int, out_stop: int) -> tuple[int, int]:
        """Native samples `[start, stop)` that the output samples `[out_start, out_stop)` depend on.

        The range may reach beyond the recording; cut it there and `apply` takes the cut for the edge.
        """
        start = math.floor((out_start / self.out_sfreq - self.context_s) * self.sfreq)
        stop = math.ceil((out_stop / self.out_sfreq + self.context_s) * self.sfreq) + 1
        return start, stop

    def n_output(self, start_sample: int, stop_sample: int) -> tuple[int, int]:
        """Output samples `[start, stop)` that lie within the native samples `[start_sample, stop_sample)`."""
        return self._ceil_output(start_sample), self._ceil_output(stop_sample)

    def _ceil_output(self, sample: int) -> int:
        if self._ratio is not None:
            return math.ceil(Fraction(sample) / self._ratio)
        return math.ceil(sample * self.out_sfreq / self.sfreq - 1e-6)

    def apply(self, eeg_uv: np.ndarray, start_sample: int, out_start: int, out_stop: int) -> np.ndarray:
        """Filtered samples `[out_start, out_stop)` of the output grid.

        Args:
            eeg_uv: `(..., n_times)` gap-free native samples in microvolts, with the context of
                `input_range` as far as the recording has it. Where a side holds less, the end of the
                block is taken for the edge of the recording and continued by odd reflection.
            start_sample: Number of the first native sample, counted from the start of the recording.
            out_start: First output sample wanted.
            out_stop: First output sample not wanted any more.

        Returns:
            `(..., out_stop - out_start)` float32 microvolts.

        Raises:
            ValueError: The output lies outside the block, or the block holds values that are not finite.
        """
        eeg_uv = np.asarray(eeg_uv)
        n_times = eeg_uv.shape[-1]
        first, last = self.n_output(start_sample, start_sample + n_times)
        if not (first <= out_start <= out_stop <= last):
            raise ValueError(
                f"output samples {out_start} to {out_stop} are not inside {first} to {last}, "
                f"which the {n_times} samples from {start_sample} on reach"
            )
        if out_start == out_stop:
            return np.zeros((*eeg_uv.shape[:-1], 0), dtype=np.float32)
        result = np.empty((*eeg_uv.shape[:-1], out_stop - out_start), dtype=np.float32)
        n_pieces = math.ceil((out_stop - out_start) / (_PIECE_S * self.out_sfreq))
        step = -(-(out_stop - out_start) // n_pieces)
        for start in range(out_start, out_stop, step):
            stop = min(start + step, out_stop)
            result[..., start - out_start : stop - out_start] = self._piece(eeg_uv, start_sample, start, stop)
        return result

    def _piece(self, eeg_uv: np.ndarray, start_sample: int, out_start: int, out_stop: int) -> np.ndarray:
        """`apply` of a stretch that is worked on at once."""
        need_start, need_stop = self.input_range(out_start, out_stop)
        low = max(need_start - start_sample, 0)
        high = min(need_stop - start_sample, eeg_uv.shape[-1])
        block = eeg_uv[..., low:high]
        # The chain has no gain at 0 Hz, so a constant may go first; what is left is small in any precision.
        constant = np.median(block[..., :: max(block.shape[-1] // 64, 1)], axis=-1, keepdims=True)
        ends = block.max(axis=-1, keepdims=True) - constant, block.min(axis=-1, keepdims=True) - constant
        largest = max(ends[0].max(initial=0.0), -ends[1].min(initial=0.0))
        if not np.isfinite(largest):
            raise ValueError("the samples hold NaN or infinity; treat missing samples as a gap")
        dtype = self.dtype or np.dtype(np.float32 if largest <= SINGLE_PRECISION_UV else np.float64)
        before, after = start_sample + low - need_start, need_stop - start_sample - high
        fine = (self.out_sfreq, self.low_hz, self._notches())
        if self._ratio is None or self._ratio.denominator > _MAX_PHASES:
            n_need = need_stop - need_start
            block = _continued(block, constant, before, after, offset=0, n_times=n_need, dtype=dtype)
            first, last = out_start - self._n_fine, out_stop + self._n_fine
            coarse = self._resample_directly(block, need_start, first, last)
            n_block = fft.next_fast_len(coarse.shape[-1], real=True)
            filtered = _filtered(coarse, n_block, n_block, _fine_response(n_block, *fine))
            return filtered[..., self._n_fine : self._n_fine + out_stop - out_start]
        # The frame begins where a native and an output sample coincide, and is whole periods of both long.
        per_period, out_per_period = self._ratio.numerator, self._ratio.denominator
        first = need_start // per_period
        n_periods = fft.next_fast_len(-(-need_stop // per_period) - first, real=True)
        offset = need_start - first * per_period
        n_in, n_out = n_periods * per_period, n_periods * out_per_period
        frame = _continued(block, constant, before, after, offset=offset, n_times=n_in, dtype=dtype)
        low_pass = (self.sfreq, self._cutoff_hz, self._half_s, self._beta)
        filtered = _filtered(frame, n_in, n_out, _response(n_in, n_out, low_pass, fine))
        skip = out_start - first * out_per_period
        return filtered[..., skip : skip + out_stop - out_start]

    def apply_windows(self, eeg_uv: np.ndarray) -> np.ndarray:
        """Whole rows `(..., n_times)` from the start of their recording, both ends true edges."""
        return self.apply(eeg_uv, 0, *self.n_output(0, eeg_uv.shape[-1]))

    def _resample_directly(
        self, block: np.ndarray, block_start: int, out_start: int, out_stop: int
    ) -> np.ndarray:
        """For rates in no simple ratio: the kernel evaluated anew for every output sample."""
        values = np.empty((*block.shape[:-1], out_stop - out_start), dtype=block.dtype)
        taps = np.arange(-self._half, self._half + 2)
        for begin in range(out_start, out_stop, 4096):
            output = np.arange(begin, min(begin + 4096, out_stop))
            position = output * (self.sfreq / self.out_sfreq)
            centre = np.floor(position).astype(np.int64)
            offset = taps - (position - centre)[:, None]
            kernel = _low_pass(offset / self.sfreq, self._cutoff_hz, self._half_s, self._beta)
            kernel /= kernel.sum(axis=1, keepdims=True)
            index = centre[:, None] + taps - block_start
            for row in np.ndindex(block.shape[:-1]):
                target = slice(begin - out_start, begin - out_start + len(output))
                values[row][target] = np.einsum("kt,kt->k", block[row][index], kernel)
        return values


def _rational(ratio: float) -> Fraction | None:
    """The fraction that a ratio of rates stands for, or None where it is in no simple ratio."""
    fraction = Fraction(ratio).limit_denominator(20_000)
    return fraction if abs(float(fraction) - ratio) < 1e-12 * ratio else None


def _low_pass(time_s: np.ndarray, cutoff_hz: float, half_s: float, beta: float) -> np.ndarray:
    """Kaiser-windowed sinc, zero beyond `half_s`."""
    inside = np.clip(1.0 - (time_s / half_s) ** 2, 0.0, None)
    taper = np.where(np.abs(time_s) <= half_s, np.i0(beta * np.sqrt(inside)), 0.0)
    return np.sinc(2 * cutoff_hz * time_s) * taper


@lru_cache(maxsize=32)
def _fine_kernel(sfreq: float, low_hz: float, notches_hz: tuple[float, ...]) -> np.ndarray:
    """Symmetric kernel of the lower edge and the notches, with a gain of exactly 0 at 0 Hz."""
    n_half = round(3.3 / HIGH_PASS_TRANSITION_HZ * sfreq / 2)
    n_taps = 2 * n_half + 1
    cutoff_hz = low_hz - HIGH_PASS_TRANSITION_HZ / 2 if low_hz > HIGH_PASS_TRANSITION_HZ / 2 else low_hz / 2
    kernel = -low_pass_kernel(n_taps, cutoff_hz, sfreq)
    kernel[n_half] += 1.0
    for notch_hz in notches_hz:
        low, high = notch_hz - NOTCH_HALF_WIDTH_HZ, notch_hz + NOTCH_HALF_WIDTH_HZ
        kernel -= band_kernel(n_taps, low, high, sfreq)
    kernel[n_half] -= kernel.sum()
    kernel.setflags(write=False)
    return kernel


@lru_cache(maxsize=32)
def _fine_response(n_times: int, sfreq: float, low_hz: float, notches_hz: tuple[float, ...]) -> np.ndarray:
    """Gain of `_fine_kernel` at the frequencies of a transform of `n_times`, exactly 0 at 0 Hz."""
    kernel = _fine_kernel(sfreq, low_hz, notches_hz)
    gain = _gain(kernel[len(kernel) // 2 :], n_times)
    gain[0] = 0.0
    gain.setflags(write=False)
    return gain


@lru_cache(maxsize=32)
def _response(
    n_in: int,
    n_out: int,
    low_pass: tuple[float, float, float, float],
    fine: tuple[float, float, tuple[float, ...]],
) -> np.ndarray:
    """Gain of the whole chain from a transform of `n_in` to one of `n_out`; where it ends nothing is left."""
    sfreq, cutoff_hz, half_s, beta = low_pass
    width_hz = (LOW_PASS_ATTENUATION_DB - 7.95) / (14.36 * 2 * half_s)
    fineness = min(n_out // math.gcd(n_in, n_out), 4)  # up to the common multiple of both rates
    time_s = np.arange(math.ceil(half_s * sfreq * fineness) + 1) / (sfreq * fineness)
    kernel = _low_pass(time_s, cutoff_hz, half_s, beta)
    kernel /= 2.0 * kernel.sum() - kernel[0]
    bin_hz = sfreq / n_in
    stop_hz = cutoff_hz + width_hz / 2
    end_hz = min(stop_hz + STOP_BAND_HZ, n_out // 2 * bin_hz, sfreq)
    freqs = np.arange(math.ceil(end_hz / bin_hz)) * bin_hz
    beyond = np.clip((freqs - stop_hz) / max(end_hz - stop_hz, bin_hz), 0.0, 1.0)
    gain = _gain(kernel, n_in * fineness)
    gain = gain[: len(freqs)] * _fine_response(n_out, *fine)[: len(freqs)]
    gain *= (0.5 + 0.5 * np.cos(np.pi * beyond)) * (n_out / n_in)
    gain.setflags(write=False)
    return gain


def _gain(half_kernel: np.ndarray, n_times: int) -> np.ndarray:
    """Real response of a symmetric kernel, given from its middle on, at the bins of a transform."""
    return 2.0 * fft.rfft(half_kernel, n_times).real - half_kernel[0]


def _filtered(values: np.ndarray, n_in: int, n_out: int, response: np.ndarray) -> np.ndarray:
    """Rows padded with zeros to `n_in`, circularly filtered and given at `n_out` samples in their place."""
    spectrum = fft.rfft(values, n_in, axis=-1)
    n_have, n_freqs = spectrum.shape[-1], len(response)
    if n_freqs > n_have:  # above the native Nyquist frequency the spectrum goes on as its mirror
        mirrored = spectrum[..., n_in - n_freqs + 1 : n_in - n_have + 1][..., ::-1].conj()
        spectrum = np.concatenate([spectrum, mirrored], axis=-1)
    spectrum = spectrum[..., :n_freqs]
    spectrum *= response.astype(spectrum.real.dtype)
    return fft.irfft(spectrum, n_out, axis=-1)


def _continued(
    block: np.ndarray,
    constant: np.ndarray,
    n_before: int,
    n_after: int,
    *,
    offset: int,
    n_times: int,
    dtype: np.dtype,
) -> np.ndarray:
    """The block less a constant, continued by odd reflection (again and again where it is short).

    It stands from `offset` on in rows of `n_times`, which are zero before and behind it.
    """
    values = np.empty((*block.shape[:-1], n_times), dtype=dtype)
    start = offset + n_before
    stop = start + block.shape[-1]
    inside = values[..., start:stop]
    np.subtract(block, constant, out=inside, casting="same_kind")
    values[..., :offset] = 0.0
    values[..., stop + n_after :] = 0.0
    if n_before:
        values[..., offset:start] = _reflected(inside[..., : n_before + 1], n_before, 0)[..., :n_before]
    if n_after:
        beyond = slice(stop, stop + n_after)
        values[..., beyond] = _reflected(inside[..., -n_after - 1 :], 0, n_after)[..., -n_after:]
    return values


def _reflected(values: np.ndarray, n_before: int, n_after: int) -> np.ndarray:
    if values.shape[-1] == 1:
        mode: dict[str, str] = {"mode": "edge"}
    else:
        mode = {"mode": "reflect", "reflect_type": "odd"}
    return np.pad(values, [(0, 0)] * (values.ndim - 1) + [(n_before, n_after)], **mode)  # type: ignore[call-overload]


def detect_mains(eeg_uv: np.ndarray, sfreq: float) -> float | None:
    """Mains frequency that stands out as a narrow peak: 50.0, 60.0 or None.

    Args:
        eeg_uv: `(n_channels, n_times)` native samples, unfiltered; a minute is plenty.
        sfreq: Sampling rate in Hz.

    The peak within 0.5 Hz must be 6 times the background 1.5 to 6 Hz away (median over bins), in the
    middle one of the channels or more than 30 times in the upper tenth, and at least 0.1 uV strong.
    """
    eeg_uv = np.atleast_2d(eeg_uv)
    freqs, psd = power_spectrum(eeg_uv - eeg_uv.mean(axis=-1, keepdims=True), sfreq, window_s=4.0)
    found: dict[float, float] = {}
    for mains_hz in (50.0, 60.0):
        distance = np.abs(freqs - mains_hz)
        beside = (distance >= 1.5) & (distance <= 6.0)
        if mains_hz + 0.5 > sfreq / 2 or not beside.any() or not (distance <= 0.5).any():
            continue
        peak = psd[:, distance <= 0.5].max(axis=1)
        strength = np.sqrt(peak * 2 * (freqs[1] - freqs[0]))
        ratio = peak / np.maximum(np.median(psd[:, beside], axis=1), 1e-9)
        ratio = np.where(strength >= 0.1, ratio, 0.0)
        score = max(float(np.median(ratio)) / 6.0, float(np.quantile(ratio, 0.9)) / 30.0)
        if score > 1.0:
            found[mains_hz] = score
    return max(found, key=found.__getitem__) if found else None
