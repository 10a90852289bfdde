"""What the labels of a recording say of one of its windows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.findings.vocabulary import REGIONS

from .sources.source import Annotation

MIN_SHARE = 0.5
"""A stretch longer than that share of the window has to cover so much of it; a shorter one lies in it."""


def claims_in_window(assertions: Iterable[Claim], start_s: float, end_s: float) -> list[Claim]:
    """One claim per finding that the labels tell of a window.

    A present finding holds in a window that its stretch covers by half, or that holds nearly all of a shorter
    stretch. An absent one holds in a window that lies inside its stretch and that no present stretch of the
    finding touches. What a window only touches is not told of it.
    """
    present: dict[str, list[Claim]] = {}
    absent: dict[str, Claim] = {}
    touched: set[str] = set()
    for claim in assertions:
        low, high = _stretch(claim)
        shared_s = min(high, end_s) - max(low, start_s)
        if shared_s <= 0:
            continue
        if claim.polarity == "present":
            touched.add(claim.finding)
            if shared_s >= 0.9 * min(MIN_SHARE * (end_s - start_s) / 0.9, high - low):
                present.setdefault(claim.finding, []).append(claim)
        elif claim.polarity == "absent" and low <= start_s and end_s <= high:
            absent[claim.finding] = claim
    found = [_joined(claims) for claims in present.values()]
    found += [claim for finding, claim in absent.items() if finding not in touched]
    return [claim.with_(start_s=start_s, end_s=end_s) for claim in found]


def annotations_in_window(
    annotations: Iterable[Annotation], start_s: float, end_s: float
) -> list[Annotation]:
    """The labels that overlap a window; those of the whole recording too."""
    return [
        mark
        for mark in annotations
        if (mark.start_s is None or mark.start_s < end_s)
        and (mark.end_s is None or mark.end_s > start_s or mark.start_s == mark.end_s >= start_s)
    ]


def _stretch(claim: Claim) -> tuple[float, float]:
    return (
        -math.inf if claim.start_s is None else claim.start_s,
        math.inf if claim.end_s is None else claim.end_s,
    )


def _joined(claims: Sequence[Claim]) -> Claim:
    """Stretches of one finding in one window as one claim: both sides are bilateral, regions add up."""
    first = claims[0]
    sides = {claim.side for claim in claims if claim.side not in (None, "midline")}
    side = sides.pop() if len(sides) == 1 else "bilateral" if sides else first.side
    regions = {region for claim in claims for region in claim.regions}
    return first.with_(side=side, regions=tuple(region for region in REGIONS if region in regions))
