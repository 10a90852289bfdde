"""Episodes of a recording into its claims, its sections and a graded impression.

Every finding of the vocabulary gets one of three answers: seen, not seen, not assessed. "Not seen" is
said only where a finding could be judged over most of the recording, and nothing is called normal that
was not. Findings are worded by `write`; only technique, quality and limits, which assert nothing of the
brain, are worded here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from .by_state import NOT_ASLEEP
from .certainty import MIN_FIRM_CONFIDENCE, is_unsure
from .evolution import course_of
from .facts import Facts, length, limits, quality, technique
from .impression import MIN_ASSESSED_SHARE, impression, is_passing, reasons_of, verdict_of
from .schema import Claim
from .sections import SECTION_FINDINGS, write_section
from .state_section import PART_NAMES, state_section
from .states import ASLEEP, AWAKE, UNTOLD
from .track import Episode, Track, prevalence
from .turns import take_turns, times_of_turns
from .vocabulary import VOCABULARY, ids_of
from .write import TOLD_AS_PROPERTY

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

MIN_STATE_SHARE = 0.1
"""Share of the time below which a state is not named."""
MIN_PART_S = 60.0
MIN_PART_SHARE = 0.05
"""The background is told apart for a state that lasts, and fills, at least so much."""
MAX_SUREST = 3
"""Episodes that the evidence of a claim points at."""
MIN_STAGE_S = 15.0
"""AASM stages epochs of 30 s by what fills the greater part; shorter stretches are not named a stage."""

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

_SEIZURE = ids_of("ictal")
_OF_WAKEFULNESS = frozenset(
    {"posterior_dominant_rhythm", "mu_rhythm", "generalized_theta_slowing", "generalized_delta_slowing"}
)
"""Rhythms that end with sleep, and slowing, which sleep brings by itself: not judged on what is asleep."""
_WAKING_RHYTHMS = frozenset({"posterior_dominant_rhythm", "mu_rhythm"})
_STAGES = frozenset({"n1_sleep", "n2_sleep", "n3_sleep", "rem_sleep"})
_SPORADIC = frozenset({"spikes", "polyspikes"})  # ACNS 2021: at most abundant, one in 10 s or more
_OF_SLEEP = _STAGES | frozenset(ids_of("sleep"))
_STAGES_WITH: Mapping[str, frozenset[str]] = {
    "sleep_spindles": frozenset({"n2_sleep", "n3_sleep"}),
    "k_complexes": frozenset({"n2_sleep", "n3_sleep"}),
    "vertex_waves": frozenset({"n1_sleep", "n2_sleep"}),
    "slow_wave_sleep": frozenset({"n3_sleep"}),
}
_IMPLIES: Mapping[str, frozenset[str]] = {
    "burst_suppression": frozenset(
        {"posterior_dominant_rhythm", "mu_rhythm", "discontinuity", "brief_attenuation", "low_voltage",
         "generalized_theta_slowing", "generalized_delta_slowing"}
    ),
    "discontinuity": frozenset({"brief_attenuation"}),
    "extreme_low_voltage": frozenset({"low_voltage"}),
}  # fmt: skip
"""A firm finding of the background and what cannot, or need not, be told beside it."""
_ABSENCE_WORDED = frozenset(
    {"posterior_dominant_rhythm", "generalized_theta_slowing", "generalized_delta_slowing", "focal_slowing",
     "asymmetry", "burst_suppression", "discontinuity", "low_voltage", "extreme_low_voltage",
     *ids_of("sleep"), *ids_of("epileptiform"), *ids_of("rhythmic_periodic"), *_SEIZURE}
) - {"extreme_delta_brush"}  # fmt: skip
"""Absences a reader looks for; the others are implied by silence and stand in the claims of the segments."""
_PROPERTY_ONLY = frozenset({"discontinuity", "extreme_low_voltage"})
"""Absences that make a property of the background with another one, and that nobody words by themselves."""


@dataclass(frozen=True)
class StatePart:
    """The background within one state.

    Attributes:
        state: `awake`, `drowsy`, `asleep`, a stage of sleep, or `untold`.
        time_s: How long it lasts in all.
        claims: Of the background in this time.
        text: In words; empty where the section of the background does not tell it apart.
    """

    state: str
    time_s: float
    claims: tuple[Claim, ...]
    text: str = ""


@dataclass(frozen=True)
class Summary:
    """A recording in claims and words.

    Attributes:
        claims: Claims of the whole recording.
        sections: Section to text, in the order of `SECTIONS`.
        grade: One of `GRADES`, or None where nothing could be judged.
        parts: The background by state.
    """

    claims: tuple[Claim, ...]
    sections: Mapping[str, str]
    grade: str | None
    parts: tuple[StatePart, ...] = ()


def summarise(track: Track, facts: Facts, *, seed: int = 0) -> Summary:
    """Claims, sections and impression of a recording; deterministic given the episodes.

    Args:
        track: The folded recording.
        facts: What else is known of it.
        seed: Seed of the wording.
    """
    by_section = {k: _claims_of(track, of) for k, of in SECTION_FINDINGS.items() if k != "impression"}
    everything = [claim for claims in by_section.values() for claim in claims]
    by_section["sleep"] = _sleep_waves_of_sleep(by_section["sleep"], by_section["state"])
    verdict, grade = verdict_of(everything, track.recorded_s, facts)
    reasons = reasons_of(everything, facts.age_years)
    parts = _parts(track, seed)
    told_apart = " ".join(part.text for part in parts if part.text)
    sections = {
        "technique": technique(facts),
        "state": state_section(by_section["state"], track.course, seed),
        "quality": " ".join(filter(None, (quality(facts), _worded("quality", by_section["quality"], seed)))),
        "epileptiform": _worded(
            "epileptiform", by_section["epileptiform"], seed, beside=by_section["rhythmic_periodic"]
        ),
        "rhythmic_periodic": _worded("rhythmic_periodic", by_section["rhythmic_periodic"], seed),
        "sleep": _sleep(track, by_section["sleep"], by_section["state"], seed),
        "background": told_apart or _worded("background", by_section["background"], seed),
        "events": _events(track, by_section["events"], seed),
        "impression": impression(verdict, grade, reasons, facts, seed),
        "limits": limits(track, facts),
    }
    claims = (*tuple(c for name in SECTIONS for c in by_section.get(name, ())), verdict)
    return Summary(claims, {name: sections[name] for name in SECTIONS}, grade, parts)


def _parts(track: Track, seed: int) -> tuple[StatePart, ...]:
    """The background by state; told apart in words where it was seen in more than one."""
    parts = []
    for state, of_state in track.by_state.items():
        if state == NOT_ASLEEP:
            continue
        judged = [
            f for f in SECTION_FINDINGS["background"] if state in (AWAKE, UNTOLD) or f not in _OF_WAKEFULNESS
        ]
        parts.append(StatePart(state, track.course.time_s.get(state, 0.0), _claims_of(of_state, judged)))
    long = [
        part
        for part in parts
        if part.state in PART_NAMES
        and part.time_s >= max(MIN_PART_S, MIN_PART_SHARE * track.course.recorded_s)
    ]
    if len(long) < 2 or {part.state for part in long} <= {AWAKE, UNTOLD}:
        return tuple(parts)
    texts = {
        part.state: f"{PART_NAMES[part.state]} ({length(part.time_s)}): "
        + _worded("background", part.claims, seed)
        for part in long
    }
    order = list(PART_NAMES)
    parts.sort(key=lambda p: order.index(p.state) if p.state in order else len(order))
    return tuple(replace(part, text=texts.get(part.state, "")) for part in parts)


def _claims_of(whole: Track, findings: Sequence[str]) -> tuple[Claim, ...]:
    """Seen, not seen or not assessed, for each finding; one claim per side where it was seen on several."""
    claims: list[Claim] = []
    for finding in findings:
        track = _where_judged(whole, finding)
        assessed = track.assessed_s.get(finding, 0.0)
        episodes = _between_seizures(track, finding)
        if not episodes:
            unworded_s = track.unworded_s.get(finding, 0.0)
            if unworded_s > _FIRM_SHARE[VOCABULARY[finding].group] * track.recorded_s:
                claims.append(_unworded(finding, unworded_s, track.recorded_s))
                continue
            enough = track.recorded_s > 0 and assessed >= MIN_ASSESSED_SHARE * track.recorded_s
            enough = enough and not (finding in _WAKING_RHYTHMS and _is_all_sleep(whole))
            claims.append(
                Claim(
                    finding,
                    "absent" if enough else "not_assessed",
                    start_s=0.0,
                    end_s=whole.recorded_s,
                    status="supported" if enough else "unassessable",
                    evidence={
                        "assessed_s": round(assessed, 1),
                        "recorded_s": round(track.recorded_s, 1),
                        **({} if track is whole else {"state": NOT_ASLEEP}),
                    },
                )
            )
            continue
        for of_side in _by_side(episodes):
            claims.append(_present(finding, of_side, assessed or track.recorded_s, track.present_s[finding]))
    return tuple(claims)


def _where_judged(track: Track, finding: str) -> Track:
    """What of the recording a finding is judged on: without sleep, and nothing for slowing in sleep alone."""
    if finding in _OF_WAKEFULNESS - _WAKING_RHYTHMS and _is_all_sleep(track):
        return Track((), 0.0)
    not_asleep = track.by_state.get(NOT_ASLEEP)
    if finding in _OF_WAKEFULNESS and not_asleep is not None and not_asleep.recorded_s >= MIN_PART_S:
        return not_asleep
    return track


def _is_all_sleep(track: Track) -> bool:
    """Whether next to nothing but sleep was recorded: a rhythm of wakefulness had no time to show."""
    asleep_s = track.course.time_s.get(ASLEEP, 0.0)
    return asleep_s > 0 and track.course.recorded_s - asleep_s < min(MIN_PART_S, asleep_s)


def _unworded(finding: str, measured_s: float, recorded_s: float) -> Claim:
    """A finding that was measured but that the text passes over: never absent, at best a candidate."""
    return Claim(
        finding,
        hedged=True,
        prevalence=prevalence(min(measured_s / recorded_s, 1.0)),
        start_s=0.0,
        end_s=recorded_s,
        status="supported",
        evidence={"present_s": round(measured_s, 1), "assessed_s": round(recorded_s, 1), "worded": False},
    )


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


def _sleep_waves_of_sleep(waves: Sequence[Claim], states: Sequence[Claim]) -> tuple[Claim, ...]:
    """Waves of sleep are candidates unless a stage that has them was seen; else they are often others."""
    stages = {c.finding for c in states if c.is_present and not c.hedged}
    return tuple(
        c.with_(hedged=c.hedged or (c.is_present and not stages & _STAGES_WITH[c.finding])) for c in waves
    )


def _by_side(episodes: Sequence[Episode]) -> list[list[Episode]]:
    """Episodes of one finding by side, most time first; bilateral ones go with a side that prevails."""
    groups: dict[str | None, list[Episode]] = {}
    for episode in episodes:
        groups.setdefault(episode.side, []).append(episode)
    if VOCABULARY[episodes[0].finding].group == "artifact":
        return [list(episodes)]  # the quality of a recording tells an artifact once, on whatever sides
    ordered = sorted(groups, key=lambda side: -sum(e.present_s for e in groups[side]))
    if len(ordered) > 1 and not {"left", "right"} <= set(ordered):
        return [[e for side in ordered for e in groups[side]]]
    lateral = [side for side in ordered if side in ("left", "right")]
    rest = [e for side in ordered if side not in lateral for e in groups[side]]
    result = [groups[side] for side in lateral] or [[]]
    result[0] = [*result[0], *rest]
    return result


def _present(finding: str, episodes: Sequence[Episode], assessed_s: float, at_most_s: float) -> Claim:
    present_s = min(sum(e.present_s for e in episodes), at_most_s)
    share = min(present_s / assessed_s, 1.0) if assessed_s > 0 else 0.0
    told = prevalence(share)
    main = max(episodes, key=lambda e: (not e.is_candidate, e.n_windows, e.confidence or 0.0))
    firm = share >= _FIRM_SHARE[VOCABULARY[finding].group] and not all(e.is_candidate for e in episodes)
    if finding in _STAGES:
        firm = firm and max(e.present_s for e in episodes) >= MIN_STAGE_S
    confidence = max((e.confidence for e in episodes if e.confidence is not None), default=None)
    firm = firm and (confidence is None or confidence >= MIN_FIRM_CONFIDENCE)
    side, regions = main.side, main.regions
    if VOCABULARY[finding].group == "artifact" and len({e.side for e in episodes}) > 1:
        side, regions = ("bilateral", regions) if finding == "muscle_artifact" else (None, ())
    return Claim(
        finding,
        "present",
        hedged=not firm,
        side=side,
        regions=regions,
        frequency_hz=main.frequency_hz,
        amplitude_uv=main.amplitude_uv,
        prevalence="abundant" if told == "continuous" and finding in _SPORADIC else told,
        start_s=min(e.start_s for e in episodes),
        end_s=max(e.end_s for e in episodes),
        confidence=confidence,
        status="supported",
        evidence={
            "episodes": len(episodes),
            "present_s": round(present_s, 1),
            "assessed_s": round(assessed_s, 1),
            "channels": list(dict.fromkeys(ch for e in episodes for ch in e.channels)),
            "windows": [start for e in episodes for start in e.window_starts],
            "spans_s": [[e.start_s, e.end_s] for e in sorted(episodes, key=lambda e: e.start_s)],
            "surest_s": [e.surest_s for e in _surest(episodes)],
            **{k: v for k, v in _surest(episodes)[0].measured.items() if k in ("measured", "where", "bound")},
        },
    )


def _sleep(track: Track, waves: Sequence[Claim], states: Sequence[Claim], seed: int) -> str:
    """The waves of sleep; where the whole recording is awake, that there was none to see."""
    is_awake = track.course.recorded_s > 0 and track.course.time_s.get(AWAKE) == track.course.recorded_s
    if is_awake and all(c.polarity == "absent" for c in (*waves, *states) if c.finding in _OF_SLEEP):
        return "Sleep was not recorded."
    return _worded("sleep", waves, seed)


def _surest(episodes: Sequence[Episode]) -> list[Episode]:
    """The episodes a reader would look at first."""
    order = sorted(episodes, key=lambda e: (e.is_candidate, -(e.confidence or 0.0), -e.n_windows, e.start_s))
    return order[:MAX_SUREST]


def _worded(section: str, claims: Sequence[Claim], seed: int, *, beside: Sequence[Claim] = ()) -> str:
    """What was seen, what was looked for and not seen, and what was not assessed."""
    if claims and all(c.polarity == "not_assessed" for c in claims):
        return "" if section == "quality" else "Not assessed."
    told = [c for c in claims if c.is_present and not is_passing(c)]
    absent = {c.finding for c in claims if c.polarity == "absent"} & _ABSENCE_WORDED
    if any(c.finding == "focal_slowing" and c.side in ("left", "right") for c in told):
        absent.discard("asymmetry")  # amplitudes may be alike, but nobody calls that symmetric
    for finding, implied in _IMPLIES.items():
        if any(c.finding == finding and not c.hedged for c in told):
            whole = [c for c in told if c.finding == finding]
            told = [c for c in told if c.finding not in implied or all(take_turns(c, w) for w in whole)]
            absent -= implied
    if any(c.finding == "extreme_low_voltage" and not c.hedged for c in told):
        absent -= {"discontinuity", "burst_suppression"}  # nobody calls a suppressed background continuous
    for ids, _ in TOLD_AS_PROPERTY:
        if not ids <= absent:
            absent -= ids & _PROPERTY_ONLY
    if section == "epileptiform" and told:
        absent.discard("spikes")  # a complex or a polyspike holds spikes
    times = times_of_turns(told)
    return write_section(
        section,
        [
            *(c.with_(prevalence=None) if c.finding in times else c for c in told),
            *(c for c in claims if c.polarity == "absent" and c.finding in absent),
            *(
                c
                for c in claims
                if c.polarity == "not_assessed" and c.finding in _ABSENCE_WORDED - _PROPERTY_ONLY
            ),
        ],
        seed=seed,
        beside=beside,
        times=times,
    )


def _events(track: Track, claims: Sequence[Claim], seed: int) -> str:
    episodes = track.of(*_SEIZURE)
    if not episodes:
        return _worded("events", claims, seed)
    parts = []
    for episode in episodes:
        claim = Claim(
            episode.finding,
            hedged=is_unsure(episode),
            side=episode.side,
            regions=episode.regions,
            frequency_hz=episode.frequency_hz,
            start_s=episode.start_s,
            end_s=episode.end_s,
        )
        parts += [write_section("events", [claim], seed=seed), *course_of(episode)]
    return " ".join(parts)
