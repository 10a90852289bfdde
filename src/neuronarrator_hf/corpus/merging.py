"""Measurement and labels of one window as one set of claims, and where the two differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.findings.vocabulary import ABNORMAL_IDS, VOCABULARY

_SLEEP = ("n1_sleep", "n2_sleep", "n3_sleep", "rem_sleep")
_EXCLUSIVE = ("eyes_open", "eyes_closed", *_SLEEP)
_DEGREES = (("low_voltage", "extreme_low_voltage"), ("discontinuity", "burst_suppression"))
"""Findings that are degrees of one thing: a label of the one ends the other."""
_JUDGED_AGAINST_WAKE = (
    "generalized_theta_slowing", "generalized_delta_slowing", "posterior_dominant_rhythm",
)  # fmt: skip


@dataclass(frozen=True)
class MergedClaims:
    """The claims of a window.

    Attributes:
        claims: One per finding, in the order of the vocabulary.
        origins: Finding to `measured`, `label` or `both`.
        disagreements: Findings on which label and measurement differ, in presence or side.
    """

    claims: dict[str, Claim]
    origins: dict[str, str]
    disagreements: tuple[str, ...]


def merge(measured: Mapping[str, Claim], labelled: Iterable[Claim]) -> MergedClaims:
    """Labels decide what they speak of; the measurement gives the rest and attributes they leave open.

    A label of a state ends the other states; a label of sleep beyond N1 leaves slowing not assessed, which is
    judged against wakefulness; a label that nothing is abnormal ends measured abnormalities; and the
    judgement of the window follows what then stands.
    """
    claims, origins = dict(measured), dict.fromkeys(measured, "measured")
    said = {claim.finding: claim for claim in labelled}
    differ = []
    for finding, label in said.items():
        before = measured.get(finding)
        if before is not None and _differ(before, label):
            differ.append(finding)
        claims[finding] = _completed(label, before)
        agreed = before is not None and before.polarity == label.polarity
        origins[finding] = "both" if agreed else "label"
    for finding, polarity in _implied(claims, said).items():
        if claims[finding].is_present and finding not in differ:
            differ.append(finding)
        claims[finding] = _reset(claims[finding], polarity)
        origins[finding] = "label"
    _judge(claims, origins, said)
    order = [finding for finding in VOCABULARY if finding in claims]
    return MergedClaims(
        {finding: claims[finding] for finding in order},
        {finding: origins[finding] for finding in order},
        tuple(finding for finding in order if finding in differ),
    )


def _differ(measured: Claim, label: Claim) -> bool:
    if {measured.polarity, label.polarity} == {"present", "absent"}:
        return True
    sides = {measured.side, label.side}
    return measured.is_present and label.is_present and sides == {"left", "right"}


def _completed(label: Claim, measured: Claim | None) -> Claim:
    """The label, with attributes of the measurement that it leaves open and that do not contradict it."""
    if measured is None or not (label.is_present and measured.is_present):
        return label
    attributes: dict[str, Any] = {
        "frequency_hz": label.frequency_hz or measured.frequency_hz,
        "amplitude_uv": label.amplitude_uv or measured.amplitude_uv,
        "prevalence": label.prevalence or measured.prevalence,
    }
    if label.side is None and not label.regions:
        attributes |= {"side": measured.side, "regions": measured.regions}
    confidence = label.confidence if label.confidence is not None else measured.confidence
    return label.with_(**attributes, confidence=confidence)


def _implied(claims: Mapping[str, Claim], said: Mapping[str, Claim]) -> dict[str, str]:
    """Findings that labels settle without naming them, and how."""
    settled: dict[str, str] = {}
    states = [f for f in _EXCLUSIVE if f in said and said[f].is_present]
    if states:
        settled |= {f: "absent" for f in _EXCLUSIVE if f not in said and claims[f].is_present}
    if any(state in states for state in ("n2_sleep", "n3_sleep", "rem_sleep")):
        settled |= {f: "not_assessed" for f in _JUDGED_AGAINST_WAKE if f not in said}
    for pair in _DEGREES:
        for one, other in (pair, pair[::-1]):
            if one in said and said[one].is_present and other not in said and claims[other].is_present:
                settled[other] = "absent"
    if "drowsy" in claims and claims["drowsy"].is_present and any(state in _SLEEP for state in states):
        settled["drowsy"] = "absent"
    if "abnormal" in said and said["abnormal"].polarity == "absent":
        settled |= {
            f: "absent" for f in ABNORMAL_IDS if f not in said and f in claims and claims[f].is_present
        }
    return settled


def _reset(claim: Claim, polarity: str) -> Claim:
    return Claim(claim.finding, polarity, start_s=claim.start_s, end_s=claim.end_s)


def _judge(claims: dict[str, Claim], origins: dict[str, str], said: Mapping[str, Claim]) -> None:
    """The judgement of the window, where labels do not give it: abnormal with any abnormal finding.

    Without one it stays as measured, but is not assessed where what made it abnormal no longer stands.
    """
    if not said or "abnormal" in said:
        if "abnormal" in said and "normal" not in said and "normal" in claims:
            sure = said["abnormal"].polarity
            if sure == "present" and claims["normal"].is_present:
                claims["normal"], origins["normal"] = _reset(claims["normal"], "absent"), "label"
        return
    findings = [f for f in ABNORMAL_IDS if f in claims and claims[f].is_present]
    if findings and not claims["abnormal"].is_present:
        claims["abnormal"] = _reset(claims["abnormal"], "present")
        claims["normal"] = _reset(claims["normal"], "absent")
        origins["abnormal"] = origins["normal"] = "label"
    elif not findings and claims["abnormal"].is_present:
        for finding in ("abnormal", "normal"):
            claims[finding] = _reset(claims[finding], "not_assessed")
            origins[finding] = "label"
