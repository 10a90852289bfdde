"""Every source finds its recordings in its native layout and says what its labels say, no more."""

from __future__ import annotations

from pathlib import Path

import native_layouts as layouts
import pytest

from neuronarrator_hf.corpus.sources import SOURCES, RecordingRef, SourceError, source_named
from neuronarrator_hf.recording.errors import RecordingError

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


def test_sleep_edf_people_of_two_tables_that_code_sex_differently(tmp_path: Path) -> None:
    refs = refs_of("sleep-edf", layouts.sleep_edf(tmp_path, tables=True))
    assert (refs["SC4001E0"].age_years, refs["SC4001E0"].sex) == (34.0, "F")  # the table, not the header
    assert (refs["ST7011J0"].age_years, refs["ST7011J0"].sex) == (60.0, "M")


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


def test_tuab_judges_recordings_and_only_normal_reaches_segments(tmp_path: Path) -> None:
    refs = refs_of("tuab", layouts.tuab(tmp_path))
    normal = refs["edf/train/normal/01_tcp_ar/aaaaaaaa_s001_t000"]
    abnormal = refs["edf/eval/abnormal/01_tcp_ar/aaaaaaab_s001_t000"]
    assert said(normal) == {("abnormal", "absent", None, None)} and normal.split == "train"
    assert (
        abnormal.assertions == () and abnormal.facts == {"judgement": "abnormal"} and abnormal.split == "test"
    )
    assert (normal.age_years, normal.sex, normal.person) == (36.0, "M", "tuh:aaaaaaaa")
    with normal.open() as recording:
        assert recording.n_channels == 19


def test_tuev_events_by_channel(tmp_path: Path) -> None:
    refs = refs_of("tuev", layouts.tuev(tmp_path))
    ref = refs["edf/train/aaaaaaar/aaaaaaar_00000001"]
    spikes, lpd = (next(c for c in ref.assertions if c.finding == f) for f in ("spikes", "lpd"))
    assert (spikes.side, spikes.start_s, spikes.end_s) == ("right", 12.2, 13.5)
    assert set(spikes.regions) == {"frontal", "temporal"}  # F8, T4, T6
    assert lpd.side == "left"
    assert len(ref.assertions) == 2  # eye movement and background assert nothing
    assert [a.label for a in ref.annotations] == ["spsw", "spsw", "pled", "eyem", "bckg"]
    assert refs["edf/eval/001/bckg_001_a_"].split == "test"


def test_tusz_seizures_and_nothing_elsewhere(tmp_path: Path) -> None:
    refs = {ref.subject: ref for ref in SOURCES["tusz"].recordings(layouts.tusz(tmp_path))}
    seizure, elsewhere = refs["aaaaaaac"].assertions
    assert (seizure.start_s, seizure.end_s, seizure.side) == (11.0, 30.0, "left")
    assert elsewhere.polarity == "absent" and elsewhere.start_s is None
    assert refs["aaaaaaac"].split == "validation"
    assert said(refs["aaaaaaad"]) == {(SEIZURE, "absent", None, None)}
    assert refs["aaaaaaae"].assertions == ()


def test_tuar_artifacts_by_channel(tmp_path: Path) -> None:
    (ref,) = refs_of("tuar", layouts.tuar(tmp_path)).values()
    assert said(ref) == {
        ("muscle_artifact", "present", 2.0, 12.0),
        ("electrode_artifact", "present", 31.0, 33.0),
    }
    assert {c.finding: c.side for c in ref.assertions} == {
        "muscle_artifact": "left", "electrode_artifact": "right",
    }  # fmt: skip


def test_tusl_slowing_of_unknown_kind_is_abnormal(tmp_path: Path) -> None:
    (ref,) = refs_of("tusl", layouts.tusl(tmp_path)).values()
    assert said(ref) == {("abnormal", "present", 10.0, 20.0), (SEIZURE, "present", 20.0, 38.5)}


def test_tuep_diagnosis_asserts_nothing(tmp_path: Path) -> None:
    refs = refs_of("tuep", layouts.tuep(tmp_path))
    assert [ref.facts["diagnosis"] for ref in refs.values()] == ["epilepsy", "no epilepsy"]
    assert all(ref.assertions == () for ref in refs.values())


def test_a_person_is_the_same_in_all_tuh_corpora(tmp_path: Path) -> None:
    seizure = next(SOURCES["tusz"].recordings(layouts.tusz(tmp_path / "tusz")))
    epilepsy = next(SOURCES["tuep"].recordings(layouts.tuep(tmp_path / "tuep")))
    assert seizure.subject == epilepsy.subject and seizure.person == epilepsy.person


def test_siena_clock_times_over_midnight(tmp_path: Path) -> None:
    refs = refs_of("siena", layouts.siena(tmp_path))
    assert said(refs["PN00-1"]) == {(SEIZURE, "present", 11.0, 25.0), (SEIZURE, "absent", None, None)}
    assert refs["PN00-2"].assertions == ()  # it ends before it starts
    assert refs["PN00-3"].assertions == ()  # not listed
    assert (refs["PN00-1"].age_years, refs["PN00-1"].sex) == (55.0, "M")


