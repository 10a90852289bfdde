"""Episodes of a recording into its claims, its sections and a graded impression.

Every finding of the vocabulary gets one of three answers: seen, not seen, not assessed. "Not seen" is
said only where a finding could be judged over most of the recording, and nothing is called normal that
was not. Findings are worded by `write`; only technique, quality and limits, which assert nothing of the
brain, are worded here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .measure.measure import ADULT_YEARS
from .schema import Claim
from .sections import SECTION_FINDINGS, write_section
from .track import Episode, Track, prevalence
from .vocabulary import ABNORMAL_IDS, VOCABULARY, ids_of

SECTIONS = (
    "technique",
    "quality",
    "state",
    "background",
    "sleep",
    "epileptiform",
    "rhythmic_periodic",
    "events",
    "impression",
    "limits",
)
GRADES = ("normal", "uncertain", "mild", "moderate", "severe")

MIN_ASSESSED_SHARE = 0.5
"""Share of the recording in which a finding must have been judged before "not seen" is said."""
MIN_STATE_SHARE = 0.1
"""Share of the time below which a state is not named."""
MIN_STAGE_S = 15.0
"""AASM stages epochs of 30 s by what fills the greater part; shorter stretches are not named a stage."""

MAX_NAMED_CHANNELS = 8
MAX_REASONS = 4
"""Findings named in the impression."""

_FIRM_SHARE: Mapping[str, float] = {
    "background": 0.2,
    "sleep": 0.0,
    "epileptiform": 0.05,
    "rhythmic_periodic": 0.05,
    "ictal": 0.0,
    "artifact": 0.1,
    "state": MIN_STATE_SHARE,
}
"""Share of the assessed time from which a finding of a group is asserted; below it, it is a candidate."""

_SEVERE = frozenset({"extreme_low_voltage", "burst_suppression", "electrographic_seizure"})
_MODERATE = frozenset(
    {"generalized_delta_slowing", "discontinuity", "lpd", "gpd", "bipd", "lrda", "grda", "extreme_delta_brush",
     "low_voltage", "spike_and_wave", "polyspikes"}
)  # fmt: skip
_SEIZURE = ids_of("ictal")
_STAGES = frozenset({"n1_sleep", "n2_sleep", "n3_sleep", "rem_sleep"})
_OF_SECTION = {name: findings for name, findings in SECTION_FINDINGS.items() if name != "impression"}
_ABSENCE_WORDED = frozenset(
    {"posterior_dominant_rhythm", "generalized_theta_slowing", "generalized_delta_slowing", "focal_slowing", "asymmetry",
     "burst_suppression", "low_voltage", *ids_of("sleep"), *ids_of("epileptiform"), *ids_of("rhythmic_periodic"), *_SEIZURE}
)  # fmt: skip
"""Absences a reader looks for; the others are implied by silence and stand in the claims of the segments."""


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
        bad_channels: Channels that could not be used, with the share of the windows.
        warnings: What the reader of the recording had to say.
        is_verified: Whether claims were checked against the signal.
    """

    duration_s: float
    n_channels: int
    n_windows: int
    n_assessable: int
    montage: str = ""
    filters: str = ""
    age_years: float | None = None
    bad_channels: Mapping[str, float] | None = None
    warnings: tuple[str, ...] = ()
    is_verified: bool = True


@dataclass(frozen=True)
class Summary:
    """A recording in claims and words.

    Attributes:
        claims: Claims of the whole recording.
        sections: Section to text, in the order of `SECTIONS`.
        grade: One of `GRADES`, or None where nothing could be judged.
    """

    claims: tuple[Claim, ...]
    sections: Mapping[str, str]
    grade: str | None


