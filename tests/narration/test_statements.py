"""Every sentence of a report leads back to times, channels and numbers that are in the narration."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from eeg_samples import as_array, awake_uv, noise_uv

from neuronarrator_hf.findings.parse import parse
from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.narration.engine import Narrator
from neuronarrator_hf.narration.result import json_schema
from neuronarrator_hf.narration.statements import statements_of, whole_sentences
from neuronarrator_hf.narration.voice import MeasuredVoice
from neuronarrator_hf.recording.reading import read_recording
from neuronarrator_hf.signal.montage import SITES_1020


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    eeg_uv = awake_uv(60.0)
    eeg_uv[SITES_1020.index("T7")] += 4 * noise_uv(60.0, seed=3)[0]
    narration = Narrator(MeasuredVoice()).narrate(as_array(eeg_uv))
    return json.loads("".join(narration.iter_json()))


def test_the_document_keeps_its_schema(document: dict[str, Any]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator(json_schema()).validate(document)


def test_the_statements_are_the_sentences_of_the_report(document: dict[str, Any]) -> None:
    for statement in document["statements"]:
        start, stop = statement["span"]
        assert document["text"][start:stop] == statement["text"]
    for section, text in document["sections"].items():
        told = [s["text"] for s in document["statements"] if s["section"] == section]
        assert " ".join(told) == text


def test_every_statement_has_evidence_that_is_there(document: dict[str, Any]) -> None:
    known = {entry["id"] for entry in document["evidence"]}
    used = [i for s in document["statements"] for i in s["evidence"]]
    assert all(s["evidence"] for s in document["statements"])
    assert set(used) == known and len(document["evidence"]) == len(known)


def test_what_is_asserted_points_at_its_own_claim_with_time_place_and_numbers(
    document: dict[str, Any],
) -> None:
    entries = {entry["id"]: entry for entry in document["evidence"]}
    starts = {chunk["timestamp"][0] for chunk in document["chunks"]}
    n_present = 0
    for statement in document["statements"]:
        if statement["section"] in ("technique", "limits", "impression"):
            continue
        for said in parse(statement["text"]):
            found = [entries[i] for i in statement["evidence"] if entries[i]["finding"] == said.finding]
            assert found, statement
            claim = document["claims"][found[0]["claim"]]
            assert (claim["finding"], claim["polarity"]) == (said.finding, said.polarity)
            assert found[0]["spans_s"] and found[0]["numbers"]["assessed_s"] > 0
            if said.is_present:
                n_present += 1
                assert set(found[0]["segments"]) <= starts and found[0]["segments"]
                assert found[0]["channels"] or found[0].get("where") or claim["finding"] == "eyes_closed"
    assert n_present >= 2


def test_the_rhythm_is_shown_with_what_was_measured(document: dict[str, Any]) -> None:
    entry = next(e for e in document["evidence"] if e["finding"] == "posterior_dominant_rhythm")
    assert entry["numbers"]["frequency_hz"] == [10, 10]
    assert entry["numbers"]["posterior_peak_hz"] == pytest.approx(10, abs=0.3)


def test_facts_point_at_their_fields(document: dict[str, Any]) -> None:
    first = document["statements"][0]
    (entry,) = [e for e in document["evidence"] if e["id"] in first["evidence"]]
    assert entry["kind"] == "fact" and entry["fields"]["recording.duration_s"] == 60.0


def test_a_verdict_rests_on_its_findings_and_a_region_on_its_electrodes() -> None:
    claims = [
        Claim("focal_slowing", side="left", regions=("temporal",), start_s=0, end_s=60,
              evidence={"spans_s": [[10, 30]], "surest_s": [20], "present_s": 20}),
        Claim("abnormal", start_s=0, end_s=60, evidence={"findings": ["focal_slowing"]}),
    ]  # fmt: skip
    sections = {
        "background": "There is left temporal focal slowing.",
        "impression": "The recording is mildly abnormal. It rests on little.",
    }
    known = {"recording": {"ch_names": ["T7", "T8", "P7"]}, "quality": {}, "model": {}}
    statements, evidence = statements_of(
        sections, {"background": 12, "impression": 63}, claims, [], {}, known
    )
    assert [s["evidence"] for s in statements] == [["e1"], ["e2", "e1"], ["e2", "e1"]]
    assert evidence[0]["channels"] == ["T7", "P7"]
    assert (evidence[0]["spans_s"], evidence[0]["segments"]) == ([[10, 30]], [20])


def test_a_semicolon_ends_no_sentence_and_a_decimal_point_neither() -> None:
    text = "Read at 0.5 Hz; F7 is out. Next one!"
    assert [text[a:b] for a, b in whole_sentences(text)] == ["Read at 0.5 Hz; F7 is out.", "Next one!"]


def test_what_was_narrated_in_part_does_not_call_the_recording_short() -> None:
    narration = Narrator(MeasuredVoice()).narrate(as_array(awake_uv(60.0)), start_s=10.0, stop_s=30.0)
    limits = narration.sections["limits"]
    assert "Of 1 minute, 20 seconds were read, less than the 20 minutes of a routine EEG" in limits
    assert "recording lasts" not in limits and "shorter" not in limits


def test_a_part_that_is_the_whole_is_told_as_the_whole() -> None:
    narration = Narrator(MeasuredVoice()).narrate(as_array(awake_uv(20.0)), start_s=0.0, stop_s=400.0)
    assert "Read from" not in narration.sections["technique"]
    assert "the rest was not judged" not in narration.sections["limits"]


def test_an_electrode_that_is_zero_throughout_is_told_as_the_reference() -> None:
    eeg_uv = awake_uv(30.0)
    eeg_uv[SITES_1020.index("Pz")] = 0.0
    narration = Narrator(MeasuredVoice()).narrate(as_array(eeg_uv))
    assert "reference probably Pz" in narration.sections["technique"]
    assert "Pz is probably the reference" in narration.sections["quality"]
    assert "Not usable" not in narration.sections["quality"]
    assert "without signal" not in narration.text
    assert all("flat" not in window.text for window in narration.windows)
    assert all(window.quality["channels"] == {"Pz": ["reference"]} for window in narration.windows)
    assert next(c for c in narration.claims if c.finding == "flat_channel").polarity == "absent"
    eeg_uv[SITES_1020.index("Cz")] = 0.0
    two = Narrator(MeasuredVoice()).narrate(as_array(eeg_uv))
    assert "Not usable: Cz, Pz." in two.sections["quality"] and "probably" not in two.sections["technique"]
    assert all("flat" in window.text for window in two.windows)


def test_the_noise_of_a_reference_is_told_from_a_dead_input() -> None:
    noise = np.random.default_rng(0).normal(0.0, 0.5, 6000)
    for name in ("Pz", "T8"):
        eeg_uv = awake_uv(30.0) + noise_uv(30.0, seed=5) * 2
        place = SITES_1020.index(name)
        against = eeg_uv - eeg_uv[place]
        against[place] = noise
        assert read_recording(as_array(against)).report["reference_probable"] == name
        dead = eeg_uv.copy()
        dead[place] = noise
        assert read_recording(as_array(dead)).report["reference_probable"] is None
