from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from neuronarrator_hf.narration.result import Narration
from neuronarrator_hf.recording.reading import Recording
from neuronarrator_hf.report.html import to_html


class Page(HTMLParser):
    VOID = frozenset({"meta", "link", "br", "img", "input"})

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        return [
            a for t, a in self.tags if t == tag and all(a.get(k.rstrip("_")) == v for k, v in wanted.items())
        ]


@pytest.fixture(scope="module")
def source(narration: Narration, recording: Recording) -> str:
    return to_html(narration.document(), recording)


@pytest.fixture(scope="module")
def page(source: str) -> Page:
    return Page(source)


def test_every_element_is_closed(page: Page) -> None:
    assert page.open == []


def test_nothing_is_loaded_from_outside(source: str, page: Page) -> None:
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", source)
    assert not re.search(r"@import|url\(\s*['\"]?(?!#)", source)
    assert all(a["href"].startswith("data:") for a in page.all("image"))


def test_hostile_text_stays_text(source: str, page: Page) -> None:
    assert "<script>alert" not in source
    assert "<script>alert(1)</script>" in page.text
    assert len(page.all("script")) == 1


def test_every_claim_is_marked_with_its_status_and_carries_its_evidence(page: Page) -> None:
    marks = [a for t, a in page.tags if t == "mark" and "title" in a]
    assert len(marks) == 6 * 2 + 2
    assert {a["class"] for a in marks} == {"supported", "contradicted"}
    assert all(a["tabindex"] == "0" for a in marks)
    assert any("peak 10.1 Hz" in a["title"] and "3 dB above the fit" in a["title"] for a in marks)


def test_links_lead_somewhere(page: Page) -> None:
    ids = {a["id"] for _, a in page.tags if a.get("id")}
    for anchor in page.all("a"):
        assert anchor["href"].removeprefix("#") in ids


def test_ids_are_unique(page: Page) -> None:
    ids = [a["id"] for _, a in page.tags if a.get("id")]
    assert len(ids) == len(set(ids))


def test_events_have_their_page_and_pictures_have_words(page: Page) -> None:
    assert page.all("svg", class_="eeg-page")
    assert page.all("svg", class_="topomap")
    assert all(a.get("aria-label") or a.get("aria-labelledby") for t, a in page.tags if t == "svg")


def test_headings_and_landmarks_for_screen_readers(page: Page) -> None:
    assert [t for t, _ in page.tags if t == "h1"] == ["h1"]
    assert page.all("html", lang="en")
    for landmark in ("header", "main", "footer"):
        assert page.all(landmark)


def test_the_disclaimer_stands_first_and_last(source: str) -> None:
    assert source.count("Preliminary, for review by a qualified reader; not a medical device.") >= 2


def test_a_report_without_the_recording_has_words_only(narration: Narration) -> None:
    page = Page(to_html(narration.document()))
    assert not page.all("svg", class_="eeg-page")
    assert "Impression" in page.text


def test_it_is_deterministic_and_small(source: str, narration: Narration, recording: Recording) -> None:
    assert to_html(narration.document(), recording) == source
    assert len(source) < 1_000_000


def test_long_recordings_keep_what_says_something_new(
    narration: Narration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neuronarrator_hf.report.outline.MAX_SEGMENTS", 4)
    page = Page(to_html(narration.document()))
    assert [a["id"] for a in page.all("article")] == ["s0", "s100", "s200", "s400"]
    assert "of 6 segments are shown" in page.text
