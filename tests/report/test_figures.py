from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from eeg_samples import as_array, awake_uv

from neuronarrator_hf.recording.reading import Recording, read_recording
from neuronarrator_hf.recording.windows import iter_windows
from neuronarrator_hf.report.figures import band_maps, density_image, eeg_page, spectrum
from neuronarrator_hf.report.overview import view_signal
from neuronarrator_hf.signal.montage import SITES_1020


def points_of(svg: str) -> list[np.ndarray]:
    """Absolute points of each trace."""
    traces = []
    for path in re.findall(r'class="trace" d="M([^l]*)l([^"]*)"', svg):
        start = np.array([float(v) for v in path[0].split()])
        steps = np.array([float(v) for v in re.findall(r"-?\d+(?:\.\d+)?", path[1])]).reshape(-1, 2)
        traces.append(start + np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)]))
    return traces


def test_a_page_is_well_formed_and_has_eighteen_derivations(recording: Recording) -> None:
    svg = eeg_page(next(iter_windows(recording)), 0, marks=[(2.0, 3.0)])
    ElementTree.fromstring(svg)
    assert len(points_of(svg)) == 18
    assert svg.count('class="mark"') == 1


def test_a_negative_wave_at_the_first_electrode_points_up() -> None:
    eeg = awake_uv(10.0)
    eeg[:] = 2.0 * np.sin(2 * np.pi * 9 * np.arange(2000) / 200)  # the same everywhere: flat derivations
    eeg += awake_uv(10.0) * 0.1
    eeg[SITES_1020.index("Fp1"), 1000:1030] -= 80.0
    svg = eeg_page(next(iter_windows(read_recording(as_array(eeg)), reference="recorded")), 0)
    trace = points_of(svg)[0]  # Fp1-F7
    at = trace[:, 0].searchsorted(64 + 1015 / 2000 * 1100)
    assert trace[at, 1] < np.median(trace[:, 1]) - 10


def test_spikes_survive_the_thinning_of_points() -> None:
    eeg = awake_uv(10.0)
    eeg[SITES_1020.index("T7"), 1200:1206] += 150.0
    block = next(iter_windows(read_recording(as_array(eeg))))
    heights = [np.ptp(t[:, 1]) for t in points_of(eeg_page(block, 0))]
    assert int(np.argmax(heights)) in (1, 2)  # F7-T7 and T7-P7


def test_maps_and_spectrum_are_well_formed() -> None:
    power = np.ones((19, 5))
    power[:9] = 4.0
    maps = band_maps(power, np.ones(19, bool))
    assert [label.split()[0] for label, _ in maps] == ["delta", "theta", "alpha", "beta", "gamma"]
    for _, svg in maps:
        ElementTree.fromstring(svg)
    freqs = np.arange(0.5, 45, 0.25)
    ElementTree.fromstring(spectrum(freqs, {"frontal": 100 / freqs}))
    assert band_maps(power, np.zeros(19, bool)) == []


def test_what_cannot_be_judged_is_left_out_of_the_overview() -> None:
    assert density_image(np.zeros((3, 10)), np.zeros(3, bool)) == ""
    assert density_image(
        np.random.default_rng(0).normal(size=(3, 10)), np.array([True, False, True])
    ).startswith("data:image/png")


@pytest.mark.parametrize("wanted", [[], [0.0], [10.0, 50.0]])
def test_pages_are_drawn_for_the_windows_asked_for(recording: Recording, wanted: list[float]) -> None:
    view = view_signal(recording, {start: [] for start in wanted})
    assert sorted(view.pages) == wanted
    assert view.density.startswith("data:image/png")
