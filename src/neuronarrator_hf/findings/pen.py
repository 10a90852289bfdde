"""Sentences: one claim, or a few that belong together, in one of many wordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .choices import Choices, Phrase, article, capital, number_of
from .grammar import wordings as w
from .grammar.nouns import FLAT_CHANNELS, NOUNS, Noun
from .phrases import (
    amplitude,
    compared_with,
    frequency,
    joined,
    place_adjective,
    place_phrase,
    since,
    than,
)
from .schema import Claim
from .vocabulary import define

_RHYTHMS = frozenset({"posterior_dominant_rhythm", "mu_rhythm", "beta_activity", "sleep_spindles"})
_DISCHARGES = frozenset({"lpd", "gpd", "bipd", "spike_and_wave"})
_OF_ELECTRODES = frozenset({"electrode_artifact", "flat_channel"})
_NOT_SUPERIMPOSED = frozenset({"flat_channel", "lateral_eye_movements"})
"""Artifacts that do not contaminate: eye movements are a sign of drowsiness and of REM sleep."""


class Pen(Choices):
    """Puts sentences together of what is there."""

    def state(self, claim: Claim) -> str:
        """A state of vigilance."""
        name = self.state_name(claim)
        if not claim.hedged:
            return self._frame(w.STATE_FRAMES, Phrase(name, "", "mass"))
        frame, hedge = self.fresh(w.HEDGED_STATE_FRAMES), self.pick(w.HEDGES)
        return frame.format(record=self.record, np=name, Np=capital(name), hedge=hedge, Hedge=capital(hedge))

    def state_name(self, claim: Claim) -> str:
        """The noun of a state."""
        return self.pick(NOUNS[claim.finding].names)

    def states(self, claims: Sequence[Claim], notes: Mapping[str, str] | None = None) -> str:
        """Several sure states in one sentence, each with its note behind it."""
        notes = notes or {}
        names = joined([self.state_name(claim) + notes.get(claim.finding, "") for claim in claims])
        return self.fresh(w.STATES_FRAMES).format(record=self.record, np=names, Np=capital(names))

    def artifact(self, claim: Claim, *, first: bool = False) -> str:
        """An artifact."""
        frames = w.PRESENT_FRAMES if claim.finding in _NOT_SUPERIMPOSED else w.ARTIFACT_FRAMES
        return self._frame(frames, self.phrase(claim), first=first)

    def summary(self, claim: Claim) -> str:
        """The overall judgement."""
        if claim.hedged:
            return f"The {self.whole} is {self.pick(('possibly', 'probably'))} {claim.finding}."
        options = w.NORMAL if claim.finding == "normal" else w.ABNORMAL
        return self.pick(options).replace("segment", self.whole)

    def summary_denied(self, finding: str) -> str:
        """The overall judgement denied."""
        return f"The {self.whole} is not {finding}."

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
        is_told_alone = claim.finding in w.OF_THE_BACKGROUND or claim.finding == "posterior_dominant_rhythm"
        return Pen.is_nameable(claim) and not is_told_alone

    @staticmethod
    def is_nameable(claim: Claim) -> bool:
        """Whether a noun phrase says all of a claim, so that it can be given as a reason."""
        is_plain = not (claim.hedged or claim.change)
        has_trail = claim.finding == "posterior_dominant_rhythm" and claim.side is not None
        return is_plain and not has_trail and claim.finding != "asymmetry"

    def reason(self, claim: Claim) -> str:
        """A finding as a reason for calling an EEG abnormal; the posterior rhythm is one where it is slow."""
        if claim.finding == "posterior_dominant_rhythm":
            words = self.phrase(claim.with_(amplitude_uv=None), listed=True).words
            return f"a slow {words.removeprefix('a ')}"
        return self.phrase(claim, listed=True).words

    def symmetric_rhythm(self, claim: Claim) -> str:
        """The posterior rhythm together with the symmetry of the background."""
        phrase = self.phrase(claim, is_trailing=True)
        self.note_opening("The background")
        return f"The background is symmetric, with {phrase.words}{phrase.trail}."

    def _frame(self, frames: Sequence[str], phrase: Phrase, *, first: bool = False, adverb: str = "") -> str:
        frame = self.fresh(frames)
        if (first and frame.startswith(("Also", "In addition"))) or (
            frame.startswith("{Np}") and phrase.words[0].isdigit()
        ):
            frame = "There may be {np}." if frames is w.HEDGED_FRAMES else "There {be} {np}."
        inner = phrase.words + phrase.trail
        if phrase.trail and frame.startswith("{Np}"):
            inner += ","
        return frame.format(np=inner, Np=capital(inner), be=phrase.be, record=self.record, adverb=adverb)

    def _of_the_background(self, claim: Claim) -> str:
        amp = ""
        if claim.amplitude_uv:
            is_range = claim.amplitude_uv[0] != claim.amplitude_uv[1]
            forms = w.BACKGROUND_AMPLITUDE_RANGE if is_range else w.BACKGROUND_AMPLITUDE
            amp = self.pick(forms).format(a=amplitude(claim.amplitude_uv, self.pick))
        text = self.fresh(w.OF_THE_BACKGROUND[claim.finding]).format(amp=amp, record=self.record)
        return text.removesuffix(".") + self._change(claim) + "."

    def _posterior_rhythm(self, claim: Claim) -> str:
        assert claim.frequency_hz is not None
        name = self.pick(NOUNS[claim.finding].names)
        text = f"The {name} {self.pick(w.RHYTHM_VERBS)} {frequency(claim.frequency_hz, self.pick)}"
        if claim.amplitude_uv:
            text += " " + self._amplitude(
                claim.amplitude_uv, joined_by="and" if " has a " in text else "with"
            )
        self.note_opening("The posterior")
        return text + self._higher_side(claim) + self._change(claim) + "."

    def _higher_side(self, claim: Claim) -> str:
        return f", {self.pick(w.HIGHER_SIDE)} on the {claim.side}" if claim.side else ""

    def _asymmetry(self, claim: Claim) -> str:
        lower = self.pick(w.WITH_LOWER).format(side=claim.side) if claim.side else ""
        if claim.hedged:
            lower = lower.lstrip(", ")
            return f"There is a {self.pick(w.HEDGES)} background asymmetry{' ' + lower if lower else ''}."
        frame = self.fresh(w.ASYMMETRY)
        if not frame.endswith("{with_lower}."):
            lower = lower.replace(",", "")
        return frame.format(with_lower=lower, record=self.record)

    def _changed(self, claim: Claim) -> str:
        assert claim.change is not None
        phrase = self.phrase(claim.with_(change=None))
        have = "have" if phrase.number == "plural" else "has"
        direction = claim.change.direction
        if phrase.number == "singular" and direction != "new":
            phrase = phrase._replace(words=f"the {phrase.words.split(maxsplit=1)[1]}")
        form = self._change_form(claim, w.CHANGE_PREDICATES[direction], w.NEWLY_APPEARED)
        verb = form.format(**self._comparison(claim, form), have=have, be=phrase.be)
        words = phrase.words + (phrase.trail + "," if phrase.trail else "")
        if words[0].isdigit():
            return f"There {phrase.be} {words}, {self._change(claim).lstrip(', ')}."
        return f"{capital(words)} {verb}."

    def phrase(self, claim: Claim, *, listed: bool = False, is_trailing: bool = False) -> Phrase:
        """The noun of a finding with all that is said of it; `is_trailing` where "with" stands before it."""
        noun = _noun(claim)
        group = define(claim.finding).group
        names = [n for n in noun.names if not (listed and (" or " in n or " and " in n))]
        name = self.pick(names)
        before, after = [], []
        placed = False
        if claim.hedged:
            before.append(self.pick(w.HEDGES))
        if claim.prevalence:
            words = w.DISCHARGE_PREVALENCES if group == "epileptiform" else w.PREVALENCES
            before.append(self.pick(words[claim.prevalence]))
        frequency_first = claim.frequency_hz is not None and group != "ictal" and self.chance(0.25)
        if claim.frequency_hz is not None and frequency_first:
            before.append(frequency(claim.frequency_hz, lambda options: options[0]))
        if self.acns_style and group == "rhythmic_periodic":
            before.append(w.ACNS_STYLE)
        if claim.finding != "posterior_dominant_rhythm" and (claim.side or claim.regions):
            is_apart = claim.finding in _OF_ELECTRODES
            if self.chance(0.5) or (is_apart and claim.regions):
                place = place_phrase(claim.side, claim.regions, self.pick, is_apart=is_apart)
                if claim.finding == "mu_rhythm":  # it is central: not of a whole hemisphere
                    place = place.replace(f"over the {claim.side} hemisphere", f"on the {claim.side}")
                after.append(place)
            else:
                is_diffuse = group not in ("epileptiform", "ictal")
                before.append(place_adjective(claim.side, claim.regions, self.pick, is_diffuse=is_diffuse))
                placed = bool(claim.regions) or claim.side in ("left", "right")
        if claim.frequency_hz is not None and not frequency_first:
            form = self.pick(_frequency_forms(claim, is_trailing))
            after.insert(0, form.format(f=frequency(claim.frequency_hz, self.pick)))
        if claim.amplitude_uv is not None:
            is_and = bool(after) and (is_trailing or after[0].startswith("with "))
            joined_by = "and" if is_and else "with" if after else ""
            after.append(self._amplitude(claim.amplitude_uv, joined_by, is_bare=is_trailing))
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
        form = self._change_form(claim, w.CHANGES[claim.change.direction], w.NEW_WITHOUT_INTERVAL)
        return ", " + form.format(**self._comparison(claim, form))

    def _change_form(self, claim: Claim, forms: Sequence[str], new: str) -> str:
        """One of the forms that can say the change with what is known of it; `new` needs no interval."""
        assert claim.change is not None
        if claim.finding == "posterior_dominant_rhythm":
            forms = [form for form in forms if not any(word in form for word in w.OF_AMOUNT)]
        form = self.pick(forms)
        if claim.change.since_s is None and "{than}" not in form:
            return new if claim.change.direction == "new" else forms[0]
        return form

    def _amplitude(self, value_uv: tuple[float, float], joined_by: str, *, is_bare: bool = False) -> str:
        """An amplitude after its noun, or "and" or "with" it after a frequency."""
        words = amplitude(value_uv, self.pick)
        is_range = value_uv[0] != value_uv[1]
        if is_bare:
            return f"{joined_by or 'of'} {words}"
        if joined_by:
            return f"{joined_by} {'amplitudes' if is_range else 'an amplitude'} of {words}"
        return self.pick(w.AMPLITUDE_RANGE_FORMS if is_range else w.AMPLITUDE_FORMS).format(a=words)

    def _comparison(self, claim: Claim, form: str) -> dict[str, str]:
        assert claim.change is not None
        since_s = claim.change.since_s
        return {
            "with": compared_with(since_s, self.pick, w.WITH_ANCHORS) if "{with}" in form else "",
            "since": since(since_s, self.pick) if "{since}" in form else "",
            "than": than(since_s, self.pick) if "{than}" in form else "",
        }

    def property_of_background(self, options: Sequence[str]) -> str:
        """An absence told as a property: "The background is symmetric."."""
        return self.fresh(options).format(record=self.record)

    def properties_of_background(self, properties: Sequence[tuple[str, ...]]) -> list[str]:
        """Properties of the background, in one sentence of several or one each."""
        together = [options for options in w.PROPERTY if options in properties]
        if len(together) < 2 or self.chance(0.5):
            return [self.property_of_background(options) for options in properties]
        words = joined([w.PROPERTY[options] for options in together])
        return [self.fresh(w.PROPERTIES).format(properties=words)]

    def gone(self, claim: Claim) -> str:
        """A finding that was there before."""
        assert claim.change is not None
        noun = NOUNS[claim.finding]
        name = self.pick(noun.denied)
        number = number_of(noun, name)
        if noun.number == "singular" and number != "plural":
            name = f"the {name}"
        since_s = claim.change.since_s
        frame = self.fresh(w.GONE_FRAMES)
        return frame.format(
            Np=capital(name),
            be="are" if number == "plural" else "is",
            have="have" if number == "plural" else "has",
            since=since(since_s, self.pick) if "{since}" in frame else "",
            contrast=compared_with(since_s, self.pick, w.CONTRAST_ANCHORS).replace(" ,", ","),
        )


def _frequency_forms(claim: Claim, is_trailing: bool) -> Sequence[str]:
    """Forms for a frequency after its noun; a range is never "about"."""
    forms: Sequence[str] = w.RATE_FORMS if claim.finding in _DISCHARGES else w.FREQUENCY_FORMS
    if is_trailing:
        forms = w.TRAILING_FREQUENCY_FORMS
    elif claim.finding == "line_noise":
        forms = w.MAINS_FORMS
    elif claim.finding in _RHYTHMS:
        forms = w.RHYTHM_FREQUENCY_FORMS
    elif define(claim.finding).group == "ictal":
        forms = w.SEIZURE_FORMS
    assert claim.frequency_hz is not None
    if claim.frequency_hz[0] == claim.frequency_hz[1]:
        return forms
    return [form for form in forms if not any(word in form for word in w.APPROXIMATE)]


def _noun(claim: Claim) -> Noun:
    if claim.finding == "flat_channel" and (claim.side == "bilateral" or len(claim.regions) > 1):
        return FLAT_CHANNELS
    return NOUNS[claim.finding]
