from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from eeg_samples import as_array, awake_uv, noise_uv
from scipy.signal import butter, sosfiltfilt

from neuronarrator_hf.findings.measure import measure_windows
from neuronarrator_hf.findings.track import Episode
from neuronarrator_hf.narration.engine import Narrator
from neuronarrator_hf.narration.result import WindowNarration, event
from neuronarrator_hf.narration.voice import Heard, MeasuredVoice
from neuronarrator_hf.recording.reading import RecordingError, read_recording
from neuronarrator_hf.recording.windows import iter_windows
from neuronarrator_hf.signal.windows import EEGWindows


class Parrot:
    """A voice that says the same of every window, and remembers what it was asked."""

    identity = MappingProxyType({"name": "parrot", "revision": None, "version": "0"})

    def __init__(self, text: str, probability: float = 0.9) -> None:
        self.text, self.probability = text, probability
        self.n_listened = self.n_spoken = 0

    def begin(self) -> int:
        return 0

    def listen(self, windows: EEGWindows, state: int) -> tuple[Heard, int]:
        self.n_listened += len(windows)
        return Heard([{"posterior_dominant_rhythm": self.probability}] * len(windows)), state + len(windows)

    def speak(self, heard: Heard, indices: Sequence[int]) -> list[str]:
        self.n_spoken += len(indices)
        return [self.text] * len(indices)


@pytest.fixture(scope="module")
def awake() -> dict[str, Any]:
    return as_array(awake_uv(64.0))


def test_what_was_put_in_is_narrated(awake: dict[str, Any]) -> None:
    narration = Narrator(MeasuredVoice()).narrate(awake)
    windows = list(narration.windows)
    assert [w.start_s for w in windows] == [0, 10, 20, 30, 40, 50, 54]
    rhythm = next(c for c in narration.claims if c.finding == "posterior_dominant_rhythm")
    assert rhythm.is_present
    assert rhythm.frequency_hz[0] == pytest.approx(10.0, abs=0.5)
    assert "10 Hz" in narration.sections["background"]


def test_spans_point_at_the_words(awake: dict[str, Any]) -> None:
    narration = Narrator(MeasuredVoice()).narrate(awake)
    for window in narration.windows:
        for claim in window.claims:
            start, stop = claim.span
            assert 0 <= start < stop <= len(window.text)
            assert (claim.start_s, claim.end_s) == (window.start_s, window.end_s)
    rhythm = next(c for c in narration.claims if c.finding == "posterior_dominant_rhythm")
    assert "posterior dominant rhythm" in narration.text[slice(*rhythm.span)]


WRONG = "The posterior dominant rhythm is 6 Hz. There are generalized periodic discharges at 1 Hz."


def test_off_checks_nothing(awake: dict[str, Any]) -> None:
    windows = list(Narrator(Parrot(WRONG), verify="off").narrate(awake).windows)
    assert {c.status for w in windows for c in w.claims} == {"unchecked"}
    assert {w.text for w in windows} == {WRONG}


def test_annotate_keeps_the_text_and_tells_what_the_signal_says(awake: dict[str, Any]) -> None:
    narration = Narrator(Parrot(WRONG), verify="annotate").narrate(awake)
    assert {w.text for w in narration.windows} == {WRONG}
    statuses = {c.status for w in narration.windows for c in w.claims if c.finding == "gpd"}
    assert statuses == {"contradicted"}
    assert not any(e.finding == "gpd" for e in narration.episodes)
    assert all(c.evidence for w in narration.windows for c in w.claims if c.finding == "gpd")


def test_repair_leaves_nothing_contradicted_and_counts_what_it_did(awake: dict[str, Any]) -> None:
    narration = Narrator(Parrot(WRONG), verify="repair").narrate(awake)
    assert all(c.status != "contradicted" for w in narration.windows for c in w.claims)
    assert not any(c.finding == "gpd" and c.is_present for w in narration.windows for c in w.claims)
    counted = narration.quality["sentences"]
    assert counted["rewritten"] + counted["dropped"] >= len(list(narration.windows))


def test_the_model_does_not_grade_itself(awake: dict[str, Any]) -> None:
    sure, unsure = (
        [
            (c.finding, c.status)
            for w in Narrator(Parrot(WRONG, p), verify="annotate").narrate(awake).windows
            for c in w.claims
        ]
        for p in (0.99, 0.01)
    )
    assert sure == unsure


def test_confidence_combines_network_and_measurement(awake: dict[str, Any]) -> None:
    low, high = (
        next(iter(Narrator(Parrot(WRONG, p), verify="annotate").narrate(awake).windows)).probabilities[
            "posterior_dominant_rhythm"
        ]
        for p in (0.1, 0.9)
    )
    block = next(iter_windows(read_recording(awake)))
    measured = measure_windows(block)[0].claims["posterior_dominant_rhythm"].confidence
    assert low < measured < high or measured > high


