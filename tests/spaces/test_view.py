"""What a visitor is shown: montages and filters as they are defined, words with their verdicts, escaped."""

from __future__ import annotations

import numpy as np
import pytest
from eeg_samples import as_array, awake_uv
from scipy.signal import butter, sosfiltfilt

from neuronarrator_hf.app import views
from neuronarrator_hf.app.views import View, overview
from neuronarrator_hf.app.visit import Visits
from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.narration.result import WindowNarration
from neuronarrator_hf.recording.page import AVERAGE, LONGITUDINAL, MONTAGES, TRANSVERSE, derive_page
from neuronarrator_hf.recording.reading import read_recording
from neuronarrator_hf.recording.windows import iter_windows

SFREQ_HZ = 200.0


@pytest.fixture
def visit(tmp_path):
    """A visit to 40 s with 5 Hz everywhere and 45 Hz on top of it."""
    times = np.arange(40 * 200) / SFREQ_HZ
    waves = 30 * np.sin(2 * np.pi * 5 * times) + 20 * np.sin(2 * np.pi * 45 * times)
    eeg_uv = awake_uv(40.0) + np.linspace(0.5, 1.5, 19)[:, None] * waves
    visit = Visits(tmp_path).begin("visitor")
    visit.look(read_recording(as_array(eeg_uv)))
    return visit


def power(values: np.ndarray, hz: float) -> float:
    """Mean power at a frequency over channels."""
    times = np.arange(values.shape[-1]) / SFREQ_HZ
    return float(np.mean(np.abs(values @ np.exp(-2j * np.pi * hz * times)) ** 2))


def test_a_filter_takes_what_it_says_and_leaves_the_rest(visit) -> None:
    plain = visit.page(1).eeg_uv[0]
    visit.view = View(band="1–15 Hz")
    slow = visit.page(1).eeg_uv[0]
    assert power(slow, 45) < 0.01 * power(plain, 45)
    assert power(slow, 5) == pytest.approx(power(plain, 5), rel=0.1)
    visit.view = View(band="15–70 Hz")
    assert power(visit.page(1).eeg_uv[0], 5) < 0.01 * power(plain, 5)


def test_a_filtered_page_has_no_edges(visit) -> None:
    """A page in the middle is what filtering the whole recording gives."""
    visit.view = View(band="1–35 Hz")
    whole = np.concatenate([visit.window(i).eeg_uv[0] for i in range(len(visit))], axis=-1)
    wanted = sosfiltfilt(butter(2, (1.0, 35.0), "bandpass", fs=SFREQ_HZ, output="sos"), whole)
    for index in range(len(visit)):
        page = visit.page(index).eeg_uv[0]
        assert np.allclose(page, wanted[:, 2000 * index : 2000 * (index + 1)], atol=0.5)


def test_every_montage_is_what_its_labels_say() -> None:
    windows = next(iter_windows(read_recording(as_array(awake_uv(20.0)))))
    at = {name: i for i, name in enumerate(windows.ch_names)}
    mean = windows.eeg_uv[0][windows.channel_mask[0]].mean(axis=0)
    for montage, n_lanes in ((LONGITUDINAL, 18), (TRANSVERSE, 18), (AVERAGE, 19)):
        labels, traces, _, groups = derive_page(windows, 0, montage)
        assert len(labels) == len(traces) == len(groups) == n_lanes
        for label, trace in zip(labels, traces, strict=True):
            anode, cathode = label.split("-")
            other = mean if cathode == "avg" else windows.eeg_uv[0, at[cathode]]
            assert np.allclose(trace, windows.eeg_uv[0, at[anode]] - other, atol=1e-3), label
    assert set(MONTAGES) == {LONGITUDINAL, TRANSVERSE, AVERAGE}


def test_the_overview_marks_segment_and_events_and_escapes_them() -> None:
    told = overview("data:image/png;base64,AA", 10, 4, [(2, 3, "<b>")])
    assert 'class="nn-here" style="left:40.00%;width:10.00%"' in told
    assert 'class="nn-event" style="left:20.00%;width:20.00%" title="&lt;b&gt;"' in told
    assert overview("", 10, 4) == ""


def test_what_is_contradicted_is_never_folded_away() -> None:
    claims = (Claim("spikes", "absent", status="contradicted"), Claim("lpd", "absent", status="supported"))
    shown, folded = views.segment_details(WindowNarration(0.0, 10.0, "", claims), None).split("<details>")
    assert "Spikes" in shown and "LPDs" in folded and "Spikes" not in folded


def test_texts_are_escaped() -> None:
    claim = Claim("spikes", span=(0, 8), status="supported", evidence={"where": "<script>", "bound": "<b>"})
    window = WindowNarration(0.0, 10.0, "<script>alert(1)</script>", (claim,))
    shown = views.segment_details(window, None) + views.status_line("<i>")
    assert (
        "<script" not in shown and "<b>&" not in shown and "&lt;script&gt;" in shown and "&lt;i&gt;" in shown
    )


def test_pieces_give_the_text_and_the_gravest_status() -> None:
    claims = (
        Claim("spikes", span=(0, 5), status="supported"),
        Claim("eye_blinks", span=(0, 5), status="contradicted"),
        Claim("muscle_artifact", span=(6, 10), status="unassessable"),
    )
    window = WindowNarration(0.0, 10.0, "Aaaa. Bbb. Cc.", claims)
    pieces = list(views.claim_pieces(window))
    assert "".join(text for text, _ in pieces) == window.text
    assert [label for _, label in pieces] == ["contradicted", None, "not checkable", None]
