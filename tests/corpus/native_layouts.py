"""Miniatures of public datasets in their native layouts, written into a folder."""

from __future__ import annotations

import csv
import struct
from pathlib import Path

import edfio
import numpy as np
from eeg_samples import awake_uv

from neuronarrator_hf.signal.montage import SITES_1020

SFREQ_HZ = 200.0
OLD_SITES = [{"T7": "T3", "T8": "T4", "P7": "T5", "P8": "T6"}.get(s, s) for s in SITES_1020]
"""The 19 sites under the names of most public sets, in the order of `SITES_1020`."""


def write_signal(
    path: Path,
    names: list[str] | None = None,
    seconds: float = 30.0,
    *,
    annotations: list[tuple[float, float, str]] | None = None,
    patient: edfio.Patient | None = None,
    seed: int = 0,
    sfreq: float = SFREQ_HZ,
) -> Path:
    """An EDF file with activity of EEG size; bipolar names are derivations of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    eeg = awake_uv(seconds, sfreq, seed=seed)
    site = {name.lower(): row for name, row in zip(SITES_1020, eeg, strict=True)}
    old = {"t3": "t7", "t4": "t8", "t5": "p7", "t6": "p8"}

    def signal(name: str) -> np.ndarray:
        bare = name.lower().removeprefix("eeg ").split("-ref")[0].split("-le")[0].strip(" .")
        ends = [old.get(end, end) for end in bare.split("-")]
        values = [site.get(end, eeg.mean(axis=0) + 0.3 * eeg[3]) for end in ends]
        return values[0] - values[1] if len(values) == 2 else values[0]

    signals = [
        edfio.EdfSignal(
            np.clip(signal(name), -900, 900), sfreq, label=name, physical_dimension="uV",
            physical_range=(-1000, 1000),
        )
        for name in names or list(SITES_1020)
    ]  # fmt: skip
    notes = [edfio.EdfAnnotation(a, d, text) for a, d, text in annotations or []]
    edfio.Edf(signals, annotations=notes or None, patient=patient).write(path)
    return path


def write_table(path: Path, header: list[str], rows: list[list]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


BANANA = [
    "FP1-F7", "F7-T7", "T7-P7", "P7-O1", "FP1-F3", "F3-C3", "C3-P3", "P3-O1", "FP2-F4", "F4-C4", "C4-P4",
    "P4-O2", "FP2-F8", "F8-T8", "T8-P8", "P8-O2", "FZ-CZ", "CZ-PZ",
]  # fmt: skip


def chb_mit(root: Path) -> Path:
    for name, seed in (("chb01/chb01_01.edf", 1), ("chb01/chb01_03.edf", 2), ("chb21/chb21_01.edf", 3)):
        write_signal(root / name, BANANA, 40.0, seed=seed)
    (root / "chb01/chb01-summary.txt").write_text(
        "Data Sampling Rate: 256 Hz\n*****\n\nFile Name: chb01_01.edf\nFile Start Time: 11:42:54\n"
        "File End Time: 12:42:54\nNumber of Seizures in File: 0\n\nFile Name: chb01_03.edf\n"
        "Number of Seizures in File: 2\nSeizure 1 Start Time: 3 seconds\nSeizure 1 End Time: 12 seconds\n"
        "Seizure 2 Start Time: 29 seconds\nSeizure 2 End Time: 40 seconds\n"
    )
    (root / "SUBJECT-INFO").write_text("Case\tGender\tAge (years)\nchb01\tF\t11\nchb21\tF\t13\n")
    return root


def write_xls(path: Path, rows: list[list]) -> Path:
    """A sheet in the oldest of Excel's formats (BIFF2: records of type, length, content)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    records = [struct.pack("<HHHH", 0x0009, 4, 0x0002, 0x0010)]
    for y, row in enumerate(rows):
        for x, value in enumerate(row):
            place = struct.pack("<HH3x", y, x)
            if isinstance(value, str):
                text = value.encode("ascii")
                body, kind = place + bytes([len(text)]) + text, 0x0004
            else:
                body, kind = place + struct.pack("<d", value), 0x0003
            records.append(struct.pack("<HH", kind, len(body)) + body)
    path.write_bytes(b"".join([*records, struct.pack("<HH", 0x000A, 0)]))
    return path


