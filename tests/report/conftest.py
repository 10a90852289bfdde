from __future__ import annotations

from typing import Any

import pytest
from eeg_samples import as_array, awake_uv

from neuronarrator_hf.findings.facts import Facts
from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.findings.summarise import summarise
from neuronarrator_hf.findings.track import track
from neuronarrator_hf.narration.result import Narration, WindowNarration
from neuronarrator_hf.recording.reading import Recording, read_recording

HOSTILE = '<script>alert(1)</script> & "quoted" | **bold**'


@pytest.fixture(scope="session")
def recording() -> Recording:
    return read_recording(as_array(awake_uv(60.0)))


def window(i: int) -> WindowNarration:
    sentences = ["The posterior dominant rhythm is 10 Hz.", "There is left temporal focal slowing.", HOSTILE]
    at = [0, len(sentences[0]) + 1, len(sentences[0]) + len(sentences[1]) + 2]
    spans = [(start, start + len(s)) for start, s in zip(at, sentences, strict=True)]
    where: dict[str, Any] = {"start_s": 10.0 * i, "end_s": 10.0 * i + 10, "confidence": 0.8}
    claims = [
        Claim("posterior_dominant_rhythm", frequency_hz=(10, 10), status="supported", span=spans[0],
              evidence={"measured": {"peak_hz": 10.1}, "where": "O1, O2",
                        "bound": "3 dB above the fit"}, **where),
        Claim("focal_slowing", side="left", regions=("temporal",),
              status="contradicted" if i else "supported", span=spans[1],
              evidence={"measured": {"ratio": 0.9}}, **where),
    ]  # fmt: skip
    if i in (2, 3):
        claims.append(
            Claim("lpd", side="left", frequency_hz=(1, 1), status="supported", span=spans[2], **where)
        )
    quality = {"assessable": i != 5, "channels": {}, "rewritten": int(i == 1)}
    return WindowNarration(
        10.0 * i,
        10.0 * i + 10,
        " ".join(sentences),
        tuple(claims),
        {"lpd": 0.1},
        frozenset({"rem_sleep"}),
        quality,
    )


@pytest.fixture(scope="session")
def narration(recording: Recording) -> Narration:
    windows = [window(i) for i in range(6)]
    tracked = track(windows)
    summary = summarise(tracked, Facts(duration_s=60, n_channels=19, n_windows=6, n_assessable=5))
    return Narration(
        windows=windows,
        claims=summary.claims,
        episodes=tracked.episodes,
        sections=summary.sections,
        severity={},
        quality={
            "windows": 6,
            "windows_assessed": 5,
            "grade": summary.grade,
            "sentences": {"rewritten": 1, "dropped": 0, "added": 0},
            "claims": {"supported": 1, "contradicted": 5, "unassessable": 0, "unchecked": 0},
        },
        recording={
            "name": HOSTILE,
            "digest": recording.digest,
            "duration_s": 60.0,
            "sfreq": 200.0,
            "ch_names": list(recording.ch_names),
            "age_years": None,
        },
        model={"name": "parrot", "revision": None, "version": "0"},
    )
