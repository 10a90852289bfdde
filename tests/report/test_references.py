"""From a sentence to its evidence and back, in the page, in print and in Markdown."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from neuronarrator_hf.narration.result import Narration
from neuronarrator_hf.recording.reading import Recording
from neuronarrator_hf.report.html import to_html
from neuronarrator_hf.report.markdown import iter_markdown
from neuronarrator_hf.report.outline import outline_of
from neuronarrator_hf.report.references import references_of, told_sections


@pytest.fixture(scope="module")
def document(narration: Narration) -> dict[str, Any]:
    return narration.to_dict()


def test_every_sentence_is_told_with_its_references(document: dict[str, Any]) -> None:
    references = references_of(document)
    for name, _, sentences in told_sections(document, references):
        assert " ".join(s.text for s in sentences) == document["sections"][name]
        assert all(s.references for s in sentences)


def test_a_reference_tells_time_place_and_numbers(document: dict[str, Any]) -> None:
    found = [
        r for r in references_of(document).values() if r.what.startswith("Lateralized periodic discharges")
    ]
    assert found[0].times == "0:20 to 0:40"
    assert "seen for 20 s" in found[0].numbers and "judged over" in found[0].numbers
    assert found[0].segments == (20.0,)
    rhythm = next(
        r for r in references_of(document).values() if r.what.startswith("Posterior dominant rhythm")
    )
    assert rhythm.where == "O1, O2" and "peak 10.1 Hz" in rhythm.numbers
    assert "bound: 3 dB above the fit" in rhythm.numbers
    assert rhythm.verdict == "supported by the signal"


def test_the_page_leads_there_and_back(document: dict[str, Any], recording: Recording) -> None:
    page = to_html(document, recording)
    ids = set(re.findall(r'\bid="([^"]+)"', page))
    links = set(re.findall(r'href="#([^"]+)"', page))
    assert links <= ids
    for statement in document["statements"]:
        assert statement["id"] in ids
        assert set(statement["evidence"]) <= links & ids
    first = next(s for s in document["statements"] if s["section"] == "background")
    row = re.search(rf'<tr id="{first["evidence"][0]}".*?</tr>', page, re.DOTALL)
    assert row and f'href="#{first["id"]}"' in row.group() and 'href="#s' in row.group()


def test_markdown_has_a_footnote_for_every_reference(document: dict[str, Any]) -> None:
    text = "".join(iter_markdown(document))
    told = set(re.findall(r"\[\^(\d+)\](?!:)", text))
    defined = re.findall(r"^\[\^(\d+)\]: ", text, re.MULTILINE)
    assert told == set(defined) and len(defined) == len(set(defined)) > 5
    anchors = set(re.findall(r'<a id="([^"]+)"></a>', text))
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors


def test_segments_that_the_report_cites_are_kept_on_the_page(
    document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neuronarrator_hf.report.outline.MAX_SEGMENTS", 3)
    cited = {"id": "e99", "kind": "claim", "segments": [40.0]}
    kept = outline_of({**document, "evidence": [cited], "events": []}).kept
    assert 4 in kept


def test_a_narration_without_statements_is_told_all_the_same(document: dict[str, Any]) -> None:
    old = {k: v for k, v in document.items() if k not in ("statements", "evidence", "states")}
    assert "Impression" in to_html(old)
    assert document["sections"]["technique"].split(".")[0][:20] in "".join(iter_markdown(old))


def test_states_are_tabled_and_each_background_begins_a_line(narration: Narration, tmp_path: Path) -> None:
    parts = [
        {"state": "awake", "time_s": 30.0, "text": "Awake (30 seconds): One.", "claims": []},
        {"state": "asleep", "time_s": 30.0, "text": "Asleep (30 seconds): Two.", "claims": []},
    ]
    states = {
        "stretches": [
            {"state": "awake", "start_s": 0.0, "end_s": 30.0},
            {"state": "n2_sleep", "start_s": 30.0, "end_s": 60.0},
        ],
        "time_s": {"awake": 30.0, "asleep": 30.0},
        "background": parts,
    }
    told = replace(
        narration,
        sections={**narration.sections, "background": " ".join(p["text"] for p in parts)},
        states=states,
    )
    page = to_html(told.document())
    assert "Course of the state (2 stretches)" in page and "<td>stage N2 sleep</td>" in page
    assert page.count('<span class="part"></span><span class="said" id="background-2"') == 1
    assert "| 0:30 | 1:00 | stage N2 sleep |" in "".join(iter_markdown(told.document()))


def test_a_segment_after_a_gap_says_so(document: dict[str, Any]) -> None:
    first, *others = document["chunks"]
    after = {**others[0], "quality": {**others[0]["quality"], "gap_before_s": 75.0}}
    told = {**document, "chunks": [first, after, *others[1:]]}
    assert to_html(told).count("Before this segment 1 min 15 s were not recorded.") == 1
    assert "".join(iter_markdown(told)).count("Before this segment 1 min 15 s were not recorded.") == 1