def sleep_edf(root: Path, *, tables: bool = False) -> Path:
    if tables:
        header = ["subject", "night", "age", "sex (F=1)", "LightsOff"]
        write_xls(root / "SC-subjects.xls", [header, [0, 1, 34, 1, 0.03], [1, 1, 33, 2, 0.9]])
        heads = [
            ["Subject - age - sex", "", "", "Placebo night", ""],
            ["Nr", "Age", "M1/F2", "night nr", "LO"],
        ]
        write_xls(root / "ST-subjects.xls", [*heads, [1, 60, 1, 1], [2, 35, 2, 2]])
        write_signal(root / "sleep-telemetry/ST7011J0-PSG.edf", ["EEG Fpz-Cz", "EEG Pz-Oz"], 60.0)

    folder = root / "sleep-cassette"
    patient = edfio.Patient(sex="F", name="Female_33yr")
    write_signal(folder / "SC4001E0-PSG.edf", ["EEG Fpz-Cz", "EEG Pz-Oz"], 90.0, patient=patient)
    stages = [(0.0, 30.0, "Sleep stage W"), (30.0, 30.0, "Sleep stage 4"), (60.0, 30.0, "Sleep stage ?")]
    write_signal(folder / "SC4001EC-Hypnogram.edf", ["Oz"], 90.0, annotations=stages, patient=patient)
    return root


def hms(root: Path) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    votes = ["seizure_vote", "lpd_vote", "gpd_vote", "lrda_vote", "grda_vote", "other_vote"]
    header = ["eeg_id", "eeg_sub_id", "eeg_label_offset_seconds", "patient_id", "expert_consensus", *votes]
    write_table(
        root / "train.csv",
        header,
        [
            [568657, 0, 6.0, 20654, "LPD", 0, 12, 0, 1, 0, 2],
            [568657, 1, 16.0, 20654, "Other", 0, 0, 0, 0, 0, 3],
            [999, 0, 0.0, 7, "Seizure", 1, 0, 0, 0, 0, 0],
        ],
    )
    eeg = awake_uv(66.0)
    columns = {name: pa.array(row.astype(np.float32)) for name, row in zip(OLD_SITES, eeg, strict=True)}
    columns["EKG"] = pa.array(np.zeros(eeg.shape[1], np.float32))
    (root / "train_eegs").mkdir(parents=True, exist_ok=True)
    for eeg_id in (568657, 999):
        pq.write_table(pa.table(columns), root / "train_eegs" / f"{eeg_id}.parquet")
    return root


TUH_SITES = [f"EEG {s.upper()}-REF" for s in OLD_SITES]


def tuh_signal(path: Path, seconds: float = 40.0, seed: int = 0) -> Path:
    """An EDF file with the patient field of the TUH corpora."""
    write_signal(path, TUH_SITES, seconds, seed=seed)
    raw = bytearray(path.read_bytes())
    subject = path.stem.split("_")[0]
    raw[8:88] = f"{subject} M 01-JAN-1964 {subject} Age:36".ljust(80).encode("ascii")
    path.write_bytes(raw)
    return path


def tuh_csv(path: Path, rows: list[list], kind: str = ".csv") -> None:
    head = f"# version = csv_v1.0.0\n# bname = {path.stem}\n# duration = 40.00 secs\n#\n"
    body = "channel,start_time,stop_time,label,confidence\n"
    lines = [",".join(str(value) for value in row) for row in rows]
    path.with_suffix(kind).write_text(head + body + "\n".join(lines) + "\n")


def tuab(root: Path) -> Path:
    tuh_signal(root / "edf/train/normal/01_tcp_ar/aaaaaaaa_s001_t000.edf", seed=1)
    tuh_signal(root / "edf/eval/abnormal/01_tcp_ar/aaaaaaab_s001_t000.edf", seed=2)
    return root


def tuev(root: Path) -> Path:
    path = tuh_signal(root / "edf/train/aaaaaaar/aaaaaaar_00000001.edf")
    # T4-T6 (6) and F8-T4 (5): a sharp wave; F7-T3 (1): pled; everything: gped; 0: eye movement
    rows = ["6,12.2,13.2,1", "5,12.5,13.5,1", "1,21.0,22.0,3", "0,31.0,32.0,4", "14,33.0,34.0,6"]
    path.with_suffix(".rec").write_text("\n".join(rows) + "\n")
    tuh_signal(root / "edf/eval/001/bckg_001_a_.edf", seed=4)
    return root