def summarise(track: Track, facts: Facts, *, seed: int = 0) -> Summary:
    """Claims, sections and impression of a recording; deterministic given the episodes.

    Args:
        track: The folded recording.
        facts: What else is known of it.
        seed: Seed of the wording.
    """
    by_section = {name: _claims_of(track, findings) for name, findings in _OF_SECTION.items()}
    everything = [claim for claims in by_section.values() for claim in claims]
    if not any(c.is_present and not c.hedged for c in by_section["state"] if c.finding in _STAGES):
        # Waves of sleep in a recording that shows no sleep are more often something else.
        by_section["sleep"] = tuple(c.with_(hedged=c.hedged or c.is_present) for c in by_section["sleep"])
    verdict, grade = _verdict(everything, track, facts)
    reasons = _reasons(everything)
    sections = {
        "technique": _technique(facts),
        "state": _state(by_section["state"], seed),
        "quality": " ".join(filter(None, (_quality(facts), _worded("quality", by_section["quality"], seed)))),
        **{
            name: _worded(name, by_section[name], seed)
            for name in ("background", "sleep", "epileptiform", "rhythmic_periodic")
        },
        "events": _events(track, by_section["events"], seed),
        "impression": _impression(verdict, grade, reasons, facts, seed),
        "limits": _limits(track, facts),
    }
    claims = (*tuple(c for name in SECTIONS for c in by_section.get(name, ())), verdict)
    return Summary(claims, {name: sections[name] for name in SECTIONS}, grade)


def _claims_of(track: Track, findings: Sequence[str]) -> tuple[Claim, ...]:
    """Seen, not seen or not assessed, for each finding; one claim per side where it was seen on several."""
    claims: list[Claim] = []
    for finding in findings:
        assessed = track.assessed_s.get(finding, 0.0)
        episodes = _between_seizures(track, finding)
        if not episodes:
            enough = track.recorded_s > 0 and assessed >= MIN_ASSESSED_SHARE * track.recorded_s
            claims.append(
                Claim(
                    finding,
                    "absent" if enough else "not_assessed",
                    start_s=0.0,
                    end_s=track.recorded_s,
                    status="supported" if enough else "unassessable",
                    evidence={"assessed_s": round(assessed, 1), "recorded_s": round(track.recorded_s, 1)},
                )
            )
            continue
        for of_side in _by_side(episodes):
            claims.append(_present(finding, of_side, assessed or track.recorded_s))
    return tuple(claims)


def _between_seizures(track: Track, finding: str) -> tuple[Episode, ...]:
    """Episodes of a finding; those of the background that lie within seizures describe the seizure."""
    episodes = track.of(finding)
    if VOCABULARY[finding].group != "background":
        return episodes
    seizures = [e for e in track.of(*_SEIZURE) if not e.is_candidate]
    return tuple(
        e
        for e in episodes
        if not all(any(s.start_s <= w < s.end_s for s in seizures) for w in e.window_starts)
    )


def _by_side(episodes: Sequence[Episode]) -> list[list[Episode]]:
    """Episodes of one finding by side, most time first; bilateral ones go with a side that prevails."""
    groups: dict[str | None, list[Episode]] = {}
    for episode in episodes:
        groups.setdefault(episode.side, []).append(episode)
    ordered = sorted(groups, key=lambda side: -sum(e.present_s for e in groups[side]))
    if len(ordered) > 1 and not {"left", "right"} <= set(ordered):
        return [[e for side in ordered for e in groups[side]]]
    lateral = [side for side in ordered if side in ("left", "right")]
    rest = [e for side in ordered if side not in lateral for e in groups[side]]
    result = [groups[side] for side in lateral] or [[]]
    result[0] = [*result[0], *rest]
    return result


def _present(finding: str, episodes: Sequence[Episode], assessed_s: float) -> Claim:
    present_s = sum(e.present_s for e in episodes)
    share = min(present_s / assessed_s, 1.0) if assessed_s > 0 else 0.0
    main = max(episodes, key=lambda e: (not e.is_candidate, e.n_windows, e.confidence or 0.0))
    firm = share >= _FIRM_SHARE[VOCABULARY[finding].group] and not all(e.is_candidate for e in episodes)
    if finding in _STAGES:
        firm = firm and max(e.present_s for e in episodes) >= MIN_STAGE_S
    confidences = [e.confidence for e in episodes if e.confidence is not None]
    return Claim(
        finding,
        "present",
        hedged=not firm,
        side=main.side,
        regions=main.regions,
        frequency_hz=main.frequency_hz,
        amplitude_uv=main.amplitude_uv,
        prevalence=prevalence(share),
        start_s=min(e.start_s for e in episodes),
        end_s=max(e.end_s for e in episodes),
        confidence=max(confidences) if confidences else None,
        status="supported",
        evidence={
            "episodes": len(episodes),
            "present_s": round(present_s, 1),
            "assessed_s": round(assessed_s, 1),
            "channels": list(dict.fromkeys(ch for e in episodes for ch in e.channels)),
            "windows": [start for e in episodes for start in e.window_starts],
        },
    )


