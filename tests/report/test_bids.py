"""The BIDS derivative before real validators, each of which has to catch a planted error."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from neuronarrator_hf.findings.vocabulary import VOCABULARY
from neuronarrator_hf.narration.result import Narration
from neuronarrator_hf.report.bids import HED_VERSION, entities_of, events_path, hed_tags, write_bids
from neuronarrator_hf.report.exchange import exchange_events

VALIDATOR = Path(sys.executable).parent / "bids-validator-deno"
needs_validator = pytest.mark.skipif(not VALIDATOR.exists(), reason="bids-validator-deno is not installed")


def all_findings(narration: Narration) -> dict[str, Any]:
    """A narration in which every finding is an event, firm and as a candidate, two at a time."""
    events = []
    for number, finding in enumerate(VOCABULARY):
        for candidate in (False, True):
            events.append(
                {
                    "onset_s": 10.0 * (number // 2), "duration_s": 10.0, "finding": finding,
                    "confidence": 0.5, "channels": ["T7"], "side": ("left", "right", None)[number % 3],
                    "regions": ["temporal"], "frequency_hz": [1.0, 1.5], "candidate": candidate,
                    "evolution": None,
                }
            )  # fmt: skip
    return {**narration.document(), "events": events}


@pytest.fixture()
def table(narration: Narration, tmp_path: Path) -> Path:
    path = events_path(tmp_path / "bids", "Study_07")
    write_bids(path, all_findings(narration))
    return path


def derivative(table: Path) -> Path:
    return next(p for p in table.parents if p.name == "neuronarrator")


def errors(folder: Path) -> set[tuple[str, str]]:
    done = subprocess.run(
        [str(VALIDATOR), str(folder), "--json"], capture_output=True, text=True, timeout=120
    )
    issues = json.loads(done.stdout)["issues"]["issues"]
    return {(i["code"], i.get("subCode") or "") for i in issues if i["severity"] == "error"}


def test_names_are_those_of_bids() -> None:
    assert entities_of("sub-01_ses-2_task-rest_run-1_eeg") == {
        "sub": "01", "ses": "2", "task": "rest", "run": "1",
    }  # fmt: skip
    assert entities_of("Doe, J.") == {"sub": "DoeJ", "task": "eeg"}
    path = events_path(Path("bids"), "sub-01_ses-2_eeg")
    assert path.as_posix() == (
        "bids/derivatives/neuronarrator/sub-01/ses-2/eeg/sub-01_ses-2_task-eeg_desc-neuronarrator_events.tsv"
    )


@needs_validator
def test_the_derivative_is_valid_and_planted_errors_are_caught(table: Path) -> None:
    root = derivative(table)
    assert errors(root) == set()
    table.rename(table.with_name("sub-Study07_task-eeg_desc-neuronarrator_findings.tsv"))
    assert {code for code, _ in errors(root)} == {"NOT_INCLUDED", "SIDECAR_WITHOUT_DATAFILE"}


def test_the_derivative_is_described(table: Path) -> None:
    """The validator lets a description without these fields pass; the specification does not."""
    described = json.loads((derivative(table) / "dataset_description.json").read_text())
    assert described["DatasetType"] == "derivative"
    assert {"Name", "BIDSVersion", "GeneratedBy", "HEDVersion"} <= set(described)
    assert described["GeneratedBy"][0]["Name"] == "neuronarrator_hf"


@needs_validator
@pytest.mark.parametrize(
    ("old", "new"), [("sc:Lateralized-periodic-discharges", "sc:Lateral-spikes"), ("onset", "begin")]
)
def test_an_error_in_the_table_is_caught(table: Path, old: str, new: str) -> None:
    text = table.read_text()
    assert old in text
    table.write_text(text.replace(old, new))
    assert errors(derivative(table))


def test_hedtools_accepts_every_tag_and_refuses_a_planted_one(table: Path) -> None:
    models = pytest.importorskip("hed.models")
    schema = pytest.importorskip("hed.schema").load_schema_version(HED_VERSION)
    sidecar = models.Sidecar(str(table.with_suffix(".json")))
    assert sidecar.validate(schema) == []
    assert models.TabularInput(str(table), sidecar=sidecar).validate(schema) == []
    broken = table.with_name("broken_events.tsv")
    shutil.copy(table, broken)
    broken.write_text(broken.read_text().replace("sc:Polyspikes", "sc:Manyspikes"))
    found = models.TabularInput(str(broken), sidecar=sidecar).validate(schema)
    assert {issue["code"] for issue in found} == {"TAG_INVALID"}


def test_rows_are_the_events_and_candidates_carry_no_tag(narration: Narration, table: Path) -> None:
    events = exchange_events(all_findings(narration))
    with table.open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert len(rows) == len(events) == 2 * len(VOCABULARY)
    candidates = [row for row in rows if row["trial_type"].startswith("candidate_")]
    assert len(candidates) == len(VOCABULARY)
    assert {row["HED"] for row in candidates} == {"n/a"}
    lpd = next(row for row in rows if row["trial_type"] == "lpd")
    assert lpd["HED"].startswith("(sc:Lateralized-periodic-discharges") and "1.25 Hz" in lpd["HED"]
    assert (lpd["frequency_low_hz"], lpd["frequency_high_hz"], lpd["channels"]) == ("1", "1.5", "T7")
    levels = json.loads(table.with_suffix(".json").read_text())["trial_type"]["Levels"]
    assert set(levels) == {row["trial_type"] for row in rows}


def test_side_is_part_of_the_group(narration: Narration) -> None:
    lpd = next(e for e in exchange_events(narration.document()) if e.finding == "lpd")
    assert hed_tags(lpd) == "(sc:Lateralized-periodic-discharges, Left, sc:Feature-frequency/1 Hz)"
