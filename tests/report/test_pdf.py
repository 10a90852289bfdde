"""The report on paper and as `mne.Report`: everything that has to be told is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from neuronarrator_hf.narration.result import Narration
from neuronarrator_hf.recording.reading import Recording
from neuronarrator_hf.report.files import parse_formats
from neuronarrator_hf.report.mne_report import to_mne_report
from neuronarrator_hf.report.pdf import write_pdf


def test_the_pdf_tells_the_report_its_events_and_evidence(
    narration: Narration, recording: Recording, tmp_path: Path
) -> None:
    try:
        parse_formats("pdf")
    except ValueError as error:
        pytest.skip(str(error))
    pypdf = pytest.importorskip("pypdf")
    write_pdf(tmp_path / "r.pdf", narration.document(), recording)
    pages = pypdf.PdfReader(tmp_path / "r.pdf").pages
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    for words in ("Impression", "Lateralized periodic discharges", "0:20", "10 Hz", "peak 10.1 Hz", "T7-P7"):
        assert words in text, words
    assert "posterior dominant rhythm" in text  # the rows under the overview are drawn
    assert all("not a medical device" in page.extract_text() for page in pages)
    assert [round(float(x)) for x in pages[0].mediabox[2:]] == [595, 842]
    assert len(pages) < 10
    assert any("/Image" in str(page["/Resources"]) or page.images for page in pages)  # the spectrogram


def test_an_mne_report_holds_the_sections_and_a_page_of_each_event(
    narration: Narration, recording: Recording, tmp_path: Path
) -> None:
    report = to_mne_report(narration.document(), recording)
    assert "Report" in report.html[0] or len(report.html) == 2
    path = tmp_path / "mne.html"
    report.save(path, open_browser=False, verbose="ERROR")
    text = path.read_text(encoding="utf-8")
    assert "not a medical device" in text and "Impression" in text
    assert "0:20 Lateralized periodic discharges (LPDs)" in text
    assert "<script>alert(1)" not in text
    assert text.count("data:image/png") >= 1
