from __future__ import annotations

from pathlib import Path

from neuronarrator_hf.narration.result import Narration
from neuronarrator_hf.report.markdown import iter_markdown, write_markdown


def test_sections_events_segments_and_evidence(narration: Narration, tmp_path: Path) -> None:
    write_markdown(tmp_path / "r.md", narration.document())
    text = (tmp_path / "r.md").read_text()
    assert text == "".join(iter_markdown(narration.document()))
    order = [
        "# EEG narrative",
        "## Technique",
        "## Impression",
        "## Limits",
        "## Episodes",
        "## Segments",
        "### 0:50 to 1:00",
    ]
    assert [text.index(heading) for heading in order] == sorted(text.index(heading) for heading in order)
    assert "contradicted by the signal (ratio 0.9)" in text
    assert "peak 10.1 Hz" in text


def test_hostile_text_is_neither_markup_nor_a_table_cell(narration: Narration) -> None:
    text = "".join(iter_markdown(narration.document()))
    assert "<script>" not in text
    assert "**bold**" not in text
    assert "\n\n#" in text
