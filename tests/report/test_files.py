from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from neuronarrator_hf.narration.result import Narration
from neuronarrator_hf.recording.reading import Recording
from neuronarrator_hf.report.files import (
    FORMATS,
    INTERCHANGE_FORMATS,
    Stems,
    output_paths,
    parse_formats,
    refuse_foreign,
    write_reports,
)
from neuronarrator_hf.report.run import run_record, write_run


def test_formats_are_read_and_unknown_ones_named() -> None:
    assert parse_formats("json, md,json") == ("json", "md")
    with pytest.raises(ValueError, match="docx"):
        parse_formats("json,docx")
    with pytest.raises(ValueError, match="choose among"):
        parse_formats("")


def test_equal_stems_get_a_number(recording: Recording) -> None:
    stems = Stems()
    paths = [Path("a/x.edf"), Path("b/x.bdf"), Path("c/X.edf"), Path("d/y z.edf")]
    assert [stems.of(recording, p) for p in paths] == ["x", "x_2", "X_3", "y_z"]


def test_a_hash_says_nothing_of_the_file_name(recording: Recording) -> None:
    assert "Doe" not in Stems("hash").of(recording, Path("Doe_John.edf"))
    with pytest.raises(ValueError, match="stem or hash"):
        Stems("date")


def test_all_formats_are_written_and_can_be_replaced(
    narration: Narration, recording: Recording, tmp_path: Path
) -> None:
    paths = output_paths(tmp_path, "r", FORMATS)
    refuse_foreign(paths)
    write_reports(narration, paths, recording)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r.html", "r.json", "r.md"]
    refuse_foreign(paths)
    assert json.loads(paths["json"].read_text())["schema"] == "neuronarrator.narration/1"


def test_every_format_is_written_and_can_be_replaced(
    narration: Narration, recording: Recording, tmp_path: Path
) -> None:
    asked = tuple(f for f in INTERCHANGE_FORMATS if f != "pdf")
    paths = output_paths(tmp_path, "r", asked)
    for _ in range(2):
        refuse_foreign(paths)
        write_reports(narration, paths, recording)
        outputs = {name: path for name, path in paths.items() if name not in ("journal", "run")}
        assert all(path.is_file() for path in outputs.values())
        write_run(
            paths["run"],
            run_record(narration.head(), parameters={}, source=None, outputs=outputs, timings_s={}),
        )
    outputs["szcore"].write_text(outputs["szcore"].read_text() + "1.0\t2.0\tsz\n")
    with pytest.raises(FileExistsError, match="szcore"):
        refuse_foreign(paths)


def test_the_recording_itself_is_never_replaced(
    narration: Narration, recording: Recording, tmp_path: Path
) -> None:
    paths = output_paths(tmp_path, "r", ("edf",))
    write_reports(narration, paths, recording)
    with pytest.raises(FileExistsError, match="recording itself"):
        refuse_foreign(paths, tmp_path / "r.edf")


def test_a_missing_package_is_named_before_the_work_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neuronarrator_hf.report.files.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"neuronarrator_hf\[report\]"):
        parse_formats("json,parquet")


@pytest.mark.parametrize("name", ["r.json", "r.md", "r.html", "r.segments.jsonl"])
def test_a_file_of_someone_else_is_not_replaced(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("my notes")
    with pytest.raises(FileExistsError, match="not written by neuronarrator"):
        refuse_foreign(output_paths(tmp_path, "r", FORMATS))


def test_a_missing_pango_is_told_before_anything_is_narrated(monkeypatch: pytest.MonkeyPatch) -> None:
    if find_spec("weasyprint") is None:
        pytest.skip("WeasyPrint is not installed")

    def without_pango(name: str) -> None:
        raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.setattr("neuronarrator_hf.report.files.import_module", without_pango)
    with pytest.raises(ValueError, match="needs the library Pango"):
        parse_formats("json,pdf")