def test_siena_names_written_in_several_ways_are_one(tmp_path: Path) -> None:
    root = layouts.siena(tmp_path)
    seizures = root / "PN00/Seizures-list-PN00.txt"
    seizures.write_text(seizures.read_text().replace("PN00-1.edf", "PNO0_1.EDF"))
    assert (SEIZURE, "present", 11.0, 25.0) in said(refs_of("siena", root)["PN00-1"])


@pytest.mark.parametrize("matlab", [False, True])
def test_helsinki_three_experts(tmp_path: Path, matlab: bool) -> None:
    refs = refs_of("helsinki", layouts.helsinki(tmp_path, matlab=matlab))
    assert said(refs["eeg1"]) == {
        (SEIZURE, "absent", 0.0, 5.0), (SEIZURE, "present", 6.0, 17.0), (SEIZURE, "absent", 17.0, 20.0),
    }  # fmt: skip
    assert said(refs["eeg2"]) == {(SEIZURE, "absent", 0.0, 20.0 if matlab else 10.0)}
    assert {(a.rater, a.start_s) for a in refs["eeg1"].annotations} == {("A", 5.0), ("B", 6.0), ("C", 5.0)}
    assert refs["eeg1"].age_years == 0.0 and refs["eeg1"].sex == (None if matlab else "M")


def test_icare_reads_steps_as_microvolts(tmp_path: Path) -> None:
    from eeg_samples import awake_uv

    (ref,) = refs_of("icare", layouts.icare(tmp_path)).values()
    assert ref.assertions == () and ref.facts == {"outcome": "Good", "cpc": "1"}
    assert (ref.age_years, ref.sex) == (53.0, "M")
    with ref.open() as recording:
        read = recording.read_uv(0, 400)[recording.ch_names.index("P3")]
    from neuronarrator_hf.signal.montage import SITES_1020

    assert read == pytest.approx(awake_uv(20.0)[SITES_1020.index("P3"), :400], abs=0.03)


def test_icare_samples_that_were_not_recorded_are_zero(tmp_path: Path) -> None:
    import numpy as np
    from scipy.io import loadmat, savemat

    path = layouts.icare(tmp_path) / "training/0284/0284_001_004_EEG.mat"
    steps = loadmat(path)["val"]
    steps[0, 100:200] = -32768
    savemat(path, {"val": steps}, format="4")
    (ref,) = refs_of("icare", tmp_path).values()
    values = ref.load(ref.path)["array"]
    assert np.all(values[0, 100:200] == 0) and np.abs(values).max() < 800


def test_chb_mit_without_an_age(tmp_path: Path) -> None:
    root = layouts.chb_mit(tmp_path)
    (root / "SUBJECT-INFO").write_text("Case\tGender\tAge (years)\n\nchb01\tF\t1.5\nchb21\tM\n")
    refs = refs_of("chb-mit", root)
    assert (refs["chb01_01"].age_years, refs["chb01_01"].sex) == (1.5, "F")
    assert (refs["chb21_01"].age_years, refs["chb21_01"].sex) == (None, "M")


def test_hmc_stages(tmp_path: Path) -> None:
    (ref,) = refs_of("hmc", layouts.hmc(tmp_path)).values()
    assert ("n2_sleep", "present", 30.0, 60.0) in said(ref)
    assert not any(p == "present" and a == 0.0 for _, p, a, _ in said(ref))
    assert (ref.age_years, ref.sex) == (None, "M")
    with ref.open() as recording:
        assert "F4" in recording.ch_names


def test_eegmmidb_runs(tmp_path: Path) -> None:
    refs = refs_of("eegmmidb", layouts.eegmmidb(tmp_path))
    present = {name: {c.finding for c in ref.assertions if c.is_present} for name, ref in refs.items()}
    assert present == {"S001R01": {"eyes_open"}, "S001R02": {"eyes_closed"}, "S001R03": set()}
    assert [a.label for a in refs["S001R03"].annotations] == ["T0", "T1"]


def test_eegmat_rest_and_arithmetic(tmp_path: Path) -> None:
    refs = refs_of("eegmat", layouts.eegmat(tmp_path))
    assert ("eyes_closed", "present", None, None) in said(refs["Subject00_1"])
    assert refs["Subject00_2"].assertions == ()
    assert refs["Subject00_1"].person == refs["Subject00_2"].person
    assert (refs["Subject00_2"].age_years, refs["Subject00_2"].sex) == (21.0, "F")


def test_ds004504_eyes_closed_and_diagnosis(tmp_path: Path) -> None:
    (ref,) = refs_of("ds004504", layouts.ds004504(tmp_path)).values()
    assert ref.facts == {"diagnosis": "Alzheimer's disease"} and (ref.age_years, ref.sex) == (57.0, "F")
    assert ("eyes_closed", "present", None, None) in said(ref)


def test_bids_events_of_the_closed_list_that_have_a_length(tmp_path: Path) -> None:
    (ref,) = refs_of("bids", layouts.bids(tmp_path)).values()
    present = {(f, a, b) for f, p, a, b in said(ref) if p == "present"}
    assert present == {("eyes_closed", 0.0, 10.0), ("n2_sleep", 20.0, 30.0)}
    assert "Miller" not in str(ref)
    assert ref.licence == "CC0" and ref.sex == "F"


