"""Every source finds its recordings in its native layout and says what its labels say, no more."""

from __future__ import annotations

from pathlib import Path

import native_layouts as layouts
import pytest

from neuronarrator_hf.corpus.sources import SOURCES, RecordingRef, SourceError, source_named

SEIZURE = "electrographic_seizure"


def refs_of(name: str, root: Path) -> dict[str, RecordingRef]:
    return {ref.recording_id: ref for ref in SOURCES[name].recordings(root)}


def said(ref: RecordingRef) -> set[tuple[str, str, float | None, float | None]]:
    return {(c.finding, c.polarity, c.start_s, c.end_s) for c in ref.assertions}


def test_chb_mit_seizures_and_nothing_elsewhere(tmp_path: Path) -> None:
    refs = refs_of("chb-mit", layouts.chb_mit(tmp_path))
    assert said(refs["chb01_01"]) == {(SEIZURE, "absent", None, None)}
    assert said(refs["chb01_03"]) == {
        (SEIZURE, "present", 3.0, 12.0),
        (SEIZURE, "present", 29.0, 40.0),
        (SEIZURE, "absent", None, None),
    }
    assert refs["chb21_01"].assertions == ()  # no summary, no label, no claim
    assert refs["chb21_01"].person == refs["chb01_01"].person
    assert (refs["chb01_01"].age_years, refs["chb01_01"].sex) == (11.0, "F")
    with refs["chb01_01"].open() as recording:
        assert "Fp1" in recording.ch_names and recording.duration_s == pytest.approx(40.0)


def test_sleep_edf_stages_exclude_each_other(tmp_path: Path) -> None:
    ref = refs_of("sleep-edf", layouts.sleep_edf(tmp_path))["SC4001E0"]
    assert (ref.subject, ref.age_years, ref.sex) == ("SC400", 33.0, "F")
    assert ("n3_sleep", "present", 30.0, 60.0) in said(ref)
    assert ("eyes_closed", "absent", 30.0, 60.0) in said(ref)
    assert not any(start == 60.0 for *_, start, _ in said(ref))  # unscored
    assert {f for f, p, a, _ in said(ref) if a == 0.0} == {"n1_sleep", "n2_sleep", "n3_sleep", "rem_sleep"}
    with ref.open() as recording:
        assert recording.n_channels >= 2


def test_hms_votes_meet_a_window(tmp_path: Path) -> None:
    refs = refs_of("hms", layouts.hms(tmp_path))
    ref = refs["568657"]
    # first sample starts at 6 s, so its voted part is 26-36 s of the file and 20-30 s of the recording opened
    assert ("lpd", "present", 20.0, 30.0) in said(ref)
    assert ("lpd", "absent", 30.0, 40.0) in said(ref)
    assert ("lrda", "absent", 20.0, 30.0) in said(ref)  # 1 of 15
    assert not {c for c in ref.assertions if c.start_s == 20.0 and c.finding == "other"}
    assert ref.annotations[0].values == {
        "seizure": 0, "lpd": 12, "gpd": 0, "lrda": 1, "grda": 0, "other": 2,
    }  # fmt: skip
    assert refs["999"].assertions == ()  # one vote says nothing
    with ref.open() as recording:
        assert recording.duration_s == pytest.approx(60.0)
        assert "T7" in recording.ch_names


def test_every_source_is_documented() -> None:
    for name, source in SOURCES.items():
        assert source.name == name
        for told in (
            source.title,
            source.licence,
            source.citation,
            source.access,
            source.layout,
            source.meaning,
        ):
            assert told, name


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_a_wrong_folder_is_told_in_one_line(name: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such folder"):
        next(SOURCES[name].recordings(tmp_path / "missing"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="expected"):
        next(SOURCES[name].recordings(tmp_path / "empty"))


def test_an_unknown_source_is_told() -> None:
    with pytest.raises(SourceError, match="chb-mit"):
        source_named("chbmit")
