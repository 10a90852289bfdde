"""Every path through the wordings, one claim at a time, all choices walked: each reads and is English."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from english import faults

from neuronarrator_hf.findings import write
from neuronarrator_hf.findings.parse import parse
from neuronarrator_hf.findings.pen import Pen
from neuronarrator_hf.findings.quantise import quantise
from neuronarrator_hf.findings.schema import DIRECTIONS, Change, Claim
from neuronarrator_hf.findings.vocabulary import FINDING_IDS, PREVALENCES, SIDES, define

MAX_PATHS = 20_000


class WalkingPen(Pen):
    """A pen whose choices are told it; what it was not told is the first option."""

    path: tuple[int, ...] = ()

    def __init__(self, *args, **kwargs) -> None:
        self.widths: list[int] = []
        super().__init__(*args, **kwargs)

    def _choose(self, width: int) -> int:
        place = len(self.widths)
        self.widths.append(width)
        return self.path[place] if place < len(self.path) else 0

    def pick(self, options):
        return options[self._choose(len(options))]

    def chance(self, share=1.0):
        return bool(self._choose(2))

    def fresh(self, frames):
        return self.pick(frames)


def every_text(claim: Claim, monkeypatch) -> Iterator[str]:
    """All texts of a claim."""
    pens: list[WalkingPen] = []

    def make(*args, **kwargs):
        pens.append(WalkingPen(*args, **kwargs))
        return pens[-1]

    monkeypatch.setattr(write, "Pen", make)
    path: list[int] | None = []
    for _ in range(MAX_PATHS):
        WalkingPen.path = tuple(path)
        yield " ".join(write.write_sentences([claim], record="segment"))
        widths = pens.pop().widths
        path = path + [0] * (len(widths) - len(path))
        while path and path[-1] + 1 >= widths[len(path) - 1]:
            path.pop()
        if not path:
            return
        path[-1] += 1


def assert_every_text_reads(claim: Claim, monkeypatch) -> None:
    expected = Counter([quantise(claim).content()])
    texts = set(every_text(claim, monkeypatch))
    for text in texts:
        assert Counter(c.content() for c in parse(text)) == expected, text
        assert not faults(text)


@pytest.mark.parametrize("polarity", ("present", "absent", "not_assessed"))
@pytest.mark.parametrize("finding", FINDING_IDS)
def test_bare_claims(finding, polarity, monkeypatch):
    assert_every_text_reads(Claim(finding, polarity), monkeypatch)


def one_attribute_each(finding: str) -> Iterator[Claim]:
    attributes = define(finding).attributes
    yield Claim(finding, hedged=True)
    if "side" in attributes:
        yield from (Claim(finding, side=side) for side in SIDES)
    if "regions" in attributes:
        for regions in (
            ("frontal",),
            ("generalized",),
            ("frontal", "temporal"),
            ("central", "temporal", "parietal"),
        ):
            yield Claim(finding, regions=regions)
    if {"side", "regions"} <= attributes:
        yield from (Claim(finding, side=side, regions=("central", "parietal")) for side in SIDES)
    if "frequency_hz" in attributes:
        yield from (Claim(finding, frequency_hz=hz) for hz in ((1, 1), (1, 2.5), (8, 8), (9.5, 11)))
    if "amplitude_uv" in attributes:
        yield from (Claim(finding, amplitude_uv=uv) for uv in ((15, 15), (30, 45)))
    if "prevalence" in attributes:
        yield from (Claim(finding, prevalence=prevalence) for prevalence in PREVALENCES)
    if "change" in attributes:
        for since_s in (None, 10, 30, 60, 300, 3600):
            for direction in DIRECTIONS:
                polarity = "absent" if direction == "gone" else "present"
                yield Claim(finding, polarity, change=Change(direction, since_s))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("finding", FINDING_IDS)
def test_claims_with_one_attribute(finding, monkeypatch):
    for claim in one_attribute_each(finding):
        assert_every_text_reads(claim, monkeypatch)
