"""Miniatures of public datasets in their native layouts, written into a folder."""

from __future__ import annotations

import csv
from pathlib import Path

import edfio
import numpy as np
from eeg_samples import awake_uv

from neuronarrator_hf.signal.montage import SITES_1020

SFREQ_HZ = 200.0


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


def sleep_edf(root: Path) -> Path:
    folder = root / "sleep-cassette"
    patient = edfio.Patient(sex="F", name="Female_33yr")
    write_signal(folder / "SC4001E0-PSG.edf", ["EEG Fpz-Cz", "EEG Pz-Oz"], 90.0, patient=patient)
    stages = [(0.0, 30.0, "Sleep stage W"), (30.0, 30.0, "Sleep stage 4"), (60.0, 30.0, "Sleep stage ?")]
    write_signal(folder / "SC4001EC-Hypnogram.edf", ["Oz"], 90.0, annotations=stages, patient=patient)
    return root


def hms(root: Path) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = [
        "Fp1", "F3", "C3", "P3", "F7", "T3", "T5", "O1", "Fz", "Cz", "Pz", "Fp2", "F4", "C4", "P4", "F8",
        "T4", "T6", "O2",
    ]  # fmt: skip
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
    order = [SITES_1020.index({"T3": "T7", "T4": "T8", "T5": "P7", "T6": "P8"}.get(n, n)) for n in names]
    columns = {name: pa.array(eeg[i].astype(np.float32)) for name, i in zip(names, order, strict=True)}
    columns["EKG"] = pa.array(np.zeros(eeg.shape[1], np.float32))
    (root / "train_eegs").mkdir(parents=True, exist_ok=True)
    for eeg_id in (568657, 999):
        pq.write_table(pa.table(columns), root / "train_eegs" / f"{eeg_id}.parquet")
    return root