def test_a_part_that_cannot_be_judged_is_not_assessed() -> None:
    eeg = awake_uv(30.0)
    eeg[:, 2000:4000] = 0.0
    windows = list(Narrator(MeasuredVoice()).narrate(as_array(eeg)).windows)
    assert [w.is_assessable for w in windows] == [True, False, True]
    assert {(c.finding, c.polarity) for c in windows[1].claims} == {("normal", "not_assessed")}
    assert windows[1].probabilities == {}


def test_a_recording_that_cannot_be_judged_is_never_normal() -> None:
    eeg = 3000.0 * noise_uv(20.0) / 8.0
    try:
        narration = Narrator(MeasuredVoice()).narrate(as_array(eeg))
    except RecordingError:
        return
    assert narration.quality["grade"] is None
    assert not any(c.finding == "normal" and c.is_present for c in narration.claims)
    assert "not assessed" in narration.sections["impression"].lower()


def test_the_same_in_one_go_and_resumed(awake: dict[str, Any], tmp_path: Path) -> None:
    in_memory = "".join(Narrator(MeasuredVoice()).narrate(awake).iter_json())
    path = tmp_path / "a.segments.jsonl"

    class KilledError(Exception):
        pass

    def kill(window: WindowNarration) -> None:
        if window.start_s >= 20:
            raise KilledError

    with pytest.raises(KilledError):
        Narrator(MeasuredVoice()).narrate(awake, journal_path=path, on_window=kill)
    seen: list[float] = []
    resumed = Narrator(MeasuredVoice()).narrate(
        awake, journal_path=path, on_window=lambda w: seen.append(w.start_s)
    )
    assert "".join(resumed.iter_json()) == in_memory
    assert seen == [0, 10, 20, 30, 40, 50, 54]


def test_block_size_changes_nothing(awake: dict[str, Any]) -> None:
    whole, pieces = (Narrator(MeasuredVoice(), block_windows=n).narrate(awake) for n in (60, 2))
    assert [w.text for w in pieces.windows] == [w.text for w in whole.windows]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"history": "all"}, "history"),
        ({"verify": "no"}, "verify"),
        ({"age_years": -1}, "age"),
        ({"batch_size": 0}, "batch_size"),
        ({"block_windows": 0}, "block_windows"),
    ],
)
def test_bad_options_are_named(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Narrator(MeasuredVoice(), **options)


def test_volts_and_microvolts_give_the_same(awake: dict[str, Any]) -> None:
    volts = {**awake, "array": np.asarray(awake["array"]) * 1e-6, "units": "V"}
    texts = [[w.text for w in Narrator(MeasuredVoice()).narrate(r).windows] for r in (awake, volts)]
    assert texts[0] == texts[1]


def test_children_are_not_measured_by_adult_norms(awake: dict[str, Any]) -> None:
    narration = Narrator(MeasuredVoice(age_years=2), age_years=2).narrate(awake)
    assert narration.quality["grade"] != "normal"
    assert "adults" in narration.sections["limits"]


def test_what_says_nothing_that_can_be_checked_is_not_reported(awake: dict[str, Any]) -> None:
    text = "Xout rveel map. The posterior dominant rhythm is 10 Hz. Good morning"
    narration = Narrator(Parrot(text), verify="repair").narrate(awake)
    assert all("Xout" not in w.text and "morning" not in w.text for w in narration.windows)
    assert narration.quality["sentences"]["dropped"] >= 2 * narration.quality["windows"]


def test_what_the_text_passes_over_is_not_called_absent() -> None:
    slow = sosfiltfilt(butter(2, [1, 3], "band", fs=200, output="sos"), noise_uv(40.0, seed=4), axis=1)
    eeg = noise_uv(40.0, seed=3) + slow / slow.std() * 35.0
    narration = Narrator(Parrot("No generalized slowing is seen."), verify="off").narrate(as_array(eeg))
    assert all("generalized_delta_slowing" in w.unworded for w in narration.windows)
    claim = next(c for c in narration.claims if c.finding == "generalized_delta_slowing")
    assert (claim.polarity, claim.hedged) == ("present", True)
    assert narration.quality["grade"] != "normal"


def test_an_event_that_no_window_is_sure_of_is_a_candidate() -> None:
    unsure, sure = (Episode("lpd", 0.0, 10.0, 1, 10.0, confidence=p) for p in (0.3, 0.9))
    assert event(unsure)["candidate"]
    assert not event(sure)["candidate"]
