"""The whole visit in a headless Chromium: example, upload, clicks, downloads, errors, two visitors.

Waits here are for what stays once it has come. What flashes by is recorded by the page itself, and a front
end that shows two updates as one fails nothing: that the narrative streams is proved where it is made, in
`test_page`.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mne
import pytest
from eeg_samples import awake_uv
from served import PATIENCE_S, Server, wait_until

from neuronarrator_hf.app.narrators import MEASURED
from neuronarrator_hf.recording.writing import write_edf
from neuronarrator_hf.signal.montage import SITES_1020

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(2 * PATIENCE_S),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
expect.set_options(timeout=1000 * PATIENCE_S)
DESKTOP, TABLET, PHONE = (1280, 900), (820, 1180), (390, 844)
RECORD_STATUS = """
window.statuses = [];
new MutationObserver(() => {
  const line = document.querySelector(".nn-status span");
  if (line && statuses.at(-1) !== line.textContent) statuses.push(line.textContent);
}).observe(document, { subtree: true, childList: true, characterData: true });
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as driver:
        opened = driver.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
            timeout=1000 * PATIENCE_S,
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
        context.set_default_timeout(1000 * PATIENCE_S)
        page = context.new_page()
        page.add_init_script(RECORD_STATUS)
        page.on("request", lambda r: outside.append(r.url) if not _is_own(r.url, server) else None)
        page.on("console", lambda m: complaints.append((m.text, m.location)) if m.type == "error" else None)
        page.on("pageerror", lambda e: complaints.append(str(e)))
        page.goto(server.url)
        expect(button(page, "Narrate")).to_be_enabled()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert outside == [] and complaints == []


def _is_own(url: str, server: Server) -> bool:
    return url.startswith((f"{server.url}/", "data:", "blob:"))


def button(page: Any, name: str) -> Any:
    return page.get_by_role("button", name=name)


def narrate(page: Any) -> None:
    button(page, "Narrate").click()


def by_measurements(page: Any) -> None:
    """Let the measurements alone speak, where who speaks is not what a test is about: far less to compute."""
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option", name=MEASURED).click()
    expect(page.get_by_role("combobox", name="Model")).to_have_value(MEASURED)


def ended(page: Any, told: str) -> None:
    """Wait until a run has ended with these words, and the page with it."""
    expect(page.locator(".nn-status")).to_contain_text(told)
    expect(button(page, "Narrate")).to_be_enabled()
    expect(button(page, "Stop")).to_be_disabled()
    expect(page.locator(".file-preview")).to_have_count(0)  # an upload is no longer offered


def finished(page: Any, n_segments: int) -> None:
    ended(page, f"{n_segments} segments narrated in")
    expect(page.locator(".nn-narrative").get_by_text(re.compile(r"^\d+:\d\d"))).to_have_count(n_segments)
    expect(page.locator(".nn-report dd").first).not_to_be_empty()
    expect(page.locator(".nn-verdict p")).not_to_be_empty()


def upload(page: Any, path: Path) -> None:
    page.get_by_label("My recording").check()
    expect(page.get_by_text("Drop File Here")).to_be_visible()
    page.locator("input[type=file]").first.set_input_files(path)
    expect(page.get_by_test_id("download-link")).to_have_attribute("download", path.name)  # it has arrived


def at_segment(page: Any, wanted: int) -> None:
    told = f"EEG from {(wanted - 1) // 6}:{(wanted - 1) % 6}0 to"
    expect(page.locator(".nn-page")).to_have_attribute("alt", re.compile(re.escape(told)))
    expect(page.get_by_label(re.compile("^number input for Segment"))).to_have_value(str(wanted))


def download_of(page: Any, label: str) -> Any:
    """What a button downloads; a page that moves swallows a click, and a reader clicks again."""
    for _ in range(3):
        try:
            with page.expect_download(timeout=30_000) as download:
                button(page, label).click()
            return download.value
        except sync_api.TimeoutError:
            continue
    raise AssertionError(f"nothing was downloaded by {label}")


