"""I-CARE: coma after cardiac arrest, days of EEG in WFDB files of an hour."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .origin import Origin
from .source import Annotation, RecordingRef, Source, person_of

MISSING_STEP = -32768
"""What a sample of 16 bits that was not recorded is stored as (PhysioNet, signal(5)); it becomes zero."""
_SIGNAL = re.compile(
    r"^\S+\s+\S+\s+(?P<gain>[-\d.eE+]+)(?:\((?P<baseline>-?\d+)\))?(?:/(?P<unit>\S+))?\s+(?P<rest>.*)$"
)


def find(root: Path) -> Iterator[RecordingRef]:
    """Recordings `training/ID/ID_*_EEG.hea` with the patient's table `ID.txt`."""
    for header in sorted(root.rglob("*_EEG.hea")):
        patient = header.parent.name
        told = _patient(header.parent / f"{patient}.txt")
        facts = {name.lower(): told[name] for name in ("Outcome", "CPC", "ROSC", "TTM") if name in told}
        age = told.get("Age", "")
        yield RecordingRef(
            source="icare",
            recording_id=header.stem,
            path=header,
            subject=patient,
            person=person_of("icare", patient),
            age_years=float(age) if age.replace(".", "", 1).isdigit() else None,
            sex={"Female": "F", "Male": "M"}.get(told.get("Sex", "")),
            annotations=tuple(Annotation(f"{name}: {value}") for name, value in facts.items()),
            facts=facts,
            load=load,
        )


def load(path: Path) -> dict[str, Any]:
    """A WFDB record (header and MATLAB v4 matrix) as the array form in microvolts.

    Header: PhysioNet, header(5). The first line has name, number of signals, rate, samples; each further
    line a signal with gain (steps per unit), baseline in brackets or the zero of the converter, and its name
    at the end.
    """
    from scipy.io import loadmat

    lines = [line for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    first = lines[0].split()
    n_signals, sfreq = int(first[1]), float(first[2].split("/")[0])
    steps = np.asarray(loadmat(path.with_suffix(".mat"))["val"], float)
    names, values = [], []
    for row, line in enumerate(lines[1 : 1 + n_signals]):
        match = _SIGNAL.match(line)
        if match is None:
            raise ValueError(f"{path.name}: line {row + 2} is no WFDB signal line")
        rest = match["rest"].split()
        baseline = float(match["baseline"] if match["baseline"] is not None else rest[1])
        to_uv = {"uV": 1.0, "mV": 1e3, "V": 1e6}[match["unit"] or "mV"]
        names.append(rest[-1])
        there = np.where(steps[row] == MISSING_STEP, baseline, steps[row])
        values.append((there - baseline) / float(match["gain"]) * to_uv)
    return {"array": np.stack(values), "sampling_rate": sfreq, "ch_names": names, "units": "uV"}


def _patient(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    pairs = (line.split(":", 1) for line in path.read_text("utf-8").splitlines() if ":" in line)
    return {name.strip(): value.strip() for name, value in pairs if value.strip().lower() != "nan"}


SOURCE = Source(
    name="icare",
    title="I-CARE: International Cardiac Arrest REsearch consortium Database",
    licence="Creative Commons Attribution 4.0",
    redistributable=True,
    citation="Amorim et al., The International Cardiac Arrest Research Consortium Electroencephalography "
    "Database, Crit Care Med 51 (2023); PhysioNet i-care 2.1",
    layout="training/0284/0284_001_004_EEG.hea and .mat, training/0284/0284.txt, ...",
    meaning="Outcome is a fact of the patient and asserts nothing of a segment: all claims are measured.",
    find=find,
    origin=Origin(
        "physionet",
        "i-care/2.1",
        wanted=r"training/\w+/\w+_EEG\.(hea|mat)|training/\w+/\w+\.txt",
        subject=r"^training/(\w+)/",
    ),
)