def _verdict(claims: Sequence[Claim], track: Track, facts: Facts) -> tuple[Claim, str | None]:
    """The summary claim with its grade: None where nothing, or too little, could be judged."""
    abnormal = [c for c in claims if c.is_present and c.finding in ABNORMAL_IDS]
    firm = [c for c in abnormal if not c.hedged]
    where = {"start_s": 0.0, "end_s": track.recorded_s}
    confidence = max((c.confidence for c in abnormal if c.confidence is not None), default=None)
    evidence = {"findings": [c.finding for c in firm or abnormal]}
    if firm:
        worst = max(GRADES.index(_grade_of(c)) for c in firm)
        claim = Claim("abnormal", confidence=confidence, status="supported", evidence=evidence, **where)
        return claim, GRADES[worst]
    if abnormal:
        claim = Claim(
            "abnormal", hedged=True, confidence=confidence, status="supported", evidence=evidence, **where
        )
        return claim, "uncertain"
    if _normal_can_be_said(claims, facts):
        return Claim("normal", status="supported", **where), "normal"
    return Claim("normal", "not_assessed", status="unassessable", **where), None


def _normal_can_be_said(claims: Sequence[Claim], facts: Facts) -> bool:
    """Most windows judged, and none of the findings that a reader must rule out left unassessed."""
    if (
        facts.n_windows == 0
        or facts.n_assessable < MIN_ASSESSED_SHARE * facts.n_windows
        or not facts.is_verified
    ):
        return False
    if facts.age_years is not None and facts.age_years < ADULT_YEARS:
        return False
    needed = {
        "generalized_theta_slowing",
        "generalized_delta_slowing",
        "focal_slowing",
        "low_voltage",
        "spikes",
        "lpd",
        "gpd",
    }
    return all(c.polarity != "not_assessed" for c in claims if c.finding in needed)


def _grade_of(claim: Claim) -> str:
    if claim.finding in _SEVERE:
        return "severe"
    if claim.finding in _MODERATE and claim.prevalence not in ("rare", "occasional"):
        return "moderate"
    return "mild"


def _reasons(claims: Sequence[Claim]) -> list[Claim]:
    """Abnormal findings, worst and surest first."""
    abnormal = [c for c in claims if c.is_present and c.finding in ABNORMAL_IDS]
    abnormal = [c for c in abnormal if not c.hedged] or abnormal
    return sorted(abnormal, key=lambda c: (c.hedged, -GRADES.index(_grade_of(c)), -(c.confidence or 0.0)))


def _worded(section: str, claims: Sequence[Claim], seed: int) -> str:
    """What was seen, what was looked for and not seen, and what was not assessed."""
    said = [c for c in claims if c.is_present or (c.polarity == "absent" and c.finding in _ABSENCE_WORDED)]
    missing = [c for c in claims if c.polarity == "not_assessed" and c.finding in _ABSENCE_WORDED]
    if claims and all(c.polarity == "not_assessed" for c in claims):
        return "" if section == "quality" else "Not assessed."
    return write_section(section, [*said, *missing], seed=seed)


def _state(claims: Sequence[Claim], seed: int) -> str:
    """States that held for a tenth of the time or more, the longest first, each with its share."""
    if all(c.polarity == "not_assessed" for c in claims):
        return "Not assessed."
    named = sorted(
        (c for c in claims if c.is_present and not c.hedged), key=lambda c: -c.evidence["present_s"]
    )
    if not named:
        return "The state could not be told from the EEG."
    if len(named) == 1:
        return write_section("state", named, seed=seed)
    return " ".join(
        f"{write_section('state', [c], seed=seed).rstrip('.')} ({100 * c.evidence['present_s'] / c.evidence['assessed_s']:.0f} % of the time)."
        for c in named
    )


