"""Expert labels of real recordings, from a manifest, in the words of the vocabulary."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from ..findings.vocabulary import FINDING_IDS

FEATURE_FINDINGS = {
    "diffuse_theta": "generalized_theta_slowing",
    "diffuse_delta": "generalized_delta_slowing",
    "grda": "grda",
    "lrda": "lrda",
    "lpd": "lpd",
    "gpd": "gpd",
    "bipd": "bipd",
    "moderately_low_voltage": "low_voltage",
    "extreme_low_voltage": "extreme_low_voltage",
    "intermittent_brief_attenuation": "brief_attenuation",
    "burst_suppression": "burst_suppression",
    "extreme_delta_brush": "extreme_delta_brush",
    "ncse": "electrographic_seizure",
}
"""Features of VE-CAM-S that are findings; `absent_sleep_features` and `unreactive` are not."""

VOTE_CLASSES = ("seizure", "lpd", "gpd", "lrda", "grda", "other")
VOTE_FINDINGS = {
    "seizure": "electrographic_seizure",
    "lpd": "lpd",
    "gpd": "gpd",
    "lrda": "lrda",
    "grda": "grda",
}

CAPTION_FINDINGS = tuple(
    finding for finding in FINDING_IDS if finding in {*FEATURE_FINDINGS.values(), "normal", "abnormal"}
)
"""Findings that a caption says or, by its silence, denies."""

_ACCOMPANIED = ("generalized_theta_slowing", "generalized_delta_slowing")


@dataclass(frozen=True)
class LabelledRecording:
    """A real recording and what experts said of it.

    Attributes:
        path: The file.
        source: Folder of the manifest: what is left out as a whole.
        presence: Finding to True or False, where the label tells.
        votes: Class to number of experts, for voted clips.
        span_s: Part of the recording that the label is about.
        state: State of an awake recording.
        group: Recordings that may share a patient.
    """

    path: Path
    source: str
    presence: dict[str, bool] = field(default_factory=dict)
    votes: dict[str, int] = field(default_factory=dict)
    span_s: tuple[float, float] = (0.0, float("inf"))
    state: str | None = None
    group: str = ""


def read_labels(
    root: str | Path, kinds: tuple[str, ...] = ("icu_vecams", "icu_sparcnet", "icu_iiic_irr", "awake")
):
    """The labelled recordings of a manifest, as a list of `LabelledRecording`.

    A recording that the manifest gives twice in two formats is taken once.

    Raises:
        FileNotFoundError: The folder holds no manifest.
    """
    root = Path(root)
    manifest = root / "manifest.json"
    if not manifest.is_file():
        raise FileNotFoundError(f"{manifest} is missing; name the folder that holds manifest.json")
    files = json.loads(manifest.read_text(encoding="utf-8"))["files"]
    return [
        _labelled(root, entry)
        for entry in files
        if entry["kind"] in kinds and "same_recording_as" not in entry["labels"]
    ]


def _labelled(root: Path, entry: dict) -> LabelledRecording:
    labels, kind = entry["labels"], entry["kind"]
    presence: dict[str, bool] = {}
    votes: dict[str, int] = {}
    start_s, stop_s = labels.get("labelled_window_s", (0.0, float("inf")))
    span = (float(start_s), float(stop_s))
    if kind == "icu_vecams":
        presence = caption_presence([f["feature"] for f in labels["features"]], normal=labels["normal"])
    elif "expert_votes" in labels:
        votes = {name: int(labels["expert_votes"].get(name, 0)) for name in VOTE_CLASSES}
        presence = vote_presence(votes)
    elif kind == "awake":
        presence = awake_presence(labels.get("state"), labels.get("artifacts") or ())
    name = Path(entry["file"]).stem
    group = f"{kind}/{name.rsplit('_', 1)[0]}" if name.startswith("eegmat") else f"{kind}/{name}"
    if name in ("sparcnet_14", "sparcnet_19"):  # may be one patient, says the data's README
        group = "icu_sparcnet/sparcnet_14"
    return LabelledRecording(root / entry["file"], kind, presence, votes, span, labels.get("state"), group)


def caption_presence(features: list[str], *, normal: bool) -> dict[str, bool]:
    """What a caption asserts and denies.

    A page with a 20-point feature lists no slowing although it may hold some: there it is unknown.
    """
    said = {FEATURE_FINDINGS[f] for f in features if f in FEATURE_FINDINGS}
    presence = {finding: finding in said for finding in CAPTION_FINDINGS}
    presence["normal"], presence["abnormal"] = normal, not normal
    if not normal and not said & set(_ACCOMPANIED):
        for finding in _ACCOMPANIED:
            del presence[finding]
    return presence


def vote_presence(votes: dict[str, int], *, yes: float = 0.6, no: float = 0.1) -> dict[str, bool]:
    """Findings that most experts saw, and those that hardly anyone did; nothing on what is split."""
    total = max(sum(votes.values()), 1)
    presence = {}
    for name, finding in VOTE_FINDINGS.items():
        share = votes.get(name, 0) / total
        if share >= yes or share <= no:
            presence[finding] = share >= yes
    return presence


def awake_presence(state: str | None, artifacts: tuple[str, ...]) -> dict[str, bool]:
    """What is known of a healthy adult awake."""
    from ..findings.vocabulary import ABNORMAL_IDS, ids_of

    presence = dict.fromkeys(ABNORMAL_IDS - {"low_voltage", "asymmetry", "brief_attenuation"}, False)
    presence |= dict.fromkeys(ids_of("sleep"), False)
    presence |= {"normal": True, "abnormal": False}
    if state == "rest_eyes_closed":
        presence |= {"eyes_closed": True, "eyes_open": False}
    elif state == "rest_eyes_open":
        presence |= {"eyes_open": True, "eyes_closed": False}
    if "blinks" in artifacts:
        presence["eye_blinks"] = True
    return presence
