"""What is wrong with the English of a sentence of a report: a lint that knows nothing of the writer."""

from __future__ import annotations

import re
from collections.abc import Iterator

_PREPOSITIONS = r"at|of|over|in|with|around|between|recurring|alternating|since|compared|than|to|for"
_MASS_IN_S = frozenset({"wakefulness", "drowsiness"})
_ONE_NOUN = re.compile(r"\b(rhythmic|periodic) or (?:rhythmic|periodic)(?= pattern)")
_PLURAL = {"are": True, "have": True, "were": True, "is": False, "has": False, "was": False}
_PLACE_LIST = re.compile(
    r" (?:over|in) [a-z, -]*?(?:region|area|lead|hemisphere|distribution)s?\b(?: bilaterally)?"
)
_WITH_ANYWHERE = "the eyes|eyes|open|reduced|lower"
_PATTERNS: dict[str, str] = {
    "doubled word": r"\b(\w+) \1\b",
    "double space": r"  ",
    "stray punctuation": r"\s[,.;]|,\.|,,|\.\.|[{}]|\( | \)",
    "a before a vowel": r"\ba (?:[aeio]|u(?!ni)|8|11\b|18)",
    "an before a consonant": r"\ban (?!hour|8|11|18)[b-df-hj-np-tv-z\d]",
    "two articles": r"\b(?:a|an|the) (?:a|an|the)\b",
    "adverb before a noun": r"\b(?:continuous|frequent|occasional|rare|abundant)ly (?!seen|present|recorded)",
    "approximate range": r"\b(?:about|around) [\d.]+(?: to |-|–)[\d.]",
    "one amplitude in the plural": r"\bamplitudes (?:of|around)(?: about)? [\d.]+ µV",
    "a range as one amplitude": r"\ban amplitude of(?: about)? [\d.]+(?: to |-|–)",
    "two with": rf"\bwith (?!{_WITH_ANYWHERE})(?:(?! and )[^.])*(?<!compared )\bwith (?!{_WITH_ANYWHERE})",
    "discharges of a frequency": r"(?:discharges|LPDs|GPDs|BIPDs|complexes) of (?:about )?\d",
    "a form's comparison": r"in comparison with|relative to|newly \w+ (?:compared|relative)",
    "change over a comparison": r"(?:resolved|ceased|disappeared|appeared|spread|slowed) compared",
    "place before side": r"\b(?:frontal|temporal|central|parietal|occipital)\W+(?:left|right)\b",
    "side in a region": r"\b(?:left|right) (?:in|over) the\b",
    "no before an article": r"\bno (?:a|an|the)\b",
    "both one": r"\bboth [a-z-]+ (?:region|area)\b",
    "one channel in many places": r"\bflat (?:channel|electrode)\b[^.]* (?:and|both|bilaterally)\b",
    "isolated patterns": r"\b(?:isolated|scattered|sporadic) (?!.*(?:spike|sharp|discharges|polyspike))",
    "isolated periodic discharges": r"\b(?:isolated|scattered) [^.,]*(?:periodic|LPD|GPD|BIPD)",
    "diffuse discharges": r"\bdiffuse (?:spike|sharp|polyspike|epileptiform|interictal|electrographic)",
    "a seizure's frequency before it": r"Hz (?:[a-z-]+ ){0,2}(?:electrographic|ictal|seizure)",
    "fragment": r"\baltogether an?\b",
    "state obtained as possible": r"obtained in (?:possible|probable|suspected|questionable)",
}
_HEDGES = re.compile(
    r"\b(?:possib\w+|probabl\w+|suspected|questionable|suggestive|may|cannot be excluded)\b", re.IGNORECASE
)


def faults(text: str) -> list[str]:
    """Names of the faults of a text, each with its sentence; empty for clean English."""
    return [f"{name}: {sentence}" for sentence in _sentences(text) for name in _of(sentence)]


def _sentences(text: str) -> list[str]:
    return re.split(r"(?<=\.) (?=\S)", text)


def _of(sentence: str) -> Iterator[str]:
    for name, pattern in _PATTERNS.items():
        if re.search(pattern, sentence, 0 if name.startswith("discharges") else re.IGNORECASE):
            yield name
    if not sentence[0].isupper() or not sentence.endswith("."):
        yield "not a sentence"
    if len(_HEDGES.findall(sentence)) > 1:
        yield "stacked hedges"
    yield from _agreement(sentence.rstrip("."))


def _agreement(sentence: str) -> Iterator[str]:
    """Verb and noun: after "there is", before "is seen", behind "neither ... nor"."""
    sentence = _ONE_NOUN.sub(r"\1", re.sub(r"([\d.]+) to [\d.]+", r"\1", sentence))
    there = re.match(r"(?:.*\b)?(?:[Tt]here|[Aa]lso present) (is|are) (?:no )?(.+)", sentence)
    if there:
        if _is_plural(_first(there[2])) != _PLURAL[there[1]]:
            yield "agreement after the verb"
        return
    before = re.match(
        r"(.+?) (is|are|has|have|was|were) (?:\w+ly )?"
        r"(?:no longer|not|newly|new|more|less|faster|slower|seen|present|noted|recorded|evident|observed|"
        r"suspected|superimposed|identified|absent|appeared|increased|decreased|diminished|accelerated|slowed|"
        r"spread|resolved|disappeared|ceased)\b",
        sentence,
    )
    if not before or re.match(r"(?:It|In|From|At|During) ", sentence):
        return
    subject = before[1]
    if subject.startswith(("No ", "Neither ")):
        last = re.split(r",? (?:or|nor|and no) ", _heads(subject))[-1]
        expected = " and no " in subject or _is_plural(last)
    else:
        expected = _is_plural(subject)
    if expected != _PLURAL[before[2]]:
        yield "agreement before the verb"


def _heads(words: str) -> str:
    """The words without what prepositions hang on them."""
    return re.sub(rf" (?:{_PREPOSITIONS}) (?:(?! (?:or|nor|and no) ).)*", "", words)


def _first(words: str) -> str:
    return re.split(r",| (?:or|and) ", _PLACE_LIST.sub("", words))[0]


def _is_plural(words: str) -> bool:
    """Whether a noun phrase is plural: a list, or its head, the last word before a preposition, ends in s."""
    words = _PLACE_LIST.sub("", words.lower())
    if re.search(r"(?<!spikes) and (?!an amplitude|amplitudes)", words):
        return True
    head = re.split(rf",| (?:{_PREPOSITIONS}) | \(", words)[0]
    return head.endswith("s") and head.split()[-1] not in _MASS_IN_S
