"""Miniatures of public datasets whose EEG shows its class; one test recording shows another than told."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import edfio
import numpy as np
from eeg_samples import awake_uv, noise_uv

from neuronarrator_hf.corpus.sources import RecordingRef
from neuronarrator_hf.evaluation.task import person_split
from neuronarrator_hf.signal.montage import SITES_1020

SFREQ_HZ = 200.0
TUH_NAMES = [
    f"EEG {s}-REF"
    for s in (
        "FP1", "FP2", "F3", "F4", "C3", "C4", "P3", "P4", "O1", "O2", "F7", "F8", "T3", "T4", "T5", "T6",
        "FZ", "CZ", "PZ",
    )
]  # fmt: skip
BANANA = [
    "FP1-F7", "F7-T7", "T7-P7", "P7-O1", "FP1-F3", "F3-C3", "C3-P3", "P3-O1", "FP2-F4", "F4-C4", "C4-P4",
    "P4-O2", "FP2-F8", "F8-T8", "T8-P8", "P8-O2", "FZ-CZ", "CZ-PZ",
]  # fmt: skip
_NEW_NAMES = {"t3": "t7", "t4": "t8", "t5": "p7", "t6": "p8", "m1": "tp9", "m2": "tp10"}
_HZ = {"delta": 1.5, "theta": 5.0, "alpha": 10.0, "beta": 17.0, "fast": 25.0, "flat": None}


def eeg(kinds: Sequence[str], seconds_each: float, seed: int = 0) -> np.ndarray:
    """Stretches of different content one after the other, `(19, n_times)` microvolts."""
    parts = []
    for i, kind in enumerate(kinds):
        if kind == "alpha":
            parts.append(awake_uv(seconds_each, SFREQ_HZ, seed=seed + i))
            continue
        part, hz = noise_uv(seconds_each, SFREQ_HZ, seed=seed + i), _HZ[kind]
        if hz is not None:
            time_s = np.arange(part.shape[1]) / SFREQ_HZ
            part = part + 60 * np.sin(2 * np.pi * hz * time_s) * np.linspace(1.5, -0.5, 19)[:, None]
        parts.append(part)
    return np.concatenate(parts, axis=1)


def write(
    path: Path,
    eeg_uv: np.ndarray,
    names: Sequence[str] = SITES_1020,
    annotations: Sequence[tuple[float, float, str]] = (),
) -> Path:
    """An EDF file; a bipolar name is a derivation."""
    path.parent.mkdir(parents=True, exist_ok=True)
    row = {site.lower(): i for i, site in enumerate(SITES_1020)}

    def values(name: str) -> np.ndarray:
        ends = name.lower().removeprefix("eeg ").removesuffix("-ref").strip(". ").split("-")
        found = [eeg_uv[row[_NEW_NAMES.get(e, e)]] if _NEW_NAMES.get(e, e) in row else 0.0 for e in ends]
        return found[0] - found[1] if len(found) == 2 else found[0]

    signals = [
        edfio.EdfSignal(
            np.clip(values(n), -900, 900),
            SFREQ_HZ,
            label=n,
            physical_dimension="uV",
            physical_range=(-1000, 1000),
        )
        for n in names
    ]
    notes = [edfio.EdfAnnotation(*a) for a in annotations]
    edfio.Edf(signals, annotations=notes or None).write(path)
    return path


def people(family: str, names: Sequence[str], n_train: int, n_test: int) -> tuple[list[str], list[str]]:
    """The first names that the split by person puts into the training and the test part."""
    parts: dict[str, list[str]] = {"train": [], "validation": [], "test": []}
    for name in names:
        ref = RecordingRef("x", name, Path(name), name, f"{family}:{name}")
        parts[person_split(ref)].append(name)
    return parts["train"][:n_train], parts["test"][:n_test]


def tuab(root: Path) -> Path:
    """Test: a normal with alpha, an abnormal with delta, an abnormal that shows alpha; four segments each."""
    for part, told, name, kind in (
        ("train", "normal", "aaaaaaaa", "alpha"), ("train", "abnormal", "aaaaaaab", "delta"),
        ("train", "normal", "aaaaaaae", "alpha"), ("train", "abnormal", "aaaaaaaf", "delta"),
        ("eval", "normal", "aaaaaaac", "alpha"), ("eval", "abnormal", "aaaaaaad", "delta"),
        ("eval", "abnormal", "aaaaaaag", "alpha"),
    ):  # fmt: skip
        path = root / f"edf/{part}/{told}/01_tcp_ar/{name}_s001_t000.edf"
        write(path, eeg([kind], 40, seed=ord(name[-1])), TUH_NAMES)
    return root


def tuev(root: Path) -> Path:
    """One class a stretch of 10 s; in the test part the mark of background lies on what looks like `artf`."""
    kinds = ("delta", "theta", "alpha", "beta", "fast", "flat")
    for part, name in (("train", "aaaaaaar"), ("train", "aaaaaaas"), ("eval", "001")):
        stem = f"{name}_00000001" if part == "train" else f"bckg_{name}_a_"
        path = write(root / f"edf/{part}/{name}/{stem}.edf", eeg(kinds, 10, seed=len(name)), TUH_NAMES)
        marks = [(channel, 10 * c + 4.5, 10 * c + 5.5, c + 1) for c in range(6) for channel in (1, 5)]
        if part == "eval":
            marks = [(ch, a, b, c) if c != 6 else (ch, a - 10, b - 10, c) for ch, a, b, c in marks]
        path.with_suffix(".rec").write_text("".join(f"{ch},{a},{b},{c}\n" for ch, a, b, c in marks))
    return root


def _seizures(kinds: Sequence[str], seconds_each: float) -> list[tuple[float, float]]:
    return [(i * seconds_each, (i + 1) * seconds_each) for i, kind in enumerate(kinds) if kind == "delta"]


SEIZURE_PLAN = ("alpha", "delta", "alpha", "alpha")
"""Of 60 s each: one seizure of 60 s."""


def tusz(root: Path) -> Path:
    """Test: one seizure as planted; a false one of the EEG that no label tells."""
    for part, name, plan, told in (
        ("train", "aaaaaaaa", SEIZURE_PLAN, SEIZURE_PLAN), ("eval", "aaaaaaab", SEIZURE_PLAN, SEIZURE_PLAN),
        ("eval", "aaaaaaac", SEIZURE_PLAN, ("alpha",) * 4),
    ):  # fmt: skip
        path = root / f"edf/{part}/{name}/s001_2002/02_tcp_le/{name}_s001_t000.edf"
        write(path, eeg(plan, 60, seed=ord(name[-1])), TUH_NAMES)
        rows = [["FP1-F7", a, b, "fnsz", 1.0] for a, b in _seizures(told, 60)] or [
            ["TERM", 0, 240, "bckg", 1.0]
        ]
        body = "\n".join(",".join(map(str, r)) for r in rows)
        path.with_suffix(".csv").write_text(
            f"# version = csv_v1.0.0\nchannel,start_time,stop_time,label,confidence\n{body}\n"
        )
    return root


def tusl(root: Path) -> Path:
    """Test: of three stretches the slow one shows what a seizure looks like."""
    train, test = people("tuh", [f"aaaaaa{a}{b}" for a in "abcd" for b in "abcdefghij"], 3, 1)
    plan = ("alpha", "theta", "delta")
    for name in (*train, *test):
        kinds = ("alpha", "delta", "delta") if name in test else plan
        path = root / f"edf/{name}/s005_2010/{name}_s005_t000.edf"
        write(path, eeg(kinds, 20, seed=ord(name[-1])), TUH_NAMES)
        lines = [
            f"{20 * i}.0 {20 * i + 20}.0 {label} 1.0" for i, label in enumerate(("bckg", "slow", "seiz"))
        ]
        path.with_suffix(".tse_agg").write_text("version = tse_v1.0.0\n\n" + "\n".join(lines) + "\n")
    return root


def chb_mit(root: Path) -> Path:
    """Case 22 as planted; case 23 shows a seizure of which the summary knows nothing."""
    for case, told in (("chb01", 1), ("chb02", 1), ("chb20", 1), ("chb22", 1), ("chb23", 0), ("chb24", 1)):
        write(root / f"{case}/{case}_01.edf", eeg(SEIZURE_PLAN, 60, seed=int(case[3:])), BANANA)
        lines = ["Seizure Start Time: 60 seconds", "Seizure End Time: 120 seconds"] if told else []
        text = "\n".join([f"File Name: {case}_01.edf", f"Number of Seizures in File: {told}", *lines, ""])
        (root / f"{case}/{case}-summary.txt").write_text(text)
    return root


def siena(root: Path) -> Path:
    """Test: one seizure, planted and told a minute and a half late."""
    train, test = people("siena", [f"PN{i:02d}" for i in range(20)], 2, 1)
    for name in (*train, *test):
        write(
            root / f"{name}/{name}-1.edf",
            eeg(SEIZURE_PLAN, 60, seed=int(name[2:])),
            [f"EEG {s}" for s in SITES_1020],
        )
        start, end = ("23.51.00", "23.52.00") if name in train else ("23.53.20", "23.53.50")
        (root / f"{name}/Seizures-list-{name}.txt").write_text(
            f"Seizure n 1\nFile name: {name}-1.edf\nRegistration start time: 23.50.00\n"
            f"Registration end time: 23.54.00\nSeizure start time: {start}\nSeizure end time: {end}\n"
        )
    return root


STAGE_KINDS = {
    "Sleep stage W": "alpha",
    "Sleep stage 1": "theta",
    "Sleep stage 2": "beta",
    "Sleep stage 3": "delta",
}


def sleep_edf(root: Path) -> Path:
    """Test: one of five epochs is told N1 and shows N2."""
    train, test = people("sleep-edf", [f"SC4{i:02d}" for i in range(30)], 2, 1)
    for name in (*train, *test):
        night, marks = _nights(name in test, int(name[3:]))
        write(root / f"sleep-cassette/{name}1E0-PSG.edf", night, ["EEG Fpz-Cz", "EEG Pz-Oz"])
        write(root / f"sleep-cassette/{name}1EC-Hypnogram.edf", night[:, :200], ["Cz"], marks)
    return root


def hmc(root: Path) -> Path:
    """As `sleep_edf`."""
    train, test = people("hmc", [f"SN{i:03d}" for i in range(30)], 2, 1)
    for name in (*train, *test):
        night, marks = _nights(name in test, int(name[2:]))
        names = ["EEG F4-M1", "EEG C4-M1", "EEG O2-M1", "EEG C3-M2"]
        write(root / f"recordings/{name}.edf", night, names)
        marks = [
            (a, b, stage.replace("stage ", "stage N") if stage[-1] != "W" else stage) for a, b, stage in marks
        ]
        write(root / f"recordings/{name}_sleepscoring.edf", night[:, :200], ["Cz"], marks)
    return root


def _nights(is_test: bool, seed: int) -> tuple[np.ndarray, list[tuple[float, float, str]]]:
    w, n1, n2, n3 = STAGE_KINDS
    told = (w, n1, n2, n3, n1)
    shown = (w, n1, n2, n3, n2) if is_test else told
    marks = [(30.0 * i, 30.0, stage) for i, stage in enumerate(told)]
    return eeg([STAGE_KINDS[stage] for stage in shown], 30, seed), marks


HMS_KINDS = {
    "seizure": "delta",
    "lpd": "theta",
    "gpd": "alpha",
    "lrda": "beta",
    "grda": "fast",
    "other": "flat",
}


def hms(root: Path) -> Path:
    """Six clips a patient, one a class, nine votes of ten; in the test part lpd shows what gpd is."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    train, test = people("hms", [str(100 + i) for i in range(30)], 2, 1)
    names, rows = list(HMS_KINDS), []
    (root / "train_eegs").mkdir(parents=True)
    for patient in (*train, *test):
        for c, (label, kind) in enumerate(HMS_KINDS.items()):
            shown = "alpha" if patient in test and label == "lpd" else kind
            clip = eeg(["alpha", "alpha", shown, "alpha", "alpha"], 10, seed=int(patient) + c)
            columns = {site: pa.array(clip[i].astype(np.float32)) for i, site in enumerate(SITES_1020)}
            pq.write_table(pa.table(columns), root / f"train_eegs/{patient}{c}.parquet")
            votes = [9 if name == label else int(name == names[c - 1]) for name in names]
            rows.append([f"{patient}{c}", 0, 0.0, patient, label, *votes])
    header = ["eeg_id", "eeg_sub_id", "eeg_label_offset_seconds", "patient_id", "expert_consensus"]
    with (root / "train.csv").open("w", newline="") as file:
        csv.writer(file).writerows([[*header, *(f"{n}_vote" for n in names)], *rows])
    return root


