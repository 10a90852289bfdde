"""The reader's word beside the machine's: nothing is overwritten, and pairs say what each of them said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from neuronarrator_hf.cli import app
from neuronarrator_hf.findings.parse import parse
from neuronarrator_hf.narration.result import Narration, plain
from neuronarrator_hf.report.corrections import SCHEMA, apply, read_corrections, training_pairs


@pytest.fixture(scope="module")
def document(narration: Narration) -> dict[str, Any]:
    return json.loads(json.dumps(plain(narration.to_dict())))


def corrections(document: dict[str, Any], *entries: dict[str, Any]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "recording": document["recording"]["digest"],
        "reader": "R1",
        "corrections": list(entries),
    }


REMOVE = {"at": 20.0, "finding": "lpd", "verdict": "remove", "note": "electrode artifact"}
CHANGE = {
    "at": 20.0, "finding": "posterior_dominant_rhythm", "verdict": "change",
    "claim": {"frequency_hz": [9.0, 9.0]},
}  # fmt: skip
ADD = {"at": 30.0, "finding": "spikes", "verdict": "add", "claim": {"side": "left", "regions": ["temporal"]}}
AGREE = {"at": 0.0, "finding": "focal_slowing", "verdict": "agree"}


def test_the_machines_claims_stay_beside_the_readers(document: dict[str, Any]) -> None:
    before = json.dumps(document)
    corrected = apply(document, corrections(document, REMOVE, CHANGE, ADD))
    assert json.dumps(document) == before
    claims = {c["finding"]: c for c in corrected["chunks"][2]["claims"]}
    assert claims["lpd"]["reader"] == {"verdict": "remove", "claim": None, "note": "electrode artifact"}
    assert claims["lpd"]["polarity"] == "present"
    rhythm = claims["posterior_dominant_rhythm"]
    assert rhythm["frequency_hz"] == [10.0, 10.0]
    assert rhythm["reader"]["claim"]["frequency_hz"] == [9.0, 9.0]
    added = corrected["chunks"][3]["claims"][-1]
    assert (added["finding"], added["machine"], added["side"]) == ("spikes", None, "left")
    assert corrected["text"] == document["text"]


def test_pairs_say_what_the_machine_said_and_what_the_reader_says(document: dict[str, Any]) -> None:
    corrected = apply(document, corrections(document, REMOVE, CHANGE, ADD, AGREE))
    pairs = training_pairs(corrected)
    assert [p["timestamp"] for p in pairs] == [[0.0, 10.0], [20.0, 30.0], [30.0, 40.0]]
    assert [p["agreed"] for p in pairs] == [True, False, False]
    assert all(p["rejected"] == document["chunks"][0]["text"] for p in pairs)
    said = {c.finding: c for c in parse(pairs[1]["chosen"]) if c.is_present}
    assert said["posterior_dominant_rhythm"].frequency_hz == (9.0, 9.0)
    assert "lpd" not in said
    assert "spikes" in {c.finding for c in parse(pairs[2]["chosen"]) if c.is_present}


def test_a_contradicted_claim_that_nobody_defends_is_not_taught(document: dict[str, Any]) -> None:
    pairs = training_pairs(apply(document, corrections(document, CHANGE)))
    assert "focal_slowing" not in {c["finding"] for c in pairs[0]["claims"]}
    agreed = {"at": 20.0, "finding": "focal_slowing", "verdict": "agree"}
    pairs = training_pairs(apply(document, corrections(document, agreed)))
    assert "focal_slowing" in {c["finding"] for c in pairs[0]["claims"]}


def test_the_verdict_on_the_whole_follows_the_reader(document: dict[str, Any]) -> None:
    pairs = training_pairs(apply(document, corrections(document, ADD)))
    assert "abnormal" in {c.finding for c in parse(pairs[0]["chosen"]) if c.is_present}


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({**REMOVE, "at": 21.0}, "no segment starts at 21"),
        ({**REMOVE, "finding": "gpd"}, "says nothing of gpd"),
    ],
)
def test_what_is_not_there_cannot_be_corrected(
    document: dict[str, Any], entry: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        apply(document, corrections(document, entry))


def test_corrections_of_another_recording_are_refused(document: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="are of recording x"):
        apply(document, {**corrections(document), "recording": "x"})


@pytest.mark.parametrize(
    "entry",
    [
        {**REMOVE, "verdict": "delete"},
        {**REMOVE, "at": "soon"},
        {**CHANGE, "claim": {"side": "up"}},
        {**CHANGE, "finding": "hiccups"},
        {**CHANGE, "claim": {"loudness": 3}},
        "remove it",
    ],
)
def test_a_bad_entry_is_named(document: dict[str, Any], tmp_path: Path, entry: Any) -> None:
    path = tmp_path / "c.json"
    path.write_text(json.dumps(corrections(document, REMOVE, entry)))
    with pytest.raises(ValueError, match="correction 2"):
        read_corrections(path)


def test_the_command_writes_both_and_overwrites_nothing(document: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(json.dumps(document))
    (tmp_path / "c.json").write_text(json.dumps(corrections(document, REMOVE)))
    command = ["correct", str(tmp_path / "r.json"), str(tmp_path / "c.json"), "--out", str(tmp_path / "o")]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    (pair,) = [json.loads(line) for line in (tmp_path / "o" / "r.pairs.jsonl").read_text().splitlines()]
    assert pair["timestamp"] == [20.0, 30.0]
    assert CliRunner().invoke(app, command).exit_code == 2
