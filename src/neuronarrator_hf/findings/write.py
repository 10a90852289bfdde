"""Claims to one clinical paragraph, and back exactly: `parse` reads every wording of this module."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from .families import GROUPS
from .grammar import wordings as w
from .phrases import amplitude, compared_with, frequency, joined, place_adjective, place_phrase, than
from .quantise import quantise
from .schema import Claim
from .vocabulary import FINDING_IDS, define, ids_of

_ORDER = {finding: place for place, finding in enumerate(FINDING_IDS)}
_ARTIFACTS = frozenset(ids_of("artifact"))
_STATES = frozenset(ids_of("state"))
_RHYTHMS = frozenset({"posterior_dominant_rhythm", "mu_rhythm", "beta_activity", "sleep_spindles"})
_TOLD_BY_DENIAL = {"asymmetry": w.SYMMETRY, "discontinuity+burst_suppression": w.CONTINUITY,
                   "low_voltage+extreme_low_voltage": w.VOLTAGE}  # fmt: skip


def write_segment(
    claims: Iterable[Claim], *, seed: int = 0, variety: float = 1.0, previous: Sequence[Claim] | None = None
) -> str:
    """One paragraph that says exactly the quantised claims.

    Args:
        claims: What to say; all of it is said (see `select.select_for_text` for what to leave out).
        seed: The same seed gives the same words.
        variety: 0 for one fixed wording throughout, 1 for all wordings alike, between for a share.
        previous: Claims of the preceding segment; unused where the claims carry their change.

    Returns:
        The paragraph; empty without claims.
    """
    return " ".join(write_sentences(claims, seed=seed, variety=variety))


def write_sentences(claims: Iterable[Claim], *, seed: int = 0, variety: float = 1.0) -> list[str]:
    """The sentences of the paragraph, in order."""
    pen = _Pen(random.Random(seed), variety)
    unique = {claim.content(): claim for claim in map(quantise, claims)}
    ordered = sorted(unique.values(), key=lambda claim: _ORDER[claim.finding])
    present = [c for c in ordered if c.is_present]
    gone = [c for c in ordered if c.polarity == "absent" and c.change is not None]
    absent = {c.finding for c in ordered if c.polarity == "absent" and c.change is None}
    denied_summary = absent & {"normal", "abnormal"}
    absent -= denied_summary
    unassessed = {c.finding for c in ordered if c.polarity == "not_assessed"}
    summary = [c for c in present if c.finding in ("normal", "abnormal")]
    body = [c for c in present if c.finding not in ("normal", "abnormal")]
    sentences = []
    artifacts = [c for c in body if c.finding in _ARTIFACTS]
    told = [c for c in body if c.finding not in _ARTIFACTS]
    states = [c for c in told if c.finding in _STATES]
    for claim in states:
        sentences.append(pen.state(claim))
    rest = [c for c in told if c.finding not in _STATES]
    background = [c for c in rest if define(c.finding).group == "background"]
    for claim in background:
        sentences.append(pen.finding(claim))
    sentences += pen.denials_of_background(absent)
    for claim in rest[len(background) :]:
        sentences.append(pen.finding(claim))
    for claim in gone:
        sentences.append(pen.gone(claim))
    sentences += pen.absent(absent)
    for claim in artifacts:
        sentences.append(pen.artifact(claim))
    sentences += pen.not_assessed(unassessed)
    sentences += [pen.summary(claim) for claim in summary]
    sentences += [f"The segment is not {finding}." for finding in sorted(denied_summary)]
    return sentences


class _Pen:
    """Chooses among wordings and puts sentences together."""

    def __init__(self, rng: random.Random, variety: float) -> None:
        self.rng = rng
        self.variety = variety

    def pick(self, options: Sequence[str]) -> str:
        """The first option, or with the probability of `variety` any."""
        if len(options) > 1 and self.chance(self.variety):
            return options[int(self.rng.random() * len(options))]
        return options[0]

    def chance(self, probability: float) -> bool:
        return probability > 0 and self.rng.random() < probability

    def frame(self, frames: Sequence[str], np: str, number: str) -> str:
        be = "are" if number == "plural" else "is"
        return self.pick(frames).format(np=np, Np=_capital(np), be=be, record=self.pick(w.RECORD))

    # --- present ---------------------------------------------------------------------------------

    def state(self, claim: Claim) -> str:
        np = self.pick(w.NOUNS[claim.finding].names)
        if claim.hedged:
            np = f"{self.pick(w.HEDGES)} {np}"
        return self.frame(w.STATE_FRAMES, np, "mass")

    def artifact(self, claim: Claim) -> str:
        np, trail = self.noun_phrase(claim)
        return self.frame(w.ARTIFACT_FRAMES, np + trail, w.NOUNS[claim.finding].number)

    def summary(self, claim: Claim) -> str:
        if claim.hedged:
            return f"The segment is {self.pick(('possibly', 'probably'))} {claim.finding}."
        return self.pick(w.NORMAL if claim.finding == "normal" else w.ABNORMAL)

    def finding(self, claim: Claim) -> str:
        if claim.finding == "asymmetry":
            return self.asymmetry(claim)
        if (
            claim.finding == "posterior_dominant_rhythm"
            and not claim.hedged
            and claim.frequency_hz
            and not (self.chance(0.7 * self.variety))
        ):
            return self.posterior_rhythm(claim)
        np, trail = self.noun_phrase(claim)
        return self.frame(w.PRESENT_FRAMES, np + trail, w.NOUNS[claim.finding].number)

    def posterior_rhythm(self, claim: Claim) -> str:
        assert claim.frequency_hz is not None
        name = self.pick(w.NOUNS[claim.finding].names)
        verb = self.pick(("is", "is at", "runs at", "has a frequency of", "is seen at"))
        text = f"The {name} {verb} {frequency(claim.frequency_hz, self.pick)}"
        if claim.amplitude_uv:
            text += f" {self.pick(('with an amplitude of', 'at', 'with amplitudes of'))} {amplitude(claim.amplitude_uv, self.pick)}"
        if claim.side:
            text += f", {self.pick(('better developed', 'more evident', 'of higher amplitude'))} on the {claim.side}"
        return text + self.change(claim) + "."

    def asymmetry(self, claim: Claim) -> str:
        lower = self.pick(w.WITH_LOWER).format(side=claim.side) if claim.side else ""
        text = self.pick(w.ASYMMETRY).format(with_lower=lower, record=self.pick(w.RECORD))
        if claim.hedged:
            lower = lower.lstrip(",").lstrip()
            text = f"There is a {self.pick(w.HEDGES)} background asymmetry{' ' + lower if lower else ''}."
        return text

    def noun_phrase(self, claim: Claim) -> tuple[str, str]:
        """The noun with what stands before it, and what trails it."""
        noun = w.NOUNS[claim.finding]
        name = self.pick(noun.names)
        before, after = [], []
        if claim.hedged:
            before.append(self.pick(w.HEDGES))
        if claim.prevalence:
            before.append(self.pick(w.PREVALENCES[claim.prevalence]))
        fast_first = claim.frequency_hz is not None and self.chance(0.25 * self.variety)
        if claim.frequency_hz is not None and fast_first:
            before.append(frequency(claim.frequency_hz, lambda options: options[0]))
        place = ""
        if claim.finding == "posterior_dominant_rhythm":
            place = f", better developed on the {claim.side}" if claim.side else ""
        elif claim.side or claim.regions:
            if self.chance(0.5 * self.variety):
                after.append(place_phrase(claim.side, claim.regions, self.pick))
            else:
                before.append(place_adjective(claim.side, claim.regions, self.pick))
        if claim.frequency_hz is not None and not fast_first:
            forms = w.RHYTHM_FREQUENCY_FORMS if claim.finding in _RHYTHMS else w.FREQUENCY_FORMS
            after.insert(0, self.pick(forms).format(f=frequency(claim.frequency_hz, self.pick)))
        if claim.amplitude_uv is not None:
            form = self.pick(w.AMPLITUDE_FORMS)
            if after:
                form = "with an amplitude of {a}"
            after.append(form.format(a=amplitude(claim.amplitude_uv, self.pick)))
        if (
            claim.finding == "focal_slowing"
            and before
            and (claim.regions or claim.side in ("left", "right"))
            and self.chance(self.variety / 2)
        ):
            name = (
                self.pick(("slowing", "slow activity", "polymorphic slowing", "irregular slowing"))
                if not after
                else name
            )
        np = " ".join([*before, name, *after])
        if noun.number == "singular":
            np = f"{_article(np)} {np}"
        return np, place + self.change(claim)

    def change(self, claim: Claim) -> str:
        if claim.change is None:
            return ""
        since_s = claim.change.since_s
        form = self.pick(w.CHANGES[claim.change.direction])
        if "{with}" in form and since_s is None and claim.change.direction != "new":
            form = w.CHANGES[claim.change.direction][0]
        with_ = compared_with(since_s, self.pick, w.WITH_ANCHORS) if "{with}" in form else ""
        return ", " + form.format(
            **{"with": with_, "than": than(since_s, self.pick) if "{than}" in form else ""}
        )

    # --- absent and not assessed -----------------------------------------------------------------

    def denials_of_background(self, absent: set[str]) -> list[str]:
        """Absences told as a property ("symmetric"); taken out of `absent`."""
        sentences = []
        for ids, options in _TOLD_BY_DENIAL.items():
            if absent.issuperset(ids.split("+")):
                absent.difference_update(ids.split("+"))
                sentences.append(self.pick(options).format(record=self.pick(w.RECORD)))
        return sentences

    def absent(self, absent: set[str]) -> list[str]:
        names = self.denied_names(absent)
        sentences = []
        while names:
            n_together = min(len(names), 4)
            if len(names) > 1 and self.chance(self.variety):
                n_together = 1 + int(self.rng.random() * n_together)
            sentences.append(self.absent_sentence(names[:n_together]))
            names = names[n_together:]
        return sentences

    def absent_sentence(self, nouns: list[tuple[str, str]]) -> str:
        frame = self.pick(w.ABSENT_FRAMES)
        names = [name for name, _ in nouns]
        if "{nor}" in frame and (len(names) != 2 or any(" or " in name for name in names)):
            frame = w.ABSENT_FRAMES[0]
        if "{Np_and}" in frame and any(" or " in name for name in names):
            frame = w.ABSENT_FRAMES[0]
        plural = len(names) > 1 or nouns[-1][1] == "plural"
        return frame.format(
            np=joined(names, "or"), nor=f"{names[0]} nor {names[-1]}", Np_and=_capital(joined(names)),
            be="are" if nouns[-1][1] == "plural" else "is", are="are" if plural else "is", record=self.pick(w.RECORD),
        )  # fmt: skip

    def gone(self, claim: Claim) -> str:
        assert claim.change is not None
        noun = w.NOUNS[claim.finding]
        name = self.pick(noun.denied)
        plural = noun.number == "plural" or (noun.number == "singular" and name.endswith("s"))
        if noun.number == "singular" and not plural:
            name = f"the {name}"
        return self.pick(w.GONE_FRAMES).format(
            Np=_capital(name), be="are" if plural else "is", have="have" if plural else "has",
            since=compared_with(claim.change.since_s, self.pick, w.WITH_ANCHORS),
        )  # fmt: skip

    def not_assessed(self, unassessed: set[str]) -> list[str]:
        names = self.denied_names(unassessed, families=("EPI", "RPP", "SLEEPWAVES", "ARTIFACT"))
        sentences = []
        while names:
            nouns, names = names[:4], names[4:]
            listed = [name.replace(" or ", " and ") for name, _ in nouns]
            plural = len(listed) > 1 or nouns[0][1] == "plural"
            words = joined(listed)
            sentences.append(
                self.pick(w.NOT_ASSESSED_FRAMES).format(
                    Np_and=_capital(words), np_and=words, were="were" if plural else "was"
                )
            )
        return sentences

    def denied_names(
        self, ids: set[str], families: Sequence[str] = tuple(w.FAMILY_NOUNS)
    ) -> list[tuple[str, str]]:
        """Names with number for a list of findings, whole families by one name."""
        left = set(ids)
        named: list[tuple[int, str, str]] = []
        for family in families:
            members = GROUPS[family]
            if left.issuperset(members):
                left.difference_update(members)
                noun = w.FAMILY_NOUNS[family]
                named.append((_ORDER[members[0]], self.pick(noun.denied), noun.number))
        for finding in left:
            noun = w.NOUNS[finding]
            name = self.pick(noun.denied)
            number = (
                "plural"
                if noun.number == "plural" or (noun.number == "singular" and name.endswith("s"))
                else "mass"
            )
            named.append((_ORDER[finding], name, number))
        return [(name, number) for _, name, number in sorted(named)]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _article(text: str) -> str:
    first = text.split(maxsplit=1)[0]
    vowel = first[0].lower() in "aeiou" or first.split(".")[0].split("-")[0] in ("8", "11", "18")
    return "an" if vowel else "a"
