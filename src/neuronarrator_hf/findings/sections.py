"""The sections of a report in words, from claims about the whole recording.

A claim with times is told with them ("From 0:02:10 to 0:03:40, ..."); parsed again it has the same
times. What a section was not assessed for is said, never passed over as normal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .quantise import quantise
from .schema import Claim
from .vocabulary import define, ids_of
from .write import write_sentences

SECTION_FINDINGS: Mapping[str, tuple[str, ...]] = {
    "quality": ids_of("artifact"),
    "state": ids_of("state"),
    "background": ids_of("background"),
    "sleep": ids_of("sleep"),
    "epileptiform": ids_of("epileptiform"),
    "rhythmic_periodic": ids_of("rhythmic_periodic"),
    "events": ids_of("ictal"),
    "impression": ids_of("summary"),
}
"""Findings that belong to each section, in the order of the report; technique and limits have none."""


def write_section(
    section: str,
    claims: Iterable[Claim],
    *,
    seed: int = 0,
    variety: float = 0.0,
    timed: bool | None = None,
    acns_style: bool = False,
    beside: Iterable[Claim] = (),
    times: Mapping[str, str] | None = None,
) -> str:
    """One section: its own findings out of the claims of a recording.

    Args:
        section: One of `SECTION_FINDINGS`.
        claims: Claims of the recording; those of other sections are left out, except that the
            impression repeats every present abnormal finding it is given.
        seed: The same seed gives the same words.
        variety: 0 for the fixed wording, 1 for all wordings alike.
        timed: Tell the times of claims; None tells them in the events.
        acns_style: Call rhythmic and periodic patterns "ACNS-style".
        beside: Claims told in other sections, which the wording must not contradict.
        times: By finding the words for its time that open its sentence, in place of start and end.

    Raises:
        ValueError: The section is unknown.
    """
    if section not in SECTION_FINDINGS:
        raise ValueError(f"unknown section {section!r}; known: {', '.join(SECTION_FINDINGS)}")
    own = [c for c in claims if c.finding in SECTION_FINDINGS[section] or section == "impression"]
    timed = section == "events" if timed is None else timed
    times = times or {}
    at_times = [c for c in own if c.is_present and (c.finding in times or (timed and c.start_s is not None))]

    def sentences(of: list[Claim]) -> list[str]:
        return write_sentences(
            of, seed=seed, variety=variety, record="recording", acns_style=acns_style, beside=beside
        )

    parts = [
        f"{times.get(claim.finding) or _period(claim)}, {_lower(sentence)}" if number == 0 else sentence
        for claim in sorted(at_times, key=lambda c: c.start_s or 0.0)
        for number, sentence in enumerate(sentences([claim]))
    ]
    parts += sentences([c for c in own if c not in at_times])
    return " ".join(parts)


def write_sections(
    claims: Iterable[Claim], *, seed: int = 0, variety: float = 0.0, acns_style: bool = False
) -> dict[str, str]:
    """All sections that assert findings; the impression holds present findings that are not artifacts."""
    claims = list(claims)
    sections = {}
    for section in SECTION_FINDINGS:
        told = claims
        if section == "impression":
            told = [c for c in claims if c.finding in SECTION_FINDINGS[section] or _is_for_impression(c)]
        sections[section] = write_section(
            section, told, seed=seed, variety=variety, acns_style=acns_style, beside=claims
        )
    return sections


def clock(seconds: float) -> str:
    """Seconds from the start of the recording as h:mm:ss."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _is_for_impression(claim: Claim) -> bool:
    return quantise(claim).is_present and define(claim.finding).group in (
        "epileptiform",
        "rhythmic_periodic",
        "ictal",
    )


def _period(claim: Claim) -> str:
    assert claim.start_s is not None
    if claim.end_s is None or round(claim.end_s) == round(claim.start_s):
        return f"At {clock(claim.start_s)}"
    return f"From {clock(claim.start_s)} to {clock(claim.end_s)}"


def _lower(sentence: str) -> str:
    first = sentence.split(maxsplit=1)[0]
    return sentence[0].lower() + sentence[1:] if first[1:].islower() or len(first) == 1 else sentence
