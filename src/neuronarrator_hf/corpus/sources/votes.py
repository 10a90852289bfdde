"""Votes of experts on one stretch as claims: what most saw, what hardly anyone did, nothing in between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from neuronarrator_hf.findings.schema import Claim

VOTE_FINDINGS = {
    "seizure": "electrographic_seizure", "lpd": "lpd", "gpd": "gpd", "lrda": "lrda", "grda": "grda",
}  # fmt: skip
"""Classes that experts chose from; `other` is no finding."""
YES_SHARE = 0.6
NO_SHARE = 0.1
MIN_VOTES = 3


def vote_claims(votes: Mapping[str, float], start_s: float | None, end_s: float | None) -> Iterator[Claim]:
    """Claims with the share of the votes as confidence; fewer than three votes say nothing."""
    total = sum(votes.values())
    if total < MIN_VOTES:
        return
    for name, finding in VOTE_FINDINGS.items():
        share = votes.get(name, 0) / total
        if share >= YES_SHARE or share <= NO_SHARE:
            polarity = "present" if share >= YES_SHARE else "absent"
            yield Claim(finding, polarity, start_s=start_s, end_s=end_s, confidence=share)