def eegmmidb(root: Path, seconds: float = 40.0) -> Path:
    """Test: one of two subjects keeps the eyes open throughout."""
    train, test = people("eegmmidb", [f"S{i:03d}" for i in range(1, 40)], 2, 2)
    for name in (*train, *test):
        for run, kind in ((1, "flat"), (2, "flat" if name == test[-1] else "alpha")):
            write(
                root / f"{name}/{name}R{run:02d}.edf",
                eeg([kind], seconds, seed=7 * int(name[1:]) + run),
                [f"{s}." for s in SITES_1020],
            )
    return root


def eegmat(root: Path) -> Path:
    """Test: one of two subjects shows rest in both recordings."""
    train, test = people("eegmat", [f"{i:02d}" for i in range(36)], 2, 2)
    for name in (*train, *test):
        for part, kind in ((1, "alpha"), (2, "alpha" if name == test[-1] else "beta")):
            write(
                root / f"Subject{name}_{part}.edf",
                eeg([kind], 40, seed=7 * int(name) + part),
                [f"EEG {s}" for s in SITES_1020],
            )
    return root


def ds004504(root: Path) -> Path:
    """Test: one recording of each group; that of frontotemporal dementia shows what controls do."""
    kinds = {"A": "theta", "F": "delta", "C": "alpha"}
    train, test = people("ds004504", [f"sub-{i:03d}" for i in range(1, 60)], 6, 3)
    table = ["participant_id\tGender\tAge\tGroup\tMMSE"]
    for i, name in enumerate((*train, *test)):
        group = "AFC"[i % 3]
        kind = "alpha" if name in test and group == "F" else kinds[group]
        write(root / f"{name}/eeg/{name}_task-eyesclosed_eeg.edf", eeg([kind], 40, seed=i))
        table.append(f"{name}\tF\t60\t{group}\t20")
    (root / "participants.tsv").write_text("\n".join(table) + "\n")
    (root / "dataset_description.json").write_text(
        '{"Name": "mini", "BIDSVersion": "1.8.0", "License": "CC0"}'
    )
    return root
