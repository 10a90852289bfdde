from __future__ import annotations

import json
from pathlib import Path

import pytest

from neuronarrator_hf.narration.result import Narration
from neuronarrator_hf.recording.reading import Recording
from neuronarrator_hf.report.files import (
    FORMATS,
    Stems,
    output_paths,
    parse_formats,
    refuse_foreign,
    write_reports,
)


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


@pytest.mark.parametrize("name", ["r.json", "r.md", "r.html", "r.segments.jsonl"])
def test_a_file_of_someone_else_is_not_replaced(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("my notes")
    with pytest.raises(FileExistsError, match="not written by neuronarrator"):
        refuse_foreign(output_paths(tmp_path, "r", FORMATS))
