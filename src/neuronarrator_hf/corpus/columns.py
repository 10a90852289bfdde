"""The columns of a row: one schema for every source, simulated or recorded."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from neuronarrator_hf.signal.windows import WINDOW_N_TIMES

SCHEMA_NAME = "neuronarrator.corpus/1"
STEP_UV = 1.0 / 64.0
"""Samples are rounded to this step: far below the noise of any amplifier, and half the size on disk."""

COLUMNS: dict[str, str] = {
    "id": "source/recording/index, unique",
    "source": "name of the source",
    "recording": "hash of the recording, for links between its segments",
    "index": "number of the segment in its recording, from 0",
    "previous": "index of the segment before it in the same recording; -1 for the first",
    "gap_s": "seconds that are missing between the two; 0 where they touch or there is none before",
    "start_s": "start in seconds from the start of the recording",
    "end_s": "end of the recorded part in seconds",
    "subject": "hash of the person; the same in all sources that share persons",
    "split": "train, validation or test; no person is in two",
    "official_split": "split that the source gives, or null",
    "age_years": "age in years, or null",
    "sex": "F, M or null",
    "licence": "licence of the recording",
    "redistributable": "whether the row may be passed on",
    "eeg_uv": "(n_channels, 2000) float32: microvolts at 200 Hz, filtered, average reference where 8 or more "
    "channels can be evaluated, 0 where masked",
    "ch_names": "(n_channels,) canonical names",
    "positions": "(n_channels, 3) float32: unit sphere, x right, y front, z up",
    "channel_mask": "(n_channels,) whether the channel can be evaluated",
    "n_times": "samples recorded; the rest is padding",
    "claims": "list, an entry per finding and place: what is there, what is not, what was not assessed",
    "labels": "list of the labels of the source that overlap the segment, in its own words",
    "facts": "JSON: labels of the recording that are no findings (diagnosis, outcome)",
    "disagreements": "findings on which labels and measurement differ",
    "text": "one paragraph that says exactly the worded claims",
    "writer": "who wrote it: grammar, or the name of a model",
}
"""Every column with its meaning, shape and unit."""

FIELDS: dict[str, dict[str, str]] = {
    "claims": {
        "finding": "id of the vocabulary",
        "polarity": "present, absent or not_assessed",
        "hedged": "whether it is only possible",
        "side": "left, right, bilateral, midline or null",
        "regions": "list of frontal, central, temporal, parietal, occipital, generalized",
        "frequency_hz": "(2,) lowest and highest in Hz, or null",
        "amplitude_uv": "(2,) smallest and largest in microvolts, peak to peak, or null",
        "prevalence": "rare, occasional, frequent, abundant, continuous or null",
        "change": "what has changed since `since_s` seconds earlier in the recording, or null",
        "since_s": "seconds, or null",
        "confidence": "0 to 1 as measured, 1 for what is present in a simulation; else null",
        "origin": "measured, label, both or truth (of a simulation)",
        "worded": "whether the text says it",
    },
    "labels": {
        "label": "the source's own word",
        "start_s": "seconds from the start of the recording; null for all of it",
        "end_s": "as above",
        "channels": "list in the source's spelling; empty for all",
        "rater": "who says so; empty where the source does not tell",
        "values": "JSON of numbers that belong to it, such as votes; empty where there are none",
    },
}
"""What the entries of columns that hold lists of entries are made of."""


def features() -> Any:
    """The columns as `datasets.Features`."""
    from datasets import Array2D, Features, List, Value

    text, number, flag = Value("string"), Value("float32"), Value("bool")
    claim = {
        "finding": text, "polarity": text, "hedged": flag, "side": text, "regions": List(text),
        "frequency_hz": List(number), "amplitude_uv": List(number), "prevalence": text, "change": text,
        "since_s": number, "confidence": number, "origin": text, "worded": flag,
    }  # fmt: skip
    label = {
        "label": text, "start_s": Value("float64"), "end_s": Value("float64"), "channels": List(text),
        "rater": text, "values": text,
    }  # fmt: skip
    return Features(
        {
            "id": text, "source": text, "recording": text, "index": Value("int32"),
            "previous": Value("int32"),
            "gap_s": number, "start_s": Value("float64"), "end_s": Value("float64"), "subject": text,
            "split": text, "official_split": text, "age_years": number, "sex": text, "licence": text,
            "redistributable": flag, "eeg_uv": Array2D((None, WINDOW_N_TIMES), "float32"),
            "ch_names": List(text), "positions": Array2D((None, 3), "float32"), "channel_mask": List(flag),
            "n_times": Value("int32"), "claims": List(claim), "labels": List(label), "facts": text,
            "disagreements": List(text), "text": text, "writer": text,
        }
    )  # fmt: skip


def rounded_uv(eeg_uv: np.ndarray) -> np.ndarray:
    """Samples in whole steps of `STEP_UV`, float32."""
    return (np.rint(eeg_uv / STEP_UV) * STEP_UV).astype(np.float32)


def to_table(rows: Sequence[Mapping[str, Any]], metadata: Mapping[str, str] | None = None) -> pa.Table:
    """Rows as a table that `load_dataset` reads back with its features, whatever wrote it."""
    schema = features().arrow_schema
    columns = []
    for field in schema:
        values = [row[field.name] for row in rows]
        if isinstance(field.type, pa.ExtensionType):
            columns.append(pa.ExtensionArray.from_storage(field.type, _matrices(values)))
        else:
            columns.append(pa.array(values, field.type))
    told = {**(schema.metadata or {}), b"neuronarrator": json.dumps(dict(metadata or {})).encode()}
    return pa.table(columns, schema=schema.with_metadata(told))


def _matrices(values: Sequence[np.ndarray]) -> pa.ListArray:
    """`(n, m)` float32 arrays as a list of lists, without going through Python numbers."""
    rows = np.cumsum([0, *(len(value) for value in values)])
    width = values[0].shape[1] if len(values) else 0
    flat = np.concatenate([np.ascontiguousarray(value, np.float32).ravel() for value in values])
    inner = pa.ListArray.from_arrays(pa.array(np.arange(rows[-1] + 1) * width, pa.int32()), pa.array(flat))
    return pa.ListArray.from_arrays(pa.array(rows, pa.int32()), inner)


def claim_entry(claim: Any, origin: str, worded: bool) -> dict[str, Any]:
    """A claim as an entry of the column `claims`."""
    told = claim.to_dict()
    change = told["change"] or {}
    return {
        "finding": told["finding"], "polarity": told["polarity"], "hedged": told["hedged"],
        "side": told["side"], "regions": told["regions"],
        "frequency_hz": told["frequency_hz"], "amplitude_uv": told["amplitude_uv"],
        "prevalence": told["prevalence"], "change": change.get("direction"), "since_s": change.get("since_s"),
        "confidence": told["confidence"], "origin": origin, "worded": worded,
    }  # fmt: skip


def claim_of(entry: Mapping[str, Any]) -> Any:
    """The claim of an entry of the column `claims`: the inverse of `claim_entry`."""
    from neuronarrator_hf.findings.schema import Change, Claim

    return Claim(
        finding=entry["finding"], polarity=entry["polarity"], hedged=entry["hedged"], side=entry["side"],
        regions=tuple(entry["regions"] or ()),
        frequency_hz=tuple(entry["frequency_hz"]) if entry["frequency_hz"] else None,
        amplitude_uv=tuple(entry["amplitude_uv"]) if entry["amplitude_uv"] else None,
        prevalence=entry["prevalence"],
        change=Change(entry["change"], entry["since_s"]) if entry["change"] else None,
        confidence=entry["confidence"],
    )  # fmt: skip
