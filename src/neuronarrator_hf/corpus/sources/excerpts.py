"""Excerpts of several sources with a `manifest.json` that says of each file what experts saw."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from neuronarrator_hf.findings.schema import Claim

from .source import Annotation, RecordingRef, Source, person_of, throughout
from .votes import vote_claims

FEATURE_FINDINGS = {
    "diffuse_theta": "generalized_theta_slowing", "diffuse_delta": "generalized_delta_slowing",
    "grda": "grda", "lrda": "lrda", "lpd": "lpd", "gpd": "gpd", "bipd": "bipd",
    "moderately_low_voltage": "low_voltage",
    "extreme_low_voltage": "extreme_low_voltage", "burst_suppression": "burst_suppression",
    "extreme_delta_brush": "extreme_delta_brush", "ncse": "electrographic_seizure",
}  # fmt: skip
"""Features of a page that hold throughout it; intermittent attenuation need not be in every segment of it."""
FEATURE_ABSENCES = {"absent_sleep_features": ("sleep_spindles", "k_complexes", "vertex_waves", "n2_sleep")}
"""Features that deny findings; N2 is told by spindles and K-complexes."""
_STATES = {"rest_eyes_closed": "eyes_closed", "rest_eyes_open": "eyes_open"}
_SEXES = ("F", "M")


def find(root: Path) -> Iterator[RecordingRef]:
    """The recordings of the manifest that hold EEG, each once."""
    manifest = root / "manifest.json"
    if not manifest.exists():
        return
    for entry in sorted(json.loads(manifest.read_text("utf-8"))["files"], key=lambda entry: entry["file"]):
        labels = entry.get("labels", {})
        if labels.get("content", "eeg") != "eeg" or "same_recording_as" in labels:
            continue
        yield _recording(root / entry["file"], entry, labels)


def _recording(path: Path, entry: Mapping[str, Any], labels: Mapping[str, Any]) -> RecordingRef:
    features = [f["feature"] if isinstance(f, Mapping) else str(f) for f in labels.get("features", [])]
    votes = {name: float(n) for name, n in (labels.get("expert_votes") or {}).items()}
    start_s, end_s = labels.get("labelled_window_s", (None, None))
    claims: list[Claim] = [throughout(FEATURE_FINDINGS[f]) for f in features if f in FEATURE_FINDINGS]
    claims += [
        throughout(finding, present=False) for f in features for finding in FEATURE_ABSENCES.get(f, ())
    ]
    claims += vote_claims(votes, start_s, end_s)
    if labels.get("normal") is True:
        claims += [throughout("normal"), throughout("abnormal", present=False)]
    state = _STATES.get(labels.get("state") or "")
    if state is not None:
        other = "eyes_open" if state == "eyes_closed" else "eyes_closed"
        claims += [throughout(state), throughout(other, present=False)]
    told = [Annotation(f) for f in (*features, labels.get("state")) if f]
    if votes:
        told.append(Annotation(labels.get("majority_vote") or "tied", start_s, end_s, values=votes))
    age = labels.get("age")
    subject = str(labels.get("subject") or path.stem)
    if path.stem in ("sparcnet_14", "sparcnet_19"):  # so alike that they may be one patient
        subject = "sparcnet_14"
    neonate = labels.get("population") == "preterm_neonate"
    return RecordingRef(
        source="excerpts",
        recording_id=str(Path(entry["file"]).with_suffix("")),
        path=path,
        subject=subject,
        person=person_of("excerpts", f"{entry['kind']}/{subject}"),
        age_years=0.0 if neonate else None if age is None else float(age),
        sex=labels.get("sex") if labels.get("sex") in _SEXES else None,
        annotations=tuple(told),
        assertions=tuple(claims),
        facts={"population": labels["population"]} if labels.get("population") else {},
        licence=entry.get("licence"),
    )


SOURCE = Source(
    name="excerpts",
    title="excerpts of several sources with a manifest",
    licence="that of each file, as its manifest says",
    redistributable=False,
    citation="what the manifest names for each file",
    access="pass the folder that holds manifest.json",
    layout="manifest.json and the files it names",
    meaning="Features listed for a page hold throughout it, except intermittent ones; votes as in HMS; a "
    "state holds throughout. What a caption does not list is not denied; absent sleep features deny sleep "
    "waves and N2.",
    find=find,
)
