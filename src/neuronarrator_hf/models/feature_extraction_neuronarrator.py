"""Feature extractor: windows of EEG to the inputs of the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from transformers import BatchFeature, SequenceFeatureExtractor

from ..signal.interpolation import average_reference, to_sites
from ..signal.montage import SITES_1020, canonical_name, electrode_positions
from ..signal.spectral import SPECTRUM_FLOOR, band_power, log_spectrum_from_psd, power_spectrum
from ..signal.topomap import MAP_SIZE, topographic_maps
from ..signal.windows import SFREQ_HZ, WINDOW_N_TIMES, EEGWindows
from .installed_code import InstalledCode

ACCEPTED_INPUTS = (
    'EEG is given as `signal.windows.EEGWindows`, as {"array": (n_channels, n_times) or (n_windows, '
    "n_channels, "
    'n_times), "sampling_rate": Hz, "ch_names": [...], "units": "uV" or "V"}, or as such an array with '
    "`ch_names` and `sampling_rate` beside it; or as a list of these. Windows are filtered, at 200 "
    "Hz and 10 s "
    "long; `recording.windows.iter_windows` and the pipeline make them from any file."
)
_TO_UV = {"uv": 1.0, "µv": 1.0, "μv": 1.0, "microvolts": 1.0, "v": 1e6, "volts": 1e6, "mv": 1e3}


class NeuroNarratorFeatureExtractor(InstalledCode, SequenceFeatureExtractor):
    """Windows of any montage to waveform, spectrum and maps.

    Attributes:
        feature_size: Number of sites on which spectrum and maps are made.
        sampling_rate: Hz of the windows.
        n_times: Samples of a window.
        map_size: Pixels of a side of a map.
    """

    model_input_names: ClassVar = [
        "eeg_values",
        "channel_positions",
        "channel_mask",
        "window_mask",
        "spectral_values",
        "topomap_values",
        "gap_s",
    ]

    def __init__(
        self,
        feature_size: int = len(SITES_1020),
        sampling_rate: float | int = SFREQ_HZ,
        padding_value: float = 0.0,
        n_times: int = WINDOW_N_TIMES,
        map_size: int = MAP_SIZE,
        **kwargs: Any,
    ):
        super().__init__(
            feature_size=feature_size, sampling_rate=sampling_rate, padding_value=padding_value, **kwargs
        )
        self.n_times = n_times
        self.map_size = map_size

    def __call__(
        self,
        eeg: Any,
        sampling_rate: float | None = None,
        ch_names: Sequence[str] | None = None,
        units: str | None = None,
        return_tensors: str | None = None,
        **kwargs: Any,
    ) -> BatchFeature:
        """Inputs of the model for one recording's windows or a list of them.

        Samples with fewer windows are padded before the first one (`window_mask`), with fewer channels
        after the last one (`channel_mask`).

        Args:
            eeg: See `ACCEPTED_INPUTS`.
            sampling_rate: Hz of plain arrays.
            ch_names: Names of the channels of plain arrays.
            units: `uV` (default) or `V`.
            return_tensors: `pt` or `np`.
            **kwargs: Ignored.

        Raises:
            ValueError: Rate, length, names or amplitudes are not as expected.
        """
        samples = eeg if isinstance(eeg, list | tuple) else [eeg]
        if not samples:
            raise ValueError(f"no EEG given. {ACCEPTED_INPUTS}")
        windows = [self._as_windows(sample, sampling_rate, ch_names, units) for sample in samples]
        return BatchFeature(_left_pad([self._features(w) for w in windows]), tensor_type=return_tensors)

    def from_sites(
        self,
        site_uv: np.ndarray,
        site_mask: np.ndarray | None = None,
        time_mask: np.ndarray | None = None,
        has_electrode: np.ndarray | None = None,
    ) -> dict[str, np.ndarray]:
        """Inputs from arrays at the 19 sites, all windows of all recordings at once.

        Args:
            site_uv: `(n_recordings, n_windows, 19, n_times)` or `(n_windows, 19, n_times)` microvolts.
            site_mask: Bool of the same shape without `n_times`; None: all sites can be evaluated.
            time_mask: Bool `(..., n_windows, n_times)`; None: all samples were recorded.
            has_electrode: `(n_recordings, 19)` bool; a site without an electrode has no position, one
                with an electrode that is masked records nothing. None: all sites have one.

        Returns:
            `eeg_values`, `channel_positions`, `channel_mask`, `spectral_values`, `topomap_values` with
            the leading axes of `site_uv`.
        """
        if site_uv.shape[-2:] != (self.feature_size, self.n_times):
            raise ValueError(
                f"arrays at the sites have shape {site_uv.shape}; expected (..., {self.feature_size}, "
                f"{self.n_times}) "
                "in the order of signal.montage.SITES_1020"
            )
        leading = site_uv.shape[:-2]
        site_mask = np.ones(site_uv.shape[:-1], dtype=bool) if site_mask is None else site_mask
        spectral_values, topomap_values = self.spectra_and_maps(
            site_uv.reshape(-1, *site_uv.shape[-2:]),
            site_mask.reshape(-1, site_mask.shape[-1]),
            None if time_mask is None else time_mask.reshape(-1, time_mask.shape[-1]),
        )
        positions = electrode_positions(SITES_1020)
        positions = np.broadcast_to(positions, (*leading[:-1], *positions.shape))
        if has_electrode is not None:
            positions = np.where(has_electrode[..., None], positions, 0.0).astype(positions.dtype)
        return {
            "eeg_values": site_uv.astype(np.float32, copy=False),
            "channel_positions": positions,
            "channel_mask": site_mask,
            "spectral_values": spectral_values.reshape(*leading, *spectral_values.shape[1:]),
            "topomap_values": topomap_values.reshape(*leading, *topomap_values.shape[1:]),
        }

    def spectra_and_maps(
        self, site_uv: np.ndarray, site_mask: np.ndarray, time_mask: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Log spectra `(n, 19, n_freqs)` and maps `(n, n_bands, size, size)` of windows at the sites.

        Both are taken against a robust average, so that the recording's reference does not enter.
        """
        referenced = average_reference(site_uv, site_mask)
        freqs, psd = power_spectrum(referenced, self.sampling_rate, time_mask=time_mask)
        maps = topographic_maps(band_power(freqs, psd), site_mask, self.map_size)
        return log_spectrum_from_psd(freqs, psd, site_mask), maps

    def _features(self, windows: EEGWindows) -> dict[str, np.ndarray]:
        site_uv, site_mask = to_sites(windows)
        spectral_values, topomap_values = self.spectra_and_maps(site_uv, site_mask, windows.time_mask)
        ends_s = np.concatenate([windows.start_s[:1], windows.end_s[:-1]])
        eeg_uv = windows.eeg_uv
        if not windows.channel_mask.all():
            eeg_uv = np.where(windows.channel_mask[..., None], eeg_uv, np.float32(0.0))
        known = np.isfinite(windows.positions).all(axis=1) & windows.positions.any(axis=1)
        return {
            "eeg_values": np.require(eeg_uv, np.float32, "W"),  # the samples themselves where they can be
            "channel_positions": np.where(known[:, None], windows.positions, 0.0).astype(np.float32),
            "channel_mask": windows.channel_mask & known,
            "window_mask": np.ones(len(windows), dtype=bool),
            "spectral_values": spectral_values,
            "topomap_values": topomap_values,
            "gap_s": np.maximum(windows.start_s - ends_s, 0.0).astype(np.float32),
        }

    def _as_windows(
        self, sample: Any, sampling_rate: float | None, ch_names: Sequence[str] | None, units: str | None
    ) -> EEGWindows:
        if isinstance(sample, Mapping):
            if "array" not in sample:
                raise ValueError(
                    f"the dictionary has keys {sorted(sample)} but no 'array'. {ACCEPTED_INPUTS}"
                )
            sampling_rate = sample.get("sampling_rate", sampling_rate)
            ch_names, units = sample.get("ch_names", ch_names), sample.get("units", units)
            sample = sample["array"]
        if isinstance(sample, EEGWindows):
            self._check_rate(sample.sfreq)
            self._check_length(sample.eeg_uv.shape[-1])
            if len(sample) == 0:
                raise ValueError("EEGWindows holds no window; expected at least one (2 s of recorded EEG)")
            return sample
        array = np.asarray(sample)
        if array.dtype == object or array.ndim not in (2, 3):
            raise ValueError(f"got {type(sample).__name__} of shape {array.shape}. {ACCEPTED_INPUTS}")
        self._check_rate(sampling_rate)
        eeg_uv = (array * self._to_uv(units)).astype(np.float32)
        eeg_uv = self._cut(eeg_uv) if eeg_uv.ndim == 2 else eeg_uv
        self._check_length(eeg_uv.shape[-1])
        if not np.isfinite(eeg_uv).all():
            raise ValueError(
                f"{int((~np.isfinite(eeg_uv)).sum())} samples are NaN or infinite; expected finite "
                "microvolts: "
                "cut them out, or mask their channels in EEGWindows.channel_mask"
            )
        names = self._names(ch_names, eeg_uv.shape[1])
        n_windows = len(eeg_uv)
        return EEGWindows(
            eeg_uv=eeg_uv,
            ch_names=names,
            positions=electrode_positions(names),
            start_s=np.arange(n_windows) * (self.n_times / self.sampling_rate),
            channel_mask=np.ones(eeg_uv.shape[:2], dtype=bool) & (eeg_uv.std(axis=-1) > 1e-3),
            time_mask=np.ones((n_windows, self.n_times), dtype=bool),
        )

    def _cut(self, eeg_uv: np.ndarray) -> np.ndarray:
        """`(n_channels, n_times)` to whole windows in time order."""
        n_windows = eeg_uv.shape[1] // self.n_times
        if n_windows == 0 or eeg_uv.shape[1] % self.n_times:
            raise ValueError(
                f"the array has {eeg_uv.shape[1]} samples; expected a multiple of {self.n_times} "
                f"({self.n_times / self.sampling_rate:g} s at {self.sampling_rate:g} Hz): cut it with "
                "recording.windows.iter_windows, which also pads and masks what is shorter"
            )
        return eeg_uv.reshape(len(eeg_uv), n_windows, self.n_times).swapaxes(0, 1)

    def _check_rate(self, sampling_rate: float | None) -> None:
        if sampling_rate is None:
            raise ValueError(
                f"sampling_rate is missing; expected {self.sampling_rate:g} Hz: pass sampling_rate=..."
            )
        if abs(sampling_rate - self.sampling_rate) > 1e-6:
            raise ValueError(
                f"sampling_rate={sampling_rate:g} Hz; expected {self.sampling_rate:g} Hz: use "
                "pipeline('eeg-to-text') or "
                "recording.windows.iter_windows, which filter and resample"
            )

    def _check_length(self, n_times: int) -> None:
        if n_times != self.n_times:
            raise ValueError(
                f"windows have {n_times} samples; expected {self.n_times} "
                f"({self.n_times / self.sampling_rate:g} s): cut them with recording.windows.iter_windows"
            )

    @staticmethod
    def _to_uv(units: str | None) -> float:
        if units is None:
            return 1.0
        if units.lower() not in _TO_UV:
            raise ValueError(f"units={units!r}; expected 'uV' or 'V'")
        return _TO_UV[units.lower()]

    @staticmethod
    def _names(ch_names: Sequence[str] | None, n_channels: int) -> tuple[str, ...]:
        if ch_names is None:
            raise ValueError(
                f"ch_names is missing for {n_channels} channels; pass names such as 'Fp1', 'C3', 'O2'"
            )
        if len(ch_names) != n_channels:
            raise ValueError(
                f"{len(ch_names)} ch_names for {n_channels} channels; expected one name per channel"
            )
        names = [canonical_name(name) for name in ch_names]
        unknown = [repr(given) for given, name in zip(ch_names, names, strict=True) if name is None]
        if unknown:
            raise ValueError(
                f"no position is known for {', '.join(unknown)}; expected electrodes of the 10-05 "
                "system: drop these "
                "channels, or pass EEGWindows with positions of your own"
            )
        return tuple(names)


def _left_pad(samples: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Stack samples; missing windows come before the first, missing channels after the last."""
    if len(samples) == 1:
        return {name: values[None] for name, values in samples[0].items()}
    n_windows = max(len(sample["window_mask"]) for sample in samples)
    n_channels = max(len(sample["channel_positions"]) for sample in samples)
    batch = {}
    for name in samples[0]:
        padded = []
        for sample in samples:
            values = sample[name]
            widths = [(0, 0)] * values.ndim
            if name != "channel_positions":
                widths[0] = (n_windows - len(values), 0)
            if name in ("eeg_values", "channel_mask"):
                widths[1] = (0, n_channels - values.shape[1])
            if name == "channel_positions":
                widths[0] = (0, n_channels - len(values))
            fill = SPECTRUM_FLOOR if name == "spectral_values" else 0
            padded.append(np.pad(values, widths, constant_values=fill))
        batch[name] = np.stack(padded)
    return batch


__all__ = ["ACCEPTED_INPUTS", "NeuroNarratorFeatureExtractor"]
