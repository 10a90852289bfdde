"""The whole visit in a headless Chromium: example, upload, clicks, downloads, errors, two visitors."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mne
import pytest
from eeg_samples import awake_uv
from served import Server

from neuronarrator_hf.recording.writing import write_edf
from neuronarrator_hf.signal.montage import SITES_1020

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
sync_api = pytest.importorskip("playwright.sync_api")
WAIT_MS = 240_000
DESKTOP, PHONE = (1280, 900), (390, 844)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as driver:
        opened = driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield opened
        opened.close()


@pytest.fixture
def visit(browser: Any, server: Server) -> Iterator[Callable[..., Any]]:
    """Open the page as a new visitor; what it asks of others, or complains of, fails the test."""
    contexts, outside, complaints = [], [], []

    def open_page(size: tuple[int, int] = DESKTOP) -> Any:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, accept_downloads=True)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("request", lambda r: outside.append(r.url) if not _is_own(r.url, server) else None)
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: complaints.append(str(e)))
        page.goto(server.url)
        page.get_by_role("button", name="Narrate").wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert outside == [] and complaints == []


def _is_own(url: str, server: Server) -> bool:
    return url.startswith((f"{server.url}/", "data:", "blob:"))


def narrate(page: Any) -> None:
    page.get_by_role("button", name="Narrate").click()


def finished(page: Any) -> None:
    page.get_by_text(re.compile(r"\d+ segments narrated in")).wait_for()


def upload(page: Any, path: Path) -> None:
    page.get_by_label("My recording").check()
    page.locator("input[type=file]").first.set_input_files(path)
    page.get_by_text(path.name[:8]).first.wait_for()


def shown_segment(page: Any) -> int:
    return int(page.get_by_label(re.compile("^number input for Segment")).input_value())


def wait_for_segment(page: Any, wanted: int) -> None:
    told = re.escape(f"EEG from {(wanted - 1) // 6}:{(wanted - 1) % 6}0")
    page.get_by_alt_text(re.compile(told)).wait_for()
    assert shown_segment(page) == wanted


def test_the_whole_visit(visit: Callable[..., Any], server: Server, tmp_path: Path) -> None:
    page = visit()
    narrate(page)
    page.get_by_text(re.compile(r"\d+ of 12 segments, about")).wait_for()  # it streams
    assert page.get_by_text("Simulated here:").is_visible()
    finished(page)
    assert page.locator(".nn-narrative .token.highlighted").count() > 12
    assert page.get_by_text("contradicted by the signal").count() == 0

    page.locator(".nn-narrative").get_by_text(re.compile("^0:40")).click()
    wait_for_segment(page, 5)
    page.locator(".nn-narrative .token.highlighted").first.click()  # a claim of the first segment
    wait_for_segment(page, 1)
    page.locator(".nn-narrative").get_by_text(re.compile("^0:40")).click()
    wait_for_segment(page, 5)
    page.get_by_role("button", name="Next").click()
    wait_for_segment(page, 6)
    event = page.locator(".nn-events [role=gridcell]").filter(has_text="Electrographic seizure").first
    onset = page.get_by_test_id(f"cell-{event.get_attribute('data-row')}-0").inner_text().strip()
    event.click()
    minutes, seconds = map(int, onset.split(":"))
    wait_for_segment(page, (60 * minutes + seconds) // 10 + 1)

    before = page.locator(".nn-page").get_attribute("src")
    page.get_by_label("Montage").click()
    page.get_by_role("option", name="average reference").click()
    page.wait_for_function(
        "src => document.querySelector('.nn-page').getAttribute('src') !== src", arg=before
    )

    saved = {}
    for button, suffix in (("HTML", ".html"), ("JSON", ".json"), ("Markdown", ".md"), ("EDF+", ".edf")):
        with page.expect_download() as download:
            page.get_by_role("button", name=button).click()
        saved[suffix] = tmp_path / f"narrative{suffix}"
        download.value.save_as(saved[suffix])
    narration = json.loads(saved[".json"].read_text(encoding="utf-8"))
    assert narration["schema"] == "neuronarrator.narration/1" and len(narration["chunks"]) == 12
    assert "not a medical device" in saved[".html"].read_text(encoding="utf-8")
    raw = mne.io.read_raw_edf(saved[".edf"], verbose="error")
    assert raw.times[-1] > 110 and any("seizure" in text.lower() for text in raw.annotations.description)

    page.context.close()
    for _ in range(60):
        if not server.files():
            break
        time.sleep(0.5)
    assert server.files() == []


def test_an_upload_is_narrated_deleted_and_not_named(
    visit: Callable[..., Any], server: Server, recording: Path
) -> None:
    page = visit()
    upload(page, recording)
    narrate(page)
    finished(page)
    assert page.get_by_text("The upload has been deleted").is_visible()
    assert server.files() == ["narrative.edf", "narrative.html", "narrative.json", "narrative.md"]
    assert page.get_by_text("Jane").count() == 0 and page.get_by_text("Simulated here").count() == 0


def test_a_bad_file_is_refused_and_the_next_one_taken(
    visit: Callable[..., Any], recording: Path, tmp_path: Path
) -> None:
    page = visit()
    bad = tmp_path / "broken_file.edf"
    bad.write_bytes(b"0       " + b"no header" * 50)
    upload(page, bad)
    narrate(page)
    alert = page.locator(".nn-status[role=alert]")
    alert.wait_for()
    assert "This file cannot be used" in alert.inner_text()
    upload(page, recording)
    narrate(page)
    finished(page)


def test_two_visitors_at_once_do_not_mix(visit: Callable[..., Any], recording: Path) -> None:
    one, other = visit(), visit()
    upload(other, recording)
    narrate(one)
    narrate(other)
    finished(one)
    finished(other)
    assert one.get_by_text("12 segments narrated").is_visible()
    assert other.get_by_text("4 segments narrated").is_visible()
    assert one.get_by_text("Simulated here").is_visible()
    assert other.get_by_text("Simulated here").count() == 0


def test_markup_in_a_recording_stays_text(visit: Callable[..., Any], tmp_path: Path) -> None:
    names = ["<img src=//e.x>", "<b>Fp1", *SITES_1020[2:]]
    path = write_edf(
        tmp_path / "markup.edf",
        awake_uv(22.0),
        names,
        200.0,
        [(1.0, 2.0, "<script>window.broken=1</script>")],
    )
    page = visit()
    upload(page, path)
    narrate(page)
    finished(page)
    assert page.evaluate("window.broken") is None
    assert page.locator("img[src*='e.x']").count() == 0


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_nothing_overflows(visit: Callable[..., Any], recording: Path, size: tuple[int, int]) -> None:
    page = visit(size)
    upload(page, recording)
    narrate(page)
    finished(page)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
