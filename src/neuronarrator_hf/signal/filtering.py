"""From native samples to 200 Hz: one linear-phase chain that gives the same samples from any block."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

import numpy as np
from scipy import fft
from scipy.signal import firwin

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
SINGLE_PRECISION_UV = 400.0
"""A block that stays within this of its median is worked in single precision (error below 3e-4 uV)."""
_MAX_PHASES = 256
"""Output samples per repeat of the resampling pattern up to which one matrix holds all of them."""


class FilterChain:
    """Band-pass, optional notch and resampling as one zero-phase FIR chain with a finite context.

    Sample `k` of the output lies at `k / out_sfreq` seconds from the start of the recording, whatever
    block it was computed from: any block that holds `context_s` on both sides of it (or the true edge of
    the recording) gives the same value. Two stages: a Kaiser-windowed sinc that low-passes and
    resamples, then at the output rate one Hamming-windowed kernel for the lower edge and the notch.
    Both have a gain at 0 Hz that is exact (1 and 0), so an offset of any size leaves nothing behind.

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
        # A frame of native samples gives a pattern's outputs; short patterns are repeated within a frame.
        # With frames of up to twice the kernel few samples are copied twice and few products are with zeros.
        self._n_repeats = self._margin = 0
        if self._ratio is not None and self._ratio.denominator <= _MAX_PHASES:
            self._n_repeats = max(1, 2 * self._half // self._ratio.numerator)
            self._margin = self._n_repeats * self._ratio.numerator + 2
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
        need_start, need_stop = self.input_range(out_start, out_stop)
        low = max(need_start - start_sample, 0)
        high = min(need_stop - start_sample, n_times)
        block = eeg_uv[..., low:high]
        # The chain has no gain at 0 Hz, so a constant may go first; what is left is small in any precision.
        constant = np.median(block[..., :: max(block.shape[-1] // 64, 1)], axis=-1, keepdims=True)
        ends = block.max(axis=-1, keepdims=True) - constant, block.min(axis=-1, keepdims=True) - constant
        largest = max(ends[0].max(initial=0.0), -ends[1].min(initial=0.0))
        if not np.isfinite(largest):
            raise ValueError("the samples hold NaN or infinity; treat missing samples as a gap")
        dtype = self.dtype or np.dtype(np.float32 if largest <= SINGLE_PRECISION_UV else np.float64)
        before, after = start_sample + low - need_start, need_stop - start_sample - high
        block = _continued(block, constant, before, after, self._margin, dtype)
        coarse = self._resample(
            block, need_start - self._margin, out_start - self._n_fine, out_stop + self._n_fine
        )
        return _convolve_valid(coarse, self._fine).astype(np.float32, copy=False)

    def apply_windows(self, eeg_uv: np.ndarray) -> np.ndarray:
        """Whole rows `(..., n_times)` from the start of their recording, both ends true edges."""
        return self.apply(eeg_uv, 0, *self.n_output(0, eeg_uv.shape[-1]))

    def _resample(self, block: np.ndarray, block_start: int, out_start: int, out_stop: int) -> np.ndarray:
        """Low-passed block at the output samples; it holds all native samples needed and `_margin` more."""
        if self._ratio is None or not self._n_repeats:
            return self._resample_directly(block, block_start, out_start, out_stop)
        matrix = _frame_matrix(
            self._ratio, self._n_repeats, self._half, self.sfreq, self._cutoff_hz, self._half_s, self._beta
        ).astype(block.dtype, copy=False)
        n_out, hop = self._ratio.denominator * self._n_repeats, self._ratio.numerator * self._n_repeats
        first_frame, last_frame = out_start // n_out, -(-out_stop // n_out)
        first_sample = first_frame * hop - self._half - block_start
        frames = np.lib.stride_tricks.sliding_window_view(block, len(matrix), axis=-1)
        frames = frames[..., first_sample::hop, :][..., : last_frame - first_frame, :]
        values = (frames @ matrix).reshape(*block.shape[:-1], -1)
        skip = out_start - first_frame * n_out
        return values[..., skip : skip + out_stop - out_start]

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
def _frame_matrix(
    ratio: Fraction, n_repeats: int, half: int, sfreq: float, cutoff_hz: float, half_s: float, beta: float
) -> np.ndarray:
    """`(n_samples, n_outputs)`: a frame of native samples to the outputs that lie in it.

    Sample `half` of the frame lies at the first output. Every column sums to 1.
    """
    n_outputs = ratio.denominator * n_repeats
    position = np.arange(n_outputs) * ratio.numerator / ratio.denominator
    n_samples = int(position[-1]) + 2 * half + 2
    offset = np.arange(n_samples)[:, None] - half - position
    matrix = _low_pass(offset / sfreq, cutoff_hz, half_s, beta)
    return matrix / matrix.sum(axis=0)


@lru_cache(maxsize=32)
def _fine_kernel(sfreq: float, low_hz: float, notches_hz: tuple[float, ...]) -> np.ndarray:
    """Symmetric kernel of the lower edge and the notches, with a gain of exactly 0 at 0 Hz."""
    n_half = round(3.3 / HIGH_PASS_TRANSITION_HZ * sfreq / 2)
    n_taps = 2 * n_half + 1
    cutoff_hz = low_hz - HIGH_PASS_TRANSITION_HZ / 2 if low_hz > HIGH_PASS_TRANSITION_HZ / 2 else low_hz / 2
    kernel = -firwin(n_taps, cutoff_hz, fs=sfreq, window="hamming", scale=True)
    kernel[n_half] += 1.0
    for notch_hz in notches_hz:
        edges = [notch_hz - NOTCH_HALF_WIDTH_HZ, notch_hz + NOTCH_HALF_WIDTH_HZ]
        kernel -= firwin(n_taps, edges, fs=sfreq, window="hamming", pass_zero=False, scale=True)
    kernel[n_half] -= kernel.sum()
    kernel.setflags(write=False)
    return kernel


def _continued(
    block: np.ndarray, constant: np.ndarray, n_before: int, n_after: int, margin: int, dtype: np.dtype
) -> np.ndarray:
    """The block less a constant, continued by odd reflection (again and again where it is short).

    On both sides `margin` zeros stand beyond that.
    """
    n_times, start = block.shape[-1], margin + n_before
    values = np.zeros((*block.shape[:-1], start + n_times + n_after + margin), dtype=dtype)
    inside = values[..., start : start + n_times]
    np.subtract(block, constant, out=inside, casting="same_kind")
    if n_before:
        values[..., margin:start] = _reflected(inside[..., : n_before + 1], n_before, 0)[..., :n_before]
    if n_after:
        beyond = slice(start + n_times, start + n_times + n_after)
        values[..., beyond] = _reflected(inside[..., -n_after - 1 :], 0, n_after)[..., -n_after:]
    return values


def _reflected(values: np.ndarray, n_before: int, n_after: int) -> np.ndarray:
    if values.shape[-1] == 1:
        mode: dict[str, str] = {"mode": "edge"}
    else:
        mode = {"mode": "reflect", "reflect_type": "odd"}
    return np.pad(values, [(0, 0)] * (values.ndim - 1) + [(n_before, n_after)], **mode)  # type: ignore[call-overload]


def _convolve_valid(values: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Convolution with a symmetric kernel where it overlaps fully, by FFT over blocks of fair size."""
    n_taps = len(kernel)
    n_out = values.shape[-1] - n_taps + 1
    n_pieces = -(-n_out // (12 * n_taps))
    hop = -(-n_out // n_pieces)
    n_block = fft.next_fast_len(hop + n_taps - 1, real=True)
    response = fft.rfft(kernel, n_block).astype(np.result_type(values.dtype, np.complex64))
    result = np.empty((*values.shape[:-1], n_out), dtype=values.dtype)
    for start in range(0, n_out, hop):
        stop = min(start + hop, n_out)
        piece = fft.rfft(values[..., start : stop + n_taps - 1], n_block, axis=-1)
        piece *= response
        filtered = fft.irfft(piece, n_block, axis=-1)[..., n_taps - 1 :]
        result[..., start:stop] = filtered[..., : stop - start]
    return result


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
