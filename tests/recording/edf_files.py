"""EDF and BDF files made byte by byte, so that every field can be right or wrong on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

NAMES_1020 = (
    "Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz",
    "C4", "T8", "P7", "P3", "Pz", "P4", "P8", "O1", "O2",
)  # fmt: skip
SECRETS = ("Jane", "Doe", "02-MAY-1951", "MRN123456", "Dr_Smith", "02.05.51", "AMP_SERIAL_77")


def eeg_like(
    n_channels: int, n_times: int, sfreq: float, seed: int = 0, scale_uv: float = 20.0
) -> np.ndarray:
    """Noise whose power falls with frequency, with a 10 Hz rhythm; microvolts, nothing below 1 Hz."""
    rng = np.random.default_rng(seed)
    freqs = np.fft.rfftfreq(n_times, 1 / sfreq)
    shape = np.where(freqs >= 1.0, 1 / np.maximum(freqs, 1.0), 0.0)
    spectrum = rng.standard_normal((n_channels, len(freqs))) + 1j * rng.standard_normal(
        (n_channels, len(freqs))
    )
    noise = np.fft.irfft(spectrum * shape, n_times)
    noise *= scale_uv / noise.std(axis=1, keepdims=True)
    rhythm = np.sin(2 * np.pi * 10 * np.arange(n_times) / sfreq + rng.uniform(0, 6, (n_channels, 1)))
    return noise + 0.5 * scale_uv * rhythm


@dataclass
class Signal:
    """One signal of a file: values in its physical unit."""

    label: str
    values: np.ndarray
    sfreq: float = 200.0
    dimension: str = "uV"
    physical: tuple[float, float] = (-3276.8, 3276.7)
    transducer: str = "AMP_SERIAL_77"
    prefiltering: str = "HP:0.1Hz LP:75Hz"


def edf_bytes(
    signals: Sequence[Signal],
    *,
    record_s: float = 1.0,
    kind: str = "EDF",
    onsets_s: Sequence[float] | None = None,
    annotations: Sequence[tuple[float, float, str]] = (),
    n_records_told: int | None = None,
) -> bytes:
    """A file of `kind` EDF, EDF+C, EDF+D, BDF, BDF+C or BDF+D, with a patient in its header."""
    bdf, plus = kind.startswith("BDF"), "+" in kind
    width = 3 if bdf else 2
    counts = [round(s.sfreq * record_s) for s in signals]
    n_records = min(len(s.values) // c for s, c in zip(signals, counts, strict=True))
    onsets_s = list(onsets_s if onsets_s is not None else np.arange(n_records) * record_s)
    digital = (-(2**23), 2**23 - 1) if bdf else (-32768, 32767)
    stored = []
    for s in signals:
        low, high = s.physical
        gain = (high - low) / (digital[1] - digital[0])
        stored.append(np.clip(np.rint((s.values - low) / gain + digital[0]), *digital).astype("<i4"))
    tal_counts = []
    if plus:
        tal_counts = [60 if bdf else 90]
    n = len(signals) + len(tal_counts)

    def column(values: Sequence[str], size: int) -> bytes:
        return b"".join(v.encode("latin-1")[:size].ljust(size) for v in values)

    patient = "MRN123456 F 02-MAY-1951 Jane_Doe" if plus else "Jane Doe MRN123456"
    header = b"\xffBIOSEMI" if bdf else b"0".ljust(8)
    header += (
        patient.encode().ljust(80)
        + b"Startdate 02-MAY-1951 X Dr_Smith X".ljust(80)
        + b"02.05.51"
        + b"12.34.56"
    )
    reserved = kind if plus else ("24BIT" if bdf else "")
    header += str(256 * (n + 1)).encode().ljust(8) + reserved.encode().ljust(44)
    header += str(n_records if n_records_told is None else n_records_told).encode().ljust(8)
    header += f"{record_s:g}".encode().ljust(8) + str(n).encode().ljust(4)
    extra = len(tal_counts)
    header += column([s.label for s in signals] + [f"{kind[:3]} Annotations"] * extra, 16)
    header += column([s.transducer for s in signals] + [""] * extra, 80)
    header += column([s.dimension for s in signals] + [""] * extra, 8)
    header += column([f"{s.physical[0]:g}" for s in signals] + ["-1"] * extra, 8)
    header += column([f"{s.physical[1]:g}" for s in signals] + ["1"] * extra, 8)
    header += column([str(digital[0])] * n, 8) + column([str(digital[1])] * n, 8)
    header += column([s.prefiltering for s in signals] + [""] * extra, 80)
    header += column([str(c) for c in counts + tal_counts], 8) + column([""] * n, 32)

    body = []
    for record in range(n_records):
        for values, count in zip(stored, counts, strict=True):
            part = values[record * count : (record + 1) * count]
            body.append(part.view(np.uint8).reshape(-1, 4)[:, :width].tobytes())
        if plus:
            tal = f"+{onsets_s[record]:g}\x14\x14\x00"
            for onset, duration, text in annotations:
                if record == min(int(onset / record_s), n_records - 1):
                    tal += f"+{onset:g}" + (f"\x15{duration:g}" if duration else "") + f"\x14{text}\x14\x00"
            body.append(tal.encode()[: tal_counts[0] * width].ljust(tal_counts[0] * width, b"\x00"))
    return header + b"".join(body)


def write_1020(path, *, seconds: float = 20.0, sfreq: float = 200.0, seed: int = 0, **options) -> np.ndarray:
    """A file of the 19 sites; returns what it holds in microvolts."""
    eeg_uv = eeg_like(19, round(seconds * sfreq), sfreq, seed)
    path.write_bytes(
        edf_bytes([Signal(n, v, sfreq) for n, v in zip(NAMES_1020, eeg_uv, strict=True)], **options)
    )
    return eeg_uv