def test_the_whole_visit(visit: Callable[..., Any], server: Server, tmp_path: Path) -> None:
    before = server.files()
    page = visit()
    narrate(page)
    finished(page, 12)
    said = page.evaluate("statuses")
    steps = [int(found[1]) for text in said if (found := re.match(r"(\d+) of 12 segments", text))]
    assert steps == sorted(steps) and set(steps) <= set(range(1, 13))
    assert said[-1].startswith("12 segments narrated in")

    expect(page.get_by_text("Simulated here:")).to_be_visible()
    claims = page.locator(".nn-narrative .token.highlighted")
    assert claims.count() > 12
    assert page.get_by_text("contradicted by the signal").count() == 0

    fifth = page.locator(".nn-narrative").get_by_text(re.compile("^0:40"))
    fifth.click()
    at_segment(page, 5)
    claims.first.click()  # a claim of the first segment
    at_segment(page, 1)
    fifth.click()
    at_segment(page, 5)
    button(page, "Next").click()
    at_segment(page, 6)
    strip = page.get_by_alt_text("Spectrogram of the recording")
    box = strip.bounding_box()
    strip.click(position={"x": box["width"] * 8.5 / 12, "y": box["height"] / 2})
    at_segment(page, 9)

    event = page.locator(".nn-events [role=gridcell]").filter(has_text="Electrographic seizure").first
    onset = page.get_by_test_id(f"cell-{event.get_attribute('data-row')}-0").inner_text().strip()
    event.click()
    minutes, seconds = map(int, onset.split(":"))
    at_segment(page, (60 * minutes + seconds) // 10 + 1)

    drawn = page.locator(".nn-page").get_attribute("src")
    page.get_by_label("Montage").click()
    page.get_by_role("option", name="average reference").click()
    expect(page.locator(".nn-page")).not_to_have_attribute("src", drawn)

    saved = {}
    for label, suffix in (("HTML", ".html"), ("JSON", ".json"), ("Markdown", ".md"), ("EDF+", ".edf")):
        saved[suffix] = tmp_path / f"narrative{suffix}"
        download_of(page, label).save_as(saved[suffix])
    narration = json.loads(saved[".json"].read_text(encoding="utf-8"))
    assert narration["schema"] == "neuronarrator.narration/1" and len(narration["chunks"]) == 12
    assert "not a medical device" in saved[".html"].read_text(encoding="utf-8")
    raw = mne.io.read_raw_edf(saved[".edf"], verbose="error")
    assert raw.times[-1] > 110 and any("seizure" in text.lower() for text in raw.annotations.description)

    own = server.files() - before
    assert {path.suffix for path in own} == {".html", ".json", ".md", ".edf"}
    page.context.close()
    wait_until(lambda: not own & server.files(), "the end of the files of a visitor who left")


def test_an_upload_is_narrated_deleted_and_not_named(
    visit: Callable[..., Any], server: Server, recording: Path
) -> None:
    before = server.files()
    page = visit()
    by_measurements(page)
    upload(page, recording)
    narrate(page)
    finished(page, 4)
    expect(page.locator(".nn-status")).to_contain_text("The upload has been deleted")
    own = sorted(path.name for path in server.files() - before)
    assert own == ["narrative.edf", "narrative.html", "narrative.json", "narrative.md"]
    assert page.get_by_text("Jane").count() == 0 and page.get_by_text("Simulated here").count() == 0


def test_a_bad_file_is_refused_and_the_next_one_taken(
    visit: Callable[..., Any], recording: Path, tmp_path: Path
) -> None:
    page = visit()
    by_measurements(page)
    bad = tmp_path / "broken_file.edf"
    bad.write_bytes(b"0       " + b"no header" * 50)
    upload(page, bad)
    narrate(page)
    ended(page, "This file cannot be used")
    expect(page.locator(".nn-status")).to_have_attribute("role", "alert")
    upload(page, recording)
    narrate(page)
    finished(page, 4)


def test_two_visitors_at_once_do_not_mix(visit: Callable[..., Any], recording: Path) -> None:
    one, other = visit(), visit()
    by_measurements(one)
    by_measurements(other)
    upload(other, recording)
    narrate(one)
    narrate(other)
    finished(one, 12)
    finished(other, 4)
    expect(one.get_by_text("Simulated here")).to_be_visible()
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
    by_measurements(page)
    upload(page, path)
    narrate(page)
    finished(page, 3)
    assert page.evaluate("window.broken") is None
    assert page.locator("img[src*='e.x']").count() == 0


def test_the_keyboard_is_enough(visit: Callable[..., Any]) -> None:
    page = visit()
    by_measurements(page)
    button(page, "Narrate").press("Enter")
    finished(page, 12)
    at_segment(page, 1)
    pages = page.locator("[tabindex]", has=page.locator(".nn-page")).last
    pages.press("ArrowRight")
    at_segment(page, 2)
    pages.press("ArrowRight")
    at_segment(page, 3)
    pages.press("ArrowLeft")
    at_segment(page, 2)
    page.locator(".nn-narrative .token", has_text=re.compile("^0:50")).press("Enter")
    at_segment(page, 6)


def test_an_upload_made_while_a_run_goes_on_is_kept(visit: Callable[..., Any], recording: Path) -> None:
    page = visit()
    by_measurements(page)
    narrate(page)
    upload(page, recording)
    expect(page.locator(".nn-status")).to_contain_text("12 segments narrated in")
    expect(button(page, "Stop")).to_be_disabled()
    narrate(page)
    finished(page, 4)


def test_nothing_overflows_and_a_claim_brings_its_page_into_view(
    visit: Callable[..., Any], recording: Path
) -> None:
    page = visit(DESKTOP)
    by_measurements(page)
    upload(page, recording)
    narrate(page)
    finished(page, 4)
    for segment, (width, height) in zip((3, 2, 1), (DESKTOP, TABLET, PHONE), strict=True):
        page.set_viewport_size({"width": width, "height": height})
        told = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(told) <= 0, width
        page.locator(".nn-narrative").get_by_text(re.compile(f"^0:{segment - 1}0")).click()
        at_segment(page, segment)
        expect(page.locator(".nn-page")).to_be_in_viewport()
