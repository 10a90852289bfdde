"""Real recordings the whole way, worded by their measurements: nothing crashes, nothing is made up."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from neuronarrator_hf.narration.engine import Narrator
from neuronarrator_hf.narration.result import json_schema, plain
from neuronarrator_hf.narration.voice import MeasuredVoice
from neuronarrator_hf.recording.reading import RecordingError, read_recording
from neuronarrator_hf.report.html import to_html

pytestmark = pytest.mark.real_data
READ = (
    "awake/eegmat_Subject00_2.edf",
    "awake/eegmmidb_S001R01_eyes_open.edf",
    "icu_vecams/vecams_04.edf",
    "icu_sparcnet/sparcnet_14.edf",
    "icu_iiic_irr/irr_02.edf",
    "neonatal/neonatal_preterm_demo.edf",
)


@pytest.mark.parametrize("name", READ)
def test_a_recording_is_narrated_and_rendered(real_data_root: Path, name: str) -> None:
    recording = read_recording(real_data_root / name)
    narration = Narrator(MeasuredVoice()).narrate(recording)
    document = json.loads(json.dumps(plain(narration.to_dict())))
    jsonschema.Draft202012Validator(json_schema()).validate(document)
    assert document["quality"]["claims"]["contradicted"] == 0
    if document["quality"]["windows_assessed"] == 0:
        assert document["quality"]["grade"] is None
    assert len(to_html(narration.document(), recording)) < 3_000_000


def test_an_adult_at_rest_has_the_posterior_rhythm_of_its_label(real_data_root: Path) -> None:
    narration = Narrator(MeasuredVoice()).narrate(read_recording(real_data_root / READ[0]))
    rhythm = next(c for c in narration.claims if c.finding == "posterior_dominant_rhythm")
    assert rhythm.is_present
    assert 8.0 <= rhythm.frequency_hz[0] <= rhythm.frequency_hz[1] <= 13.0


def test_damaged_files_are_refused_or_narrated_never_a_crash(real_data_root: Path) -> None:
    for path in sorted((real_data_root / "corrupt").iterdir()):
        try:
            narration = Narrator(MeasuredVoice()).narrate(path)
        except RecordingError as error:
            assert path.name in str(error)
        else:
            assert narration.quality["windows"] > 0
