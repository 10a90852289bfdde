"""The page of a corpus in a real browser, from disk and offline: choices, findings, a narrow screen."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import corpus_builds as builds
import pytest

from neuronarrator_hf.corpus.build import build, recording_tasks
from neuronarrator_hf.corpus.engines import InProcess
from neuronarrator_hf.corpus.finish import PAGE, write_side_files
from neuronarrator_hf.corpus.plan import BuildOptions
from neuronarrator_hf.corpus.rows import simulation_tasks
from neuronarrator_hf.corpus.shards import iter_rows, shard_paths

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root, out = builds.small_root(tmp_path_factory.mktemp("root"), 3), tmp_path_factory.mktemp("corpus")
    build(out, [*recording_tasks([("folder", root)]), *simulation_tasks(12, 0)], BuildOptions(), InProcess())
    write_side_files(out)
    return out


@pytest.fixture
def page(folder: Path) -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no Chromium on this machine")
    faults: list[str] = []
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1100, "height": 900})
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda r: faults.append(r.url) if not r.url.startswith("file:") else None)
        page.goto((folder / PAGE).as_uri())
        yield page
        browser.close()
    assert faults == []


def test_choices_show_what_they_name(page: Any, folder: Path) -> None:
    rows = list(iter_rows(shard_paths(folder)))
    assert page.locator("article:visible").count() == len(rows) == 18

    def expected(**choices: str) -> set[str]:
        return {
            row["id"]
            for row in rows
            if all(
                value in {c["finding"] for c in row["claims"] if c["polarity"] == "present"}
                if name == "finding"
                else row[name] == value
                for name, value in choices.items()
            )
        }

    chosen: dict[str, str] = {}
    for name, value in (("source", "simulated"), ("finding", "abnormal"), ("split", "train")):
        chosen[name] = value
        page.select_option(f"select[name={name}]", value)
        assert set(page.locator("article:visible h2").all_inner_texts()) == expected(**chosen)
    assert 0 < len(expected(**chosen)) < len(expected(source="simulated")) < len(rows)
    page.select_option("select[name=source]", "")
    page.select_option("select[name=finding]", "")
    assert set(page.locator("article:visible h2").all_inner_texts()) == expected(split="train")


def test_findings_open_and_lines_are_drawn(page: Any) -> None:
    first = page.locator("article").first
    assert not first.locator("table").is_visible()
    first.locator("summary").click()
    assert first.locator("table").is_visible()
    box = first.locator("svg path:not(.second)").nth(3).bounding_box()
    assert box["width"] > 800 and 0 < box["height"] < 200


def test_a_narrow_screen_does_not_scroll_sideways(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.locator("summary").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
