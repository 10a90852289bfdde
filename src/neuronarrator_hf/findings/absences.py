"""Sentences of what is not there and of what could not be judged."""

from __future__ import annotations

from collections.abc import Sequence

from .choices import Choices, Phrase, article, capital, number_of
from .families import GROUPS
from .grammar import wordings as w
from .grammar.nouns import FAMILY_NOUNS, NOUNS, SPORADIC_DISCHARGES
from .phrases import is_list, joined
from .vocabulary import ORDER

_MAX_LISTED = 4


def absent(choices: Choices, ids: set[str], *, is_sporadic: bool = False) -> list[str]:
    """What is not there, families by one name, a few to a sentence.

    Args:
        choices: Of the paragraph.
        ids: Findings.
        is_sporadic: Whether epileptiform discharges are denied as sporadic ones only.
    """
    names = _denied_names(choices, ids, FAMILY_NOUNS, is_sporadic=is_sporadic)
    sentences: list[str] = []
    while names:
        together = min(len(names), _MAX_LISTED)
        if together > 1 and not sentences and choices.chance():  # more parts would be a litany of "no"
            together = 1 + int(choices.rng.random() * together)
        sentences.append(_absent_sentence(choices, names[:together]))
        names = names[together:]
    return sentences


def _absent_sentence(choices: Choices, nouns: list[Phrase]) -> str:
    has_or = any(is_list(noun.words) for noun in nouns)
    is_pair = len(nouns) == 2
    one_number = len({noun.be for noun in nouns}) == 1
    bare = any(noun.trail for noun in nouns)  # singular: wants an article in some places

    def fits(frame: str) -> bool:
        if "{nor}" in frame:
            return is_pair and not has_or
        if "{Np_and}" in frame:
            return not has_or
        if frame.startswith("There {be}"):
            return one_number and not (is_pair and has_or)
        if "evidence of" in frame:
            return not (is_pair and has_or)
        return not ("free of" in frame and (bare or (is_pair and has_or)))

    frame = choices.fresh([frame for frame in w.ABSENT_FRAMES if fits(frame)])
    names = [noun.words for noun in nouns]
    subjects = [noun.trail + noun.words for noun in nouns]
    is_split = is_pair and has_or  # "no A or B or C" would be read as three
    return frame.format(
        np=" and no ".join(names) if is_split else joined(names, "or"),
        np_a=joined(subjects, "or"),
        nor=f"{subjects[0]} nor {subjects[-1]}",
        Np_and=capital(joined(subjects)),
        be="are" if is_split else nouns[-1].be,
        are="are" if len(nouns) > 1 else nouns[0].be,
        record=choices.record,
    )


def not_assessed(choices: Choices, ids: set[str]) -> list[str]:
    """What could not be judged; the overall judgement last, in a sentence of its own."""
    whole = "normal" in ids
    families = ("EPI", "RPP", "SLEEPWAVES", "ARTIFACT")
    nouns = _denied_names(choices, ids - {"normal"}, families, w.NOT_ASSESSED_NAMES)
    sentences = []
    while nouns:
        some, nouns = nouns[:_MAX_LISTED], nouns[_MAX_LISTED:]
        words = joined([noun.trail + noun.words.replace(" or ", " and ") for noun in some])
        were = "were" if len(some) > 1 or some[0].number == "plural" else "was"
        frame = choices.fresh(w.NOT_ASSESSED_FRAMES)
        sentences.append(frame.format(Np_and=capital(words), np_and=words, were=were))
    if whole:
        sentences.append(choices.pick(w.WHOLE_NOT_ASSESSED).replace("segment", choices.whole))
    return sentences


def _denied_names(
    choices: Choices,
    ids: set[str],
    families: Sequence[str] | dict,
    names: dict[str, tuple[str, ...]] | None = None,
    *,
    is_sporadic: bool = False,
) -> list[Phrase]:
    """Names for a list in clinical order; `trail` is the article where one stands before a verb."""
    left = set(ids)
    named: list[tuple[int, Phrase]] = []
    for family in families:
        members = GROUPS[family]
        if left.issuperset(members):
            left.difference_update(members)
            noun = FAMILY_NOUNS[family]
            if family == "EPI" and is_sporadic:
                noun = SPORADIC_DISCHARGES
            named.append((ORDER[members[0]], Phrase(choices.pick(noun.denied), "", noun.number)))
    for finding in sorted(left, key=ORDER.__getitem__):
        noun = NOUNS[finding]
        special = (names or {}).get(finding)
        name = choices.pick(special or noun.denied)
        number = number_of(noun, name)
        bare = noun.number == "singular" and number != "plural" and not special and name in noun.names
        named.append((ORDER[finding], Phrase(name, f"{article(name)} " if bare else "", number)))
    named.sort(key=lambda item: item[0])
    return [phrase for _, phrase in named]
