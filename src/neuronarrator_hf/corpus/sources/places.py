"""From the channels of a label to side and regions of a claim."""

from __future__ import annotations

import re
from collections.abc import Iterable

from neuronarrator_hf.findings.vocabulary import REGIONS
from neuronarrator_hf.signal.montage import SITES_1020, canonical_name, site_region, site_side


def place_of(channels: Iterable[str]) -> tuple[str | None, tuple[str, ...]]:
    """Side and regions of the 10-20 sites that channels (`Fp1` or `FP1-F7`) are made of.

    The side is told where the sites lie on one side or the midline alone, and is bilateral where both sides
    are
    among them; regions are those of the sites. Channels of unknown name say nothing.
    """
    sites = set()
    for channel in channels:
        for end in re.split(r"\s*-\s*", channel.strip().removeprefix("EEG ")):
            name = canonical_name(end)
            if name in SITES_1020:
                sites.add(name)
    sides = {site_side(site) for site in sites} - {"midline"}
    if not sites:
        return None, ()
    side = "midline" if not sides else sides.pop() if len(sides) == 1 else "bilateral"
    found = {site_region(site) for site in sites}
    return side, tuple(region for region in REGIONS if region in found)
