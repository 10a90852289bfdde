"""Sentences: one claim, or a few that belong together, in one of many wordings."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

from .families import GROUPS
from .grammar import wordings as w
from .grammar.nouns import FAMILY_NOUNS, NOUNS, Noun
from .phrases import amplitude, compared_with, frequency, joined, place_adjective, place_phrase, than
from .schema import Claim
from .vocabulary import FINDING_IDS, define

ORDER = {finding: place for place, finding in enumerate(FINDING_IDS)}
_RHYTHMS = frozenset({"posterior_dominant_rhythm", "mu_rhythm", "beta_activity", "sleep_spindles"})
_DISCHARGES = frozenset({"lpd", "gpd", "bipd", "spike_and_wave"})
_MAX_LISTED = 4


class Phrase(NamedTuple):
    """A noun phrase: its words, what trails it after a comma, and whether a verb after it is plural."""

    words: str
    trail: str
    number: str

    @property
    def be(self) -> str:
        """The verb that agrees."""
        return "are" if self.number == "plural" else "is"


class Pen:
    """Chooses among wordings and puts sentences together; one paragraph long.

    Args:
        seed: The same seed gives the same choices.
        variety: 0 for the first wording throughout, 1 for all alike.
        record: What the stretch described is called ("segment"), or None to choose.
        acns_style: Call rhythmic and periodic patterns "ACNS-style", as outside critical care.
    """

    def __init__(
        self, seed: int, variety: float, *, record: str | None = None, acns_style: bool = False
    ) -> None:
        self.rng = random.Random(seed)
        self.variety = variety
        self.acns_style = acns_style
        self._last_frame = ""
        self.is_recording = record == "recording"
        self.record = record or self.pick(w.RECORD)

    def pick(self, options: Sequence[str]) -> str:
        """The first option, or with the probability of `variety` any."""
        if len(options) > 1 and self.chance():
            return options[int(self.rng.random() * len(options))]
        return options[0]

    def chance(self, share: float = 1.0) -> bool:
        """True with the probability `share * variety`."""
        probability = share * self.variety
        return probability > 0 and self.rng.random() < probability

    def _fresh(self, frames: Sequence[str]) -> str:
        """A frame that the last sentence did not have, if there is a choice."""
        frame = self.pick(frames)
        for _ in range(2):
            if frame != self._last_frame or not self.variety:
                break
            frame = self.pick(frames)
        self._last_frame = frame
        return frame

    # --- present ---------------------------------------------------------------------------------

    def state(self, claim: Claim) -> str:
        """A state of vigilance."""
        name = self.state_name(claim)
        np = f"{self.pick(w.HEDGES)} {name}" if claim.hedged else name
        return self._frame(w.STATE_FRAMES, Phrase(np, "", "mass"))

    def state_name(self, claim: Claim) -> str:
        """The noun of a state."""
        return self.pick(NOUNS[claim.finding].names)

    def states(self, claims: Sequence[Claim]) -> str:
        """Several sure states in one sentence."""
        names = joined([self.state_name(claim) for claim in claims])
        return self.pick(("The {record} shows {np}.", "{Np} are seen.")).format(
            record=self.record, np=names, Np=capital(names)
        )

    def artifact(self, claim: Claim, *, first: bool = False) -> str:
        """An artifact."""
        frames = w.PRESENT_FRAMES if claim.finding == "flat_channel" else w.ARTIFACT_FRAMES
        return self._frame(frames, self.phrase(claim), first=first)

    def summary(self, claim: Claim) -> str:
        """The overall judgement."""
        if claim.hedged:
            return f"The {self._whole} is {self.pick(('possibly', 'probably'))} {claim.finding}."
        options = w.NORMAL if claim.finding == "normal" else w.ABNORMAL
        return self.pick(options).replace("segment", self._whole)

    def summary_denied(self, finding: str) -> str:
        """The overall judgement denied."""
        return f"The {self._whole} is not {finding}."

    @property
    def _whole(self) -> str:
        return "recording" if self.is_recording else "segment"

    def finding(self, claim: Claim, *, first: bool = False) -> str:
        """A finding of the brain."""
        if claim.finding == "asymmetry":
            return self._asymmetry(claim)
        if claim.hedged and self.chance(0.4):
            return self._frame(w.HEDGED_FRAMES, self.phrase(claim.with_(hedged=False)), first=first)
        if claim.finding in w.OF_THE_BACKGROUND and not claim.hedged and not self.chance(0.3):
            return self._of_the_background(claim)
        is_rhythm = claim.finding == "posterior_dominant_rhythm" and not claim.hedged
        if is_rhythm and claim.frequency_hz and not self.chance(0.6):
            return self._posterior_rhythm(claim)
        if claim.change and not claim.hedged and self.chance(0.4):
            return self._changed(claim)
        if claim.prevalence in w.ADVERBS and not claim.hedged and not claim.change and self.chance(0.25):
            phrase = self.phrase(claim.with_(prevalence=None))
            if not phrase.words[0].isdigit():  # no sentence starts with a number
                return self._frame(w.ADVERB_FRAMES, phrase, adverb=w.ADVERBS[claim.prevalence])
        group = define(claim.finding).group
        is_background = group == "background" and claim.finding not in w.OF_THE_BACKGROUND
        frames = w.BACKGROUND_FRAMES if is_background else w.PRESENT_FRAMES
        return self._frame(frames, self.phrase(claim), first=first)

    def listed(self, claims: Sequence[Claim]) -> str:
        """Several findings in one sentence; for claims of which `is_listable`."""
        phrases = [self.phrase(claim, listed=True) for claim in claims]
        words = joined([phrase.words for phrase in phrases])
        # "There is" goes before the first of them, which is where a list that starts with a number stands.
        number = phrases[0].number if words[0].isdigit() else "plural"
        return self._frame(w.LIST_FRAMES, Phrase(words, "", number))

    @staticmethod
    def is_listable(claim: Claim) -> bool:
        """Whether a claim can share a sentence with others of its group without blurring them."""
        if claim.hedged or claim.change or claim.finding in w.OF_THE_BACKGROUND:
            return False
        return claim.finding not in ("asymmetry", "posterior_dominant_rhythm")

    def symmetric_rhythm(self, claim: Claim) -> str:
        """The posterior rhythm together with the symmetry of the background."""
        phrase = self.phrase(claim)
        return f"The background is symmetric, with {phrase.words}{phrase.trail}."

    def _frame(self, frames: Sequence[str], phrase: Phrase, *, first: bool = False, adverb: str = "") -> str:
        frame = self._fresh(frames)
        if (first and frame.startswith(("Also", "In addition"))) or (
            frame.startswith("{Np}") and phrase.words[0].isdigit()
        ):
            frame = "There may be {np}." if frames is w.HEDGED_FRAMES else "There {be} {adverb} {np}."
        inner = phrase.words + phrase.trail
        if phrase.trail and frame.startswith("{Np}"):
            inner += ","
        return frame.format(
            np=inner, Np=capital(inner), be=phrase.be, record=self.record, adverb=adverb
        ).replace("  ", " ")

    def _of_the_background(self, claim: Claim) -> str:
        amp = ""
        if claim.amplitude_uv:
            amp = self.pick(w.BACKGROUND_AMPLITUDE).format(a=amplitude(claim.amplitude_uv, self.pick))
        text = self.pick(w.OF_THE_BACKGROUND[claim.finding]).format(amp=amp, record=self.record)
        return text.removesuffix(".") + self._change(claim) + "."

    def _posterior_rhythm(self, claim: Claim) -> str:
        assert claim.frequency_hz is not None
        name = self.pick(NOUNS[claim.finding].names)
        text = f"The {name} {self.pick(w.RHYTHM_VERBS)} {frequency(claim.frequency_hz, self.pick)}"
        if claim.amplitude_uv:
            form = self.pick(
                ("with an amplitude of {a}", "with amplitudes of {a}", "with an amplitude of about {a}")
            )
            text += " " + form.format(a=amplitude(claim.amplitude_uv, self.pick))
        return text + self._higher_side(claim) + self._change(claim) + "."

    def _higher_side(self, claim: Claim) -> str:
        return f", {self.pick(w.HIGHER_SIDE)} on the {claim.side}" if claim.side else ""

    def _asymmetry(self, claim: Claim) -> str:
        lower = self.pick(w.WITH_LOWER).format(side=claim.side) if claim.side else ""
        if claim.hedged:
            lower = lower.lstrip(", ")
            return f"There is a {self.pick(w.HEDGES)} background asymmetry{' ' + lower if lower else ''}."
        frame = self.pick(w.ASYMMETRY)
        if not frame.endswith("{with_lower}."):
            lower = lower.replace(",", "")
        return frame.format(with_lower=lower, record=self.record)

    def _changed(self, claim: Claim) -> str:
        assert claim.change is not None
        phrase = self.phrase(claim.with_(change=None))
        have = "have" if phrase.number == "plural" else "has"
        form = self.pick(w.CHANGE_PREDICATES[claim.change.direction])
        if claim.change.since_s is None and "{with}" in form and claim.change.direction != "new":
            form = w.CHANGE_PREDICATES[claim.change.direction][0]
        verb = form.format(**self._comparison(claim, form), have=have, be=phrase.be)
        words = phrase.words + (phrase.trail + "," if phrase.trail else "")
        if words[0].isdigit():
            return f"There {phrase.be} {words}, {self._change(claim).lstrip(', ')}."
        return f"{capital(words)} {verb}."

    def phrase(self, claim: Claim, *, listed: bool = False) -> Phrase:
        """The noun of a finding with all that is said of it."""
        noun = NOUNS[claim.finding]
        names = [n for n in noun.names if not (listed and (" or " in n or " and " in n))]
        name = self.pick(names)
        before, after = [], []
        placed = False
        if claim.hedged:
            before.append(self.pick(w.HEDGES))
        if claim.prevalence:
            before.append(self.pick(w.PREVALENCES[claim.prevalence]))
        frequency_first = claim.frequency_hz is not None and self.chance(0.25)
        if claim.frequency_hz is not None and frequency_first:
            before.append(frequency(claim.frequency_hz, lambda options: options[0]))
        if self.acns_style and define(claim.finding).group == "rhythmic_periodic":
            before.append(w.ACNS_STYLE)
        if claim.finding != "posterior_dominant_rhythm" and (claim.side or claim.regions):
            if self.chance(0.5):
                after.append(place_phrase(claim.side, claim.regions, self.pick))
            else:
                before.append(place_adjective(claim.side, claim.regions, self.pick))
                placed = bool(claim.regions) or claim.side in ("left", "right")
        if claim.frequency_hz is not None and not frequency_first:
            form = self.pick(_frequency_forms(claim.finding))
            after.insert(0, form.format(f=frequency(claim.frequency_hz, self.pick)))
        if claim.amplitude_uv is not None:
            form = "with an amplitude of {a}" if after else self.pick(w.AMPLITUDE_FORMS)
            if after and after[0].startswith("with a frequency"):
                form = "and an amplitude of {a}"
            after.append(form.format(a=amplitude(claim.amplitude_uv, self.pick)))
        if claim.finding == "focal_slowing" and placed and self.chance(0.5):
            name = self.pick(w.PLACED_SLOWING)
        np = " ".join([*before, name, *after])
        if noun.number == "singular":
            np = f"{article(np)} {np}"
        trail = self._higher_side(claim) if claim.finding == "posterior_dominant_rhythm" else ""
        return Phrase(np, trail + self._change(claim), noun.number)

    def _change(self, claim: Claim) -> str:
        if claim.change is None:
            return ""
        form = self.pick(w.CHANGES[claim.change.direction])
        if claim.change.since_s is None and "{with}" in form and claim.change.direction != "new":
            form = w.CHANGES[claim.change.direction][0]
        elif claim.change.since_s is None and form == "new{with}":
            form = w.CHANGES["new"][0]
        return ", " + form.format(**self._comparison(claim, form))

    def _comparison(self, claim: Claim, form: str) -> dict[str, str]:
        assert claim.change is not None
        since_s = claim.change.since_s
        with_ = compared_with(since_s, self.pick, w.WITH_ANCHORS) if "{with}" in form else ""
        return {"with": with_, "than": than(since_s, self.pick) if "{than}" in form else ""}

    # --- absent and not assessed -----------------------------------------------------------------

    def property_of_background(self, options: Sequence[str]) -> str:
        """An absence told as a property: "The background is symmetric."."""
        return self.pick(options).format(record=self.record)

    def gone(self, claim: Claim) -> str:
        """A finding that was there before."""
        assert claim.change is not None
        noun = NOUNS[claim.finding]
        name = self.pick(noun.denied)
        number = _number(noun, name)
        if noun.number == "singular" and number != "plural":
            name = f"the {name}"
        since_s = claim.change.since_s
        return self.pick(w.GONE_FRAMES).format(
            Np=capital(name),
            be="are" if number == "plural" else "is",
            have="have" if number == "plural" else "has",
            since=compared_with(since_s, self.pick, w.WITH_ANCHORS),
            contrast=compared_with(since_s, self.pick, w.CONTRAST_ANCHORS).replace(" ,", ","),
        )

    def absent(self, ids: set[str]) -> list[str]:
        """What is not there, families by one name, a few to a sentence."""
        names = self._denied_names(ids, FAMILY_NOUNS)
        sentences = []
        while names:
            together = min(len(names), _MAX_LISTED)
            if together > 1 and self.chance():
                together = 1 + int(self.rng.random() * together)
            sentences.append(self._absent_sentence(names[:together]))
            names = names[together:]
        return sentences

    def _absent_sentence(self, nouns: list[Phrase]) -> str:
        frame = self._fresh(w.ABSENT_FRAMES)
        has_or = any(" or " in noun.words for noun in nouns)
        if ("{nor}" in frame and (len(nouns) != 2 or has_or)) or ("{Np_and}" in frame and has_or):
            frame = w.ABSENT_FRAMES[0]
        names = [noun.words for noun in nouns]
        subjects = [noun.trail + noun.words for noun in nouns]
        return frame.format(
            np=joined(names, "or"),
            nor=f"{subjects[0]} nor {subjects[-1]}",
            Np_and=capital(joined(subjects)),
            be="are" if any(noun.number == "plural" for noun in nouns) else nouns[-1].be,
            first_be=nouns[0].be,
            are="are" if len(nouns) > 1 else nouns[0].be,
            record=self.record,
        )

    def not_assessed(self, ids: set[str]) -> list[str]:
        """What could not be judged; the overall judgement last, in a sentence of its own."""
        whole = "normal" in ids
        families = ("EPI", "RPP", "SLEEPWAVES", "ARTIFACT")
        nouns = self._denied_names(ids - {"normal"}, families, w.NOT_ASSESSED_NAMES)
        sentences = []
        while nouns:
            some, nouns = nouns[:_MAX_LISTED], nouns[_MAX_LISTED:]
            words = joined([noun.trail + noun.words.replace(" or ", " and ") for noun in some])
            were = "were" if len(some) > 1 or some[0].number == "plural" else "was"
            frame = self._fresh(w.NOT_ASSESSED_FRAMES)
            sentences.append(frame.format(Np_and=capital(words), np_and=words, were=were))
        if whole:
            sentences.append(self.pick(w.WHOLE_NOT_ASSESSED).replace("segment", self._whole))
        return sentences

    def _denied_names(
        self, ids: set[str], families: Sequence[str] | dict, names: dict[str, tuple[str, ...]] | None = None
    ) -> list[Phrase]:
        """Names for a list in clinical order; `trail` is the article where one stands before a verb."""
        left = set(ids)
        named: list[tuple[int, Phrase]] = []
        for family in families:
            members = GROUPS[family]
            if left.issuperset(members):
                left.difference_update(members)
                noun = FAMILY_NOUNS[family]
                named.append((ORDER[members[0]], Phrase(self.pick(noun.denied), "", noun.number)))
        for finding in sorted(left, key=ORDER.__getitem__):
            noun = NOUNS[finding]
            special = (names or {}).get(finding)
            name = self.pick(special or noun.denied)
            number = _number(noun, name)
            bare = noun.number == "singular" and number != "plural" and not special and name in noun.names
            named.append((ORDER[finding], Phrase(name, f"{article(name)} " if bare else "", number)))
        named.sort(key=lambda item: item[0])
        return [phrase for _, phrase in named]


def _frequency_forms(finding: str) -> Sequence[str]:
    if finding == "line_noise":
        return w.MAINS_FORMS
    if finding in _RHYTHMS:
        return w.RHYTHM_FREQUENCY_FORMS
    return w.RATE_FORMS if finding in _DISCHARGES else w.FREQUENCY_FORMS


def capital(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def article(text: str) -> str:
    """The indefinite article that fits the first word."""
    first = text.split(maxsplit=1)[0]
    return (
        "an" if first[0].lower() in "aeiou" or first.split("-")[0].split(".")[0] in ("8", "11", "18") else "a"
    )


def _number(noun: Noun, name: str) -> str:
    if noun.number == "plural" or (noun.number == "singular" and name.endswith("s")):
        return "plural"
    return "mass"