def test_folder_with_and_without_metadata(tmp_path: Path) -> None:
    root = layouts.folder(tmp_path)
    refs = refs_of("folder", root)
    assert set(refs) == {"ward/a", "ward/b"} and {ref.subject for ref in refs.values()} == {"ward"}
    (root / "metadata.csv").write_text(
        "file_name,subject,split,age_years,sex,findings,ward\nward/b.edf,p7,test,44,F,lpd;-gpd,3\n"
    )
    (ref,) = refs_of("folder", root).values()
    assert said(ref) == {("lpd", "present", None, None), ("gpd", "absent", None, None)}
    assert (ref.subject, ref.split, ref.age_years, ref.facts) == ("p7", "test", 44.0, {"ward": "3"})
    line = '{"file_name": "ward/a.edf", "findings": [{"finding": "grda", "start_s": 0, "end_s": 10}]}'
    (root / "metadata.jsonl").write_text(line)
    (ref,) = refs_of("folder", root).values()
    assert said(ref) == {("grda", "present", 0, 10)}


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("../x.edf,,", "lies outside"),
        ("ward/a.edf,holdout,", "split is 'holdout'"),
        ("ward/a.edf,,lpds", "lpds"),
        (",,", "no file_name"),
    ],
)
def test_folder_metadata_faults_are_told(tmp_path: Path, row: str, told: str) -> None:
    root = layouts.folder(tmp_path / "data")
    (root / "metadata.csv").write_text(f"file_name,split,findings\n{row}\n")
    with pytest.raises(SourceError, match=told):
        list(SOURCES["folder"].recordings(root))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"file_name": "ward/a.edf",', "line 2 is no JSON"),
        ('["ward/a.edf"]', "line 2 is .* write one object a line"),
        ('{"name": "ward/a.edf"}', r"row 2 has no file_name \(columns: name\)"),
    ],
)
def test_lines_of_metadata_that_say_nothing_are_told(tmp_path: Path, line: str, told: str) -> None:
    root = layouts.folder(tmp_path / "data")
    (root / "metadata.jsonl").write_text('{"file_name": "ward/a.edf"}\n' + line)
    with pytest.raises(SourceError, match=told):
        list(SOURCES["folder"].recordings(root))


def test_excerpts_say_what_their_manifest_says(tmp_path: Path) -> None:
    refs = refs_of("excerpts", layouts.excerpts(tmp_path))
    assert set(refs) == {"icu/page", "icu/clip"}
    denied = {"sleep_spindles", "k_complexes", "vertex_waves", "n2_sleep"}
    assert said(refs["icu/page"]) == {("grda", "present", None, None)} | {
        (finding, "absent", None, None) for finding in denied
    }
    assert ("lpd", "present", 20, 30) in said(refs["icu/clip"])
    assert refs["icu/clip"].licence == "ODC-By 1.0"


@pytest.mark.real_data
def test_excerpts_of_real_recordings(real_data_root: Path) -> None:
    refs = refs_of("excerpts", real_data_root)
    assert {c.finding for c in refs["icu_vecams/vecams_49"].assertions} == {"extreme_delta_brush"}
    assert ("lpd", "present", 20, 30) in said(refs["icu_sparcnet/sparcnet_23"])
    assert len({refs[f"awake/eegmat_Subject00_{part}"].person for part in (1, 2)}) == 1


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["eegmat", "eegmmidb"])
def test_sources_find_real_recordings_under_their_native_names(
    name: str, real_data_root: Path, tmp_path: Path
) -> None:
    for path in (real_data_root / "awake").glob(f"{name}_*.edf"):
        native = path.stem.removeprefix(f"{name}_").removesuffix("_eyes_open")
        (tmp_path / f"{native}.edf").symlink_to(path)
    refs = refs_of(name, tmp_path)
    assert refs
    for ref in refs.values():
        with ref.open() as recording:
            assert recording.n_channels >= 19


def test_damaged_labels_and_damaged_arrays_leave_a_recording_out(tmp_path: Path) -> None:
    (layouts.sleep_edf(tmp_path / "s") / "sleep-cassette/SC4001EC-Hypnogram.edf").write_bytes(b"damaged")
    path = layouts.tusz(tmp_path / "t") / "edf/dev/aaaaaaac/s001_2002/02_tcp_le/aaaaaaac_s001_t000.csv"
    path.write_text(path.read_text().replace("29.5", "later"))
    (layouts.hms(tmp_path / "h") / "train_eegs/999.parquet").write_bytes(b"damaged")
    for name, folder, recording, told in (
        ("sleep-edf", "s", "SC4001E0", "labels cannot be read"),
        ("tusz", "t", "edf/dev/aaaaaaac/s001_2002/02_tcp_le/aaaaaaac_s001_t000", "labels cannot be read"),
        ("hms", "h", "999", "cannot be read"),
    ):
        with pytest.raises(RecordingError, match=told):
            refs_of(name, tmp_path / folder)[recording].open()