def _events(track: Track, claims: Sequence[Claim], seed: int) -> str:
    episodes = track.of(*_SEIZURE)
    if not episodes:
        return _worded("events", claims, seed)
    parts = []
    for episode in episodes:
        claim = Claim(
            episode.finding,
            hedged=episode.is_candidate,
            side=episode.side,
            regions=episode.regions,
            frequency_hz=episode.frequency_hz,
            start_s=episode.start_s,
            end_s=episode.end_s,
        )
        parts += [write_section("events", [claim], seed=seed), *_course(episode)]
    return " ".join(parts)


def _course(episode: Episode) -> list[str]:
    """Evolution, always hedged: experts agree poorly on it."""
    if episode.evolution == "frequency":
        (_, first), *_, (_, last) = episode.frequency_course
        return [f"Possible evolution, from {round(2 * first) / 2:g} to {round(2 * last) / 2:g} Hz."]
    return ["Possible evolution, spreading."] if episode.evolution else []


def _impression(verdict: Claim, grade: str | None, reasons: Sequence[Claim], facts: Facts, seed: int) -> str:
    if grade is None:
        if facts.n_assessable == 0:
            return "Not assessed: the signal could not be judged. This does not mean that the EEG is normal."
        return "Not assessed as a whole: no abnormality was found in what could be judged, which was not enough to call the EEG normal."
    degree = f" Degree: {grade}." if grade in ("mild", "moderate", "severe") else ""
    if grade == "uncertain":
        degree = " No definite abnormality was found; these candidates need review."
    named = (write_section("impression", [claim], seed=seed) for claim in reasons[:MAX_REASONS])
    return " ".join([write_section("impression", [verdict], seed=seed) + degree, *named])


def _technique(facts: Facts) -> str:
    parts = [f"{_length(facts.duration_s)} of scalp EEG with {_count(facts.n_channels, 'channel')}"]
    if facts.montage:
        parts.append(facts.montage)
    if facts.filters:
        parts.append(facts.filters)
    text = ", ".join(parts) + f", read in {_count(facts.n_windows, 'segment')} of 10 s."
    age = "The age was not given." if facts.age_years is None else f"Age {facts.age_years:g} years."
    return f"{text} {age}"


def _quality(facts: Facts) -> str:
    if facts.n_assessable == 0:
        text = "No segment could be assessed."
    elif facts.n_assessable == facts.n_windows:
        text = "All segments could be assessed." if facts.n_windows > 1 else "The segment could be assessed."
    else:
        text = f"{facts.n_assessable} of {facts.n_windows} segments could be assessed."
    bad = facts.bad_channels or {}
    always = sorted(ch for ch, share in bad.items() if share >= 0.95)
    at_times = sorted(ch for ch, share in bad.items() if 0.05 <= share < 0.95)
    if always:
        text += f" Not usable: {', '.join(always)}."
    if len(at_times) > MAX_NAMED_CHANNELS:
        text += f" {len(at_times)} of {facts.n_channels} channels were not usable at times."
    elif at_times:
        text += f" Not usable at times: {', '.join(at_times)}."
    return " ".join([text, *facts.warnings])


def _limits(track: Track, facts: Facts) -> str:
    parts = []
    if facts.age_years is None:
        parts.append("The age is unknown: the norms of adults were assumed.")
    elif facts.age_years < ADULT_YEARS:
        parts.append("The norms used are those of adults: what depends on them was not assessed at this age.")
    if facts.duration_s < 20 * 60:
        parts.append(
            f"With {_length(facts.duration_s)} the recording is shorter than the 20 minutes of a routine EEG; rare findings may be missed."
        )
    partly = [
        f
        for f in ("spikes", "focal_slowing", "lpd", "gpd", "posterior_dominant_rhythm")
        if not track.is_assessed(f)
    ]
    if partly and facts.n_assessable:
        parts.append(f"Not assessed: {', '.join(VOCABULARY[f].name for f in partly)}.")
    if not facts.is_verified:
        parts.append("The text of the model was not checked against the signal.")
    parts.append(
        "Reactivity, activation procedures, clinical signs and history were not available to this analysis; "
        "no diagnosis is made."
    )
    return " ".join(parts)


def _length(seconds: float) -> str:
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
