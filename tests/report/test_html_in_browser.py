"""The page in a real browser, from disk and offline: filter, jump, expand, keyboard, dark, print."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from neuronarrator_hf.narration.result import Narration
from neuronarrator_hf.recording.reading import Recording
from neuronarrator_hf.report.html import write_html

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture()
def page(browser: Any, narration: Narration, recording: Recording, tmp_path: Path) -> Iterator[Any]:
    path = tmp_path / "report.html"
    write_html(path, narration.document(), recording)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("request", lambda r: faults.append(r.url) if not r.url.startswith(("file:", "data:")) else None)
    page.goto(path.as_uri())
    yield page
    assert faults == []
    page.close()


def visible(page: Any) -> list[str]:
    return [a.get_attribute("id") for a in page.locator("article").all() if a.is_visible()]


def test_filters_show_what_they_say(page: Any) -> None:
    assert len(visible(page)) == 6
    page.get_by_role("button", name="With events").click()
    assert visible(page) == ["s200", "s300"]
    assert "2 of 6 segments" in page.locator("output").inner_text()
    page.get_by_role("button", name="Not assessable").click()
    assert visible(page) == ["s500"]
    page.get_by_role("button", name="All").click()
    page.locator("select").select_option(label="LPDs")
    assert visible(page) == ["s200", "s300"]


def test_an_event_is_jumped_to_and_its_page_is_marked(page: Any) -> None:
    page.get_by_role("button", name="Not assessable").click()
    page.locator("section[aria-labelledby=h-events] a").first.click()
    assert page.url.endswith("#s200")
    assert len(visible(page)) == 6  # the filter that hid it is lifted
    box = page.locator("#s200").bounding_box()
    assert -5 <= box["y"] <= 120
    assert page.locator("#s200 svg.eeg-page").is_visible()


def test_evidence_opens_by_keyboard_and_tells_the_measurement(page: Any) -> None:
    page.keyboard.press("n")
    assert page.url.endswith("#s200")
    summary = page.locator("#s200 summary")
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator("#s200 details").get_attribute("open") is not None
    assert "peak 10.1 Hz" in page.locator("#s200 table").inner_text()


def test_a_sentence_leads_to_its_evidence_and_back_by_keyboard(page: Any) -> None:
    link = page.locator(".refs a").last
    name = link.get_attribute("href").removeprefix("#")
    link.focus()
    page.keyboard.press("Enter")
    row = page.locator(f"tr#{name}")
    playwright.expect(row).to_be_visible()
    playwright.expect(row).to_be_focused()
    back = row.locator("a").first
    back.focus()
    page.keyboard.press("Enter")
    playwright.expect(page.locator("#" + page.url.partition("#")[2])).to_be_focused()
    assert page.locator(f"#{page.url.partition('#')[2]} + .refs a[href='#{name}']").count() == 1


def test_a_narrow_screen_scrolls_in_one_direction_only(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("#evidence summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_print_opens_the_evidence_and_fits_the_paper(page: Any, tmp_path: Path) -> None:
    pypdf = pytest.importorskip("pypdf")
    for size in ("A4", "Letter"):
        page.pdf(path=str(tmp_path / f"{size}.pdf"), format=size, prefer_css_page_size=False)
        pages = pypdf.PdfReader(tmp_path / f"{size}.pdf").pages
        text = " ".join(p.extract_text() for p in pages)
        assert "peak 10.1 Hz" in text
        assert "Preliminary" in text
        assert len(pages) < 12


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_both_schemes(page: Any, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    colours = page.evaluate("() => ['color', 'backgroundColor'].map(k => getComputedStyle(document.body)[k])")
    light = [sum(map(int, c[c.index("(") + 1 : -1].split(",")[:3])) / 765 for c in colours]
    assert abs(light[0] - light[1]) > 0.6
    assert (light[1] < 0.3) == (scheme == "dark")
