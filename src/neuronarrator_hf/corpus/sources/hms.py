"""HMS harmful brain activity (the IIIC data): ICU clips with the votes of experts on ten seconds each."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from neuronarrator_hf.findings.schema import Claim

from .source import Annotation, RecordingRef, Source, person_of
from .votes import vote_claims

SFREQ_HZ = 200.0
VOTED_S = (20.0, 30.0)
"""The part of a 50 s sample that the experts voted on."""
VOTES = ("seizure", "lpd", "gpd", "lrda", "grda", "other")
WINDOW_S = 10.0


def find(root: Path) -> Iterator[RecordingRef]:
    """Recordings `train_eegs/ID.parquet` with the votes of `train.csv`.

    A recording is opened from where its windows meet the first stretch voted on; times count from there.
    """
    table = root / "train.csv"
    if not table.exists():
        return
    rows: dict[str, list[dict[str, str]]] = defaultdict(list)
    with table.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            rows[row["eeg_id"]].append(row)
    for eeg_id, samples in sorted(rows.items()):
        path = root / "train_eegs" / f"{eeg_id}.parquet"
        if not path.exists():
            continue
        samples.sort(key=lambda row: float(row["eeg_label_offset_seconds"]))
        skip_s = (float(samples[0]["eeg_label_offset_seconds"]) + VOTED_S[0]) % WINDOW_S
        annotations = tuple(_annotation(row, skip_s) for row in samples)
        claims: list[Claim] = []
        for annotation in annotations:
            claims += vote_claims(annotation.values, annotation.start_s, annotation.end_s)
        patient = samples[0]["patient_id"]
        yield RecordingRef(
            source="hms",
            recording_id=eeg_id,
            path=path,
            subject=patient,
            person=person_of("hms", patient),
            annotations=annotations,
            assertions=tuple(claims),
            load=partial(load, skip_s=skip_s),
        )


def _annotation(row: dict[str, str], skip_s: float) -> Annotation:
    offset_s = float(row["eeg_label_offset_seconds"]) - skip_s
    votes = {name: float(row[f"{name}_vote"]) for name in VOTES}
    return Annotation(row["expert_consensus"], offset_s + VOTED_S[0], offset_s + VOTED_S[1], values=votes)


def load(path: Path, skip_s: float = 0.0) -> dict[str, Any]:
    """A recording of the set as the array form: microvolts at 200 Hz, one column a channel."""
    import numpy as np
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    names = [name for name in table.column_names if name != "EKG"]
    first = round(skip_s * SFREQ_HZ)
    values = np.stack([table.column(name).to_numpy()[first:] for name in names])
    return {"array": values, "sampling_rate": SFREQ_HZ, "ch_names": names, "units": "uV"}


SOURCE = Source(
    name="hms",
    title="HMS Harmful Brain Activity Classification (IIIC)",
    licence="Creative Commons Attribution-NonCommercial 4.0, and the rules of the competition",
    redistributable=False,
    citation="Jing et al., Development of Expert-Level Classification of Seizures and Rhythmic and Periodic "
    "Patterns During EEG Interpretation, Neurology 100 (2023)",
    access="accept the rules of the Kaggle competition hms-harmful-brain-activity-classification with an "
    "account there, then: pip install kaggle; kaggle competitions download -c "
    "hms-harmful-brain-activity-classification",
    layout="train.csv and train_eegs/1000086677.parquet, ...",
    meaning="On ten seconds: a pattern that at least 60 % of three or more experts voted for is present, one "
    "with at most 10 % is absent, nothing is said in between. `other` is no finding; side and place "
    "are not told.",
    find=find,
)
