"""Mutated EDF and BDF files: read or refused in one line, in bounded time, never with another error."""

from __future__ import annotations

import collections
import resource
import time

import numpy as np
import pytest
from edf_files import NAMES_1020, SECRETS, Signal, edf_bytes, eeg_like

from neuronarrator_hf.recording.reading import RecordingError, read_recording

LIMIT_S = 5.0
_HOSTILE = (
    b"", b"0", b"-1", b"1e308", b"nan", b"inf", b"99999999", b"-32768", b"\x00" * 8, b"\xff" * 8, b"1,5",
    b"+0",
    b"1e-30", b"EDF+D", b"EDF Annotations", b"2147483648",
)  # fmt: skip


def seeds() -> list[tuple[str, bytes]]:
    """Small files of every kind that the mutations start from."""
    eeg_uv = eeg_like(19, 200 * 6, 200.0)
    signals = [Signal(n, v) for n, v in zip(NAMES_1020, eeg_uv, strict=True)]
    mixed = [
        *signals[:4],
        Signal("ECG", np.tile(eeg_uv[0], 2), 400.0),
        Signal("O1", eeg_uv[1][::2].copy(), 100.0),
    ]
    told = [(1.0, 0.0, "Eyes closed"), (2.0, 1.0, "Jane Doe")]
    gaps = [0, 1, 2, 10, 11, 12]
    return [
        ("x.edf", edf_bytes(signals)),
        ("x.edf", edf_bytes(signals, kind="EDF+C", annotations=told)),
        ("x.edf", edf_bytes(signals, kind="EDF+D", annotations=told, onsets_s=gaps)),
        ("x.edf", edf_bytes(mixed, kind="EDF+C")),
        ("x.bdf", edf_bytes(signals[:5], kind="BDF")),
        ("x.bdf", edf_bytes(signals[:5], kind="BDF+D", onsets_s=gaps)),
    ]


def mutate(content: bytes, rng: np.random.Generator) -> bytes:
    """One to four changes: of bits, of header fields, of the length, of blocks of the body."""
    data = bytearray(content)
    n_signals = int(content[252:256])
    header = 256 * (n_signals + 1)
    for _ in range(rng.integers(1, 5)):
        how = rng.integers(0, 9)
        if not data:
            break
        if how == 0:
            data[rng.integers(len(data))] ^= 1 << rng.integers(8)
        elif how == 1:  # a field of the fixed header
            at, width = ((8, 80), (168, 8), (184, 8), (192, 44), (236, 8), (244, 8), (252, 4))[
                rng.integers(7)
            ]
            value = _HOSTILE[rng.integers(len(_HOSTILE))][:width]
            data[at : at + width] = value.ljust(width)
        elif how == 2:  # a field of a signal
            offsets = ((0, 16), (96, 8), (104, 8), (112, 8), (120, 8), (128, 8), (216, 8))
            offset, width = offsets[rng.integers(7)]
            at = 256 + offset * n_signals + width * int(rng.integers(n_signals))
            data[at : at + width] = _HOSTILE[rng.integers(len(_HOSTILE))][:width].ljust(width)
        elif how == 3:
            del data[rng.integers(len(data)) :]
        elif how == 4:
            at = int(rng.integers(len(data)))
            data[at : at + int(rng.integers(1, 64))] = rng.bytes(int(rng.integers(0, 64)))
        elif how == 5:
            data += rng.bytes(int(rng.integers(1, 5000)))
        elif how == 6:  # header bytes anywhere
            at = int(rng.integers(min(header, len(data))))
            data[at] = int(rng.integers(256))
        elif how == 7:  # times of records
            found = bytes(data).find(b"\x14\x14\x00", int(rng.integers(len(data))))
            if found > 4:
                data[found - 4 : found] = (b"+9e9", b"-999", b"+1.0", b"+\xb2\xb3\xb9")[rng.integers(4)]
        else:
            data = bytearray(bytes(data).replace(b"\n", b"\r\n"))
    return bytes(data)


def outcome(path) -> str:
    """`read`, or the reason of a refusal without its numbers; everything else is a failure."""
    started = time.perf_counter()
    try:
        recording = read_recording(path)
        eeg_uv = (
            recording.read_uv(*recording.spans[-1]) if np.diff(recording.spans[-1]) < 1e7 else np.zeros(1)
        )
        assert np.isfinite(eeg_uv).all()
        told = repr(recording.report)
        result = "read with a warning" if recording.report["warnings"] else "read"
    except RecordingError as error:
        told = str(error)
        assert "\n" not in told
        assert len(told) < 400
        result = "refused: " + "".join(c for c in error.reason if not c.isdigit())[:60]
    assert time.perf_counter() - started < LIMIT_S
    assert not [secret for secret in SECRETS if secret in told], told
    return result


def run(folder, n_files: int, seed: int) -> collections.Counter:
    rng = np.random.default_rng(seed)
    starts = seeds()
    outcomes: collections.Counter = collections.Counter()
    for number in range(n_files):
        name, content = starts[number % len(starts)]
        path = folder / name
        path.write_bytes(mutate(content, rng))
        try:
            outcomes[outcome(path)] += 1
        except Exception as error:
            raise AssertionError(f"file {number} of seed {seed}: {type(error).__name__}: {error}") from error
    return outcomes


def test_mutated_files_are_read_or_refused(tmp_path) -> None:
    outcomes = run(tmp_path, 300, seed=0)
    assert sum(n for name, n in outcomes.items() if name.startswith("read")) > 30
    assert len(outcomes) > 8


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
def test_ten_thousand_mutated_files(tmp_path, seed: int) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcomes = run(tmp_path, 2500, seed=seed)
    for name, n in outcomes.most_common():
        print(f"{n:6d}  {name}")
    assert sum(outcomes.values()) == 2500
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000  # kB
