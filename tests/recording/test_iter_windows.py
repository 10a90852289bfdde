"""Windows: the same from any block, any range, any unit and any order of channels."""

from __future__ import annotations

import mne
import numpy as np
import pytest
from edf_files import NAMES_1020, eeg_like, write_1020
from hypothesis import given, settings
from hypothesis import strategies as st

from neuronarrator_hf.recording.reading import Recording, read_recording
from neuronarrator_hf.recording.windows import find_mains, iter_windows
from neuronarrator_hf.signal.windows import EEGWindows


def read(
    eeg_uv: np.ndarray, sfreq: float = 200.0, names=NAMES_1020, units: str = "uV", spans=None
) -> Recording:
    if spans is None:
        return read_recording(
            {"array": eeg_uv, "sampling_rate": sfreq, "ch_names": list(names), "units": units}
        )
    raw = mne.io.RawArray(eeg_uv * 1e-6, mne.create_info(list(names), sfreq, "eeg"), verbose="ERROR")
    edges = [0.0, *(t for span in spans for t in span), eeg_uv.shape[1] / sfreq]
    gaps = [(a, b - a) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]
    raw.set_annotations(mne.Annotations(*zip(*gaps, strict=True), ["BAD_ACQ_SKIP"] * len(gaps)))
    return read_recording(raw)


def joined(blocks) -> EEGWindows:
    blocks = list(blocks)
    fields = ("eeg_uv", "start_s", "channel_mask", "time_mask")
    whole = {name: np.concatenate([getattr(block, name) for block in blocks]) for name in fields}
    return EEGWindows(ch_names=blocks[0].ch_names, positions=blocks[0].positions,
                      quality=tuple(q for block in blocks for q in block.quality), **whole)  # fmt: skip


def same(a: EEGWindows, b: EEGWindows, tolerance: float = 1e-3) -> None:
    assert a.ch_names == b.ch_names
    assert np.array_equal(a.start_s, b.start_s)
    assert np.array_equal(a.channel_mask, b.channel_mask)
    assert np.array_equal(a.time_mask, b.time_mask)
    assert np.abs(a.eeg_uv - b.eeg_uv).max() < tolerance


@given(
    sfreq=st.sampled_from([128.0, 200.0, 250.0, 256.0, 199.7, 512.0]),
    seconds=st.floats(2.1, 60.0),
    block=st.integers(1, 7),
    seed=st.integers(0, 99),
)
@settings(max_examples=8, deadline=None)
def test_blocks_give_what_the_whole_gives(sfreq: float, seconds: float, block: int, seed: int) -> None:
    recording = read(eeg_like(19, round(seconds * sfreq), sfreq, seed) + 500, sfreq)
    whole = joined(iter_windows(recording))
    same(joined(iter_windows(recording, block_windows=block)), whole)
    assert whole.end_s[-1] == pytest.approx(recording.duration_s, abs=0.02)


@given(
    st.lists(st.floats(2.5, 25.0), min_size=1, max_size=4),
    st.lists(st.floats(0.2, 8.0), min_size=4, max_size=4),
)
@settings(max_examples=6, deadline=None)
def test_no_window_crosses_a_gap(lengths: list[float], pauses: list[float]) -> None:
    at, spans = 0.0, []
    for length, pause in zip(lengths, pauses, strict=False):
        spans.append((round(at, 2), round(at + length, 2)))
        at += length + pause
    recording = read(eeg_like(19, round(at * 200), 200.0), spans=spans)
    windows = joined(iter_windows(recording))
    same(joined(iter_windows(recording, block_windows=2)), windows)
    for start, end in zip(windows.start_s, windows.end_s, strict=True):
        assert any(a - 0.011 <= start and end <= b + 0.011 for a, b in spans), (start, end, spans)
    for a, b in spans:
        assert any(abs(start - a) < 0.011 for start in windows.start_s)
        assert any(abs(end - b) < 0.011 for end in windows.end_s)


def test_nothing_reaches_over_a_gap() -> None:
    """After a gap the windows are those of a recording that begins there, whatever lies before."""
    eeg_uv = eeg_like(19, 8000, 200.0)
    gapped = joined(iter_windows(read(eeg_uv, spans=[(0.0, 15.0), (20.0, 40.0)]), mains_hz=50.0))
    alone = joined(iter_windows(read(eeg_uv[:, 4000:]), mains_hz=50.0))
    after = gapped.start_s >= 20
    assert np.allclose(gapped.start_s[after] - 20, alone.start_s)
    assert np.abs(gapped.eeg_uv[after] - alone.eeg_uv).max() < 1e-3


@given(st.floats(0, 50), st.floats(0, 60), st.integers(1, 4))
@settings(max_examples=8, deadline=None)
def test_a_range_gives_the_windows_of_the_whole(start_s: float, stop_s: float, block: int) -> None:
    recording = read(RANGE_EEG)
    whole = joined(iter_windows(recording))
    chosen = (whole.start_s >= start_s) & (whole.start_s < stop_s)
    blocks = list(iter_windows(recording, block_windows=block, start_s=start_s, stop_s=stop_s))
    if not chosen.any():
        assert blocks == []
        return
    part = joined(blocks)
    assert np.array_equal(part.start_s, whole.start_s[chosen])
    assert np.abs(part.eeg_uv - whole.eeg_uv[chosen]).max() < 1e-3


