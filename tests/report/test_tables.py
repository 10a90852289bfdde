"""Tables against the narration they come from and against the signal itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from eeg_samples import as_array, awake_uv
from scipy.integrate import trapezoid
from scipy.signal import welch

from neuronarrator_hf.findings.vocabulary import FINDING_IDS
from neuronarrator_hf.narration.result import Narration
from neuronarrator_hf.recording.reading import Recording, read_recording
from neuronarrator_hf.recording.windows import iter_windows
from neuronarrator_hf.report.overview import SignalSummary
from neuronarrator_hf.report.tables import band_table, claim_table, segment_table, write_tables
from neuronarrator_hf.signal.montage import SITES_1020

pd = pytest.importorskip("pandas")


def test_one_row_a_segment(narration: Narration) -> None:
    frame = segment_table(narration.document())
    assert list(frame.start_s) == [0, 10, 20, 30, 40, 50]
    assert list(frame.assessable) == [True] * 5 + [False]
    assert frame.p_lpd.tolist() == [0.1] * 6 and frame.p_spikes.isna().all()
    assert list(frame.n_contradicted) == [0, 1, 1, 1, 1, 1]


def test_one_row_a_claim(narration: Narration) -> None:
    frame = claim_table(narration.document())
    of_segments = frame[frame.segment.notna()]
    assert len(of_segments) == 6 * 2 + 2
    lpd = of_segments[of_segments.finding == "lpd"]
    assert list(lpd.segment) == [2, 3] and set(lpd.side) == {"left"}
    assert set(lpd.frequency_low_hz) == {1.0}
    assert len(frame) - len(of_segments) == len(narration.claims)


def test_band_powers_are_those_of_the_signal() -> None:
    recording = read_recording(as_array(awake_uv(20.0)))
    frame = band_table(SignalSummary.of(recording))
    assert len(frame) == 2 * 19 * 5
    o1 = frame[(frame.channel == "O1") & (frame.band == "alpha")]
    assert list(o1.start_s) == [0, 10]
    (block,) = iter_windows(recording)
    row = block.ch_names.index("O1")
    freqs, psd = welch(block.eeg_uv[0, row], 200.0, nperseg=800, noverlap=400)
    inside = (freqs >= 8) & (freqs <= 13)
    assert o1.power_uv2.iloc[0] == pytest.approx(trapezoid(psd[inside], freqs[inside]), rel=0.05)
    assert (
        o1.power_uv2.iloc[0] > 10 * frame[(frame.channel == "O1") & (frame.band == "gamma")].power_uv2.iloc[0]
    )


def test_what_could_not_be_used_has_no_row() -> None:
    eeg = np.random.default_rng(0).normal(0, 10.0, (19, 4000))
    eeg[3, :2000] = 0.0
    frame = band_table(SignalSummary.of(read_recording(as_array(eeg))))
    assert list(frame[frame.channel == SITES_1020[3]].start_s.unique()) == [10.0]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_tables_come_back_from_disk(
    narration: Narration, recording: Recording, tmp_path: Path, suffix: str
) -> None:
    paths = {kind: tmp_path / f"{kind}{suffix}" for kind in ("segments", "claims", "bands")}
    summary = SignalSummary.of(recording)
    write_tables(paths, narration.document(), summary)
    read = pd.read_csv if suffix == ".csv" else pd.read_parquet
    assert len(read(paths["segments"])) == 6
    assert len(read(paths["claims"])) == len(claim_table(narration.document()))
    pd.testing.assert_frame_equal(read(paths["bands"]), band_table(summary), rtol=1e-5, check_dtype=False)


def test_columns_exist_without_rows(narration: Narration) -> None:
    empty = {**narration.document(), "claims": [], "chunks": []}
    assert set(claim_table(empty).columns) == set(claim_table(narration.document()).columns)
    assert {f"p_{finding}" for finding in FINDING_IDS} <= set(segment_table(empty).columns)
