"""A release is what it should be, and whatever must not be published is refused by name."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from corpus_rows import write_rows

from neuronarrator_hf.publishing.build import CODE, build_release
from neuronarrator_hf.publishing.cards import card_problems
from neuronarrator_hf.publishing.check import check_release, check_repository
from neuronarrator_hf.publishing.contents import content_problems
from neuronarrator_hf.publishing.repositories import MANIFEST, Repository, find_repositories
from neuronarrator_hf.publishing.rows import row_problems

ROOT = Path(__file__).resolve().parents[2]
pytest.importorskip("datasets")
pytest.importorskip("evaluate")


def copy_of(release: Path, tmp_path: Path, kind: str, name: str) -> Repository:
    folder = tmp_path / f"{kind}s" / name
    shutil.copytree(release / f"{kind}s" / name, folder)
    return Repository(kind, name, folder)


def test_a_release_holds_model_data_metrics_and_demo(release: Path) -> None:
    labels = {repository.label for repository in find_repositories(release)}
    assert {"models/neuronarrator", "datasets/NeuroCorpus", "spaces/neuronarrator"} <= labels
    assert "spaces/clinical_claims" in labels
    config = json.loads((release / "models/neuronarrator/config.json").read_text())
    assert config["auto_map"]["AutoModelForCausalLM"].split(".")[0] == CODE.stem
    assert (release / "models/neuronarrator" / CODE.name).read_bytes() == CODE.read_bytes()


def test_the_same_inputs_give_the_same_bytes(release: Path, tiny_dir: Path, tmp_path: Path) -> None:
    out = tmp_path / "again"
    for _ in range(2):
        build_release(out, tiny_dir, checkout=ROOT, corpus=release / "datasets" / "NeuroCorpus")
    assert (out / MANIFEST).read_bytes() == (release / MANIFEST).read_bytes()
    assert not out.with_name("again.part").exists()


def test_what_is_no_release_is_never_replaced(tiny_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="no release"):
        build_release(tmp_path, tiny_dir)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_without_a_checkout_the_model_alone_is_built_and_that_is_said(tiny_dir: Path, tmp_path: Path) -> None:
    left_out = build_release(tmp_path / "out", tiny_dir)
    assert [r.label for r in find_repositories(tmp_path / "out")] == ["models/neuronarrator"]
    assert "only a checkout" in left_out[0] and "data set" in left_out[1]


def test_a_folder_without_a_model_or_a_corpus_is_refused(tiny_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"config\.json"):
        build_release(tmp_path / "out", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"README\.md with data"):
        build_release(tmp_path / "out", tiny_dir, corpus=tmp_path)


def test_what_the_repository_publishes_is_in_order(tmp_path: Path) -> None:
    """The embedded default, the cards and the simulated corpus as they are."""
    assert build_release(tmp_path / "out", ROOT / "hub" / "model", checkout=ROOT) == []
    for repository in find_repositories(tmp_path / "out"):
        assert [*content_problems(repository), *card_problems(repository)] == [], repository.label
        if repository.kind == "dataset":
            assert list(row_problems(repository)) == []


@pytest.mark.slow
def test_a_release_passes(release: Path) -> None:
    assert {label: problems for label, problems in check_release(release).items() if problems} == {}


def _write(name: str, content: bytes) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)

    return change


def _link(folder: Path) -> None:
    (folder / "notes.md").symlink_to("/etc/hostname")


REFUSED = {
    "pickled weights": (_write("pytorch_model.bin", b"\x80\x04."), "may run code"),
    "pickle by another name": (_write("notes.md", b"\x80\x04\x95."), "pickle or an archive"),
    "archive by another name": (_write("notes.txt", b"PK\x03\x04rest"), "pickle or an archive"),
    "recording": (_write("patient.edf", b"0       "), "is no kind published here"),
    "hidden file": (_write(".env", b"A=1"), "hidden"),
    "hidden folder": (_write(".git/config.json", b"{}"), "hidden"),
    "token of the Hub": (_write("notes.md", b"use hf_" + b"a1B2" * 8), "line 1 holds a token of the Hub"),
    "private key": (_write("a.json", b"\n-----BEGIN RSA PRIVATE KEY-----"), "line 2 holds a private key"),
    "password": (_write("a.json", b'{"password": "hunter22"}'), "holds a password"),
    "path of a person": (_write("a.json", b'{"path": "/home/jane/eeg"}'), "path of somebody's machine"),
    "link out": (_link, "is a link"),
    "large text": (_write("big.json", b" " * (10**7 + 1)), "the limit is 10 MB"),
    "no text": (_write("a.json", b"\xff\xfe"), "is no UTF-8"),
    "broken weights": (_write("model-2.safetensors", b"\x08" + b"\0" * 7 + b"no json!"), "is no safetensors"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_must_not_be_published_is_named(name: str, release: Path, tmp_path: Path) -> None:
    change, words = REFUSED[name]
    repository = copy_of(release, tmp_path, "model", "neuronarrator")
    assert list(content_problems(repository)) == []
    change(repository.folder)
    (problem,) = content_problems(repository)
    assert words in problem and problem.startswith("models/neuronarrator/")


CARDS = {
    "licence": ("license: apache-2.0", "license: cc-by-nc-4.0", "license is 'cc-by-nc-4.0'"),
    "library": ("library_name: transformers", "library_name: keras", "library_name is 'keras'"),
    "section": ("## Limits", "## Strengths", "has no section 'Limits'"),
    "disclaimer": ("Not a medical device.", "", "does not say that this is not a medical device"),
    "dead link": ("## Limits", "## Limits\n[see](gone.md)", "links to gone.md"),
    "no metadata": ("---\nlicense", "license", "license is None"),
}


@pytest.mark.parametrize("name", CARDS)
def test_a_card_that_lacks_something_is_told(name: str, release: Path, tmp_path: Path) -> None:
    before, after, words = CARDS[name]
    repository = copy_of(release, tmp_path, "model", "neuronarrator")
    text = repository.card().read_text(encoding="utf-8")
    assert before in text
    repository.card().write_text(text.replace(before, after), encoding="utf-8")
    assert any(words in problem for problem in check_repository(repository))


def test_a_data_set_names_the_files_of_its_splits(release: Path, tmp_path: Path) -> None:
    repository = copy_of(release, tmp_path, "dataset", "NeuroCorpus")
    assert check_repository(repository) == []
    text = repository.card().read_text()
    repository.card().write_text(text.replace("data/train-*", "data/test-*"))
    assert any("matches no file" in problem for problem in check_repository(repository))
    repository.card().write_text("---\nlicense: cc0-1.0\n---\n")
    assert any("configs:" in problem for problem in check_repository(repository))


def test_rows_that_may_not_be_passed_on_are_refused(release: Path, tmp_path: Path) -> None:
    repository = copy_of(release, tmp_path, "dataset", "NeuroCorpus")
    shutil.rmtree(repository.folder / "data")
    write_rows(repository.folder, redistributable=False)
    (problem,) = check_repository(repository)
    assert "3 rows of simulated may not be passed on" in problem


def test_a_model_that_does_not_load_is_refused(release: Path, tmp_path: Path) -> None:
    repository = copy_of(release, tmp_path, "model", "neuronarrator")
    (repository.folder / "tokenizer.json").write_text("{}")
    (problem,) = check_repository(repository)
    assert "does not load" in problem


def test_a_space_without_its_app_is_refused(release: Path, tmp_path: Path) -> None:
    repository = copy_of(release, tmp_path, "space", "neuronarrator")
    (repository.folder / "app.py").write_text("import (")
    assert any("is no Python" in problem for problem in check_repository(repository))
    (repository.folder / "app.py").unlink()
    assert any("app_file" in problem for problem in check_repository(repository))