def tusz(root: Path) -> Path:
    folder = root / "edf/dev/aaaaaaac/s001_2002/02_tcp_le"
    path = tuh_signal(folder / "aaaaaaac_s001_t000.edf")
    rows = [["FP1-F7", 0, 11, "bckg", 1.0], ["F7-T3", 11, 29.5, "fnsz", 1.0], ["T3-T5", 12, 30, "fnsz", 1.0]]
    tuh_csv(path, rows)
    tuh_csv(path, [["TERM", 0, 11, "bckg", 1.0], ["TERM", 11, 30, "seiz", 1.0]], ".csv_bi")
    bi = tuh_signal(root / "edf/eval/aaaaaaad/s001_2002/02_tcp_le/aaaaaaad_s001_t000.edf", seed=5)
    tuh_csv(bi, [["TERM", 0, 40, "bckg", 1.0]], ".csv_bi")
    tuh_signal(root / "edf/train/aaaaaaae/s001_2002/02_tcp_le/aaaaaaae_s001_t000.edf", seed=6)
    return root


def tuar(root: Path) -> Path:
    path = tuh_signal(root / "edf/01_tcp_ar/aaaaaaju_s005_t000.edf")
    rows = [["F7-T3", 2, 9, "musc", 1.0], ["FP1-F7", 5, 12, "eyem_musc", 1.0],
            ["FP2-F8", 20, 21, "eyem", 1.0],
            ["T4-T6", 31, 33, "elpp", 1.0]]  # fmt: skip
    tuh_csv(path, rows)
    return root


def tusl(root: Path) -> Path:
    path = tuh_signal(root / "edf/aaaaaaju/s005_2010/aaaaaaju_s005_t000.edf")
    path.with_suffix(".tse_agg").write_text(
        "version = tse_v1.0.0\n\n0.0000 10.0000 bckg 1.0000\n10.0000 20.0000 slow 1.0000\n"
        "20.0000 38.5 seiz 1.0\n"
    )
    return root


def tuep(root: Path) -> Path:
    tuh_signal(root / "00_epilepsy/aaaaaaac/s001_2002/02_tcp_le/aaaaaaac_s001_t000.edf")
    tuh_signal(root / "01_no_epilepsy/aaaaaaag/s001_2003/02_tcp_le/aaaaaaag_s001_t000.edf", seed=3)
    return root


def siena(root: Path) -> Path:
    for name, seed in (("PN00/PN00-1.edf", 1), ("PN00/PN00-2.edf", 2), ("PN00/PN00-3.edf", 3)):
        write_signal(root / name, [f"EEG {s}" for s in SITES_1020], seed=seed)
    (root / "PN00/Seizures-list-PN00.txt").write_text(
        "Data Sampling Rate: 512 Hz\n\nSeizure n 1\nFile name: PN00-1.edf\n"
        "Registration start time: 23.59.50\n"
        "Registration end time: 0.00.30\nSeizure start time: 0.00.01\nSeizure end time: 0.00.15\n\n"
        "Seizure n 2\nFile name: PN00-2.edf\nRegistration start time: 02.18.17\nStart time: 2:18:20\n"
        "End time: 2:18:10\n"
    )
    write_table(root / "subject_info.csv", ["patient_id", " age_years", " gender"], [["PN00", "55", "Male"]])
    return root


def helsinki(root: Path, *, matlab: bool = False) -> Path:
    names = [f"EEG {s.upper()}-Ref" for s in SITES_1020]
    for number in (1, 2):
        write_signal(root / f"eeg{number}.edf", names, 20.0, seed=number)
    marks = {
        "A": [0] * 5 + [1] * 12 + [0] * 3,
        "B": [0] * 6 + [1] * 11 + [0] * 3,
        "C": [0] * 5 + [1] * 12 + [0] * 3,
    }
    if matlab:
        from scipy.io import savemat

        cells = np.empty((1, 2), object)
        cells[0, 0], cells[0, 1] = np.array(list(marks.values())), np.zeros((3, 20))
        savemat(root / "annotations_2017.mat", {"annotat_new": cells})
        return root
    for rater, seconds in marks.items():
        rows = [[seconds[i], 0 if i < 10 else ""] for i in range(20)]
        write_table(root / f"annotations_2017_{rater}_fixed.csv", ["1", "2"], rows)
    write_table(
        root / "clinical_information.csv", ["ID", "EEG file", "Gender"], [[1, "eeg1", "m"], [2, "eeg2", "f"]]
    )
    return root


def icare(root: Path) -> Path:
    from scipy.io import savemat

    folder = root / "training/0284"
    folder.mkdir(parents=True, exist_ok=True)
    eeg = awake_uv(20.0)
    steps = np.rint(eeg * 40.0 + 7).astype(np.int16)  # 40 steps per microvolt, baseline 7
    savemat(folder / "0284_001_004_EEG.mat", {"val": steps}, format="4")
    lines = [f"0284_001_004_EEG {len(OLD_SITES)} 200 {steps.shape[1]}"]
    lines += [
        f"0284_001_004_EEG.mat 16+24 40.0(7)/uV 16 0 {steps[i, 0]} 0 0 {n}" for i, n in enumerate(OLD_SITES)
    ]
    (folder / "0284_001_004_EEG.hea").write_text("\n".join([*lines, "#Utility frequency: 60", ""]))
    (folder / "0284.txt").write_text("Patient: 0284\nAge: 53\nSex: Male\nROSC: nan\nOutcome: Good\nCPC: 1\n")
    return root


