"""A BIDS derivative: events with HED-SCORE tags beside the dataset that the recording comes from.

Brain Imaging Data Structure 1.10 (derivatives, task events) and the HED library schema SCORE 2.1.0.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..findings.vocabulary import REGIONS, SIDES, VOCABULARY
from .exchange import ExchangeEvent, exchange_events

BIDS_VERSION = "1.10.0"
HED_VERSION = ["8.4.0", "sc:score_2.1.0"]
PIPELINE = "neuronarrator"
CANDIDATE = "candidate_"
"""Before the id of a finding that falls short of its definition; such rows carry no HED tag of it."""
MISSING = "n/a"
COLUMNS = (
    "onset", "duration", "trial_type", "side", "regions", "frequency_hz", "frequency_low_hz",
    "frequency_high_hz", "confidence", "channels", "label", "HED",
)  # fmt: skip
_ENTITIES = ("sub", "ses", "task", "acq", "run")
_SIDE_TAGS = {"left": "Left", "right": "Right"}


def events_path(root: Path, stem: str) -> Path:
    """Where the events of a recording go under `root`, which several recordings share.

    Args:
        root: Folder of the output, `DIR/bids`.
        stem: Name of the recording; where it is a BIDS name its entities are kept.
    """
    entities = entities_of(stem)
    folder = root / "derivatives" / PIPELINE / f"sub-{entities['sub']}"
    if "ses" in entities:
        folder = folder / f"ses-{entities['ses']}"
    name = "_".join(f"{key}-{entities[key]}" for key in _ENTITIES if key in entities)
    return folder / "eeg" / f"{name}_desc-{PIPELINE}_events.tsv"


def write_bids(path: Path, document: Mapping[str, Any]) -> None:
    """Write the events of a narration, their sidecar and the description of the derivative.

    Args:
        path: See `events_path`.
        document: A narration in the form of its JSON.
    """
    derivative = next(folder for folder in path.parents if folder.name == PIPELINE)
    path.parent.mkdir(parents=True, exist_ok=True)
    _write_json(derivative / "dataset_description.json", _description(document))
    (derivative / "README.md").write_text(_README, encoding="utf-8")
    events = exchange_events(document)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(_row(event) for event in events)
    _write_json(path.with_suffix(".json"), _sidecar(events))


def entities_of(stem: str) -> dict[str, str]:
    """Entities of a BIDS name; a subject made of the letters and digits of any other name."""
    found = {}
    for part in stem.split("_"):
        match = re.fullmatch(r"([a-z]+)-([A-Za-z0-9]+)", part)
        if match and match[1] in _ENTITIES:
            found[match[1]] = match[2]
    if "sub" not in found:
        return {"sub": re.sub(r"[^A-Za-z0-9]", "", stem) or "recording", "task": "eeg"}
    return {"task": "eeg", **found}


def _row(event: ExchangeEvent) -> dict[str, str]:
    low, high = event.frequency_hz or (None, None)
    return {
        "onset": f"{event.onset_s:.3f}",
        "duration": f"{event.duration_s:.3f}",
        "trial_type": _trial_type(event),
        "side": event.side or MISSING,
        "regions": ",".join(event.regions) or MISSING,
        "frequency_hz": MISSING if low is None or high is None else f"{(low + high) / 2:.3g}",
        "frequency_low_hz": MISSING if low is None else f"{low:.3g}",
        "frequency_high_hz": MISSING if high is None else f"{high:.3g}",
        "confidence": MISSING if event.confidence is None else f"{event.confidence:.4f}",
        "channels": ",".join(event.channels) or MISSING,
        "label": event.label,
        "HED": hed_tags(event) or MISSING,
    }


def hed_tags(event: ExchangeEvent) -> str:
    """The event as one HED group, so that two events at one onset stay apart; empty for a candidate."""
    tag = VOCABULARY[event.finding].hed_tag
    if tag is None or event.is_candidate:
        return ""
    parts = [f"sc:{tag}", _SIDE_TAGS.get(event.side or "", "")]
    if event.frequency_hz is not None:
        parts.append(f"sc:Feature-frequency/{sum(event.frequency_hz) / 2:.3g} Hz")
    return f"({', '.join(part for part in parts if part)})"


def _trial_type(event: ExchangeEvent) -> str:
    return (CANDIDATE if event.is_candidate else "") + event.finding


def _sidecar(events: Sequence[ExchangeEvent]) -> dict[str, Any]:
    """What the columns mean, with the definitions of the findings that occur."""
    levels = {}
    for kind in dict.fromkeys(_trial_type(event) for event in events):
        definition = VOCABULARY[kind.removeprefix(CANDIDATE)]
        short = "Candidate, short of the definition or hedged: " if kind.startswith(CANDIDATE) else ""
        levels[kind] = f"{short}{definition.definition} ({definition.source})"
    return {
        "onset": {"Description": "Start, from the first sample of the recording", "Units": "s"},
        "duration": {"Description": "Length", "Units": "s"},
        "trial_type": {"LongName": "Finding", "Description": "Id of the finding", "Levels": levels},
        "side": {"Description": "Side of the head", "Levels": {name: name for name in SIDES}},
        "regions": {"Description": f"Head regions, of {', '.join(REGIONS)}; comma between several"},
        "frequency_hz": {"Description": "Middle of the range of frequencies", "Units": "Hz"},
        "frequency_low_hz": {"Description": "Lower end of the frequency", "Units": "Hz"},
        "frequency_high_hz": {"Description": "Upper end of the frequency", "Units": "Hz"},
        "confidence": {"Description": "Calibrated probability, 0 to 1, of the strongest segment"},
        "channels": {"Description": "Channels that the evidence names; comma between several"},
        "label": {"Description": "The event in words, made by the software"},
    }


def _description(document: Mapping[str, Any]) -> dict[str, Any]:
    model = document["model"]
    told = f"{model['name']} ({model['revision']})" if model.get("revision") else str(model["name"])
    return {
        "Name": "EEG findings by neuronarrator_hf",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "derivative",
        "HEDVersion": HED_VERSION,
        "GeneratedBy": [
            {
                "Name": "neuronarrator_hf",
                "Version": str(model["version"]),
                "Description": f"Narrated by {told}. {document['disclaimer']}",
            }
        ],
    }


_README = """# EEG findings by neuronarrator_hf

Machine-made events of EEG recordings, preliminary, for review by a qualified reader; not a medical device.
Rows whose `trial_type` begins with `candidate_` fall short of the definition of the finding. Times are in
seconds from the first sample. What was searched for and not found is in the JSON of each narration.
"""


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(values, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