RANGE_EEG = eeg_like(19, 200 * 47, 200.0, seed=9)


@given(st.permutations(range(19)), st.sampled_from(["V", "mV", "uV"]))
@settings(max_examples=6, deadline=None)
def test_order_and_unit_change_nothing(order, unit: str) -> None:
    factor = {"V": 1e-6, "mV": 1e-3, "uV": 1.0}[unit]
    names = [NAMES_1020[i] for i in order]
    a = joined(iter_windows(read(RANGE_EEG)))
    b = joined(iter_windows(read(RANGE_EEG[list(order)] * factor, names=names, units=unit)))
    same(a, b)


@given(st.sets(st.sampled_from(NAMES_1020), min_size=4, max_size=4))
@settings(max_examples=6, deadline=None)
def test_four_missing_channels_leave_the_others_as_they_are(missing: set[str]) -> None:
    kept = [i for i, name in enumerate(NAMES_1020) if name not in missing]
    part = read(RANGE_EEG[kept], names=[NAMES_1020[i] for i in kept])
    assert set(part.report["missing_sites"]) == missing
    a = joined(iter_windows(read(RANGE_EEG), reference="recorded"))
    b = joined(iter_windows(part, reference="recorded"))
    assert np.abs(a.eeg_uv[:, kept] - b.eeg_uv).max() < 1e-3


def test_average_reference_is_over_evaluable_channels() -> None:
    eeg_uv = RANGE_EEG.copy()
    eeg_uv[7] *= 200.0
    windows = joined(iter_windows(read(eeg_uv)))
    assert not windows.channel_mask[:, 7].any()
    assert not windows.eeg_uv[:, 7].any()
    assert np.abs(windows.eeg_uv.sum(axis=1)).max() < 1e-2
    few = joined(iter_windows(read(eeg_uv[:2], names=NAMES_1020[:2])))
    assert np.abs(few.eeg_uv).max() > 10


@pytest.mark.parametrize("mains_hz", [50.0, 60.0, None])
def test_mains_are_found_and_removed(mains_hz: float | None) -> None:
    times = np.arange(RANGE_EEG.shape[1]) / 200.0
    hum = 0 if mains_hz is None else 8 * np.sin(2 * np.pi * mains_hz * times)
    recording = read(RANGE_EEG + hum)
    assert find_mains(recording) == mains_hz
    with_hum = joined(iter_windows(recording, reference="recorded"))
    without = joined(iter_windows(read(RANGE_EEG), reference="recorded", mains_hz=mains_hz))
    assert np.abs(with_hum.eeg_uv - without.eeg_uv)[1:-1].max() < 0.2
    assert recording.report["mains_hz"] == mains_hz


def test_missing_samples_mask_their_windows_only() -> None:
    eeg_uv = RANGE_EEG * 1e-6
    eeg_uv[2, 5000:5010] = np.nan
    raw = mne.io.RawArray(eeg_uv, mne.create_info(list(NAMES_1020), 200.0, "eeg"), verbose="ERROR")
    windows = joined(iter_windows(read_recording(raw)))
    assert windows.channel_mask[:, 2].tolist() == [True, True, False, True, True]
    assert windows.quality[2]["F7"] == ["missing samples"]


def test_short_recordings_are_padded() -> None:
    windows = joined(iter_windows(read(RANGE_EEG[:, :700])))
    assert windows.time_mask.sum() == 700
    assert not windows.eeg_uv[0, :, 700:].any()


def test_wrong_arguments() -> None:
    recording = read(RANGE_EEG)
    with pytest.raises(ValueError, match="block_windows"):
        list(iter_windows(recording, block_windows=0))
    with pytest.raises(ValueError, match="reference"):
        list(iter_windows(recording, reference="mastoids"))


@pytest.mark.slow
def test_memory_does_not_grow_with_duration(tmp_path) -> None:
    """Six hours cost no more than ten minutes, to a few megabytes."""
    import subprocess
    import sys

    page = tmp_path / "page.edf"
    write_1020(page, seconds=600, sfreq=256.0)
    content = page.read_bytes()
    header, body = content[: 256 * 20], content[256 * 20 :]
    code = (
        "import resource, sys\n"
        "from neuronarrator_hf.recording.reading import read_recording\n"
        "from neuronarrator_hf.recording.windows import iter_windows\n"
        "n = sum(len(w) for w in iter_windows(read_recording(sys.argv[1])))\n"
        "print(n, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)\n"
    )
    peaks = {}
    for times in (1, 36):
        path = tmp_path / f"x{times}.edf"
        with open(path, "wb") as file:
            file.write(header[:236] + str(600 * times).encode().ljust(8) + header[244:])
            for _ in range(times):
                file.write(body)
        done = subprocess.run(
            [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
        )
        n_windows, peaks[times] = map(int, done.stdout.split())
        assert n_windows == 60 * times
    assert peaks[36] < peaks[1] + 60, peaks