def hmc(root: Path) -> Path:
    folder = root / "recordings"
    names = ["EEG F4-M1", "EEG C4-M1", "EEG O2-M1", "EEG C3-M2"]
    write_signal(folder / "SN001.edf", names, 60.0, patient=edfio.Patient(sex="M"))
    stages = [
        (0.0, 30.0, "Sleep stage W"),
        (30.0, 30.0, "Sleep stage N2"),
        (31.0, 0.0, "Lights off@@EEG F4-A1"),
    ]
    write_signal(folder / "SN001_sleepscoring.edf", ["Oz"], 60.0, annotations=stages)
    return root


def eegmmidb(root: Path) -> Path:
    names = [f"{s}." for s in SITES_1020]
    for run in (1, 2, 3):
        write_signal(
            root / f"S001/S001R{run:02d}.edf", names, annotations=[(0.0, 4.2, "T0"), (4.2, 4.1, "T1")]
        )
    return root


def eegmat(root: Path) -> Path:
    names = [f"EEG {s}" for s in SITES_1020]
    for part in (1, 2):
        write_signal(root / f"Subject00_{part}.edf", names, seed=part)
    header = ["Subject", "Age", "Gender", "Recording year", "Number of subtractions", "Count quality"]
    write_table(root / "subject-info.csv", header, [["Subject00", 21, "F", 2011, 9.7, 0]])
    return root


def ds004504(root: Path) -> Path:
    bids(root, "sub-001_task-eyesclosed")
    (root / "participants.tsv").write_text(
        "participant_id\tGender\tAge\tGroup\tMMSE\nsub-001\tF\t57\tA\t16\n"
    )
    return root


def bids(root: Path, stem: str = "sub-001_task-rest") -> Path:
    """One recording, in EEGLAB's format, in BIDS."""
    import mne

    folder = root / "sub-001/eeg"
    folder.mkdir(parents=True, exist_ok=True)
    (root / "dataset_description.json").write_text(
        '{"Name": "mini", "BIDSVersion": "1.8.0", "License": "CC0"}'
    )
    (root / "participants.tsv").write_text("participant_id\tage\tsex\tgroup\nsub-001\t57\tF\tA\n")
    (folder / f"{stem}_events.tsv").write_text(
        "onset\tduration\ttrial_type\n0\t10\teyes closed\n12\t0\teyes open\n"
        "15\t3\tMr Miller moves\n20\t10\tN2\n"
    )
    write_signal(folder / f"{stem}_eeg.edf")
    raw = mne.io.read_raw_edf(folder / f"{stem}_eeg.edf", preload=True, verbose="error")
    derivatives = root / "derivatives/sub-001/eeg"
    derivatives.mkdir(parents=True, exist_ok=True)
    raw.save(derivatives / f"{stem}_eeg.fif", overwrite=True, verbose="error")
    return root


def folder(root: Path) -> Path:
    write_signal(root / "ward/a.edf", seed=1)
    write_signal(root / "ward/b.edf", seed=2)
    return root


def excerpts(root: Path) -> Path:
    import json

    write_signal(root / "icu/page.edf", seconds=15.0, seed=1)
    write_signal(root / "icu/clip.edf", seconds=50.0, seed=2)
    votes = {"other": 1, "seizure": 0, "lpd": 9, "gpd": 0, "lrda": 0, "grda": 0}
    files = [
        {"file": "icu/page.edf", "kind": "icu", "licence": "MIT",
         "labels": {"normal": False, "features": [{"feature": "grda"}, "absent_sleep_features"]}},
        {"file": "icu/clip.edf", "kind": "icu", "licence": "ODC-By 1.0",
         "labels": {"expert_votes": votes, "majority_vote": "lpd", "labelled_window_s": [20, 30]}},
        {"file": "icu/clip.mat", "kind": "icu", "labels": {"same_recording_as": "icu/clip.edf"}},
        {"file": "formats/x.xdf", "kind": "formats", "labels": {"content": "other"}},
    ]  # fmt: skip
    (root / "manifest.json").write_text(json.dumps({"files": files}))
    return root
