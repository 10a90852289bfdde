"""The controls of captioned pages, on simulated pages: what was planted goes, and what does not is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from neuronarrator_hf.evaluation.expert_labels import LabelledRecording, caption_presence
from neuronarrator_hf.evaluation.listening import listen
from neuronarrator_hf.evaluation.real import HeardRecording, score_clips, score_pages
from neuronarrator_hf.evaluation.real_controls import controls_markdown, run_page_controls
from neuronarrator_hf.evaluation.real_report import to_markdown
from neuronarrator_hf.narration.voice import MeasuredVoice
from neuronarrator_hf.signal.montage import SITES_1020, electrode_positions
from neuronarrator_hf.signal.windows import EEGWindows


class Parrot(MeasuredVoice):
    """Says of every page that it shows burst suppression and GPDs, whatever it hears."""

    def speak(self, heard, indices):
        return ["There is burst suppression. Generalized periodic discharges are seen. Abnormal EEG."] * len(
            indices
        )


def page(i: int, voice) -> HeardRecording:
    """A flat-and-burst page, or one of noise with delta."""
    rng = np.random.default_rng(i)
    eeg_uv = rng.standard_normal((1, 19, 2000)).astype(np.float32) * 1.5
    bursts = i % 3 == 0
    time_s = np.arange(2000) / 200
    if bursts:
        envelope = ((time_s % 5) < 1.2) * 1.0
        eeg_uv += (envelope * 120 * np.sin(2 * np.pi * 3 * time_s + rng.random())).astype(np.float32)
        eeg_uv += (envelope * rng.standard_normal((1, 19, 2000)) * 25).astype(np.float32)
    else:
        eeg_uv += (60 * np.sin(2 * np.pi * 2 * time_s)).astype(np.float32) + eeg_uv * 6
    eeg_uv *= np.linspace(1.4, -0.4, 19, dtype=np.float32)[:, None]
    ones = np.ones((1, 19), bool)
    block = EEGWindows(
        eeg_uv, SITES_1020, electrode_positions(SITES_1020), np.zeros(1), ones, np.ones((1, 2000), bool)
    )
    told = caption_presence(["burst_suppression"] if bursts else ["diffuse_delta"], normal=False)
    labelled = LabelledRecording(Path(f"{i}.edf"), "made", told, {"gpd": 9 * bursts, "other": 9 - 9 * bursts,
        "seizure": 0, "lpd": 0, "lrda": 0, "grda": 0}, group=f"patient {i}")  # fmt: skip
    return HeardRecording(labelled, listen(voice, [block]), [block])


@pytest.mark.slow
def test_noise_and_silence_collapse_and_a_parrot_is_never_valid():
    pages = [page(i, Parrot()) for i in range(8)]
    scores, controls = score_pages(pages, n_bootstrap=20), run_page_controls(Parrot(), pages, seed=0)
    # the band-power regression tells the two kinds apart, leaving each patient out
    assert scores["band power, regression"]["per_finding"]["burst_suppression"]["f1"] == 1.0
    assert scores["always_most_frequent"]["per_finding"]["burst_suppression"]["f1"] == 0.0
    assert "network" not in scores and scores["measurements"]["interval_95"]["macro_f1"]
    for name in ("white_noise", "pink_noise", "flat"):
        assert controls[name]["measurements"]["verdict"] != "held", name
        assert controls[name]["text of the model"]["verdict"] != "collapsed", name
    assert controls["channels_permuted"]["measurements"]["verdict"] == "not judged"
    lines = "\n".join(controls_markdown(controls))
    assert "control: white noise" in lines and "control: other patient" in lines
    clips = score_clips(pages, n_bootstrap=20)
    assert clips["band power, regression"]["majority_agreement"] == 1.0
    table = to_markdown({"pages": scores, "controls": controls, "clips": clips})
    assert (
        "band power, regression" in table and "INVALID" not in table.split("control: flat")[1].split("\n")[0]
    )
