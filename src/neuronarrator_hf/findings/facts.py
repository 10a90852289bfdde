"""What is known of a recording besides its findings, and the sections that tell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .measure.measure import ADULT_YEARS
from .track import Track
from .vocabulary import VOCABULARY, ids_of

MAX_NAMED_CHANNELS = 8
ROUTINE_MINUTES = 20
"""Technically satisfactory recording that a routine EEG needs (ACNS Guideline 1, Sinha et al. 2016)."""


@dataclass(frozen=True)
class Facts:
    """What is known of a recording besides its episodes.

    Attributes:
        duration_s: Length.
        n_channels: EEG channels read.
        montage: Words for reference and derivation.
        filters: Words for the filter chain.
        age_years: Age, or None.
        n_windows: Windows read.
        n_assessable: Windows in which the signal could be judged.
        missing_sites: Sites of the 10-20 system without an electrode of their own.
        bad_channels: Channels that could not be used, with the share of the windows.
        warnings: What the reader of the recording had to say.
        reason: Why segments could not be assessed.
        is_verified: Whether claims were checked against the signal.
        whole_s: Length of the recording where only a part of it was read, else None.
        reference: Electrode without a signal of its own and so probably the reference, or None.
    """

    duration_s: float
    n_channels: int
    n_windows: int
    n_assessable: int
    montage: str = ""
    missing_sites: tuple[str, ...] = ()
    filters: str = ""
    age_years: float | None = None
    bad_channels: Mapping[str, float] | None = None
    warnings: tuple[str, ...] = ()
    reason: str = ""
    is_verified: bool = True
    whole_s: float | None = None
    reference: str | None = None

    @property
    def judged_s(self) -> float:
        """Length of what could be judged."""
        return self.duration_s * self.n_assessable / max(self.n_windows, 1)


def technique(facts: Facts) -> str:
    """How the recording was made and read."""
    parts = [f"{length(facts.duration_s)} of scalp EEG with {_count(facts.n_channels, 'channel')}"]
    if facts.montage:
        parts.append(facts.montage)
    if facts.filters:
        parts.append(facts.filters)
    text = ", ".join(parts) + f", read in {_count(facts.n_windows, 'segment')} of 10 s."
    age = "The age was not given." if facts.age_years is None else f"Age {facts.age_years:g} years."
    return f"{text} {age}"


def quality(facts: Facts) -> str:
    """How much of it could be judged, and which channels could not."""
    if facts.n_assessable == 0:
        text = "No segment could be assessed" + (f": {facts.reason}." if facts.reason else ".")
    elif facts.n_assessable == facts.n_windows:
        text = "All segments could be assessed." if facts.n_windows > 1 else "The segment could be assessed."
    else:
        text = f"{facts.n_assessable} of {facts.n_windows} segments could be assessed."
    if len(facts.missing_sites) > MAX_NAMED_CHANNELS:
        text += f" {len(facts.missing_sites)} of the 19 electrodes of the 10-20 system were not recorded."
    elif facts.missing_sites:
        text += f" Not recorded: {', '.join(facts.missing_sites)}."
    bad = {ch: share for ch, share in (facts.bad_channels or {}).items() if ch != facts.reference}
    if facts.reference:
        text += f" {facts.reference} is probably the reference, else not connected: it holds no signal."
    always = sorted(ch for ch, share in bad.items() if share >= 0.95)
    at_times = sorted(ch for ch, share in bad.items() if 0.05 <= share < 0.95)
    if always:
        text += f" Not usable: {', '.join(always)}."
    if len(at_times) > MAX_NAMED_CHANNELS:
        text += f" {len(at_times)} of {facts.n_channels} channels were not usable at times."
    elif at_times:
        text += f" Not usable at times: {', '.join(at_times)}."
    return " ".join([text, *facts.warnings])


def limits(track: Track, facts: Facts) -> str:
    """What this analysis cannot know, and what it did not judge."""
    parts = []
    if facts.age_years is None:
        parts.append("The age is unknown: the norms of adults were assumed.")
    elif facts.age_years < ADULT_YEARS:
        parts.append("The norms used are those of adults: what depends on them was not assessed at this age.")
    is_short = facts.duration_s < ROUTINE_MINUTES * 60
    if facts.whole_s is not None:
        routine = f", less than the {ROUTINE_MINUTES} minutes of a routine EEG" if is_short else ""
        read = f"Of {length(facts.whole_s)}, {length(facts.duration_s)} were read{routine}"
        parts.append(f"{read}; the rest was not judged.")
    elif is_short:
        parts.append(
            f"The recording lasts {length(facts.duration_s)}, less than the {ROUTINE_MINUTES} minutes of a "
            "routine EEG; rare findings may be missed."
        )
    partly = [
        f
        for f in ("spikes", "focal_slowing", "lpd", "gpd", "posterior_dominant_rhythm")
        if not track.is_assessed(f)
    ]
    if partly and facts.n_assessable:
        parts.append(f"Not assessed: {', '.join(VOCABULARY[f].name for f in partly)}.")
    if any(e.finding in ids_of("rhythmic_periodic") for e in track.episodes):
        parts.append(
            "Rhythmic and periodic patterns carry the names of the ACNS terminology of critical care; "
            "outside it they are ACNS-style terms."
        )
    if not facts.is_verified:
        parts.append("The text of the model was not checked against the signal.")
    parts.append(
        "Reactivity, activation procedures, clinical signs and history were not available to this analysis; "
        "no diagnosis is made."
    )
    return " ".join(parts)


def length(seconds: float) -> str:
    """A length of time in words: `3 minutes 2 seconds`."""
    whole = round(seconds)
    if whole < 60:
        return _count(whole, "second")
    if whole < 3600:
        text = _count(whole // 60, "minute")
        return f"{text} {_count(whole % 60, 'second')}" if whole % 60 else text
    text = _count(whole // 3600, "hour")
    return f"{text} {_count(whole // 60 % 60, 'minute')}" if whole // 60 % 60 else text


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
